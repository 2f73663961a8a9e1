"""Databricks' DQX, off Databricks: each row gets the list of rules it breaks, which are then counted by rule."""

from typing import Any
from unittest.mock import MagicMock

from databricks.labs.dqx import check_funcs as f
from databricks.labs.dqx.engine import DQEngine
from databricks.labs.dqx.rule import DQDatasetRule, DQRowRule
from databricks.sdk import WorkspaceClient
from job import Job, Rule, Verdicts, run
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from spark_files import audited, jobs, session


def check(job: Job, _: str) -> Verdicts:
    spark = session(job)
    engine = DQEngine(MagicMock(spec=WorkspaceClient), spark)
    with job.checking():
        rules = {place: made for place, rule in enumerate(job.rules) if (made := stated(rule, f"r{place}")) is not None}
        rules[-1] = shape(job)
        checked = engine.apply_checks(audited(job, spark), list(rules.values()))
        told = checked.select(F.explode("_errors").alias("e")).groupBy("e.name").count().collect()
    failed = {row["name"] for row in told}
    job.notes["statements"] = jobs(spark)
    spark.stop()
    found = {rule["name"]: "shape" not in failed for rule in job.of("type", "columns")}
    return found | {job.rules[place]["name"]: f"r{place}" not in failed for place in rules if place >= 0}


def shape(job: Job) -> Any:
    """One rule tells of all columns, their types and their order."""
    ddl = ", ".join(f"{column} {kind}" for column, kind in job.types.items())
    schema = {"expected_schema": ddl, "strict": True}
    return DQDatasetRule(name="shape", check_func=f.has_valid_schema, check_func_kwargs=schema)


def stated(rule: Rule, name: str) -> Any:
    """A rule of DQX; None where it has none that fits."""
    match rule:
        case {"kind": "not_null", "column": column}:
            return DQRowRule(name=name, check_func=f.is_not_null, column=column)
        case {"kind": "in_set", "column": column, "values": values}:
            allowed = [f"'{value}'" if isinstance(value, str) else value for value in values]  # a bare text is a column
            return DQRowRule(name=name, check_func=f.is_in_list, column=column, check_func_kwargs={"allowed": allowed})
        case {"kind": "unique", "columns": columns}:
            return DQDatasetRule(name=name, check_func=f.is_unique, columns=columns)
        case {"kind": "metric" | "columns" | "type"}:  # a message stands on a row, and an empty table has none
            return None
        case {"by": [], "broken": {"spark": broken}}:
            told = {"expression": broken, "msg": name, "negate": True}
            return DQRowRule(name=name, check_func=f.sql_expression, check_func_kwargs=told)
    query = (
        f"SELECT COUNT(*) > 0 AS condition FROM ({rule['failures']['spark'].replace('audited', '{{ input_view }}')})"
    )
    return DQDatasetRule(name=name, check_func=f.sql_query, check_func_kwargs={"query": query})


run(check)
