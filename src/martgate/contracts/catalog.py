"""The contracts of a project, and look-ups of tables by name and day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.suites import attach_suites
from martgate.contracts.versions import (
    TableVersion,
    find_valid_version,
    find_version_problems,
    group_versions,
    is_newer,
)
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["Catalog", "find_contract_files"]

PATTERNS = ("*.odcs.yaml", "*.odcs.yml")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The contracts of a project, in the order of their paths."""

    contracts: tuple[ContractFile, ...] = ()

    @classmethod
    def load(cls, folders: Iterable[Path], expectations: Iterable[Path] = ()) -> Self:
        """Read every `*.odcs.yaml` below some folders.

        Args:
            folders: The folders; each may also be a single contract file.
            expectations: Folders of hand-written suites, which gate together with the contracts.

        Raises:
            InvalidInput: A folder does not exist, a contract or a suite cannot be read, or two contracts that are not
                versions of one another state the same table; with the problems of all files.
        """
        problems: list[Problem] = []
        contracts: list[ContractFile] = []
        for file in find_contract_files(folders, problems):
            try:
                contracts.append(read(file))
            except InvalidInput as error:
                problems.extend(error.problems)
        problems.extend(find_version_problems(contracts))
        if not problems:  # without the tables of an invalid contract, suites would be reported as misplaced
            contracts = attach_suites(contracts, expectations, problems)
        if problems:
            raise InvalidInput(*problems)
        return cls(tuple(contracts))

    def tables(self) -> Iterator[TableVersion]:
        """Yield every table with its contract, each in its newest version."""
        newest = {id(every[-1][1]) for every in group_versions(self.contracts).values()}
        for contract_file in self.contracts:
            yield from ((contract_file, table) for table in contract_file.contract.tables if id(table) in newest)

    @property
    def every_version(self) -> tuple[Table, ...]:
        """Every table in every version."""
        return tuple(table for contract_file in self.contracts for table in contract_file.contract.tables)

    def find(self, name: str, on: date | None = None) -> TableVersion:
        """Return a table and its contract, in the version that is valid on a day.

        Args:
            name: The short or qualified name of the table, in any letter case, as in SQL.
            on: The day; None for the newest version.

        Raises:
            InvalidInput: No table has the name, or several have it, or no version is valid on the day.
        """
        every = self.versions(name)
        version = find_valid_version(every, on)
        if version is None:
            first = every[0][0].contract
            raise InvalidInput(
                f"no version of {clip(name)} is valid on {on}: the first, {first.version}, is from {first.valid_from} on"
            )
        return version

    def versions(self, name: str) -> Sequence[TableVersion]:
        """Return all versions of the table of a short or qualified name, the earliest first.

        Raises:
            InvalidInput: No table has the name, or several have it.
        """
        known = group_versions(self.contracts)
        newest = {key: every[-1][1] for key, every in known.items()}
        folded = name.casefold()
        keys = [key for key in newest if key == folded]
        keys = keys or [key for key, table in newest.items() if folded in map(str.casefold, _short_names(table))]
        if len(keys) == 1:
            return known[keys[0]]
        if keys:
            names = join_words((clip(newest[key].qualified_name) for key in keys), "or")
            raise InvalidInput(f"the table {clip(name)} is ambiguous: say {names}")
        raise InvalidInput(f"there is no contract for a table {clip(name)}{self._near(name)}")

    def newer_versions(self, contract_file: ContractFile, table: Table) -> tuple[Table, ...]:
        """Return the versions of a table that are newer than that of a contract, the earliest first."""
        after = (version for version in self.versions(table.qualified_name) if is_newer(version, contract_file))
        return tuple(newer for _, newer in after)

    def _near(self, name: str) -> str:
        known = [table.qualified_name if "." in name else table.name for _, table in self.tables()]
        hint = did_you_mean(name, known)
        return f". {hint}" if hint.startswith("Did") else f"; {hint}" if hint else "; there is no contract at all"


def _short_names(table: Table) -> tuple[str, str]:
    return table.name, table.qualified_name.rpartition(".")[2]


def find_contract_files(folders: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    """Yield each contract file below some folders once; a file among the folders is yielded itself.

    Args:
        folders: The folders; they may overlap.
        problems: A problem is added here for each folder that does not exist.
    """
    seen: set[Path] = set()
    for folder in folders:
        if not folder.exists():
            problems.append(Problem(file=str(folder), message="there is no such folder", hint="expected contracts"))
        below = (path for pattern in PATTERNS for path in folder.rglob(pattern) if path.is_file())
        for file in sorted(below) if folder.is_dir() else [folder] * folder.exists():
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file
