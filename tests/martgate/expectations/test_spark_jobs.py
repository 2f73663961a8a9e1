"""What an audit costs Spark: few jobs, no Python on executors, no rows brought home, and no task that drowns in one key."""

import pytest

from martgate.builders.ports import Dataset, WriteTarget
from martgate.expectations.audit import audit
from martgate.expectations.derive import derive
from martgate.expectations.offenders import MAX_EXAMPLES
from martgate.expectations.plan import build_plan
from martgate.expectations.scope import Scope
from martgate.expectations.source import Source
from martgate.expectations.verdict import Outcome

pytestmark = pytest.mark.spark

ONE_PASS, WHOLE = 1, 2
"""Jobs for all that one pass can answer, and for an audit by every rule that needs no other table."""


@pytest.fixture(scope="module")
def mart(spark_engine, shipped, tmp_path_factory):
    """The shipped contract and table, the latter as rows of nothing but null, which break most of its rules."""
    contract, table = shipped
    types = {column.name: column.physical_type for column in table.columns}
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS `{name}`" for name, kind in types.items())
    root = str(tmp_path_factory.mktemp("jobs"))
    written = spark_engine.write(
        f"SELECT {nulls} FROM (SELECT EXPLODE(SEQUENCE(1, 20)))", WriteTarget(root=root, partition_by=(), prefix="part")
    )
    files = tuple(f"{root}/{file.path}" for file in written)
    spark_engine.register(table.qualified_name, Dataset(files=files))
    return contract, table, types


@pytest.fixture
def in_scope(mart, make):
    """The rules that need no other table, and the scope that says so."""
    _, table, _ = mart
    scope = Scope(make.day, make.noon, frozenset())
    rules = derive(table)
    return scope.split_rules(rules, scope.resolve_tables(rules, table, table.qualified_name), table.qualified_name)[
        0
    ], scope


def publish_requests(spark):
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(None))


def test_one_pass_is_a_handful_of_jobs_however_many_rules_it_answers(spark, spark_engine, mart, in_scope):
    _, table, types = mart
    scan = build_plan(in_scope[0], Source(table.qualified_name, types)).statements[0]
    assert len(scan.rules) > 70
    before = publish_requests(spark)
    spark_engine.fetch(scan.sql, in_scope[1].parameters)
    assert publish_requests(spark) - before <= ONE_PASS


def test_a_whole_audit_stays_within_its_jobs_and_brings_home_examples_only(spark, spark_engine, mart, in_scope):
    _, table, _ = mart
    rules, scope = in_scope
    answers = []

    class Watched:
        columns = staticmethod(spark_engine.columns)
        prefers_one_statement = spark_engine.prefers_one_statement

        def fetch(self, sql, parameters):
            before = publish_requests(spark)
            rows = spark_engine.fetch(sql, parameters)
            answers.append((sql, len(rows), publish_requests(spark) - before))
            return rows

    result = audit(Watched(), table.qualified_name, table=table, rules=rules, scope=scope)
    assert len(result.blocking) > 10
    assert not [verdict.reason for verdict in result.verdicts if verdict.outcome is Outcome.ERROR]
    assert max(rows for sql, rows, _ in answers if "LIMIT" in sql) == MAX_EXAMPLES
    assert sum(cost for sql, _, cost in answers if "LIMIT" not in sql) <= WHOLE


def test_no_statement_runs_python_and_every_count_is_begun_before_rows_are_moved(spark, mart, in_scope):
    _, _, types = mart
    spark.sql("CREATE DATABASE IF NOT EXISTS plans")
    listed = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    spark.sql(f"CREATE TABLE plans.mart ({listed}) USING parquet")
    try:
        for query in build_plan(in_scope[0], Source("plans.mart", types)).statements:
            text = spark.sql(query.sql, args=in_scope[1].parameters)._jdf.queryExecution().executedPlan().toString()
            assert "Python" not in text
            assert "partial_" in text.split("Scan parquet")[0], f"rows are moved before they are counted:\n{query.sql}"
    finally:
        spark.sql("DROP DATABASE plans CASCADE")
