"""The framework knows no mart: what the contracts of this repository name is not spelled in it, nor in its help."""

import re
from pathlib import Path

import click
import pytest

from martgate.cli.main import martgate
from martgate.contracts.catalog import Catalog

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "martgate"

OF_THE_DOMAIN = ("wv_", "weverse", "communit", "artist", "fan club", "fan-club", "membership")
"""Words that no name of a table holds, and that speak of the mart all the same."""


@pytest.fixture(scope="module")
def words() -> re.Pattern[str]:
    """The names of this repository's tables, schemas, models and queries, each whole, and the words of its domain."""
    tables = [table.qualified_name for _, table in Catalog.load([ROOT / "contracts"]).tables()]
    names = {part for name in tables for part in name.split(".")}
    names |= {file.stem for file in (ROOT / "builders").glob("*/*.sql")}
    assert {"wv_comm_user", "we_mart", "weverse2", "wdm_subscription", "fc_ratio"} <= names
    whole = "|".join(sorted(map(re.escape, names)))
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{whole})(?![A-Za-z0-9_])|{'|'.join(OF_THE_DOMAIN)}", re.IGNORECASE)


def test_no_file_of_the_framework_names_anything_of_the_mart(words: re.Pattern[str]) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted(SOURCE.rglob("*"))
        if file.suffix not in (".pyc", ".json") and file.is_file()  # the JSON Schemas are those of ODCS
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["", *sorted(martgate.commands)])
def test_the_help_of_a_command_names_nothing_of_the_mart(
    name: str, words: re.Pattern[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = martgate.commands[name] if name else martgate
    with click.Context(command, info_name=name) as context:
        assert words.findall(command.get_help(context)) == []
