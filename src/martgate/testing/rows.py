"""Reads the rows of a test, and fills the columns that it does not set."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from martgate.contracts.model import Column, Table
from martgate.contracts.types import canonical_type
from martgate.errors import InvalidInput, Problem
from martgate.hints import did_you_mean
from martgate.text.quoting import is_fraction, is_text, is_whole

__all__ = ["Rows", "convert", "read_known_columns", "read_rows", "read_text"]

Rows = str | Iterable[Mapping[str, Any]]
"""Rows as mappings from column to value, or as a table in text with a header and `|` between the columns."""


def read_rows(rows: Rows, table: Table, day: dt.date, zone: str) -> list[dict[str, Any]]:
    """Read rows of a table, and fill each missing column with a value that its contract allows.

    A column that may be null is null. Another one gets its first allowed value, else a value of its type within its bounds;
    columns of the key are numbered, the publish partition is the day, and an instant is the start of the day.

    Args:
        rows: the rows.
        table: the table of the contract.
        day: the day of the test.
        zone: the time zone of instants that are written without one.

    Raises:
        martgate.errors.InvalidInput: with every unknown column, and every value that does not fit its type.
    """
    return [
        {
            column.name: convert(row[column.name], column, table, zone)
            if column.name in row
            else _fill(column, table, place, day, zone)
            for column in table.columns
        }
        for place, row in enumerate(read_known_columns(rows, table), start=1)
    ]


def read_known_columns(rows: Rows, table: Table) -> list[dict[str, Any]]:
    """Read rows as a test writes them.

    Raises:
        martgate.errors.InvalidInput: with every column that the table does not have.
    """
    given = read_text(rows) if isinstance(rows, str) else [dict(row) for row in rows]
    names = table.column_names
    unknown = dict.fromkeys(name for row in given for name in row if name not in names)
    if unknown:
        raise InvalidInput(
            *(
                Problem(file="", message=f"{table.qualified_name} has no column {name}", hint=did_you_mean(name, names))
                for name in unknown
            )
        )
    return given


def read_text(text: str) -> list[dict[str, str | None]]:
    """Read a table in text; an empty cell and `null` are null.

    >>> read_text('''
    ...     id | name
    ...     1  | Kim
    ...     2  | null
    ... ''')
    [{'id': '1', 'name': 'Kim'}, {'id': '2', 'name': None}]

    Raises:
        martgate.errors.InvalidInput: a row has more or fewer cells than the header.
    """
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if line.strip()
    ]
    lines = [line for line in lines if set("".join(line)) - set("-: ")] or lines  # the rule below a header of Markdown
    if not lines:
        return []
    header, *rows = lines
    for row in rows:
        if len(row) != len(header):
            raise InvalidInput(
                f"found {len(row)} cells in the row {' | '.join(row)}, expected {len(header)}: {', '.join(header)}"
            )
    return [{name: _read_cell(cell) for name, cell in zip(header, row, strict=True)} for row in rows]


def _read_cell(cell: str) -> str | None:
    return None if cell.lower() in ("", "null") else cell


def convert(value: Any, column: Column, table: Table, zone: str) -> Any:
    """Convert a value as a test writes it to the type of its column; an instant without an offset is in the zone.

    Raises:
        martgate.errors.InvalidInput: the text is no value of the type.
    """
    kind = canonical_type(column.physical_type)
    try:
        if isinstance(value, str) and not is_text(kind):
            return _parse(value, kind, zone)
        if isinstance(value, dt.datetime) and kind == "timestamp" and value.tzinfo is None:
            return value.replace(tzinfo=ZoneInfo(zone))
        if isinstance(value, int | float) and not isinstance(value, bool) and kind.startswith("decimal"):
            return Decimal(str(value))
    except (ValueError, InvalidOperation):
        raise InvalidInput(f"{table.qualified_name}.{column.name}: found {value!r}, expected {kind}") from None
    return value


def _parse(value: str, kind: str, zone: str) -> Any:
    if is_whole(kind):
        return int(value)
    if kind.startswith("decimal"):
        return Decimal(value)
    if is_fraction(kind):
        return float(value)
    parsers: dict[str, Callable[[str], Any]] = {
        "boolean": _parse_boolean,
        "date": dt.date.fromisoformat,
        "timestamp": partial(_parse_instant, zone=zone),
        "timestamp_ntz": dt.datetime.fromisoformat,
        "binary": str.encode,
    }
    if kind not in parsers:
        raise ValueError(value)
    return parsers[kind](value)


def _parse_boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


def _parse_instant(value: str, zone: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))


def _fill(column: Column, table: Table, place: int, day: dt.date, zone: str) -> Any:
    kind = canonical_type(column.physical_type)
    if column.name == table.publish_partition:
        return day if kind == "date" else convert(day.isoformat(), column, table, zone)
    if not (column.required or column.primary_key_position or column.partition_position):
        return None
    if column.enum:
        return convert(column.enum[0], column, table, zone)
    number = place if column.primary_key_position or column.unique else 1
    if is_text(kind):
        return f"{column.name}-{number}"[: _read_length(column)]
    if is_whole(kind) or kind.startswith("decimal") or is_fraction(kind):
        return convert(str(_fit_bounds(number, column)), column, table, zone)
    start = dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + dt.timedelta(microseconds=number - 1)
    values = {
        "boolean": False,
        "date": day,
        "timestamp": start,
        "timestamp_ntz": start.replace(tzinfo=None),
        "binary": b"",
    }
    return values.get(kind)


def _read_length(column: Column) -> int | None:
    longest = column.options.get("maxLength")
    return longest if isinstance(longest, int) else None


def _fit_bounds(number: int, column: Column) -> Any:
    low, high = column.options.get("minimum"), column.options.get("maximum")
    if isinstance(low, int | float) and number < low:
        return low
    return high if isinstance(high, int | float) and number > high else number
