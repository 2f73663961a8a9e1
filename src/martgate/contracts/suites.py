"""Hand-written Great Expectations suites in a project's `expectations/`, which gate together with the contract.

Each expectation becomes an entry of `quality` on its table or column, so that everything that reads a contract
(derivation, digest, lint, audit) includes it. Suites written by `martgate compile` are marked in their `meta` and are
skipped. This module does not import Great Expectations.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.quality import Quality, QualityType, Severity
from martgate.contracts.versions import TableVersion, group_versions, version_numbers
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["GENERATED_BY", "SUFFIX", "attach_suites", "find_suite_files", "is_generated"]

GENERATED_BY = "martgate compile"
"""The `meta.generated_by` of a suite that was compiled from a contract, and of no other."""

SUFFIX = ".suite.json"

_SUITE_KEYS = ("name", "expectations", "meta", "notes", "id")
_EXPECTATION_KEYS = (
    *("type", "kwargs", "meta", "notes", "description", "id", "severity"),
    *("rendered_content", "success_on_last_run", "expectation_context"),
)
_SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.WARNING,  # contracts have no third severity: it is reported and does not block
}
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class _Suite:
    """A suite.

    Attributes:
        label: The name of its file in rules, as in `expectations/x.json`; the same on every machine.
        document: The content, with its positions.
    """

    label: str
    document: Document

    @property
    def stem(self) -> str:
        return _stem(self.label)


def find_suite_files(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield each `*.json` below some folders once: its label in rules, and its path."""
    seen: set[Path] = set()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*.json") if path.is_file()):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield f"{folder.resolve().name}/{file.relative_to(folder).as_posix()}", file


def _stem(label: str) -> str:
    """Return the name of a file without the suffix of suites."""
    return label.rpartition("/")[2].removesuffix(SUFFIX).removesuffix(".json")


def is_generated(file: Path) -> bool:
    """Return whether `martgate compile` wrote a suite, as its `meta` says."""
    return _meta(file).get("generated_by") == GENERATED_BY


def _meta(file: Path) -> Mapping[str, Any]:
    """Return the `meta` of a suite; empty where there is none, or the file is no suite."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    meta = document.get("meta") if isinstance(document, dict) else None
    return meta if isinstance(meta, dict) else {}


def attach_suites(
    contracts: Sequence[ContractFile], folders: Iterable[Path], problems: list[Problem]
) -> list[ContractFile]:
    """Add the expectations of hand-written suites to the tables of contracts.

    Args:
        contracts: All contracts of a project; each version of a table gets the suites for that version.
        folders: The folders of suites.
        problems: Problems of the suites, and of folders that do not exist, are added here.

    Returns:
        The contracts, in the same order.
    """
    folders = list(folders)
    problems.extend(
        Problem(file=str(folder), message="there is no such folder", hint="expected suites (*.json)")
        for folder in folders
        if not folder.is_dir()
    )
    known = group_versions(contracts)
    added: dict[int, dict[str, Table]] = {}
    suites: dict[int, dict[str, Document]] = {}
    for label, file in find_suite_files(folders):
        if is_generated(file):
            problems.extend(_check_generated(label, file, known))
            continue
        try:
            suite = _Suite(label, _read(file))
            qualities = tuple(_read_qualities(suite))
            versions = _find_versions(suite, known)
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        for contract_file, table in versions:
            tables = added.setdefault(id(contract_file), {})
            tables[table.path] = _add_qualities(tables.get(table.path, table), qualities, _short_name(suite, table))
            suites.setdefault(id(contract_file), {})[label] = suite.document
    return [
        _extend(contract_file, added.get(id(contract_file), {}), suites.get(id(contract_file), {}))
        for contract_file in contracts
    ]


def _extend(contract_file: ContractFile, tables: Mapping[str, Table], suites: Mapping[str, Document]) -> ContractFile:
    if not tables:
        return contract_file
    every = tuple(tables.get(table.path, table) for table in contract_file.contract.tables)
    return replace(contract_file, contract=replace(contract_file.contract, tables=every), suites=suites)


# Reading


def _read(file: Path) -> Document:
    """Read JSON with its positions: as YAML, after surrogate pairs, which YAML does not have, became characters."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            Problem(file=str(file), line=error.lineno, column=error.colno, message=f"is not JSON: {error.msg}")
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "is not JSON in UTF-8"
        raise InvalidInput(Problem(file=str(file), message=f"cannot be read: {reason}")) from None
    return Document.parse(_SURROGATES.sub(_character, text), file=str(file))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _character(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF):08X}"


