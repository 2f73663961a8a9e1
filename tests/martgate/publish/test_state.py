"""What has changed since: which tables `state:modified` means, and what is said of a state that cannot be used."""

import json

import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: 99}}}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
MODELS = {
    "base": "SELECT i.n, i.day FROM s.lake AS i WHERE i.day = :part_date",
    "left": "SELECT b.n + 1 AS n, b.day FROM s.base AS b WHERE b.day = :part_date",
    "top": "SELECT l.n, l.day FROM s.left AS l WHERE l.day = :part_date",
    "alone": "SELECT 1 AS n, :part_date AS day",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three tables in a row, made from a lake that no model makes, and one by itself; their state is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    for name in ("lake", *MODELS):
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_text(CONTRACT.format(name=name))
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
    assert call(["state", "--out", "martgate-state.json"]) == 0
    return tmp_path


@pytest.fixture
def chosen(project, capsys):
    """chosen(*selectors): the tables that are run, without their schema, and what was said."""

    def _chosen(*selectors, state="."):
        capsys.readouterr()
        arguments = [word for selector in selectors for word in ("--select", selector)]
        call(["run", *arguments, "--state", state, "--date", "2024-01-01", "--json"])
        told = capsys.readouterr()
        return [each["table"].removeprefix("s.") for each in json.loads(told.out)["runs"]], told.err

    return _chosen


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_where_nothing_changed_nothing_is_run_and_that_is_said(chosen):
    assert chosen("state:modified+") == ([], "martgate: nothing to run: no table is selected by state:modified+\n")


def test_layout_comments_and_documentation_change_nothing(project, chosen):
    (project / "models" / "left.sql").write_text(
        "-- One more.\nselect\n  b.n + 1 as n, -- more\n  b.day\nfrom s.base as b\nwhere b.day = :part_date;\n"
    )
    change(project / "contracts" / "left.odcs.yaml", "version: 1.0.0", "version: 1.0.1\ndescription: {purpose: Left.}")
    assert chosen("state:modified")[0] == []


@pytest.mark.parametrize(
    ("selector", "tables"),
    [
        ("state:modified", ["left"]),
        ("state:modified+", ["left", "top"]),
        ("+state:modified", ["base", "left"]),
        ("+state:modified+", ["base", "left", "top"]),
        ("state:modified+,top", ["top"]),
    ],
)
@pytest.mark.parametrize("part", ["model", "contract"])
def test_a_table_is_modified_where_its_sql_or_its_contract_is(project, chosen, part, selector, tables):
    if part == "model":
        change(project / "models" / "left.sql", "+ 1", "+ 2")
    else:
        change(project / "contracts" / "left.odcs.yaml", "maximum: 99", "maximum: 98")
    assert chosen(selector)[0] == tables


def test_what_is_modified_is_joined_with_other_selectors(project, chosen):
    change(project / "models" / "top.sql", "l.n,", "l.n + 0 AS n,")
    assert chosen("state:modified", "alone")[0] == ["alone", "top"]


def test_a_table_that_was_not_there_is_modified(project, chosen):
    (project / "models" / "new.sql").write_text("SELECT 2 AS n, :part_date AS day")
    (project / "contracts" / "new.odcs.yaml").write_text(CONTRACT.format(name="new"))
    assert chosen("state:modified")[0] == ["new"]


def test_a_changed_contract_of_an_input_from_outside_concerns_what_is_made_from_it(project, chosen):
    change(project / "contracts" / "lake.odcs.yaml", "maximum: 99", "maximum: 9")
    assert chosen("state:modified")[0] == []
    assert chosen("state:modified+")[0] == ["base", "left", "top"]


def test_the_state_is_a_file_or_its_folder_and_goes_to_stdout_where_no_file_is_named(project, chosen, capsys):
    assert call(["state"]) == 0
    assert capsys.readouterr().out == (project / "martgate-state.json").read_text()
    (project / "martgate-state.json").rename(project / "other.json")
    assert chosen("state:modified", state="other.json")[0] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "is not the state of a project"),
        ('{"format": 2, "tables": {}}', "is not the state of a project"),
        ('{"format": 1, "tables": {"s.base": "x"}}', "is not the state of a project"),
    ],
)
def test_a_state_that_cannot_be_used_is_told_before_anything_runs(project, capsys, content, told):
    file = project / "martgate-state.json"
    file.unlink() if content is None else file.write_text(content)
    assert call(["run", "--select", "state:modified", "--state", str(file), "--date", "2024-01-01"]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "martgate state --out" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--select", "state:modified"], "give --state"),
        (["--select", "state:new", "--state", "."], "the only one for states is state:modified"),
        (["--select", "base", "--state", "."], "--state goes with --select state:modified"),
        (["base", "--state", "."], "--state goes with --select state:modified"),
    ],
    ids=" ".join,
)
def test_a_state_and_its_selector_go_together(project, capsys, arguments, told):
    assert call(["run", *arguments, "--date", "2024-01-01"]) == 2
    assert told in capsys.readouterr().err
