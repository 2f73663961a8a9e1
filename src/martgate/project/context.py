"""What a run is about, and what it works with."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from martgate.builders.model import Model
from martgate.builders.ports import CatalogTable, Dataset, Engine, StoppableEngine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Contract, Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput
from martgate.expectations.ports import FileMemory, ForeignJudge
from martgate.ledger import Ledger
from martgate.project.file_counts import memory_of
from martgate.project.progress import Progress
from martgate.stores.ports import Store
from martgate.stores.upstreams import Upstreams

__all__ = ["Context", "FrameCheck", "PublishRequest"]

FrameCheck = Callable[[Engine, str, Contract, Table], Sequence[object]]
"""What an independent library has to say against a registered relation; each finding is told as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The adapters that a run works with, as `martgate.project.wiring` introduced them.

    With `trusts_written`, what an engine tells of the files that it wrote a moment ago counts as looked at; with
    `reuses_counts`, so does what an earlier audit counted in files that still have the same bytes. `share` is an engine
    with one of so many shares of memory and cores; None where there can be no more than one at a time.
    """

    catalog: Catalog
    engine: Callable[[], AbstractContextManager[Engine]]
    store: Store
    ledger: Ledger
    upstreams: Upstreams
    progress: Progress
    trusts_written: bool = True
    reuses_counts: bool = False
    frames: FrameCheck | None = None
    share: Callable[[int], AbstractContextManager[StoppableEngine]] | None = None
    foreign: ForeignJudge | None = None

    def memory(self, engine: Engine, relation: str, source: Dataset | CatalogTable) -> FileMemory | None:
        """What the ledger remembers of the files of a relation, where that counts."""
        return memory_of(self.ledger, engine, relation, source) if self.reuses_counts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """One table for one day: what is promised, how it is made, and when it was asked for.

    `started` is the run's one instant: it becomes `run_timestamp`, the candidate's sequence and part of its id.
    `made` are the names of the project's models: an input that one of them makes is read where it was published.

    Raises:
        martgate.errors.InvalidInput: the table is published by the week or month, and the day begins none.
    """

    loaded: ContractFile
    table: Table
    model: Model
    day: Day
    started: datetime
    made: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        period = self.table.publish_period
        first = period.first(self.day.date)
        if first != self.day.date:
            raise InvalidInput(
                f"{self.table.qualified_name} is published by the {period}, named by its first day: "
                f"{self.part_date} lies in that of {first}; give --date {first}"
            )

    @property
    def sequence(self) -> int:
        """Microseconds since 1970, so that a later run of a day supersedes an earlier one."""
        return int(self.started.timestamp() * 1_000_000)

    @property
    def parameters(self) -> dict[str, str]:
        return self.day.parameters | {"run_timestamp": self.started.astimezone(UTC).isoformat().replace("+00:00", "Z")}

    @property
    def part_date(self) -> str:
        return self.day.date.isoformat()
