"""What a publish needs of storage: stage, promote, discard, read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from builders.ports import Dataset, WriteTarget, WrittenFile
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
        write: Callable[[WriteTarget], tuple[WrittenFile, ...]],
    ) -> Candidate:
        """Let `write` write the files of a candidate into the table's own folders, uncommitted.

        Creates the (empty) table first where there is none, so that uncommitted files are never mistaken for it.
        A write that fails leaves none of its files behind.
        """

    def dataset(self, candidate: Candidate, table: Table) -> Dataset:
        """Exactly the files of the candidate, for an engine to audit.

        Raises:
            contracts.errors.CouldNotRun: a file is missing or its bytes are not those that were staged.
        """

    def is_intact(self, candidate: Candidate) -> bool:
        """Whether the candidate's files are still there, with exactly the bytes that were staged."""

    def promote(self, approved: Approved, metadata: Mapping[str, object]) -> Published:
        """Replace the candidate's day by the candidate, in one commit that carries `metadata`.

        Raises:
            contracts.errors.CouldNotRun: the files are not those that were approved, or do not fit the table.
            contracts.errors.PublishConflict: other writers kept winning.
        """

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate's files; refuses (CouldNotRun) if one of them is published."""

    def read(self, table: Table, part_date: str | None = None) -> Dataset | None:
        """The published files, of one day or of all; None where the table was never published."""
