"""Kinds that need a statement of their own, and the parts that such statements are made of.

A statement returns one row: what failed, what was looked at. Names of our own start with two underscores.
"""

from abc import abstractmethod
from collections.abc import Sequence

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, SeparateStatement
from martgate.expectations.kinds.examples import Offenders, show_columns, show_count
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = [
    "StatementCheck",
    "add_window_columns",
    "count_by_value",
    "count_repeated_rows",
    "find_repeated_values",
    "not_null_condition",
    "sum_counts",
]


class StatementCheck(Check):
    """A check with a statement of its own. A kind says by `statement` what it is."""

    __slots__ = ()

    @abstractmethod
    def statement(self, source: Source) -> str:
        """Spark SQL that returns one row of two numbers: what failed, what was looked at."""

    def evaluation(self, source: Source) -> Evaluation:
        return SeparateStatement(self.statement(source))


def sum_counts(broken: str, total: str, body: str) -> str:
    """A statement that adds up two numbers over the rows of `body`."""
    return f"SELECT COALESCE(SUM({broken}), 0) AS m0, COALESCE(SUM({total}), 0) AS m1\n{body}"


def not_null_condition(columns: tuple[str, ...]) -> str:
    """The condition that no column is null."""
    return " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)


def count_by_value(columns: tuple[str, ...], audited: str) -> str:
    """Every combination of non-null values with the number of its rows, `__rows`."""
    names = identifiers(columns)
    table = relation(audited)
    return f"  SELECT {names}, COUNT(*) AS __rows FROM {table} WHERE {not_null_condition(columns)} GROUP BY {names}"


def count_repeated_rows(columns: tuple[str, ...], audited: str) -> str:
    """How many rows share their values with another row; rows with a null are not looked at."""
    body = f"FROM (\n{count_by_value(columns, audited)}\n) AS grouped"
    return sum_counts("CASE WHEN __rows > 1 THEN __rows ELSE 0 END", "__rows", body)


def find_repeated_values(columns: tuple[str, ...], audited: str) -> Offenders:
    """The values that several rows share, with the number of those rows."""
    shown = (*show_columns(columns), show_count("rows", "__rows"))
    return Offenders(shown, f"FROM (\n{count_by_value(columns, audited)}\n) AS grouped\nWHERE __rows > 1")


def add_window_columns(windows: Sequence[str], audited: str) -> str:
    """The table, with window functions as further columns where there are any."""
    if not windows:
        return relation(audited)
    listed = ",\n      ".join(windows)
    return f"(\n    SELECT *,\n      {listed}\n    FROM {relation(audited)}\n  ) AS placed"
