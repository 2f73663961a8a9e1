"""Checks the files of a candidate by their Parquet footers, before a commit shows them to readers.

A Delta commit believes the writer about everything: rows, types, nulls, even whether a file exists. The footers prove it,
at the price of the last kilobytes of each file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from martgate.builders.engines.footers import value_range
from martgate.builders.ports import WrittenFile
from martgate.contracts.day import parse_day
from martgate.contracts.types import canonical_type
from martgate.text.quoting import identifier

__all__ = ["FileRequirements", "find_misfits", "render_statistics", "to_spark_type"]

_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequirements:
    """What a table requires of every file of a candidate.

    Attributes:
        types: the types of all columns in the order of the table, in Spark's spelling.
        partitions: the partition columns.
        not_null: the columns without nulls.
        day_column: the partition column that a publish replaces; empty for a table that is published whole.
        day: the value of that column.
    """

    types: Mapping[str, str]
    partitions: tuple[str, ...]
    not_null: frozenset[str]
    day_column: str
    day: date

    @property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """The columns inside the files, without the partition columns, which are in the paths."""
        return tuple((name, kind) for name, kind in self.types.items() if name not in self.partitions)


def find_misfits(root: Path, file: WrittenFile, required: FileRequirements) -> Iterator[str]:
    """Describe how a file does not fit the table, one sentence a problem, without any value of a row.

    Args:
        root: the folder of the table.
        file: the file as it was staged.
        required: what the table requires.
    """
    yield from _wrong_place(file, required)
    try:
        with pq.ParquetFile(root / file.path) as opened:
            yield from _wrong_columns(file, opened.schema_arrow, required)
            if opened.metadata.num_rows != file.rows:
                yield f"{file.path}: {opened.metadata.num_rows:,} rows, {file.rows:,} were written"
            yield from _nulls(file, opened, required)
    except (pa.ArrowException, OSError) as error:
        yield f"{file.path}: is not readable Parquet ({type(error).__name__})"


def _wrong_place(file: WrittenFile, required: FileRequirements) -> Iterator[str]:
    folders = tuple(unquote(folder) for folder in file.path.split("/")[:-1])
    expected = tuple(f"{name}={file.partition.get(name)}" for name in required.partitions)
    if set(file.partition) != set(required.partitions):
        yield f"{file.path}: partitioned by {', '.join(file.partition) or 'nothing'}, the table by {', '.join(required.partitions)}"
    elif folders != expected:
        yield f"{file.path}: is in another folder than that of its partition, {'/'.join(expected)}"
    for name, value in file.partition.items():
        if value in (None, "", _NULL_FOLDER):
            yield f"{file.path}: {name} is null"
        elif not _is_a(required.types.get(name, "string"), value):
            yield f"{file.path}: {name}={value} is not a {required.types[name]}"
    own = file.partition.get(required.day_column)
    if required.day_column and own != required.day.isoformat():
        yield f"{file.path}: belongs to {own}, the candidate to {required.day}"


def _is_a(kind: str, value: str) -> bool:
    """Whether the text of a partition is a value of its type; only types that tables are partitioned by are checked."""
    if kind in ("tinyint", "smallint", "int", "bigint"):
        return value.removeprefix("-").isascii() and value.removeprefix("-").isdigit()
    if kind == "date":
        return parse_day(value) is not None
    return True


def _wrong_columns(file: WrittenFile, schema: pa.Schema, required: FileRequirements) -> Iterator[str]:
    actual, expected = {field.name: to_spark_type(field.type) for field in schema}, dict(required.stored)
    names = [field.name for field in schema]
    if names != list(expected):
        lost, added = set(expected) - set(names), set(names) - set(expected)
        differences = [f"without {name}" for name in sorted(lost)] + [f"with {name} too many" for name in sorted(added)]
        yield f"{file.path}: {', '.join(differences) or 'its columns are in another order'}; the table has {', '.join(expected)}"
    for name, kind in actual.items():
        if name in expected and expected[name] != kind:
            yield f"{file.path}: {name} is {kind}, the table has {expected[name]}"


def _nulls(file: WrittenFile, opened: pq.ParquetFile, required: FileRequirements) -> Iterator[str]:
    present = set(opened.schema_arrow.names)
    for name in sorted(required.not_null & present):
        nulls = _null_count(opened, name)
        if nulls:
            yield f"{file.path}: {nulls:,} rows without {name}, which the table requires"


def _null_count(opened: pq.ParquetFile, name: str) -> int:
    """Count nulls from the footer, or from the column itself if the writer left its statistics out."""
    counts = [statistics.null_count if statistics else None for statistics in _statistics(opened, name)]
    if any(count is None for count in counts):
        return int(opened.read([name]).column(name).null_count)
    return sum(count for count in counts if count is not None)


def _statistics(opened: pq.ParquetFile, name: str) -> Iterator[pq.Statistics | None]:
    """Yield the statistics of a column, one a row group; None without statistics that count nulls."""
    metadata = opened.metadata
    positions = [i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name]
    for group in range(metadata.num_row_groups):
        for position in positions:
            statistics = metadata.row_group(group).column(position).statistics
            yield statistics if statistics is not None and statistics.null_count is not None else None
        if not positions:  # a nested column has leaves and no statistics of its own
            yield None


def render_statistics(root: Path, file: WrittenFile, columns: Iterable[str]) -> str:
    """Render the statistics of a Delta add action as JSON, from the footer of a file.

    Args:
        root: the folder of the table.
        file: the file.
        columns: the columns with counts of nulls, and with bounds if `value_range` knows them.
    """
    stats: dict[str, object] = {"numRecords": file.rows}
    nulls, least, greatest = {}, {}, {}
    with pq.ParquetFile(root / file.path) as opened:
        for name in columns:
            nulls[name] = _null_count(opened, name)
            if ends := value_range([*_statistics(opened, name)]):
                least[name], greatest[name] = ends
    stats |= {"nullCount": nulls, "minValues": least, "maxValues": greatest}
    return json.dumps(stats, allow_nan=False)


_EXACT: tuple[tuple[pa.DataType, str], ...] = (
    (pa.int8(), "tinyint"),
    (pa.int16(), "smallint"),
    (pa.int32(), "int"),
    (pa.int64(), "bigint"),
    (pa.float32(), "float"),
    (pa.float64(), "double"),
    (pa.bool_(), "boolean"),
    (pa.date32(), "date"),
    (pa.timestamp("us", tz="UTC"), "timestamp"),
    (pa.timestamp("us"), "timestamp_ntz"),
    (pa.string(), "string"),
    (pa.large_string(), "string"),
    (pa.binary(), "binary"),
    (pa.large_binary(), "binary"),
)


def to_spark_type(kind: pa.DataType) -> str:
    """Spell an Arrow type as Spark does, to the width; a type that Spark does not have keeps Arrow's spelling.

    >>> to_spark_type(pa.decimal128(18, 4)), to_spark_type(pa.timestamp("ns")), to_spark_type(pa.list_(pa.int8()))
    ('decimal(18,4)', 'timestamp[ns]', 'array<tinyint>')
    """
    match kind:
        case pa.Decimal128Type():
            return f"decimal({kind.precision},{kind.scale})"
        case pa.MapType():
            return f"map<{to_spark_type(kind.key_type)},{to_spark_type(kind.item_type)}>"
        case pa.ListType() | pa.LargeListType():
            return f"array<{to_spark_type(kind.value_type)}>"
        case pa.StructType():
            return _struct([(field.name, to_spark_type(field.type)) for field in kind])
        case _:
            return next((name for exact, name in _EXACT if exact == kind), str(kind))


def _struct(fields: list[tuple[str, str]]) -> str:
    text = f"struct<{','.join(f'{identifier(name)}:{kind}' for name, kind in fields)}>"
    try:
        return canonical_type(text)
    except ValueError:  # a field of a type that only Arrow has
        return text
