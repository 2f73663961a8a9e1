"""What a rule that learns would have said of each published day, as the gate would have seen it, and what it would miss."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from expectations.learned import Compared, Learning, Near, compared, example, past
from expectations.measured import Learned, Remembered
from expectations.ports import History
from expectations.rules import Rule, ShareShift

__all__ = ["Alarm", "Power", "Replay", "replay"]

_A_YEAR = 365
_VOLUMES: Mapping[str, float] = {"halved": 0.5, "doubled": 2, "a fifth less": 0.8, "a fifth more": 1.2}
_SHARES: Mapping[str, float] = {"moved by the distance": 1, "moved by twice the distance": 2}


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
    assert isinstance(check, Learned)
    columns = check.columns if isinstance(check, ShareShift) else ()
    kept = Remembered(history.measured(check.by, ("", *columns), since=date.min, before=date.max))
    judged = {day: compared(check, kept.by_day[day], past(check, kept, day), day) for day in sorted(kept.by_day)}
    found = {day: each for day, each in judged.items() if not isinstance(each, Learning)}
    every = [each for numbers in found.values() for each in numbers]
    return Replay(
        rule=rule,
        days=tuple(judged),
        learning=len(judged) - len(found),
        numbers=len(every),
        alarms=tuple(
            Alarm(day, example(check, each)) for day, numbers in found.items() for each in numbers if not each.is_kept
        ),
        expected=check.false_alarms_per_year * len(found) / _A_YEAR,
        power=_powers(check, every),
    )


def _powers(check: Learned, numbers: Sequence[Compared]) -> tuple[Power, ...]:
    if isinstance(check, ShareShift):
        return tuple(_power(change, numbers, _moved(times)) for change, times in _SHARES.items())
    return tuple(_power(change, numbers, _scaled(times)) for change, times in _VOLUMES.items())


def _power(change: str, numbers: Sequence[Compared], planted: Callable[[Compared], Iterator[float]]) -> Power:
    tried = [not each.expected.admits(rows) for each in numbers if each.is_kept for rows in planted(each)]
    return Power(change, sum(tried), len(tried))


def _scaled(times: float) -> Callable[[Compared], Iterator[float]]:
    def planted(found: Compared) -> Iterator[float]:
        if found.rows:
            yield round(found.rows * times)

    return planted


def _moved(times: float) -> Callable[[Compared], Iterator[float]]:
    """Up and down, as far as a share can go."""

    def planted(found: Compared) -> Iterator[float]:
        if isinstance(found.expected, Near):
            by = times * found.expected.distance * found.expected.size
            yield from (rows for rows in (found.rows - by, found.rows + by) if 0 <= rows <= found.expected.size)

    return planted
