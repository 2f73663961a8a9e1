"""`share_shift`: shares of the rows that stay near those of the day before."""

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
from martgate.expectations.measurement import MIN_HISTORY_DAYS, History, Measurement
from martgate.expectations.mistakes import Mistake
from martgate.hints import clip

__all__ = ["ExpectedShare", "ShareShift", "fisher_exact_probability"]

_A_YEAR = 365
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ExpectedShare:
    """A share of `size` rows that is expected near the one that `then` of `size_then` rows had.

    Further away than `distance` it may only be where chance, as seldom as `chance`, explains it, or, up to twice as far,
    where it is `usual`.
    """

    then: int
    size_then: int
    size: int
    distance: float
    chance: float
    usual: Band | None = None

    def admits(self, rows: float) -> bool:
        moved = abs(rows / self.size - self.then / self.size_then) - _ROUNDING
        if moved <= self.distance:
            return True
        if self.usual and moved <= 2 * self.distance and self.usual.admits(rows):
            return True
        return fisher_exact_probability(round(rows), self.size, self.then, self.size_then) >= self.chance / 2

    def describe(self, rows: int) -> str:
        return _percent(rows / self.size)

    def __str__(self) -> str:
        before = self.then / self.size_then
        return f"{_percent(max(0, before - self.distance))} to {_percent(min(1, before + self.distance))}"


@dataclass(frozen=True, slots=True)
class ShareShift(LearnedCheck):
    """In each group of `by`, no share of the rows is further than `max_distance` from what it was on the day before.

    The shares are those of null and, where a column has an enum, of each of its values; the day before is the newest
    earlier one that is published. Each share is judged by itself (the largest move decides, not the sum of all), so that
    the distance can be read off any chart. A move that chance explains in a group as small as this one is none:
    `false_alarms_per_year` is how often chance alone may be taken for more. Groups that are not there on both days are
    not looked at (their rows are `VolumeBand`'s business), nor is a column on the first day that it is listed. Failures
    count shares.

    With `history_days`, a share may also move as it is used to, by weekday and by the noise of that many days (see
    `martgate.expectations.bands`), but never further than twice the distance.
    """

    columns: Columns
    max_distance: float
    by: OptionalGroupColumns = ()
    false_alarms_per_year: float = 1
    history_days: int = 0
    kind: ClassVar[str] = "share_shift"
    failure_unit: ClassVar[str] = "shares"

    @property
    def sentence(self) -> str:
        points, days = f"{100 * self.max_distance:g} percentage points", wording.format_count(self.history_days, "day")
        used = f", or twice as far where the last {days} let expect it" if self.history_days else ""
        shares = f"each share of {wording.join_names(self.columns)}{wording.group_phrase(self.by)}"
        return f"{shares} is within {points} of that of the day before{used}"

    @property
    def value_columns(self) -> tuple[str, ...]:
        return self.columns

    @property
    def changes(self) -> Mapping[str, Change]:
        return {"moved by the distance": _moved(1), "moved by twice the distance": _moved(2)}

    def problem(self, table: Table) -> Mistake | None:
        found = LearnedCheck.problem(self, table)
        if found is None and self.history_days:
            found = self.problem_of_history()
        if found is None and not 0 < self.max_distance < 1:
            message = f"found {clip(self.max_distance)}, expected a share between 0 and 1"
            found = Mistake(message, "0.05 is five percentage points", key="max_distance")
        return found

    def load_past(self, history: History, day: date) -> Past:
        """The newest day before; where it learns, many of them."""
        since, most = (day - timedelta(self.history_days), None) if self.history_days else (date.min, 1)
        return history.measurements(self.by, ("", *self.columns), since=since, before=day, most=most)

    def compare(
        self, today: Sequence[Measurement], past: Past, day: date
    ) -> tuple[MeasurementComparison, ...] | InsufficientHistory:
        parts = {each: found for each in past if (found := self._parts(past[each]))}
        needed = MIN_HISTORY_DAYS if self.history_days else 1
        if len(parts) < needed:
            return InsufficientHistory(len(parts), needed)
        newest = max(parts)
        now, then = self._parts(today), parts[newest]
        sizes, sizes_then = count_group_rows(today), count_group_rows(past[newest])
        known = {column for _, column, _ in then}
        cells = sorted(
            {cell for cell in (*now, *then) if cell[1] in known and sizes[cell[0]] and sizes_then[cell[0]]}, key=str
        )
        usual = self._usual(cells, sizes, {each: (count_group_rows(past[each]), parts[each]) for each in parts}, day)
        chance = min(self.false_alarms_per_year / (_A_YEAR * max(1, len(cells))), 1.0)
        return tuple(
            MeasurementComparison(
                *cell,
                rows=now[cell],
                expected=ExpectedShare(
                    then[cell], sizes_then[cell[0]], sizes[cell[0]], self.max_distance, chance, usual.get(cell)
                ),
            )
            for cell in cells
        )

    def _usual(
        self,
        cells: Sequence[Cell],
        sizes: Mapping[Group, int],
        past: Mapping[date, tuple[Counter[Group], Counter[Cell]]],
        day: date,
    ) -> dict[Cell, Band]:
        """How many of today's rows each share would be, as far as its own past tells; nothing where it is not to be asked."""
        if not self.history_days:
            return {}
        import numpy as np  # noqa: PLC0415 - which few audits need

        from martgate.expectations.bands import predict_bands  # noqa: PLC0415 - as above

        days = sorted(past)
        counts = np.full((len(days), len(cells)), np.nan)
        for place, (then, parts) in enumerate(past[each] for each in days):
            counted = {column for _, column, _ in parts}
            for at, cell in enumerate(cells):
                if cell[1] in counted and then[cell[0]]:
                    counts[place, at] = parts[cell] / then[cell[0]] * sizes[cell[0]]
        found = predict_bands(days, counts, day, alarms_per_year=self.false_alarms_per_year)
        return {
            cell: Band(float(found.low[place]), float(found.high[place]))
            for place, cell in enumerate(cells)
            if found.is_learned[place]
        }

    def _parts(self, measured: Sequence[Measurement]) -> Counter[Cell]:
        parts: Counter[Cell] = Counter()
        for each in measured:
            if each.column in self.columns:
                parts[each.group, each.column, each.value] += each.rows
        return parts


def _moved(times: float) -> Change:
    """Up and down, as far as a share can go."""

    def changed(found: MeasurementComparison) -> Iterator[float]:
        if isinstance(found.expected, ExpectedShare):
            by = times * found.expected.distance * found.expected.size
            yield from (rows for rows in (found.rows - by, found.rows + by) if 0 <= rows <= found.expected.size)

    return changed


def fisher_exact_probability(rows: int, size: int, then: int, size_then: int) -> float:
    """How likely it is that so many rows, or a number still further off, are those of one day, were they dealt at random.

    Fisher's exact test in one direction. Terms are added from `rows` outwards, where they only become smaller.
    """
    if rows / size < then / size_then:
        rows, then = size - rows, size_then - then
    all_rows, all_of_them = size + size_then, rows + then
    term = math.exp(_ways(all_of_them, rows) + _ways(all_rows - all_of_them, size - rows) - _ways(all_rows, size))
    total = 0.0
    while term > total * 1e-12:
        total += term
        left, room = all_of_them - rows, size - rows
        term *= left * room / ((rows + 1) * (all_rows - all_of_them - room + 1))
        rows += 1
    return min(total, 1.0)


def _ways(of: int, some: int) -> float:
    """The logarithm of how many ways there are to choose."""
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
