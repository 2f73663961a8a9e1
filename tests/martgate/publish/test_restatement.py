"""What replacing a published day changes is counted before it is replaced, told, and kept in the receipt."""

import json
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.ledger import Ledger

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
schema:
  - name: base
    physicalName: s.base
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, required: true{key}}}
      - {{name: nick, logicalType: string, physicalType: string, classification: personal}}
      - {{name: built, logicalType: timestamp, physicalType: timestamp, required: true}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
KEY = ", primaryKey: true, primaryKeyPosition: 1"
SQL = """
WITH run AS (SELECT CAST(:run_timestamp AS TIMESTAMP) AS at)
SELECT m.id, m.nick, run.at AS built, :part_date AS day FROM (VALUES {rows}) AS m(id, nick) CROSS JOIN run
"""
BEFORE = [(1, "ann-secret"), (2, "bo-secret"), (3, "cy-secret")]
AFTER = [(1, "ann-secret"), (2, "bea-secret"), (4, "dee-secret"), (5, "eve-secret")]
TOLD = "s.base of 2024-01-01 replaces 3 rows of version 1: 2 rows added, 1 row removed, 1 row changed (built aside)"


class Project:
    """A project of one table, and what its commands say."""

    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.capsys, self.err = folder, capsys, ""

    def promise(self, key: str = KEY, *, daily: bool = True) -> None:
        text = CONTRACT.format(key=key)
        text = text if daily else text.replace(", partitioned: true", "")
        (self.folder / "contracts" / "base.odcs.yaml").write_text(text)

    def made_of(self, rows: list[tuple[int, str]]) -> None:
        values = ", ".join(f"({number}, '{nick}')" for number, nick in rows)
        (self.folder / "models" / "base.sql").write_text(SQL.format(rows=values))

    def __call__(self, *words: str) -> dict:
        self.capsys.readouterr()
        call([words[0], "base", "--date", "2024-01-01", "--json", *words[1:]])
        told = self.capsys.readouterr()
        self.err = told.err
        return json.loads(told.out)

    @property
    def receipts(self):
        return Ledger(f"sqlite:///{self.folder / 'out' / 'ledger.db'}").list_receipts("s.base")

    def commit(self) -> dict:
        log = self.folder / "out" / "warehouse" / "s" / "base" / "_delta_log"
        lines = sorted(log.glob("*.json"))[-1].read_text().splitlines()
        return next(entry["commitInfo"]["martgate"] for entry in map(json.loads, lines) if "commitInfo" in entry)


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "fast"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    made = Project(tmp_path, capsys)
    made.promise()
    made.made_of(BEFORE)
    return made


def counts(told: dict) -> tuple:
    found = told["restatement"]
    return found["rows"], found["added"], found["removed"], found["changed"], found["columns"]


def test_a_first_publish_restates_nothing(project):
    assert project("run")["restatement"] is None
    assert project.err == ""
    assert [receipt.restatement for receipt in project.receipts] == [None]
    assert "restates" not in project.commit()


def test_what_a_second_publish_changes_is_told_and_kept_without_a_value(project):
    project("run")
    project.made_of(AFTER)
    told = project("run")
    assert counts(told) == (3, 2, 1, 1, {"nick": 1})
    assert (told["restatement"]["version"], told["restatement"]["apart"]) == (1, ["built"])
    assert project.err.strip() == TOLD
    assert project.receipts[-1].restatement.difference.columns == {"nick": 1}
    assert project.commit()["restates"] == {"version": 1, "added": 2, "removed": 1, "changed": 1}
    page = Path(told["report"]).read_text()
    assert "Replaced 3 rows of version 1: 2 rows added, 1 row removed, 1 row changed (built aside)." in page
    kept = (project.folder / "out" / "runs" / f"{told['candidate']}.json").read_text()
    assert not any("secret" in text for text in (json.dumps(told), project.err, page, kept))


def test_the_same_rows_of_a_later_run_change_nothing(project):
    project("run")
    assert counts(project("run")) == (3, 0, 0, 0, {})
    assert "no row differs (built aside)" in project.err


def test_it_is_told_before_the_day_is_replaced(project, monkeypatch):
    from martgate.stores.delta import DeltaStore

    project("run")
    project.made_of(AFTER)
    promote, heard = DeltaStore.promote, []

    def listening(*given, **more):
        heard.append(project.capsys.readouterr().err)
        return promote(*given, **more)

    monkeypatch.setattr(DeltaStore, "promote", listening)
    project("run")
    assert [told.strip() for told in heard] == [TOLD]


def test_a_dry_run_tells_it_and_publishes_nothing(project):
    project("run")
    project.made_of(AFTER)
    told = project("run", "--dry-run")
    assert counts(told) == (3, 2, 1, 1, {"nick": 1})
    assert told["published_version"] is None
    assert len(project.receipts) == 1
    assert "Would replace 3 rows of version 1" in Path(told["report"]).read_text()


def test_a_refused_candidate_changes_nothing(project):
    project("run")
    project.made_of([*AFTER, AFTER[0]])
    told = project("run")
    assert (told["decision"], told["restatement"]) == ("refused", None)


def test_the_gate_counts_it_and_publish_keeps_that_without_looking_again(project, monkeypatch):
    project("run")
    project.made_of(AFTER)
    project("build")
    gated = project("gate")
    assert counts(gated) == (3, 2, 1, 1, {"nick": 1})
    monkeypatch.setattr("martgate.publish.promotion.preview_restatement", None)
    told = project("publish")
    assert told["restatement"] == gated["restatement"]
    assert project.err.strip() == TOLD
    assert project.receipts[-1].restatement.version == 1


def test_publish_counts_anew_where_something_else_was_published_since_the_gate(project):
    project.made_of(AFTER)
    project("build")
    first = project("gate")["candidate"]
    project.made_of(BEFORE)
    second = project("build")["candidate"]
    assert project("gate")["restatement"] is None
    project.made_of(AFTER)
    project("publish", "--candidate", first)
    project.made_of(BEFORE)
    told = project("publish", "--candidate", second)
    assert counts(told) == (4, 1, 2, 1, {"nick": 1})
    assert "replaces 4 rows of version 1: 1 row added, 2 rows removed, 1 row changed" in project.err
    assert project.receipts[-1].restatement.difference.added == 1
    assert project.commit()["restates"]["removed"] == 2
    kept = Ledger(f"sqlite:///{project.folder / 'out' / 'ledger.db'}").list_runs()
    assert kept[-1].restatement.difference.added == 1


def test_publishing_the_same_candidate_again_tells_the_first_time_once_more(project):
    project("run")
    project.made_of(AFTER)
    project("build")
    project("gate")
    first, second = project("publish"), project("publish")
    assert first["published_version"] == second["published_version"] == 2
    assert counts(second) == counts(first) == (3, 2, 1, 1, {"nick": 1})


def test_rows_without_a_key_are_compared_whole(project):
    project.promise(key="")
    project("run")
    project.made_of(AFTER)
    assert counts(project("run")) == (3, 3, 2, 0, {})
    assert "without a key, a row that changed is one removed and one added (built aside)" in project.err


def test_a_table_that_is_replaced_whole_is_compared_whole(project):
    project.promise(daily=False)
    project("run")
    project.made_of(AFTER)
    assert counts(project("run")) == (3, 2, 1, 1, {"nick": 1})


def test_a_published_day_that_lost_a_file_can_be_replaced_and_that_is_told(project):
    project("run")
    (lost,) = (project.folder / "out" / "warehouse" / "s" / "base").rglob("part-*.parquet")
    lost.unlink()
    told = project("run")
    assert told["published_version"] == 2
    assert told["restatement"]["rows"] is None
    assert "which could not be compared" in project.err
    assert project.receipts[-1].restatement.trouble


@pytest.mark.spark
def test_spark_counts_the_same(spark, project):
    project("run")
    project.made_of(AFTER)
    assert counts(project("run", "--engine", "spark")) == (3, 2, 1, 1, {"nick": 1})
