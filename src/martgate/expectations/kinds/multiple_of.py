"""`multiple_of`: multiples of a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.domain import Domain, Requirements, read_value, require
from martgate.expectations.kinds.fields import Column
from martgate.expectations.kinds.rows import ValueCheck
from martgate.text.comparison import largest_unit
from martgate.text.quoting import find_scale, is_fraction, literal, step_literal

__all__ = ["MultipleOf"]


@dataclass(frozen=True, slots=True)
class MultipleOf(ValueCheck):
    """The number is a multiple of `value`: exactly for whole numbers and decimals, nearly for binary fractions."""

    column: Column
    value: float
    kind: ClassVar[str] = "multiple_of"

    @property
    def sentence(self) -> str:
        return f"{self.column} is a multiple of {wording.format_number(self.value)}"

    def failure_condition(self, name: str, kind: str) -> str:
        if not is_fraction(kind):
            step, greatest = step_literal(self.value, kind), largest_unit(kind)
            if greatest is not None and Fraction(step) * 10 ** (find_scale(kind) or 0) > greatest:
                return f"{name} <> 0"  # the type holds no other multiple
            return f"{name} % {step} <> 0"
        quotient = f"CAST({name} AS DOUBLE) / {literal(self.value, 'double')}"
        slack = f"1e-9 + 6e-8 * ABS({quotient})" if kind == "float" else "1e-9"  # half of a float's last digit
        return f"NOT ABS({quotient} - ROUND({quotient})) < {slack}"  # 0.3 is a multiple of 0.1

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        """Nothing is known of binary fractions, which are multiples nearly."""
        kind = types.get(self.column.casefold(), "")
        step = None if is_fraction(kind) else read_value(self.value, kind)
        return require(self.column, Domain(step=step)) if step else Requirements()
