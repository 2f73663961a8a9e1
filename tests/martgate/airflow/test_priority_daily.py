"""The mart's own DAG on a real Airflow: a good night, a refused one, one that waits in vain, and when it is due."""

import logging
import shutil
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.airflow

DAG_ID = "analytics_we_mart_priority_daily"
BASE = "we_mart__wv_comm_user"
SEOUL = ZoneInfo("Asia/Seoul")
STEPS = ("upstreams", "build", "gate", "publish")
SUMMARY = {
    *("table", "date", "candidate", "decision", "published_version", "rows", "rules"),
    *("passed", "failed", "errors", "vacuous", "waived", "report"),
}


def test_the_dag_is_the_graph_of_the_models_and_its_runs_are_alone(load, snapshot):
    dag = load(DAG_ID)
    edges = [f"{', '.join(sorted(task.upstream_task_ids)) or '-'} >> {task.task_id}" for task in dag.topological_sort()]
    assert "\n".join(edges) == snapshot
    assert (dag.catchup, dag.max_active_runs, dag.doc_md[:25]) == (False, 1, "Publishes `we_mart.wv_com")
    assert {task.retries for task in dag.tasks} == {2}


def test_parsing_the_dag_loads_no_engine(dags_folder):
    probe = (
        "import sys, runpy; runpy.run_path(sys.argv[1]); "
        "sys.exit(str([name for name in sys.argv[2:] if name in sys.modules] or 0))"
    )
    heavy = ("duckdb", "pyspark", "deltalake", "great_expectations", "pandas", "pyarrow")
    command = [sys.executable, "-W", "ignore", "-c", probe, str(dags_folder / f"{DAG_ID}.py"), *heavy]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip() == "0"


def test_a_good_night_publishes_every_table_tells_it_and_draws_the_site(night, mart):
    told = night(DAG_ID)
    by_period = {f"we_mart__stats_wv_{p}_comm_engage_usr.{step}" for p in "wm" for step in STEPS}
    assert (told.state, told.ended("skipped")) == ("success", by_period)
    assert told.ended("success") == told.tasks.keys() - by_period
    assert len(told.events) == 6
    event = told.events["martgate://we_mart/wv_comm_user"]
    assert set(event) == SUMMARY
    assert (event["table"], event["date"], event["decision"]) == ("we_mart.wv_comm_user", "2024-01-02", "approved")
    assert event["published_version"] == 1
    assert event["rows"] > 200
    assert Path(event["report"]).is_file()
    assert (mart / "out" / "site" / "index.html").is_file()


def break_an_upstream(mart: Path) -> None:
    """Two artists of one key."""
    place = mart / "upstreams" / "we_mart" / "we_artist"
    shutil.rmtree(place)
    place.mkdir()
    types = pa.schema([("we_art_id", pa.int32()), ("we_art_name", pa.string()), ("comm_id", pa.int64())])
    artists = {"we_art_id": [1, 1], "we_art_name": ["a", "b"], "comm_id": [1, 2]}
    pq.write_table(pa.table(artists, schema=types), place / "part-0.parquet")


def test_a_broken_upstream_refuses_the_night_in_one_attempt_and_nothing_is_published(night, mart):
    break_an_upstream(mart)
    told = night(DAG_ID)
    assert (told.state, told.events) == ("failed", {})
    assert told.tasks[f"{BASE}.build"] == ("failed", 1)
    assert told.ended("success") == {f"{BASE}.upstreams", "docs"}
    assert told.ended("upstream_failed") == told.tasks.keys() - {f"{BASE}.upstreams", f"{BASE}.build", "docs"}
    assert (mart / "out" / "site" / "index.html").is_file()
    assert not (mart / "warehouse").exists()


