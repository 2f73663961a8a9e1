"""SQL fragments, type names and error messages for the DuckDB engine; messages contain no value of a row."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Final

import duckdb
from duckdb.sqltypes import DuckDBPyType
from sqlglot import exp
from sqlglot.errors import SqlglotError

from martgate.builders.dialect import SparkMart
from martgate.builders.engines.requirements import require_columns
from martgate.builders.ports import Dataset, WriteTarget, WrittenFile
from martgate.errors import QueryFailed
from martgate.text.quoting import duckdb_identifier, duckdb_text, field_name

__all__ = [
    "copy_statement",
    "duckdb_type",
    "empty_select",
    "failure_reason",
    "first_line",
    "instant_places",
    "read_parquet",
    "spark_type",
    "written_file",
]

_SPARK_TYPES: Final = {
    "integer": "int",
    "varchar": "string",
    "blob": "binary",
    "timestamp with time zone": "timestamp",
    "timestamp": "timestamp_ntz",
}
"""Spark's names of DuckDB's types; a type that Spark does not have keeps its DuckDB name."""

_NULL_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_INTEGER: Final = re.compile(r"-?\d+")

_SAFE_ERRORS: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
)
"""Errors about a statement, a file or the machine, whose messages never quote a row."""


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(duckdb_text, texts))}]"


def _escape_glob(path: str) -> str:
    """Escape `*`, `?` and `[` in a path.

    >>> _escape_glob("a[1]/b*.parquet")
    'a[[]1]/b[*].parquet'
    """
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def duckdb_type(spark: str) -> str:
    """Translate a Spark type to DuckDB.

    >>> duckdb_type("timestamp"), duckdb_type("array<int>")
    ('TIMESTAMPTZ', 'INT[]')
    """
    try:
        return exp.DataType.build(spark, dialect=SparkMart).sql("duckdb")
    except SqlglotError:
        raise QueryFailed(f"{spark!r} is not a type that DuckDB has") from None


def spark_type(type_: DuckDBPyType) -> str:
    """Translate a DuckDB type, nested or not, to Spark (`array<struct<id:bigint>>`)."""
    name = type_.id
    if name not in {"decimal", "list", "array", "map", "struct"}:
        return _SPARK_TYPES.get(name, name)
    parts = {part: spark_type(of) if isinstance(of, DuckDBPyType) else of for part, of in type_.children}
    match name:
        case "decimal":
            return f"decimal({parts['precision']},{parts['scale']})"
        case "map":
            return f"map<{parts['key']},{parts['value']}>"
        case "struct":
            return f"struct<{','.join(f'{field_name(part)}:{of}' for part, of in parts.items())}>"
        case _:
            return f"array<{parts['child']}>"


def shapes_query(dataset: Dataset) -> str:
    """Format the query that returns one file of each shape, with its columns and types in order."""
    fields = f"SELECT * FROM parquet_schema({_list(map(_escape_glob, dataset.files))}) WHERE column_id > 0"
    lists = "list((name, duckdb_type) ORDER BY column_id) AS shape, list(num_children ORDER BY column_id) AS nested"
    shapes = f"SELECT file_name, {lists} FROM ({fields}) GROUP BY file_name"
    return f"SELECT min(file_name) AS file, shape FROM ({shapes}) GROUP BY shape, nested ORDER BY file"


def nan_safe_column(name: str, type_: str) -> str:
    """Format a column so that DuckDB reads it without filters on statistics.

    Parquet statistics ignore NaN, and DuckDB skips row groups by them: it would miss that NaN is greater than 5.
    """
    column = duckdb_identifier(name)
    return f"CASE WHEN isnan({column}) THEN 'NaN' ELSE {column} END AS {column}" if type_ in _FLOATING else column


_FLOATING = frozenset({"FLOAT", "DOUBLE"})


def read_parquet(dataset: Dataset, *, one_shape: bool) -> str:
    """Format the table function that reads the dataset's files, with the declared types of partition columns.

    Args:
        dataset: the files.
        one_shape: whether all files have the same columns; if not, every statement first opens all of them.
    """
    values = dataset.partition_values
    hive = ", ".join(f"{duckdb_identifier(name)}: {duckdb_type(type_)}" for name, type_ in dataset.partitions.items())
    options = (
        f"hive_partitioning = true, hive_types = {{{hive}}}" if hive and not values else "hive_partitioning = false"
    )
    if values or dataset.file_column:
        options += f", filename = {duckdb_text(dataset.file_column or _FILE)}"
    files = f"read_parquet({_list(map(_escape_glob, dataset.files))}, union_by_name = {str(not one_shape).lower()}, {options})"
    return _join_partition_values(files, dataset) if values else files


_FILE: Final = "~file"
_VALUE: Final = "~value"


def _join_partition_values(files: str, dataset: Dataset) -> str:
    """Format a subquery that adds the partition columns to the rows of each file by its path; a file without any is an error."""
    names = [duckdb_identifier(f"{_VALUE}{place}") for place in range(len(dataset.partitions))]
    rows = (
        f"({', '.join([duckdb_text(file), *('NULL' if value is None else duckdb_text(value) for value in values)])})"
        for file, values in dataset.partition_values.items()
    )
    missing = f"v.{duckdb_identifier(_FILE)} IS NULL"
    added = ", ".join(
        f"CASE WHEN {missing} THEN error('a file has no partition values') "
        f"ELSE CAST(v.{value} AS {duckdb_type(kind)}) END AS {duckdb_identifier(column)}"
        for value, (column, kind) in zip(names, dataset.partitions.items(), strict=True)
    )
    inner = [*dataset.partitions, _FILE, *(f"{_VALUE}{place}" for place in range(len(names)))]
    kept = f"COLUMNS(lambda name: lower(name) NOT IN ({', '.join(duckdb_text(name.lower()) for name in inner)}))"
    on = f"f.{duckdb_identifier(dataset.file_column or _FILE)} = v.{duckdb_identifier(_FILE)}"
    columns = ", ".join([duckdb_identifier(_FILE), *names])
    return f"(SELECT {kept}, {added} FROM {files} AS f LEFT JOIN (VALUES {', '.join(rows)}) AS v({columns}) ON {on})"


def empty_select(name: str, dataset: Dataset) -> str:
    """Format a SELECT of the declared columns that returns no rows."""
    require_columns(name, dataset)
    typed = (f"CAST(NULL AS {duckdb_type(type_)}) AS {duckdb_identifier(column)}" for column, type_ in dataset.columns)
    return f"SELECT {', '.join(typed)} WHERE false"


def copy_statement(query: str, target: WriteTarget) -> str:
    """Format the COPY that writes a query's result to Parquet and returns one row per file."""
    if target.partition_by:
        destination = target.root
        columns = ", ".join(map(duckdb_identifier, target.partition_by))
        pattern = duckdb_text(target.prefix + "-{uuidv7}")
        layout = f"PARTITION_BY ({columns}), FILENAME_PATTERN {pattern}, APPEND, WRITE_PARTITION_COLUMNS false"
    else:
        destination = str(PurePath(target.root) / f"{target.prefix}-{uuid.uuid4()}.parquet")
        layout = "OVERWRITE_OR_IGNORE false"
    return f"COPY ({query}) TO {duckdb_text(destination)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS, {layout})"


