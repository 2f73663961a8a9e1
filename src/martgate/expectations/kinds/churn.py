"""`churn`: as many changed values as usual."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.days import find_day_problem
from martgate.expectations.kinds.fields import Columns, GroupColumns, OptionalGroupColumns
from martgate.expectations.kinds.learned import (
    Band,
    Cell,
    Change,
    InsufficientHistory,
    LearnedCheck,
    MeasurementComparison,
    Past,
)
from martgate.expectations.measurement import Counts, History, Measurement, Selection
from martgate.expectations.mistakes import Mistake

__all__ = ["MIN_CHANGE_DAYS", "Churn"]

MIN_CHANGE_DAYS = 7
"""The number of earlier days with changes from which a limit is learned: a week."""

_GREATEST_FACTOR, _SLACK = 3, 5
"""However wide the band is, no more changes are expected than so many times the most of any earlier day, and so many more."""


@dataclass(frozen=True, slots=True)
class Churn(LearnedCheck):
    """As many keys as usual have another value than on the previous day, for each of `columns` and group of `by`.

    The previous day is the newest earlier day that is published, and only keys of both days count. A column may change in as
    many keys as the band of the last `history_days` days lets expect (see `martgate.expectations.bands`), and never in more
    than three times the most of any of these days, and five more. In the first two weeks only this limit holds, after a
    week. After a gap of several days, the changes of as many days are expected. Too few changes are unusual as well: a copy
    of the day before has none. Failures count columns of groups.
    """

    columns: Columns
    key: GroupColumns
    history_days: int = 90
    false_alarms_per_year: float = 1
    by: OptionalGroupColumns = ()
    kind: ClassVar[str] = "churn"
    failure_unit: ClassVar[str] = "columns"
    counts: ClassVar[Counts] = "changes"

    @property
    def sentence(self) -> str:
        days = wording.format_count(self.history_days, "day")
        keys = f"as many {wording.join_names(self.key)}{wording.group_phrase(self.by)}"
        return f"{keys} change their {wording.join_names(self.columns)} as the last {days} let expect"

    @property
    def value_columns(self) -> tuple[str, ...]:
        return self.columns

    @property
    def compared_key(self) -> tuple[str, ...]:
        return self.key

    @property
    def reads_previous_day(self) -> bool:
        return True

    @property
    def changes(self) -> Mapping[str, Change]:
        return {"none": _nothing, "tenfold, and ten more": _tenfold}

    def find_problem(self, table: Table) -> Mistake | None:
        problem = LearnedCheck.find_problem(self, table) or find_day_problem(self.kind, self.key, table)
        if problem:
            return problem
        repeated = next((name for name in self.columns if name in (*self.key, *self.by)), None)
        if repeated:
            return Mistake(f"{repeated} is part of the key or of by, so that it cannot change", key="columns")
        if self.history_days < MIN_CHANGE_DAYS:
            message = f"nothing is learned from {self.history_days} days"
            return Mistake(message, f"expected at least {MIN_CHANGE_DAYS}", key="history_days")
        return None

    def load_past(self, history: History, day: date) -> Past:
        since = day - timedelta(self.history_days)
        return history.measurements(Selection(self.by, self.columns, self.counts), since=since, before=day)

    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        import numpy as np  # noqa: PLC0415 - which few audits need

        from martgate.expectations.bands import predict_bands  # noqa: PLC0415 - as above

        rows_by_day = {each: rows for each in sorted(past) if (rows := self._count_cells(past[each]))}
        if len(rows_by_day) < MIN_CHANGE_DAYS:
            return InsufficientHistory(len(rows_by_day), MIN_CHANGE_DAYS)
        days, rows_today = list(rows_by_day), self._count_cells(today)
        cells = sorted(rows_today, key=str)
        counts = np.array([[rows_by_day[each].get(cell, np.nan) for cell in cells] for each in days])
        bands = predict_bands(days, counts, day, alarms_per_year=self.false_alarms_per_year)
        known = (~np.isnan(counts)).sum(axis=0)
        most = np.nan_to_num(np.where(known, np.nanmax(np.nan_to_num(counts), axis=0), np.nan))
        limit = (_GREATEST_FACTOR * most + _SLACK) * (day - days[-1]).days
        return tuple(
            MeasurementComparison(
                *cell,
                rows_today[cell],
                Band(float(bands.low[place]), min(float(bands.high[place]), float(limit[place])))
                if bands.is_learned[place]
                else Band(0, float(limit[place])),
            )
            for place, cell in enumerate(cells)
            if known[place] >= MIN_CHANGE_DAYS
        )

    def _count_cells(self, measurements: Sequence[Measurement]) -> dict[Cell, int]:
        own = (each for each in measurements if each.counts == self.counts and each.column in self.columns)
        return {(each.group, each.column, None): each.rows for each in own}


def _nothing(comparison: MeasurementComparison) -> Iterator[float]:
    """No change at all, as in a copy of the day before."""
    if comparison.rows:
        yield 0


def _tenfold(comparison: MeasurementComparison) -> Iterator[float]:
    yield 10 * comparison.rows + 10
