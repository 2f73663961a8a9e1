"""Today's numbers against those of the published days before: what is expected, and what is found outside of it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import assert_never

import numpy as np

from expectations import words
from expectations.bands import bands
from expectations.checks import LEAST_DAYS
from expectations.measured import Learned, Measurement
from expectations.ports import History
from expectations.rules import Rule, ShareShift, VolumeBand
from expectations.verdict import Outcome, OutOfScope, Verdict

__all__ = ["Compared", "Learning", "Near", "compared", "example", "judged", "past"]

Past = Mapping[date, Sequence[Measurement]]
Group = tuple[str | None, ...]
Cell = tuple[Group, str, str | None]
"""A group, a column, and one of its values (None: null)."""

_MOST_EXAMPLES = 5
_A_YEAR = 365
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Band:
    """So many rows are expected, at least and at most."""

    low: float
    high: float

    def admits(self, rows: float) -> bool:
        return self.low <= rows <= self.high

    def __str__(self) -> str:
        return f"{max(0, math.ceil(self.low)):,} to {math.floor(self.high):,}"


@dataclass(frozen=True, slots=True)
class Near:
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
        return _by_chance(round(rows), self.size, self.then, self.size_then) >= self.chance / 2

    def __str__(self) -> str:
        before = self.then / self.size_then
        return f"{_percent(max(0, before - self.distance))} to {_percent(min(1, before + self.distance))}"


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of today, and what is expected of it."""

    group: Group
    column: str
    value: str | None
    rows: int
    expected: Band | Near

    @property
    def is_kept(self) -> bool:
        return self.expected.admits(self.rows)


@dataclass(frozen=True, slots=True)
class Learning:
    """Too few days are known yet to expect anything."""

    days: int
    needed: int

    def __str__(self) -> str:
        return f"learning: {self.days} of {words.plural(self.needed, 'day')} published and measured"


def judged(rule: Rule, today: Sequence[Measurement], history: History, day: date) -> Verdict | OutOfScope:
    """The verdict on a rule that learns; while it is learning it is out of scope, and says for how long."""
    assert isinstance(rule.check, Learned)
    found = compared(rule.check, today, past(rule.check, history, day), day)
    if isinstance(found, Learning):
        return OutOfScope(rule=rule, reason=str(found))
    unit = "groups" if isinstance(rule.check, VolumeBand) else "shares"
    if not found:
        return Verdict(rule=rule, outcome=Outcome.VACUOUS, unit=unit, reason="no group of today was there before")
    broken = [each for each in found if not each.is_kept]
    return Verdict(
        rule=rule,
        outcome=Outcome.FAILED if broken else Outcome.PASSED,
        failed=len(broken),
        total=len(found),
        unit=unit,
        examples=tuple(example(rule.check, each) for each in broken[:_MOST_EXAMPLES]),
    )


def past(check: Learned, history: History, day: date) -> Past:
    """What a check asks of the days before: a band many of them, a share the newest one."""
    match check:
        case VolumeBand(by, days):
            return history.measured(by, ("",), since=day - timedelta(days), before=day)
        case ShareShift(columns, _, by, _, days):
            since, most = (day - timedelta(days), None) if days else (date.min, 1)
            return history.measured(by, ("", *columns), since=since, before=day, most=most)
        case _:
            assert_never(check)


def compared(check: Learned, today: Sequence[Measurement], past: Past, day: date) -> tuple[Compared, ...] | Learning:
    """Each number of today beside what `past` lets expect of it."""
    match check:
        case VolumeBand():
            return _volumes(check, today, past, day)
        case ShareShift():
            return _shares(check, today, past, day)
        case _:
            assert_never(check)


