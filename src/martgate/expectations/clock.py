"""When the days, weeks or months of one table are due, and how long they stay."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from martgate.contracts.durations import duration, time_of_day
from martgate.contracts.model import Sla, Table
from martgate.contracts.period import Period

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The promises about time of one table, in the zone of its contract, read at one instant."""

    slas: tuple[Sla, ...]
    table: Table
    zone: ZoneInfo
    now: datetime

    @property
    def period(self) -> Period:
        return self.table.publish_period

    def due(self, day: date, sla: Sla) -> datetime | None:
        """When a promise wants a day to be there; None where it says nothing of that, or nothing that is understood."""
        if sla.property == "frequency":
            return self._end(self._next(day))
        at = time_of_day(str(sla.value)) if sla.property == "timeOfAvailability" else None
        if at is None:
            return None
        end = self._end(day).astimezone(at.tzinfo or self.zone)
        found = datetime.combine(end.date(), at, end.tzinfo)
        return found if found >= end else datetime.combine(end.date() + timedelta(days=1), at, end.tzinfo)

    def is_retained(self, day: date) -> bool:
        """Whether a day must still be there: always, where nobody says how long."""
        spans = [duration(sla.value, sla.unit) for sla in self.slas if sla.property == "retention"]
        return any(self.outlasts(day, span) for span in spans) if spans else True

    def outlasts(self, day: date, span: relativedelta | None) -> bool:
        """Whether less time than this has passed since a day ended."""
        return span is None or self._end(day) > self.now.astimezone(self.zone) - span

    def expected(self, known: Iterable[date]) -> Iterator[date]:
        """The days that are known, and those that should be there between them and until now; retained ones only."""
        days = sorted(filter(self.is_retained, known))
        if not any(sla.property in ("timeOfAvailability", "frequency") for sla in self.slas):
            yield from days
            return
        ended = self.period.first(self.period.first(self.now.astimezone(self.zone).date()) - timedelta(days=1))
        day, until = min([ended, *days]), max([ended, *days])
        while day <= until:
            yield day
            later = bisect_right(days, day)
            day = min([self._reach(day), *days[later : later + 1]])

    def _end(self, day: date) -> datetime:
        """The first instant after a day, week or month."""
        return datetime.combine(self._next(day), time(), self.zone)

    def _next(self, day: date) -> date:
        return self.period.last(day) + timedelta(days=1)

    def _reach(self, day: date) -> date:
        """The last day by which, after this one, another must be there."""
        steps = [duration(sla.value, sla.unit) for sla in self.slas if sla.property == "frequency"]
        limits = [self.period.first((datetime.combine(day, time()) + step).date()) for step in steps if step]
        return max(min(limits, default=self._next(day)), self._next(day))
