"""Kinds that compare the measurements of a day with those of earlier published days.

An upstream that martgate does not publish has no published days, so that such a rule is out of scope for it.
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
from martgate.expectations.measurement import MIN_HISTORY_DAYS, Counts, History, Measurement
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
"""A group, a column, and one of its values; None is null."""


class ExpectedRange(Protocol):
    """The numbers of rows that are expected."""

    def admits(self, rows: float) -> bool:
        """Whether a number of rows is expected."""

    def describe(self, rows: int) -> str:
        """Format a number of rows for a report."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of expected numbers of rows, both ends included."""

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
    """A number of this day, compared with what is expected.

    Attributes:
        group: the group of rows.
        column: the column of a share; empty for all rows of the group.
        value: the value of a share; None for null.
        rows: the number of rows.
        expected: the numbers that are expected.
    """

    group: Group
    column: str
    value: str | None
    rows: int
    expected: ExpectedRange

    @property
    def is_expected(self) -> bool:
        """Whether the number is among those expected."""
        return self.expected.admits(self.rows)


Change = Callable[[MeasurementComparison], Iterator[float]]
"""Computes the numbers that a fault would produce instead of an expected one."""


@dataclass(frozen=True, slots=True)
class InsufficientHistory:
    """There are too few earlier days to expect anything yet.

    Attributes:
        days: how many there are.
        needed: how many are needed.
    """

    days: int
    needed: int

    def __str__(self) -> str:
        return f"learning: {self.days} of {wording.format_count(self.needed, 'day')} published and measured"


class LearnedCheck(Check):
    """A comparison of the measurements of a day, by group of `by`, with those of earlier days.

    Attributes:
        by: the columns that rows are grouped by.
        history_days: how many earlier days are compared with.
        false_alarms_per_year: how often the check may fail although nothing is wrong.
    """

    __slots__ = ()

    by: tuple[str, ...]
    history_days: int
    false_alarms_per_year: float
    is_learned: ClassVar[bool] = True
    failure_unit: ClassVar[str] = "groups"
    counts: ClassVar[Counts] = "rows"
    """Which rows its measurements count."""

    @property
    @abstractmethod
    def value_columns(self) -> tuple[str, ...]:
        """The columns whose values are counted in each group."""

    @property
    def compared_key(self) -> tuple[str, ...]:
        """The key by which rows are compared with those of the previous day; empty where measurements count no changes."""
        return ()

    @property
    def query_group(self) -> tuple[object, ...]:
        """What checks have in common whose measurements one query takes."""
        return (self.by, self.compared_key)

    @abstractmethod
    def load_past(self, history: History, day: date) -> Past:
        """Load the measurements of earlier days that it needs.

        Args:
            history: the measurements of published days.
            day: the day under audit.
        """

    @abstractmethod
    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        """Compare each number of a day with what earlier days let expect.

        Args:
            today: the measurements of the day.
            past: those of earlier days, from `load_past`.
            day: the day.
        """

    @property
    @abstractmethod
    def changes(self) -> Mapping[str, Change]:
        """The changes that a backtest plants to find out which of them the check detects, by name."""

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return HistoryComparison(self)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """None, because its examples are numbers and not rows."""
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The rows of each group; a query cannot know what is expected of them."""
        del names
        columns = (*show_columns(self.by), show_count("rows", "COUNT(1)"))
        grouping = f"\nGROUP BY {identifiers(self.by)}" if self.by else ""
        return Offenders(columns, f"FROM {relation(source.relation)}{grouping}")

    def find_problem(self, table: Table) -> Mistake | None:
        """Find what prevents learning. No group may be protected, because the ledger and reports have its values."""
        hidden = [name for name in self.by if Protection(table).hides(name)]
        if hidden:
            message = f"{hidden[0]} is protected, and the values of by are kept and shown"
            return Mistake(message, "group by a public or internal column", key="by")
        if not self.false_alarms_per_year:
            message = "a budget of no false alarms means that there never is an alarm"
            return Mistake(message, "expected more than 0", key="false_alarms_per_year")
        return None

    def find_history_problem(self) -> Mistake | None:
        """Find the problem of a history that is too short; None where it is not."""
        if self.history_days >= MIN_HISTORY_DAYS:
            return None
        message = f"nothing is learned from {self.history_days} days"
        return Mistake(message, f"expected at least {MIN_HISTORY_DAYS}", key="history_days")

    def example(self, comparison: MeasurementComparison) -> dict[str, str]:
        """Describe an unexpected number for a report: its group, the number, and what was expected."""
        names_and_values = zip(self.by, comparison.group, strict=True)
        example = {name: "null" if value is None else value for name, value in names_and_values}
        if comparison.column:
            value = "null" if comparison.value is None else comparison.value
            example |= {"(column)": comparison.column, "(value)": value}
        expected = comparison.expected
        return example | {"(found)": expected.describe(comparison.rows), "(expected)": str(expected)}


def count_group_rows(measurements: Sequence[Measurement]) -> Counter[Group]:
    """Count the rows of each group."""
    sizes: Counter[Group] = Counter()
    for each in measurements:
        if not each.column:
            sizes[each.group] += each.rows
    return sizes
