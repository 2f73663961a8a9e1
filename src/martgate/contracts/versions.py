"""Several documents of one contract: which of its versions is about which day.

A version is about every day from its `validFrom` on, until that of the next one; the earliest may have none.
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
    "TableVersion",
    "find_valid_version",
    "find_version_problems",
    "group_versions",
    "is_newer",
    "version_numbers",
]

TableVersion = tuple[ContractFile, Table]
"""A table as one document states it."""


def group_versions(contracts: Iterable[ContractFile]) -> Mapping[str, Sequence[TableVersion]]:
    """Every table by its casefolded name, each with its versions, the earliest first."""
    found: defaultdict[str, list[TableVersion]] = defaultdict(list)
    for contract_file in contracts:
        for table in contract_file.contract.tables:
            found[table.qualified_name.casefold()].append((contract_file, table))
    return {name: sorted(each, key=_since) for name, each in found.items()}


def find_valid_version(every: Sequence[TableVersion], day: date | None) -> TableVersion | None:
    """The version that is about a day, of all versions of a table; the newest, where no day is given."""
    begun = [version for version in every if day is None or _since(version) <= day]
    return begun[-1] if begun else None


def is_newer(version: TableVersion, than: ContractFile) -> bool:
    """Whether it is valid for later days."""
    return _since(version) > than.contract.valid_from


def find_version_problems(contracts: Iterable[ContractFile]) -> Iterator[Problem]:
    """What keeps documents of one table from being versions of one contract."""
    for every in group_versions(contracts).values():
        for earlier, later in pairwise(every):
            yield from _told(earlier, later)


def _since(version: TableVersion) -> date:
    return version[0].contract.valid_from


def _told(earlier: TableVersion, later: TableVersion) -> Iterator[Problem]:
    (first, _), (second, table) = earlier, later
    one, two = first.contract, second.contract
    if one.file == two.file:
        return  # a name twice in one document is lint's business
    if one.id != two.id:
        message = f"the table {clip(table.qualified_name)} already has a contract, in {one.file}"
        hint = "keep one of them; versions of one contract have the same id"
        yield second.document.problem(f"{table.path}.name", message, hint)
    elif one.valid_from == two.valid_from:
        since = "since ever" if two.valid_from == date.min else f"from {two.valid_from} on"
        message = f"{one.file} is a version of this contract that is valid {since}, too"
        yield second.document.problem("version", message, "give the later one a custom property validFrom of its own")
    elif version_numbers(one.version) >= version_numbers(two.version):
        message = f"found {clip(two.version)}, valid from {two.valid_from} on, after {one.version} in {one.file}"
        yield second.document.problem("version", message, "a later version has the greater number")


def version_numbers(version: str) -> list[int]:
    """The numbers of a version, by which versions are ordered.

    >>> version_numbers("1.10.2") > version_numbers("v1.9"), version_numbers("draft")
    (True, [])
    """
    return [int(number) for number in re.findall(r"\d+", version)]
