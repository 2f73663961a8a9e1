"""`partitions`: rows of the partition under audit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fields import Columns
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.proofs import StatisticsProofs
from martgate.text.quoting import identifier, is_text

__all__ = ["InPartition"]


@dataclass(frozen=True, slots=True)
class InPartition(RowCheck):
    """The partition columns of every row are not null and not empty, and the row belongs to the partition under audit.

    `day_column` must equal `:part_date`; None in a partitioned table without days.
    """

    columns: Columns
    day_column: str | None = None
    kind: ClassVar[str] = "partitions"
    is_declarable: ClassVar[bool] = False
    is_structural: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        day = f", and {self.day_column} is the day under audit" if self.day_column else ""
        return f"every row says which partition it belongs to ({wording.join_names(self.columns)}){day}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        return (self.day_column,) if self.day_column else ()

    @property
    def needs_day(self) -> bool:
        return self.day_column is not None

    def without_day(self) -> tuple[Check, str] | None:
        if not self.day_column:
            return None
        return replace(self, day_column=None), f"whether {self.day_column} is the day under audit is not checked"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        failures = [f"{identifier(name)} IS NULL" for name in self.columns]
        failures += [f"{identifier(name)} = ''" for name in self.columns if is_text(types.get(name.casefold(), ""))]
        if self.day_column:
            type_ = types.get(self.day_column.casefold(), "string")
            day = ":part_date" if is_text(type_) else f"CAST(:part_date AS {type_.upper()})"
            failures.append(f"{identifier(self.day_column)} <> {day}")
        return RowTest("COUNT(*)", " OR ".join(failures))

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        has_partitions = all(statistics.file_values(name) for name in self.columns)
        is_of_day = self.day_column is None or statistics.is_always_audited_day(self.day_column)
        return (0, statistics.rows) if has_partitions and is_of_day else None
