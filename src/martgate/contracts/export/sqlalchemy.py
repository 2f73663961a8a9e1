"""Exports a table as SQLAlchemy MetaData, in Python code that creates it on SQLite and PostgreSQL."""

from collections.abc import Iterator
from decimal import Decimal

from martgate.contracts.export import python
from martgate.contracts.export.constraints import (
    SCOPE_NOTE,
    Constraints,
    read_constraints,
    source_title,
    standard_imports,
)
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.model import Table
from martgate.contracts.types import INTEGER_RANGES
from martgate.text.regex import to_postgresql

__all__ = ["export", "render_metadata"]

_NO_SCHEMA = "The table has no schema, because SQLite has none; create_all() takes schema_translate_map={None: ..}."


def export(request: ExportRequest) -> str:
    """Write the table of a request; see `render_metadata`."""
    return render_metadata(request.table)


def render_metadata(table: Table) -> str:
    """Write Python code with a `MetaData` that has the table, its comments and keys, and the limits as CHECKs.

    A tinyint is a SMALLINT with a CHECK of its range. Only PostgreSQL checks patterns and multiples of fractions: SQLite
    has no regular expressions, and remainders of whole numbers only.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits.
    """
    columns = read_constraints(table)
    items: list[python.Source] = [python.text_literal(table.name), "metadata"]
    items += [_column(one) for one in columns]
    items += _keys(table, columns)
    items += [check for place, one in enumerate(columns, start=1) for check in _checks(one, place)]
    if table.description:
        items.append(python.bind_name("comment", _comment(table.description)))
    source = python.Call("sa.Table(", tuple(items))
    body = (
        python.bind_name("metadata ", "sa.MetaData()"),
        python.bind_name(f"{python.to_identifier(table.name)} ", source),
    )
    head = map(python.comment, (source_title(table), *SCOPE_NOTE, _NO_SCHEMA))
    return python.format_module(head, (*standard_imports(columns), "import sqlalchemy as sa"), body)


def _column(one: Constraints) -> python.Source:
    items: list[python.Source] = [python.text_literal(one.column.name), _type(one)]
    if one.required:
        items.append(python.bind_name("nullable", "False"))
    if one.column.primary_key_position is not None:
        items.append(python.bind_name("autoincrement", "False"))
    if one.column.description:
        items.append(python.bind_name("comment", _comment(one.column.description)))
    return python.Call("sa.Column(", tuple(items))


def _type(one: Constraints) -> str:
    if one.type.spark == "string" and one.max_length:
        return f"sa.String({one.max_length})"
    return one.type.sqlalchemy


def _comment(description: str) -> str:
    """Write a description without NUL, which PostgreSQL cannot store."""
    return python.text_literal(description.replace("\0", ""))


def _keys(table: Table, columns: tuple[Constraints, ...]) -> Iterator[python.Source]:
    if table.primary_key:
        yield python.Call("sa.PrimaryKeyConstraint(", tuple(map(python.text_literal, table.primary_key)))
    for one in columns:
        if one.column.unique and table.primary_key != (one.column.name,):
            yield python.Call("sa.UniqueConstraint(", (python.text_literal(one.column.name),))


def _checks(one: Constraints, place: int) -> Iterator[python.Source]:
    """Yield a CHECK for each limit, named after the column and the limit; some are for PostgreSQL only."""
    for limit, condition in _conditions(one).items():
        name = python.bind_name("name", python.text_literal(_name(one, place, limit)))
        is_everywhere = limit != "pattern" and (limit != "multiple_of" or one.type.spark in INTEGER_RANGES)
        close = ")" if is_everywhere else ').ddl_if(dialect="postgresql")'
        yield python.Call("sa.CheckConstraint(", (condition, name), close)


def _conditions(one: Constraints) -> dict[str, python.Source]:
    name = f"sa.column({python.text_literal(one.column.name)})"
    length = f"sa.func.length({name})"
    low, high = INTEGER_RANGES["tinyint"]
    conditions: dict[str, python.Source] = {}
    if one.values:
        conditions["in_set"] = python.Call(f"{name}.in_(", (python.list_literal(one.values),))
    elif one.type.spark == "tinyint":
        conditions["width"] = f"{name}.between({low}, {high})"
    if one.pattern:
        conditions["pattern"] = python.Call(f"{name}.regexp_match(", (python.text_literal(to_postgresql(one.pattern)),))
    if one.min_length is not None:
        conditions["min_length"] = f"{length} >= {one.min_length}"
    if one.max_length is not None:
        conditions["max_length"] = f"{length} <= {one.max_length}"
    conditions |= {_BOUNDS[sign]: f"{name} {sign} {python.literal(bound)}" for sign, bound in one.bounds}
    if isinstance(one.multiple_of, int | Decimal):  # PostgreSQL has no remainder of binary fractions
        conditions["multiple_of"] = f"{name} % {python.literal(one.multiple_of)} == 0"
    return conditions


_BOUNDS = {">=": "minimum", "<=": "maximum", ">": "exclusive_minimum", "<": "exclusive_maximum"}
_MAX_NAME = 63
"""The longest name in PostgreSQL, in bytes."""


def _name(one: Constraints, place: int, limit: str) -> str:
    name = f"{one.column.name}_{limit}"
    return name if len(name.encode()) <= _MAX_NAME else f"column_{place}_{limit}"
