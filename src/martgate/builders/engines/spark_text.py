"""SQL fragments, type names and error messages for the Spark engine; messages contain no value of a row."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from martgate.builders.engines.requirements import Shape, require_columns
from martgate.builders.ports import Dataset
from martgate.errors import QueryFailed
from martgate.text.quoting import field_name, identifier
from martgate.text.quoting import text as quote

__all__ = [
    "FILE",
    "attempt",
    "columns",
    "empty_query",
    "file_column",
    "file_url",
    "merge_types",
    "nan_safe_column",
    "partition_columns",
    "partition_values_query",
    "rebalance",
    "schema_ddl",
    "silence_loggers",
]

T = TypeVar("T")

_FAILURES: Final = (PySparkException, Py4JError, pa.ArrowException, OSError, OverflowError, ValueError)
"""Errors of Spark, of the JVM, and of values that Python cannot represent."""

_WIDTHS: Final = (("tinyint", "smallint", "int", "bigint"), ("float", "double"))
_FLOATING: Final = frozenset({"float", "double"})
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")

_REASONS: Final = (
    ("CAST_INVALID_INPUT", "a value could not be converted to the requested type"),
    ("CAST_OVERFLOW", "a number is too large for its type"),
    ("ARITHMETIC_OVERFLOW", "a number is too large for its type"),
    ("NUMERIC_VALUE_OUT_OF_RANGE", "a number is too large for its type"),
    ("DIVIDE_BY_ZERO", "division by zero"),
    ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "a subquery that must return one row returned more"),
    ("CANNOT_PARSE_TIMESTAMP", "a text is not in the requested date format"),
    ("FAILED_READ_FILE", "a file could not be read, or has changed"),
    ("DELTA_CONCURRENT", "another writer changed the table at the same time"),
    ("DELTA_REPLACE_WHERE_MISMATCH", "a row belongs to another day than the one that is replaced"),
    ("OutOfMemoryError", "Spark ran out of memory: raise memory_limit"),
)


def attempt(action: Callable[[], T], failure: str = "") -> T:
    """Run an action and turn errors of Spark into a QueryFailed that quotes no row.

    Args:
        action: the function to call.
        failure: the start of the error's message.

    Returns:
        The result of the action.
    """
    try:
        return action()
    except _FAILURES as error:
        why = _reason(error)
    raise QueryFailed(
        f"{failure}: {why}" if failure else why
    )  # outside the handler: the original quotes values and must not be chained


def _reason(error: Exception) -> str:
    """Explain in one line why a statement failed; quote Spark only if its message is about the statement, not a row."""
    if isinstance(error, AnalysisException | ParseException):
        return str(error).strip().partition("\n")[0]
    message = str(error)
    conditions = _CONDITION.findall(message)
    why = next((plain for mark, plain in _REASONS if mark in message), "a value of a row is not valid here")
    return f"{conditions[-1]}: {why}" if conditions else f"{type(error).__name__}: {why}"


@contextmanager
def silence_loggers() -> Iterator[None]:
    """Silence the loggers that quote rows: pyspark logs every error, py4j every exception of Java."""
    # pyspark's own class: a plain logger of that name, made first, would fail on the arguments that pyspark logs with.
    loggers = (PySparkLogger.getLogger("SQLQueryContextLogger"), logging.getLogger("py4j"))
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def file_url(path: str | Path) -> str:
    """Turn a local path into a URL, which does not depend on Spark's default file system."""
    return f"file:{path}"


def schema_ddl(types: Mapping[str, str]) -> str:
    """Format columns as the schema of a reader."""
    return ", ".join(f"{identifier(name)} {kind}" for name, kind in types.items())


def columns(frame: DataFrame) -> list[tuple[str, str]]:
    """List name and type of each column; unlike in `DataFrame.dtypes`, names of fields are quoted if necessary."""
    return [(field.name, _type_name(field.dataType)) for field in frame.schema.fields]


def _type_name(kind: DataType) -> str:
    match kind:
        case ArrayType():
            return f"array<{_type_name(kind.elementType)}>"
        case MapType():
            return f"map<{_type_name(kind.keyType)},{_type_name(kind.valueType)}>"
        case StructType():
            return f"struct<{','.join(f'{field_name(one.name)}:{_type_name(one.dataType)}' for one in kind.fields)}>"
        case _:
            return kind.simpleString()


def nan_safe_column(name: str, kind: str) -> str:
    """Format a column so that Spark reads it without filters on statistics.

    Parquet statistics ignore NaN, and Spark skips row groups by them: it would miss that NaN is greater than 5.
    """
    column = identifier(name)
    return (
        f"CASE WHEN isnan({column}) THEN CAST('NaN' AS {kind}) ELSE {column} END AS {column}"
        if kind in _FLOATING
        else column
    )


FILE: Final = "~file"
"""The column with each row's file, by which its partition values are found."""


def file_column(name: str) -> str:
    """Format the column with each row's file: a path as in `Dataset.files`, not a URL."""
    path = "regexp_replace(url_decode(replace(_metadata.file_path, '+', '%2B')), '^file:(//)?', '')"
    return f"{path} AS {identifier(name)}"


def partition_values_query(dataset: Dataset) -> str:
    """Format a query of the partition values of each file, as text."""
    columns = [identifier(FILE), *(identifier(f"~value{place}") for place in range(len(dataset.partitions)))]
    rows = (
        f"({', '.join([quote(file), *('CAST(NULL AS STRING)' if one is None else quote(one) for one in values)])})"
        for file, values in dataset.partition_values.items()
    )
    return f"SELECT *, true AS `~known` FROM VALUES {', '.join(rows)} AS v({', '.join(columns)})"


def partition_columns(dataset: Dataset) -> list[str]:
    """Format the partition columns of rows joined with their values; a file without any is an error."""
    missing = "raise_error('a file has no partition values')"
    return [
        f"CASE WHEN `~known` IS NULL THEN {missing} ELSE CAST({identifier(f'~value{place}')} AS {kind}) END AS {identifier(name)}"
        for place, (name, kind) in enumerate(dataset.partitions.items())
    ]


def empty_query(relation: str, dataset: Dataset) -> str:
    """Format a query of the declared columns that returns no rows."""
    require_columns(relation, dataset)
    typed = (f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in dataset.columns)
    return f"SELECT {', '.join(typed)} WHERE false"


def rebalance(sql: str, by: Sequence[str]) -> str:
    """Add a hint that gathers rows by partition and splits large partitions among several tasks."""
    return f"SELECT /*+ REBALANCE({', '.join(map(identifier, by))}) */ * FROM (\n{sql}\n)" if by else sql


def merge_types(relation: str, shapes: Iterable[Shape]) -> dict[str, str]:
    """Merge the columns of all files, in order of appearance; if types differ, the wider one is used.

    Raises:
        martgate.errors.QueryFailed: a column has types of which neither is wider.
    """
    types: dict[str, str] = {}
    for file, columns in shapes:
        for name, kind in columns:
            wider = _wider_type(types.get(name, kind), kind)
            if wider is None:
                raise QueryFailed(f"{relation} cannot be read: {name} is {kind} in {file} and {types[name]} elsewhere")
            types[name] = wider
    return types


def _wider_type(one: str, other: str) -> str | None:
    if one == other:
        return one
    return next((max(one, other, key=w.index) for w in _WIDTHS if one in w and other in w), None)
