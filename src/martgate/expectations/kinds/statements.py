"""Kinds that need a separate statement, and the parts of such statements.

A statement returns one row: how many failed, how many were in scope. Generated names start with two underscores.
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
    """A check with a separate statement, which a kind defines in `statement`."""

    __slots__ = ()

    @abstractmethod
    def statement(self, source: Source) -> str:
        """Spark SQL that returns one row of two numbers: how many failed, how many were in scope."""

    def evaluation(self, source: Source) -> Evaluation:
        return SeparateStatement(self.statement(source))


def sum_counts(failed: str, total: str, body: str) -> str:
    """Build the statement that sums two expressions over the rows of `body`.

    Args:
        failed: how many failures a row counts for.
        total: how many rows in scope it counts for.
        body: the FROM clause.
    """
    return f"SELECT COALESCE(SUM({failed}), 0) AS m0, COALESCE(SUM({total}), 0) AS m1\n{body}"


def not_null_condition(columns: tuple[str, ...]) -> str:
    """Build the condition that no column is null."""
    return " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)


def count_by_value(columns: tuple[str, ...], audited: str) -> str:
    """Build the query for every combination of non-null values with the number of its rows, `__rows`."""
    names = identifiers(columns)
    table = relation(audited)
    return f"  SELECT {names}, COUNT(*) AS __rows FROM {table} WHERE {not_null_condition(columns)} GROUP BY {names}"


def count_repeated_rows(columns: tuple[str, ...], audited: str) -> str:
    """Build the statement that counts the rows that repeat the values of another; rows with a null are not in scope."""
    body = f"FROM (\n{count_by_value(columns, audited)}\n) AS grouped"
    return sum_counts("CASE WHEN __rows > 1 THEN __rows ELSE 0 END", "__rows", body)


def find_repeated_values(columns: tuple[str, ...], audited: str) -> Offenders:
    """Show the values that several rows share, with the number of those rows."""
    shown_columns = (*show_columns(columns), show_count("rows", "__rows"))
    return Offenders(shown_columns, f"FROM (\n{count_by_value(columns, audited)}\n) AS grouped\nWHERE __rows > 1")


def add_window_columns(windows: Sequence[str], audited: str) -> str:
    """Build the relation with window functions as further columns; the relation itself where there are none."""
    if not windows:
        return relation(audited)
    select_list = ",\n      ".join(windows)
    return f"(\n    SELECT *,\n      {select_list}\n    FROM {relation(audited)}\n  ) AS placed"
