"""The length of time that one value of a publish partition covers."""

from datetime import date, timedelta
from enum import StrEnum

__all__ = ["Period"]


class Period(StrEnum):
    """A day, an ISO week or a calendar month; its first day identifies it.

    >>> Period.WEEK.first(date(2024, 3, 31)), Period.MONTH.last(date(2024, 2, 1))
    (datetime.date(2024, 3, 25), datetime.date(2024, 2, 29))
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first(self, day: date) -> date:
        """Return the first day of the period that contains a day."""
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)

    def last(self, day: date) -> date:
        """Return the last day of the period that contains a day."""
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return self.first(day) + timedelta(days=6)
            case Period.MONTH:
                return self.first(self.first(day) + timedelta(days=31)) - timedelta(days=1)
