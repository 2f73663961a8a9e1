"""`never_falls` and `never_rises`: numbers that move one way from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.days import KEY_EXISTS, DayCheck
from martgate.expectations.kinds.fields import Column, GroupColumns, QueryText
from martgate.expectations.kinds.rows import RowTest
from martgate.expectations.mistakes import Mistake
from martgate.text.quoting import identifier

__all__ = ["NeverFalls", "NeverRises"]


class _Moves(DayCheck):
    """For each `key` of both days that had a value, `column` moves one way only; a value that was lost has moved, too.

    `allowance` is a query that returns the columns of `key` and one number named `measure`: by so much may the column
    move the other way for that key (by nothing, where the query does not name it). It knows the end of the earlier day as
    `:earlier_end`, so that it can look at what happened in between.
    """

    __slots__ = ()

    column: str
    allowance: str
    bound: ClassVar[str]
    wrong: ClassVar[str]
    towards: ClassVar[str]

    @property
    def sentence(self) -> str:
        slack = ", but for its allowance" if self.allowance else ""
        key = wording.join_names(self.key)
        return f"{self.column} is at {self.bound} what it was on the earlier day for each {key}{slack}"

    @property
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        return "column", (self.column,)

    def day_test(self, names: Mapping[str, str]) -> RowTest:
        now, then = f"here.{identifier(self.column)}", f"earlier.{identifier(self.column)}"
        allowed = names.get(self.allowance, "")
        compared = f"{KEY_EXISTS} AND {then} IS NOT NULL"
        slack = f" {self.towards} COALESCE({allowed}.__allowed, 0)" if allowed else ""
        broken = f"{compared} AND ({now} IS NULL OR {now}{slack} {self.wrong} {then})"
        return RowTest(f"COUNT_IF({compared})", broken)

    def problem(self, table: Table) -> Mistake | None:
        found = DayCheck.problem(self, table)
        if found or not self.allowance:
            return found
        kind = table.column(self.column).logical_type
        if kind in ("integer", "number"):
            return None
        return Mistake(f"an allowance is a number, and {self.column} is of logicalType {kind}", key="allowance")


@dataclass(frozen=True, slots=True)
class NeverFalls(_Moves):
    """For each `key` of both days that had a value, `column` is at least what it was; see `_Moves`."""

    column: Column
    key: GroupColumns
    allowance: QueryText = ""
    kind: ClassVar[str] = "never_falls"
    bound: ClassVar[str] = "least"
    wrong: ClassVar[str] = "<"
    towards: ClassVar[str] = "+"


@dataclass(frozen=True, slots=True)
class NeverRises(_Moves):
    """For each `key` of both days that had a value, `column` is at most what it was; see `_Moves`."""

    column: Column
    key: GroupColumns
    allowance: QueryText = ""
    kind: ClassVar[str] = "never_rises"
    bound: ClassVar[str] = "most"
    wrong: ClassVar[str] = ">"
    towards: ClassVar[str] = "-"
