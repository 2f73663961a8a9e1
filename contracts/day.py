"""One day of a mart, and the instant at which it ends."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Day"]


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day in a time zone. "As of" the day means strictly before its `cutoff`.

    >>> Day(date(2024, 3, 31), "Asia/Seoul").parameters
    {'part_date': '2024-03-31', 'day_end': '2024-03-31T15:00:00Z'}
    """

    date: date
    zone: str

    @property
    def cutoff(self) -> datetime:
        """The first instant of the next day, in UTC."""
        return datetime.combine(self.date + timedelta(days=1), time(), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def parameters(self) -> dict[str, str]:
        """The named parameters that models and rules may use, as text; SQL casts `:day_end` to TIMESTAMP."""
        return {"part_date": self.date.isoformat(), "day_end": f"{self.cutoff:%Y-%m-%dT%H:%M:%S}Z"}
