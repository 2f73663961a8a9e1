"""The port of storage: what a publish needs of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, Self

from martgate.builders.ports import CatalogTable, Dataset, Session, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Published

__all__ = ["Commit", "PublishedState", "Store", "Warehouse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedState:
    """A day as readers of the table see it.

    Attributes:
        version: the version of the table.
        state: a token that changes whenever the day may have changed.
        source: the rows of the day; None if there are none.
        trouble: why an engine cannot read a day that is there; empty if it can.
    """

    version: int
    state: str
    source: Dataset | CatalogTable | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One version of a table; all texts are empty if another writer made it.

    Attributes:
        version: the version.
        candidate: the id of the candidate that it published.
        transaction: the table and the day that it is about.
        fingerprint: the hash of the candidate's bytes.
        at: when it was committed; None if the store does not say.
    """

    version: int
    candidate: str = ""
    transaction: str = ""
    fingerprint: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """The place where a store keeps its tables, and what it may need of the project.

    Attributes:
        location: the setting `warehouse`, whose scheme chose the store: a path, or a URL as in `catalog://main`.
        session: returns the open session of the engine, for tables of its catalog; raises InvalidInput if the engine has
            no catalog.
        define: takes a table and a name, and returns the table as `CREATE TABLE` of Spark SQL takes it under that name.
    """

    location: str
    session: Callable[[], Session]
    define: Callable[[Table, str], str]


class Store(Protocol):
    """The versioned tables of one warehouse.

    A store is registered by an entry point of the group `martgate.stores`, whose name is the scheme of the setting
    `warehouse`.
    """

    @classmethod
    def from_warehouse(cls, warehouse: Warehouse) -> Self:
        """Open the store of a warehouse.

        Raises:
            martgate.errors.InvalidInput: the store cannot keep tables at that location.
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
        """Stage a candidate where no reader of the table sees it.

        Creates the empty table first if there is none, so that uncommitted files are never mistaken for it. A write that
        fails leaves nothing behind.

        Args:
            table: the table.
            day: the day that the candidate would replace.
            candidate_id: the id of the candidate.
            sequence: the order of the candidate among those of the day.
            write: writes the rows into the target it is given, and returns the files.
        """

    def read_staged_at(self, candidate: Candidate) -> datetime | None:
        """Read when a candidate was staged, by the clock of the storage; None if the storage does not say."""

    def read_candidate(self, candidate: Candidate, table: Table) -> Dataset | CatalogTable:
        """Return exactly the candidate, for an engine to audit.

        Raises:
            martgate.errors.CouldNotRun: a part is missing or is not what was staged.
        """

    def find_changes(self, candidate: Candidate) -> tuple[str, ...]:
        """Describe how the candidate is not exactly as it was staged, one sentence a part; empty if it is."""

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """Return a day as it is published, for an engine to compare a candidate with.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published in this warehouse and no later one of its day has replaced it."""

    def find_sequence(self, table: Table, day: date) -> int | None:
        """Find the sequence of the newest published candidate of a day; None if there is none."""

    def find_live(self, candidates: Sequence[Candidate], table: Table) -> frozenset[str]:
        """Find the candidates that readers of their day see, exactly, as far as the table's log says; return their ids.

        The log alone decides, whatever a ledger says: the day may have been deleted, overwritten or restored, and the
        warehouse may be another one or gone.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate in one commit.

        Args:
            approved: the approval of the candidate.
            metadata: what the commit says besides, as JSON values.
            onto: the state (`PublishedState.state`) in which the day is replaced; None for any state.

        Raises:
            martgate.errors.CouldNotRun: the candidate is not what was approved, or does not fit the table.
            martgate.errors.PublishConflict: other writers kept winning.
        """

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate.

        Raises:
            martgate.errors.CouldNotRun: readers of the table need its files.
        """

    def read(self, table: Table, day: date | None = None) -> Dataset | CatalogTable | None:
        """Return the published rows of a day, or of all days; None if nothing is published."""

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """List the published values of the publish partition; none for a table that is published whole.

        They are text, because other writers may have written values that are no days.
        """

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """List the commits of a table as far back as the store has them, the newest first; none if there is no table.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """Explain how readers see something else than a published candidate; empty if they see exactly that.

        The explanation has no value of a row or of a partition.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
