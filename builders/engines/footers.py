"""What a Parquet file's own footer says of it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from builders.ports import WrittenFile

__all__ = ["written"]


def written(file: Path, *, root: Path, partition: Mapping[str, str]) -> WrittenFile:
    """A file as its footer describes it, bounds only of whole numbers and dates: those of text may be personal."""
    with pq.ParquetFile(file) as opened:
        metadata = opened.metadata
    nulls: dict[str, int] = {}
    least: dict[str, object] = {}
    greatest: dict[str, object] = {}
    for place in range(metadata.num_columns):
        groups = [metadata.row_group(group).column(place) for group in range(metadata.num_row_groups)]
        found = [group.statistics for group in groups]
        name = metadata.schema.column(place).path
        if all(one is not None and one.has_null_count for one in found):
            nulls[name] = sum(one.null_count for one in found)
        bounds = [one for one in found if one is not None and one.has_min_max]
        if len(bounds) == len(groups) > 0 and type(bounds[0].min) in (int, date):
            least[name] = _told(min(one.min for one in bounds))
            greatest[name] = _told(max(one.max for one in bounds))
    return WrittenFile(
        path=file.relative_to(root).as_posix(),
        rows=metadata.num_rows,
        bytes=file.stat().st_size,
        partition=partition,
        minimum=least,
        maximum=greatest,
        null_count=nulls,
    )


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
