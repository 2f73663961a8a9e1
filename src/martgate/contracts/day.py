"""A day of a table, and the instant at which it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Day", "days_between", "parse_day"]


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day in a time zone. "As of" the day means strictly before its `cutoff`.

    Attributes:
        date: The date.
        zone: The name of the time zone, as in `Asia/Seoul`.

    >>> Day(date(2024, 3, 31), "Asia/Seoul").parameters
    {'part_date': '2024-03-31', 'day_start': '2024-03-30T15:00:00Z', 'day_end': '2024-03-31T15:00:00Z'}
    """

    date: date
    zone: str

    @property
    def cutoff(self) -> datetime:
        """The first instant of the next day, in UTC; of 9999-12-31 the last one that there is."""
        try:
            return datetime.combine(self.date + timedelta(days=1), time(), ZoneInfo(self.zone)).astimezone(UTC)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    @property
    def start(self) -> datetime:
        """The first instant of the day, in UTC."""
        try:
            return datetime.combine(self.date, time(), ZoneInfo(self.zone)).astimezone(UTC)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    @property
    def parameters(self) -> dict[str, str]:
        """The named parameters of models and rules, as text; SQL casts `:day_start` and `:day_end` to TIMESTAMP."""
        instants = {"day_start": self.start, "day_end": self.cutoff}
        return {"part_date": self.date.isoformat()} | {
            name: f"{instant:%Y-%m-%dT%H:%M:%S}Z" for name, instant in instants.items()
        }


def parse_day(text: str) -> date | None:
    """Parse a date in the form `YYYY-MM-DD`; return None for any other text.

    >>> parse_day("2024-02-29"), parse_day("2023-02-29"), parse_day("20240229")
    (datetime.date(2024, 2, 29), None, None)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from the first to the last, both included.

    >>> [day.day for day in days_between(date(2024, 2, 28), date(2024, 3, 1))]
    [28, 29, 1]
    """
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
