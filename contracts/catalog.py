"""All contracts of a project, found by the names of their tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contracts.errors import Problem, Unusable
from contracts.hints import clip, did_you_mean, join
from contracts.model import Table
from contracts.odcs import Loaded, read

__all__ = ["Catalog", "contract_files"]

PATTERNS = ("*.odcs.yaml", "*.odcs.yml")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The contracts of some folders, in the order of their paths."""

    contracts: tuple[Loaded, ...] = ()

    @classmethod
    def load(cls, folders: Iterable[Path]) -> Self:
        """Every `*.odcs.yaml` below the folders; a folder may also be one such file itself.

        Raises:
            Unusable: a folder is not there, a contract cannot be read, or one table stands in two of them; with the
                problems of all files.
        """
        problems: list[Problem] = []
        found: list[Loaded] = []
        for file in contract_files(folders, problems):
            try:
                found.append(read(file))
            except Unusable as error:
                problems.extend(error.problems)
        problems.extend(_twice(found))
        if problems:
            raise Unusable(*problems)
        return cls(tuple(found))

    def tables(self) -> Iterator[tuple[Loaded, Table]]:
        """Every table with the contract that states it."""
        for loaded in self.contracts:
            for table in loaded.contract.tables:
                yield loaded, table

    def find(self, name: str) -> tuple[Loaded, Table]:
        """The table of that short or qualified name, with its contract.

        Raises:
            Unusable: no table has that name, or more than one; the message has the nearest names.
        """
        exact = [(loaded, table) for loaded, table in self.tables() if table.qualified_name == name]
        found = exact or [(loaded, table) for loaded, table in self.tables() if name in _short_names(table)]
        if len(found) == 1:
            return found[0]
        if found:
            names = join((clip(table.qualified_name) for _, table in found), "or")
            raise Unusable(f"the table {clip(name)} is ambiguous: say {names}")
        raise Unusable(f"there is no contract for a table {clip(name)}{self._near(name)}")

    def _near(self, name: str) -> str:
        known = [table.qualified_name if "." in name else table.name for _, table in self.tables()]
        hint = did_you_mean(name, known)
        return f". {hint}" if hint.startswith("Did") else f"; {hint}" if hint else "; there is no contract at all"


def _short_names(table: Table) -> tuple[str, str]:
    return table.name, table.qualified_name.rpartition(".")[2]


def contract_files(folders: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
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


def _twice(contracts: Iterable[Loaded]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for loaded in contracts:
        for table in loaded.contract.tables:
            name = table.qualified_name.casefold()
            other = first.setdefault(name, loaded.contract.file)
            if other != loaded.contract.file:
                message = f"the table {clip(table.qualified_name)} already has a contract, in {other}"
                yield loaded.document.problem(f"{table.path}.name", message, "keep one of them")
