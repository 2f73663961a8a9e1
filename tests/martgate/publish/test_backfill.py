"""Many days of one table: in order, once each, and not past a day that was not published."""

import contextlib
import json
import shutil
import sqlite3

import deltalake
import pyarrow as pa
import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: {version}
status: active
schema:
  - name: base
    physicalName: s.base
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: {most}}}}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
BAD_SECOND = "SELECT CASE WHEN :part_date = '2024-01-02' THEN 10 ELSE 1 END AS n, :part_date AS day"
GOOD = "SELECT 1 AS n, :part_date AS day"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    promise(tmp_path, "1.0.0")
    return tmp_path


def promise(project, version, most=9):
    (project / "contracts" / "base.odcs.yaml").write_text(CONTRACT.format(version=version, most=most))


@pytest.fixture
def backfill(project, capsys):
    """backfill(sql, *options): the exit code, and what became of the three days."""

    def _backfill(sql, *options, days=("2024-01-01", "2024-01-03")):
        (project / "models" / "base.sql").write_text(sql)
        capsys.readouterr()
        code = call(["backfill", "base", "--from", days[0], "--to", days[1], "--json", *options])
        told = capsys.readouterr()
        runs = json.loads(told.out).get("runs", [])
        return code, [(run["date"], run["decision"], run.get("reason", "")) for run in runs], told.out + told.err

    return _backfill


def decisions(found):
    code, runs, _ = found
    return code, [decision for _, decision, _ in runs]


def test_days_are_published_from_the_earliest_on(backfill):
    code, runs, _ = backfill(GOOD)
    assert code == 0
    assert [(day, decision) for day, decision, _ in runs] == [(f"2024-01-0{n}", "approved") for n in (1, 2, 3)]


def test_nothing_is_built_after_a_refused_day(backfill):
    code, runs, _ = backfill(BAD_SECOND)
    assert (code, [decision for _, decision, _ in runs]) == (1, ["approved", "refused", "skipped"])
    assert runs[2][2] == "2024-01-02 was not published; --keep-going continues after it"


def test_asked_to_keep_going_only_the_refused_day_is_missing(backfill):
    assert decisions(backfill(BAD_SECOND, "--keep-going")) == (1, ["approved", "refused", "approved"])


def test_a_second_backfill_does_only_what_the_first_did_not(backfill):
    backfill(BAD_SECOND)
    code, runs, _ = backfill(GOOD)
    assert (code, [decision for _, decision, _ in runs]) == (0, ["skipped", "approved", "approved"])
    assert runs[0][2] == "it is already published, by version 1.0.0 of the contract; --again publishes it again"


@pytest.mark.parametrize("column", ["fingerprint", "published_at", "version"])
def test_a_day_whose_receipt_was_altered_is_published_anew(backfill, project, column):
    backfill(GOOD)
    with contextlib.closing(sqlite3.connect(project / "out" / "ledger.db")) as ledger, ledger:
        earlier = f"(SELECT {column} FROM publications WHERE part_date = '2024-01-01')"
        ledger.execute(f"UPDATE publications SET {column} = {earlier} WHERE part_date = '2024-01-02'")
    assert decisions(backfill(GOOD)) == (0, ["skipped", "approved", "skipped"])
    assert decisions(backfill(GOOD)) == (0, ["skipped"] * 3)


def test_asked_for_again_published_days_are_done_anew(backfill):
    backfill(GOOD)
    assert decisions(backfill(GOOD, "--again")) == (0, ["approved"] * 3)


def test_a_new_version_of_the_contract_has_let_nothing_through_yet(backfill, project):
    backfill(GOOD)
    promise(project, "1.1.0")
    assert decisions(backfill(GOOD)) == (0, ["approved"] * 3)


def test_a_version_that_refused_a_published_candidate_has_not_let_it_through(backfill, project):
    backfill(GOOD)
    promise(project, "1.1.0", most=0)
    assert call(["gate", "base", "--date", "2024-01-01"]) == 1
    promise(project, "1.1.0")
    assert decisions(backfill(GOOD)) == (0, ["approved"] * 3)


