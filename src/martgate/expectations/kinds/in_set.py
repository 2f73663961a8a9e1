"""`in_set`: values of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.types import INTEGER_RANGES
from martgate.expectations import wording
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, Scan, SeparateStatement
from martgate.expectations.kinds.fields import Column, Values
from martgate.expectations.kinds.rows import LiteralCheck
from martgate.expectations.kinds.statements import count_by_value, sum_counts
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, is_text, is_whole, literal

__all__ = ["InSet"]

_LONG = 32
"""From so many values on, a list costs more in every row than a grouping by value does."""


@dataclass(frozen=True, slots=True)
class InSet(LiteralCheck):
    column: Column
    values: Values
    kind: ClassVar[str] = "in_set"

    @property
    def sentence(self) -> str:
        return f"{self.column} is one of {wording.join_names(map(wording.format_value, self.values), most=12)}"

    def failure_condition(self, name: str, kind: str) -> str:
        return f"{name} NOT IN ({', '.join(literal(value, kind) for value in self.values)})"

    def evaluation(self, source: Source) -> Evaluation:
        test, name = self.row_test(source.types), identifier(self.column)
        if len(self.values) > _LONG:  # each value is looked up in the list once, not in every row
            body = f"FROM (\n{count_by_value((self.column,), source.relation)}\n) AS histogram"
            return SeparateStatement(sum_counts(f"CASE WHEN {test.failure} THEN __rows ELSE 0 END", "__rows", body))
        bounds = self._bounds(source.types) if source.allow_doubt else None
        if bounds is None:
            return Scan((f"COUNT_IF({test.failure})", test.total))
        least, most = bounds
        outside = f"CASE WHEN MIN({name}) < {least} OR MAX({name}) > {most} THEN 1 ELSE 0 END"
        return Scan((outside, test.total), doubt=outside)

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        if not self._is_of_kind(types.get(self.column.casefold(), "")):
            return None
        arguments: dict[str, object] = {"column": self.column, "value_set": list(self.values)}
        return ExpectationConfig("expect_column_values_to_be_in_set", arguments)

    def _bounds(self, types: Mapping[str, str]) -> tuple[int, int] | None:
        """Least and greatest of a set that holds all whole numbers between them; None for every other set and column."""
        whole = [value for value in self.values if isinstance(value, int) and not isinstance(value, bool)]
        if types.get(self.column.casefold()) not in INTEGER_RANGES or not whole or len(whole) < len(self.values):
            return None
        least, most = min(whole), max(whole)
        return (least, most) if most - least + 1 == len(set(whole)) else None

    def is_proven(self, statistics: StatisticsProofs) -> bool:
        kind = statistics.column_type(self.column)
        if is_text(kind):
            texts = statistics.file_values(self.column)
            return bool(texts) and set(self.values).issuperset(texts)
        ends, allowed = statistics.bounds(self.column), {value for value in self.values if type(value) is int}
        if ends is None or not is_whole(kind):
            return False
        least, greatest = ends
        return greatest - least < len(allowed) and allowed.issuperset(range(least, greatest + 1))

    def _is_of_kind(self, kind: str) -> bool:
        """Whether the values are of the column's own type, so that no engine has to convert them."""
        if kind in INTEGER_RANGES:
            return all(isinstance(value, int) and not isinstance(value, bool) for value in self.values)
        wanted = {"string": str, "boolean": bool}.get(kind)
        return wanted is not None and all(isinstance(value, wanted) for value in self.values)
