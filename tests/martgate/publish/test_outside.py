"""Outside of a project: a command that needs one says so and leaves nothing behind."""

from pathlib import Path

import click
import pytest

from martgate.cli.main import call, martgate
from martgate.cli.options import PluginName

OUTSIDE = {"demo", "import", "diff"}
"""The commands that need no project, whatever their arguments are."""


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


@pytest.mark.parametrize("name", sorted(martgate.commands.keys() - OUTSIDE))
def test_a_command_that_needs_a_project_says_what_to_do(name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert call([name, *arguments(martgate.commands[name])]) == 2
    assert "there is no martgate.toml here or in a folder above" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_contracts_folder_of_a_project_is_never_replaced_by_another(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text("")
    assert call(["lint"]) == 2
    assert str(tmp_path / "contracts") in "".join(capfd.readouterr())


def test_a_contract_file_is_linted_without_a_project(tmp_path: Path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.odcs.yaml").write_text(
        "{apiVersion: v3.2.0, kind: DataContract, id: t, name: t, version: 1.0.0, status: active, schema: [\n"
        "  {name: t, properties: [{name: a, logicalType: integer, physicalType: bigint}]}]}\n"
    )
    assert call(["lint", "t.odcs.yaml"]) == 0
    assert "no errors in 1 file" in capfd.readouterr().out
    assert call(["lint"]) == 2