def test_a_refused_rerun_leaves_the_day_published_and_skipped(backfill):
    backfill(GOOD)
    assert decisions(backfill(BAD_SECOND, "--again")) == (1, ["approved", "refused", "skipped"])
    assert decisions(backfill(GOOD)) == (0, ["skipped"] * 3)


def test_days_the_wrong_way_round_are_unusable(backfill):
    code, _, told = backfill(GOOD, days=("2024-01-02", "2024-01-01"))
    assert code == 2
    assert "--from 2024-01-02 is after --to 2024-01-01" in told


@pytest.mark.spark
def test_spark_does_all_days_in_one_session(spark, backfill):
    assert decisions(backfill(BAD_SECOND, "--engine", "spark", "--keep-going")) == (
        1,
        ["approved", "refused", "approved"],
    )
    assert decisions(backfill(GOOD)) == (0, ["skipped", "approved", "skipped"])


def test_each_day_is_told_with_what_became_of_it_and_what_it_changed(backfill, project, capsys):
    backfill(GOOD)
    (project / "models" / "base.sql").write_text(BAD_SECOND)
    capsys.readouterr()
    words = ["backfill", "base", "--from", "2024-01-01", "--to", "2024-01-03", "--again"]
    call([*words, "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [(run["decision"], run.get("published_version")) for run in runs] == [
        ("approved", 4),
        ("refused", None),
        ("skipped", None),
    ]
    told = runs[0]["restatement"]
    assert [told[key] for key in ("version", "rows", "added", "removed", "changed")] == [3, 1, 0, 0, 0]
    call(words)
    text = capsys.readouterr().out
    parts = [
        "Published: s.base of 2024-01-01 as version 5",
        "Replaced 1 row of version 4: no row differs",
        "Refused: s.base of 2024-01-02: 1 failed: n|maximum",
        "Skipped: s.base of 2024-01-03: 2024-01-02 was not published",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


# What stands is asked of the store: the ledger may know days that are gone.


def delete_day(project):
    deltalake.DeltaTable(project / "out/warehouse/s/base").delete("day = '2024-01-02'")


def restore_table(project):
    deltalake.DeltaTable(project / "out/warehouse/s/base").restore(2)


def overwrite_day(project):
    rows = pa.table({"n": pa.array([5], pa.int64()), "day": ["2024-01-02"]})
    deltalake.write_deltalake(project / "out/warehouse/s/base", rows, mode="overwrite", predicate="day = '2024-01-02'")


def delete_warehouse(project):
    shutil.rmtree(project / "out/warehouse")


def delete_file(project):
    next((project / "out/warehouse/s/base/day=2024-01-02").glob("*.parquet")).unlink()


GONE = {
    delete_day: {"2024-01-02"},
    restore_table: {"2024-01-03"},
    overwrite_day: {"2024-01-02"},
    delete_warehouse: {"2024-01-01", "2024-01-02", "2024-01-03"},
    delete_file: {"2024-01-02"},
}


@pytest.mark.parametrize("trouble", GONE)
def test_a_day_that_is_gone_from_the_store_is_published_again(project, backfill, trouble):
    assert decisions(backfill(GOOD)) == (0, ["approved"] * 3)
    trouble(project)
    code, runs, _ = backfill(GOOD)
    assert code == 0
    assert {day for day, decision, _ in runs if decision == "approved"} == GONE[trouble]
    assert decisions(backfill(GOOD)) == (0, ["skipped"] * 3)
    found = deltalake.DeltaTable(project / "out/warehouse/s/base").to_pyarrow_table().to_pylist()
    assert sorted(row["day"] for row in found) == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_days_of_another_warehouse_on_the_same_ledger_are_published_in_this_one(project, backfill):
    assert decisions(backfill(GOOD)) == (0, ["approved"] * 3)
    assert decisions(backfill(GOOD, "--warehouse", "elsewhere")) == (0, ["approved"] * 3)
    assert decisions(backfill(GOOD)) == (0, ["skipped"] * 3)
    assert decisions(backfill(GOOD, "--warehouse", "elsewhere")) == (0, ["skipped"] * 3)
