"""What is said to Spark, and what it says back when a statement fails: without a value of any row."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from martgate.builders.engines.requirements import Shape, require_columns
from martgate.builders.ports import Dataset
from martgate.errors import QueryFailed
from martgate.text.quoting import field_name, identifier

__all__ = [
    "attempt",
    "columns",
    "empty_query",
    "file_column",
    "file_url",
    "merge_types",
    "nan_safe_column",
    "rebalance",
    "schema_ddl",
    "silence_loggers",
]

T = TypeVar("T")

_FAILURES: Final = (PySparkException, Py4JError, pa.ArrowException, OSError, OverflowError, ValueError)
"""Spark itself, the JVM in trouble, and values on their way here that Python cannot hold."""

_WIDTHS: Final = (("tinyint", "smallint", "int", "bigint"), ("float", "double"))
_FLOATING: Final = frozenset({"float", "double"})
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")

_TOLD: Final = (
    ("CAST_INVALID_INPUT", "a value could not be converted to the type asked for"),
    ("CAST_OVERFLOW", "a number is too large for its type"),
    ("ARITHMETIC_OVERFLOW", "a number is too large for its type"),
    ("NUMERIC_VALUE_OUT_OF_RANGE", "a number is too large for its type"),
    ("DIVIDE_BY_ZERO", "division by zero"),
    ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "a subquery that must return one row returned more"),
    ("CANNOT_PARSE_TIMESTAMP", "a text is not in the date format asked for"),
    ("FAILED_READ_FILE", "a file could not be read, or is not what it was"),
    ("DELTA_CONCURRENT", "another writer changed the table meanwhile"),
    ("DELTA_REPLACE_WHERE_MISMATCH", "a row lies outside of the day that is replaced"),
    ("OutOfMemoryError", "Spark ran out of memory: raise memory_limit"),
)


def attempt(action: Callable[[], T], what: str = "") -> T:
    """What the action returns; where Spark raises, a QueryFailed that begins with `what` and quotes no row."""
    try:
        return action()
    except _FAILURES as error:
        why = _reason(error)
    raise QueryFailed(f"{what}: {why}" if what else why)  # not in the handler: the original must not travel along


def _reason(error: Exception) -> str:
    """Why a statement failed, in one line: Spark's own words only where they are about the statement."""
    if isinstance(error, AnalysisException | ParseException):
        return str(error).strip().partition("\n")[0]
    words = str(error)
    conditions = _CONDITION.findall(words)
    why = next((plain for mark, plain in _TOLD if mark in words), "a value of a row cannot be used here")
    return f"{conditions[-1]}: {why}" if conditions else f"{type(error).__name__}: {why}"


@contextmanager
def silence_loggers() -> Iterator[None]:
    """Keep to themselves the loggers that quote rows: pyspark's, at every error, and that of the bridge to Java."""
    levels = {name: logging.getLogger(name).level for name in ("SQLQueryContextLogger", "py4j")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def file_url(path: str | Path) -> str:
    """A local path, which is local whatever file system Spark takes for the usual one."""
    return f"file:{path}"


def schema_ddl(types: Mapping[str, str]) -> str:
    return ", ".join(f"{identifier(name)} {kind}" for name, kind in types.items())


def columns(frame: DataFrame) -> list[tuple[str, str]]:
    """Name and type of each column; unlike `DataFrame.dtypes`, with the names of fields quoted where they must be."""
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
    """A column as Spark must be made to read it.

    Parquet statistics leave NaN out, and Spark skips row groups by them: NaN is greater than 5, and was never seen.
    """
    column = identifier(name)
    return (
        f"CASE WHEN isnan({column}) THEN CAST('NaN' AS {kind}) ELSE {column} END AS {column}"
        if kind in _FLOATING
        else column
    )


def file_column(dataset: Dataset) -> tuple[str, ...]:
    """The column that says in which file a row lies, if one is asked for: its path as it was given, not as a URL."""
    if not dataset.file_column:
        return ()
    path = "regexp_replace(url_decode(replace(_metadata.file_path, '+', '%2B')), '^file:(//)?', '')"
    return (f"{path} AS {identifier(dataset.file_column)}",)


def empty_query(relation: str, dataset: Dataset) -> str:
    """A table without rows, of the declared columns."""
    require_columns(relation, dataset)
    typed = (f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in dataset.columns)
    return f"SELECT {', '.join(typed)} WHERE false"


def rebalance(sql: str, by: Sequence[str]) -> str:
    """The query with its rows brought together by partition, and large partitions split again among several tasks."""
    return f"SELECT /*+ REBALANCE({', '.join(map(identifier, by))}) */ * FROM (\n{sql}\n)" if by else sql


def merge_types(relation: str, shapes: Iterable[Shape]) -> dict[str, str]:
    """The columns of all files with the wider type where files differ, in the order in which they are first seen."""
    types: dict[str, str] = {}
    for file, columns in shapes:
        for name, kind in columns:
            wider = _wider(types.get(name, kind), kind)
            if wider is None:
                raise QueryFailed(f"{relation} cannot be read: {name} is {kind} in {file} and {types[name]} elsewhere")
            types[name] = wider
    return types


def _wider(one: str, other: str) -> str | None:
    if one == other:
        return one
    return next((max(one, other, key=w.index) for w in _WIDTHS if one in w and other in w), None)
