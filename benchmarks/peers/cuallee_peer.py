"""cuallee on DuckDB: one check with many rules, which runs as one aggregate.

Its set of values rejects nulls, so all conditions are `satisfies`. It has no rules about types or groups of rows, and its
composite key compares approximate counts; those are left out.
"""

import duckdb
from cuallee import Check, CheckLevel
from job import Job, Verdicts, read_parquet, run


def check(job: Job, _: str) -> Verdicts:
    names = []
    rules = Check(CheckLevel.ERROR, "audited", table_name="audited")
    for rule in job.scanned():
        if rule["kind"] == "not_null":
            rules.is_complete(rule["column"])
        else:
            rules.satisfies(rule.get("column") or job.columns[0], f"NOT COALESCE({rule['broken']['duckdb']}, FALSE)")
        names.append(rule["name"])
    assert len(names) == len(rules.rules), "two rules that say the same are one to cuallee"
    with duckdb.connect(config={"memory_limit": job.memory_limit, "temp_directory": job.spill}) as database:
        database.execute("SET TimeZone = 'UTC'")
        with job.checking():
            database.execute(f"CREATE VIEW audited AS {read_parquet(job)[1:-1]}")
            result = rules.validate(database)
    return {name: status == "PASS" for name, status in zip(names, result["status"], strict=True)}


run(check)
