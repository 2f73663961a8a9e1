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
from martgate.expectations.kinds.result import Outcome, Result
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation

__all__ = ["Fresh"]


@dataclass(frozen=True, slots=True)
class Fresh(Check):
    """The greatest value of `column` is at most `seconds` older than the audit (`:audited_at`)."""

    column: Column
    seconds: int
    kind: ClassVar[str] = "fresh"
    failure_unit: ClassVar[str] = "tables"

    @property
    def sentence(self) -> str:
        return f"the latest {self.column} is at most {wording.format_duration(self.seconds)} old"

    def evaluation(self, source: Source) -> Evaluation:
        del source
        name = identifier(self.column)
        return Scan(("COUNT(*)", f"COUNT({name})", f"MAX({name})"), is_additive=False)

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """Compare the age of the latest value with the limit; a date counts from its first instant in UTC."""
        value, latest = numbers[2], _instant(numbers[2])
        if value is None:
            return Result(Outcome.VACUOUS)
        if latest is None:
            return Result(Outcome.ERROR, reason=f"{self.column} holds no instants")
        age = audited_at - latest
        is_fresh = age <= timedelta(seconds=self.seconds)
        outcome = Outcome.PASSED if is_fresh else Outcome.FAILED
        observed = f"{age.total_seconds() / 3600:.1f} hours old"
        return Result(outcome, int(not is_fresh), 1, self.failure_unit, observed=observed)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        del names
        latest = f"MAX({identifier(self.column)})"
        earliest = f"CURRENT_TIMESTAMP() - INTERVAL {self.seconds} SECOND"
        rows = f"FROM {relation(source.relation)}\nHAVING CAST({latest} AS TIMESTAMP) < {earliest}"
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
