"""Reads row counts, sizes and statistics from the footers of Parquet files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from martgate.builders.ports import WrittenFile

__all__ = ["column_bytes", "describe_file", "value_range"]


def describe_file(file: Path, *, root: Path, partition: Mapping[str, str]) -> WrittenFile:
    """Read a file's row count and statistics from its footer.

    Args:
        file: the Parquet file.
        root: the table's folder; the path in the result is relative to it.
        partition: the text of each partition column.
    """
    with pq.ParquetFile(file) as opened:
        metadata = opened.metadata
    nulls: dict[str, int] = {}
    minimum: dict[str, object] = {}
    maximum: dict[str, object] = {}
    for place in range(metadata.num_columns):
        statistics = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
        name = metadata.schema.column(place).path
        if all(one is not None and one.has_null_count for one in statistics):
            nulls[name] = sum(one.null_count for one in statistics)
        if ends := value_range(statistics):
            minimum[name], maximum[name] = ends
    return WrittenFile(
        path=file.relative_to(root).as_posix(),
        rows=metadata.num_rows,
        bytes=file.stat().st_size,
        partition=partition,
        minimum=minimum,
        maximum=maximum,
        null_count=nulls,
    )


def column_bytes(files: Iterable[str]) -> dict[str, int]:
    """Sum the compressed bytes of each column over some files, by casefolded name; a nested column includes its fields."""
    sizes: Counter[str] = Counter()
    for file in files:
        with pq.ParquetFile(file) as opened:
            names, metadata = opened.schema_arrow.names, opened.metadata
        for place in range(metadata.num_columns):
            path = metadata.schema.column(place).path
            name = path if path in names else path.partition(".")[0]
            groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
            sizes[name.casefold()] += sum(group.column(place).total_compressed_size for group in groups)
    return dict(sizes)


def value_range(statistics: Sequence[pq.Statistics | None]) -> tuple[object, object] | None:
    """Compute the minimum and maximum of a column, as JSON values, from the statistics of its row groups.

    Returns None unless every row group has statistics and the values are whole numbers or dates: statistics of text are
    truncated and may be personal, and those of doubles may not be valid JSON.
    """
    ends = [(one.min, one.max) for one in statistics if one is not None and one.has_min_max]
    if not ends or len(ends) < len(statistics) or type(ends[0][0]) not in (int, date):
        return None
    return _to_json(min(low for low, _ in ends)), _to_json(max(high for _, high in ends))


def _to_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
