"""Kinds that compare each key with its row on the previous day: the newest earlier day that is published.

In their SQL, `earlier` is a row of the previous day and `here` the row of the same key on the day under audit. Failures count
keys of the previous day. Rows with a null in the key are not in scope; where a day repeats a key, each pair of rows counts.
Generated names start with two underscores.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import DayComparison, Evaluation
from martgate.expectations.kinds.examples import ExampleColumn, Offenders, show_columns
from martgate.expectations.kinds.rows import RowTest
from martgate.expectations.kinds.statements import not_null_condition
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["KEY_EXISTS", "DayCheck", "find_day_problem", "join_days", "name_queries"]

KEY_EXISTS = "here.__here = 1"
"""The condition that a key of the previous day exists on the day under audit."""


class DayCheck(Check):
    """A comparison of two days by `key`. A kind defines in `day_test` which keys fail.

    Its queries, if there are any, return the columns of the key and a number named `measure`; the test reads the number of a
    key as `__allowed`.
    """

    __slots__ = ()

    key: tuple[str, ...]
    failure_unit: ClassVar[str] = "keys"

    @abstractmethod
    def day_test(self, names: Mapping[str, str]) -> RowTest:
        """The test of a key, over the rows of `join_days`.

        Args:
            names: the alias of each query of the check in `join_days`.
        """

    @property
    @abstractmethod
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        """The field that names the compared columns, and these columns."""

    @property
    def reads_previous_day(self) -> bool:
        return True

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return DayComparison(self)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """Show the key, and the compared values of both days."""
        del names
        names = tuple(name for name in self.columns_read if name not in self.key)
        previous = [
            ExampleColumn(f"{name} (earlier)", f"earlier.{identifier(name)}", columns=(name,)) for name in names
        ]
        columns = (*show_columns(self.key, "earlier."), *previous, *show_columns(names, "here."))
        failure = self.day_test(name_queries([self])).failure
        return Offenders(columns, f"{join_days([self], self.key, source)}\nWHERE {failure}")

    def find_problem(self, table: Table) -> Mistake | None:
        """Find what prevents the comparison of two days of the table."""
        problem = find_day_problem(self.kind, self.key, table)
        if problem:
            return problem
        field, columns = self.compared_columns
        repeated = [column for column in self.key if column in columns]
        if repeated:
            return Mistake(f"{repeated[0]} is part of the key, so that it cannot differ from what it was", key=field)
        return None


def find_day_problem(kind: str, key: Sequence[str], table: Table) -> Mistake | None:
    """Find what prevents a kind from comparing two days of a table by a key; None where nothing does."""
    day = table.publish_partition
    if day is None:
        message = f"{kind} compares with an earlier day, and {table.name} keeps none: it is published whole"
        return Mistake(message, "a table with days names their column as publishPartition", key="rule")
    if day in key:
        return Mistake(f"{day} is the day itself: no key of one day is there on another", "leave it out", key="key")
    return None


def join_days(checks: Sequence[Check], key: tuple[str, ...], source: Source) -> str:
    """Build the FROM clause that joins each row of the previous day with its row of this day, if there is one.

    Args:
        checks: the checks, which share a key.
        key: the columns of the key.
        source: the relation under audit.
    """
    columns = tuple(dict.fromkeys([*key, *(name for check in checks for name in check.columns_read)]))
    select_list, has_key = identifiers(columns), not_null_condition(key)
    clauses = [
        f"FROM (\n  SELECT {select_list} FROM {relation(source.previous_relation)} WHERE {has_key}\n) AS earlier",
        f"LEFT JOIN (\n  SELECT {select_list}, 1 AS __here FROM {relation(source.relation)} WHERE {has_key}\n) AS here"
        f" ON {_key_condition('here', key)}",
        *(_join_query(query, name, key) for query, name in name_queries(checks).items()),
    ]
    return "\n".join(clauses)


def name_queries(checks: Sequence[Check]) -> dict[str, str]:
    """Return the alias of each query of the checks in `join_days`."""
    queries = dict.fromkeys(query for check in checks for query in check.queries)
    return {query: f"allowed{place}" for place, query in enumerate(queries)}


def _join_query(query: str, name: str, key: tuple[str, ...]) -> str:
    """Join a query with one row a key, however many it returns."""
    keys = identifiers(key)
    summed = f"SELECT {keys}, SUM(`measure`) AS __allowed FROM (\n{query}\n  ) AS named GROUP BY {keys}"
    return f"LEFT JOIN (\n  {summed}\n) AS {name} ON {_key_condition(name, key)}"


def _key_condition(alias: str, key: tuple[str, ...]) -> str:
    return " AND ".join(f"{alias}.{identifier(name)} = earlier.{identifier(name)}" for name in key)
