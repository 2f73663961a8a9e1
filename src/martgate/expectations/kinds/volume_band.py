"""`volume_band`: as many rows as the days before let expect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.fields import OptionalGroupColumns
from martgate.expectations.kinds.learned import (
    Band,
    Change,
    InsufficientHistory,
    LearnedCheck,
    MeasurementComparison,
    Past,
    count_group_rows,
)
from martgate.expectations.measurement import MIN_HISTORY_DAYS, History, Measurement
from martgate.expectations.mistakes import Mistake

__all__ = ["VolumeBand"]


@dataclass(frozen=True, slots=True)
class VolumeBand(LearnedCheck):
    """Each group of `by` has as many rows as the last `history_days` days let expect (see `martgate.expectations.bands`).

    `false_alarms_per_year` is the budget: so often may one of all groups lie outside of its band though nothing is wrong.
    Only published days teach: a change that is there to stay is refused until somebody lets it through, as a waiver does.
    A group that had rows and has none any more has 0 of them; one that is new is looked at after its first 14 days. Failures
    count groups.
    """

    by: OptionalGroupColumns
    history_days: int
    false_alarms_per_year: float
    kind: ClassVar[str] = "volume_band"

    @property
    def sentence(self) -> str:
        alarms, days = self.false_alarms_per_year, wording.format_count(self.history_days, "day")
        budget = (
            "at most one false alarm a year"
            if alarms == 1
            else f"at most {wording.format_number(alarms)} false alarms a year"
        )
        return f"the number of rows{wording.group_phrase(self.by)} is as the last {days} let expect ({budget})"

    @property
    def value_columns(self) -> tuple[str, ...]:
        return ()

    @property
    def changes(self) -> Mapping[str, Change]:
        return {"halved": _times(0.5), "doubled": _times(2), "a fifth less": _times(0.8), "a fifth more": _times(1.2)}

    def problem(self, table: Table) -> Mistake | None:
        return LearnedCheck.problem(self, table) or self.problem_of_history()

    def load_past(self, history: History, day: date) -> Past:
        return history.measurements(self.by, ("",), since=day - timedelta(self.history_days), before=day)

    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        import numpy as np  # noqa: PLC0415 - which few audits need

        from martgate.expectations.bands import predict_bands  # noqa: PLC0415 - as above

        if len(past) < MIN_HISTORY_DAYS:
            return InsufficientHistory(len(past), MIN_HISTORY_DAYS)
        days = sorted(past)
        sizes = [count_group_rows(past[each]) for each in days]
        now = count_group_rows(today)
        groups = sorted({group for each in (*sizes, now) for group in each}, key=str)
        counts = np.array([[each.get(group, 0) for group in groups] for each in sizes], dtype=np.float64)
        counts[np.cumsum(counts, axis=0) == 0] = np.nan  # not seen yet; once it was, none are 0
        found = predict_bands(days, counts, day, alarms_per_year=self.false_alarms_per_year)
        return tuple(
            MeasurementComparison(
                group, "", None, now.get(group, 0), Band(float(found.low[place]), float(found.high[place]))
            )
            for place, group in enumerate(groups)
            if found.is_learned[place]
        )


def _times(factor: float) -> Change:
    def changed(found: MeasurementComparison) -> Iterator[float]:
        if found.rows:
            yield round(found.rows * factor)

    return changed
