"""Row counts of a day by group and value, and the history of such counts that rules compare a new day with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

__all__ = ["MIN_HISTORY_DAYS", "History", "InMemoryHistory", "Measurement"]

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
    """

    by: tuple[str, ...]
    group: tuple[str | None, ...]
    rows: int
    column: str = ""
    value: str | None = None


class History(Protocol):
    """The measurements of the published days of one table."""

    def measurements(
        self, by: tuple[str, ...], columns: Sequence[str], *, since: date, before: date, most: int | None = None
    ) -> Mapping[date, Sequence[Measurement]]:
        """Return the measurements of published days, as the newest publish of each day took them.

        Args:
            by: the columns that rows are grouped by, exactly these.
            columns: the columns whose values are counted; `""` is the count of all rows of a group.
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
        self, by: tuple[str, ...], columns: Sequence[str], *, since: date, before: date, most: int | None = None
    ) -> dict[date, list[Measurement]]:
        """Return the measurements of published days; see `History.measurements`."""
        days = sorted((day for day in self.by_day if since <= day < before), reverse=True)[:most]
        by_day = {day: [each for each in self.by_day[day] if each.by == by and each.column in columns] for day in days}
        return {day: measurements for day, measurements in by_day.items() if measurements}
