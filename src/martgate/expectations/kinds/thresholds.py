"""The comparison of a number with a threshold in Spark SQL."""

from martgate.contracts.quality import Threshold
from martgate.text.quoting import literal

__all__ = ["threshold_condition"]

_SIGNS = {
    "mustBe": "=",
    "mustNotBe": "<>",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
}


def threshold_condition(number: str, threshold: Threshold) -> str:
    """Build the condition under which a threshold admits a number."""
    first, last = (literal(value, "") for value in (threshold.values[0], threshold.values[-1]))
    if threshold.operator in ("mustBeBetween", "mustNotBeBetween"):
        between = f"{number} BETWEEN {first} AND {last}"
        return between if threshold.operator == "mustBeBetween" else f"NOT ({between})"
    return f"{number} {_SIGNS[threshold.operator]} {first}"
