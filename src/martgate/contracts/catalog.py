"""All contracts of a project, found by the names of their tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.suites import attach_suites
from martgate.contracts.versions import TableVersion, find_valid_version, group_versions, is_newer
from martgate.contracts.versions import find_version_problems as version_problems
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["Catalog", "find_contract_files"]

PATTERNS = ("*.odcs.yaml", "*.odcs.yml")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The contracts of some folders, in the order of their paths."""

    contracts: tuple[ContractFile, ...] = ()

    @classmethod
    def load(cls, folders: Iterable[Path], expectations: Iterable[Path] = ()) -> Self:
        """Every `*.odcs.yaml` below the folders; a folder may also be one such file itself.

        Args:
            folders: where contracts are looked for.
            expectations: folders of suites written by hand, which gate beside the contracts.

        Raises:
            InvalidInput: a folder is not there, a contract cannot be read, or one table stands in two of them that are no
                versions of one contract; with the problems of all files.
        """
        problems: list[Problem] = []
        found: list[ContractFile] = []
        for file in find_contract_files(folders, problems):
            try:
                found.append(read(file))
            except InvalidInput as error:
                problems.extend(error.problems)
        problems.extend(version_problems(found))
        if not problems:  # a contract that cannot be read has its tables missing
            found = attach_suites(found, expectations, problems)
        if problems:
            raise InvalidInput(*problems)
        return cls(tuple(found))

    def tables(self) -> Iterator[TableVersion]:
        """Every table with the contract that states it, each in its newest version."""
        newest = {id(every[-1][1]) for every in group_versions(self.contracts).values()}
        for contract_file in self.contracts:
            yield from ((contract_file, table) for table in contract_file.contract.tables if id(table) in newest)

    @property
    def every_version(self) -> tuple[Table, ...]:
        """Every table in every version."""
        return tuple(table for contract_file in self.contracts for table in contract_file.contract.tables)

    def find(self, name: str, on: date | None = None) -> TableVersion:
        """The table of that short or qualified name, with the contract that is about a day; the newest without a day.

        Raises:
            InvalidInput: no table has that name, or more than one, with the nearest names; or no version is about the day.
        """
        every = self.versions(name)
        found = find_valid_version(every, on)
        if found is None:
            first = every[0][0].contract
            raise InvalidInput(
                f"no version of {clip(name)} is valid on {on}: the first, {first.version}, is from {first.valid_from} on"
            )
        return found

    def versions(self, name: str) -> Sequence[TableVersion]:
        """All versions of the table of that short or qualified name, the earliest first.

        Raises:
            InvalidInput: as `find` does.
        """
        known = group_versions(self.contracts)
        newest = {key: every[-1][1] for key, every in known.items()}
        exact = [key for key, table in newest.items() if table.qualified_name == name]
        found = exact or [key for key, table in newest.items() if name in _short_names(table)]
        if len(found) == 1:
            return known[found[0]]
        if found:
            names = join_words((clip(newest[key].qualified_name) for key in found), "or")
            raise InvalidInput(f"the table {clip(name)} is ambiguous: say {names}")
        raise InvalidInput(f"there is no contract for a table {clip(name)}{self._near(name)}")

    def newer_versions(self, contract_file: ContractFile, table: Table) -> tuple[Table, ...]:
        """The versions of a table that came after this one, the earliest first."""
        after = (version for version in self.versions(table.qualified_name) if is_newer(version, contract_file))
        return tuple(newer for _, newer in after)

    def _near(self, name: str) -> str:
        known = [table.qualified_name if "." in name else table.name for _, table in self.tables()]
        hint = did_you_mean(name, known)
        return f". {hint}" if hint.startswith("Did") else f"; {hint}" if hint else "; there is no contract at all"


def _short_names(table: Table) -> tuple[str, str]:
    return table.name, table.qualified_name.rpartition(".")[2]


def find_contract_files(folders: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    """Each contract below the folders once, however many of them lead to it; a file stands for itself.

    A place that is not there is added to `problems`.
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
