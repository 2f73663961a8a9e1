"""The Spark engine. It differs from DuckDB in these points:

| | DuckDB | Spark |
|---|---|---|
| statement | translated | unchanged, except for the names of registered tables |
| names | views in schemas | temporary views, which have no schema: `a.b` has another name |
| columns of files | matched by name | matched by name, with the schema of the footers |
| tables of a catalog | none | `CatalogTable` |
| writing | one file per partition | one file per partition, several for large ones, by rebalancing |
| aggregates | one statement each, to save memory | as many as possible in one statement, which is one job |
| errors | contain no value of a row | contain no value; a Spark that is started here logs nothing |
"""

import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.functions import broadcast

from martgate.builders.dialect import parameter_names, parse, rename_tables, table_names
from martgate.builders.engines import spark_text as text
from martgate.builders.engines.footers import describe_file
from martgate.builders.engines.requirements import bind_parameters, require_one_shape, require_registered
from martgate.builders.engines.spark_session import open_session
from martgate.builders.engines.spill import spill_folder
from martgate.builders.ports import CatalogTable, Dataset, EngineConfig, TableTarget, WriteTarget, WrittenFile
from martgate.errors import InvalidInput, QueryFailed
from martgate.text.quoting import identifier, relation

__all__ = ["SparkEngine"]

_ADAPTIVE = "spark.sql.adaptive.enabled"
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


