"""`range`: values within a bound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from martgate.contracts.types import INTEGER_RANGES
from martgate.expectations import wording
from martgate.expectations.domain import Domain, Interval, Requirements, read_value, require
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.fields import Bound, Column
from martgate.expectations.kinds.rows import LiteralCheck
from martgate.expectations.proofs import StatisticsProofs
from martgate.text.comparison import Sign, write_comparison
from martgate.text.numbers import ExactNumber
from martgate.text.quoting import is_fraction

__all__ = ["Range"]

_MAX_EXACT = 2**53
"""Great Expectations converts bounds to floats, which do not represent every whole number beyond this."""

_FAILURE_SIGNS: Mapping[str, Sign] = {
    "minimum": "<",
    "maximum": ">",
    "exclusive_minimum": "<=",
    "exclusive_maximum": ">=",
}
_WITHIN: Mapping[str, Callable[[int, int, int], bool]] = {
    "minimum": lambda least, _, bound: least >= bound,
    "maximum": lambda _, greatest, bound: greatest <= bound,
    "exclusive_minimum": lambda least, _, bound: least > bound,
    "exclusive_maximum": lambda _, greatest, bound: greatest < bound,
}
_STRICT: Mapping[str, dict[str, object]] = {
    "exclusive_minimum": {"strict_min": True},
    "exclusive_maximum": {"strict_max": True},
}


@dataclass(frozen=True, slots=True)
class Range(LiteralCheck):
    """The value is within one bound; a bound on a date or timestamp is ISO 8601 text."""

    column: Column
    bound: Literal["minimum", "maximum", "exclusive_minimum", "exclusive_maximum"]
    value: Bound
    kind: ClassVar[str] = "range"

    @property
    def sentence(self) -> str:
        return f"{self.column} is {wording.BOUNDS[self.bound]} {wording.format_value(self.value)}"

    def failure_condition(self, name: str, kind: str) -> str:
        failure = write_comparison(name, _FAILURE_SIGNS[self.bound], self.value, kind)
        is_lower = is_fraction(kind) and self.bound.endswith("minimum")
        return f"({failure} OR ISNAN({name}))" if is_lower else failure  # NaN is greater than every number, and none

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        value = read_value(self.value, types.get(self.column.casefold(), ""))
        if value is None:
            return Requirements()
        is_open = self.bound.startswith("exclusive")
        least = Interval(value, None, excludes_low=is_open)
        most = Interval(None, value, excludes_high=is_open)
        return require(self.column, Domain(interval=least if self.bound.endswith("minimum") else most))

    @property
    def upper_ends(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ((self.column, ()),) if self.bound.endswith("maximum") else ()

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        kind, value = types.get(self.column.casefold(), ""), self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or abs(float(value)) > _MAX_EXACT or kind not in (*INTEGER_RANGES, "float", "double"):
            return None
        if isinstance(value, ExactNumber) or (is_fraction(kind) and self.bound.endswith("minimum")):
            return None  # it compares floats, and lets NaN pass a lower bound
        name = "min_value" if self.bound.endswith("minimum") else "max_value"
        arguments: dict[str, object] = {"column": self.column, name: float(value), **_STRICT.get(self.bound, {})}
        return ExpectationConfig("expect_column_values_to_be_between", arguments)

    def is_proven(self, statistics: StatisticsProofs) -> bool:
        bounds, bound = statistics.bounds(self.column), statistics.as_number(self.column, self.value)
        return bounds is not None and bound is not None and _WITHIN[self.bound](*bounds, bound)
