"""Counts of files whose bytes an earlier audit saw, out of the ledger, so that only the others are looked at."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from martgate.builders.ports import CatalogTable, Dataset, Engine
from martgate.expectations.ports import FILE_COLUMN, FileCounts
from martgate.ledger import Ledger
from martgate.stores.files import digest_of

__all__ = ["open_file_counts"]


def open_file_counts(
    ledger: Ledger, engine: Engine, relation: str, source: Dataset | CatalogTable
) -> FileCounts | None:
    """What the ledger knows of the files of a registered relation; None where it has no files of its own."""
    if isinstance(source, CatalogTable) or not source.files:
        return None
    return _LedgerFileCounts(ledger, engine, relation, source)


class _LedgerFileCounts:
    """A file is known by the digest of its bytes, not by its name: other rows are other bytes."""

    def __init__(self, ledger: Ledger, engine: Engine, relation: str, dataset: Dataset) -> None:
        self._ledger = ledger
        self._engine = engine
        self._relation = relation
        self._dataset = dataset

    @cached_property
    def _contents(self) -> Mapping[str, str]:
        """The digest of each file, by its whole path: so it is called wherever it is told of."""
        return {str(Path(file).absolute()): digest_of(Path(file)) for file in self._dataset.files}

    def load(self, select_list: str) -> tuple[Sequence[Sequence[int]], str | None]:
        known = self._ledger.file_counts(self._digest(select_list), self._contents.values())
        others = tuple(file for file, content in self._contents.items() if content not in known)
        answers = [known[content] for content in self._contents.values() if content in known]
        return answers, self._register(others) if others else None

    def _register(self, files: tuple[str, ...]) -> str:
        name = f"{self._relation}__unseen"
        self._engine.register(name, replace(self._dataset, files=files, file_column=FILE_COLUMN))
        return name

    def save(self, select_list: str, counts: Mapping[str, Sequence[int]]) -> None:
        self._ledger.record_file_counts(
            self._digest(select_list), {self._contents[file]: numbers for file, numbers in counts.items()}
        )

    def _digest(self, select_list: str) -> str:
        """Engines and relations answer for themselves, whatever they have in common."""
        return hashlib.sha256(f"{self._engine.name}\0{self._relation}\0{select_list}".encode()).hexdigest()
