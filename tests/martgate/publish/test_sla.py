"""Promises about time, told from a real ledger and a real warehouse."""

import json
import re
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from martgate.errors import CouldNotRun

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
slaProperties:
  - {property: timeOfAvailability, value: "06:00+00:00"}
  - {property: frequency, value: 1, unit: d}
  - {property: retention, value: 1, unit: y}
schema:
  - name: base
    physicalName: s.base
    properties:
      - {name: n, logicalType: integer, physicalType: bigint, required: true}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""
MODEL = "SELECT 1 AS n, :part_date AS day"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "contracts" / "base.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "models" / "base.sql").write_text(MODEL)
    return tmp_path


@pytest.fixture
def run(clock, call):
    """run(day, at): publish a day at an instant."""

    def _run(day, at):
        clock.set(at)
        assert call(["run", "base", "--date", day]) == 0

    return _run


@pytest.fixture
def sla(project, clock, call, capsys):
    """sla(now, *options): the exit code and what was told."""

    def _sla(now, *options):
        clock.set(now)
        capsys.readouterr()
        code = call(["sla", "--json", *options])
        told = capsys.readouterr()
        return code, json.loads(told.out), told.err

    return _sla


def standings(told, table=0):
    return {promise["property"]: promise["standing"] for promise in told["tables"][table]["promises"]}


ALL_KEPT = {"timeOfAvailability": "kept", "frequency": "kept", "retention": "kept"}


def test_days_that_were_published_in_time_keep_every_promise(run, sla):
    run("2024-01-01", "2024-01-02T05:00")
    run("2024-01-02", "2024-01-03T05:59")
    run("2024-01-01", "2024-01-03T07:00")
    code, told, _ = sla("2024-01-03T12:00")
    assert (code, standings(told)) == (0, ALL_KEPT)
    assert [(day["date"], day["published_again"]) for day in told["tables"][0]["days"]] == [
        ("2024-01-01", 1),
        ("2024-01-02", 0),
    ]


def test_a_late_day_is_told_with_how_late_it_came(run, sla):
    run("2024-01-01", "2024-01-02T06:30")
    code, told, _ = sla("2024-01-02T12:00", "base", "--date", "2024-01-01")
    assert (code, standings(told)["timeOfAvailability"]) == (1, "broken")
    (day,) = told["tables"][0]["days"]
    assert (day["due"], day["late_seconds"]) == ("2024-01-02T06:00:00+00:00", 1800)


def test_a_missing_day_is_told_until_it_is_published(run, sla):
    run("2024-01-01", "2024-01-02T05:00")
    assert sla("2024-01-03T05:00")[0] == 0
    code, told, _ = sla("2024-01-03T06:00")
    assert (code, standings(told)["frequency"]) == (1, "broken")
    run("2024-01-02", "2024-01-03T08:00")
    assert standings(sla("2024-01-03T12:00")[1])["frequency"] == "kept"


def test_a_day_that_somebody_deleted_from_the_table_is_not_there(project, run, sla):
    run("2024-01-01", "2024-01-02T05:00")
    run("2024-01-02", "2024-01-03T05:00")
    deltalake.DeltaTable(str(project / "out/warehouse/s/base")).delete("day = '2024-01-01'")
    code, told, _ = sla("2024-01-03T12:00")
    assert (code, standings(told)) == (1, dict.fromkeys(ALL_KEPT, "broken"))


def test_a_day_that_somebody_wrote_past_the_gate_is_there_and_cannot_be_judged(project, run, sla):
    run("2024-01-01", "2024-01-02T05:00")
    (project / "out" / "ledger.db").unlink()
    code, told, _ = sla("2024-01-02T12:00")
    assert (code, standings(told)) == (1, ALL_KEPT | {"timeOfAvailability": "unknown"})


