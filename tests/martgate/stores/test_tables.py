"""What Spark's own catalog says of tables, on a local Spark with tables of Parquet in Delta's place."""

from dataclasses import replace
from datetime import date

import pytest

from martgate.builders.ports import CatalogTable, TableTarget
from martgate.contracts.export.spark import render_delta_table
from martgate.contracts.model import Contract
from martgate.errors import InvalidInput, MissingUpstream, QueryFailed
from martgate.stores.spark_catalog import SparkCatalog, get_table_name
from martgate.stores.upstreams import Upstreams

DAY = "2024-01-01"
DATE = date.fromisoformat(DAY)
NAME = "spark_catalog.we_mart.wv_comm_user"


@pytest.mark.parametrize(
    ("location", "single", "name"),
    [
        ("catalog://main", False, "main.we_mart.wv_comm_user"),
        ("catalog://main", True, "main.we_mart.wv_comm_user"),
        ("catalog://main.bronze.member", True, "main.bronze.member"),
    ],
)
def test_a_location_names_a_table(shop, location, single, name):
    assert get_table_name(location, shop.table, single=single) == name


@pytest.mark.parametrize(
    ("location", "single"),
    [
        ("catalog://", False),
        ("catalog://main.bronze", True),
        ("catalog://main.bronze.member", False),
        ("catalog://main/bronze", False),
        ("catalog://`main`", False),
    ],
)
def test_a_location_that_is_no_catalog_says_what_is_expected(shop, location, single):
    with pytest.raises(InvalidInput, match=r"expected a catalog, as in catalog://main"):
        get_table_name(location, shop.table, single=single)


def test_an_engine_without_a_catalog_writes_no_table(shop):
    with pytest.raises(QueryFailed, match="only Spark has one"):
        shop.engine.write(shop.rows((1, 7)), TableTarget(name=NAME, partition_by=()))


def test_files_cannot_lie_in_a_catalog(shop):
    with pytest.raises(InvalidInput, match="is a catalog; expected a folder"):
        Upstreams("catalog://main").find_dataset(shop.table)


@pytest.fixture
def catalog(spark, spark_engine, shop):
    """The engine, once it has written the table `we_mart.wv_comm_user` into its catalog."""
    spark.sql("CREATE DATABASE IF NOT EXISTS we_mart")
    spark.sql(f"DROP TABLE IF EXISTS {NAME}")
    target = TableTarget(name=NAME, partition_by=shop.table.partition_columns, format="parquet")
    spark_engine.write(shop.rows((1, 7), (2, 7), (3, 8)), target)
    yield spark_engine
    spark.sql(f"DROP TABLE IF EXISTS {NAME}")


@pytest.mark.spark
def test_a_result_becomes_a_table_of_its_own_columns_and_partitions(catalog, spark):
    assert SparkCatalog(lambda: catalog).list_columns(NAME) == [
        ("id", "bigint"),
        ("comm_id", "bigint"),
        ("grade", "tinyint"),
        ("score", "decimal(18,4)"),
        ("seen", "timestamp"),
        ("nick", "string"),
        ("part_comm_id", "bigint"),
        ("part_date", "string"),
    ]
    found = [column.name for column in spark.catalog.listColumns(NAME) if column.isPartition]
    assert found == ["part_comm_id", "part_date"]


@pytest.mark.spark
def test_a_table_is_never_written_over(catalog, shop):
    with pytest.raises(QueryFailed, match=f"{NAME} cannot be created"):
        catalog.write(shop.rows((9, 9)), TableTarget(name=NAME, partition_by=(), format="parquet"))
    assert SparkCatalog(lambda: catalog).count_rows(CatalogTable(name=NAME)) == 3


@pytest.mark.spark
def test_the_statements_of_the_catalog_run_on_spark(catalog, spark):
    tables = SparkCatalog(lambda: catalog)
    spark.sql("SELECT 1 AS one").createOrReplaceTempView("only_a_view")
    assert tables.exists(NAME)
    assert not tables.exists("spark_catalog.we_mart.wv_comm")
    assert not tables.exists("spark_catalog.we_mart.only_a_view")
    assert tables.count_rows(CatalogTable(name=NAME, only={"part_date": DAY})) == 3
    assert tables.count_rows(CatalogTable(name=NAME, only={"part_date": "2030-01-01"})) == 0
    assert tables.list_values(NAME, "part_date") == {DAY}
    assert tables.has_rows(CatalogTable(name=NAME))


