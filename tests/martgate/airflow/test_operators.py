"""Operators for any table, as docs/scheduling.md has them, on a small project: what is refused, what is tried again."""

import signal
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.airflow

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
customProperties: [{{property: dayBoundary, value: Asia/Seoul}}]
schema:
  - name: {name}
    physicalName: s.{name}
    customProperties: [{{property: publishPeriod, value: {period}}}]
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: {most}}}}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
MODELS = {
    "base": "SELECT n, day FROM s.source WHERE day = :part_date",
    "daily": "SELECT n + 1 AS n, day FROM s.base WHERE day = :part_date",
    "weekly": "SELECT count(*) AS n, :part_date AS day FROM s.base",
}
TUESDAY, SUNDAY = date(2024, 1, 2), date(2024, 1, 7)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a source, a table made from it, and two made from that, by the day and by the week."""
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models", "out/upstreams/s"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("source", *MODELS):
        text = CONTRACT.format(name=name, most=999, period="week" if name == "weekly" else "day")
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_text(text)
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
    monkeypatch.setenv("MARTGATE_PROJECT", str(tmp_path))
    return tmp_path


def deliver(shop: Path, n: int = 1, day: date = TUESDAY) -> None:
    rows = pa.table({"n": pa.array([n], pa.int64()), "day": [day.isoformat()]})
    pq.write_table(rows, shop / "out" / "upstreams" / "s" / "source.parquet")


def published(shop: Path) -> set[str]:
    return {folder.parent.parent.name for folder in (shop / "out" / "warehouse").rglob("_delta_log/*1.json")}


def test_a_candidate_that_the_gate_refuses_is_tried_once_and_nothing_that_stands_on_it_is_run(night, shop):
    file = shop / "contracts" / "base.odcs.yaml"
    file.write_text(file.read_text().replace("maximum: 999", "maximum: 99"))
    deliver(shop, n=500)
    told = night("shop_daily")
    assert (told.state, told.events) == ("failed", {})
    assert told.tasks["s__base.gate"] == ("failed", 1)
    assert told.ended("success") == {"s__base.upstreams", "s__base.build", "docs"}
    assert told.ended("upstream_failed") == told.tasks.keys() - told.ended("success") - {"s__base.gate"}
    assert published(shop) == set()


def test_an_engine_that_breaks_is_tried_again_and_the_night_goes_on_when_the_trouble_is_over(night, load, shop):
    torn = shop / "out" / "upstreams" / "s" / "source.parquet"
    torn.write_bytes(b"PAR1 and no more than that")
    dag = load("shop_daily")
    dag.get_task("s__base.build").on_retry_callback = [lambda context: deliver(shop)]
    told = night(dag, done="docs")
    assert told.state == "success"
    assert told.tasks["s__base.build"] == ("success", 2)
    assert {attempts for name, (_, attempts) in told.tasks.items() if name != "s__base.build"} <= {0, 1}


def test_an_engine_that_stays_broken_fails_after_its_last_attempt(night, shop):
    (shop / "out" / "upstreams" / "s" / "source.parquet").write_bytes(b"PAR1 and no more than that")
    told = night("shop_daily", done="docs")
    assert told.state == "failed"
    assert told.tasks["s__base.build"] == ("failed", 3)


@pytest.mark.parametrize("day", [TUESDAY, SUNDAY])
def test_a_table_by_the_week_is_skipped_until_the_week_is_over(night, shop, day):
    deliver(shop, day=day)
    told = night("shop_daily", day, done="docs")
    skipped = {"s__weekly.build", "s__weekly.gate", "s__weekly.publish"}
    assert (told.state, told.ended("skipped")) == ("success", set() if day == SUNDAY else skipped)
    weekly = told.events.get("martgate://s/weekly", {})
    assert weekly.get("date") == ("2024-01-01" if day == SUNDAY else None)


def test_every_task_is_one_command_and_a_run_can_be_all_of_them(shop):
    from airflow.sdk import Asset

    from martgate.airflow import BuildOperator, Mart, RunOperator

    deliver(shop)
    built = BuildOperator(task_id="build", table="base", date="2024-01-02").execute({})
    assert {key: built[key] for key in ("table", "date", "rows")} == {
        "table": "s.base",
        "date": "2024-01-02",
        "rows": 1,
    }
    events = defaultdict(lambda: SimpleNamespace(extra={}))
    run = RunOperator(task_id="run", table="base", mart=Mart(project=str(shop)))
    told = run.execute({"data_interval_end": datetime(2024, 1, 2, 15, tzinfo=UTC), "outlet_events": events})
    assert run.outlets == [Asset("martgate://s/base")]
    assert (events[run.asset].extra, told["decision"]) == (told, "approved")


@pytest.mark.parametrize(
    ("date", "context", "said"),
    [
        ("2024-02-30", {}, "is not a day"),
        ("", {}, "no data interval"),
        ("2024-01-02", {}, "base.sql:1"),
    ],
)
def test_what_cannot_be_used_fails_without_another_try(shop, date, context, said):
    from airflow.sdk.exceptions import AirflowFailException

    from martgate.airflow import BuildOperator

    (shop / "models" / "base.sql").write_text("SELECT nonsense(", encoding="utf-8")
    with pytest.raises(AirflowFailException, match=said):
        BuildOperator(task_id="build", table="base", date=date).execute(context)


def test_a_setting_that_nobody_knows_is_told_before_anything_is_run():
    from martgate.airflow import Mart
    from martgate.errors import InvalidInput

    with pytest.raises(InvalidInput, match=r"warehose is not a setting.*warehouse"):
        Mart(settings={"warehose": "s3://mart"})


def test_a_task_that_is_killed_takes_its_command_along(tmp_path):
    from martgate.airflow.command import Command
    from martgate.airflow.mart import Mart

    command = Command(Mart(settings={"out": str(tmp_path)}), "demo", "--members", "5000000")
    command.stop()
    result = command.wait(print)
    assert (result.code, result.payload, result.is_final) == (-signal.SIGTERM, {}, False)
