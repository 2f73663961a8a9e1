"""What building and auditing need of an engine, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from martgate.contracts.model import Table
from martgate.text.quoting import identifier, relation

__all__ = [
    "CatalogEngine",
    "CatalogTable",
    "Dataset",
    "Engine",
    "EngineConfig",
    "FrameCheck",
    "Session",
    "StoppableEngine",
    "TableTarget",
    "WriteTarget",
    "WrittenFile",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The Parquet files that together are one table (of one snapshot: never the listing of a folder being written).

    `partitions` are the hive columns that stand in the paths (`part_date=2024-01-01/..`), with their types in Spark's
    spelling. `columns` are name and type of every column; they are needed only where there may be no file to ask.
    `file_column` names one more column, which says in which of the files a row lies; none where it is empty.
    """

    files: tuple[str, ...]
    partitions: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = ()
    file_column: str = ""

    def order_columns(self, found: Sequence[str]) -> list[str]:
        """Columns in the files' order, with hive columns where the declared columns put them.

        A hive column stands in the path, so its place is a matter of declaration. The others stay where the files have
        them: a column that has moved must be seen to have moved.
        """
        names = [name for name in found if name not in self.partitions]
        hive = [name for name in found if name in self.partitions]
        places = {name: place for place, (name, _) in enumerate(self.columns)}
        for name in sorted(hive, key=lambda name: places.get(name, len(places))):
            names.insert(places.get(name, len(names)), name)
        return names


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTable:
    """A table that the engine finds in its own catalog, as `main.bronze.orders`; only an engine with one can read it.

    `only` keeps the rows whose columns have these values (given as text), `version` asks for the table as of then.
    """

    name: str
    only: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None

    @property
    def from_clause(self) -> str:
        """What follows a SELECT's list in Spark SQL; it names `parameters`.

        >>> CatalogTable(name="main.s.t", only={"day": "2024-01-01"}, version=3).from_clause
        'FROM `main`.`s`.`t` VERSION AS OF 3 WHERE `day` = :only0'
        """
        version = "" if self.version is None else f" VERSION AS OF {self.version}"
        where = " AND ".join(f"{identifier(name)} = :only{place}" for place, name in enumerate(self.only))
        return f"FROM {relation(self.name)}{version}" + (f" WHERE {where}" if where else "")

    @property
    def parameters(self) -> dict[str, str]:
        """The values of `only`, under names that a statement can use whatever the columns are called."""
        return {f"only{place}": value for place, value in enumerate(self.only.values())}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """Where and how a result is written: hive folders under `root`, file names starting with `prefix`."""

    root: str
    partition_by: tuple[str, ...]
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTarget:
    """A new table of the engine's own catalog, as `main.shop.orders`; only an engine with one can write it."""

    name: str
    partition_by: tuple[str, ...]
    format: str = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """One Parquet file as the engine that wrote it describes it.

    `path` is relative to the target's root, `partition` the text of each partition column. `minimum`, `maximum` and
    `null_count` are by column, as the engine returned them.
    """

    path: str
    rows: int
    bytes: int
    partition: Mapping[str, str]
    minimum: Mapping[str, object] = field(default_factory=dict)
    maximum: Mapping[str, object] = field(default_factory=dict)
    null_count: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """What an engine may use, as the settings of a project have it.

    Attributes:
        memory_limit: the memory of all engines together, before they spill, as in `3GB`.
        temp_directory: the folder of spill files.
        spark_master: the setting of that name.
        shares: how many engines work at the same time, each with its share of memory and cores.
    """

    memory_limit: str
    temp_directory: Path
    spark_master: str = "local[*]"
    shares: int = 1


class Engine(Protocol):
    """A SQL engine that is spoken to in Spark SQL. Use it as a context manager; leaving closes it.

    A class of such engines is registered by an entry point of the group `martgate.engines`; the setting `engine` names
    it. It says by its methods what else it can: see `StoppableEngine` and `CatalogEngine`.

    Names of relations are `schema.table` or bare. Parameters are named (`:part_date`) and given as text; a statement
    gets those that it names. One that `prefers_one_statement` answers many questions in one at less cost than in many.
    """

    name: str
    prefers_one_statement: bool

    @classmethod
    def from_config(cls, config: EngineConfig) -> Self:
        """An engine that is not opened yet."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def register(self, relation: str, source: Dataset | CatalogTable) -> None:
        """Make files, or a table of the engine's catalog, readable under a name; a name may be registered again.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the engine has no such table.
        """

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, in order; types in Spark's spelling.

        Raises:
            martgate.errors.QueryFailed: the relation is unknown.
        """

    def fetch(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[tuple[object, ...]]:
        """All rows of one Spark SQL statement; timestamps come as UTC datetimes.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run.
        """

    def write(
        self, sql: str, target: WriteTarget | TableTarget, parameters: Mapping[str, str] = ...
    ) -> tuple[WrittenFile, ...]:
        """Write a statement's result as Parquet and say what was written; nothing else in the root is touched.

        A table that is written into the engine's catalog is created; which files it has is the catalog's to say.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run, or the disk refused.
        """


class Session(Protocol):
    """The session of an engine that has a catalog of tables."""

    def execute(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[Mapping[str, object]]:
        """What one statement returns, each row by its columns.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be run.
        """

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        """Write a table over a Delta table that exists, in one commit with these options of Delta's writer.

        Raises:
            martgate.errors.QueryFailed: the engine or Delta refused.
        """


class CatalogEngine(Engine, Session, Protocol):
    """An engine that has a catalog of tables, which it reads and writes."""


class StoppableEngine(Engine, Protocol):
    """An engine of which several work at the same time, each for a thread of its own that another one may stop."""

    def stop(self) -> None:
        """End the statement that runs, and let no other begin: each fails with QueryFailed."""


class FrameCheck(Protocol):
    """Checks a relation by an independent library, as a second opinion on the rules."""

    def __call__(self, engine: Engine, relation: str, table: Table, /) -> Sequence[object]:
        """What breaks the contract, each finding as its text; no value of a row is in it.

        Raises:
            martgate.errors.CouldNotRun: the relation could not be checked.
        """
