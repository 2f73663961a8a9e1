"""Durations and times of day in contracts."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta

from dateutil.relativedelta import relativedelta

__all__ = ["UNITS", "parse_duration", "parse_iso_duration", "parse_seconds", "parse_time_of_day"]

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "seconds"),
    **dict.fromkeys(("min", "minute", "minutes"), "minutes"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "hours"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("w", "week", "weeks"), "weeks"),
    **dict.fromkeys(("mo", "month", "months"), "months"),
    **dict.fromkeys(("y", "yr", "year", "years"), "years"),
}
"""The units of time; `m` is missing because it could mean minutes or months."""


def parse_duration(value: object, unit: str) -> relativedelta | None:
    """Return a duration of calendar units; None if it is not positive, has an unknown unit, or is part of a month.

    >>> parse_duration(3, "y"), parse_duration(1, "week"), parse_duration(1.5, "mo"), parse_duration(0, "d")
    (relativedelta(years=+3), relativedelta(days=+7), None, None)
    """
    name = UNITS.get(unit.lower())
    if name is None or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        span = relativedelta(**{name: value})  # type: ignore[arg-type] # its stubs allow whole numbers only
        date(3000, 1, 1) - span  # fails for a span that dates cannot hold
    except (ValueError, OverflowError):
        return None
    return span


def parse_iso_duration(text: str) -> tuple[int, str] | None:
    """Parse a duration of ISO 8601 as a number and its unit; None for any other text, and for months beside days or hours.

    >>> parse_iso_duration("PT4H"), parse_iso_duration("P1Y6M"), parse_iso_duration("P1DT12H"), parse_iso_duration("P1M1D")
    ((4, 'h'), (18, 'mo'), (36, 'h'), None)
    """
    match = _ISO_DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    span, rest = 12 * years + months, timedelta(days, seconds, 0, 0, minutes, hours, weeks)
    if span and rest:
        return None
    if span:
        return (span // 12, "y") if span % 12 == 0 else (span, "mo")
    total = int(rest.total_seconds())
    size, unit = next(
        (size, unit) for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")) if total % size == 0
    )
    return total // size, unit


_ISO_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)


def parse_seconds(value: object, unit: str) -> int | None:
    """Return a duration in whole seconds, for ages: a month has 30 days, a year 365. None where it is no duration.

    >>> parse_seconds(1.5, "days"), parse_seconds(26, "h"), parse_seconds(1, "y") == parse_seconds(365, "d"), parse_seconds(1, "fortnight")
    (129600, 93600, True, None)
    """
    span = parse_duration(value, unit)
    if span is None:
        return None
    days = 365 * span.years + 30 * span.months + span.days
    return round(timedelta(days, span.seconds, hours=span.hours, minutes=span.minutes).total_seconds())


def parse_time_of_day(text: str) -> time | None:
    """Parse a time of day, with its offset from UTC if there is one; return None for any other text.

    >>> parse_time_of_day("06:00+09:00").isoformat(), parse_time_of_day("06:00").tzinfo, parse_time_of_day("6 am")
    ('06:00:00+09:00', None, None)
    """
    try:
        return time.fromisoformat(text) if ":" in text else None
    except ValueError:
        return None
