"""The entries of `quality` lists: their types, severities and thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from martgate.text.numbers import ExactNumber, to_decimal

__all__ = ["WARNINGS", "Metric", "Operator", "Quality", "QualityType", "Scalar", "Severity", "Threshold", "Unit"]


class Severity(StrEnum):
    """The effect of a failed rule: an error blocks the publish, a warning is only reported."""

    ERROR = "error"
    WARNING = "warning"


WARNINGS = frozenset({Severity.WARNING.value, "info"})
"""The words of contracts for a rule that does not block."""


class QualityType(StrEnum):
    """The type of an entry of a `quality` list, as ODCS names it."""

    LIBRARY = "library"
    SQL = "sql"
    CUSTOM = "custom"
    TEXT = "text"


Metric = Literal["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"]
Unit = Literal["rows", "percent"]
Scalar = str | int | float | bool
"""A value of an argument."""
Operator = Literal[
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A comparison of a measured number, with one of the operators of ODCS.

    Attributes:
        operator: The operator; `mustBeBetween` and `mustNotBeBetween` include both ends.
        values: One number, or the two ends of a range.

    >>> Threshold("mustBeBetween", (0, 5)).admits(5)
    True
    >>> Threshold("mustBe", (0,)).admits(1)
    False
    """

    operator: Operator
    values: tuple[float, ...]

    def admits(self, number: float | Decimal) -> bool:
        """Return whether a number satisfies the comparison; NaN satisfies none.

        Whole numbers and decimals are compared with the decimals that the contract wrote, to the last digit; a binary
        fraction with the nearest one to what the contract wrote.
        """
        if number != number:  # noqa: PLR0124 - NaN
            return False
        first, last = (_comparable(value, number) for value in (self.values[0], self.values[-1]))
        return bool(self._compare(number, first, last))

    def _compare(self, number: Any, first: Any, last: Any) -> Any:  # noqa: PLR0911 - one return an operator
        match self.operator:
            case "mustBe":
                return number == first
            case "mustNotBe":
                return number != first
            case "mustBeGreaterThan":
                return number > first
            case "mustBeGreaterOrEqualTo":
                return number >= first
            case "mustBeLessThan":
                return number < first
            case "mustBeLessOrEqualTo":
                return number <= first
            case "mustBeBetween":
                return first <= number <= last
            case "mustNotBeBetween":
                return not first <= number <= last


def _comparable(value: float, number: float | Decimal) -> float | Decimal:
    """Convert a bound to the kind of a number."""
    if isinstance(number, Decimal):
        return to_decimal(value)
    return float(value) if isinstance(value, ExactNumber) and isinstance(number, float) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """An entry of the `quality` list of a table or a column, from which rules are derived.

    Attributes:
        path: Its address in the document.
        id: Its id, or a name that is unique in the list.
        type: Its type; `text` is for people and checks nothing.
        severity: The effect of a failure.
        dimension: The quality dimension, as in `completeness`.
        description: The description for people.
        metric: The metric of a library rule; None where there is none, or an unknown one.
        threshold: The numbers that pass; None unless exactly one operator with numbers is stated.
        unit: The unit of the measured number.
        arguments: The arguments of the metric; columns by the names that they have in the data.
        query: The SQL of a rule of type `sql`.
        engine: The engine of a rule of type `custom`.
        implementation: The implementation of a rule of type `custom`.
        custom: The custom properties, by name.
        suite: The Great Expectations suite that states it, as `expectations/x.json`; empty for the contract itself.
    """

    path: str
    id: str
    type: QualityType
    severity: Severity = Severity.ERROR
    dimension: str = ""
    description: str = ""
    metric: Metric | None = None
    threshold: Threshold | None = None
    unit: Unit = "rows"
    arguments: Mapping[str, object] = field(default_factory=dict)
    query: str = ""
    engine: str = ""
    implementation: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, object] = field(default_factory=dict)
    suite: str = ""

    @property
    def is_retroactive(self) -> bool:
        """Whether it also applies to the days of earlier versions (`retroactive`)."""
        return self.custom.get("retroactive") is True
