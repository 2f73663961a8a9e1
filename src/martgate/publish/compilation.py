"""What a project keeps of each contract in other words, under version control: a suite and a catalogue page a table."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from martgate.contracts.catalog import Catalog
from martgate.contracts.suites import SUFFIX, find_suite_files, is_generated
from martgate.errors import InvalidInput
from martgate.project.review import raise_for_problems
from martgate.project.settings import Settings
from martgate.publish.exports import export_table
from martgate.reports.paths import safe_file_name

__all__ = ["FileDifference", "compile_tables", "find_differences"]

_PAGES = "pages"


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file that is not what its contract gives.

    `reason` is `differs`, `missing` or `orphaned`; `place` the first rule or line that differs, with what it is about.
    """

    file: Path
    reason: str
    place: str
    hint: str


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    table: str
    text: str


def compile_tables(settings: Settings, tables: Sequence[str] = ()) -> Mapping[Path, bool]:
    """Write the files of these tables, or of all; by file, whether it had to be written.

    Raises:
        martgate.errors.InvalidInput: there is no such table, or a contract has problems; nothing is written then.
    """
    files = list(_files(settings, tables))
    foreign = [file for file in files if file.path.suffix == ".json" and _is_by_hand(file.path)]
    if foreign:
        raise InvalidInput(
            *(
                f"{file.path}: was not written by `martgate compile`, and would be lost; "
                f"rename it, as in {file.table}.more{SUFFIX}"
                for file in foreign
            )
        )
    written = {file.path: _read(file.path) != file.text for file in files}
    for file in files:
        if written[file.path]:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_text(file.text, encoding="utf-8", newline="\n")
    return written


def find_differences(settings: Settings, tables: Sequence[str] = ()) -> tuple[FileDifference, ...]:
    """What `compile_tables` would change, and, of all tables, the files that it wrote once and would write no more.

    Raises:
        martgate.errors.InvalidInput: there is no such table, or a contract has problems.
    """
    files = list(_files(settings, tables))
    changed = [_difference(file, text) for file in files if (text := _read(file.path)) != file.text]
    return (*changed, *(() if tables else _orphans(settings, files)))


def _files(settings: Settings, tables: Sequence[str]) -> Iterator[_File]:
    """The files as the contracts give them now; a suite written by hand is no part of its contract."""
    contracts = Catalog.load(settings.contracts)
    for loaded in contracts.contracts:
        raise_for_problems(loaded, contracts)
    names = [contracts.find(name)[1] for name in tables] or [table for _, table in contracts.tables()]
    suites = _suites_folder(settings)
    for table in sorted(dict.fromkeys(table.qualified_name for table in names)):
        suite, page = (export_table(settings, contracts, table, target=target) for target in ("gx", "page"))
        yield _File(suites / f"{safe_file_name(table)}{SUFFIX}", table, suite)
        yield _File(settings.reports / _PAGES / f"{safe_file_name(table)}.md", table, page.rstrip("\n") + "\n")


def _suites_folder(settings: Settings) -> Path:
    return settings.expectations[0] if settings.expectations else settings.project / "expectations"


def _read(path: Path) -> str | None:
    """The text of a file; None where there is none, or none that we could have written."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _is_by_hand(path: Path) -> bool:
    return path.is_file() and not is_generated(path)


def _difference(file: _File, text: str | None) -> FileDifference:
    hint = f"`martgate compile {file.table}` writes it; review what changes"
    if not file.path.exists():
        return FileDifference(file.path, "missing", "", hint)
    if file.path.suffix != ".json":
        return FileDifference(file.path, "differs", _line(text, file.text), hint)
    if _is_by_hand(file.path):
        hint = f"rename it, as in {file.table}.more{SUFFIX}, then `martgate compile {file.table}`"
        return FileDifference(file.path, "differs", "it was not written by `martgate compile`", hint)
    return FileDifference(file.path, "differs", _rule(text, file.text), hint)


def _line(kept: str | None, given: str) -> str:
    """The first line of a text that is another one, counted from 1."""
    pairs = zip_longest((kept or "").split("\n"), given.split("\n"))
    return next((f"line {number}" for number, (old, new) in enumerate(pairs, 1) if old != new), "")


def _rule(kept: str | None, given: str) -> str:
    """The first rule of a suite that is another one, or is not in both; else the first key of its meta."""
    old, new = (json.loads(text or "{}") for text in (kept, given))
    rules, theirs = _by_rule(new), _by_rule(old)
    for name in (*rules, *theirs):
        if name not in theirs:
            return f"rule {name} is new"
        if name not in rules:
            return f"rule {name} is no more"
        if rules[name] != theirs[name]:
            return f"rule {name}"
    metas = (new.get("meta", {}), old.get("meta", {}))
    keys = [key for key in sorted({*metas[0], *metas[1]}) if metas[0].get(key) != metas[1].get(key)]
    return f"meta.{keys[0]}" if keys else _line(kept, given)


def _by_rule(suite: object) -> dict[str, object]:
    listed = suite.get("expectations") if isinstance(suite, dict) else None
    return {
        str((each.get("meta") or {}).get("rule")): each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    }


def _orphans(settings: Settings, files: Sequence[_File]) -> Iterator[FileDifference]:
    """Files of tables that have no contract any more."""
    expected = {file.path.resolve() for file in files}
    generated = [path for _, path in find_suite_files([_suites_folder(settings)]) if is_generated(path)]
    others = [
        path for folder in settings.expectations[1:] for _, path in find_suite_files([folder]) if is_generated(path)
    ]
    for path in (*generated, *others, *sorted((settings.reports / _PAGES).glob("*.md"))):
        if path.resolve() not in expected:
            yield FileDifference(path, "orphaned", "no table that has a contract gives it", "delete it")
