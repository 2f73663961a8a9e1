"""Great Expectations suites written by hand, in a project's `expectations/`: what they expect gates beside the contract.

Each expectation becomes an entry of `quality` on the table or column that it names, so that everything which reads a
contract (derivation, digest, lint, audit) reads it too. Files that `martgate compile` wrote say so in their `meta`, and
are left out. Imports nothing of Great Expectations.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from martgate.contracts.model import Quality, QualityType, Severity, Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.versions import TableVersion, group_versions, version_numbers
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["GENERATED_BY", "SUFFIX", "attach_suites", "find_suite_files", "is_generated"]

GENERATED_BY = "martgate compile"
"""What `meta.generated_by` says in a suite that was compiled from a contract, and in no other."""

SUFFIX = ".suite.json"

_SUITE_KEYS = ("name", "expectations", "meta", "notes", "id")
_EXPECTATION_KEYS = (
    *("type", "kwargs", "meta", "notes", "description", "id", "severity"),
    *("rendered_content", "success_on_last_run", "expectation_context"),
)
_SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.WARNING,  # a contract has no third one: it is reported and blocks nothing
}
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class _Suite:
    """One suite: `label` is its file as rules name it, `expectations/x.json`, on every machine."""

    label: str
    document: Document

    @property
    def stem(self) -> str:
        return _stem(self.label)


def find_suite_files(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Every `*.json` below the folders once, each with the label that rules name it by."""
    seen: set[Path] = set()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*.json") if path.is_file()):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield f"{folder.resolve().name}/{file.relative_to(folder).as_posix()}", file


def _stem(label: str) -> str:
    """The file's name without what every suite's ends in."""
    return label.rpartition("/")[2].removesuffix(SUFFIX).removesuffix(".json")


def is_generated(file: Path) -> bool:
    """Whether a suite says that `martgate compile` wrote it."""
    return _meta(file).get("generated_by") == GENERATED_BY


def _meta(file: Path) -> Mapping[str, Any]:
    """The `meta` of a suite; empty where there is none, or no suite."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    meta = document.get("meta") if isinstance(document, dict) else None
    return meta if isinstance(meta, dict) else {}


def attach_suites(
    contracts: Sequence[ContractFile], folders: Iterable[Path], problems: list[Problem]
) -> list[ContractFile]:
    """The contracts with what suites written by hand expect of their tables.

    Args:
        contracts: all contracts of a project; versions of a table each get the suites that are about them.
        folders: where suites are looked for; one that is not there is a problem.
        problems: what is wrong with the suites is added here.
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
            problems.extend(_misplaced(label, file, known))
            continue
        try:
            suite = _Suite(label, _read(file))
            qualities = tuple(_qualities(suite))
            about = _about(suite, known)
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        for contract_file, table in about:
            tables = added.setdefault(id(contract_file), {})
            tables[table.path] = _with(tables.get(table.path, table), qualities, _name(suite, table))
            suites.setdefault(id(contract_file), {})[label] = suite.document
    return [
        _extended(contract_file, added.get(id(contract_file), {}), suites.get(id(contract_file), {}))
        for contract_file in contracts
    ]


def _extended(contract_file: ContractFile, tables: Mapping[str, Table], suites: Mapping[str, Document]) -> ContractFile:
    if not tables:
        return contract_file
    every = tuple(tables.get(table.path, table) for table in contract_file.contract.tables)
    return replace(contract_file, contract=replace(contract_file.contract, tables=every), suites=suites)


# Reading


def _read(file: Path) -> Document:
    """The JSON of a file, with its places: JSON is YAML, but for the two halves in which it escapes rare characters."""
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


def _character(found: re.Match[str]) -> str:
    high, low = int(found[2], 16), int(found[3], 16)
    return f"{found[1]}\\U{0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF):08X}"


def _misplaced(label: str, file: Path, known: Mapping[str, Sequence[TableVersion]]) -> Iterator[Problem]:
    """A suite that only claims to be generated would gate nothing, and be compared with nothing."""
    table = str(_meta(file).get("table")).casefold()
    named = table if re.fullmatch(r"[\w.-]+", table) is None else _stem(label).casefold()  # no file is called `a/b`
    if named not in known:
        hint = f"delete it; or, if it was written by hand, leave out the generated_by of its meta ({GENERATED_BY!r})"
        message = "says that it was compiled from a contract, and there is no table of the file's name"
        yield Problem(file=str(file), path="meta.generated_by", message=message, hint=hint)


def _qualities(suite: _Suite) -> Iterator[Quality]:
    """Each expectation as an entry of `quality`, before it is known which table it is about.

    Raises:
        martgate.errors.InvalidInput: with everything in the suite that is not as Great Expectations 1.x writes it.
    """
    document, data = suite.document, suite.document.data
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        hint = "a suite of Great Expectations 1.x is {name, expectations: [..], meta}"
        raise InvalidInput(document.problem("expectations", "expected a suite with a list of expectations", hint))
    problems = [*_unknown(document, "", data, _SUITE_KEYS)]
    if not data["expectations"]:
        problems.append(document.problem("expectations", "the suite expects nothing", "delete it"))
    if not isinstance(data.get("meta", {}), dict):
        problems.append(document.problem("meta", f"found {clip(data['meta'])}, expected an object"))
    taken: Counter[str] = Counter()
    found: list[Quality] = []
    for index, raw in enumerate(data["expectations"]):
        path = f"expectations[{index}]"
        wrong = list(_mistakes(document, path, raw))
        problems += wrong
        if not wrong:
            found.append(_quality(f"{suite.label}#{path}", raw, taken))
    if problems:
        raise InvalidInput(*problems)
    yield from (replace(quality, suite=suite.label) for quality in found)


