"""Hand-written Great Expectations suites in a project's `expectations/`, which gate together with the contract.

Each expectation becomes an entry of `quality` on its table or column, so that everything that reads a contract
(derivation, digest, lint, audit) includes it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.quality import Quality
from martgate.contracts.suite_files import (
    GENERATED_BY,
    Suite,
    find_suite_files,
    is_generated,
    read_meta,
    read_qualities,
    read_suite,
    suite_stem,
)
from martgate.contracts.versions import TableVersion, group_versions, version_numbers
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["attach_suites"]


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
            suite = Suite(label, read_suite(file))
            qualities = tuple(read_qualities(suite))
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


def _check_generated(label: str, file: Path, known: Mapping[str, Sequence[TableVersion]]) -> Iterator[Problem]:
    """Report a suite that is marked as generated but has no contract: it would neither gate nor be compared."""
    table = str(read_meta(file).get("table")).casefold()
    is_file_name = re.fullmatch(r"[\w.-]+", table)  # the file of a table `a/b` has another name
    if (suite_stem(label).casefold() if is_file_name else table) not in known:
        hint = f"delete it, or remove generated_by ({GENERATED_BY!r}) from its meta if it is hand-written"
        message = "is marked as compiled from a contract, and no contract has a table of the file's name"
        yield Problem(file=str(file), path="meta.generated_by", message=message, hint=hint)


def _find_versions(suite: Suite, known: Mapping[str, Sequence[TableVersion]]) -> list[TableVersion]:
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


def _short_name(suite: Suite, table: Table) -> str:
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
