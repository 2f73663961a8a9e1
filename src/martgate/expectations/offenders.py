"""Queries for a few offenders of a failed rule.

A hidden value never leaves the engine: the statement itself replaces it by a fixed mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.examples import MAX_EXAMPLES, ExampleColumn
from martgate.expectations.protection import MASK, Protection
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation, text

__all__ = ["MAX_EXAMPLES", "ExampleQuery", "as_text", "build_example_query", "build_frequent_values_query"]

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A statement that returns offenders.

    Attributes:
        sql: the statement in Spark SQL.
        names: the names of its columns in an example.
    """

    sql: str
    names: tuple[str, ...]


def build_example_query(
    rule: Rule, source: Source, *, key: Sequence[str], protection: Protection
) -> ExampleQuery | None:
    """Build the query for a rule's offenders.

    Args:
        rule: the rule that failed.
        source: the relation under audit.
        key: the key columns of the table, which come first in an example of a row.
        protection: which values are masked.

    Returns:
        The query; None where the rule has no offenders to show.
    """
    offenders = rule.check.offenders(source, tuple(dict.fromkeys([*key, *rule.check.columns_read])))
    if offenders is None:
        return None
    columns = offenders.columns
    select_list = ",\n  ".join(f"{_mask(column, protection)} AS e{position}" for position, column in enumerate(columns))
    order = ", ".join(column.expression for column in columns)
    sql = f"SELECT\n  {select_list}\n{offenders.from_clause}\nORDER BY {order}\nLIMIT {MAX_EXAMPLES}"
    return ExampleQuery(sql, tuple(f"({column.name})" if column.is_computed else column.name for column in columns))


def build_frequent_values_query(check: Check, source: Source, *, protection: Protection) -> str | None:
    """Build the query for the most frequent invalid values of a column, each with its number of rows.

    Returns:
        The query; None where the check is not about the values of one column, or these are hidden.
    """
    invalid = check.invalid_values(source.types)
    if invalid is None or protection.hides(invalid.column):
        return None
    name = identifier(invalid.column)
    return (
        f"SELECT\n  {name} AS e0,\n  COUNT(*) AS e1\nFROM {relation(source.relation)}\nWHERE {invalid.condition}\n"
        f"GROUP BY {name}\nORDER BY e1 DESC, e0\nLIMIT {MAX_EXAMPLES}"
    )


def _mask(column: ExampleColumn, protection: Protection) -> str:
    if not protection.hides_example(column):
        return column.expression
    return f"CASE WHEN {column.expression} IS NOT NULL THEN {text(MASK)} END"


def as_text(value: object) -> str:
    """Format a value for an example: a long one is cut, and null is `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray():
            formatted = f"0x{value.hex()}"
        case _:
            formatted = str(value)
    return formatted if len(formatted) <= _WIDTH else f"{formatted[: _WIDTH - 1]}…"
