"""A rule that learns, replayed over days that were measured: its alarms, its budget, and what it would catch."""

from datetime import date, timedelta

import numpy as np
import pytest

from martgate.expectations.backtest import replay
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.measurement import InMemoryHistory, Measurement
from martgate.expectations.rules import Rule

FIRST = date(2024, 1, 1)
VOLUME, SHARES = VolumeBand(("c",), 60, 12), ShareShift(("flag",), 0.1, ("c",))


def rule_of(check):
    return Rule(name="table|learns", check=check, clauses=())


def day_of(sizes, ones=0.5):
    found = []
    for group, rows in sizes.items():
        found.append(Measurement(("c",), (group,), rows))
        found.append(Measurement(("c",), (group,), round(ones * rows), "flag", "1"))
        found.append(Measurement(("c",), (group,), 7, "other", "x"))
    return found


@pytest.fixture
def sixty_days():
    rng = np.random.default_rng(4)
    sizes = {"1": 5000, "2": 200, "3": 2}
    return {
        FIRST + timedelta(place): day_of({group: int(rng.poisson(rows)) for group, rows in sizes.items()})
        for place in range(60)
    }


def powers(found):
    return {each.change: (each.caught, each.planted) for each in found.power}


def test_sound_days_raise_no_alarm_and_give_the_detection_power(sixty_days):
    found = replay(rule_of(VOLUME), InMemoryHistory(sixty_days))
    assert (len(found.days), found.learning, found.numbers, found.alarms) == (60, 14, 46 * 3, ())
    assert found.expected == pytest.approx(12 * 46 / 365)
    caught = powers(found)
    assert 80 <= caught["halved"][0] <= 92  # groups 1 and 2 on 46 days; two rows may be one
    assert caught["halved"][1] == caught["doubled"][1] <= 46 * 3
    assert 40 <= caught["a fifth less"][0] < caught["halved"][0]


def test_a_broken_day_is_an_alarm_with_its_group_and_what_was_expected(sixty_days):
    day = FIRST + timedelta(40)
    sixty_days[day] = day_of({"1": 5000, "2": 40})
    found = replay(rule_of(VOLUME), InMemoryHistory(sixty_days))
    (alarm,) = found.alarms
    there = [each for numbers in list(sixty_days.values())[14:] for each in numbers if not each.column and each.rows]
    assert powers(found)["halved"][1] == len(there) - 1  # in what is broken already nothing is planted
    assert (alarm.day, alarm.example["c"], alarm.example["(found)"]) == (day, "2", "40")


def test_each_day_is_checked_against_earlier_days_only(sixty_days):
    before = {day: numbers for day, numbers in sixty_days.items() if day < FIRST + timedelta(30)}
    sixty_days[FIRST + timedelta(59)] = day_of({"1": 1, "2": 1})
    whole, part = (replay(rule_of(VOLUME), InMemoryHistory(days)) for days in (sixty_days, before))
    assert [each.day for each in whole.alarms if each.day < FIRST + timedelta(30)] == [each.day for each in part.alarms]


def test_shares_learn_for_a_day_and_are_moved_by_their_distance(sixty_days):
    sixty_days[FIRST + timedelta(59)] = day_of({"1": 5000, "2": 200}, ones=0.63)
    found = replay(rule_of(SHARES), InMemoryHistory(sixty_days))
    assert found.learning == 1
    moved = {(alarm.day, alarm.example["c"]) for alarm in found.alarms}
    assert moved == {(FIRST + timedelta(59), "1")}  # in group 2 it may be chance
    caught = powers(found)
    assert caught["moved by twice the distance"][0] >= 58 * 2  # the large group, up and down
    assert caught["moved by the distance"][0] < caught["moved by twice the distance"][0]


def test_days_without_measurements_are_not_replayed(sixty_days):
    found = replay(rule_of(VolumeBand(("d",), 60, 1)), InMemoryHistory({}))
    assert (found.days, found.learning, found.numbers, found.alarms, found.expected) == ((), 0, 0, (), 0)
