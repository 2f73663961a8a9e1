"""What a Parquet file's own footer says of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from martgate.builders.ports import WrittenFile

__all__ = ["value_range", "column_bytes", "describe_file"]


def describe_file(file: Path, *, root: Path, partition: Mapping[str, str]) -> WrittenFile:
    """A file as its footer describes it."""
    with pq.ParquetFile(file) as opened:
        metadata = opened.metadata
    nulls: dict[str, int] = {}
    least: dict[str, object] = {}
    greatest: dict[str, object] = {}
    for place in range(metadata.num_columns):
        found = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
        name = metadata.schema.column(place).path
        if all(one is not None and one.has_null_count for one in found):
            nulls[name] = sum(one.null_count for one in found)
        if ends := value_range(found):
            least[name], greatest[name] = ends
    return WrittenFile(
        path=file.relative_to(root).as_posix(),
        rows=metadata.num_rows,
        bytes=file.stat().st_size,
        partition=partition,
        minimum=least,
        maximum=greatest,
        null_count=nulls,
    )


def column_bytes(files: Iterable[str]) -> dict[str, int]:
    """How many bytes each column takes in these files, by casefolded name; a nested one with all that is in it."""
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


def value_range(found: Sequence[pq.Statistics | None]) -> tuple[object, object] | None:
    """The least and greatest value of a column, as JSON has them, from the statistics of all its row groups.

    Only of whole numbers and dates: those of text are truncated and may be personal, those of doubles may not be JSON.
    """
    ends = [(one.min, one.max) for one in found if one is not None and one.has_min_max]
    if not ends or len(ends) < len(found) or type(ends[0][0]) not in (int, date):
        return None
    return _told(min(low for low, _ in ends)), _told(max(high for _, high in ends))


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