def written_file(row: Sequence[object], root: str, types: Mapping[str, DuckDBPyType]) -> WrittenFile:
    """Build a WrittenFile from one row that COPY returned.

    Args:
        row: path, rows, bytes, bytes of the footer, statistics by column, partition.
        root: the folder of the table.
        types: the type of each column.
    """
    path, rows, size, _, statistics, partition = row[:6]
    assert isinstance(rows, int)
    assert isinstance(size, int)
    assert isinstance(statistics, dict)
    assert isinstance(partition, dict | None)
    columns = {_unquote(name): values for name, values in statistics.items() if _unquote(name) in types}
    return WrittenFile(
        path=PurePath(str(path)).relative_to(root).as_posix(),
        rows=rows,
        bytes=size,
        partition={name: _NULL_PARTITION if value is None else value for name, value in (partition or {}).items()},
        minimum=_bounds(columns, types, "min"),
        maximum=_bounds(columns, types, "max"),
        null_count={name: int(values["null_count"]) for name, values in columns.items() if "null_count" in values},
    )


def _unquote(name: str) -> str:
    return name.removeprefix('"').removesuffix('"').replace('""', '"')


def _bounds(
    columns: Mapping[str, Mapping[str, str]], types: Mapping[str, DuckDBPyType], end: str
) -> dict[str, int | str]:
    exact = {
        name: values[end]
        for name, values in columns.items()
        if types[name].id not in {"varchar", "blob"} and values.get(f"{end}_is_exact") == "true"
    }
    return {name: int(text) if _INTEGER.fullmatch(text) else text for name, text in exact.items()}


def instant_places(description: Iterable[Sequence[object]]) -> tuple[int, ...]:
    """Find the positions of dates and timestamps: DuckDB returns text for those that Python cannot represent."""
    return tuple(place for place, column in enumerate(description) if str(column[1]).startswith(("DATE", "TIMESTAMP")))


def first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    return str(error).partition("\n")[0]


def failure_reason(error: duckdb.Error) -> str:
    """Explain why a statement failed, without a value of a row, which DuckDB quotes and which may be personal data."""
    line = first_line(error)
    if isinstance(error, _SAFE_ERRORS) or "[DIVIDE_BY_ZERO]" in line:
        return line
    kind = line.partition(":")[0]
    if isinstance(error, duckdb.ConversionException):
        column = re.search(r"when casting from source column (\w+)$", line)
        where = f" of column {column[1]}" if column else ""
        return f"{kind}: a value{where} could not be converted to the requested type"
    plain = next((text for mark, text in _REASONS if mark in line), "a value of a row is not valid here")
    return f"{kind}: {plain}"


_REASONS: Final = (
    ("Division by zero", "division by zero"),
    ("Overflow", "a number is too large for its type"),
    ("More than one row returned by a subquery", "a subquery that must return one row returned more"),
    ("Malformed JSON", "a text is not JSON"),
    ("Could not parse string", "a text is not in the requested date format"),
)
