"""The band in which a count should lie on a day, learned from the counts of the days before.

Counts are compared as logarithms: growth is a slope, and halving is as far as doubling. A forecast is the median of the
last few days, extrapolated by the usual growth, and shifted by the habit of the weekday if enough weeks show one. The
errors of the same forecast on past days give the width of the band. Medians throughout, so that a few bad days teach
nothing wrong. Nothing is stored, and no engine or clock is used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from martgate.expectations.measurement import MIN_HISTORY_DAYS
from martgate.expectations.student import two_sided_quantile

__all__ = ["Bands", "predict_bands"]

_LEVEL_DAYS = 5
"""A forecast is the median of this many days, so two bad ones among them do not count."""

_MIN_WEEKS = 3
_MAX_DEGREES = 8
"""Errors are allowed the tails of Student's t with this many degrees of freedom: what people do comes in bursts."""

_MAX_LOG = 50
"""The logarithm of a count that no table has; far beyond it numbers overflow."""

_EFFICIENCY = 0.37
"""A median of n errors estimates their spread as well as a standard deviation of this share of n would."""

_HALF, _NINE_TENTHS = 0.6745, 1.6449
"""Half, and nine tenths, of all errors lie within this many standard deviations."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bands:
    """The expected counts of groups.

    Attributes:
        low: the lowest count expected of each group; NaN where nothing is.
        high: the highest count.
        is_learned: whether the past of each group is long enough to expect anything.
    """

    low: Floats
    high: Floats
    is_learned: NDArray[np.bool_]


def predict_bands(days: Sequence[date], counts: Floats, day: date, *, alarms_per_year: float) -> Bands:
    """Predict the band in which each count of a day should lie.

    Args:
        days: earlier days, ascending.
        counts: one row a day and one column a group; NaN before a group was first seen.
        day: the day to predict.
        alarms_per_year: false alarms that all groups together may raise in 365 days.

    Returns:
        A band for each group, not learned where its past is too short.
    """
    learned = (~np.isnan(counts)).sum(axis=0) >= MIN_HISTORY_DAYS
    low, high = np.full(learned.size, np.nan), np.full(learned.size, np.nan)
    if learned.any():
        chance = min(alarms_per_year / (365 * int(learned.sum())), 1.0)
        low[learned], high[learned] = _predict(days, np.log1p(counts[:, learned]), day, chance)
    return Bands(low, high, learned)


def _predict(days: Sequence[date], logs: Floats, day: date, chance: float) -> tuple[Floats, Floats]:
    places = np.array([(each - days[0]).days for each in days])
    calendar = np.full(((day - days[0]).days, logs.shape[1]), np.nan)
    calendar[places] = logs
    age = np.arange(-len(calendar), 0)[:, None]
    level = calendar - _growth(calendar) * age
    weekdays = (days[0].weekday() + np.arange(len(calendar) + 1)) % 7
    habit, caution = _weekday_habit(level, weekdays[:-1])
    plain, adjusted = _forecast(level[places]), _forecast((level - habit[weekdays[:-1]])[places])
    with_habit = adjusted.spread * caution < plain.spread
    centre = np.where(with_habit, adjusted.centre + habit[weekdays[-1]], plain.centre).clip(0, _MAX_LOG)
    spread = np.where(with_habit, adjusted.spread * caution, plain.spread) * math.sqrt((day - days[-1]).days)
    width = _width_in_spreads(plain.errors, chance) * np.maximum(spread, _min_spread(centre))
    return np.expm1(centre - width), np.expm1(np.minimum(centre + width, 2 * _MAX_LOG))


def _growth(calendar: Floats) -> Floats:
    """The usual change a day, between days some whole weeks apart; between neighbours where there are few of those."""
    apart = 7 * max(1, len(calendar) // 28)
    slopes = (calendar[apart:] - calendar[:-apart]) / apart
    steps = calendar[1:] - calendar[:-1]
    few = (~np.isnan(slopes)).sum(axis=0) < 7
    growth: Floats = np.nan_to_num(np.where(few, _quantiles(steps, 0.5), _quantiles(slopes, 0.5)))
    return growth


def _weekday_habit(level: Floats, weekdays: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """How far each weekday usually lies from the week around it, 0 where too few weeks show that; and the factor of caution.

    The spread must grow by that factor, since the habit was learned from the very days that it explains.
    """
    habit, weeks = np.zeros((7, level.shape[1])), np.zeros(level.shape[1])
    if len(level) >= 7 * _MIN_WEEKS:
        around = sliding_window_view(level, 7, axis=0)
        whole = (~np.isnan(around)).sum(axis=-1) >= 6
        apart = np.where(whole, level[3:-3] - _quantiles(around, 0.5, axis=-1), np.nan)
        by_weekday = [apart[weekdays[3:-3] == weekday] for weekday in range(7)]
        weeks = np.min([(~np.isnan(each)).sum(axis=0) for each in by_weekday], axis=0)
        medians = np.stack([_quantiles(each, 0.5) for each in by_weekday])
        habit = np.where(weeks >= _MIN_WEEKS, medians - medians.mean(axis=0), 0)
    weeks = np.maximum(weeks, 2)
    return habit, np.sqrt((weeks + 1) / (weeks - 1))


@dataclass(frozen=True, slots=True)
class _Forecast:
    """The forecast, how far forecasts are usually off, and the number of past errors that show it."""

    centre: Floats
    spread: Floats
    errors: NDArray[np.int64]


def _forecast(level: Floats) -> _Forecast:
    recent = np.median(sliding_window_view(level, _LEVEL_DAYS, axis=0), axis=-1)
    errors = np.abs(level[_LEVEL_DAYS:] - recent[:-1])
    spread = np.maximum(_quantiles(errors, 0.5) / _HALF, _quantiles(errors, 0.9) / _NINE_TENTHS)
    return _Forecast(recent[-1], spread, (~np.isnan(errors)).sum(axis=0))


def _min_spread(centre: Floats) -> Floats:
    """However steady a count was: one row, a quarter of its root, and a hundredth of it vary by chance."""
    expected = np.expm1(centre)
    least: Floats = np.sqrt(1 + expected / 16 + (expected / 100) ** 2) / (1 + expected)
    return least


def _width_in_spreads(errors: NDArray[np.int64], chance: float) -> Floats:
    """The distance, in spreads, beyond which a sound day lies with this chance; more where few days were seen."""
    freedom, places = np.unique(np.minimum(_EFFICIENCY * errors, _MAX_DEGREES), return_inverse=True)
    return np.array([two_sided_quantile(float(each), chance) for each in freedom])[places]


def _quantiles(values: Floats, share: float, *, axis: int = 0) -> Floats:
    """Quantiles that ignore NaN, a hundred times as fast as NumPy's own; NaN where there is nothing else."""
    ascending = np.sort(values, axis=axis)
    place = np.maximum(np.expand_dims((~np.isnan(values)).sum(axis=axis) - 1, axis), 0) * share
    below, above = (np.take_along_axis(ascending, end(place).astype(np.int64), axis) for end in (np.floor, np.ceil))
    quantiles: Floats = np.squeeze(below + (above - below) * (place % 1), axis)
    return quantiles
