"""Every table that a rule names is an input of the run: found, checked, and never passed over."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.expectations.kinds.fields import FieldType, get_fields
from martgate.expectations.kinds.registry import load_declarable_kinds

DAY = "2024-01-01"
OF_KIND = {
    "references": {"columns": ["area"], "to": "OTHER", "to_columns": ["area"]},
    "same_set": {"columns": ["area"], "to": "OTHER", "to_columns": ["area"]},
    "reconciles": {"measure": "COUNT(*)", "against": "SELECT COUNT(*) AS measure FROM OTHER", "by": []},
    "copied_from": {"columns": ["area"], "key": ["id"], "from": "OTHER", "from_key": ["id"]},
    "recomputed": {"columns": ["n"], "by": ["id"], "formula": "SELECT id, n FROM OTHER"},
    "never_falls": {"column": "n", "key": ["id"], "allowance": "SELECT id, n AS measure FROM OTHER"},
    "never_rises": {"column": "n", "key": ["id"], "allowance": "SELECT id, n AS measure FROM OTHER"},
}
"""A rule of each kind that can name another table, which rows 1 and 2 keep and row 3 breaks."""

LOOKING_BACK = {"never_falls", "never_rises"}
"""Kinds that compare with the day before, which the first day does not have."""


def custom(kind, other):
    arguments = json.loads(json.dumps(OF_KIND[kind]).replace("OTHER", other))
    return {"id": "asked", "type": "custom", "engine": "martgate", "implementation": {"rule": kind, **arguments}}


def sql(other):
    query = f"SELECT COUNT(*) FROM {{object}} AS t LEFT ANTI JOIN {other} AS o ON o.area = t.area"
    return {"id": "asked", "type": "sql", "query": query, "mustBe": 0}


RULES = {**{kind: (lambda other, kind=kind: custom(kind, other)) for kind in OF_KIND}, "sql": sql}


def contract(name, quality=(), relationships=()):
    properties = [
        {"name": "id", "logicalType": "integer", "physicalType": "bigint", "primaryKey": True, "required": True},
        {"name": "area", "logicalType": "string", "physicalType": "string"},
        {"name": "n", "logicalType": "integer", "physicalType": "bigint"},
        {"name": "day", "logicalType": "string", "physicalType": "string", "partitioned": True, "required": True},
    ]
    table = {"name": name, "physicalName": f"s.{name}", "properties": properties, "quality": list(quality)}
    table["customProperties"] = [{"property": "publishPartition", "value": "day"}]
    table |= {"relationships": list(relationships)} if relationships else {}
    document = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": name, "name": name, "version": "1.0.0"}
    text = json.dumps(document | {"status": "active", "schema": [table]})
    Path(f"contracts/{name}.odcs.yaml").write_text(text)


def rows(name, areas=("a", "b"), days=(DAY,)):
    for day in days:
        folder = Path(f"upstreams/s/{name}/day={day}")
        folder.mkdir(parents=True, exist_ok=True)
        ids = list(range(1, len(areas) + 1))
        pq.write_table(pa.table({"id": ids, "area": list(areas), "n": [1] * len(ids)}), folder / "rows.parquet")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose model reads `s.raw` alone, beside which there is `s.other`."""
    monkeypatch.chdir(tmp_path)
    for folder in ("contracts", "models"):
        Path(folder).mkdir()
    Path("martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nupstreams = "upstreams"\n')
    Path("models/made.sql").write_text("SELECT id, area, n, day FROM s.raw WHERE day = :part_date")
    for name in ("raw", "other", "made"):
        contract(name)
    rows("raw", ("a", "b", "c"))
    rows("other")


@pytest.fixture
def run(project, call, capfd):
    def _run(*arguments):
        capfd.readouterr()
        code = call([*arguments, "--json"])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else err

    return _run


def test_every_kind_that_can_name_a_table_has_a_case():
    naming = {name for name, kind in load_declarable_kinds().items() if any(map(names_table, get_fields(kind)))}
    assert naming == OF_KIND.keys()


def names_table(field):
    """Whether a field of a kind holds the name of a table, or a query."""
    own = type(field.type)
    return own.tables is not FieldType.tables or own.queries is not FieldType.queries


@pytest.mark.parametrize("spelling", ["s.other", "S.Other", "other"])
@pytest.mark.parametrize("kind", RULES)
def test_a_rule_about_a_table_that_the_model_does_not_read_is_judged(run, kind, spelling):
    contract("made", [RULES[kind](spelling)])
    rows("raw", ("a", "b"), [DAY])
    assert run("run", "made", "--date", DAY, "--report", "none")[0] == 0
    rows("raw", ("a", "b", "c"), [DAY, "2024-01-02"])
    rows("other", ("a", "b"), [DAY, "2024-01-02"])
    code, found = run("run", "made", "--date", "2024-01-02", "--report", "none")
    verdicts = {each["rule"].rpartition("|")[2]: each["outcome"] for each in found["verdicts"]}
    if kind in LOOKING_BACK:
        assert (code, verdicts["asked"]) == (0, "passed")
    else:
        assert (code, verdicts["asked"]) == (1, "failed")
    assert not [each for each in found["out_of_scope"] if "not part of this audit" in each["reason"]]


@pytest.mark.parametrize("kind", RULES)
def test_a_run_needs_the_day_of_a_table_that_only_a_rule_names(run, kind):
    contract("made", [RULES[kind]("s.other")])
    Path(f"upstreams/s/other/day={DAY}/rows.parquet").unlink()
    code, found = run("run", "made", "--date", DAY, "--report", "none")
    assert code == 3
    assert "/s/other: has no Delta log and no Parquet file" in json.dumps(found)


@pytest.mark.parametrize("kind", RULES)
def test_a_table_that_only_a_rule_names_is_checked_by_its_own_contract(run, kind):
    contract("made", [RULES[kind]("s.other")])
    contract("other", [{"id": "own", "type": "sql", "query": "SELECT COUNT(*) FROM {object}", "mustBe": 99}])
    code, found = run("run", "made", "--date", DAY, "--report", "none")
    assert (code, [each["rule"] for each in found["verdicts"]]) == (1, ["s.other: table|own"])


def test_a_warning_about_an_input_is_told_with_the_run(run):
    own = {"id": "own", "type": "sql", "query": "SELECT COUNT(*) FROM {object}", "mustBe": 99, "severity": "warning"}
    contract("raw", [own])
    code, found = run("run", "made", "--date", DAY, "--report", "none")
    failed = [(each["rule"], each["severity"]) for each in found["verdicts"] if each["outcome"] == "failed"]
    assert (code, failed) == (0, [("s.raw: table|own", "warning")])
    assert found["rules"] == len(found["verdicts"])


@pytest.mark.parametrize("kind", RULES)
def test_a_table_without_a_contract_is_an_error_of_lint_with_a_suggestion(run, kind):
    contract("made", [RULES[kind]("s.othre")])
    code, found = run("lint")
    (error,) = found["errors"]
    assert (code, Path(error["file"]).name, error["line"] > 0) == (2, "made.odcs.yaml", True)
    assert error["message"].startswith(
        "table|asked: there is no contract for a table 's.othre'. Did you mean 's.other'?"
    )


def test_a_relationship_is_judged_as_well(run):
    contract("made", relationships=[{"from": "made.area", "to": "s.other.area", "type": "foreignKey"}])
    code, found = run("run", "made", "--date", DAY, "--report", "none")
    assert code == 1
    assert [(each["failed"], each["outcome"]) for each in found["verdicts"] if each["outcome"] != "passed"] == [
        (1, "failed")
    ]


def test_tables_whose_rules_need_each_other_are_a_circle(run):
    Path("models/other.sql").write_text("SELECT id, area, n, day FROM s.made WHERE day = :part_date")
    contract("made", [RULES["references"]("s.other")])
    code, found = run("run", "made", "--date", DAY)
    assert code == 2
    assert "tables need each other in a circle, by their models or rules" in json.dumps(found)


def test_a_rule_that_a_gate_of_loose_files_cannot_judge_is_told_in_the_first_line(project, call, capfd):
    contract("made", [RULES["references"]("s.other")])
    assert call(["gate", "made", "--input", "upstreams/s/raw", "--date", DAY, "--report", "none"]) == 0
    first, *others = capfd.readouterr().out.splitlines()
    assert "rules in scope passed" in first
    assert first.endswith("1 rule out of scope")
    assert any("1 rule out of scope: it looks at s.other" in line for line in others)


def test_the_graph_has_the_tables_that_rules_name(run):
    Path("models/other.sql").write_text("SELECT id, area, n, day FROM s.raw WHERE day = :part_date")
    contract("made", [RULES["references"]("s.other")])
    rows("other", ("a", "b", "c"))
    code, found = run("run", "--select", "+made", "--date", DAY, "--report", "none")
    assert code == 0
    assert [each["table"] for each in found["runs"]] == ["s.other", "s.made"]


@pytest.mark.spark
def test_spark_finds_tables_by_every_spelling(run):
    spellings = ("s.other", "S.Other", "other")
    asked = [RULES[kind](name) | {"id": f"{kind}-{number}"} for kind in RULES for number, name in enumerate(spellings)]
    contract("made", [rule for rule in asked if rule["id"].partition("-")[0] not in LOOKING_BACK])
    code, found = run("run", "made", "--date", DAY, "--report", "none", "--engine", "spark")
    outcomes = {each["rule"]: each["outcome"] for each in found["verdicts"] if "-" in each["rule"]}
    assert code == 1
    assert len(outcomes) == len(spellings) * (len(RULES) - len(LOOKING_BACK))
    assert set(outcomes.values()) == {"failed"}
