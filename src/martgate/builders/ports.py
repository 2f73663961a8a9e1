"""Ports of the engines: the protocols that building and auditing use, and the values that they exchange."""

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
    """Parquet files of one table.

    Attributes:
        files: the paths of one snapshot's files, never the listing of a folder that is being written.
        partitions: the columns that the paths have instead of the files (`part_date=2024-01-01/..`), with their Spark types.
        partition_values: the text of each of these columns by file, in the order of `partitions`, if not the paths but the
            log of a table has them, or if engines read the paths in different ways; None is null. Empty if the paths say it.
        columns: name and Spark type of every column; required if there are no files to read them from.
        file_column: the name of an additional column with the path of each row's file; no such column if empty.
        version: the version of the Delta table whose snapshot this is; None for loose files.
    """

    files: tuple[str, ...]
    partitions: Mapping[str, str] = field(default_factory=dict)
    partition_values: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = ()
    file_column: str = ""
    version: int | None = None

    def order_columns(self, file_columns: Sequence[str]) -> list[str]:
        """Put the columns of the files in the table's order.

        A hive column is in the path, so its position comes from the declared columns. The others keep their order in
        the files, so that the audit detects a column that has moved.
        """
        names = [name for name in file_columns if name not in self.partitions]
        hive = [name for name in file_columns if name in self.partitions]
        places = {name: place for place, (name, _) in enumerate(self.columns)}
        for name in sorted(hive, key=lambda name: places.get(name, len(places))):
            names.insert(places.get(name, len(names)), name)
        return names


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTable:
    """Table of an engine's own catalog, which only an engine with a catalog can read.

    Attributes:
        name: the full name, such as `main.bronze.orders`.
        only: values, as text, by column: rows with other values are left out.
        version: the version of the table to read; the latest if None.
    """

    name: str
    only: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None

    @property
    def from_clause(self) -> str:
        """The FROM and WHERE clauses in Spark SQL, which use `parameters`.

        >>> CatalogTable(name="main.s.t", only={"day": "2024-01-01"}, version=3).from_clause
        'FROM `main`.`s`.`t` VERSION AS OF 3 WHERE `day` = :only0'
        """
        version = "" if self.version is None else f" VERSION AS OF {self.version}"
        where = " AND ".join(f"{identifier(name)} = :only{place}" for place, name in enumerate(self.only))
        return f"FROM {relation(self.name)}{version}" + (f" WHERE {where}" if where else "")

    @property
    def parameters(self) -> dict[str, str]:
        """The values of `only` as parameters, whose names do not depend on those of the columns."""
        return {f"only{place}": value for place, value in enumerate(self.only.values())}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """Folder to write a result to, as Parquet files.

    Attributes:
        root: the folder.
        partition_by: the columns that become hive folders under the root.
        prefix: the start of each file's name.
    """

    root: str
    partition_by: tuple[str, ...]
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTarget:
    """Table to create in an engine's own catalog, such as `main.shop.orders`; only an engine with a catalog can."""

    name: str
    partition_by: tuple[str, ...]
    format: str = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """Parquet file with the statistics that its engine returned.

    Attributes:
        path: the path relative to the target's root.
        rows: the number of rows.
        bytes: the size of the file.
        partition: the text of each partition column.
        minimum: minimum by column.
        maximum: maximum by column.
        null_count: number of nulls by column.
        digest: the SHA-256 of its bytes, which the store adds; empty before, and for a table of a catalog.
    """

    path: str
    rows: int
    bytes: int
    partition: Mapping[str, str]
    minimum: Mapping[str, object] = field(default_factory=dict)
    maximum: Mapping[str, object] = field(default_factory=dict)
    null_count: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Resources of an engine, from the settings of a project.

    Attributes:
        memory_limit: the memory of all engines together before they spill, such as `3GB`.
        temp_directory: the folder for spill files; the system's temporary folder if None.
        spark_master: the master URL of a Spark that the engine starts.
        shares: the number of engines that run at the same time and share memory and cores.
    """

    memory_limit: str
    temp_directory: Path | None = None
    spark_master: str = "local[*]"
    shares: int = 1


class Engine(Protocol):
    """SQL engine that takes Spark SQL; a context manager that closes the engine on exit.

    Register the class by an entry point of the group `martgate.engines`; the setting `engine` selects it. An engine may
    also implement `StoppableEngine` or `CatalogEngine`.

    Names of relations are `schema.table` or bare. Parameters are named (`:part_date`), their values are text, and a
    statement receives only those that it uses.

    Attributes:
        name: the name in the registry.
        prefers_one_statement: whether one statement with many aggregates costs less than many statements.
    """

    name: str
    prefers_one_statement: bool

    @classmethod
    def from_config(cls, config: EngineConfig) -> Self:
        """Create an engine, which is opened on entering it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def register(self, relation: str, source: Dataset | CatalogTable) -> None:
        """Make files or a table of the engine's catalog readable under a name, replacing an earlier source of that name.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the catalog has no such table.
        """

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Return name and Spark type of each column, in order.

        Raises:
            martgate.errors.QueryFailed: the relation is not registered.
        """

    def fetch(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[tuple[object, ...]]:
        """Run one Spark SQL statement and return all rows; timestamps are datetimes in UTC.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be translated or run.
        """

    def write(
        self, sql: str, target: WriteTarget | TableTarget, parameters: Mapping[str, str] = ...
    ) -> tuple[WrittenFile, ...]:
        """Write the result of a statement to Parquet files or to a new table of the engine's catalog.

        Returns:
            The files written; none for a table of a catalog. Other files under the root stay unchanged.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be translated or run, or the files cannot be written.
        """


class Session(Protocol):
    """Session of an engine that has a catalog of tables."""

    def execute(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[Mapping[str, object]]:
        """Run one statement and return its rows as mappings from column to value.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be run.
        """

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        """Overwrite an existing Delta table, or a part of it, in one commit.

        Args:
            table: the full name of the table to overwrite.
            source: the rows to write.
            options: the options of Delta's writer, such as `replaceWhere`.

        Raises:
            martgate.errors.QueryFailed: the engine or Delta cannot write the table.
        """


class CatalogEngine(Engine, Session, Protocol):
    """Engine that reads and writes tables of a catalog."""


class StoppableEngine(Engine, Protocol):
    """Engine that another thread can stop, so that several can run at the same time."""

    def stop(self) -> None:
        """Cancel the running statement and reject all later ones; each raises QueryFailed."""


class FrameCheck(Protocol):
    """Check of a relation by an independent library, in addition to the rules."""

    def __call__(self, engine: Engine, relation: str, table: Table, /) -> Sequence[object]:
        """Return the violations of the contract; their text contains no value of a row.

        Raises:
            martgate.errors.CouldNotRun: the relation cannot be checked.
        """
