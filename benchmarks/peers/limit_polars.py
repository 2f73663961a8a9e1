"""Hand-written Polars as a reference: all rules in lazy frames, collected together with the streaming engine."""

import polars as pl
from job import Job, Verdicts, run
from polars_terms import TYPES, broken, group_broken, latest, scan


def check(job: Job, _: str) -> Verdicts:
    with job.checking():
        table = scan(job)
        schema = table.collect_schema()
        verdicts = {rule["name"]: schema[rule["column"]] == TYPES[rule["type"]] for rule in job.of("type")}
        verdicts |= {rule["name"]: schema.names() == rule["columns"] for rule in job.of("columns")}
        rows = {rule["name"]: ~broken(rule).any() for rule in job.scanned()}
        rows |= {rule["name"]: latest(rule) for rule in job.of("fresh")}
        rows |= {rule["name"]: pl.len() > 0 for rule in job.of("metric")}
        frames = [table.select(**rows)]
        grouped = [*job.grouped(), *job.of("dense_sequence"), *job.of("unique")]
        for by in dict.fromkeys(tuple(rule["by"] or rule["columns"]) for rule in grouped):
            tests = {r["name"]: group_broken(r) for r in grouped if tuple(r["by"] or r["columns"]) == by}
            frames.append(table.group_by(by).agg(**tests).select(~pl.col(*tests).any()))
        for frame in pl.collect_all(frames, engine="streaming"):
            verdicts |= frame.row(0, named=True)
    return verdicts


run(check)
