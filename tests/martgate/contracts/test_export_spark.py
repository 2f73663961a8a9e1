"""The Spark exports, read by Spark itself."""

import pytest

from martgate.contracts.export.spark import render_delta_ddl, render_struct_type
from martgate.contracts.types import canonical_type

pytestmark = pytest.mark.spark


@pytest.fixture
def spark(spark):
    """A session of somebody else, with Spark's own settings: `${..}` is a variable there."""
    found = spark.newSession()
    assert found.conf.get("spark.sql.variable.substitute") == "true"
    return found


def expected(table):
    """Name, type, nullability and comment of every column."""
    return [
        (c.name, canonical_type(c.physical_type), not (c.required or c.primary_key_position), c.description or None)
        for c in table.columns
    ]


def test_the_struct_type_code_makes_the_contracts_schema(wares, spark):
    names = {}
    exec(compile(render_struct_type(wares[1]), "exported", "exec"), names)
    fields = names["schema"].fields
    assert [(f.name, f.dataType.simpleString(), f.nullable, f.metadata.get("comment")) for f in fields] == expected(
        wares[1]
    )
    assert spark.createDataFrame([], names["schema"]).schema == names["schema"]


def parsed(spark, ddl):
    return spark._jsparkSession.sessionState().sqlParser().parsePlan(ddl)


def test_the_ddl_is_read_verbatim_as_the_contracts_table(wares, spark):
    _, table = wares
    plan = parsed(spark, render_delta_ddl(wares[1]))
    found = [plan.columns().apply(place) for place in range(plan.columns().size())]
    assert [
        (c.name(), c.dataType().catalogString(), c.nullable(), c.comment().get() if c.comment().isDefined() else None)
        for c in found
    ] == expected(table)
    assert plan.tableSpec().provider().get() == "DELTA"
    assert plan.tableSpec().comment().get() == table.description
    assert plan.partitioning().size() == 1
    assert plan.partitioning().apply(0).toString() == "identity(day)"


def test_the_ddl_creates_a_table(wares, spark):
    """In Parquet, since Delta's own jar is not part of the tests; all else is as exported."""
    _, table = wares
    spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    spark.sql("DROP TABLE IF EXISTS shop.wares")
    spark.sql(render_delta_ddl(wares[1]).replace("USING DELTA", "USING PARQUET"))
    try:
        found = {c.name: c for c in spark.catalog.listColumns("shop.wares")}
        assert {name: (c.dataType, c.description) for name, c in found.items()} == {
            name: (kind, comment) for name, kind, _, comment in expected(table)
        }
        assert [c.name for c in found.values() if c.isPartition] == ["day"]
        assert spark.catalog.getTable("shop.wares").description == table.description
    finally:
        spark.sql("DROP TABLE shop.wares")


def test_the_shipped_mart_is_read_verbatim(spark, shipped):
    _, table = shipped
    plan = parsed(spark, render_delta_ddl(table))
    columns = [plan.columns().apply(place) for place in range(plan.columns().size())]
    assert [(c.name(), c.dataType().catalogString(), c.comment().get()) for c in columns] == [
        (c.name, c.physical_type, c.description) for c in table.columns
    ]
    assert plan.partitioning().size() == 2
