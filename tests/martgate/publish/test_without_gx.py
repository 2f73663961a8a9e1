"""A rule that only Great Expectations can judge, where it is not installed: refused with its place, before anything runs."""

import json
import sys

import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: {version}
status: active
customProperties: [{{property: validFrom, value: '{since}'}}]
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - name: n
        logicalType: integer
        physicalType: bigint
        required: true
{quality}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
FOREIGN = """
        quality:
          - id: usual
            type: custom
            engine: greatExpectations
            implementation: {type: expect_column_median_to_be_between, kwargs: {max_value: 2}}
"""
RETROACTIVE = "            customProperties: [{property: retroactive, value: true}]\n"
MODELS = {
    "base": "SELECT CAST(5 AS BIGINT) AS n, :part_date AS day",
    "top": "SELECT o.n, o.day FROM s.outside o WHERE o.day = :part_date",
    "last": "SELECT t.n, t.day FROM s.top t WHERE t.day = :part_date",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(name, version=.., since=.., quality=..): write one contract more; none has a foreign rule at first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)

    def promise(name, *, version="1.0.0", since="2024-01-01", quality=""):
        text = CONTRACT.format(name=name, version=version, since=since, quality=quality)
        (tmp_path / "contracts" / f"{name}-{version}.odcs.yaml").write_text(text)

    for name in (*MODELS, "outside"):
        promise(name)
    return promise


@pytest.fixture
def refused(capfd, monkeypatch, tmp_path):
    """refused(command ..): the file of the one rule that could not be judged; nothing was built or published."""
    monkeypatch.setitem(sys.modules, "great_expectations", None)

    def errors(*command):
        capfd.readouterr()
        code = call([*command, "--json"])
        (error,) = json.loads(capfd.readouterr().out)["errors"]
        assert code == 2
        assert error["line"] > 10
        assert "n|usual: expect_column_median_to_be_between needs great-expectations" in error["message"]
        assert "pip install 'martgate[gx]'" in error["message"]
        assert not (tmp_path / "out" / "warehouse").exists()
        return error["file"].rpartition("/")[2]

    return errors


DAY = ["--date", "2024-01-31"]


@pytest.mark.parametrize(
    "command",
    [
        ["run", "base", *DAY],
        ["run", "--select", "base+", *DAY],
        ["run", "base", *DAY, "--dry-run"],
        ["build", "base", *DAY],
        ["gate", "base", *DAY],
        ["backfill", "base", "--from", "2024-01-30", "--to", "2024-01-31"],
        ["backfill", "base", "--from", "2024-01-30", "--to", "2024-01-31", "--jobs", "2"],
    ],
    ids=" ".join,
)
def test_no_command_builds_or_judges_a_table_with_such_a_rule(command, project, refused):
    project("base", quality=FOREIGN)
    assert refused(*command) == "base-1.0.0.odcs.yaml"


def test_a_table_whose_input_from_outside_has_such_a_rule_is_not_built(project, refused):
    project("outside", quality=FOREIGN)
    assert refused("run", "top", *DAY) == "outside-1.0.0.odcs.yaml"


def test_a_retroactive_rule_of_a_newer_version_is_named_where_it_stands(project, refused):
    project("base", version="2.0.0", since="2024-02-01", quality=FOREIGN + RETROACTIVE)
    assert refused("run", "base", *DAY) == "base-2.0.0.odcs.yaml"


def test_a_newer_version_that_is_not_about_the_day_refuses_nothing(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    project("base", version="2.0.0", since="2024-02-01", quality=FOREIGN)
    assert call(["run", "base", *DAY]) == 0


def test_what_judges_nothing_needs_no_judge(project, monkeypatch):
    project("base", quality=FOREIGN)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    for command in (["lint"], ["coverage", "base"], ["gate", "base", "--explain"], ["export", "base", "--to", "gx"]):
        assert call(command) == 0


def test_a_published_day_still_publishes_from_a_verdict_that_was_recorded(project, monkeypatch):
    project("base", quality=FOREIGN.replace("max_value: 2", "max_value: 9"))
    assert call(["build", "base", *DAY]) == 0
    assert call(["gate", "base", *DAY]) == 0
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    assert call(["publish", "base", *DAY]) == 0