class SparkEngine:
    """Spark session, opened as in `martgate.builders.engines.spark_session`.

    Args:
        memory_limit: the heap of a Spark that is started here.
        temp_directory: the folder for its spill files; the system's temporary folder if None.
        master: its master URL.
    """

    name = "spark"
    prefers_one_statement = True  # a job costs the same for one aggregate as for ten

    def __init__(
        self, memory_limit: str = "4GB", temp_directory: Path | None = None, *, master: str = "local[*]"
    ) -> None:
        self._master = master
        self._memory_limit = memory_limit
        self._temp_directory = temp_directory
        self._names: set[str] = set()
        self._open = ExitStack()

    @classmethod
    def from_config(cls, config: EngineConfig) -> Self:
        """Create an engine, which is opened on entering it."""
        return cls(config.memory_limit, config.temp_directory, master=config.spark_master)

    def __enter__(self) -> Self:
        """Open the session.

        Raises:
            martgate.errors.InvalidInput: a setting is not valid, or the temporary folder cannot be created.
            martgate.errors.QueryFailed: Spark cannot be reached or started.
        """
        with ExitStack() as opening:
            folder = Path(opening.enter_context(spill_folder(self._temp_directory)))
            opening.enter_context(text.silence_loggers())
            self._session: SparkSession = opening.enter_context(open_session(self._master, self._memory_limit, folder))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._names.clear()
        self._open.close()

    def register(self, relation: str, source: Dataset | CatalogTable) -> None:
        """Create a temporary view over files or a table of Spark's catalog; nothing is copied.

        Every executor must see the files under the same path.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the catalog has no such table.
        """
        view = identifier(relation)
        text.attempt(lambda: self._read(relation, source).createOrReplaceTempView(view), f"{relation} cannot be read")
        self._names.add(relation)

    def _read(self, relation: str, source: Dataset | CatalogTable) -> DataFrame:
        if isinstance(source, CatalogTable):
            return self._read_catalog(source)
        return (
            self._read_files(relation, source)
            if source.files
            else self._session.sql(text.empty_query(relation, source))
        )

    def _read_catalog(self, table: CatalogTable) -> DataFrame:
        return self._session.sql(f"SELECT * {table.from_clause}", args=table.parameters)

    def _read_files(self, relation: str, dataset: Dataset) -> DataFrame:
        """Read a table's files after reading every footer, so that a broken file is reported here."""
        shapes = [
            (file, text.columns(self._reader.parquet(text.file_url(file))))
            for file in _one_file_per_shape(relation, dataset.files)
        ]
        if not dataset.columns:
            require_one_shape(relation, shapes)
        in_files = text.merge_types(relation, shapes)
        types = {**in_files, **dataset.partitions}
        frame = self._read_log(in_files, dataset) if dataset.partition_values else self._read_folders(types, dataset)
        selected = [text.nan_safe_column(name, types[name]) for name in dataset.order_columns(list(types))]
        return frame.selectExpr(*selected, *([identifier(dataset.file_column)] if dataset.file_column else []))

    def _read_log(self, in_files: Mapping[str, str], dataset: Dataset) -> DataFrame:
        """Read files, and add the partition columns to the rows of each file by its path."""
        reader = self._reader.option("recursiveFileLookup", "true").schema(text.schema_ddl(in_files))
        rows = reader.parquet(*map(text.file_url, dataset.files))
        kept = [identifier(name) for name in in_files if name not in dataset.partitions]
        files = rows.selectExpr(*kept, text.file_column(text.FILE))
        values = self._session.sql(text.partition_values_query(dataset))
        frame = files.join(broadcast(values), text.FILE, "left")
        added = text.partition_columns(dataset)
        file = [f"{identifier(text.FILE)} AS {identifier(dataset.file_column)}"] if dataset.file_column else []
        return frame.selectExpr(*kept, *added, *file)

    def _read_folders(self, types: Mapping[str, str], dataset: Dataset) -> DataFrame:
        """Read files, and the partition columns from their paths."""
        schema = text.schema_ddl(types)
        parts = []
        for root, files in groupby(sorted(dataset.files, key=_hive_root), key=_hive_root):
            # With partitions, a folder `a=1` below the root is one; without, no folder is.
            option = ("basePath", text.file_url(root)) if dataset.partitions else ("recursiveFileLookup", "true")
            part = self._reader.option(*option).schema(schema).parquet(*map(text.file_url, files))
            parts.append(
                part.selectExpr("*", *([text.file_column(dataset.file_column)] if dataset.file_column else []))
            )
        return reduce(type(parts[0]).unionByName, parts)

    @property
    def _reader(self) -> DataFrameReader:
        return self._session.read.option("__globPaths__", "false")  # a path may contain `*` or `[`

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Return name and Spark type of each column, in order.

        Raises:
            martgate.errors.QueryFailed: the relation is not registered.
        """
        return tuple(text.attempt(lambda: text.columns(self.frame(relation)), f"{relation} cannot be read"))

    def frame(self, relation: str) -> DataFrame:
        """Return a relation as a lazy data frame.

        Raises:
            martgate.errors.QueryFailed: the relation is not registered.
        """
        require_registered(relation, self._names)
        return text.attempt(lambda: self._session.table(identifier(relation)), f"{relation} cannot be read")

    def fetch(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[tuple[object, ...]]:
        """Run one Spark SQL statement and return all rows; timestamps are datetimes in UTC.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be parsed or run.
        """

        def fetch_rows() -> list[tuple[object, ...]]:
            with self._without_adaptive_execution():
                return _rows(self._query(sql, parameters).toArrow())

        return text.attempt(fetch_rows)

    @contextmanager
    def _without_adaptive_execution(self) -> Iterator[None]:
        """Disable adaptive execution, which runs each shuffle as a separate job to optimize joins that aggregates do not need."""
        conf = self._session.conf
        before = conf.get(_ADAPTIVE)
        can_set = conf.isModifiable(_ADAPTIVE)
        if can_set:
            conf.set(_ADAPTIVE, "false")
        try:
            yield
        finally:
            if can_set and before is not None:
                conf.set(_ADAPTIVE, before)

    def execute(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[Mapping[str, object]]:
        """Run one statement unchanged, for example about the catalog, and return its rows as mappings.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be run.
        """
        return text.attempt(
            lambda: [row.asDict() for row in self._session.sql(sql, args=dict(parameters)).collect()],
            sql.partition("\n")[0],
        )

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        """Overwrite an existing Delta table, or a part of it, in one commit.

        Args:
            table: the full name of the table to overwrite.
            source: the rows to write.
            options: the options of Delta's writer, such as `replaceWhere`.

        Raises:
            martgate.errors.QueryFailed: Spark or Delta cannot write the table.
        """

        def write() -> None:
            rows = self._read_catalog(source)
            rows.write.format("delta").mode("overwrite").options(**options).saveAsTable(relation(table))

        text.attempt(write, f"{table} cannot be written")

    def write(
        self, sql: str, target: WriteTarget | TableTarget, parameters: Mapping[str, str] = _NO_PARAMETERS
    ) -> tuple[WrittenFile, ...]:
        """Write the result of a statement to Parquet files or to a new table of the catalog.

        Spark chooses the names of its files, so it writes to a hidden folder under the root, from which the files are
        moved and renamed.

        Returns:
            The files written; none for a table of the catalog.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be parsed or run, or the files cannot be written.
        """
        if isinstance(target, TableTarget):
            self._create(sql, target, parameters)
            return ()
        staging = Path(target.root) / f"_{target.prefix}"
        statement = text.rebalance(sql, target.partition_by)

        def write() -> tuple[WrittenFile, ...]:
            frame = self._query(statement, parameters)
            frame.write.partitionBy(*target.partition_by).parquet(text.file_url(staging))
            return tuple(_move(file, staging, target) for file in sorted(staging.rglob("part-*.parquet")))

        try:
            return text.attempt(write, f"cannot write to {target.root}")
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _create(self, sql: str, target: TableTarget, parameters: Mapping[str, str]) -> None:
        statement = text.rebalance(sql, target.partition_by)

        def create() -> None:
            writer = self._query(statement, parameters).write.format(target.format).mode("error")
            writer.partitionBy(*target.partition_by).saveAsTable(relation(target.name))

        text.attempt(create, f"{target.name} cannot be created")

    def _query(self, sql: str, values: Mapping[str, str]) -> DataFrame:
        """Analyze a statement over registered names."""
        try:
            tree = parse(sql)
        except InvalidInput as error:
            raise QueryFailed(str(error)) from None
        for table in table_names(tree):
            require_registered(table, self._names)
        bound = bind_parameters(parameter_names(tree), values)
        views = {name.lower(): identifier(name) for name in self._names}
        return self._session.sql(rename_tables(sql, tree, views), args=bound)


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _one_file_per_shape(relation: str, files: Sequence[str]) -> list[str]:
    """Read all footers and return one file of each shape."""
    shapes: dict[pa.Schema, str] = {}
    for file in sorted(files):
        try:
            shapes.setdefault(pq.read_schema(file).remove_metadata(), file)
        except FileNotFoundError:
            raise QueryFailed(f"{relation} cannot be read: {file} does not exist") from None
        except (pa.ArrowException, OSError):
            raise QueryFailed(f"{relation} cannot be read: {file} is not readable Parquet") from None
    return list(shapes.values())


def _hive_root(file: str) -> str:
    """Find the folder above the `name=value` folders of a path."""
    return str(next(folder for folder in Path(file).parents if "=" not in folder.name))


def _move(file: Path, staging: Path, target: WriteTarget) -> WrittenFile:
    """Move a file from the staging folder to its partition, with the prefix in its name, and describe it."""
    folders = file.relative_to(staging).parent
    place = Path(target.root) / folders / f"{target.prefix}-{uuid.uuid4()}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    file.rename(place)
    values = dict(folder.split("=", 1) for folder in folders.parts)
    return describe_file(
        place, root=Path(target.root), partition={unquote(name): unquote(value) for name, value in values.items()}
    )
