"""Spark, as users run it. What differs from the embedded engine, beyond speed at scale:

| | DuckDB | here |
|---|---|---|
| the statement | translated | as it is written, but for the names of files' tables |
| names | views in schemas | temporary views, which have no schema: `a.b` is read under another name |
| files of a table | read by name | by name too, and by the schema of their own footers |
| a table without files | its catalog knows none | `CatalogTable`s of Spark's own catalog |
| writing | one file a partition | the same, and more where a partition is large: rebalanced, so that no task drowns |
| counting | a statement at a time, for its memory's sake | all that can be in one statement, planned once: one job |
| errors | told without any value | the same; a Spark that is started here logs nothing |
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
    """A Spark session, found or started as `martgate.builders.engines.spark_session` says.

    `memory_limit` is the heap of a Spark that is started here; spill files go to `temp_directory`.
    """

    name = "spark"
    prefers_one_statement = True  # a job's price is the same for one question and for ten

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
        return cls(config.memory_limit, config.temp_directory, master=config.spark_master)

    def __enter__(self) -> Self:
        """Find or start the session.

        Raises:
            martgate.errors.InvalidInput: a setting is wrong, or there is no temporary folder.
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
        """Make files, or a table of Spark's catalog, readable under a name, as a temporary view; nothing is copied.

        Files must lie where every executor sees them under the same path.

        Raises:
            martgate.errors.QueryFailed: a file is missing or is not Parquet, or the catalog has no such table.
        """
        view = identifier(relation)
        text.attempt(lambda: self._read(relation, source).createOrReplaceTempView(view), f"{relation} cannot be read")
        self._names.add(relation)

    def _read(self, relation: str, source: Dataset | CatalogTable) -> DataFrame:
        if isinstance(source, CatalogTable):
            return self._of_catalog(source)
        return self._files(relation, source) if source.files else self._session.sql(text.empty_query(relation, source))

    def _of_catalog(self, table: CatalogTable) -> DataFrame:
        return self._session.sql(f"SELECT * {table.from_clause}", args=table.parameters)

    def _files(self, relation: str, dataset: Dataset) -> DataFrame:
        """A frame over exactly these files, each footer of which was read: a broken file is named now, not mid-way."""
        shapes = [
            (file, text.columns(self._reader.parquet(text.file_url(file))))
            for file in _one_of_each(relation, dataset.files)
        ]
        if not dataset.columns:
            require_one_shape(relation, shapes)
        types = {**text.merge_types(relation, shapes), **dataset.partitions}
        schema = text.schema_ddl(types)
        parts = []
        for root, files in groupby(sorted(dataset.files, key=_hive_root), key=_hive_root):
            # Below its root a folder `a=1` is a partition; without any, no folder may be taken for one.
            option = ("basePath", text.file_url(root)) if dataset.partitions else ("recursiveFileLookup", "true")
            part = self._reader.option(*option).schema(schema).parquet(*map(text.file_url, files))
            parts.append(part.selectExpr("*", *text.file_column(dataset)))
        frame = reduce(type(parts[0]).unionByName, parts)
        named = [text.nan_safe_column(name, types[name]) for name in dataset.order_columns(list(types))]
        return frame.selectExpr(*named, *([identifier(dataset.file_column)] if dataset.file_column else []))

    @property
    def _reader(self) -> DataFrameReader:
        return self._session.read.option("__globPaths__", "false")  # a path is a path, whatever letters are in it

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, in order; types in Spark's spelling.

        Raises:
            martgate.errors.QueryFailed: the relation is unknown.
        """
        return tuple(text.attempt(lambda: text.columns(self.frame(relation)), f"{relation} cannot be read"))

    def frame(self, relation: str) -> DataFrame:
        """A relation as Spark's own frame, of which nothing has been read yet.

        Raises:
            martgate.errors.QueryFailed: the relation is unknown.
        """
        require_registered(relation, self._names)
        return text.attempt(lambda: self._session.table(identifier(relation)), f"{relation} cannot be read")

    def fetch(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[tuple[object, ...]]:
        """All rows of one Spark SQL statement; timestamps come as UTC datetimes.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be read or run.
        """

        def fetched() -> list[tuple[object, ...]]:
            with self._planned_once():
                return _rows(self._query(sql, parameters).toArrow())

        return text.attempt(fetched)

    @contextmanager
    def _planned_once(self) -> Iterator[None]:
        """Adaptive execution runs each shuffle as a job of its own, to learn how to join what only has to be counted."""
        conf = self._session.conf
        before = conf.get(_ADAPTIVE)
        may_set = conf.isModifiable(_ADAPTIVE)
        if may_set:
            conf.set(_ADAPTIVE, "false")
        try:
            yield
        finally:
            if may_set and before is not None:
                conf.set(_ADAPTIVE, before)

    def execute(self, sql: str, parameters: Mapping[str, str] = _NO_PARAMETERS) -> Sequence[Mapping[str, object]]:
        """What a statement about Spark's catalog returns, each row by its columns; the text is sent as it stands.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be run.
        """
        return text.attempt(
            lambda: [row.asDict() for row in self._session.sql(sql, args=dict(parameters)).collect()],
            sql.partition("\n")[0],
        )

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        """Write a table of Spark's catalog over a Delta table that exists, in one commit with these writer's options.

        Raises:
            martgate.errors.QueryFailed: Spark or Delta refused.
        """

        def write() -> None:
            rows = self._of_catalog(source)
            rows.write.format("delta").mode("overwrite").options(**options).saveAsTable(relation(table))

        text.attempt(write, f"{table} cannot be written")

    def write(
        self, sql: str, target: WriteTarget | TableTarget, parameters: Mapping[str, str] = _NO_PARAMETERS
    ) -> tuple[WrittenFile, ...]:
        """Write a statement's result as Parquet, or as a new table, and say which files were written.

        Spark names files as it likes: it writes into a folder of its own under the root, which no reader looks into,
        and the files are then moved to their places.

        Raises:
            martgate.errors.QueryFailed: the statement cannot be read or run, or the disk refused.
        """
        if isinstance(target, TableTarget):
            self._create(sql, target, parameters)
            return ()
        staging = Path(target.root) / f"_{target.prefix}"
        rebalanced = text.rebalance(sql, target.partition_by)

        def write() -> tuple[WrittenFile, ...]:
            frame = self._query(rebalanced, parameters)
            frame.write.partitionBy(*target.partition_by).parquet(text.file_url(staging))
            return tuple(_moved(file, staging, target) for file in sorted(staging.rglob("part-*.parquet")))

        try:
            return text.attempt(write, f"nothing could be written to {target.root}")
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _create(self, sql: str, target: TableTarget, parameters: Mapping[str, str]) -> None:
        rebalanced = text.rebalance(sql, target.partition_by)

        def create() -> None:
            writer = self._query(rebalanced, parameters).write.format(target.format).mode("error")
            writer.partitionBy(*target.partition_by).saveAsTable(relation(target.name))

        text.attempt(create, f"{target.name} cannot be created")

    def _query(self, sql: str, given: Mapping[str, str]) -> DataFrame:
        """A statement over registered names, as Spark has analysed it."""
        try:
            tree = parse(sql)
        except InvalidInput as error:
            raise QueryFailed(str(error)) from None
        for table in table_names(tree):
            require_registered(table, self._names)
        named = bind_parameters(parameter_names(tree), given)
        views = {name.lower(): identifier(name) for name in self._names}
        return self._session.sql(rename_tables(sql, tree, views), args=named)


def _rows(found: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def _one_of_each(relation: str, files: Sequence[str]) -> list[str]:
    """One file of each shape, by the footers of all."""
    shapes: dict[pa.Schema, str] = {}
    for file in sorted(files):
        try:
            shapes.setdefault(pq.read_schema(file).remove_metadata(), file)
        except FileNotFoundError:
            raise QueryFailed(f"{relation} cannot be read: there is no {file}") from None
        except (pa.ArrowException, OSError):
            raise QueryFailed(f"{relation} cannot be read: {file} is not readable Parquet") from None
    return list(shapes.values())


def _hive_root(file: str) -> str:
    """The folder under which a file's path consists of `name=value` folders."""
    return str(next(folder for folder in Path(file).parents if "=" not in folder.name))


def _moved(file: Path, staging: Path, target: WriteTarget) -> WrittenFile:
    """One file at its place among the table's, under a name that tells whose it is, and what its footer says."""
    folders = file.relative_to(staging).parent
    place = Path(target.root) / folders / f"{target.prefix}-{uuid.uuid4()}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    file.rename(place)
    values = dict(folder.split("=", 1) for folder in folders.parts)
    return describe_file(
        place, root=Path(target.root), partition={unquote(name): unquote(value) for name, value in values.items()}
    )
