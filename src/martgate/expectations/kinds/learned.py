"""Kinds that hold a day against what was measured on the published days before.

A table that comes from outside has no published days here, so that such a rule is out of scope for it.
"""

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Protocol

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, HistoryComparison
from martgate.expectations.kinds.examples import Offenders, show_columns, show_count
from martgate.expectations.measurement import MIN_HISTORY_DAYS, History, Measurement
from martgate.expectations.mistakes import Mistake
from martgate.expectations.protection import Protection
from martgate.expectations.source import Source
from martgate.text.quoting import identifiers, relation

__all__ = [
    "Band",
    "Cell",
    "Change",
    "ExpectedRange",
    "Group",
    "InsufficientHistory",
    "LearnedCheck",
    "MeasurementComparison",
    "Past",
    "count_group_rows",
]

Past = Mapping[date, Sequence[Measurement]]
Group = tuple[str | None, ...]
Cell = tuple[Group, str, str | None]
"""A group, a column, and one of its values (None: null)."""


class ExpectedRange(Protocol):
    """What is expected of a number of rows."""

    def admits(self, rows: float) -> bool:
        """Whether so many rows are as expected."""

    def describe(self, rows: int) -> str:
        """A number of rows as people are told of it."""


@dataclass(frozen=True, slots=True)
class Band:
    """So many rows are expected, at least and at most."""

    low: float
    high: float

    def admits(self, rows: float) -> bool:
        return self.low <= rows <= self.high

    def describe(self, rows: int) -> str:
        return f"{rows:,}"

    def __str__(self) -> str:
        return f"{max(0, math.ceil(self.low)):,} to {math.floor(self.high):,}"


@dataclass(frozen=True, slots=True)
class MeasurementComparison:
    """One number of today, and what is expected of it; a share has a `column` and its `value`."""

    group: Group
    column: str
    value: str | None
    rows: int
    expected: ExpectedRange

    @property
    def is_expected(self) -> bool:
        return self.expected.admits(self.rows)


Change = Callable[[MeasurementComparison], Iterator[float]]
"""The numbers that would be there instead of one, were something wrong."""


@dataclass(frozen=True, slots=True)
class InsufficientHistory:
    """Too few days are known yet to expect anything."""

    days: int
    needed: int

    def __str__(self) -> str:
        return f"learning: {self.days} of {wording.format_count(self.needed, 'day')} published and measured"


class LearnedCheck(Check):
    """A check of a day's numbers by group of `by`, against those of days before.

    `false_alarms_per_year` is the budget: so often may it be broken though nothing is wrong.
    """

    __slots__ = ()

    by: tuple[str, ...]
    history_days: int
    false_alarms_per_year: float
    is_learned: ClassVar[bool] = True
    failure_unit: ClassVar[str] = "groups"

    @property
    @abstractmethod
    def value_columns(self) -> tuple[str, ...]:
        """The columns that are counted by value, in each group."""

    @abstractmethod
    def load_past(self, history: History, day: date) -> Past:
        """What it needs to know of the days before."""

    @abstractmethod
    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        """Each number of today beside what `past` lets expect of it."""

    @property
    @abstractmethod
    def changes(self) -> Mapping[str, Change]:
        """The changes that a replay plants to see which would be caught, each by its name."""

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return HistoryComparison(self)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """None: its examples are numbers, not rows."""
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The rows of each group; what to expect of them no query knows."""
        del names
        shown = (*show_columns(self.by), show_count("rows", "COUNT(1)"))
        grouping = f"\nGROUP BY {identifiers(self.by)}" if self.by else ""
        return Offenders(shown, f"FROM {relation(source.relation)}{grouping}")

    def problem(self, table: Table) -> Mistake | None:
        """What keeps the past from being learned from; groups are kept in the ledger and shown, so none is protected."""
        hidden = [name for name in self.by if Protection(table).hides(name)]
        if hidden:
            message = f"{hidden[0]} is protected, and the values of by are kept and shown"
            return Mistake(message, "group by a public or internal column", key="by")
        if not self.false_alarms_per_year:
            message = "no false alarm at all means no alarm at all"
            return Mistake(message, "expected more than 0", key="false_alarms_per_year")
        return None

    def problem_of_history(self) -> Mistake | None:
        """What is wrong where too few days are asked for."""
        if self.history_days >= MIN_HISTORY_DAYS:
            return None
        message = f"nothing is learned from {self.history_days} days"
        return Mistake(message, f"expected at least {MIN_HISTORY_DAYS}", key="history_days")

    def example(self, found: MeasurementComparison) -> dict[str, str]:
        """A number as people are told of it: its group, what it is, and what was expected."""
        shown = {name: "null" if value is None else value for name, value in zip(self.by, found.group, strict=True)}
        if found.column:
            shown |= {"(column)": found.column, "(value)": "null" if found.value is None else found.value}
        return shown | {"(found)": found.expected.describe(found.rows), "(expected)": str(found.expected)}


def count_group_rows(measured: Sequence[Measurement]) -> Counter[Group]:
    """How many rows each group has."""
    sizes: Counter[Group] = Counter()
    for each in measured:
        if not each.column:
            sizes[each.group] += each.rows
    return sizes
