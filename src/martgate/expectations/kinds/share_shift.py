"""`share_shift`: shares of rows that stay near those of the previous day."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.fields import Columns, OptionalGroupColumns
from martgate.expectations.kinds.learned import (
    Band,
    Cell,
    Change,
    Group,
    InsufficientHistory,
    LearnedCheck,
    MeasurementComparison,
    Past,
    count_group_rows,
)
from martgate.expectations.measurement import MIN_HISTORY_DAYS, History, Measurement, Selection
from martgate.expectations.mistakes import Mistake
from martgate.hints import clip

__all__ = ["ExpectedShare", "ShareShift", "fisher_exact_probability"]

_DAYS_A_YEAR = 365
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ExpectedShare:
    """A share of a group that is expected near that of the previous day.

    A share further away than `distance` is expected only where chance explains it, or up to twice as far where it is usual.

    Attributes:
        previous_rows: the rows of the share on the previous day.
        previous_size: the rows of the group on the previous day.
        size: the rows of the group on this day.
        distance: how far the share may move: the least of the two limits.
        significance: the probability below which chance does not explain a move.
        usual: the rows that the share would usually have on this day; None where that is unknown.
    """

    previous_rows: int
    previous_size: int
    size: int
    distance: float
    significance: float
    usual: Band | None = None

    def admits(self, rows: float) -> bool:
        distance = abs(rows / self.size - self.previous_rows / self.previous_size) - _ROUNDING
        if distance <= self.distance:
            return True
        if self.usual and distance <= 2 * self.distance and self.usual.admits(rows):
            return True
        probability = fisher_exact_probability(round(rows), self.size, self.previous_rows, self.previous_size)
        return probability >= self.significance / 2

    def describe(self, rows: int) -> str:
        return _percent(rows / self.size)

    def __str__(self) -> str:
        previous = self.previous_rows / self.previous_size
        return f"{_percent(max(0, previous - self.distance))} to {_percent(min(1, previous + self.distance))}"


@dataclass(frozen=True, slots=True)
class ShareShift(LearnedCheck):
    """In each group of `by`, no share of rows is further than `max_distance` from that of the previous day.

    With `max_relative`, no share may move by more than that part of itself either, so that a class of few rows is seen: 0.5
    refuses a share of one percent that falls below half a percent, or rises above one and a half.

    The shares are those of null and, where a column has an enum, of each of its values. The previous day is the newest
    earlier day that is published. Each share is compared by itself: the largest move decides, not the sum of all, so that
    the distance can be read off any chart. A move that chance explains in a group of this size does not fail;
    `false_alarms_per_year` is how often chance alone may fail the check. Groups that do not exist on both days are not in
    scope (their rows are the business of `VolumeBand`), nor is a column on the first day that it is listed. Failures count
    shares.

    With `history_days`, a share may also move as usual, by weekday and by the noise of that many days (see
    `martgate.expectations.bands`), but never further than twice the distance.
    """

    columns: Columns
    max_distance: float
    by: OptionalGroupColumns = ()
    false_alarms_per_year: float = 1
    history_days: int = 0
    max_relative: float = 0
    kind: ClassVar[str] = "share_shift"
    failure_unit: ClassVar[str] = "shares"

    @property
    def sentence(self) -> str:
        points, days = f"{100 * self.max_distance:g} percentage points", wording.format_count(self.history_days, "day")
        relative = f", and within {100 * self.max_relative:g} % of it" if self.max_relative else ""
        exception = f", or twice as far where the last {days} let expect it" if self.history_days else ""
        shares = f"each share of {wording.join_names(self.columns)}{wording.group_phrase(self.by)}"
        return f"{shares} is within {points} of that of the day before{relative}{exception}"

    @property
    def value_columns(self) -> tuple[str, ...]:
        return self.columns

    @property
    def changes(self) -> Mapping[str, Change]:
        return {"moved by the distance": _move(1), "moved by twice the distance": _move(2)}

    def find_problem(self, table: Table) -> Mistake | None:
        problem = LearnedCheck.find_problem(self, table)
        if problem is None and self.history_days:
            problem = self.find_history_problem()
        if problem is None and not 0 < self.max_distance < 1:
            message = f"found {clip(self.max_distance)}, expected a share between 0 and 1"
            problem = Mistake(message, "0.05 is five percentage points", key="max_distance")
        if problem is None and self.max_relative >= 1:
            message = f"found {clip(self.max_relative)}, expected less than 1, or a share that is lost would pass"
            problem = Mistake(message, "0.5 is half of a share", key="max_relative")
        return problem

    def load_past(self, history: History, day: date) -> Past:
        """Load the newest earlier day; with `history_days`, all of these days."""
        since, most = (day - timedelta(self.history_days), None) if self.history_days else (date.min, 1)
        return history.measurements(Selection(self.by, ("", *self.columns)), since=since, before=day, most=most)

    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        rows_by_day = {each: rows for each in past if (rows := self._count_cells(past[each]))}
        needed = MIN_HISTORY_DAYS if self.history_days else 1
        if len(rows_by_day) < needed:
            return InsufficientHistory(len(rows_by_day), needed)
        newest = max(rows_by_day)
        rows, previous_rows = self._count_cells(today), rows_by_day[newest]
        sizes, previous_sizes = count_group_rows(today), count_group_rows(past[newest])
        columns = {column for _, column, _ in previous_rows}
        cells = sorted(
            {
                (group, column, value)
                for group, column, value in (*rows, *previous_rows)
                if column in columns and sizes[group] and previous_sizes[group]
            },
            key=str,
        )
        history = {each: (count_group_rows(past[each]), rows_by_day[each]) for each in rows_by_day}
        usual = self._predict(cells, sizes, history, day)
        significance = min(self.false_alarms_per_year / (_DAYS_A_YEAR * max(1, len(cells))), 1.0)
        return tuple(
            MeasurementComparison(
                *cell,
                rows=rows[cell],
                expected=ExpectedShare(
                    previous_rows[cell],
                    previous_sizes[cell[0]],
                    sizes[cell[0]],
                    self._distance(previous_rows[cell] / previous_sizes[cell[0]]),
                    significance,
                    usual.get(cell),
                ),
            )
            for cell in cells
        )

    def _distance(self, previous: float) -> float:
        """How far a share may move; a share that was 0 has no relative limit."""
        relative = self.max_relative * previous
        return min(self.max_distance, relative) if relative else self.max_distance

    def _predict(
        self,
        cells: Sequence[Cell],
        sizes: Mapping[Group, int],
        history: Mapping[date, tuple[Counter[Group], Counter[Cell]]],
        day: date,
    ) -> dict[Cell, Band]:
        """The bands of the rows that each share would have today by its history; empty without `history_days`."""
        if not self.history_days:
            return {}
        import numpy as np  # noqa: PLC0415 - which few audits need

        from martgate.expectations.bands import predict_bands  # noqa: PLC0415 - as above

        days = sorted(history)
        counts = np.full((len(days), len(cells)), np.nan)
        for row, (sizes_of_day, rows_of_day) in enumerate(history[each] for each in days):
            columns = {column for _, column, _ in rows_of_day}
            for position, cell in enumerate(cells):
                if cell[1] in columns and sizes_of_day[cell[0]]:
                    counts[row, position] = rows_of_day[cell] / sizes_of_day[cell[0]] * sizes[cell[0]]
        bands = predict_bands(days, counts, day, alarms_per_year=self.false_alarms_per_year)
        return {
            cell: Band(float(bands.low[position]), float(bands.high[position]))
            for position, cell in enumerate(cells)
            if bands.is_learned[position]
        }

    def _count_cells(self, measurements: Sequence[Measurement]) -> Counter[Cell]:
        rows: Counter[Cell] = Counter()
        for each in measurements:
            if each.column in self.columns:
                rows[each.group, each.column, each.value] += each.rows
        return rows


def _move(times: float) -> Change:
    """A move up and down by multiples of the distance, within the group."""

    def change(comparison: MeasurementComparison) -> Iterator[float]:
        expected = comparison.expected
        if isinstance(expected, ExpectedShare):
            move = times * expected.distance * expected.size
            yield from (rows for rows in (comparison.rows - move, comparison.rows + move) if 0 <= rows <= expected.size)

    return change


def fisher_exact_probability(rows: int, size: int, previous_rows: int, previous_size: int) -> float:
    """Compute the probability of a share at least as far from the previous one, if only chance moves it.

    This is Fisher's exact test in one direction. Its terms are added from `rows` outwards, where they decrease.

    Args:
        rows: the rows of the share.
        size: the rows of its group.
        previous_rows: the rows of the share on the previous day.
        previous_size: the rows of the group on the previous day.
    """
    if rows / size < previous_rows / previous_size:
        rows, previous_rows = size - rows, previous_size - previous_rows
    total_size, total_rows = size + previous_size, rows + previous_rows
    others = total_size - total_rows
    term = math.exp(
        _log_binomial(total_rows, rows) + _log_binomial(others, size - rows) - _log_binomial(total_size, size)
    )
    probability = 0.0
    while term > probability * 1e-12:
        probability += term
        term *= (total_rows - rows) * (size - rows) / ((rows + 1) * (others - (size - rows) + 1))
        rows += 1
    return min(probability, 1.0)


def _log_binomial(n: int, k: int) -> float:
    """The logarithm of the binomial coefficient."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
