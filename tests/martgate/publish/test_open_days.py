"""A day that has not ended yet in the table's time zone is not published, and nothing is built on what is not a file."""

import json
from pathlib import Path

import pytest

from martgate.stores.delta import DeltaStore

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
customProperties: [{property: dayBoundary, value: Asia/Seoul}]
schema:
  - name: t
    physicalName: s.t
    customProperties: [MORE{property: publishPartition, value: day}]
    properties:
      - {name: n, logicalType: integer, physicalType: bigint, required: true}
      - {name: day, logicalType: string, physicalType: string, partitioned: true, required: true}
"""


@pytest.fixture
def martgate(tmp_path, monkeypatch, clock, call, capfd):
    monkeypatch.chdir(tmp_path)
    for folder in ("contracts", "models"):
        Path(folder).mkdir()
    Path("martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    Path("models/t.sql").write_text("SELECT 1 AS n, :part_date AS day")
    state("")

    def _martgate(*arguments):
        capfd.readouterr()
        code = call([*arguments, "--json"])
        return code, json.loads(capfd.readouterr().out)

    _martgate.at = clock.set
    return _martgate


def state(more):
    Path("contracts/t.odcs.yaml").write_text(CONTRACT.replace("MORE", more))


@pytest.mark.parametrize("command", ["run", "build"])
def test_a_day_is_built_once_it_has_ended_in_its_zone(martgate, command):
    martgate.at("2024-01-15T14:59:59")
    code, found = martgate(command, "t", "--date", "2024-01-15")
    assert code == 2
    assert "2024-01-15 has not ended yet in Asia/Seoul: it ends at 2024-01-15T15:00:00+00:00" in json.dumps(found)
    martgate.at("2024-01-15T15:00:00")
    assert martgate(command, "t", "--date", "2024-01-15")[0] == 0


def test_a_backfill_stops_at_the_day_that_has_not_ended(martgate):
    martgate.at("2024-01-15T03:00:00")
    code, found = martgate("backfill", "t", "--from", "2024-01-14", "--to", "2024-01-15")
    assert code == 2
    assert "2024-01-15 has not ended yet" in json.dumps(found)

    assert not Path("out/warehouse").exists()
    martgate.at("2024-01-16T03:00:00")
    assert martgate("backfill", "t", "--from", "2024-01-14", "--to", "2024-01-15")[0] == 0


def test_a_selection_publishes_nothing_of_a_day_that_has_not_ended(martgate):
    martgate.at("2024-01-15T03:00:00")
    code, found = martgate("run", "--select", "t", "--date", "2024-01-15")
    assert (code, "2024-01-15 has not ended yet" in json.dumps(found)) == (2, True)


@pytest.mark.parametrize("command", ["gate", "publish"])
def test_what_was_staged_before_its_day_had_ended_is_neither_judged_nor_published(martgate, command):
    martgate.at("2024-01-16T03:00:00")
    martgate("build", "t", "--date", "2024-01-15")
    assert martgate("gate", "t", "--date", "2024-01-15")[0] == 0
    martgate.at("2024-01-15T03:00:00")
    code, found = martgate(command, "t", "--date", "2024-01-15")
    assert (code, "2024-01-15 has not ended yet" in json.dumps(found)) == (2, True)


@pytest.mark.parametrize("value", ["'true'", "1", "yes please"])
def test_open_days_are_true_or_false(martgate, value):
    state(f"{{property: openDays, value: {value}}}, ")
    code, found = martgate("lint")
    assert (code, "expected true or false" in json.dumps(found)) == (2, True)


# A clock that is ahead.


@pytest.mark.parametrize("command", ["run", "build"])
def test_a_clock_ahead_of_that_of_the_storage_stages_nothing(martgate, command):
    martgate.at("2100-01-01")
    code, found = martgate(command, "t", "--date", "2024-01-15")
    assert code == 3
    assert "the clock of this machine is ahead: the run started at 2100-01-01T00:00:00+00:00" in json.dumps(found)
    assert not list(Path("out/warehouse").rglob("*.parquet"))


@pytest.fixture
def ahead(martgate, monkeypatch):
    """Run a command by a clock that is years ahead, and that nothing shows to be."""

    def _ahead(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(DeltaStore, "read_staged_at", lambda self, candidate: None)
            martgate.at("2100-01-01")
            assert martgate(*arguments, "t", "--date", "2024-01-15")[0] == 0
            martgate.at("2026-01-01")

    return _ahead


def test_a_day_that_a_clock_ahead_published_is_not_locked(martgate, ahead, capfd):
    ahead("run")
    code, found = martgate("run", "t", "--date", "2024-01-15")
    assert (code, found["decision"], found["published_version"]) == (0, "approved", 2)
    martgate.at("2026-01-02")
    code, found = martgate("run", "t", "--date", "2024-01-15")
    assert (code, found["published_version"]) == (0, 3)
    assert martgate("verify", "t")[0] == 0
    martgate("build", "t", "--date", "2024-01-15")
    martgate("gate", "t", "--date", "2024-01-15")
    assert martgate("publish", "t", "--date", "2024-01-15")[1]["published_version"] == 4


def test_a_candidate_that_a_clock_ahead_staged_is_not_published(martgate, ahead):
    ahead("build")
    assert martgate("gate", "t", "--date", "2024-01-15")[0] == 0
    code, found = martgate("publish", "t", "--date", "2024-01-15")
    assert (code, found["decision"]) == (1, "refused")
    assert "it was staged by a clock that was ahead, at 2100-01-01T00:00:00+00:00" in found["reasons"][0]
    assert martgate("run", "t", "--date", "2024-01-15")[1]["published_version"] == 1


def test_a_table_may_be_published_during_its_day(martgate):
    state("{property: openDays, value: true}, ")
    martgate.at("2024-01-15T03:00:00")
    assert martgate("run", "t", "--date", "2024-01-15")[0] == 0


def test_the_last_day_that_there_is_has_not_ended(martgate):
    code, found = martgate("run", "t", "--date", "9999-12-31")
    assert (code, "has not ended yet" in json.dumps(found)) == (2, True)


def test_a_period_has_ended_with_its_last_day(martgate):
    state("{property: publishPeriod, value: month}, ")
    martgate.at("2024-01-31T14:00:00")
    assert martgate("run", "t", "--date", "2024-01-01")[0] == 2
    martgate.at("2024-01-31T15:00:00")
    assert martgate("run", "t", "--date", "2024-01-01")[0] == 0


def test_a_link_in_place_of_a_staged_file_is_refused(martgate, tmp_path):
    martgate("build", "t", "--date", "2024-01-01")
    assert martgate("gate", "t", "--date", "2024-01-01")[0] == 0
    (file,) = Path("out/warehouse/s/t/day=2024-01-01").glob("*.parquet")
    file.rename(tmp_path / "elsewhere.parquet")
    file.symlink_to(tmp_path / "elsewhere.parquet")
    code, found = martgate("publish", "t", "--date", "2024-01-01")
    assert (code, found["decision"]) == (1, "refused")
    assert martgate("gate", "t", "--date", "2024-01-01")[0] == 3


def test_nothing_is_published_on_top_of_an_emptied_entry_of_the_log(martgate):
    assert martgate("run", "t", "--date", "2024-01-01")[0] == 0
    entry = sorted(Path("out/warehouse/s/t/_delta_log").glob("*.json"))[-1]
    entry.write_text("")
    code, found = martgate("run", "t", "--date", "2024-01-02")
    assert code == 3
    assert f"{entry.name}: the last entry of the log is empty" in json.dumps(found)
