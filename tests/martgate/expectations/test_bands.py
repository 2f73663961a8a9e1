"""Bands learned from simulated years: false alarms within their budget, planted changes found, odd histories borne."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from martgate.expectations.bands import predict_bands
from martgate.expectations.measurement import MIN_HISTORY_DAYS

GROUPS, DAYS, HISTORY, REPLAYED = 150, 80, 50, 20
FIRST = date(2024, 1, 1)
WEEK = np.array([0, 0, 0.05, 0.1, 0.2, 0.4, 0.35])
CHANCE = 2e-3
"""Of an alarm, by the budget, each time that a group is looked at."""


def weekly(rng):
    """How far each day lies from the others of its week, group by group."""
    return WEEK[np.arange(DAYS) % 7][:, None] * rng.uniform(0, 2, GROUPS)


def sizes(rng, least=30, most=300_000):
    return np.exp(rng.uniform(math.log(least), math.log(most), GROUPS))


WORLDS = {
    "noise": lambda rng: sizes(rng) * np.exp(rng.normal(0, 0.08, (DAYS, GROUPS))),
    "few rows a day": lambda rng: rng.poisson(sizes(rng, 0.3, 300), (DAYS, GROUPS)),
    "weekdays": lambda rng: rng.poisson(sizes(rng) * np.exp(weekly(rng) + rng.normal(0, 0.05, (DAYS, GROUPS)))),
    "weekdays and growth": lambda rng: rng.poisson(
        sizes(rng)
        * np.exp(weekly(rng) + rng.normal(0, 0.05, (DAYS, GROUPS)))
        * np.exp(np.arange(DAYS)[:, None] * rng.uniform(-0.01, 0.02, GROUPS))
    ),
    "snapshots": lambda rng: np.cumsum(rng.poisson(0.004 * sizes(rng) * (1 + weekly(rng))), axis=0) + sizes(rng),
    "random walks": lambda rng: sizes(rng) * np.exp(np.cumsum(rng.normal(0, 0.03, (DAYS, GROUPS)), axis=0)),
}


def simulated(name, seed):
    return np.floor(WORLDS[name](np.random.default_rng(seed))).astype(float)


def replay_bands(truth, published, *, holes=frozenset(), chance=CHANCE):
    """For each of the last days without a hole: its counts, and its bands as learned from the days before."""
    for place in (each for each in range(DAYS - REPLAYED, DAYS) if each not in holes):
        past = [each for each in range(place - HISTORY, place) if each not in holes]
        days, day = [FIRST + timedelta(each) for each in past], FIRST + timedelta(place)
        yield truth[place], predict_bands(days, published[past], day, alarms_per_year=chance * 365 * GROUPS)


def outside(counts, found):
    return ~((counts >= found.low) & (counts <= found.high))


@pytest.mark.parametrize("holes", [frozenset(), frozenset({20, 33, 34, 35, 36, 37, 50, 61, 72, 73})], ids=["", "holes"])
@pytest.mark.parametrize("world", WORLDS)
def test_alarms_of_sound_days_stay_within_the_budget(world, holes):
    truth = simulated(world, 5)
    published = truth.copy()
    published[np.random.default_rng(6).random(published.shape) < 0.01] /= 2  # bad days that went unnoticed
    replay = list(replay_bands(truth, published, holes=holes))
    alarms = sum(int(outside(counts, found).sum()) for counts, found in replay)
    expected = CHANCE * GROUPS * len(replay)
    assert alarms <= expected + 3 * math.sqrt(expected)


def test_tails_as_heavy_as_four_degrees_of_freedom_cost_no_more_than_four_times_the_budget():
    rng = np.random.default_rng(0)
    truth = np.floor(sizes(rng, 300) * np.exp(0.05 * rng.standard_t(4, (DAYS, GROUPS))))
    alarms = sum(int(outside(counts, found).sum()) for counts, found in replay_bands(truth, truth))
    assert alarms <= 4 * CHANCE * GROUPS * REPLAYED


@pytest.mark.parametrize(
    ("rows", "low", "high"), [(0, 0, 20), (16, 12, 21), (400, 380, 420), (10**6, 960_000, 1_040_000)]
)
def test_a_group_that_stood_still_may_still_change_a_little(rows, low, high):
    counts = np.full((40, 1), float(rows))
    days = [FIRST + timedelta(each) for each in range(40)]
    found = predict_bands(days, counts, FIRST + timedelta(40), alarms_per_year=1)
    assert found.low[0] <= low <= high <= found.high[0]


@pytest.mark.parametrize(("change", "least"), [(0.5, 0.97), (2, 0.97), (0, 1)])
@pytest.mark.parametrize("world", ["weekdays", "weekdays and growth", "snapshots", "random walks"])
def test_a_group_of_some_size_that_halves_doubles_or_vanishes_is_found(world, change, least):
    truth = simulated(world, 7)
    found = [outside(np.floor(counts * change), band)[counts >= 500] for counts, band in replay_bands(truth, truth)]
    assert np.concatenate(found).mean() >= least


def test_a_fifth_is_missed_in_a_snapshot_only_where_a_group_is_small():
    truth = simulated("snapshots", 8)
    found = [outside(counts * 0.8, band)[counts >= 2000] for counts, band in replay_bands(truth, truth)]
    assert np.concatenate(found).all()


def test_a_weekday_is_held_against_its_own_kind():
    week = np.array([1000, 1000, 1000, 1000, 1000, 400, 300])
    counts = week[np.arange(56) % 7].astype(float)[:, None] + np.random.default_rng(1).normal(0, 5, (56, 1))
    days = [FIRST + timedelta(each) for each in range(56)]
    monday = predict_bands(days, counts, FIRST + timedelta(56), alarms_per_year=1)
    sunday = predict_bands(days[:-1], counts[:-1], FIRST + timedelta(55), alarms_per_year=1)
    assert 700 < monday.low[0] < 1000 < monday.high[0] < 1400
    assert 200 < sunday.low[0] < 300 < sunday.high[0] < 450


def test_two_bad_days_in_a_row_do_not_move_the_band():
    counts = np.full((40, 1), 1000.0)
    days = [FIRST + timedelta(each) for each in range(40)]
    usual = predict_bands(days, counts, FIRST + timedelta(40), alarms_per_year=1)
    counts[-2:] = 500
    found = predict_bands(days, counts, FIRST + timedelta(40), alarms_per_year=1)
    assert (found.low, found.high) == (pytest.approx(usual.low, rel=0.01), pytest.approx(usual.high, rel=0.01))


def test_a_group_is_known_from_its_fourteenth_day_on():
    counts = np.full((MIN_HISTORY_DAYS, 2), 100.0)
    counts[0, 1] = np.nan
    days = [FIRST + timedelta(each) for each in range(MIN_HISTORY_DAYS)]
    assert predict_bands(days, counts, FIRST + timedelta(MIN_HISTORY_DAYS), alarms_per_year=1).is_learned.tolist() == [
        True,
        False,
    ]


def test_a_smaller_budget_makes_wider_bands():
    counts = np.random.default_rng(3).normal(1000, 30, (40, 1))
    days = [FIRST + timedelta(each) for each in range(40)]
    often, seldom = (predict_bands(days, counts, FIRST + timedelta(40), alarms_per_year=each) for each in (12, 0.5))
    assert seldom.low < often.low < often.high < seldom.high


@settings(max_examples=60)
@given(
    places=st.sets(st.integers(0, 80), max_size=60),
    counts=st.lists(st.sampled_from([0, 1, 2, 1000, 10**9]), min_size=60, max_size=60),
    gap=st.integers(1, 400),
    budget=st.floats(0.001, 1e6),
)
def test_any_history_gives_a_band_or_none_and_no_warning(places, counts, gap, budget):
    days = [FIRST + timedelta(place) for place in sorted(places)]
    seen = np.array(counts[: len(days)], dtype=float).reshape(-1, 1)
    day = (days[-1] if days else FIRST) + timedelta(gap)
    found = predict_bands(days, seen, day, alarms_per_year=budget)
    assert found.is_learned[0] == (len(days) >= MIN_HISTORY_DAYS)
    assert not found.is_learned[0] or found.low[0] <= found.high[0]
