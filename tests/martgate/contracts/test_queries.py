"""Queries that contracts keep in files: read into the contract, with mistakes message where they are written."""

import shutil

import pytest

from martgate.cli.main import call
from martgate.contracts.diff import diff
from martgate.contracts.digest import digest
from martgate.contracts.odcs import read
from martgate.errors import InvalidInput
from martgate.expectations.derive import derive

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
schema:
  - name: t
    physicalName: s.t
    quality:
      - {id: few, type: sql, query: "file:expectations/few.sql", mustBe: 0}
      - {id: sum, type: custom, engine: martgate, implementation: {
           rule: reconciles, measure: SUM(n), by: [], against: "file:expectations/sum.sql"}}
    properties:
      - {name: n, logicalType: integer, physicalType: bigint}
"""
OTHER = (
    CONTRACT.partition("    quality:")[0].replace(" t\n", " u\n").replace("s.t", "s.u")
    + "    properties: [{name: n, logicalType: integer}]\n"
)
FEW = "-- Negative ones.\nSELECT COUNT(*)\nFROM {object}\nWHERE n < 0;\n"
SUM = "\n\nSELECT COUNT(*) AS measure\nFROM s.u\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text("")
    for folder in ("contracts/mart", "expectations"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "contracts" / "mart" / "t.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "contracts" / "u.odcs.yaml").write_text(OTHER)
    write(tmp_path, "few", FEW)
    write(tmp_path, "sum", SUM)
    return tmp_path


def write(project, name, text):
    (project / "expectations" / f"{name}.sql").write_text(text, encoding="utf-8")


def contract(project):
    return read(project / "contracts" / "mart" / "t.odcs.yaml").contract


def test_the_text_of_the_file_takes_the_place_of_its_name(project):
    checks = {rule.name: rule.check for rule in derive(contract(project).tables[0])}
    assert checks["table|few"].query == "-- Negative ones.\nSELECT COUNT(*)\nFROM {object}\nWHERE n < 0"
    assert checks["table|sum"].against == "SELECT COUNT(*) AS measure\nFROM s.u"


def test_the_digest_of_the_contract_is_another_one_where_the_file_is(project):
    before = contract(project)
    write(project, "few", FEW.replace("n < 0", "n < 1"))
    after = contract(project)
    assert digest(before.tables[0]) != digest(after.tables[0])


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("few", "-- Not SQL.\nSELECT COUNT(*) FROM {object}\nGROUP n", "few.sql:3:", "not readable as Spark SQL"),
        ("few", "SELECT 1\nFROM {object}\nWHERE SOUNDEX(n) = 'x'", "few.sql:3:", "SOUNDEX is not tested"),
        ("sum", "\n\nSELECT COUNT(*) AS measure\nFROM s.u\nGROUP n", "sum.sql:5:", "not readable as Spark SQL"),
        ("sum", "\n\nSELECT SOUNDEX(n) AS measure\nFROM s.u", "sum.sql:3:", "SOUNDEX is not tested"),
    ],
)
def test_a_mistake_in_the_query_is_reported_in_its_own_file_and_line(project, capfd, name, text, place, message):
    write(project, name, text)
    assert call(["lint"]) == 2
    said = capfd.readouterr().out
    assert f"expectations/{place}" in said
    assert message in said


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("expectations/fwe.sql", "Did you mean 'expectations/few.sql'?"),
        ("../expectations/few.sql", "is outside the project"),
        ("/etc/few.sql", "is outside the project"),
    ],
)
def test_a_name_that_does_not_exist_is_reported_with_the_line_of_the_contract(project, named, message):
    file = project / "contracts" / "mart" / "t.odcs.yaml"
    file.write_text(CONTRACT.replace("expectations/few.sql", named))
    with pytest.raises(InvalidInput, match=message) as raised:
        read(file)
    assert raised.value.problems[0].line == 12


def test_nothing_above_the_project_is_looked_at(project, tmp_path):
    (project / "contracts" / "martgate.toml").write_text("")
    with pytest.raises(InvalidInput, match=r"there is no file 'expectations/few\.sql'"):
        contract(project)


def test_a_file_that_is_no_text_is_reported(project):
    (project / "expectations" / "few.sql").write_bytes(b"SELECT \xff")
    with pytest.raises(InvalidInput, match=r"few\.sql: cannot be read as a query: it is not UTF-8"):
        contract(project)


def test_a_query_that_no_contract_names_is_warned_of(project, capfd):
    write(project, "forgotten", "SELECT 1")
    assert call(["lint"]) == 0
    assert "forgotten.sql: warning: no contract names this query" in capfd.readouterr().out


def test_a_version_whose_query_changed_in_its_file_is_another_one(project, tmp_path):
    shutil.copytree(project, tmp_path / "former")
    write(project, "few", FEW.replace("n < 0", "n < 1"))
    places = [folder / "contracts" / "mart" / "t.odcs.yaml" for folder in (tmp_path / "former", project)]
    (change,) = diff(*map(read, places)).changes
    assert (change.path, change.kind) == ("schema[0].quality[0].query", "breaking")
    assert not diff(read(places[0]), read(places[0])).changes


def test_the_names_are_compared_where_a_version_lies_apart_from_its_queries_and_that_is_said(project, capfd):
    (project / "apart").mkdir()
    (project / "apart" / "martgate.toml").write_text("")
    shutil.copy("contracts/mart/t.odcs.yaml", "apart/t.odcs.yaml")
    assert call(["diff", "apart/t.odcs.yaml", "contracts/mart/t.odcs.yaml"]) == 0
    said = capfd.readouterr()
    assert "apart/t.odcs.yaml: expectations/few.sql is not in the same folder, so its text is not compared" in said.err
    assert "expectations/sum.sql" in said.err
    assert "breaking" not in said.out


def test_a_contract_that_is_given_alone_has_its_queries_too(project, capfd):
    assert call(["gate", "t", "--input", "nowhere", "--contract", "contracts/mart/t.odcs.yaml"]) == 3
    assert "nowhere" in capfd.readouterr().err
