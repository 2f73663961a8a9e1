"""Holds the adapters of a run, and the request to publish one table for one day."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from martgate.builders.model import Model
from martgate.builders.ports import CatalogTable, Dataset, Engine, FrameCheck, StoppableEngine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.partition import Partition
from martgate.errors import InvalidInput
from martgate.expectations.ports import ExpectationRunner, FileCounts
from martgate.ledger import Ledger
from martgate.project.file_counts import open_file_counts
from martgate.project.inputs import Inputs
from martgate.project.progress import Progress
from martgate.reports.ports import Reporter
from martgate.stores.ports import Store
from martgate.stores.upstreams import Upstreams

__all__ = ["Context", "PublishRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The adapters that a run works with, as `martgate.project.wiring` opens them from the settings.

    Attributes:
        catalog: the contracts of the project.
        now: the clock, and the only one that a run reads.
        engine: opens the engine that builds and audits.
        parallel_engines: takes the number of engines that work at the same time and returns a function that opens one of
            them; returns None if the engine can only work alone.
        store: the warehouse: candidates are staged in it and published.
        open_ledger: opens the database of runs, verdicts, receipts and waivers. The first call creates it if it is
            missing, so that a command that fails before it records anything leaves none behind.
        upstreams: the input tables that no model of the project makes.
        reporter: renders a run when it is decided.
        progress: shows the current step on a terminal.
        frame_check: a second check of each upstream by an independent library; None if the settings name none.
        expectation_runner: judges the expectations that only Great Expectations can judge; None if it is not
            installed.
        trust_written_stats: whether the statistics of the files that this run wrote may prove a rule.
        reuse_file_counts: whether the counts of an earlier audit are used for a file whose bytes are the same.
    """

    catalog: Catalog
    now: Callable[[], datetime]
    engine: Callable[[], AbstractContextManager[Engine]]
    parallel_engines: Callable[[int], Callable[[], AbstractContextManager[StoppableEngine]] | None]
    store: Store
    open_ledger: Callable[[], Ledger]
    upstreams: Upstreams
    reporter: Reporter
    progress: Progress
    frame_check: FrameCheck | None = None
    expectation_runner: ExpectationRunner | None = None
    trust_written_stats: bool = True
    reuse_file_counts: bool = False

    @property
    def ledger(self) -> Ledger:
        """The database of runs, verdicts, receipts and waivers, opened when it is first used."""
        return self.open_ledger()

    def file_counts(self, engine: Engine, relation: str, source: Dataset | CatalogTable) -> FileCounts | None:
        """Open the counts of earlier audits for the files of a relation; None if the settings do not reuse them."""
        return open_file_counts(self.ledger, engine, relation, source) if self.reuse_file_counts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """A request to publish one table for one day.

    Attributes:
        contract_file: the version of the contract that is valid on the day.
        table: the table of that version.
        model: the query that makes the table.
        day: the day, or the first day of the week or month.
        started: the time of the run: its `run_timestamp`, the candidate's sequence, and part of the candidate's id.
        model_names: the names of all models of the project; an input that one of them makes is read from the warehouse.
        inputs: the tables that the model reads, and those that rules compare with.

    Raises:
        martgate.errors.InvalidInput: the table is published by the week or month, and the day is not its first.
    """

    contract_file: ContractFile
    table: Table
    model: Model
    day: Day
    started: datetime
    model_names: frozenset[str] = frozenset()
    inputs: Inputs = field(default_factory=dict)

    def __post_init__(self) -> None:
        period = self.table.publish_period
        first = period.first(self.day.date)
        if first != self.day.date:
            raise InvalidInput(
                f"{self.table.qualified_name} is published by the {period}, named by its first day: "
                f"{self.day.date} is in that of {first}; give --date {first}"
            )

    @property
    def relations(self) -> frozenset[str]:
        """Every name by which the model and the rules read an input, as the engine knows it."""
        return frozenset(name for names in self.inputs.values() for name in names)

    @property
    def sequence(self) -> int:
        """Microseconds since 1970, so that a later run of a day supersedes an earlier one."""
        return int(self.started.timestamp() * 1_000_000)

    @property
    def parameters(self) -> dict[str, str]:
        return self.day.parameters | {"run_timestamp": self.started.astimezone(UTC).isoformat().replace("+00:00", "Z")}

    @property
    def partition(self) -> Partition:
        """The day of the table that the request is about."""
        return Partition(self.table.qualified_name, self.day.date)
