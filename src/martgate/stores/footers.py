"""What Parquet footers say of a candidate, before anybody can see it.

A Delta commit takes a writer's word for everything: rows, types, nulls, even whether a file exists. Here that word is
held against the files themselves, at the price of their last kilobytes.
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

__all__ = ["Expected", "misfits", "spark_type", "stats_json"]

_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What every file of a candidate must look like: the table's columns in order, and its partition columns.

    `types` are in Spark's spelling; `required` are the columns that hold no null; `day_column` is the partition column
    that a publish replaces, empty where the table has no partitions, and `day` its one value.
    """

    types: Mapping[str, str]
    partitions: tuple[str, ...]
    required: frozenset[str]
    day_column: str
    day: date

    @property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """The columns inside the files; partition columns stand in the paths."""
        return tuple((name, kind) for name, kind in self.types.items() if name not in self.partitions)


def misfits(root: Path, file: WrittenFile, expected: Expected) -> Iterator[str]:
    """One sentence for everything in a file that does not fit the table; no value of a row is ever told."""
    yield from _wrong_place(file, expected)
    try:
        with pq.ParquetFile(root / file.path) as opened:
            yield from _wrong_columns(file, opened.schema_arrow, expected)
            if opened.metadata.num_rows != file.rows:
                yield f"{file.path}: {opened.metadata.num_rows:,} rows, {file.rows:,} were written"
            yield from _nulls(file, opened, expected)
    except (pa.ArrowException, OSError) as error:
        yield f"{file.path}: is not readable Parquet ({type(error).__name__})"


def _wrong_place(file: WrittenFile, expected: Expected) -> Iterator[str]:
    folders = tuple(unquote(folder) for folder in file.path.split("/")[:-1])
    wanted = tuple(f"{name}={file.partition.get(name)}" for name in expected.partitions)
    if set(file.partition) != set(expected.partitions):
        yield f"{file.path}: partitioned by {', '.join(file.partition) or 'nothing'}, the table by {', '.join(expected.partitions)}"
    elif folders != wanted:
        yield f"{file.path}: lies in another folder than that of its partition, {'/'.join(wanted)}"
    for name, value in file.partition.items():
        if value in (None, "", _NULL_FOLDER):
            yield f"{file.path}: {name} is null"
        elif not _is_a(expected.types.get(name, "string"), value):
            yield f"{file.path}: {name}={value} is not a {expected.types[name]}"
    own = file.partition.get(expected.day_column)
    if expected.day_column and own != expected.day.isoformat():
        yield f"{file.path}: belongs to {own}, the candidate to {expected.day}"


def _is_a(kind: str, value: str) -> bool:
    """Whether a partition's text is a value of its type; only types that people partition by are looked at."""
    if kind in ("tinyint", "smallint", "int", "bigint"):
        return value.removeprefix("-").isascii() and value.removeprefix("-").isdigit()
    if kind == "date":
        return parse_day(value) is not None
    return True


def _wrong_columns(file: WrittenFile, schema: pa.Schema, expected: Expected) -> Iterator[str]:
    found = tuple((field.name, spark_type(field.type)) for field in schema)
    wanted = expected.stored
    names, wanted_names = tuple(name for name, _ in found), tuple(name for name, _ in wanted)
    if names != wanted_names:
        lost, added = set(wanted_names) - set(names), set(names) - set(wanted_names)
        what = [f"without {name}" for name in sorted(lost)] + [f"with {name} too many" for name in sorted(added)]
        yield f"{file.path}: {', '.join(what) or 'its columns stand in another order'}; the table has {', '.join(wanted_names)}"
    types = dict(wanted)
    for name, kind in found:
        if name in types and types[name] != kind:
            yield f"{file.path}: {name} is {kind}, the table has {types[name]}"


def _nulls(file: WrittenFile, opened: pq.ParquetFile, expected: Expected) -> Iterator[str]:
    present = set(opened.schema_arrow.names)
    for name in sorted(expected.required & present):
        nulls = _null_count(opened, name)
        if nulls:
            yield f"{file.path}: {nulls:,} rows without {name}, which the table requires"


def _null_count(opened: pq.ParquetFile, name: str) -> int:
    """From the footer; from the column itself where a writer left its statistics out."""
    counts = [statistics.null_count if statistics else None for statistics in _statistics(opened, name)]
    if any(count is None for count in counts):
        return int(opened.read([name]).column(name).null_count)
    return sum(count for count in counts if count is not None)


def _statistics(opened: pq.ParquetFile, name: str) -> Iterator[pq.Statistics | None]:
    """The statistics of a column, one a row group; None where there are none, or none that count nulls."""
    metadata = opened.metadata
    positions = [i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name]
    for group in range(metadata.num_row_groups):
        for position in positions:
            statistics = metadata.row_group(group).column(position).statistics
            yield statistics if statistics is not None and statistics.null_count is not None else None
        if not positions:  # a nested column has leaves and no statistics of its own
            yield None


def stats_json(root: Path, file: WrittenFile, columns: Iterable[str]) -> str:
    """The statistics of a Delta add action as its JSON, from the footer: the rows, and for some columns nulls and bounds.

    Bounds only of those columns of which `value_range` tells any.
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


def spark_type(kind: pa.DataType) -> str:
    """An Arrow type in Spark's spelling, to the width; one that Spark does not have is told in Arrow's own words.

    >>> spark_type(pa.decimal128(18, 4)), spark_type(pa.timestamp("ns")), spark_type(pa.list_(pa.int8()))
    ('decimal(18,4)', 'timestamp[ns]', 'array<tinyint>')
    """
    match kind:
        case pa.Decimal128Type():
            return f"decimal({kind.precision},{kind.scale})"
        case pa.MapType():
            return f"map<{spark_type(kind.key_type)},{spark_type(kind.item_type)}>"
        case pa.ListType() | pa.LargeListType():
            return f"array<{spark_type(kind.value_type)}>"
        case pa.StructType():
            return _struct([(field.name, spark_type(field.type)) for field in kind])
        case _:
            return next((name for exact, name in _EXACT if exact == kind), str(kind))


def _struct(fields: list[tuple[str, str]]) -> str:
    text = f"struct<{','.join(f'{identifier(name)}:{kind}' for name, kind in fields)}>"
    try:
        return canonical_type(text)
    except ValueError:  # a field of a type that only Arrow has
        return text
