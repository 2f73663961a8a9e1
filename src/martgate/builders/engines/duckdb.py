"""The embedded engine. What differs from Spark, beyond the SQL text itself:

| | Spark | here |
|---|---|---|
| session zone | a setting; must be UTC | set to UTC and asserted |
| types | `timestamp`, `timestamp_ntz` | TIMESTAMP WITH TIME ZONE, TIMESTAMP |
| files of a table | Delta's own snapshot | the very list that was registered, columns matched by name |
| hive columns | where the schema puts them | where `Dataset.columns` puts them, else last |
| errors | quote values of rows | told without any value: rows may hold personal data |
"""

import os
import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import duckdb
from duckdb.sqltypes import DuckDBPyType

from martgate.builders.dialect import MACROS, translate
from martgate.builders.engines import duckdb_text as text
from martgate.builders.engines.requirements import bind_parameters, require_one_shape, require_registered
from martgate.builders.engines.spill import spill_folder
from martgate.builders.ports import CatalogTable, Dataset, EngineConfig, TableTarget, WriteTarget, WrittenFile
from martgate.errors import InvalidInput, QueryFailed
from martgate.text.quoting import duckdb_identifier, duckdb_relation

if TYPE_CHECKING:  # DuckDB imports it itself where batches are asked for
    import pyarrow as pa

__all__ = ["DuckDBEngine"]

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(.*)", re.DOTALL)


