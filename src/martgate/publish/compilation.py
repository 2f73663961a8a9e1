"""Writes each contract as files under version control, and finds the files that are outdated.

For each table these are a suite of Great Expectations and a catalogue page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from martgate.contracts.catalog import Catalog
from martgate.contracts.suite_files import SUFFIX, find_suite_files, is_generated
from martgate.errors import InvalidInput
from martgate.project.review import raise_for_problems
from martgate.project.settings import Settings
from martgate.publish.exports import export_table
from martgate.reports.paths import safe_file_name

__all__ = ["FileDifference", "compile_tables", "find_differences"]

_PAGES = "pages"


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file that differs from what its contract generates.

    Attributes:
        file: the path of the file.
        reason: `differs`, `missing` or `orphaned`.
        place: the first rule or line that differs, and how.
        hint: what to do.
    """

    file: Path
    reason: str
    place: str
    hint: str


@dataclass(frozen=True, slots=True)
class _GeneratedFile:
    path: Path
    table: str
    text: str


def compile_tables(settings: Settings, tables: Sequence[str] = ()) -> Mapping[Path, bool]:
    """Write the generated files of tables.

    Args:
        settings: of the project.
        tables: names of tables; empty for all tables that have a contract.

    Returns:
        For each file, whether it had to be written.

    Raises:
        martgate.errors.InvalidInput: a table is unknown, a contract has problems, or a handwritten suite is in the way;
            nothing is written.
    """
    files = list(_generate_files(settings, tables))
    handwritten = [file for file in files if file.path.suffix == ".json" and _is_handwritten(file.path)]
    if handwritten:
        raise InvalidInput(
            *(
                f"{file.path}: was not written by `martgate compile` and would be overwritten; "
                f"rename it, as in {file.table}.more{SUFFIX}"
                for file in handwritten
            )
        )
    is_written = {file.path: _read_text(file.path) != file.text for file in files}
    for file in files:
        if is_written[file.path]:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_text(file.text, encoding="utf-8", newline="\n")
    return is_written


def find_differences(settings: Settings, tables: Sequence[str] = ()) -> tuple[FileDifference, ...]:
    """Find the files that `compile_tables` would change, and generated files that no contract generates any more.

    Args:
        settings: of the project.
        tables: names of tables; empty for all. Orphaned files are only looked for among all.

    Raises:
        martgate.errors.InvalidInput: a table is unknown, or a contract has problems.
    """
    files = list(_generate_files(settings, tables))
    changed = [_compare_file(file, text) for file in files if (text := _read_text(file.path)) != file.text]
    return (*changed, *(() if tables else _find_orphans(settings, files)))


def _generate_files(settings: Settings, tables: Sequence[str]) -> Iterator[_GeneratedFile]:
    """Generate the files of contracts; the suites written by hand are not part of a contract here."""
    contracts = Catalog.load(settings.contracts)
    for contract_file in contracts.contracts:
        raise_for_problems(contract_file, contracts)
    selected = [contracts.find(name)[1] for name in tables] or [table for _, table in contracts.tables()]
    suites = _suites_folder(settings)
    for table in sorted(dict.fromkeys(table.qualified_name for table in selected)):
        suite, page = (export_table(settings, contracts, table, target=target) for target in ("gx", "page"))
        yield _GeneratedFile(suites / f"{safe_file_name(table)}{SUFFIX}", table, suite)
        yield _GeneratedFile(settings.reports / _PAGES / f"{safe_file_name(table)}.md", table, page.rstrip("\n") + "\n")


def _suites_folder(settings: Settings) -> Path:
    return settings.expectations[0] if settings.expectations else settings.project / "expectations"


def _read_text(path: Path) -> str | None:
    """Read a file; None if it is missing or is not UTF-8, which our own files are."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _is_handwritten(path: Path) -> bool:
    return path.is_file() and not is_generated(path)


def _compare_file(file: _GeneratedFile, text: str | None) -> FileDifference:
    hint = f"`martgate compile {file.table}` writes it; review what changes"
    if not file.path.exists():
        return FileDifference(file.path, "missing", "", hint)
    if file.path.suffix != ".json":
        return FileDifference(file.path, "differs", _first_changed_line(text, file.text), hint)
    if _is_handwritten(file.path):
        hint = f"rename it, as in {file.table}.more{SUFFIX}, then `martgate compile {file.table}`"
        return FileDifference(file.path, "differs", "it was not written by `martgate compile`", hint)
    return FileDifference(file.path, "differs", _first_changed_rule(text, file.text), hint)


def _first_changed_line(former: str | None, current: str) -> str:
    """Name the first line that differs, counted from 1."""
    pairs = zip_longest((former or "").split("\n"), current.split("\n"))
    return next((f"line {number}" for number, (old, new) in enumerate(pairs, 1) if old != new), "")


def _first_changed_rule(former: str | None, current: str) -> str:
    """Name the first rule of a suite that differs or is in only one; else the first key of its meta."""
    old_suite, new_suite = (json.loads(text or "{}") for text in (former, current))
    new_rules, old_rules = _expectations_by_rule(new_suite), _expectations_by_rule(old_suite)
    for name in (*new_rules, *old_rules):
        if name not in old_rules:
            return f"rule {name} is new"
        if name not in new_rules:
            return f"rule {name} was removed"
        if new_rules[name] != old_rules[name]:
            return f"rule {name}"
    metas = (new_suite.get("meta", {}), old_suite.get("meta", {}))
    keys = [key for key in sorted({*metas[0], *metas[1]}) if metas[0].get(key) != metas[1].get(key)]
    return f"meta.{keys[0]}" if keys else _first_changed_line(former, current)


def _expectations_by_rule(suite: object) -> dict[str, object]:
    expectations = suite.get("expectations") if isinstance(suite, dict) else None
    return {
        str((expectation.get("meta") or {}).get("rule")): expectation
        for expectation in (expectations if isinstance(expectations, list) else [])
        if isinstance(expectation, dict)
    }


def _find_orphans(settings: Settings, files: Sequence[_GeneratedFile]) -> Iterator[FileDifference]:
    """Find generated files of tables that have no contract any more."""
    expected = {file.path.resolve() for file in files}
    generated = [path for _, path in find_suite_files([_suites_folder(settings)]) if is_generated(path)]
    others = [
        path for folder in settings.expectations[1:] for _, path in find_suite_files([folder]) if is_generated(path)
    ]
    for path in (*generated, *others, *sorted((settings.reports / _PAGES).glob("*.md"))):
        if path.resolve() not in expected:
            yield FileDifference(path, "orphaned", "no contract generates it", "delete it")
