"""`volume_band`: a number of rows within the band that earlier days let expect."""

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
from martgate.expectations.measurement import MIN_HISTORY_DAYS, History, Measurement, Selection
from martgate.expectations.mistakes import Mistake

__all__ = ["VolumeBand"]


@dataclass(frozen=True, slots=True)
class VolumeBand(LearnedCheck):
    """The number of rows in each group of `by` is within the band of the last `history_days` days.

    `martgate.expectations.bands` describes the bands. `false_alarms_per_year` is how often a year one of all groups may be
    outside of its band although nothing is wrong. Bands are learned from published days only: a lasting change is refused
    until a waiver lets it through. A group without rows that had rows before has 0 of them; a new group is in scope after
    its first 14 days. Failures count groups.
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
        return {
            "halved": _multiply(0.5),
            "doubled": _multiply(2),
            "a fifth less": _multiply(0.8),
            "a fifth more": _multiply(1.2),
        }

    def find_problem(self, table: Table) -> Mistake | None:
        return LearnedCheck.find_problem(self, table) or self.find_history_problem()

    def load_past(self, history: History, day: date) -> Past:
        return history.measurements(Selection(self.by, ("",)), since=day - timedelta(self.history_days), before=day)

    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        import numpy as np  # noqa: PLC0415 - which few audits need

        from martgate.expectations.bands import predict_bands  # noqa: PLC0415 - as above

        if len(past) < MIN_HISTORY_DAYS:
            return InsufficientHistory(len(past), MIN_HISTORY_DAYS)
        days = sorted(past)
        sizes = [count_group_rows(past[each]) for each in days]
        sizes_today = count_group_rows(today)
        groups = sorted({group for each in (*sizes, sizes_today) for group in each}, key=str)
        counts = np.array([[each.get(group, 0) for group in groups] for each in sizes], dtype=np.float64)
        counts[np.cumsum(counts, axis=0) == 0] = np.nan  # before its first rows a group is unknown; afterwards it has 0
        bands = predict_bands(days, counts, day, alarms_per_year=self.false_alarms_per_year)
        return tuple(
            MeasurementComparison(
                group,
                "",
                None,
                sizes_today.get(group, 0),
                Band(float(bands.low[position]), float(bands.high[position])),
            )
            for position, group in enumerate(groups)
            if bands.is_learned[position]
        )


def _multiply(factor: float) -> Change:
    def change(comparison: MeasurementComparison) -> Iterator[float]:
        if comparison.rows:
            yield round(comparison.rows * factor)

    return change
