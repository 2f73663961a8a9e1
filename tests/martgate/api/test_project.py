"""`martgate.Project`: the steps of the commands, as calls that return what they did."""

import datetime as dt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import martgate
from martgate.cli.main import call
from martgate.gate.run import RunRecord
from martgate.project.starter import write_starter

DAY = "2024-01-02"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The starter project with upstreams of three days."""
    place = tmp_path_factory.mktemp("project")
    write_starter(place)
    sample = ["sample", "--project", str(place), "--orders", "40", "--date", "2024-01-03", "--days", "3", "--clean"]
    assert call([*sample, "--out", str(place / "out" / "upstreams")]) == 0
    return place


@pytest.fixture(scope="module")
def project(folder) -> martgate.Project:
    return martgate.Project.load(folder, report="none")


def test_a_day_is_run_told_and_verified(project):
    record = project.run("shop.orders", DAY)
    assert isinstance(record, RunRecord)
    assert (record.decision, record.reasons, str(record.date)) == ("approved", (), DAY)
    assert record.published_version is not None
    history = project.history("shop.orders")
    assert [receipt.candidate for receipt in history.receipts] == [record.candidate]
    assert [result.problems for result in project.verify("shop.orders")] == [()]
    assert [result.problems for result in project.verify("shop.orders", DAY)] == [()]


def test_a_dry_run_publishes_nothing(folder, tmp_path):
    project = martgate.Project.load(
        folder, report="none", out=tmp_path, warehouse=str(tmp_path / "w"), ledger=f"sqlite:///{tmp_path}/l.db"
    )
    record = project.run("orders", dt.date(2024, 1, 1), dry_run=True)
    assert (record.decision, record.published_version) == ("approved", None)
    assert project.history("orders").receipts == ()


def test_a_backfill_publishes_each_day_and_skips_it_the_next_time(folder, tmp_path):
    project = martgate.Project.load(
        folder, report="none", out=tmp_path, warehouse=str(tmp_path / "w"), ledger=f"sqlite:///{tmp_path}/l.db"
    )
    days = ("2024-01-01", "2024-01-03")
    first, second = (project.backfill("orders", *days) for _ in range(2))
    assert [run.record.decision for run in first] == ["approved"] * 3
    assert [(run.record, bool(run.reason)) for run in second] == [(None, True)] * 3
    assert len(project.history("orders", "2024-01-02", "2024-01-03").receipts) == 2


def test_the_gate_audits_other_data_and_what_is_staged(folder, project, tmp_path):
    record = project.run("orders", "2024-01-03", dry_run=True)
    assert project.gate("orders", "2024-01-03").candidate == record.candidate
    assert project.publish("orders", "2024-01-03").published_version is not None
    (day,) = (folder / "out" / "warehouse").rglob("*2024-01-03/*.parquet")
    rows = pq.ParquetFile(day).read()
    pq.write_table(rows.drop_columns([rows.column_names[-1]]), tmp_path / "odd.parquet")
    assert project.gate("orders", input=tmp_path / "odd.parquet").decision == "refused"


def test_a_step_without_what_it_needs_says_so(project, tmp_path):
    with pytest.raises(martgate.InvalidInput, match="give the date of a candidate, or input="):
        project.gate("orders")
    with pytest.raises(martgate.InvalidInput, match="expected a day as YYYY-MM-DD"):
        project.run("orders", "today")
    assert "no candidate of shop.orders for 2024-01-01 was staged" in project.publish("orders", "2024-01-01").reasons[0]
    with pytest.raises(martgate.InvalidInput, match=r"martgate\.toml"):
        martgate.Project.load(tmp_path)