def _volumes(check: VolumeBand, today: Sequence[Measurement], past: Past, day: date) -> tuple[Compared, ...] | Learning:
    if len(past) < LEAST_DAYS:
        return Learning(len(past), LEAST_DAYS)
    days = sorted(past)
    sizes = [_sizes(past[each]) for each in days]
    now = _sizes(today)
    groups = sorted({group for each in (*sizes, now) for group in each}, key=str)
    counts = np.array([[each.get(group, 0) for group in groups] for each in sizes], dtype=np.float64)
    counts[np.cumsum(counts, axis=0) == 0] = np.nan  # not seen yet; once it was, none are 0
    found = bands(days, counts, day, alarms_per_year=check.false_alarms_per_year)
    return tuple(
        Compared(group, "", None, now.get(group, 0), Band(float(found.low[place]), float(found.high[place])))
        for place, group in enumerate(groups)
        if found.known[place]
    )


def _sizes(measured: Sequence[Measurement]) -> Counter[Group]:
    sizes: Counter[Group] = Counter()
    for each in measured:
        if not each.column:
            sizes[each.group] += each.rows
    return sizes


def _shares(check: ShareShift, today: Sequence[Measurement], past: Past, day: date) -> tuple[Compared, ...] | Learning:
    parts = {each: found for each in past if (found := _parts(check, past[each]))}
    needed = LEAST_DAYS if check.history_days else 1
    if len(parts) < needed:
        return Learning(len(parts), needed)
    newest = max(parts)
    now, then = _parts(check, today), parts[newest]
    sizes, sizes_then = _sizes(today), _sizes(past[newest])
    known = {column for _, column, _ in then}
    cells = sorted(
        {cell for cell in (*now, *then) if cell[1] in known and sizes[cell[0]] and sizes_then[cell[0]]}, key=str
    )
    usual = _usual(check, cells, sizes, {each: (_sizes(past[each]), parts[each]) for each in parts}, day)
    chance = min(check.false_alarms_per_year / (_A_YEAR * max(1, len(cells))), 1.0)
    return tuple(
        Compared(
            *cell,
            rows=now[cell],
            expected=Near(then[cell], sizes_then[cell[0]], sizes[cell[0]], check.max_distance, chance, usual.get(cell)),
        )
        for cell in cells
    )


def _usual(
    check: ShareShift,
    cells: Sequence[Cell],
    sizes: Mapping[Group, int],
    past: Mapping[date, tuple[Counter[Group], Counter[Cell]]],
    day: date,
) -> dict[Cell, Band]:
    """How many of today's rows each share would be, as far as its own past tells; nothing where it is not to be asked."""
    if not check.history_days:
        return {}
    days = sorted(past)
    counts = np.full((len(days), len(cells)), np.nan)
    for place, (then, parts) in enumerate(past[each] for each in days):
        counted = {column for _, column, _ in parts}
        for at, cell in enumerate(cells):
            if cell[1] in counted and then[cell[0]]:
                counts[place, at] = parts[cell] / then[cell[0]] * sizes[cell[0]]
    found = bands(days, counts, day, alarms_per_year=check.false_alarms_per_year)
    return {
        cell: Band(float(found.low[place]), float(found.high[place]))
        for place, cell in enumerate(cells)
        if found.known[place]
    }


def _parts(check: ShareShift, measured: Sequence[Measurement]) -> Counter[Cell]:
    parts: Counter[Cell] = Counter()
    for each in measured:
        if each.column in check.columns:
            parts[each.group, each.column, each.value] += each.rows
    return parts


def _by_chance(rows: int, size: int, then: int, size_then: int) -> float:
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


def example(check: Learned, found: Compared) -> dict[str, str]:
    """A number as people are told of it: its group, what it is, and what was expected."""
    told = {name: "null" if value is None else value for name, value in zip(check.by, found.group, strict=True)}
    if isinstance(found.expected, Near):
        told |= {"(column)": found.column, "(value)": "null" if found.value is None else found.value}
        number = _percent(found.rows / found.expected.size)
    else:
        number = f"{found.rows:,}"
    return told | {"(found)": number, "(expected)": str(found.expected)}


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
