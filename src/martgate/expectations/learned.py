"""The verdict on a rule that learns: today's numbers against those of the published days before."""

from collections.abc import Sequence
from datetime import date

from martgate.expectations.kinds.base import MOST
from martgate.expectations.kinds.learned import LearnedCheck, Learning
from martgate.expectations.measurement import History, Measurement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome, OutOfScope, Verdict

__all__ = ["judged"]


def judged(rule: Rule, today: Sequence[Measurement], history: History, day: date) -> Verdict | OutOfScope:
    """The verdict on a rule that learns; while it is learning it is out of scope, and says for how long."""
    check = rule.check
    assert isinstance(check, LearnedCheck)
    found = check.compared(today, check.past(history, day), day)
    if isinstance(found, Learning):
        return OutOfScope(rule=rule, reason=str(found))
    unit = check.failure_unit
    if not found:
        return Verdict(rule=rule, outcome=Outcome.VACUOUS, unit=unit, reason="no group of today was there before")
    broken = [each for each in found if not each.is_kept]
    return Verdict(
        rule=rule,
        outcome=Outcome.FAILED if broken else Outcome.PASSED,
        failed=len(broken),
        total=len(found),
        unit=unit,
        examples=tuple(check.example(each) for each in broken[:MOST]),
    )
