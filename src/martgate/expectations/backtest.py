"""Replays a learned rule over the published days: its false alarms, and the changes that it would miss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from martgate.expectations.kinds.learned import Change, InsufficientHistory, LearnedCheck, MeasurementComparison
from martgate.expectations.measurement import History, InMemoryHistory, Selection
from martgate.expectations.rules import Rule

__all__ = ["Alarm", "Power", "Replay", "replay"]

_DAYS_IN_YEAR = 365


@dataclass(frozen=True, slots=True)
class Alarm:
    """A number of a published day outside the expected band; `example` shows it as the verdict would."""

    day: date
    example: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Power:
    """The detection power of a rule for one kind of change.

    Attributes:
        change: The name of the change.
        caught: The number of planted changes that the rule detects.
        planted: The number of changes tried, each in one group of one day.
    """

    change: str
    caught: int
    planted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The replay of one rule over the published days that have measurements for it.

    Attributes:
        rule: The rule.
        days: The days replayed, oldest first.
        learning: The number of days on which the rule had too little history to check anything.
        numbers: The number of comparisons on the other days.
        alarms: The comparisons that failed.
        expected: The number of false alarms that the rule's budget allows for that many days.
        power: The detection power, by kind of change.
    """

    rule: Rule
    days: tuple[date, ...]
    learning: int
    numbers: int
    alarms: tuple[Alarm, ...]
    expected: float
    power: tuple[Power, ...]


def replay(rule: Rule, history: History) -> Replay:
    """Check every published day against the published days before it; refused candidates are not among them."""
    check = rule.check
    assert isinstance(check, LearnedCheck)
    columns = ("", *check.value_columns)
    past = InMemoryHistory(
        history.measurements(Selection(check.by, columns, check.counts), since=date.min, before=date.max)
    )
    results = {day: check.compare(past.by_day[day], check.load_past(past, day), day) for day in sorted(past.by_day)}
    by_day = {day: result for day, result in results.items() if not isinstance(result, InsufficientHistory)}
    comparisons = [comparison for day in by_day.values() for comparison in day]
    return Replay(
        rule=rule,
        days=tuple(results),
        learning=len(results) - len(by_day),
        numbers=len(comparisons),
        alarms=tuple(
            Alarm(day, check.example(comparison))
            for day, numbers in by_day.items()
            for comparison in numbers
            if not comparison.is_expected
        ),
        expected=check.false_alarms_per_year * len(by_day) / _DAYS_IN_YEAR,
        power=tuple(_measure_power(name, comparisons, change) for name, change in check.changes.items()),
    )


def _measure_power(name: str, comparisons: Sequence[MeasurementComparison], change: Change) -> Power:
    detected = [
        not comparison.expected.admits(rows)
        for comparison in comparisons
        if comparison.is_expected
        for rows in change(comparison)
    ]
    return Power(name, sum(detected), len(detected))
