"""One table, two writers: what Spark publishes is what DuckDB publishes, row for row and verdict for verdict."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.model import Model
from martgate.project.requests import load_publish_request
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import run
from martgate.publish.samples import write_samples
from martgate.stores.delta import DeltaStore

pytestmark = pytest.mark.spark

EVE, DAY = date(2024, 1, 1), date(2024, 1, 2)
STARTED = datetime(2024, 1, 3, 1, tzinfo=UTC)
TABLE = "we_mart.wv_comm_user"


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    write_samples(load_settings(environment={}), folder, {"members": 150, "date": DAY, "days": 2}, lambda _: None)
    return folder


@pytest.fixture
def context(upstreams, tmp_path, spark_engine):
    """A project with one warehouse for each engine."""
    places = {"warehouse": str(tmp_path / "warehouse"), "ledger": f"sqlite:///{tmp_path / 'ledger.db'}"}
    settings = load_settings(flags={"out": str(tmp_path), "upstreams": str(upstreams), **places}, environment={})
    with open_context(settings) as opened:
        yield {
            "duckdb": opened,
            "spark": replace(opened, engine=lambda: nullcontext(spark_engine)),
            "job": lambda day: replace(load_publish_request(settings, opened, TABLE, day), started=STARTED),
        }


def seen(engine, context, day=None):
    """All columns and rows that a reader gets from an engine, in the order of their keys."""
    table = context.catalog.find(TABLE)[1]
    engine.register("published", context.store.read(table, day))
    order = ", ".join(table.primary_key)
    return engine.columns("published"), engine.fetch(f"SELECT * FROM published ORDER BY {order}, part_date")


def test_a_day_published_with_spark_is_read_back_alike_by_both_and_equals_that_of_duckdb(
    context, spark_engine, tmp_path
):
    assert run(context["job"](DAY), context["spark"]).published_version == 1
    other = replace(context["duckdb"], store=DeltaStore(str(tmp_path / "other")))
    assert run(context["job"](DAY), other).published_version == 1
    with DuckDBEngine() as duckdb:
        by_spark = seen(duckdb, context["spark"])
        assert len(by_spark[1]) > 100
        assert seen(spark_engine, context["spark"]) == by_spark
        assert seen(duckdb, other) == by_spark


def test_a_table_with_a_day_by_each_engine_is_one_table(context, spark_engine):
    assert run(context["job"](EVE), context["duckdb"]).published_version == 1
    assert run(context["job"](DAY), context["spark"]).published_version == 2
    with DuckDBEngine() as duckdb:
        whole = seen(duckdb, context["spark"])
        assert seen(spark_engine, context["spark"]) == whole
        assert sorted(
            seen(duckdb, context["spark"], EVE)[1] + seen(duckdb, context["spark"], DAY)[1], key=repr
        ) == sorted(whole[1], key=repr)


def test_days_are_compared_alike_by_both_whichever_published_them(context):
    assert run(context["job"](EVE), context["duckdb"]).published_version == 1
    work = context["job"](DAY)
    spoiled = {
        "comm_user_cre_dt": "comm_user_cre_dt - INTERVAL 1 SECOND",
        "tot_comm_user_first_dt": "tot_comm_user_first_dt + INTERVAL 1 SECOND",
        "cnt_comm_user_id": "cnt_comm_user_id - 1",
        "sum_report_count": "0",
    }
    listed = ", ".join(f"{spoiled[name]} AS {name}" if name in spoiled else name for name in work.model.columns)
    where = "made.comm_user_seq > 1 OR made.wv_user_id % 2 = 0"
    bad = replace(
        work, model=Model(name=work.model.name, sql=f"SELECT {listed} FROM ({work.model.sql}) made WHERE {where}")
    )
    told = {}
    for name in ("duckdb", "spark"):
        found = run(bad, context[name]).audit
        across = [verdict for verdict in found.verdicts if verdict.rule.check.reads_previous_day]
        told[name] = found.compared_with, [(v.rule.name, v.failed, v.total, v.examples) for v in across]
    assert told["spark"] == told["duckdb"]
    assert told["spark"][0] == EVE
    assert {name for name, failed, _, _ in told["spark"][1] if failed} == {
        "comm_user_id|never_disappears",
        "comm_user_cre_dt|never_changes",
        "tot_comm_user_first_dt|never_later",
        "cnt_comm_user_id|never_falls",
        "sum_report_count|falls_by_cancellations",
    }
    assert run(work, context["spark"]).audit.compared_with == EVE


@pytest.mark.parametrize(("column", "value"), [("key_date", "DATE_SUB(key_date, 1)"), ("comm_user_id", "NULL")])
def test_a_planted_defect_is_refused_by_both_with_the_same_verdicts(context, column, value):
    work = context["job"](DAY)
    listed = ", ".join(f"{value} AS {name}" if name == column else name for name in work.model.columns)
    bad = replace(work, model=Model(name=work.model.name, sql=f"SELECT {listed} FROM ({work.model.sql}) made"))
    told = {}
    for name in ("duckdb", "spark"):
        record = run(bad, context[name])
        told[name] = (
            record.decision,
            record.reasons,
            [(v.rule, v.outcome, v.failed, v.total) for v in record.audit.verdicts],
        )
    assert told["spark"] == told["duckdb"]
    assert told["spark"][0] == "refused"
    assert context["duckdb"].store.read(work.table) is None
