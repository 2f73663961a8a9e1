"""Databricks' DQX outside of Databricks: each row gets the list of rules that it breaks, which are counted by rule."""

from typing import Any
from unittest.mock import MagicMock

from databricks.labs.dqx import check_funcs as f
from databricks.labs.dqx.engine import DQEngine
from databricks.labs.dqx.rule import DQDatasetRule, DQRowRule
from databricks.sdk import WorkspaceClient
from job import Job, Rule, Verdicts, run
from pyspark.sql import functions as F  # noqa: N812 - the usual name
from spark_files import audited, jobs, session


def check(job: Job, _: str) -> Verdicts:
    spark = session(job)
    engine = DQEngine(MagicMock(spec=WorkspaceClient), spark)
    with job.checking():
        rules = {
            number: dqx_rule
            for number, rule in enumerate(job.rules)
            if (dqx_rule := to_dqx(rule, f"r{number}")) is not None
        }
        rules[-1] = shape(job)
        checked = engine.apply_checks(audited(job, spark), list(rules.values()))
        counts = checked.select(F.explode("_errors").alias("e")).groupBy("e.name").count().collect()
    failed = {row["name"] for row in counts}
    job.notes["statements"] = jobs(spark)
    spark.stop()
    verdicts = {rule["name"]: "shape" not in failed for rule in job.of("type", "columns")}
    return verdicts | {job.rules[number]["name"]: f"r{number}" not in failed for number in rules if number >= 0}


def shape(job: Job) -> Any:
    """Build one rule about all columns, their types and their order."""
    ddl = ", ".join(f"{column} {kind}" for column, kind in job.types.items())
    schema = {"expected_schema": ddl, "strict": True}
    return DQDatasetRule(name="shape", check_func=f.has_valid_schema, check_func_kwargs=schema)


def to_dqx(rule: Rule, name: str) -> Any:
    """Build the rule of DQX; None if it has no equivalent."""
    match rule:
        case {"kind": "not_null", "column": column}:
            return DQRowRule(name=name, check_func=f.is_not_null, column=column)
        case {"kind": "in_set", "column": column, "values": values}:
            # A text without quotes is the name of a column.
            allowed = [f"'{value}'" if isinstance(value, str) else value for value in values]
            return DQRowRule(name=name, check_func=f.is_in_list, column=column, check_func_kwargs={"allowed": allowed})
        case {"kind": "unique", "columns": columns}:
            return DQDatasetRule(name=name, check_func=f.is_unique, columns=columns)
        case {"kind": "metric" | "columns" | "type"}:  # errors are columns of rows, and an empty table has no rows
            return None
        case {"by": [], "broken": {"spark": broken}}:
            kwargs = {"expression": broken, "msg": name, "negate": True}
            return DQRowRule(name=name, check_func=f.sql_expression, check_func_kwargs=kwargs)
    query = (
        f"SELECT COUNT(*) > 0 AS condition FROM ({rule['failures']['spark'].replace('audited', '{{ input_view }}')})"
    )
    return DQDatasetRule(name=name, check_func=f.sql_query, check_func_kwargs={"query": query})


run(check)
