"""What a publish needs of storage: stage, promote, discard, read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from builders.ports import CatalogTable, Dataset, TableTarget, WriteTarget, WrittenFile
from contracts.model import Table
from martgate.candidate import Candidate
from martgate.gate import Approved

__all__ = ["Promotion", "Published", "Store"]


class Promotion(StrEnum):
    """PUBLISHED by this call; ALREADY by an earlier call with the same candidate; SUPERSEDED by a later candidate."""

    PUBLISHED = "published"
    ALREADY = "already"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a promoted candidate can be read: the version of the table that holds it."""

    promotion: Promotion
    version: int


class Store(Protocol):
    """Versioned tables of one warehouse."""

    def stage(
        self,
        table: Table,
        part_date: str,
        *,
        candidate_id: str,
        sequence: int,
        write: Callable[[WriteTarget | TableTarget], tuple[WrittenFile, ...]],
    ) -> Candidate:
        """Let `write` write a candidate where no reader of the table sees it: files of its folders, or a table beside it.

        Creates the (empty) table first where there is none, so that uncommitted files are never mistaken for it.
        A write that fails leaves nothing behind.
        """

    def dataset(self, candidate: Candidate, table: Table) -> Dataset | CatalogTable:
        """Exactly the candidate, for an engine to audit.

        Raises:
            contracts.errors.CouldNotRun: something is missing or is not what was staged.
        """

    def is_intact(self, candidate: Candidate) -> bool:
        """Whether the candidate is still there, exactly as it was staged."""

    def promote(self, approved: Approved, metadata: Mapping[str, object]) -> Published:
        """Replace the candidate's day by the candidate, in one commit that carries `metadata`.

        Raises:
            contracts.errors.CouldNotRun: the candidate is not what was approved, or does not fit the table.
            contracts.errors.PublishConflict: other writers kept winning.
        """

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate; refuses (CouldNotRun) if readers of the table need its files."""

    def read(self, table: Table, part_date: str | None = None) -> Dataset | CatalogTable | None:
        """What is published, of one day or of all; None where nothing is."""
