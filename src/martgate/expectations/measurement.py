"""Row counts of a day by group and value, and the history of such counts that rules compare a new day with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

__all__ = ["MIN_HISTORY_DAYS", "Counts", "History", "InMemoryHistory", "Measurement", "Selection"]

Counts = Literal["rows", "changes"]
"""Which rows a measurement counts: all that it is about, or those whose value of `column` changed since the previous day."""

MIN_HISTORY_DAYS = 14
"""The number of published days from which a band can be learned."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The number of rows in one group of a day.

    Attributes:
        by: the columns that rows are grouped by.
        group: the values of those columns in this group.
        rows: how many rows there are.
        column: the column whose value is counted; empty where all rows of the group are.
        value: the value that the rows have in `column`; None for null.
        counts: which rows are counted.
    """

    by: tuple[str, ...]
    group: tuple[str | None, ...]
    rows: int
    column: str = ""
    value: str | None = None
    counts: Counts = "rows"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which measurements of each day are meant.

    Attributes:
        by: the columns that rows are grouped by, exactly these.
        columns: the columns whose values are counted; `""` is the count of all rows of a group.
        counts: which rows are counted.
    """

    by: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Counts = "rows"

    def includes(self, measurement: Measurement) -> bool:
        """Whether a measurement is one of those meant."""
        is_alike = (measurement.by, measurement.counts) == (self.by, self.counts)
        return is_alike and measurement.column in self.columns


class History(Protocol):
    """The measurements of the published days of one table."""

    def measurements(
        self, selection: Selection, *, since: date, before: date, most: int | None = None
    ) -> Mapping[date, Sequence[Measurement]]:
        """Return the measurements of published days, as the newest publish of each day took them.

        Args:
            selection: which measurements.
            since: the first day.
            before: the day after the last one.
            most: the greatest number of days, the newest ones; None for all.

        Returns:
            The measurements by day, without the days that have none.

        Raises:
            martgate.errors.CouldNotRun: the records cannot be read.
        """


@dataclass(frozen=True, slots=True)
class InMemoryHistory:
    """A history that is held in memory."""

    by_day: Mapping[date, Sequence[Measurement]]

    def measurements(
        self, selection: Selection, *, since: date, before: date, most: int | None = None
    ) -> dict[date, list[Measurement]]:
        """Return the measurements of published days; see `History.measurements`."""
        days = sorted((day for day in self.by_day if since <= day < before), reverse=True)[:most]
        by_day = {day: list(filter(selection.includes, self.by_day[day])) for day in days}
        return {day: measurements for day, measurements in by_day.items() if measurements}
