"""The band in which a count may lie today, learned from the days before; no engine, no clock, nothing stored.

Counts are looked at as logarithms, in which growth is a slope and halving is as far as doubling. A day is foretold as
the median of the last few days, carried forward by the usual growth, and moved by the weekday's own habit where enough
weeks show one. Every day of the past is foretold in the same way: how far those forecasts were off says how wide the
band must be. Medians throughout, so that a few bad days teach nothing wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from martgate.expectations.measurement import LEAST_DAYS
from martgate.expectations.student import two_sided_quantile

__all__ = ["Bands", "bands"]

_LEVEL = 5
"""A day is foretold from so many days: two bad ones among them do not count."""

_LEAST_WEEKS = 3
_MOST_FREEDOM = 8
"""The tails of Student's t of so many degrees of freedom are allowed for: what people do comes in bursts."""

_BEYOND_COUNTING = 50
"""The logarithm of a count that no table has; far beyond it numbers end."""

_EFFICIENCY = 0.37
"""A median of n errors knows their spread as well as a standard deviation of this share of n would."""

_HALF, _NINE_TENTHS = 0.6745, 1.6449
"""Within so many standard deviations lie half, and nine tenths, of all errors."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bands:
    """For each group the least and the greatest count expected, and whether its past is long enough to expect any."""

    low: Floats
    high: Floats
    known: NDArray[np.bool_]


def bands(days: Sequence[date], counts: Floats, day: date, *, alarms_per_year: float) -> Bands:
    """What to expect of a day, after `counts` of earlier days: one row a day, ascending, one column a group.

    NaN stands on the days before a group was first seen. `alarms_per_year` is how many counts outside of their band
    all groups together may have in 365 days in which nothing is wrong.
    """
    known = (~np.isnan(counts)).sum(axis=0) >= LEAST_DAYS
    low, high = np.full(known.size, np.nan), np.full(known.size, np.nan)
    if known.any():
        chance = min(alarms_per_year / (365 * int(known.sum())), 1.0)
        low[known], high[known] = _learned(days, np.log1p(counts[:, known]), day, chance)
    return Bands(low, high, known)


def _learned(days: Sequence[date], seen: Floats, day: date, chance: float) -> tuple[Floats, Floats]:
    places = np.array([(each - days[0]).days for each in days])
    calendar = np.full(((day - days[0]).days, seen.shape[1]), np.nan)
    calendar[places] = seen
    ahead = np.arange(-len(calendar), 0)[:, None]
    level = calendar - _growth(calendar) * ahead
    weekdays = (days[0].weekday() + np.arange(len(calendar) + 1)) % 7
    habit, caution = _habit(level, weekdays[:-1])
    plain, usual = _foretold(level[places]), _foretold((level - habit[weekdays[:-1]])[places])
    with_habit = usual.spread * caution < plain.spread
    centre = np.where(with_habit, usual.centre + habit[weekdays[-1]], plain.centre).clip(0, _BEYOND_COUNTING)
    spread = np.where(with_habit, usual.spread * caution, plain.spread) * math.sqrt((day - days[-1]).days)
    width = _quantile(plain.errors, chance) * np.maximum(spread, _least_spread(centre))
    return np.expm1(centre - width), np.expm1(np.minimum(centre + width, 2 * _BEYOND_COUNTING))


def _growth(calendar: Floats) -> Floats:
    """The usual change a day, between days some whole weeks apart; between neighbours where there are few of those."""
    apart = 7 * max(1, len(calendar) // 28)
    slopes = (calendar[apart:] - calendar[:-apart]) / apart
    steps = calendar[1:] - calendar[:-1]
    few = (~np.isnan(slopes)).sum(axis=0) < 7
    growth: Floats = np.nan_to_num(np.where(few, _quantiles(steps, 0.5), _quantiles(slopes, 0.5)))
    return growth


def _habit(level: Floats, weekdays: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """By weekday, how far it usually lies from the week around it; 0 where too few weeks show that.

    Also by how much the spread must grow, since the habit was learned from the very days that it explains.
    """
    habit, weeks = np.zeros((7, level.shape[1])), np.zeros(level.shape[1])
    if len(level) >= 7 * _LEAST_WEEKS:
        around = sliding_window_view(level, 7, axis=0)
        whole = (~np.isnan(around)).sum(axis=-1) >= 6
        apart = np.where(whole, level[3:-3] - _quantiles(around, 0.5, axis=-1), np.nan)
        by_weekday = [apart[weekdays[3:-3] == weekday] for weekday in range(7)]
        weeks = np.min([(~np.isnan(each)).sum(axis=0) for each in by_weekday], axis=0)
        found = np.stack([_quantiles(each, 0.5) for each in by_weekday])
        habit = np.where(weeks >= _LEAST_WEEKS, found - found.mean(axis=0), 0)
    weeks = np.maximum(weeks, 2)
    return habit, np.sqrt((weeks + 1) / (weeks - 1))


@dataclass(frozen=True, slots=True)
class _Foretold:
    """The forecast, how far forecasts are usually off, and how many of the past say so."""

    centre: Floats
    spread: Floats
    errors: NDArray[np.int64]


def _foretold(level: Floats) -> _Foretold:
    recent = np.median(sliding_window_view(level, _LEVEL, axis=0), axis=-1)
    off = np.abs(level[_LEVEL:] - recent[:-1])
    spread = np.maximum(_quantiles(off, 0.5) / _HALF, _quantiles(off, 0.9) / _NINE_TENTHS)
    return _Foretold(recent[-1], spread, (~np.isnan(off)).sum(axis=0))


def _least_spread(centre: Floats) -> Floats:
    """However still a count stood: one row, a quarter of its root, and a hundredth of it come and go by chance."""
    expected = np.expm1(centre)
    least: Floats = np.sqrt(1 + expected / 16 + (expected / 100) ** 2) / (1 + expected)
    return least


def _quantile(errors: NDArray[np.int64], chance: float) -> Floats:
    """How many spreads from the centre a sound day lies outside of with this chance; more where few days were seen."""
    freedom, places = np.unique(np.minimum(_EFFICIENCY * errors, _MOST_FREEDOM), return_inverse=True)
    return np.array([two_sided_quantile(float(each), chance) for each in freedom])[places]


def _quantiles(values: Floats, share: float, *, axis: int = 0) -> Floats:
    """Of what is there, as NumPy's own that pass over NaN, which take a hundred times as long; NaN where nothing is."""
    ascending = np.sort(values, axis=axis)
    place = np.maximum(np.expand_dims((~np.isnan(values)).sum(axis=axis) - 1, axis), 0) * share
    below, above = (np.take_along_axis(ascending, end(place).astype(np.int64), axis) for end in (np.floor, np.ceil))
    found: Floats = np.squeeze(below + (above - below) * (place % 1), axis)
    return found
