"""Hand-written DuckDB as the reference: `read` decodes every column once, `rules` evaluates every rule.

Ranges and small sets use minimum and maximum, large sets the distinct values; one grouping evaluates all rules with the
same key; unique keys compare 64-bit hashes first; only pairs with several rows are sorted.
"""

from collections.abc import Callable
from typing import Any

import duckdb
from job import Job, Rule, Verdicts, read_parquet, run

Fetch = Callable[[str], tuple[Any, ...]]
TYPES = {"tinyint": "TINYINT", "int": "INTEGER", "bigint": "BIGINT", "string": "VARCHAR", "date": "DATE"}
TYPES |= {"timestamp": "TIMESTAMP WITH TIME ZONE"}
LARGE = 32


def check(job: Job, what: str) -> Verdicts:
    with duckdb.connect(config={"memory_limit": job.memory_limit, "temp_directory": job.spill}) as database:

        def fetch(sql: str) -> tuple[Any, ...]:
            job.notes["statements"] = job.notes.get("statements", 0) + 1
            return database.execute(sql).fetchone() or ()

        database.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        with job.checking():
            database.execute(f"CREATE VIEW audited AS {read_parquet(job)[1:-1]}")
            if what == "read":
                fetch(f"SELECT {', '.join(f'max({name})' for name in job.columns)} FROM audited")
                return {}
            shape = {name: kind for name, kind, *_ in database.execute("DESCRIBE audited").fetchall()}
            verdicts = {rule["name"]: shape.get(rule["column"]) == TYPES[rule["type"]] for rule in job.of("type")}
            verdicts |= {rule["name"]: [*shape] == rule["columns"] for rule in job.of("columns")}
            return verdicts | rows(job, fetch) | sets(job, fetch) | groups(job, fetch) | keys(job, fetch)


def rows(job: Job, fetch: Fetch) -> Verdicts:
    """Evaluate all rules about single rows or the whole table in one pass."""
    rules = [rule for rule in job.rules if aggregate_of(rule)]
    answers = fetch(f"SELECT {', '.join(map(aggregate_of, rules))} FROM audited")
    return {rule["name"]: answer is not False for rule, answer in zip(rules, answers, strict=True)}


def aggregate_of(rule: Rule) -> str:  # noqa: PLR0911 - one return per kind
    """Format an aggregate that is false if the rule is broken; empty if the rule has none."""
    match rule:
        case {"kind": "not_null", "column": column}:
            return f"count({column}) = count(*)"
        case {"kind": "in_set", "column": column, "values": [0, 1]}:
            return f"min({column}) >= 0 AND max({column}) <= 1"
        case {"kind": "range", "column": column, "value": value}:
            return f"min({column}) >= {value}"
        case {"kind": "metric"}:
            return "count(*) > 0"
        case {"kind": "fresh", "column": column, "seconds": seconds}:
            return f"max({column}) >= now() - INTERVAL {seconds} SECOND"
        case {"by": [], "broken": {"duckdb": broken}} if not is_large(rule):
            return f"NOT bool_or({broken})"
    return ""


def is_large(rule: Rule) -> bool:
    return rule["kind"] == "in_set" and len(rule["values"]) > LARGE


def sets(job: Job, fetch: Fetch) -> Verdicts:
    verdicts = {}
    for rule in filter(is_large, job.rules):
        distinct = f"(SELECT DISTINCT {rule['column']} FROM audited)"
        verdicts[rule["name"]] = fetch(f"SELECT bool_or({rule['broken']['duckdb']}) IS NOT TRUE FROM {distinct}") == (
            True,
        )
    return verdicts


def groups(job: Job, fetch: Fetch) -> Verdicts:
    verdicts: Verdicts = {}
    for by in dict.fromkeys(tuple(rule["by"]) for rule in job.grouped()):
        rules = [rule for rule in job.grouped() if tuple(rule["by"]) == by]
        broken = ", ".join(f"{rule['broken']['duckdb']} AS b{place}" for place, rule in enumerate(rules))
        answers = ", ".join(f"bool_or(b{place}) IS NOT TRUE" for place, _ in enumerate(rules))
        grouped = fetch(f"SELECT {answers} FROM (SELECT {broken} FROM audited GROUP BY {', '.join(by)})")
        verdicts |= {rule["name"]: one for rule, one in zip(rules, grouped, strict=True)}
    return verdicts | sequences(job, fetch, verdicts)


def sequences(job: Job, fetch: Fetch, verdicts: Verdicts) -> Verdicts:
    """Sort only pairs with several rows, if the count in every row is correct."""
    (rule,) = job.of("dense_sequence")
    failures = rule["failures"]["duckdb"]
    single = f"{rule['length']} = 1"
    counts = next(one for one in job.of("count_matches") if one["by"] == rule["by"])
    if verdicts[counts["name"]]:
        alone = fetch(f"SELECT bool_or({single} AND {rule['column']} IS DISTINCT FROM 1) IS NOT TRUE FROM audited")
        several = failures.replace("FROM audited", f"FROM audited WHERE NOT ({single})")
        return {rule["name"]: alone == (True,) and fetch(f"SELECT count(*) FROM ({several})") == (0,)}
    return {rule["name"]: fetch(f"SELECT count(*) FROM ({failures})") == (0,)}


def keys(job: Job, fetch: Fetch) -> Verdicts:
    """Compare hashes, and the keys themselves only if hashes repeat."""
    (rule,) = job.of("unique")
    hashed = fetch(f"SELECT count(*) = count(DISTINCT hash({', '.join(rule['columns'])})) FROM audited") == (True,)
    return {rule["name"]: hashed or fetch(f"SELECT count(*) FROM ({rule['failures']['duckdb']})") == (0,)}


run(check)