def _check_generated(label: str, file: Path, known: Mapping[str, Sequence[TableVersion]]) -> Iterator[Problem]:
    """Report a suite that is marked as generated but has no contract: it would neither gate nor be compared."""
    table = str(_meta(file).get("table")).casefold()
    is_file_name = re.fullmatch(r"[\w.-]+", table)  # the file of a table `a/b` has another name
    if (_stem(label).casefold() if is_file_name else table) not in known:
        hint = f"delete it, or remove generated_by ({GENERATED_BY!r}) from its meta if it is hand-written"
        message = "is marked as compiled from a contract, and no contract has a table of the file's name"
        yield Problem(file=str(file), path="meta.generated_by", message=message, hint=hint)


def _read_qualities(suite: _Suite) -> Iterator[Quality]:
    """Yield each expectation as an entry of `quality`, without its table.

    Raises:
        martgate.errors.InvalidInput: The suite is not in the format of Great Expectations 1.x; with every problem.
    """
    document, data = suite.document, suite.document.data
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        hint = "a suite of Great Expectations 1.x is {name, expectations: [..], meta}"
        raise InvalidInput(document.problem("expectations", "expected a suite with a list of expectations", hint))
    problems = [*_check_keys(document, "", data, _SUITE_KEYS)]
    if not data["expectations"]:
        problems.append(document.problem("expectations", "the suite has no expectations", "delete it"))
    if not isinstance(data.get("meta", {}), dict):
        problems.append(document.problem("meta", f"found {clip(data['meta'])}, expected an object"))
    taken: Counter[str] = Counter()
    qualities: list[Quality] = []
    for index, raw in enumerate(data["expectations"]):
        path = f"expectations[{index}]"
        errors = list(_check_expectation(document, path, raw))
        problems += errors
        if not errors:
            qualities.append(_quality(f"{suite.label}#{path}", raw, taken))
    if problems:
        raise InvalidInput(*problems)
    yield from (replace(quality, suite=suite.label) for quality in qualities)


def _check_expectation(document: Document, path: str, raw: Any) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield document.problem(path, f"found {clip(raw)}, expected an expectation {{type, kwargs}}")
        return
    yield from _check_keys(document, f"{path}.", raw, _EXPECTATION_KEYS)
    if not isinstance(raw.get("type"), str):
        yield document.problem(path, "an expectation needs a type", 'as in "type": "expect_column_values_to_be_unique"')
    for key, kind, words in (("kwargs", dict, "an object"), ("meta", dict, "an object"), ("description", str, "text")):
        if raw.get(key) is not None and not isinstance(raw[key], kind):
            yield document.problem(f"{path}.{key}", f"found {clip(raw[key])}, expected {words}")
    severity = raw.get("severity")
    if severity is not None and severity not in _SEVERITIES:
        message = f"found {clip(severity)}, expected {join_words(_SEVERITIES, 'or')}"
        yield document.problem(f"{path}.severity", message)


def _check_keys(document: Document, path: str, raw: Mapping[str, Any], known: Sequence[str]) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            message = f"{clip(key)} is not a key of Great Expectations 1.x here"
            yield document.problem(f"{path}{key}", message, did_you_mean(key, known), key=True)


def _quality(path: str, raw: Mapping[str, Any], taken: Counter[str]) -> Quality:
    meta = raw.get("meta") or {}
    name = _unique_name(raw, taken)
    implementation = {"type": raw["type"], "kwargs": raw.get("kwargs") or {}}
    if "allow_vacuous" in meta:
        implementation["allow_vacuous"] = meta["allow_vacuous"]
    return Quality(
        path=path,
        id=name,
        type=QualityType.CUSTOM,
        severity=_SEVERITIES[raw.get("severity") or "critical"],
        description=raw.get("description") or "",
        engine="greatExpectations",
        implementation=implementation,
    )


