"""`all_or_none`: columns that are set together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.fields import AtLeastTwoColumns
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.proofs import StatisticsProofs
from martgate.text.quoting import identifier

__all__ = ["AllOrNone"]


@dataclass(frozen=True, slots=True)
class AllOrNone(RowCheck):
    """The columns are all null or all set."""

    columns: AtLeastTwoColumns
    kind: ClassVar[str] = "all_or_none"

    @property
    def sentence(self) -> str:
        return f"{wording.join_names(self.columns)} are all set or all null"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        nulls = " + ".join(f"CASE WHEN {identifier(name)} IS NULL THEN 1 ELSE 0 END" for name in self.columns)
        return RowTest("COUNT(*)", f"({nulls}) NOT IN (0, {len(self.columns)})")

    def can_fail(self, never_null: frozenset[str]) -> bool:
        return not never_null.issuperset(map(str.casefold, self.columns))

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        nulls = {statistics.null_count(name) for name in self.columns}
        return (0, statistics.rows) if nulls in ({0}, {statistics.rows}) else None
