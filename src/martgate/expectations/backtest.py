"""What a rule that learns would have said of each published day, as the gate would have seen it, and what it would miss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from martgate.expectations.kinds.learned import Change, Compared, LearnedCheck, Learning
from martgate.expectations.measurement import History, Remembered
from martgate.expectations.rules import Rule

__all__ = ["Alarm", "Power", "Replay", "replay"]

_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Alarm:
    """One number of a published day that lay outside of what was expected, as an example tells it."""

    day: date
    told: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Power:
    """Of so many `planted` changes of one kind, each in one group of one day, so many would have been `caught`."""

    change: str
    caught: int
    planted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One rule over the published days that were measured for it.

    Of `days`, the rule was `learning` on so many; on the others it compared so many `numbers`. `expected` is how many
    alarms its budget grants to that many days in which nothing is wrong.
    """

    rule: Rule
    days: tuple[date, ...]
    learning: int
    numbers: int
    alarms: tuple[Alarm, ...]
    expected: float
    power: tuple[Power, ...]


def replay(rule: Rule, history: History) -> Replay:
    """Judge every published day by the published days before it. What was refused then is not among them."""
    check = rule.check
    assert isinstance(check, LearnedCheck)
    columns = ("", *check.columns_by_value)
    kept = Remembered(history.measured(check.by, columns, since=date.min, before=date.max))
    judged = {day: check.compared(kept.by_day[day], check.past(kept, day), day) for day in sorted(kept.by_day)}
    found = {day: each for day, each in judged.items() if not isinstance(each, Learning)}
    every = [each for numbers in found.values() for each in numbers]
    return Replay(
        rule=rule,
        days=tuple(judged),
        learning=len(judged) - len(found),
        numbers=len(every),
        alarms=tuple(
            Alarm(day, check.example(each)) for day, numbers in found.items() for each in numbers if not each.is_kept
        ),
        expected=check.false_alarms_per_year * len(found) / _A_YEAR,
        power=tuple(_power(name, every, change) for name, change in check.changes.items()),
    )


def _power(name: str, numbers: Sequence[Compared], change: Change) -> Power:
    tried = [not each.expected.admits(rows) for each in numbers if each.is_kept for rows in change(each)]
    return Power(name, sum(tried), len(tried))
