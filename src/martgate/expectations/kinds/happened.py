"""`happened`: events of the day under audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Scan
from martgate.expectations.kinds.examples import Offenders, show_count
from martgate.expectations.kinds.fields import Column, Expression
from martgate.expectations.kinds.result import Outcome, Result, parse_count
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation

__all__ = ["Happened"]

_LOGICAL_TYPES = ("timestamp", "date")


@dataclass(frozen=True, slots=True)
class Happened(Check):
    """At least `at_least` rows, of those where `where`, have an instant of the day under audit in `column`.

    A source that stopped delivering keeps all of its rows and every other rule: it only has nothing new. The day is that of
    the contract's time zone. No row at all fails as well.
    """

    column: Column
    where: Expression = ""
    at_least: int = 1
    kind: ClassVar[str] = "happened"
    failure_unit: ClassVar[str] = "days"

    @property
    def event_times(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def sentence(self) -> str:
        rows = wording.format_count(self.at_least, "row")
        where = f" where {wording.single_line(self.where)}" if self.where else ""
        verb = "has" if self.at_least == 1 else "have"
        return f"at least {rows}{where} {verb} a {self.column} within the day"

    @property
    def needs_day(self) -> bool:
        return True

    def find_problem(self, table: Table) -> Mistake | None:
        if not self.at_least:
            return Mistake("no row is enough, so that the rule cannot fail", "expected at least 1", key="at_least")
        logical_type = table.column(self.column).logical_type
        if logical_type in _LOGICAL_TYPES:
            return None
        message = f"{self.column} is of logicalType {logical_type}, which holds no day"
        return Mistake(message, f"expected a column of logicalType {' or '.join(_LOGICAL_TYPES)}", key="column")

    def evaluation(self, source: Source) -> Evaluation:
        return Scan((f"COUNT_IF({self._is_of_day(source.types)})",), is_additive=False)

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """Compare the number of rows of the day with the least one."""
        del audited_at
        rows = parse_count(numbers[0])
        outcome = Outcome.PASSED if rows >= self.at_least else Outcome.FAILED
        observed = f"{wording.format_count(rows, 'row')} of the day"
        failed = int(outcome is Outcome.FAILED)
        return Result(outcome, failed, 1, self.failure_unit, observed=observed, observed_is_value=False)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """None, because the offenders are rows that are missing."""
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """One row with the number of rows of the day, where it is too small."""
        del names
        rows = f"COUNT_IF({self._is_of_day(source.types)})"
        return Offenders(
            (show_count("rows", rows),), f"FROM {relation(source.relation)}\nHAVING {rows} < {self.at_least}"
        )

    def _is_of_day(self, types: Mapping[str, str]) -> str:
        name = identifier(self.column)
        where = f" AND ({self.where})" if self.where else ""
        if types.get(self.column.casefold(), "timestamp") == "date":
            return f"{name} = CAST(:part_date AS DATE){where}"
        day = "CAST(:day_start AS TIMESTAMP)", "CAST(:day_end AS TIMESTAMP)"
        return f"{name} >= {day[0]} AND {name} < {day[1]}{where}"
