"""The result of a check: the part of a verdict that the check itself decides from its numbers."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Outcome", "Result", "parse_count", "result_from_counts"]


class Outcome(StrEnum):
    """The outcome of a rule.

    Attributes:
        PASSED: there was something in scope, and all of it is as the rule says.
        FAILED: the data break the rule.
        ERROR: the rule could not run.
        VACUOUS: nothing was in scope.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    VACUOUS = "vacuous"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a check, with its counts.

    Attributes:
        outcome: the outcome.
        failed: how many offenders there are, in `unit`.
        total: how many rows, groups or values were in scope, in `unit`.
        unit: what both count.
        observed: the measured value that was compared with a threshold, or the differences of a table's shape.
        reason: why the check could not run.
        observed_is_value: whether `observed` may be a value of the data, which is hidden where the check reads a protected
            column; otherwise it is a count or a type.
        is_pending: whether Great Expectations has yet to evaluate the check, which replaces this result.
    """

    outcome: Outcome
    failed: int = 0
    total: int = 0
    unit: str = "rows"
    observed: str = ""
    reason: str = ""
    observed_is_value: bool = True
    is_pending: bool = False


def result_from_counts(failed: int, total: int, unit: str) -> Result:
    """Return the result of a check that counts offenders: with nothing in scope it is vacuous, never passed."""
    outcome = Outcome.FAILED if failed else Outcome.PASSED if total else Outcome.VACUOUS
    return Result(outcome, failed, total, unit)


def parse_count(value: object) -> int:
    """Convert a count from an engine, which returns sums as wide integers, decimals or, over no rows, null."""
    return 0 if value is None else int(str(value).partition(".")[0])
