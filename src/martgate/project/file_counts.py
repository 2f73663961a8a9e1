"""Reuses the counts of an earlier audit for files whose bytes are the same, so that only the others are read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from martgate.builders.ports import CatalogTable, Dataset, Engine
from martgate.expectations.ports import FILE_COLUMN, FileCounts
from martgate.ledger import Ledger
from martgate.stores.files import compute_file_digest

__all__ = ["open_file_counts"]


def open_file_counts(
    ledger: Ledger, engine: Engine, relation: str, source: Dataset | CatalogTable
) -> FileCounts | None:
    """Open the counts of the files of a relation in the ledger; None if the relation has no files of its own."""
    if isinstance(source, CatalogTable) or not source.files:
        return None
    return _LedgerFileCounts(ledger, engine, relation, source)


class _LedgerFileCounts:
    """Identifies a file by the digest of its bytes, not by its name: other rows are other bytes."""

    def __init__(self, ledger: Ledger, engine: Engine, relation: str, dataset: Dataset) -> None:
        self._ledger = ledger
        self._engine = engine
        self._relation = relation
        self._dataset = dataset

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        """The digest of each file, by its absolute path."""
        return {str(Path(file).absolute()): compute_file_digest(Path(file)) for file in self._dataset.files}

    def load(self, select_list: str) -> tuple[Sequence[Sequence[int]], str | None]:
        recorded = self._ledger.find_file_counts(self._query_digest(select_list), self._digests.values())
        unknown = tuple(file for file, digest in self._digests.items() if digest not in recorded)
        counts = [recorded[digest] for digest in self._digests.values() if digest in recorded]
        return counts, self._register(unknown) if unknown else None

    def _register(self, files: tuple[str, ...]) -> str:
        name = f"{self._relation}__unseen"
        self._engine.register(name, replace(self._dataset, files=files, file_column=FILE_COLUMN))
        return name

    def save(self, select_list: str, counts: Mapping[str, Sequence[int]]) -> None:
        self._ledger.record_file_counts(
            self._query_digest(select_list), {self._digests[file]: numbers for file, numbers in counts.items()}
        )

    def _query_digest(self, select_list: str) -> str:
        """Identify a query by engine and relation too, since engines may count differently."""
        return hashlib.sha256(f"{self._engine.name}\0{self._relation}\0{select_list}".encode()).hexdigest()
