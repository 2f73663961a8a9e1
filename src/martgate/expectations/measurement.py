"""Numbers of past days: what a day's rows counted up to, and where the numbers of earlier days can be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

__all__ = ["LEAST_DAYS", "History", "Measurement", "Remembered"]

LEAST_DAYS = 14
"""From so many published days on there is a past to learn from."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """So many `rows` has one group of `by`: all of them, or those in which `column` has a value (None: is null)."""

    by: tuple[str, ...]
    group: tuple[str | None, ...]
    rows: int
    column: str = ""
    value: str | None = None


class History(Protocol):
    """What was measured of one table on the days of it that are published."""

    def measured(
        self, by: tuple[str, ...], columns: Sequence[str], *, since: date, before: date, most: int | None = None
    ) -> Mapping[date, Sequence[Measurement]]:
        """The numbers of these columns (`""`: of all rows), grouped by exactly `by`, as the newest publication has them.

        Of the published days in [since, before), or the newest `most` of them, those of which there are such numbers.

        Raises:
            martgate.errors.CouldNotRun: what was kept cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Remembered:
    """A history that was read at once."""

    by_day: Mapping[date, Sequence[Measurement]]

    def measured(
        self, by: tuple[str, ...], columns: Sequence[str], *, since: date, before: date, most: int | None = None
    ) -> dict[date, list[Measurement]]:
        days = sorted((day for day in self.by_day if since <= day < before), reverse=True)[:most]
        found = {day: [each for each in self.by_day[day] if each.by == by and each.column in columns] for day in days}
        return {day: numbers for day, numbers in found.items() if numbers}
