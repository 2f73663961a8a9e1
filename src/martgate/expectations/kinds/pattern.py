"""`pattern`: texts that match a regular expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations.domain import Domain, Requirements, require
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.fields import Column, RegularExpression
from martgate.expectations.kinds.rows import ValueCheck
from martgate.text.quoting import text
from martgate.text.regex import to_python, to_sql

__all__ = ["Pattern"]


@dataclass(frozen=True, slots=True)
class Pattern(ValueCheck):
    """The value matches a regular expression (ECMA-262), anywhere unless it has anchors."""

    column: Column
    pattern: RegularExpression
    kind: ClassVar[str] = "pattern"

    @property
    def sentence(self) -> str:
        return f"{self.column} matches {self.pattern}"

    def failure_condition(self, name: str, kind: str) -> str:
        del kind
        return f"NOT {name} RLIKE {text(to_sql(self.pattern))}"

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        is_text = types.get(self.column.casefold()) == "string"
        return require(self.column, Domain(patterns=frozenset({self.pattern}))) if is_text else Requirements()

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        if types.get(self.column.casefold(), "") != "string":
            return None
        arguments: dict[str, object] = {"column": self.column, "regex": to_python(self.pattern)}
        return ExpectationConfig("expect_column_values_to_match_regex", arguments)
