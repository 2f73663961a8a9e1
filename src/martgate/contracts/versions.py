"""The versions of a contract, each in a document of its own, and the days on which each is valid.

A version is valid from its `validFrom` until that of the next one; the earliest may have none.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import Problem
from martgate.hints import clip

__all__ = [
    "SEMANTIC_VERSION",
    "TableVersion",
    "find_valid_version",
    "find_version_problems",
    "group_versions",
    "is_newer",
    "version_numbers",
]

SEMANTIC_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
"""Three numbers, of which the first says that readers may break, and what may follow them."""

TableVersion = tuple[ContractFile, Table]
"""A table in one version of its contract, and the file of that version."""


def group_versions(contracts: Iterable[ContractFile]) -> Mapping[str, Sequence[TableVersion]]:
    """Return the versions of every table by its casefolded name, the earliest first."""
    grouped: defaultdict[str, list[TableVersion]] = defaultdict(list)
    for contract_file in contracts:
        for table in contract_file.contract.tables:
            grouped[table.qualified_name.casefold()].append((contract_file, table))
    return {name: sorted(each, key=_since) for name, each in grouped.items()}


def find_valid_version(every: Sequence[TableVersion], day: date | None) -> TableVersion | None:
    """Return the version of a table that is valid on a day, or the newest if `day` is None; None where there is none."""
    started = [version for version in every if day is None or _since(version) <= day]
    return started[-1] if started else None


def is_newer(version: TableVersion, than: ContractFile) -> bool:
    """Return whether a version is valid from a later day than that of a contract file."""
    return _since(version) > than.contract.valid_from


def find_version_problems(contracts: Iterable[ContractFile]) -> Iterator[Problem]:
    """Yield the reasons why documents of one table are not versions of one contract."""
    for every in group_versions(contracts).values():
        for earlier, later in pairwise(every):
            yield from _find_conflicts(earlier, later)


def _since(version: TableVersion) -> date:
    return version[0].contract.valid_from


def _find_conflicts(earlier: TableVersion, later: TableVersion) -> Iterator[Problem]:
    (first, _), (second, table) = earlier, later
    one, two = first.contract, second.contract
    if one.file == two.file:
        return  # lint reports two tables of one name in a document
    if one.id != two.id:
        message = f"the table {clip(table.qualified_name)} already has a contract, in {one.file}"
        hint = "keep one of them; versions of one contract have the same id"
        yield second.document.problem(f"{table.path}.name", message, hint)
    elif one.valid_from == two.valid_from:
        since = "for every day" if two.valid_from == date.min else f"from {two.valid_from} on"
        message = f"{one.file} is also a version of this contract that is valid {since}"
        yield second.document.problem("version", message, "set the custom property validFrom of the later version")
    elif version_numbers(one.version) >= version_numbers(two.version):
        message = f"found {clip(two.version)}, valid from {two.valid_from} on, after {one.version} in {one.file}"
        yield second.document.problem("version", message, "give the later version a greater number")


def version_numbers(version: str) -> list[int]:
    """Return the numbers of a version, by which versions are ordered.

    >>> version_numbers("1.10.2") > version_numbers("v1.9"), version_numbers("draft")
    (True, [])
    """
    return [int(number) for number in re.findall(r"\d+", version)]
