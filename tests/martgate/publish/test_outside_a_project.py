"""Outside of a project, and in one that cannot be used: a command says what to do and leaves nothing behind."""

import json
from pathlib import Path

import click
import pytest

from martgate.cli.main import call, martgate
from martgate.cli.options import PluginName
from martgate.project.starter import write_starter

OUTSIDE = {"demo", "diff", "import", "init"}
"""The commands that need no project, whatever their arguments are."""

INSIDE = sorted(martgate.commands.keys() - OUTSIDE)

ABOUT_A_TABLE = sorted(
    name
    for name, command in martgate.commands.items()
    if any(isinstance(each, click.Argument) and each.name == "table" for each in command.params)
)

READING_CONTRACTS = sorted(
    name
    for name, command in martgate.commands.items()
    if name == "demo" or (name != "config" and any(each.name == "contracts" for each in command.params))
)


MORE = {
    "gate": ["--date", "2024-01-01"],
    "query": ["revenue", "--param", "from_date=2024-01-01", "--param", "to_date=2024-01-01"],
    "waive": ["--list"],
}
"""What a command needs, beyond what its own parameters say, to get as far as reading contracts."""


CONTRACT = """
{apiVersion: v3.2.0, kind: DataContract, id: t, name: t, version: 1.0.0, status: active, schema: [
  {name: t, properties: [{name: a, logicalType: integer, physicalType: bigint}]}]}
"""


def arguments(command: click.Command) -> list[str]:
    """What the command cannot do without."""
    given = []
    for parameter in command.params:
        if parameter.required or parameter.name == "table":
            value = "2024-01-01" if parameter.type.name == "date" else _value(parameter)
            given += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return given


def _value(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice | PluginName):
        return str(parameter.type.choices[0])
    return "1" if isinstance(parameter.type, click.types.IntRange) else "orders"


def entries(folder: Path) -> set[str]:
    """What lies in a folder, but what Python keeps of modules that it has imported."""
    return {str(entry.relative_to(folder)) for entry in folder.rglob("*") if "__pycache__" not in entry.parts}


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound project, where commands run."""
    monkeypatch.chdir(tmp_path)
    write_starter(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", INSIDE)
def test_a_command_that_needs_a_project_says_what_to_do(name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert call([name, *arguments(martgate.commands[name])]) == 2
    assert "there is no martgate.toml here or in a folder above" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("way", ["flag", "variable"])
def test_a_folder_that_is_named_as_a_project_and_is_none_is_told(way, name, tmp_path, monkeypatch, capfd):
    (tmp_path / "none").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text("")  # the project here is not the one that was meant
    named = ["--project", "none"] if way == "flag" else []
    if way == "variable":
        monkeypatch.setenv("MARTGATE_PROJECT", str(tmp_path / "none"))
    assert call([name, *arguments(martgate.commands[name]), *named]) == 2
    assert f"{tmp_path / 'none'}: there is no martgate.toml in this folder" in capfd.readouterr().err
    assert entries(tmp_path) == {"none", "martgate.toml"}


@pytest.mark.parametrize("name", INSIDE)
def test_as_json_the_missing_project_is_one_object_with_its_exit_code(name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert call([name, *arguments(martgate.commands[name]), "--json"]) == 2
    told = json.loads(capfd.readouterr().out)
    assert told["exit"] == 2
    assert "there is no martgate.toml here or in a folder above" in told["errors"][0]["message"]
    assert not list(tmp_path.iterdir())


def test_the_contracts_folder_of_a_project_is_never_replaced_by_another(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text("")
    assert call(["lint"]) == 2
    assert str(tmp_path / "contracts") in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", READING_CONTRACTS)
def test_a_project_without_contracts_has_none(name, starter, capfd):
    for file in (starter / "contracts").iterdir():
        file.unlink()
    (starter / "contracts").rmdir()
    before = entries(starter)
    assert call([name, *arguments(martgate.commands[name]), *MORE.get(name, [])]) == 2
    told = "".join(capfd.readouterr())
    assert f"{starter / 'contracts'}: " in told
    assert "there is no such folder" in told
    assert entries(starter) == before


@pytest.mark.parametrize("name", READING_CONTRACTS)
def test_a_contract_that_cannot_be_read_is_told_and_nothing_is_left_behind(name, starter, capfd):
    (starter / "contracts" / "broken.odcs.yaml").write_text("schema: [")
    before = entries(starter)
    assert call([name, *arguments(martgate.commands[name]), *MORE.get(name, [])]) == 2
    told = "".join(capfd.readouterr())
    assert "broken.odcs.yaml:2:1: " in told
    assert "this is not YAML" in told
    assert entries(starter) == before


@pytest.mark.parametrize("name", ABOUT_A_TABLE)
def test_a_table_that_no_contract_has_is_told_and_nothing_is_left_behind(name, starter, capfd):
    before = entries(starter)
    given = ["ordres" if each == "orders" else each for each in arguments(martgate.commands[name])]
    assert call([name, *given, *MORE.get(name, [])]) == 2
    assert "there is no contract for a table 'ordres'. Did you mean 'orders'?" in capfd.readouterr().err
    assert entries(starter) == before


def test_a_contract_file_is_linted_without_a_project(tmp_path: Path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.odcs.yaml").write_text(CONTRACT)
    assert call(["lint", "t.odcs.yaml"]) == 0
    assert "no errors in 1 file" in capfd.readouterr().out
    assert call(["lint"]) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["gate", "t", "--contract", "t.odcs.yaml", "--input", "nowhere"],
        ["gate", "t", "--contract", "t.odcs.yaml", "--input", "broken.parquet"],
        ["gate", "s", "--contract", "t.odcs.yaml", "--input", "broken.parquet"],
        ["import", "broken.parquet", "--name", "t"],
        ["import", "nowhere", "--name", "t"],
        ["import", "broken.parquet", "--name", "t", "--out", "nowhere/t.odcs.yaml"],
        ["lint", "nowhere"],
        ["diff", "t.odcs.yaml", "nowhere"],
    ],
    ids=" ".join,
)
def test_a_command_that_fails_without_a_project_leaves_nothing_behind(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "broken.parquet").write_text("PAR1, and nothing that could be read PAR1")
    before = entries(tmp_path)
    assert call(command) in (2, 3)
    assert entries(tmp_path) == before
