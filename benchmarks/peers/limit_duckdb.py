"""The best that hand-written DuckDB does: `read` decodes every column once, `rules` answers every rule, yes or no.

No tool, but what tools are held against. Ranges, and sets of neighbouring numbers, are told by least and greatest; large
sets by their distinct values; one grouping answers all rules of a pair, one all of a user; keys by their 64-bit hashes
first; and only pairs with several rows are put in order.
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
            found = {rule["name"]: shape.get(rule["column"]) == TYPES[rule["type"]] for rule in job.of("type")}
            found |= {rule["name"]: [*shape] == rule["columns"] for rule in job.of("columns")}
            return found | rows(job, fetch) | sets(job, fetch) | groups(job, fetch) | keys(job, fetch)


def rows(job: Job, fetch: Fetch) -> Verdicts:
    """One pass for all rules that look at each row by itself, or at the whole table."""
    asked = [rule for rule in job.rules if kept(rule)]
    answers = fetch(f"SELECT {', '.join(map(kept, asked))} FROM audited")
    return {rule["name"]: answer is not False for rule, answer in zip(asked, answers, strict=True)}


def kept(rule: Rule) -> str:  # noqa: PLR0911 - one answer a kind
    """An aggregate that is false where a rule is broken; empty for a rule that is not told by one."""
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
    found = {}
    for rule in filter(is_large, job.rules):
        distinct = f"(SELECT DISTINCT {rule['column']} FROM audited)"
        found[rule["name"]] = fetch(f"SELECT bool_or({rule['broken']['duckdb']}) IS NOT TRUE FROM {distinct}") == (
            True,
        )
    return found


def groups(job: Job, fetch: Fetch) -> Verdicts:
    found: Verdicts = {}
    for by in dict.fromkeys(tuple(rule["by"]) for rule in job.grouped()):
        asked = [rule for rule in job.grouped() if tuple(rule["by"]) == by]
        broken = ", ".join(f"{rule['broken']['duckdb']} AS b{place}" for place, rule in enumerate(asked))
        answers = ", ".join(f"bool_or(b{place}) IS NOT TRUE" for place, _ in enumerate(asked))
        grouped = fetch(f"SELECT {answers} FROM (SELECT {broken} FROM audited GROUP BY {', '.join(by)})")
        found |= {rule["name"]: one for rule, one in zip(asked, grouped, strict=True)}
    return found | sequences(job, fetch, found)


def sequences(job: Job, fetch: Fetch, found: Verdicts) -> Verdicts:
    """Where every row says right how many its pair has, a pair of one row needs no order."""
    (rule,) = job.of("dense_sequence")
    failures = rule["failures"]["duckdb"]
    single = f"{rule['length']} = 1"
    counts = next(one for one in job.of("count_matches") if one["by"] == rule["by"])
    if found[counts["name"]]:
        alone = fetch(f"SELECT bool_or({single} AND {rule['column']} IS DISTINCT FROM 1) IS NOT TRUE FROM audited")
        several = failures.replace("FROM audited", f"FROM audited WHERE NOT ({single})")
        return {rule["name"]: alone == (True,) and fetch(f"SELECT count(*) FROM ({several})") == (0,)}
    return {rule["name"]: fetch(f"SELECT count(*) FROM ({failures})") == (0,)}


def keys(job: Job, fetch: Fetch) -> Verdicts:
    """All hashes distinct proves all keys distinct; only on a repeat are the keys themselves looked at."""
    (rule,) = job.of("unique")
    hashed = fetch(f"SELECT count(*) = count(DISTINCT hash({', '.join(rule['columns'])})) FROM audited") == (True,)
    return {rule["name"]: hashed or fetch(f"SELECT count(*) FROM ({rule['failures']['duckdb']})") == (0,)}


run(check)
