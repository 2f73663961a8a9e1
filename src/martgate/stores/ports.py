"""What a publish needs of storage: stage, promote, discard, read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, Self

from martgate.builders.ports import CatalogTable, Dataset, Session, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Published

__all__ = ["Commit", "PublishedState", "Store", "Warehouse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedState:
    """What readers of a table see of a day, as of one `version` of it; `source` is None where they see nothing.

    `state` stands for what the day is made of: while it stays, so does the day. `trouble` says why a day that is there
    cannot be read by an engine.
    """

    version: int
    state: str
    source: Dataset | CatalogTable | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One version of a table, and what it says of us: which candidate it published, as which transaction, with which bytes.

    All of that is empty where somebody else made it.
    """

    version: int
    candidate: str = ""
    transaction: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """Where a store keeps its tables, and what else it may need.

    Attributes:
        location: the setting `warehouse`, whose scheme chose the store: a path, or a URL as in `catalog://main`.
        session: the open session of the engine, for tables of its catalog; an engine without a catalog has none, which
            is InvalidInput.
        define: of a table and a name, the table as `CREATE TABLE` of Spark SQL takes it under that name.
    """

    location: str
    session: Callable[[], Session]
    define: Callable[[Table, str], str]


class Store(Protocol):
    """Versioned tables of one warehouse.

    A class of such stores is registered by an entry point of the group `martgate.stores`, whose name is the scheme of the
    setting `warehouse`.
    """

    @classmethod
    def from_warehouse(cls, warehouse: Warehouse) -> Self:
        """The store of a warehouse.

        Raises:
            martgate.errors.InvalidInput: this store can keep nothing at that location.
        """

    def stage(
        self,
        table: Table,
        day: date,
        *,
        candidate_id: str,
        sequence: int,
        write: Callable[[WriteTarget | TableTarget], tuple[WrittenFile, ...]],
    ) -> Candidate:
        """Let `write` write a candidate where no reader of the table sees it: files of its folders, or a table beside it.

        Creates the (empty) table first where there is none, so that uncommitted files are never mistaken for it.
        A write that fails leaves nothing behind.
        """

    def read_candidate(self, candidate: Candidate, table: Table) -> Dataset | CatalogTable:
        """Exactly the candidate, for an engine to audit.

        Raises:
            martgate.errors.CouldNotRun: something is missing or is not what was staged.
        """

    def is_intact(self, candidate: Candidate) -> bool:
        """Whether the candidate is still there, exactly as it was staged."""

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """What is published of a day, for an engine to compare a candidate with, and for `promote` to replace.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published, and no later one of its day since."""

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate, in one commit that carries `metadata`.

        With `onto` nothing but the day in that state (`PublishedState.state`) is replaced.

        Raises:
            martgate.errors.CouldNotRun: the candidate is not what was approved, or does not fit the table.
            martgate.errors.PublishConflict: other writers kept winning.
        """

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate; refuses (CouldNotRun) if readers of the table need its files."""

    def read(self, table: Table, day: date | None = None) -> Dataset | CatalogTable | None:
        """What is published, of one day or of all; None where nothing is."""

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """List the published values of the publish partition; none of a table that is published whole.

        They are text: other writers may have written values that are no days.
        """

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """The commits of a table as far back as they are kept, the newest first; none where there is no table.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """In what readers of a published candidate's day see something else than it; empty where they see just that.

        No value of a row or of a partition is told.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