def _mistakes(document: Document, path: str, raw: Any) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield document.problem(path, f"found {clip(raw)}, expected an expectation {{type, kwargs}}")
        return
    yield from _unknown(document, f"{path}.", raw, _EXPECTATION_KEYS)
    if not isinstance(raw.get("type"), str):
        yield document.problem(path, "an expectation needs a type", 'as in "type": "expect_column_values_to_be_unique"')
    for key, kind, words in (("kwargs", dict, "an object"), ("meta", dict, "an object"), ("description", str, "text")):
        if raw.get(key) is not None and not isinstance(raw[key], kind):
            yield document.problem(f"{path}.{key}", f"found {clip(raw[key])}, expected {words}")
    severity = raw.get("severity")
    if severity is not None and severity not in _SEVERITIES:
        message = f"found {clip(severity)}, expected {join_words(_SEVERITIES, 'or')}"
        yield document.problem(f"{path}.severity", message)


def _unknown(document: Document, path: str, raw: Mapping[str, Any], known: Sequence[str]) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            message = f"{clip(key)} is no key of Great Expectations 1.x here"
            yield document.problem(f"{path}{key}", message, did_you_mean(key, known), key=True)


def _quality(path: str, raw: Mapping[str, Any], taken: Counter[str]) -> Quality:
    meta = raw.get("meta") or {}
    name = _free(raw, taken)
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


def _free(raw: Mapping[str, Any], taken: Counter[str]) -> str:
    """The expectation's id if a person chose it, else its type; of one name on one column, the second is `..-2`."""
    given = raw.get("id")
    name = given if isinstance(given, str) and given and not _is_uuid(given) else raw["type"]
    place = f"{(raw.get('kwargs') or {}).get('column')}|{name}"
    taken[place] += 1
    return name if taken[place] == 1 else f"{name}-{taken[place]}"


def _is_uuid(text: str) -> bool:
    """Whether Great Expectations itself numbered it: such an id says nothing to a reader."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# Which table


def _about(suite: _Suite, known: Mapping[str, Sequence[TableVersion]]) -> list[TableVersion]:
    """The versions of the table that the suite is about: `meta.table`, else its name, else its file's.

    Raises:
        martgate.errors.InvalidInput: there is no such table, or no such version of it.
    """
    data = suite.document.data
    meta, name = data.get("meta") or {}, data.get("name")
    names = {"meta.table": meta["table"]} if "table" in meta else {"name": name, "": suite.stem}
    for path, text in names.items():
        found = _addressed(text, known) if isinstance(text, str) else None
        if found is None:
            continue
        every, version = found
        about = [one for one in every if version_numbers(one[0].contract.version)[: len(version)] == version]
        if about:
            return about
        there = join_words(one[0].contract.version for one in every)
        message = f"{clip(text)} means no version of {every[0][1].qualified_name} that is there"
        raise InvalidInput(suite.document.problem(path, message, f"versions are {there}"))
    path, text = next(iter(names.items()))
    said = text if isinstance(text, str) else suite.stem
    hint = did_you_mean(said, (every[-1][1].qualified_name for every in known.values()))
    message = f"{clip(said)} names no table that has a contract, nor does the file's name"
    message = message if path == "name" else f"{clip(said)} names no table that has a contract"
    raise InvalidInput(
        suite.document.problem(
            path, message, f"name the suite schema.table, or give it meta.table; {hint}".rstrip("; ")
        )
    )


def _addressed(
    text: str, known: Mapping[str, Sequence[TableVersion]]
) -> tuple[Sequence[TableVersion], list[int]] | None:
    """The table in `schema.table[@version][.anything]`, and the numbers of the version; the longest name is meant."""
    folded = text.casefold()
    names: dict[str, list[Sequence[TableVersion]]] = {}
    for qualified, every in known.items():
        for name in dict.fromkeys((qualified, every[-1][1].name.casefold(), qualified.rpartition(".")[2])):
            names.setdefault(name, []).append(every)
    for name in sorted(names, key=len, reverse=True):
        found = re.fullmatch(rf"{re.escape(name)}(?:@v?(\d+(?:\.\d+)*))?(?:\..*)?", folded, re.DOTALL)
        if found and len(names[name]) == 1:
            return names[name][0], version_numbers(found[1] or "")
    return None


def _name(suite: _Suite, table: Table) -> str:
    """The suite as rules are named after it: its file's name without the table's."""
    stem = suite.stem
    for name in (table.qualified_name, table.name):
        short = re.fullmatch(rf"{re.escape(name)}(?:@[\d.]*\d)?\.?(.*)", stem, re.DOTALL | re.IGNORECASE)
        if short:
            return short[1] or "suite"
    return stem


def _with(table: Table, qualities: Sequence[Quality], name: str) -> Table:
    """The table with a suite's entries, each on the column that it names, or on the table itself."""
    columns = {column.name.casefold(): column for column in table.columns}
    beside: list[Quality] = []
    for quality in qualities:
        named = replace(quality, id=f"{quality.id}@{name}")
        kwargs = quality.implementation["kwargs"]
        column = kwargs.get("column") if isinstance(kwargs, Mapping) else None
        home = columns.get(column.casefold()) if isinstance(column, str) else None
        if home is None:
            beside.append(named)
        else:
            columns[home.name.casefold()] = replace(home, quality=(*home.quality, named))
    return replace(table, columns=tuple(columns.values()), quality=(*table.quality, *beside))
