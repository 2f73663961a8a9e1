"""Days as callers write them."""

import datetime as dt

from martgate.contracts.day import parse_day
from martgate.errors import InvalidInput

__all__ = ["Date", "read_day"]

Date = str | dt.date
"""A day: a date, or a text as `YYYY-MM-DD`."""


def read_day(value: Date) -> dt.date:
    """Read a day.

    Raises:
        martgate.InvalidInput: the text is no day.
    """
    if isinstance(value, dt.datetime):
        raise InvalidInput(f"found the instant {value.isoformat()}, expected a day: a date, or a text as YYYY-MM-DD")
    if isinstance(value, dt.date):
        return value
    day = parse_day(value)
    if day is None:
        raise InvalidInput(f"found {value!r}, expected a day as YYYY-MM-DD")
    return day
