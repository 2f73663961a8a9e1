"""Kinds that hold each key against its row on the newest earlier day that is published.

`earlier` is a row of the earlier day, `here` the row of the same key on the day under audit. Failures count keys of the
earlier day; rows with a null in their key are not looked at, and where a day repeats a key, each pair of its rows counts.
Names of our own start with two underscores.
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

__all__ = ["KEY_EXISTS", "DayCheck", "join_days", "name_queries"]

KEY_EXISTS = "here.__here = 1"
"""The key of the earlier day is there on the day under audit."""


class DayCheck(Check):
    """A check of two days, by `key`. A kind says by `day_test` which keys break it.

    Its queries, if it has any, return the columns of the key and a number named `measure`; the test finds the number of a
    key as `__allowed`.
    """

    __slots__ = ()

    key: tuple[str, ...]
    failure_unit: ClassVar[str] = "keys"

    @abstractmethod
    def day_test(self, names: Mapping[str, str]) -> RowTest:
        """The test of a key over `join_days`; `names` are those of its queries there."""

    @property
    @abstractmethod
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        """The field that names the columns whose values are compared, and those columns."""

    @property
    def reads_previous_day(self) -> bool:
        return True

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return DayComparison(self)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """The key, and what stood on either day where the check compares values."""
        del names
        moved = tuple(name for name in self.columns_read if name not in self.key)
        then = [ExampleColumn(f"{name} (earlier)", f"earlier.{identifier(name)}", columns=(name,)) for name in moved]
        shown = (*show_columns(self.key, "earlier."), *then, *show_columns(moved, "here."))
        broken = self.day_test(name_queries([self])).failure
        return Offenders(shown, f"{join_days([self], self.key, source)}\nWHERE {broken}")

    def problem(self, table: Table) -> Mistake | None:
        """What keeps two days of the table from being compared so."""
        day = table.publish_partition
        if day is None:
            message = f"{self.kind} compares with an earlier day, and {table.name} keeps none: it is published whole"
            return Mistake(message, "a table with days names their column as publishPartition", key="rule")
        if day in self.key:
            return Mistake(f"{day} is the day itself: no key of one day is there on another", "leave it out", key="key")
        field, compared = self.compared_columns
        moving = [column for column in self.key if column in compared]
        if moving:
            return Mistake(f"{moving[0]} is part of the key, so that it cannot differ from what it was", key=field)
        return None


def join_days(checks: Sequence[DayCheck], key: tuple[str, ...], source: Source) -> str:
    """FROM the rows of the earlier day, each joined with its row of today, if any, for checks that share a key."""
    columns = tuple(dict.fromkeys([*key, *(name for check in checks for name in check.columns_read)]))
    listed, present = identifiers(columns), not_null_condition(key)
    sides = [
        f"FROM (\n  SELECT {listed} FROM {relation(source.previous_relation)} WHERE {present}\n) AS earlier",
        f"LEFT JOIN (\n  SELECT {listed}, 1 AS __here FROM {relation(source.relation)} WHERE {present}\n) AS here"
        f" ON {_pairs('here', key)}",
        *(_allowed(query, name, key) for query, name in name_queries(checks).items()),
    ]
    return "\n".join(sides)


def name_queries(checks: Sequence[DayCheck]) -> dict[str, str]:
    """What the queries of checks are called in `join_days`."""
    queries = dict.fromkeys(query for check in checks for query in check.queries)
    return {query: f"allowed{place}" for place, query in enumerate(queries)}


def _allowed(query: str, name: str, key: tuple[str, ...]) -> str:
    """One row a key, however many the query returns."""
    keys = identifiers(key)
    summed = f"SELECT {keys}, SUM(`measure`) AS __allowed FROM (\n{query}\n  ) AS named GROUP BY {keys}"
    return f"LEFT JOIN (\n  {summed}\n) AS {name} ON {_pairs(name, key)}"


def _pairs(side: str, key: tuple[str, ...]) -> str:
    return " AND ".join(f"{side}.{identifier(name)} = earlier.{identifier(name)}" for name in key)
