"""`fresh`: data that are recent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Scan
from martgate.expectations.kinds.examples import ExampleColumn, Offenders
from martgate.expectations.kinds.fields import Column
from martgate.expectations.kinds.result import Outcome, Result, parse_count
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, is_text, relation

__all__ = ["Fresh"]

_ZONES = 14
"""Hours by which the wall clocks of a zone may be ahead of UTC: a day that has begun there is not in the future."""


@dataclass(frozen=True, slots=True)
class Fresh(Check):
    """The greatest value of `column` is at most `seconds` older than the audit (`:audited_at`).

    A value in the future makes nothing fresh: it is counted and left out. A text in the future fails.
    """

    column: Column
    seconds: int
    kind: ClassVar[str] = "fresh"
    failure_unit: ClassVar[str] = "tables"

    @property
    def event_times(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def sentence(self) -> str:
        return f"the latest {self.column} is at most {wording.format_duration(self.seconds)} old"

    def evaluation(self, source: Source) -> Evaluation:
        name = identifier(self.column)
        counts = ("COUNT(*)", f"COUNT({name})")
        type_ = source.types.get(self.column.casefold(), "timestamp")
        if is_text(type_):
            return Scan((*counts, f"MAX({name})", "0"), is_additive=False)
        slack = "" if type_ == "timestamp" else f" + INTERVAL {_ZONES} HOUR"
        future = f"CAST({name} AS TIMESTAMP) > CAST(:audited_at AS TIMESTAMP){slack}"
        return Scan((*counts, f"MAX(CASE WHEN NOT {future} THEN {name} END)", f"COUNT_IF({future})"), is_additive=False)

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """Compare the age of the latest value with the limit; a date counts from its first instant in UTC."""
        value, latest, future = numbers[2], _instant(numbers[2]), parse_count(numbers[3])
        if value is None and not future:
            return Result(Outcome.VACUOUS)
        if latest is None and not future:
            return Result(Outcome.ERROR, reason=f"{self.column} holds no instants")
        age = audited_at - latest if latest else None
        is_fresh = age is not None and timedelta(hours=-_ZONES) <= age <= timedelta(seconds=self.seconds)
        outcome = Outcome.PASSED if is_fresh else Outcome.FAILED
        beside = f"{wording.format_count(future, 'row')} in the future" if future else ""
        hours = (
            ""
            if age is None
            else "in the future"
            if age < timedelta(hours=-_ZONES)
            else f"{age.total_seconds() / 3600:.1f} hours old"
        )
        observed = ", ".join(filter(None, (hours, beside)))
        return Result(outcome, int(not is_fresh), 1, self.failure_unit, observed=observed)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        del names
        name = identifier(self.column)
        latest = f"MAX(CASE WHEN CAST({name} AS TIMESTAMP) <= CURRENT_TIMESTAMP() THEN {name} END)"
        earliest = f"CURRENT_TIMESTAMP() - INTERVAL {self.seconds} SECOND"
        is_stale = f"COALESCE(CAST({latest} AS TIMESTAMP) < {earliest}, COUNT({name}) > 0)"
        rows = f"FROM {relation(source.relation)}\nHAVING {is_stale}"
        return Offenders((ExampleColumn("latest", latest, columns=(self.column,), is_computed=True),), rows)


def _instant(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