def _unique_name(raw: Mapping[str, Any], taken: Counter[str]) -> str:
    """Return the id of an expectation unless it is generated, else its type; a repeated name gets a number."""
    chosen = raw.get("id")
    name = chosen if isinstance(chosen, str) and chosen and not _is_uuid(chosen) else raw["type"]
    key = f"{(raw.get('kwargs') or {}).get('column')}|{name}"
    taken[key] += 1
    return name if taken[key] == 1 else f"{name}-{taken[key]}"


def _is_uuid(text: str) -> bool:
    """Return whether an id is a UUID, as Great Expectations generates."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# Which table


def _find_versions(suite: _Suite, known: Mapping[str, Sequence[TableVersion]]) -> list[TableVersion]:
    """Return the versions of the table of a suite, named by `meta.table`, else its name, else its file.

    Raises:
        martgate.errors.InvalidInput: There is no such table, or no such version of it.
    """
    data = suite.document.data
    meta, name = data.get("meta") or {}, data.get("name")
    names = {"meta.table": meta["table"]} if "table" in meta else {"name": name, "": suite.stem}
    for path, text in names.items():
        match = _match_table(text, known) if isinstance(text, str) else None
        if match is None:
            continue
        every, numbers = match
        versions = [one for one in every if version_numbers(one[0].contract.version)[: len(numbers)] == numbers]
        if versions:
            return versions
        message = f"{clip(text)} matches no version of {every[0][1].qualified_name}"
        hint = f"versions are {join_words(one[0].contract.version for one in every)}"
        raise InvalidInput(suite.document.problem(path, message, hint))
    path, value = next(iter(names.items()))
    text = value if isinstance(value, str) else suite.stem
    message = f"no contract has a table {clip(text)}" + (", or one of the file's name" if path == "name" else "")
    near = did_you_mean(text, (every[-1][1].qualified_name for every in known.values()))
    hint = f"name the suite schema.table, or give it meta.table; {near}".rstrip("; ")
    raise InvalidInput(suite.document.problem(path, message, hint))


def _match_table(
    text: str, known: Mapping[str, Sequence[TableVersion]]
) -> tuple[Sequence[TableVersion], list[int]] | None:
    """Return the versions of the table in `schema.table[@version][.anything]`, and the numbers of the version.

    The longest name of a table that fits is used.
    """
    folded = text.casefold()
    names: dict[str, list[Sequence[TableVersion]]] = {}
    for qualified, every in known.items():
        for name in dict.fromkeys((qualified, every[-1][1].name.casefold(), qualified.rpartition(".")[2])):
            names.setdefault(name, []).append(every)
    for name in sorted(names, key=len, reverse=True):
        match = re.fullmatch(rf"{re.escape(name)}(?:@v?(\d+(?:\.\d+)*))?(?:\..*)?", folded, re.DOTALL)
        if match and len(names[name]) == 1:
            return names[name][0], version_numbers(match[1] or "")
    return None


def _short_name(suite: _Suite, table: Table) -> str:
    """Return the name of a suite in the names of its rules: its file's name without the table's."""
    stem = suite.stem
    for name in (table.qualified_name, table.name):
        short = re.fullmatch(rf"{re.escape(name)}(?:@[\d.]*\d)?\.?(.*)", stem, re.DOTALL | re.IGNORECASE)
        if short:
            return short[1] or "suite"
    return stem


def _add_qualities(table: Table, qualities: Sequence[Quality], name: str) -> Table:
    """Return a table with the entries of a suite, each on its column or on the table itself."""
    columns = {column.name.casefold(): column for column in table.columns}
    on_table: list[Quality] = []
    for quality in (replace(each, id=f"{each.id}@{name}") for each in qualities):
        kwargs = quality.implementation["kwargs"]
        column = kwargs.get("column") if isinstance(kwargs, Mapping) else None
        target = columns.get(column.casefold()) if isinstance(column, str) else None
        if target is None:
            on_table.append(quality)
        else:
            columns[target.name.casefold()] = replace(target, quality=(*target.quality, quality))
    return replace(table, columns=tuple(columns.values()), quality=(*table.quality, *on_table))
