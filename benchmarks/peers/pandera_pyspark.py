"""pandera on PySpark: one schema; rules without a check of pandera are functions that look for a failing row."""

from typing import Any

import pandera.pyspark as pa
from job import Job, Rule, Verdicts, run
from pyspark.sql import types as T  # noqa: N812 - the usual name
from spark_files import audited, jobs, session


def check(job: Job, _: str) -> Verdicts:
    spark = session(job)
    schema = schema_of(job)
    with job.checking():
        errors = dict(schema.validate(audited(job, spark)).pandera.errors)
    job.notes["statements"] = jobs(spark)
    spark.stop()
    failed = {rule_of_error(one) for group in errors.values() for reported in group.values() for one in reported}
    return {rule["name"]: rule["name"] not in failed for rule in job.rules if rule["kind"] != "columns"}


def rule_of_error(error: dict[str, Any]) -> str:
    """Find the rule of an error, by the name of its check or by its column."""
    for kind in ("not_nullable", "dtype"):
        if str(error["check"]).startswith(kind):
            return f"{error['column']}|{'not_null' if kind == 'not_nullable' else 'type'}"
    return str(error["check"]).removeprefix("rule:")


def schema_of(job: Job) -> Any:
    types = {
        "tinyint": T.ByteType(),
        "int": T.IntegerType(),
        "bigint": T.LongType(),
        "string": T.StringType(),
        "date": T.DateType(),
        "timestamp": T.TimestampType(),
    }
    required = {rule["column"] for rule in job.of("not_null")}
    rules: dict[str, list[Rule]] = {column: [] for column in job.columns}
    for rule in job.rules:
        if rule["failures"] and rule["kind"] != "not_null":
            rules[rule.get("column") or job.columns[0]].append(rule)
    columns = {
        column: pa.Column(types[kind], nullable=column not in required, checks=[*map(looked_for, rules[column])])
        for column, kind in job.types.items()
    }
    return pa.DataFrameSchema(columns, strict=True)


def looked_for(rule: Rule) -> Any:
    def kept(data: Any, failures: str) -> bool:
        return data.dataframe.sparkSession.sql(failures).limit(1).count() == 0

    # Without an argument of its own, a check would be given another kind of object.
    return pa.Check(kept, name=rule["name"], error=f"rule:{rule['name']}", failures=rule["failures"]["spark"])


run(check)
