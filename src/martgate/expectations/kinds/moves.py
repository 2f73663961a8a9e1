"""`never_falls` and `never_rises`: numbers that move one way from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.days import KEY_EXISTS, DayCheck
from martgate.expectations.kinds.fields import Column, GroupColumns, QueryText
from martgate.expectations.kinds.rows import RowTest
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.mistakes import Mistake
from martgate.text.quoting import identifier

__all__ = ["NeverFalls", "NeverRises"]


class _Moves(DayCheck):
    """`column` moves one way only, for each `key` of both days that had a value; a value that is lost fails, too.

    Attributes:
        column: the column.
        allowance: a query that returns the columns of `key` and a number named `measure`: how far the column of that key may
            move the other way, which is not at all for a key that the query lacks. It can use the end of the previous
            day, `:earlier_end`, to read what happened since.
        bound: `least` or `most`, for the sentence.
        failure_sign: how a failing value compares with the previous one.
        allowance_sign: how the allowance is added to the value.
    """

    __slots__ = ()

    column: str
    allowance: str
    bound: ClassVar[str]
    failure_sign: ClassVar[str]
    allowance_sign: ClassVar[str]

    @property
    def sentence(self) -> str:
        slack = ", but for its allowance" if self.allowance else ""
        key = wording.join_names(self.key)
        return f"{self.column} is at {self.bound} what it was on the earlier day for each {key}{slack}"

    @property
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        return "column", (self.column,)

    def day_test(self, names: Mapping[str, str]) -> RowTest:
        value, previous = f"here.{identifier(self.column)}", f"earlier.{identifier(self.column)}"
        alias = names.get(self.allowance, "")
        in_scope = f"{KEY_EXISTS} AND {previous} IS NOT NULL"
        slack = f" {self.allowance_sign} COALESCE({alias}.__allowed, 0)" if alias else ""
        failure = f"{in_scope} AND ({value} IS NULL OR {value}{slack} {self.failure_sign} {previous})"
        return RowTest(f"COUNT_IF({in_scope})", failure)

    def follows_from(self, other: Check, never_null: frozenset[str]) -> bool:
        """A value that does not change moves neither way."""
        if isinstance(other, UnchangedSince):
            return set(other.key) == set(self.key) and self.column in other.columns
        return DayCheck.follows_from(self, other, never_null)

    def find_problem(self, table: Table) -> Mistake | None:
        problem = DayCheck.find_problem(self, table)
        if problem or not self.allowance:
            return problem
        logical_type = table.column(self.column).logical_type
        if logical_type in ("integer", "number"):
            return None
        return Mistake(f"an allowance is a number, and {self.column} is of logicalType {logical_type}", key="allowance")


@dataclass(frozen=True, slots=True)
class NeverFalls(_Moves):
    """`column` is at least what it was on the previous day, for each `key` of both days; see `_Moves`."""

    column: Column
    key: GroupColumns
    allowance: QueryText = ""
    kind: ClassVar[str] = "never_falls"
    bound: ClassVar[str] = "least"
    failure_sign: ClassVar[str] = "<"
    allowance_sign: ClassVar[str] = "+"


@dataclass(frozen=True, slots=True)
class NeverRises(_Moves):
    """`column` is at most what it was on the previous day, for each `key` of both days; see `_Moves`."""

    column: Column
    key: GroupColumns
    allowance: QueryText = ""
    kind: ClassVar[str] = "never_rises"
    bound: ClassVar[str] = "most"
    failure_sign: ClassVar[str] = ">"
    allowance_sign: ClassVar[str] = "-"
