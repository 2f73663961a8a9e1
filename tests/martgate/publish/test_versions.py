"""A day is judged by the version of the contract that was valid for it, and by what newer ones ask of it in retrospect."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: {version}
status: active
{since}
schema:
  - name: base
    physicalName: s.base
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: {most}}}}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
{clauses}
"""
SMALL = """
    quality:
      - {id: small, type: custom, engine: martgate, implementation: {rule: holds, expression: n < %s}%s}
"""
RETROACTIVE = ", customProperties: [{property: retroactive, value: true}]"
SQL = "SELECT 5 AS n, :part_date AS day"
DAYS = ["2024-01-31", "2024-02-01"]


class Project:
    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.capsys, self.code = folder, capsys, 0

    def promise(self, version: str, since: str = "", *, most: int = 9, clauses: str = "") -> Path:
        said = f"customProperties: [{{property: validFrom, value: '{since}'}}]" if since else ""
        file = self.folder / "contracts" / f"base-{version}.odcs.yaml"
        file.write_text(CONTRACT.format(version=version, since=said, most=most, clauses=clauses))
        return file

    def __call__(self, *words: str) -> dict:
        self.capsys.readouterr()
        self.code = call([*words, "--json"])
        return json.loads(self.capsys.readouterr().out)

    def backfill(self) -> list[tuple[str, str]]:
        """Each day's decision, and the version that it was judged by or the reason why it was not."""
        found = self("backfill", "base", "--from", DAYS[0], "--to", DAYS[1], "--keep-going")["runs"]
        return [(run["decision"], run.get("reason", "")) for run in found]

    def find_version(self, day: str) -> str:
        """What the newest record of a day, by its name, says it was judged by."""
        files = sorted((self.folder / "out" / "runs").glob(f"{day}-*.json"))
        return json.loads(files[-1].read_text())["audit"]["contract_version"]


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "fast"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "models" / "base.sql").write_text(SQL)
    made = Project(tmp_path, capsys)
    made.promise("1.0.0")
    return made


def rules(told: dict) -> list[str]:
    return [verdict["rule"] for verdict in told["verdicts"]]


def test_each_day_is_judged_by_the_version_valid_for_it(project):
    project.promise("2.0.0", "2024-02-01", most=4)
    assert [decision for decision, _ in project.backfill()] == ["approved", "refused"]
    assert [project.find_version(day) for day in DAYS] == ["1.0.0", "2.0.0"]


def test_a_new_version_asks_nothing_of_days_before_it_and_they_stay_as_they_are(project):
    assert [decision for decision, _ in project.backfill()] == ["approved", "approved"]
    project.promise("2.0.0", "2024-02-01")
    first, second = project.backfill()
    assert first == ("skipped", "it is already published, by version 1.0.0 of the contract; --again publishes it again")
    assert second[0] == "approved"
    assert project.find_version(DAYS[1]) == "2.0.0"


def test_a_retroactive_clause_is_asked_of_earlier_days_by_its_name_and_says_where_it_comes_from(project):
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % (5, RETROACTIVE))
    told = project("run", "base", "--date", DAYS[0])
    assert (told["decision"], "table|small" in rules(told)) == ("refused", True)
    assert project.find_version(DAYS[0]) == "1.0.0"
    page = Path(told["report"]).read_text()
    assert "n &lt; 5 is true in every row (retroactive, from version 2.0.0)" in page
    assert "base 1.0.0" in page


def test_a_day_is_judged_anew_once_for_each_new_retroactive_clause(project):
    project.backfill()
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % (6, RETROACTIVE))
    assert [decision for decision, _ in project.backfill()] == ["approved", "approved"]
    assert [decision for decision, _ in project.backfill()] == ["skipped", "skipped"]
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % (7, RETROACTIVE))
    assert [decision for decision, _ in project.backfill()] == ["approved", "skipped"]


def test_a_published_day_that_breaks_a_new_retroactive_clause_is_told_and_stays_published(project):
    project.backfill()
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % (5, RETROACTIVE))
    assert [decision for decision, _ in project.backfill()] == ["refused", "refused"]
    assert project.code == 1
    told = project("run", "base", "--date", DAYS[0], "--dry-run")
    assert told["decision"] == "refused"


def test_a_clause_about_a_column_that_was_not_there_is_listed_with_its_reason(project):
    file = project.promise("2.0.0", "2024-02-01", clauses=SMALL % ("added", RETROACTIVE))
    added = "      - {name: added, logicalType: integer, physicalType: bigint}\n"
    file.write_text(re.sub(r"(?=      - \{name: day)", added, file.read_text()))
    told = project("run", "base", "--date", DAYS[0])
    assert told["decision"] == "approved"
    assert told["out_of_scope"] == [{"rule": "table|small", "reason": "version 1.0.0 of the contract has no added"}]


def test_days_whose_version_the_model_does_not_make_are_told_before_anything_runs(project):
    file = project.promise("2.0.0", "2024-02-01")
    file.write_text(file.read_text().replace("name: n,", "name: m,"))
    told = project("backfill", "base", "--from", DAYS[0], "--to", DAYS[1])
    assert project.code == 2
    assert any("the query does not return column m" in error["message"] for error in told["errors"])
    assert not (project.folder / "out" / "runs").exists()


def test_data_that_lies_anywhere_is_judged_by_the_version_of_its_day(project):
    project.promise("2.0.0", "2024-02-01", most=4, clauses=SMALL % (5, RETROACTIVE))
    project.promise("1.1.0", "2024-01-15")
    with duckdb.connect() as connection:
        connection.execute("COPY (SELECT 5::BIGINT AS n, '2024-01-01' AS day) TO 'day.parquet'")
    broken = {
        day: [v["rule"] for v in project("gate", "base", "--input", "day.parquet", *date)["verdicts"] if v["failed"]]
        for day, date in {"old": ("--date", "2024-01-01"), "new": ("--date", DAYS[1]), "none": ()}.items()
    }
    assert broken["old"] == ["table|small"]
    assert "n|maximum" in broken["new"]
    assert "n|maximum" in broken["none"]


def test_what_is_said_of_a_contract_is_said_of_the_newest_version_or_of_a_days(project):
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % (6, RETROACTIVE))
    newest, old = project("coverage", "base"), project("coverage", "base", "--date", DAYS[0])
    assert newest["leaves"] > old["leaves"]
    texts = [project("export", "base", "--to", "gx", *date)["text"] for date in ((), ("--date", DAYS[0]))]
    assert ["table|small" in text for text in texts] == [True, True]
    assert ["base@2" in text for text in texts] == [True, False]


def test_lint_reads_every_version_and_tells_those_that_do_not_follow_each_other(project):
    assert project("lint")["errors"] == []
    project.promise("2.0.0", "2024-02-01", clauses=SMALL % ("nothing", ""))
    project.promise("1.5.0", "2024-02-01")
    told = [(Path(error["file"]).name, error["message"]) for error in project("lint")["errors"]]
    assert any(file == "base-2.0.0.odcs.yaml" and "nothing" in message for file, message in told)
    assert any("also a version of this contract that is valid from 2024-02-01 on" in message for _, message in told)


def test_the_site_shows_each_run_with_the_version_that_it_was_judged_by(project):
    project.backfill()
    project.promise("2.0.0", "2024-02-01", most=8)
    project.backfill()
    assert project("docs") is not None
    pages = sorted((project.folder / "out" / "site" / "runs").glob("*.html"))
    assert [re.search(r"base (\d\.0\.0)", page.read_text())[1] for page in pages] == ["1.0.0", "1.0.0", "2.0.0"]