@pytest.mark.spark
def test_the_mart_is_created_as_its_contract_says(spark, catalog, shop):
    contract = Contract(file="c.yaml", id="c", version="1.0.0", api_version="v3.2.0", tables=(shop.table,))
    stated = contract.tables[0]
    tables = SparkCatalog(lambda: catalog)
    have = tables.list_columns(NAME)
    spark.sql(f"DROP TABLE {NAME}")
    tables.execute(
        "CREATE TABLE IF NOT EXISTS " + render_delta_table(stated, NAME).replace("USING DELTA", "USING PARQUET")
    )
    assert tables.list_columns(NAME) == have
    assert spark.catalog.getTable(NAME).description == shop.table.description


@pytest.mark.spark
@pytest.mark.parametrize("where", [("catalog://spark_catalog", {}), ("nowhere", {"wv_comm_user": f"catalog://{NAME}"})])
def test_an_input_is_read_where_the_catalog_has_it(catalog, shop, where):
    upstreams = Upstreams(*where, lambda: catalog)
    found = upstreams.find_dataset(shop.table, DATE)
    assert found == CatalogTable(name=NAME, only={"part_date": DAY})
    catalog.register("ours", found)
    assert sorted(catalog.fetch("SELECT id, nick FROM ours")) == [(1, "secret1"), (2, "secret2"), (3, "secret3")]


@pytest.mark.spark
def test_a_missing_input_or_day_is_a_missing_upstream(catalog, shop):
    upstreams = Upstreams("catalog://spark_catalog", {}, lambda: catalog)
    with pytest.raises(MissingUpstream, match="there is no row with part_date=2030-01-01"):
        upstreams.find_dataset(shop.table, date(2030, 1, 1))
    with pytest.raises(MissingUpstream, match=r"there is no table spark_catalog\.we_mart\.other"):
        upstreams.find_dataset(replace(shop.table, name="other", qualified_name="we_mart.other"), DATE)
    with pytest.raises(MissingUpstream, match=r"nowhere\.other cannot be found: .*SCHEMA_NOT_FOUND"):
        upstreams.find_dataset(replace(shop.table, name="other", qualified_name="nowhere.other"), DATE)


@pytest.mark.spark
def test_a_failing_statement_shows_no_row(catalog):
    with pytest.raises(QueryFailed, match="CAST_INVALID_INPUT") as told:
        SparkCatalog(lambda: catalog).execute(f"SELECT CAST(nick AS INT) AS n FROM {NAME}")
    assert "secret1" not in str(told.value)


@pytest.mark.parametrize(
    "flags",
    [{"warehouse": "catalog://main"}, {"upstreams": {"root": "u", "we_mart.wv_comm_user": "catalog://main.a.b"}}],
    ids=["warehouse", "upstreams"],
)
def test_a_catalog_without_spark_is_refused_before_a_run(tmp_path, flags):
    from martgate.project.settings import load_settings
    from martgate.project.wiring import open_context

    places = {"out": str(tmp_path), "ledger": f"sqlite:///{tmp_path / 'ledger.db'}"}
    with (
        pytest.raises(
            InvalidInput, match=r"tables of a catalog are read by Spark, and the engine is duckdb; set engine"
        ),
        open_context(load_settings(flags={**places, **flags}, environment={})),
    ):
        pass


@pytest.mark.spark
def test_a_house_in_a_catalog_has_one_session_for_its_store_and_its_audits(spark, tmp_path):
    from martgate.project.settings import load_settings
    from martgate.project.wiring import open_context

    places = {"out": str(tmp_path), "ledger": f"sqlite:///{tmp_path / 'ledger.db'}", "engine": "spark"}
    spark.sql("CREATE DATABASE IF NOT EXISTS we_mart")
    with open_context(
        load_settings(flags={**places, "warehouse": "catalog://spark_catalog"}, environment={})
    ) as context:
        assert context.store.read(context.catalog.find("we_mart.wv_dm_subscr")[1]) is None
        with context.engine() as first, context.engine() as second:
            assert first is second
        assert first.fetch("SELECT 1") == [(1,)]
