"""`length`: texts with a minimum or maximum number of characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from martgate.expectations import wording
from martgate.expectations.domain import Domain, Interval, Requirement, Requirements
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.fields import Column
from martgate.expectations.kinds.rows import ValueCheck

__all__ = ["Length"]


@dataclass(frozen=True, slots=True)
class Length(ValueCheck):
    """The text has at least or at most `value` characters (code points)."""

    column: Column
    bound: Literal["minimum", "maximum"]
    value: int
    kind: ClassVar[str] = "length"

    @property
    def sentence(self) -> str:
        bound = "least" if self.bound == "minimum" else "most"
        return f"{self.column} has at {bound} {wording.format_count(self.value, 'character')}"

    def failure_condition(self, name: str, kind: str) -> str:
        del kind
        return f"LENGTH({name}) {'<' if self.bound == 'minimum' else '>'} {self.value}"

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        if types.get(self.column.casefold()) != "string":
            return Requirements()
        ends = Interval(self.value, None) if self.bound == "minimum" else Interval(None, self.value)
        domain, universe = Domain(lengths=ends), Domain(lengths=Interval(0, None))
        return Requirements((Requirement(self.column.casefold(), domain, universe),), is_exact=True)

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        if types.get(self.column.casefold(), "") != "string":
            return None
        name = "min_value" if self.bound == "minimum" else "max_value"
        arguments: dict[str, object] = {"column": self.column, name: self.value}
        return ExpectationConfig("expect_column_value_lengths_to_be_between", arguments)
