"""`in_set`: values of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.types import INTEGER_RANGES
from martgate.expectations import wording
from martgate.expectations.domain import Domain, Requirements, list_values, require
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, Scan, SeparateStatement
from martgate.expectations.kinds.fields import Column, Values
from martgate.expectations.kinds.rows import LiteralCheck
from martgate.expectations.kinds.statements import count_by_value, sum_counts
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.comparison import write_in_list
from martgate.text.quoting import identifier, is_text, is_whole

__all__ = ["InSet"]

_MAX_LISTED = 32
"""With more values than this, a list costs more in every row than a grouping by value."""


@dataclass(frozen=True, slots=True)
class InSet(LiteralCheck):
    """The value is one of `values`."""

    column: Column
    values: Values
    kind: ClassVar[str] = "in_set"

    @property
    def sentence(self) -> str:
        return f"{self.column} is one of {wording.join_names(map(wording.format_value, self.values), most=12)}"

    @property
    def listed_values(self) -> tuple[str, Values] | None:
        return self.column, self.values

    def failure_condition(self, name: str, kind: str) -> str:
        return write_in_list(name, self.values, kind, negated=True)

    def evaluation(self, source: Source) -> Evaluation:
        test, name = self.row_test(source.types), identifier(self.column)
        if len(self.values) > _MAX_LISTED:  # each distinct value is compared with the list once
            body = f"FROM (\n{count_by_value((self.column,), source.relation)}\n) AS histogram"
            return SeparateStatement(sum_counts(f"CASE WHEN {test.failure} THEN __rows ELSE 0 END", "__rows", body))
        bounds = self._bounds(source.types) if source.allow_doubt else None
        if bounds is None:
            return Scan((f"COUNT_IF({test.failure})", test.total))
        least, greatest = bounds
        outside = f"CASE WHEN MIN({name}) < {least} OR MAX({name}) > {greatest} THEN 1 ELSE 0 END"
        return Scan((outside, test.total), doubt=outside)

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        values = list_values(self.values, types.get(self.column.casefold(), ""))
        return Requirements() if values is None else require(self.column, Domain(members=values))

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        if not self._has_type(types.get(self.column.casefold(), "")):
            return None
        arguments: dict[str, object] = {"column": self.column, "value_set": list(self.values)}
        return ExpectationConfig("expect_column_values_to_be_in_set", arguments)

    def _bounds(self, types: Mapping[str, str]) -> tuple[int, int] | None:
        """The least and greatest value of a set of consecutive whole numbers; None for every other set and column."""
        whole = [value for value in self.values if isinstance(value, int) and not isinstance(value, bool)]
        if types.get(self.column.casefold()) not in INTEGER_RANGES or not whole or len(whole) < len(self.values):
            return None
        least, greatest = min(whole), max(whole)
        return (least, greatest) if greatest - least + 1 == len(set(whole)) else None

    def is_proven(self, statistics: StatisticsProofs) -> bool:
        type_ = statistics.column_type(self.column)
        if is_text(type_):
            texts = statistics.file_values(self.column)
            return bool(texts) and set(self.values).issuperset(texts)
        bounds, allowed = statistics.bounds(self.column), {value for value in self.values if type(value) is int}
        if bounds is None or not is_whole(type_):
            return False
        least, greatest = bounds
        return greatest - least < len(allowed) and allowed.issuperset(range(least, greatest + 1))

    def _has_type(self, type_: str) -> bool:
        """Whether the values have the type of the column, so that no engine has to convert them."""
        if type_ in INTEGER_RANGES:
            return all(isinstance(value, int) and not isinstance(value, bool) for value in self.values)
        expected = {"string": str, "boolean": bool}.get(type_)
        return expected is not None and all(isinstance(value, expected) for value in self.values)