def test_a_day_that_somebody_overwrote_is_there_and_not_what_was_published_in_time(project, run, sla):
    run("2024-01-01", "2024-01-02T05:00")
    rows = pa.table({"n": pa.array([5], pa.int64()), "day": ["2024-01-01"]})
    deltalake.write_deltalake(project / "out/warehouse/s/base", rows, mode="overwrite", predicate="day = '2024-01-01'")
    code, told, _ = sla("2024-01-02T12:00")
    assert (code, standings(told)["timeOfAvailability"]) == (1, "unknown")


def test_a_day_of_another_warehouse_keeps_no_promise_of_this_one(project, clock, call, run, sla):
    clock.set("2024-01-02T05:00")
    assert call(["run", "base", "--date", "2024-01-01", "--warehouse", "elsewhere"]) == 0
    run("2024-01-01", "2024-01-02T08:00")
    code, told, _ = sla("2024-01-02T12:00")
    assert (code, standings(told)["timeOfAvailability"]) == (1, "broken")
    code, told, _ = sla("2024-01-02T12:00", "--warehouse", "elsewhere")
    assert (code, standings(told)["timeOfAvailability"]) == (0, "kept")


def test_a_table_of_the_project_is_asked_for_by_name_and_an_unknown_one_is_unusable(sla, project):
    assert sla("2024-01-02T12:00", "s.base")[0] == 1
    assert sla("2024-01-02T12:00", "bse")[0] == 2
    (project / "models" / "base.sql").unlink()
    assert "no model makes s.base" in sla("2024-01-02T12:00", "base")[2]


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [('"06:00+00:00"', "soon", "expected a time of day"), ("unit: y", "unit: eon", "expected a unit of time")],
)
def test_a_promise_that_means_nothing_is_an_error_of_the_contract(project, sla, was, now, told):
    file = project / "contracts" / "base.odcs.yaml"
    file.write_text(CONTRACT.replace(was, now))
    code, _, errors = sla("2024-01-02T12:00")
    assert code == 2
    assert told in errors


def test_a_ledger_that_does_not_answer_is_no_broken_promise(project, sla):
    (project / "out").mkdir()
    (project / "out" / "ledger.db").write_text("no database, but long enough to be taken for one" * 100)
    assert sla("2024-01-02T12:00")[0] == 3


def test_one_day_or_the_last_ones_are_asked_for(project, call):
    assert call(["sla", "--date", "2024-01-01", "--last", "3"]) == 2


def test_the_shipped_mart_promises_its_days_by_six_in_seoul_and_what_is_made_from_it_nothing(
    tmp_path, mart_project, monkeypatch, capsys, clock, call
):
    monkeypatch.chdir(mart_project(tmp_path))
    clock.set("2024-01-02T12:00")
    assert call(["sla", "--json"]) == 1
    told = {table["table"]: table for table in json.loads(capsys.readouterr().out)["tables"]}
    promising = {name for name, table in told.items() if table["promises"]}
    assert (len(told), promising) == (8, {"we_mart.wv_comm_user"})
    assert told["we_mart.wv_comm_user"]["days"][0]["due"] == "2024-01-01T21:00:00+00:00"


def test_the_site_tells_the_promises_as_they_stand(project, run, call):
    run("2024-01-01", "2024-01-02T07:00")
    assert call(["docs"]) == 0
    index = (project / "out/site/index.html").read_text(encoding="utf-8")
    promises = (project / "out/site/promises.html").read_text(encoding="utf-8")
    assert "timeOfAvailability: 0 of 1 day (0 %); not 2024-01-01" in index
    assert "late by 1 h" in promises
    assert re.search(r"as of 2024-01-02 07:00 UTC", promises)


def test_a_table_that_cannot_be_judged_is_told_on_the_site_and_stops_nothing(project, run, call, monkeypatch):
    from martgate.stores.delta import DeltaStore

    def unreadable(*_):
        raise CouldNotRun("the log cannot be read")

    run("2024-01-01", "2024-01-02T05:00")
    monkeypatch.setattr(DeltaStore, "list_partition_values", unreadable)
    assert call(["docs"]) == 0
    assert "the log cannot be read" in Path(project / "out/site/index.html").read_text(encoding="utf-8")
