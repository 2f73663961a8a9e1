"""What a check makes of its numbers: the part of a verdict that the check itself decides."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Outcome", "Result", "parse_count", "result_from_counts"]


class Outcome(StrEnum):
    """FAILED means that the data broke the rule; ERROR that it could not run; VACUOUS that it had nothing to look at."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    VACUOUS = "vacuous"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome with its counts, in `unit`, and the measured value where a check holds one against a threshold.

    `observed` is taken for a value of the data, which is hidden where the check reads a protected column, unless
    `observed_is_value` is false: then it is a count or a type. `is_pending` says that Great Expectations has yet to judge
    the check; until it has, the outcome stands.
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
    """The result of a check that counts what breaks it: nothing looked at is vacuous, never passed."""
    outcome = Outcome.FAILED if failed else Outcome.PASSED if total else Outcome.VACUOUS
    return Result(outcome, failed, total, unit)


def parse_count(value: object) -> int:
    """A count as an engine returns it: sum_counts come as wide integers, decimals or, over nothing, null."""
    return 0 if value is None else int(str(value).partition(".")[0])