@pytest.mark.parametrize("conf", [{}, {"date": "2031-01-01"}], ids=["late", "another day"])
def test_a_night_without_an_upstream_waits_for_its_day_and_then_fails_with_nothing_built(night, mart, conf):
    if not conf:
        (mart / "upstreams" / "we_mart" / "we_user").rename(mart / "late")
    told = night(DAG_ID, done="docs", conf=conf)
    assert (told.state, told.tasks[f"{BASE}.upstreams"]) == ("failed", ("failed", 1))
    assert told.ended("upstream_failed") == told.tasks.keys() - {f"{BASE}.upstreams", "docs"}
    assert not (mart / "warehouse").exists()


def test_an_upstream_that_comes_late_is_waited_for(load, mart):
    late, place = mart / "late", mart / "upstreams" / "we_mart" / "we_user"
    place.rename(late)
    sensor = load(DAG_ID).get_task(f"{BASE}.upstreams")
    context = {"data_interval_end": datetime(2024, 1, 3, 3, tzinfo=SEOUL)}
    sensor.date = ""
    assert not sensor.poke(context)
    late.rename(place)
    assert sensor.poke(context)


def test_a_scheduled_run_is_due_when_the_contract_promises_the_day_and_a_miss_is_told(load, caplog, monkeypatch):
    import structlog
    from airflow.models.deadline import Deadline
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.sdk.execution_time.callback_supervisor import execute_callback
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    sync(load(DAG_ID))
    with create_session() as session:
        dag = SerializedDagModel.get(DAG_ID, session=session).dag
        begins = datetime(2024, 3, 31, 3, tzinfo=SEOUL)
        interval = dag.timetable.infer_manual_data_interval(run_after=begins + timedelta(days=1))
        assert (interval.start, interval.end) == (begins, begins + timedelta(days=1))
        dag.create_dagrun(
            run_id="scheduled__test",
            logical_date=interval.start,
            data_interval=interval,
            run_after=interval.end,
            run_type=DagRunType.SCHEDULED,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.QUEUED,
            session=session,
        )
        session.flush()
        (deadline,) = session.scalars(select(Deadline))
        assert deadline.deadline_time == datetime(2024, 4, 1, 6, tzinfo=SEOUL)
        deadline.handle_miss(session)
        missed = deadline.callback.data
    # Setting itself up, Airflow takes the root's handlers away.
    monkeypatch.setattr(logging.getLogger("martgate.airflow.schedule"), "handlers", [caplog.handler])
    log = structlog.get_logger()
    assert execute_callback(missed["path"], missed["kwargs"], dag_rel_path="", bundle_path=None, log=log) == (
        True,
        None,
    )
    assert (
        f"{DAG_ID} of 2024-03-30T18:00:00Z was promised by 2024-03-31 21:00:00+00:00 and is not complete" in caplog.text
    )


def sync(dag) -> None:
    """Write a DAG to the database, as the DAG processor does."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(dag_folder=dag.fileloc, bundle_name="dags-folder"), "dags-folder", None)


@pytest.mark.parametrize(
    ("end", "day"),
    [
        (datetime(2024, 1, 2, 15, tzinfo=UTC), "2024-01-02"),
        (datetime(2024, 1, 2, 14, 59, tzinfo=UTC), "2024-01-01"),
        (datetime(2024, 1, 3, 3, tzinfo=SEOUL), "2024-01-02"),
    ],
)
def test_a_day_is_made_once_it_is_over_in_the_zone_of_the_contract(end, day):
    from martgate.airflow.schedule import last_complete_day

    assert last_complete_day(end, "Asia/Seoul").isoformat() == day


@pytest.mark.parametrize(
    ("promises", "said"),
    [([], "promises no timeOf"), (["six"], "promises no timeOf"), (["02:00+09:00"], "promises wv_comm_user by 02:00")],
)
def test_a_promise_that_no_night_can_keep_is_no_deadline(shipped, promises, said):
    from dataclasses import replace

    from martgate.airflow import deadline
    from martgate.contracts.model import Sla
    from martgate.errors import InvalidInput

    slas = tuple(Sla(path="slaProperties[0]", property="timeOfAvailability", value=value) for value in promises)
    with pytest.raises(InvalidInput, match=said):
        deadline(replace(shipped[0], slas=slas).tables[0], time(3))
