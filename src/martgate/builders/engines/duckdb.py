"""The DuckDB engine. Apart from the SQL dialect, it differs from Spark in these points:

| | Spark | DuckDB |
|---|---|---|
| session time zone | a setting; must be UTC | set to UTC and checked |
| types | `timestamp`, `timestamp_ntz` | TIMESTAMP WITH TIME ZONE, TIMESTAMP |
| files of a table | Delta's snapshot | the registered list, columns matched by name |
| position of hive columns | from the schema | from `Dataset.columns`, else last |
| errors | quote values of rows | contain no value: rows may hold personal data |
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

if TYPE_CHECKING:  # DuckDB imports it when it returns batches
    import pyarrow as pa

__all__ = ["DuckDBEngine"]

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(.*)", re.DOTALL)


class DuckDBEngine:
    """DuckDB in memory, which spills to disk at its memory limit.

    Args:
        memory_limit: the memory to use before spilling.
        temp_directory: the folder in which the engine creates its own for spill files and removes it on exit; the
            system's temporary folder if None.
        threads: the number of cores to use; all if None.
    """

    name = "duckdb"
    prefers_one_statement = False  # one statement would hold the groups of all in memory at once

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
        """Create one of `shares` engines that run at the same time and together use the resources of one."""
        if config.shares == 1:
            return cls(config.memory_limit, config.temp_directory)
        amount = _AMOUNT.fullmatch(config.memory_limit)  # DuckDB refuses invalid amounts
        limit = f"{float(amount[1]) / config.shares:.3f}{amount[2]}" if amount else config.memory_limit
        threads = max(1, (os.cpu_count() or 1) // config.shares)
        return cls(limit, config.temp_directory, threads=threads)

    def __enter__(self) -> Self:
        """Open the database.

        Raises:
            martgate.errors.InvalidInput: DuckDB does not accept a setting, or the temporary folder cannot be created.
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
        # Answer from rows, not from statistics in footers, which may be wrong.
        self._execute("SET disabled_optimizers = 'statistics_propagation'")
        self._execute("SET python_enable_replacements = false")  # a Python variable must not be read as a table
        self._execute(MACROS)
        zone = self._execute("SELECT current_setting('TimeZone')")
        if zone != [("UTC",)]:
            raise QueryFailed(f"the time zone of the session is {zone}; expected UTC")

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._spill.cleanup()
        self._relations.clear()

    def stop(self) -> None:
        """Cancel the statement that another thread runs and reject all later ones; each raises QueryFailed."""
        self._stopped = True
        self._connection.interrupt()

    def _require_running(self) -> None:
        if self._stopped:
            raise QueryFailed("the engine was stopped")

    def register(self, relation: str, source: Dataset | CatalogTable) -> None:
        """Create a view over the files; nothing is copied.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the source is a table of a catalog.
        """
        if isinstance(source, CatalogTable):
            raise QueryFailed(
                f"{relation} cannot be read: {source.name} is a table of a catalog, which only Spark can read"
            )
        self._require_running()
        body = self._select_files(relation, source) if source.files else text.empty_select(relation, source)
        schema, dot, _ = relation.partition(".")
        if dot:
            self._execute(f"CREATE SCHEMA IF NOT EXISTS {duckdb_identifier(schema)}")
        self._execute(f"CREATE OR REPLACE VIEW {duckdb_relation(relation)} AS {body}")
        self._relations.add(relation)

    def _select_files(self, relation: str, dataset: Dataset) -> str:
        """Format the SELECT over a table's files after reading every footer, so that a broken file is reported here."""
        try:
            shapes = self._connection.execute(text.shapes_query(dataset)).fetchall()
            source = text.read_parquet(dataset, one_shape=len(shapes) == 1)
            described = self._describe(f"SELECT * FROM {source}")
        except duckdb.Error as error:  # only footers were read: the message contains no value of a row
            why = text.first_line(error)
        else:
            if not dataset.columns:
                require_one_shape(relation, shapes)
            types = {name: str(type_) for name, type_ in described}
            names = dataset.order_columns([name for name, _ in described])
            return f"SELECT {', '.join(text.nan_safe_column(name, types[name]) for name in names)} FROM {source}"
        raise QueryFailed(f"{relation} cannot be read: {why}")

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Return name and Spark type of each column, in order.

        Raises:
            martgate.errors.QueryFailed: the relation is not registered, or its files no longer exist.
        """
        require_registered(relation, self._relations)
        try:
            described = self._describe(f"SELECT * FROM {duckdb_relation(relation)}")
        except duckdb.Error as error:
            why = text.failure_reason(error)
        else:
            return tuple((name, text.spark_type(type_)) for name, type_ in described)
        raise QueryFailed(f"{relation} cannot be read: {why}")

    def fetch(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[tuple[object, ...]]:
        """Run one Spark SQL statement and return all rows; timestamps are datetimes in UTC.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be translated or run.
        """
        translated, bound = self._translate(sql, parameters)
        return self._execute(translated, bound)

    def batches(self, relation: str, columns: Sequence[str] = ()) -> "Generator[pa.RecordBatch]":
        """Yield the rows of a relation in Arrow batches, at least one even if it is empty.

        Close the generator before the next statement, unless it is exhausted.

        Args:
            relation: the registered name.
            columns: the columns to read; all if empty.

        Raises:
            martgate.errors.QueryFailed: the relation is not registered, or its files no longer exist.
        """
        import pyarrow as pa  # noqa: PLC0415 - takes half a second, only needed here

        require_registered(relation, self._relations)
        names = ", ".join(map(duckdb_identifier, columns)) or "*"
        try:
            with self._connection.sql(f"SELECT {names} FROM {duckdb_relation(relation)}").to_arrow_reader() as reader:
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
        """Write the result of a statement to Parquet files; other files under the root stay unchanged.

        Returns:
            The files written. Minimum and maximum of integers are int, those of other types text, and those of text are
            left out, as they may be personal. A null partition value is `__HIVE_DEFAULT_PARTITION__`, as in its folder.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be translated or run, or the files cannot be written.
        """
        if isinstance(target, TableTarget):
            raise QueryFailed(f"{target.name} cannot be written: it is a table of a catalog, and only Spark has one")
        translated, bound = self._translate(sql, parameters)
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
        raise QueryFailed(f"cannot write to {target.root}: {why}")

    def _translate(self, sql: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Translate a statement and select the values of its parameters."""
        self._require_running()
        try:
            translation = translate(sql)
        except InvalidInput as error:
            raise QueryFailed(str(error)) from None
        for table in translation.tables:
            require_registered(table, self._relations)
        return translation.sql, bind_parameters(translation.parameters, values)

    def _describe(self, sql: str, bound: Mapping[str, str] = _NO_PARAMETERS) -> list[tuple[str, DuckDBPyType]]:
        """Return names and types of a query's columns without reading rows."""
        cursor = self._connection.execute(f"SELECT * FROM ({sql}) LIMIT 0", dict(bound))
        described = [(str(column[0]), column[1]) for column in cursor.description or ()]
        cursor.fetchall()  # an unfinished result would block the next statement
        return described

    def _execute(self, sql: str, bound: Mapping[str, str] = _NO_PARAMETERS) -> list[tuple[object, ...]]:
        try:
            cursor = self._connection.execute(sql, dict(bound))
            instants = text.instant_places(cursor.description or ())
            rows = cursor.fetchall()
        except duckdb.Error as error:
            why = text.failure_reason(error)
        else:
            if not any(isinstance(row[place], str) for row in rows for place in instants):
                return rows
            why = "OverflowError: a date or a timestamp is outside the years 1 to 9999"
        raise QueryFailed(why)  # outside the handler: the original quotes values and must not be chained
