"""Compares the rows of a model with the rows that a test expects."""

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from martgate.testing.models import ModelRows
from martgate.testing.rows import Rows, convert, read_known_columns

__all__ = ["assert_rows"]


def assert_rows(rows: ModelRows, expected: Rows, *, ordered: bool = False) -> None:
    """Assert that a model made these rows; only the columns that the expected rows name are compared.

    Args:
        rows: what `run_model` returned.
        expected: the rows, as mappings or as a table in text; instants without an offset are in the zone of the contract.
        ordered: whether the order of the rows matters.

    Raises:
        AssertionError: the rows differ; the message shows both as tables, line by line.
        martgate.errors.InvalidInput: an expected column is not in the table.
    """
    wanted = read_known_columns(expected, rows.table)
    names = list(dict.fromkeys(name for row in wanted for name in row)) or list(rows.table.column_names)
    columns = {column.name: column for column in rows.table.columns}
    typed = [{name: convert(row.get(name), columns[name], rows.table, rows.zone) for name in names} for row in wanted]
    before, after = _format(typed, names, ordered=ordered), _format(rows, names, ordered=ordered)
    if before != after:
        lines = [
            line
            for line in difflib.ndiff(_align([names, *before]), _align([names, *after]))
            if not line.startswith("?")
        ]
        raise AssertionError("\n".join([f"{rows.table.qualified_name}: expected (-) and made (+) differ", *lines]))


def _format(rows: Iterable[Mapping[str, Any]], names: Sequence[str], *, ordered: bool) -> list[list[str]]:
    lines = [[_show(row[name]) for name in names] for row in rows]
    return lines if ordered else sorted(lines)


def _show(value: Any) -> str:
    """Show a value so that equal ones look alike: instants in UTC, and numbers without zeros at their end."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.UTC).isoformat(" ")
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "null" if value is None else str(value)


def _align(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
