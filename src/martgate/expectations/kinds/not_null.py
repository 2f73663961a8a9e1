"""`not_null`: a value in every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations.domain import Requirements, forbid_null
from martgate.expectations.kinds.base import ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, Scan
from martgate.expectations.kinds.fields import Column
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.quoting import identifier

__all__ = ["NotNull"]


@dataclass(frozen=True, slots=True)
class NotNull(RowCheck):
    """The column has a value in every row."""

    column: Column
    kind: ClassVar[str] = "not_null"
    is_structural: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        return f"{self.column} is never null"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return RowTest("COUNT(*)", f"{identifier(self.column)} IS NULL")

    def evaluation(self, source: Source) -> Evaluation:
        """Two counts, which are cheaper than a condition on every row."""
        del source
        return Scan((f"COUNT(*) - COUNT({identifier(self.column)})", "COUNT(*)"))

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        return (0, statistics.rows) if statistics.null_count(self.column) == 0 else None

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        del types
        return forbid_null(self.column)

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        del types
        arguments: dict[str, object] = {"column": self.column}
        return ExpectationConfig("expect_column_values_to_not_be_null", arguments, quotes_values=False)
