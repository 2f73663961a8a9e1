"""dataframely: one schema class, with rules about a column in its type and the others as rules of the class."""

from typing import Any

import dataframely as dy
import polars as pl
from job import Job, Rule, Verdicts, run
from polars_terms import broken, group_broken, latest, scan

TYPES = {"tinyint": dy.Int8, "int": dy.Int32, "bigint": dy.Int64, "string": dy.String, "date": dy.Date}


def check(job: Job, _: str) -> Verdicts:
    schema, names = schema_of(job)
    with job.checking():
        _, failure = schema.filter(scan(job), cast=False, eager=True)
        failed = failure.counts()
    unknown = set(failed) - set(names)
    assert not unknown, unknown
    broken_rules = {names[name] for name in failed}
    checked = {*names.values(), *(rule["name"] for rule in job.of("type"))}
    return {name: name not in broken_rules for name in checked}


def schema_of(job: Job) -> tuple[type[dy.Schema], dict[str, str]]:
    """Build the schema, which ignores unknown columns, and map its names to our rules."""
    names: dict[str, str] = {}
    body: dict[str, Any] = {column: column_of(job, column, names) for column in job.columns}
    in_columns = set(names.values())
    for number, rule in enumerate(job.rules):
        dy_rule = rule_of(rule)
        if dy_rule is not None and rule["name"] not in in_columns:
            body[f"rule_{number}"] = dy_rule
            names[f"rule_{number}"] = rule["name"]
    return type("Table", (dy.Schema,), body), names


def column_of(job: Job, column: str, names: dict[str, str]) -> dy.Column:
    """Build a column with nullability, bounds, lengths, patterns and sets."""
    options: dict[str, Any] = {"nullable": True}
    (key,) = job.of("unique")
    if column in key["columns"]:
        options["primary_key"] = True
        names["primary_key"] = key["name"]
    for rule in (rule for rule in job.rules if rule.get("column") == column):
        match rule:
            case {"kind": "not_null"}:
                options["nullable"] = False
                names[f"{column}|nullability"] = rule["name"]
            case {"kind": "range", "value": value}:
                options["min"] = value
                names[f"{column}|min"] = rule["name"]
            case {"kind": "length", "value": value}:
                options["min_length"] = value
                names[f"{column}|min_length"] = rule["name"]
            case {"kind": "pattern", "pattern": pattern}:
                options["regex"] = pattern
                names[f"{column}|regex"] = rule["name"]
            case {"kind": "in_set", "values": [int(), *_] as values}:
                options["is_in"] = values
                names[f"{column}|is_in"] = rule["name"]
    kind = job.types[column]
    return dy.Datetime(time_unit="us", time_zone="UTC", **options) if kind == "timestamp" else TYPES[kind](**options)


def rule_of(rule: Rule) -> Any:
    """A rule of the class; of groups of rows where the rule is about groups."""
    if rule["kind"] in ("constant_within", "count_matches", "extreme_of", "exactly_one", "dense_sequence"):
        return dy.rule()(lambda _: ~group_broken(rule).over(rule["by"]))
    if rule["kind"] == "fresh":
        return dy.rule()(lambda _: latest(rule))
    if rule["kind"] == "metric":
        return dy.rule()(lambda _: pl.len() > 0)
    if rule["broken"]:
        return dy.rule()(lambda _: ~broken(rule).fill_null(value=False))
    return None


run(check)
