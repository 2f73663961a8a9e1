"""A few offenders of a rule that failed, for people to look at.

A hidden value never leaves the engine: its place is taken by a fixed mask inside the statement itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from martgate.expectations.kinds.base import MAX_EXAMPLES, Check, ExampleColumn
from martgate.expectations.protection import MASK, Protection
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation, text

__all__ = ["MAX_EXAMPLES", "ExampleQuery", "as_text", "build_example_query", "build_frequent_values_query"]

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A statement that returns offenders, and what its columns are called in an example."""

    sql: str
    names: tuple[str, ...]


def build_example_query(
    rule: Rule, source: Source, *, key: Sequence[str], protection: Protection
) -> ExampleQuery | None:
    """The statement for a rule's offenders; None where there is nothing to show.

    `key` are the table's key columns, which lead a row's example. `protection` says what is masked.
    """
    found = rule.check.offenders(source, tuple(dict.fromkeys([*key, *rule.check.columns_read])))
    if found is None:
        return None
    shown, rows = found.shown, found.rows
    listed = ",\n  ".join(f"{_masked(column, protection)} AS e{place}" for place, column in enumerate(shown))
    order = ", ".join(column.expression for column in shown)
    sql = f"SELECT\n  {listed}\n{rows}\nORDER BY {order}\nLIMIT {MAX_EXAMPLES}"
    return ExampleQuery(sql, tuple(f"({column.name})" if column.is_computed else column.name for column in shown))


def build_frequent_values_query(check: Check, source: Source, *, protection: Protection) -> str | None:
    """The statement for the values that most offenders of a check have, each with its rows, the most frequent first.

    None where a check is not about the values of one column, or those are hidden.
    """
    wrong = check.invalid_values(source.types)
    if wrong is None or protection.hides(wrong.column):
        return None
    name = identifier(wrong.column)
    return (
        f"SELECT\n  {name} AS e0,\n  COUNT(*) AS e1\nFROM {relation(source.relation)}\nWHERE {wrong.condition}\n"
        f"GROUP BY {name}\nORDER BY e1 DESC, e0\nLIMIT {MAX_EXAMPLES}"
    )


def _masked(shown: ExampleColumn, protection: Protection) -> str:
    if not protection.hides_example(shown):
        return shown.expression
    return f"CASE WHEN {shown.expression} IS NOT NULL THEN {text(MASK)} END"


def as_text(value: object) -> str:
    """A value of a row as an example shows it: short, and null told from text."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray():
            shown = f"0x{value.hex()}"
        case _:
            shown = str(value)
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"
