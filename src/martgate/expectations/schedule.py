"""Computes when each day, week or month of a table is due, and how long it must be retained."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from martgate.contracts.durations import parse_duration, parse_time_of_day
from martgate.contracts.model import Sla, Table
from martgate.contracts.period import Period

__all__ = ["DeliverySchedule"]


@dataclass(frozen=True, slots=True)
class DeliverySchedule:
    """The delivery schedule that the SLAs of one table give, seen at one instant.

    Every day, week or month is named by its first day.

    Attributes:
        slas: The SLAs of the table about time.
        table: The table; its publish period is the unit of the schedule.
        zone: The time zone of its contract, in which days end.
        now: The instant at which the schedule is read.
    """

    slas: tuple[Sla, ...]
    table: Table
    zone: ZoneInfo
    now: datetime

    @property
    def period(self) -> Period:
        """The unit by which the table is published: day, week or month."""
        return self.table.publish_period

    def due_at(self, day: date, sla: Sla) -> datetime | None:
        """Return the instant at which an SLA requires a day; None where it sets no time or one that cannot be parsed."""
        if sla.property == "frequency":
            return self._end(self._next(day))
        at = parse_time_of_day(str(sla.value)) if sla.property == "timeOfAvailability" else None
        if at is None:
            return None
        end = self._end(day).astimezone(at.tzinfo or self.zone)
        due = datetime.combine(end.date(), at, end.tzinfo)
        return due if due >= end else datetime.combine(end.date() + timedelta(days=1), at, end.tzinfo)

    def is_retained(self, day: date) -> bool:
        """Whether a day must still be in the table; without a retention SLA every day must."""
        spans = [parse_duration(sla.value, sla.unit) for sla in self.slas if sla.property == "retention"]
        return any(self.is_within(day, span) for span in spans) if spans else True

    def is_within(self, day: date, span: relativedelta | None) -> bool:
        """Whether a day ended less than `span` ago; always true without a span."""
        return span is None or self._end(day) > self.now.astimezone(self.zone) - span

    def expected_days(self, known: Iterable[date]) -> Iterator[date]:
        """Yield the known days and those that the SLAs require between them and now, as far as they are retained."""
        days = sorted(filter(self.is_retained, known))
        if not any(sla.property in ("timeOfAvailability", "frequency") for sla in self.slas):
            yield from days
            return
        ended = self.period.first(self.period.first(self.now.astimezone(self.zone).date()) - timedelta(days=1))
        day, until = min([ended, *days]), max([ended, *days])
        while day <= until:
            yield day
            later = bisect_right(days, day)
            day = min([self._latest_successor(day), *days[later : later + 1]])

    def _end(self, day: date) -> datetime:
        """The first instant after a day, week or month."""
        return datetime.combine(self._next(day), time(), self.zone)

    def _next(self, day: date) -> date:
        return self.period.last(day) + timedelta(days=1)

    def _latest_successor(self, day: date) -> date:
        """The latest day that may follow this one without breaking a frequency SLA."""
        steps = [parse_duration(sla.value, sla.unit) for sla in self.slas if sla.property == "frequency"]
        limits = [self.period.first((datetime.combine(day, time()) + step).date()) for step in steps if step]
        return max(min(limits, default=self._next(day)), self._next(day))
