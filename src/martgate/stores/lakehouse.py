"""Finds the lakehouse table that a path belongs to, whose rows its own log decides and not a listing of its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from martgate.errors import InvalidInput

__all__ = ["LakehouseFormat", "LakehouseTable", "find_lakehouse_table", "raise_for_foreign_format"]


class LakehouseFormat(StrEnum):
    """A format of tables whose files are not their rows."""

    DELTA = "Delta"
    ICEBERG = "Iceberg"
    HUDI = "Hudi"


@dataclass(frozen=True, slots=True)
class LakehouseTable:
    """A table in a folder."""

    format: LakehouseFormat
    root: Path


def find_lakehouse_table(place: Path) -> LakehouseTable | None:
    """Find the table whose folder is a path or one of the folders that the path is in; None where there is none."""
    found = (
        LakehouseTable(each, folder)
        for folder in _list_folders(place)
        for each in LakehouseFormat
        if _is_root(folder, each)
    )
    return next(found, None)


def raise_for_foreign_format(place: Path) -> None:
    """Refuse a path in a table of a format that is not read here.

    Raises:
        martgate.errors.InvalidInput: it is in an Iceberg or a Hudi table.
    """
    table = find_lakehouse_table(place)
    if table and table.format is not LakehouseFormat.DELTA:
        raise InvalidInput(
            f"{place} is in the {table.format} table {table.root}, whose files are not its rows: deleted rows stay in "
            f"them; write its rows to Parquet or Delta with an engine that reads {table.format}, or name it in Spark's "
            "catalog, as in catalog://main.schema.table"
        )


def _list_folders(place: Path) -> Iterator[Path]:
    absolute = place.absolute()
    if absolute.is_dir():
        yield absolute
    yield from absolute.parents


def _is_root(folder: Path, each: LakehouseFormat) -> bool:
    match each:
        case LakehouseFormat.DELTA:
            return (folder / "_delta_log").is_dir()
        case LakehouseFormat.ICEBERG:
            return any((folder / "metadata").glob("*.metadata.json"))
        case LakehouseFormat.HUDI:
            return (folder / ".hoodie").is_dir()
