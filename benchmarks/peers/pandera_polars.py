"""pandera on Polars: one schema of columns and checks, validated lazily to report all failures."""

from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
from job import Job, Rule, Verdicts, run
from polars_terms import TYPES, broken, group_broken, latest, scan

GROUPED = ("constant_within", "count_matches", "extreme_of", "exactly_one", "dense_sequence")


def check(job: Job, _: str) -> Verdicts:
    schema = schema_of(job)
    with job.checking():
        failed = failures(schema, scan(job).collect())
    return {rule["name"]: rule["name"] not in failed for rule in job.rules}


def failures(schema: pa.DataFrameSchema, table: pl.DataFrame) -> set[str]:
    """Validate and return the failed rules."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return {rule_of_error(error) for error in errors.schema_errors}
    return set()


def rule_of_error(error: Any) -> str:
    reason, column = error.reason_code.name, getattr(error.schema, "name", None)
    if reason == "SERIES_CONTAINS_NULLS":
        return f"{column}|not_null"
    if reason == "WRONG_DATATYPE":
        return f"{column}|type"
    if reason in ("COLUMN_NOT_ORDERED", "COLUMN_NOT_IN_SCHEMA", "COLUMN_NOT_IN_DATAFRAME"):
        return "table|columns"
    return str(error.check.name)


def schema_of(job: Job) -> pa.DataFrameSchema:
    columns = {
        column: pa.Column(
            TYPES[kind],
            nullable=not any(rule["column"] == column for rule in job.of("not_null")),
            checks=[
                pandera_check
                for rule in job.rules
                if rule.get("column") == column and (pandera_check := column_check(rule))
            ],
        )
        for column, kind in job.types.items()
    }
    checks = [pandera_check for rule in job.rules if (pandera_check := table_check(rule))]
    return pa.DataFrameSchema(columns, checks=checks, strict=True, ordered=True)


def column_check(rule: Rule) -> pa.Check | None:
    name = rule["name"]
    match rule:
        case {"kind": "in_set", "values": values}:
            return pa.Check.isin(values, name=name)
        case {"kind": "range", "value": value}:
            return pa.Check.ge(value, name=name)
        case {"kind": "length", "value": value}:
            return pa.Check.str_length(min_value=value, name=name)
        case {"kind": "pattern", "pattern": pattern}:
            return pa.Check.str_matches(pattern, name=name)
    return None


def table_check(rule: Rule) -> pa.Check | None:
    """Build a check about several columns or groups of rows, with one boolean per row or group."""
    function: Callable[[Any], pl.LazyFrame] | None = None
    if rule["kind"] in GROUPED or rule["kind"] == "unique":
        by = rule["by"] or rule["columns"]
        function = lambda data: data.lazyframe.group_by(by).agg(passed=~group_broken(rule)).select("passed")  # noqa: E731
    elif rule["kind"] == "fresh":
        function = lambda data: data.lazyframe.select(latest(rule))  # noqa: E731
    elif rule["kind"] == "metric":
        function = lambda data: data.lazyframe.select(pl.len() > 0)  # noqa: E731
    elif rule["broken"] and rule["kind"] not in ("not_null", "in_set", "range", "length", "pattern"):
        function = lambda data: data.lazyframe.select(~broken(rule))  # noqa: E731
    return pa.Check(function, name=rule["name"]) if function else None


run(check)