class DuckDBEngine:
    """DuckDB in memory, spilling to disk where `memory_limit` is reached.

    `temp_directory` is where spill files go (the system's temporary folder where None); a folder of this engine's own
    is made in it and removed in the end. `threads` is the number of cores to use (all where None).
    """

    name = "duckdb"
    prefers_one_statement = False  # it would hold the groups of all of them in memory at a time

    def __init__(
        self, memory_limit: str = "4GB", temp_directory: Path | None = None, *, threads: int | None = None
    ) -> None:
        self._settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            self._settings["threads"] = threads
        self._temp_directory = temp_directory
        self._relations: set[str] = set()
        self._stopped = False

    @classmethod
    def from_config(cls, config: EngineConfig) -> Self:
        """One of `shares` engines that work at the same time and together take what one alone would."""
        if config.shares == 1:
            return cls(config.memory_limit, config.temp_directory)
        amount = _AMOUNT.fullmatch(config.memory_limit)  # what is no amount is DuckDB's to refuse
        limit = f"{float(amount[1]) / config.shares:.3f}{amount[2]}" if amount else config.memory_limit
        threads = max(1, (os.cpu_count() or 1) // config.shares)
        return cls(limit, config.temp_directory, threads=threads)

    def __enter__(self) -> Self:
        """Open the database.

        Raises:
            martgate.errors.InvalidInput: DuckDB does not accept a setting, or the temporary folder cannot be used.
        """
        self._spill = spill_folder(self._temp_directory)
        try:
            self._connection = duckdb.connect(config={**self._settings, "temp_directory": self._spill.name})
        except (duckdb.Error, RuntimeError) as error:
            self._spill.cleanup()
            raise InvalidInput(f"DuckDB does not accept its settings: {text.first_line(error)}") from error
        self._prepare()
        return self

    def _prepare(self) -> None:
        self._execute("SET TimeZone = 'UTC'")
        # Rows answer, not footers, which may lie.
        self._execute("SET disabled_optimizers = 'statistics_propagation'")
        self._execute("SET python_enable_replacements = false")  # a Python variable must never answer for a table
        self._execute(MACROS)
        zone = self._execute("SELECT current_setting('TimeZone')")
        if zone != [("UTC",)]:
            raise QueryFailed(f"the session's time zone must be UTC, and is {zone}")

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._spill.cleanup()
        self._relations.clear()

    def stop(self) -> None:
        """End the statement that another thread runs here, and let no other begin: each fails with QueryFailed."""
        self._stopped = True
        self._connection.interrupt()

    def _demand_running(self) -> None:
        if self._stopped:
            raise QueryFailed("the engine was stopped")

    def register(self, relation: str, source: Dataset | CatalogTable) -> None:
        """Make the files readable under a name, as a view; nothing is copied.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the table is one of a catalog.
        """
        if isinstance(source, CatalogTable):
            raise QueryFailed(
                f"{relation} cannot be read: {source.name} is a table of a catalog, and only Spark has one"
            )
        self._demand_running()
        body = self._select_files(relation, source) if source.files else text.empty_select(relation, source)
        schema, dot, _ = relation.partition(".")
        if dot:
            self._execute(f"CREATE SCHEMA IF NOT EXISTS {duckdb_identifier(schema)}")
        self._execute(f"CREATE OR REPLACE VIEW {duckdb_relation(relation)} AS {body}")
        self._relations.add(relation)

    def _select_files(self, relation: str, dataset: Dataset) -> str:
        """The SELECT over a table's files, every footer of which was read: a broken file is named now, not mid-way."""
        try:
            shapes = self._connection.execute(text.shapes_query(dataset)).fetchall()
            source = text.read_parquet(dataset, one_shape=len(shapes) == 1)
            found = self._describe(f"SELECT * FROM {source}")
        except duckdb.Error as error:  # only paths and footers were read: the message holds no value of a row
            why = text.first_line(error)
        else:
            if not dataset.columns:
                require_one_shape(relation, shapes)
            types = {name: str(type_) for name, type_ in found}
            names = dataset.order_columns([name for name, _ in found])
            return f"SELECT {', '.join(text.nan_safe_column(name, types[name]) for name in names)} FROM {source}"
        raise QueryFailed(f"{relation} cannot be read: {why}")

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, in order; types in Spark's spelling.

        Raises:
            martgate.errors.QueryFailed: the relation is unknown, or its files have gone.
        """
        require_registered(relation, self._relations)
        try:
            found = self._describe(f"SELECT * FROM {duckdb_relation(relation)}")
        except duckdb.Error as error:
            why = text.failure_reason(error)
        else:
            return tuple((name, text.spark_type(type_)) for name, type_ in found)
        raise QueryFailed(f"{relation} cannot be read: {why}")

    def fetch(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[tuple[object, ...]]:
        """All rows of one Spark SQL statement; timestamps come as UTC datetimes.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run.
        """
        translated, bound = self._translated(sql, parameters)
        return self._execute(translated, bound)

    def batches(self, relation: str, columns: Sequence[str] = ()) -> "Generator[pa.RecordBatch]":
        """All rows of a relation, or these columns of them, in batches of Arrow: at least one, be it empty.

        Close it before the next statement, unless it was read to its end.

        Raises:
            martgate.errors.QueryFailed: the relation is unknown, or its files have gone.
        """
        import pyarrow as pa  # noqa: PLC0415 - half a second, for none but this

        require_registered(relation, self._relations)
        listed = ", ".join(map(duckdb_identifier, columns)) or "*"
        try:
            with self._connection.sql(f"SELECT {listed} FROM {duckdb_relation(relation)}").to_arrow_reader() as reader:
                first = next(reader, None)
                yield pa.RecordBatch.from_pylist([], reader.schema) if first is None else first
                yield from reader
        except duckdb.Error as error:
            why = text.failure_reason(error)
        except (pa.ArrowException, OSError) as error:
            why = type(error).__name__
        else:
            return
        raise QueryFailed(f"{relation} cannot be read: {why}")

    def write(
        self, sql: str, target: WriteTarget | TableTarget, parameters: Mapping[str, str] = _NO_PARAMETERS
    ) -> tuple[WrittenFile, ...]:
        """Write a statement's result as Parquet and say what was written; nothing else in the root is touched.

        Least and greatest values of text are left out of the answer (they may be personal); those of whole numbers are
        int, all others text. A null partition value is told as its folder is named, `__HIVE_DEFAULT_PARTITION__`.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run, or the disk refused.
        """
        if isinstance(target, TableTarget):
            raise QueryFailed(f"{target.name} cannot be written: it is a table of a catalog, and only Spark has one")
        translated, bound = self._translated(sql, parameters)
        try:
            Path(target.root).mkdir(parents=True, exist_ok=True)
            types = dict(self._describe(translated, bound))
            written = self._connection.execute(text.copy_statement(translated, target), bound).fetchall()
        except duckdb.Error as error:
            why = text.failure_reason(error)
        except OSError as error:
            why = str(error.strerror)
        else:
            return tuple(text.written_file(row, target.root, types) for row in written)
        raise QueryFailed(f"nothing could be written to {target.root}: {why}")

    def _translated(self, sql: str, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The statement for DuckDB, and the parameters that it names."""
        self._demand_running()
        try:
            translation = translate(sql)
        except InvalidInput as error:
            raise QueryFailed(str(error)) from None
        for table in translation.tables:
            require_registered(table, self._relations)
        return translation.sql, bind_parameters(translation.parameters, given)

    def _describe(self, sql: str, bound: Mapping[str, str] = _NO_PARAMETERS) -> list[tuple[str, DuckDBPyType]]:
        """Names and types of a query's columns; binds the query and reads no row."""
        cursor = self._connection.execute(f"SELECT * FROM ({sql}) LIMIT 0", dict(bound))
        described = [(str(column[0]), column[1]) for column in cursor.description or ()]
        cursor.fetchall()  # an unfinished result would block the next statement
        return described

    def _execute(self, sql: str, bound: Mapping[str, str] = _NO_PARAMETERS) -> list[tuple[object, ...]]:
        try:
            cursor = self._connection.execute(sql, dict(bound))
            moments = text.instant_places(cursor.description or ())
            rows = cursor.fetchall()
        except duckdb.Error as error:
            why = text.failure_reason(error)
        else:
            if not any(isinstance(row[place], str) for row in rows for place in moments):
                return rows
            why = "OverflowError: a date or a timestamp is outside of the years 1 to 9999"
        raise QueryFailed(why)  # not in the handler: the original quotes values and must not travel along
