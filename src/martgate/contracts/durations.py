"""How contracts say how long something takes, and at which time of the day it happens."""

from collections.abc import Mapping
from datetime import date, time, timedelta

from dateutil.relativedelta import relativedelta

__all__ = ["UNITS", "parse_duration", "parse_seconds", "parse_time_of_day"]

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "seconds"),
    **dict.fromkeys(("min", "minute", "minutes"), "minutes"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "hours"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("w", "week", "weeks"), "weeks"),
    **dict.fromkeys(("mo", "month", "months"), "months"),
    **dict.fromkeys(("y", "yr", "year", "years"), "years"),
}
"""The units of time that are understood; `m` is left out, for it might be minutes or months."""


def parse_duration(value: object, unit: str) -> relativedelta | None:
    """A length of time as calendars count it; None where it is none, or part of a month.

    >>> parse_duration(3, "y"), parse_duration(1, "week"), parse_duration(1.5, "mo"), parse_duration(0, "d")
    (relativedelta(years=+3), relativedelta(days=+7), None, None)
    """
    name = UNITS.get(unit.lower())
    if name is None or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        made = relativedelta(**{name: value})  # type: ignore[arg-type] # its stubs ask for whole numbers of days, too
        date(3000, 1, 1) - made  # what no calendar holds is no length of time
    except (ValueError, OverflowError):
        return None
    return made


def parse_seconds(value: object, unit: str) -> int | None:
    """The same length in whole seconds, for ages: a month counts 30 days and a year 365. None where it is none.

    >>> parse_seconds(1.5, "days"), parse_seconds(26, "h"), parse_seconds(1, "y") == parse_seconds(365, "d"), parse_seconds(1, "fortnight")
    (129600, 93600, True, None)
    """
    span = parse_duration(value, unit)
    if span is None:
        return None
    days = 365 * span.years + 30 * span.months + span.days
    return round(timedelta(days, span.seconds, hours=span.hours, minutes=span.minutes).total_seconds())


def parse_time_of_day(text: str) -> time | None:
    """The time that a text names, with its offset if it has one; None where it names none.

    >>> parse_time_of_day("06:00+09:00").isoformat(), parse_time_of_day("06:00").tzinfo, parse_time_of_day("6 am")
    ('06:00:00+09:00', None, None)
    """
    try:
        return time.fromisoformat(text) if ":" in text else None
    except ValueError:
        return None
