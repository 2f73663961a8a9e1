"""The verdict on a rule that learns: the numbers of a day compared with those of earlier published days."""

from collections.abc import Sequence
from datetime import date

from martgate.expectations.kinds.examples import MAX_EXAMPLES
from martgate.expectations.kinds.learned import InsufficientHistory, LearnedCheck
from martgate.expectations.measurement import History, Measurement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome, OutOfScope, Verdict

__all__ = ["evaluate_learned_rule"]


def evaluate_learned_rule(
    rule: Rule, today: Sequence[Measurement], history: History, day: date
) -> Verdict | OutOfScope:
    """Compare a day's measurements with what the days before let expect.

    Args:
        rule: a rule whose check learns.
        today: the measurements of the day under audit.
        history: those of published days.
        day: the day under audit.

    Returns:
        A verdict, or that the rule is out of scope while it has too few days to learn from.
    """
    check = rule.check
    assert isinstance(check, LearnedCheck)
    comparisons = check.compare(today, check.load_past(history, day), day)
    if isinstance(comparisons, InsufficientHistory):
        return OutOfScope(rule=rule, reason=str(comparisons))
    unit = check.failure_unit
    if not comparisons:
        return Verdict(rule=rule, outcome=Outcome.VACUOUS, unit=unit, reason="no group of today was there before")
    unexpected = [comparison for comparison in comparisons if not comparison.is_expected]
    return Verdict(
        rule=rule,
        outcome=Outcome.FAILED if unexpected else Outcome.PASSED,
        failed=len(unexpected),
        total=len(comparisons),
        unit=unit,
        examples=tuple(check.example(comparison) for comparison in unexpected[:MAX_EXAMPLES]),
    )
