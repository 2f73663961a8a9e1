"""pointblank on Polars: one plan of steps, without extracts, which took 20 GB at a million rows."""

from typing import Any

import pointblank as pb
import polars as pl
from job import Job, Rule, Verdicts, run
from polars_terms import TYPES, broken, group_broken, latest, scan

GROUPED = ("constant_within", "count_matches", "extreme_of", "exactly_one", "dense_sequence", "unique")


def check(job: Job, _: str) -> Verdicts:
    with job.checking():
        plan = pb.Validate(data=scan(job).collect())
        names: list[list[str]] = []
        for rule in job.rules:
            if rule["kind"] != "type":
                plan = step(plan, rule)
                names.append([rule["name"]])
        plan = plan.col_schema_match(pb.Schema(columns=[(name, str(TYPES[kind])) for name, kind in job.types.items()]))
        names.append([rule["name"] for rule in job.of("type")])  # one step checks all types
        plan = plan.interrogate(collect_extracts=False, collect_tbl_checked=False)
    steps = plan.validation_info
    errors = [one for one in steps if one.eval_error]
    assert not errors, errors[0]
    return {name: bool(one.all_passed) for rules, one in zip(names, steps, strict=True) for name in rules}


def step(plan: Any, rule: Rule) -> Any:  # noqa: PLR0911 - one return per kind
    match rule:
        case {"kind": "not_null", "column": column}:
            return plan.col_vals_not_null(columns=column)
        case {"kind": "range", "column": column, "value": value}:
            return plan.col_vals_ge(columns=column, value=value, na_pass=True)
        case {"kind": "pattern", "column": column, "pattern": pattern}:
            return plan.col_vals_regex(columns=column, pattern=pattern, na_pass=True)
        case {"kind": "columns", "columns": columns}:
            return plan.col_schema_match(pb.Schema(columns=[(name,) for name in columns]))
        case {"kind": "fresh"}:
            return plan.specially(expr=lambda frame: bool(frame.select(latest(rule)).item()))
        case {"kind": "metric"}:
            return plan.specially(expr=lambda frame: frame.height > 0)
        case {"kind": kind} if kind in GROUPED:
            by = rule["by"] or rule["columns"]
            grouped = lambda frame: frame.group_by(by).agg(passed=~group_broken(rule))  # noqa: E731
            return plan.col_vals_expr(expr=pl.col("passed"), pre=grouped)
    return plan.col_vals_expr(expr=~broken(rule).fill_null(value=False))


run(check)
