"""`unchanged_since`: values that do not change from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.days import KEY_EXISTS, DayCheck
from martgate.expectations.kinds.fields import Columns, GroupColumns
from martgate.expectations.kinds.rows import RowTest
from martgate.text.quoting import identifier

__all__ = ["UnchangedSince"]


@dataclass(frozen=True, slots=True)
class UnchangedSince(DayCheck):
    """Each of `columns` is what it was on the previous day, for each `key` of both days.

    Null is a value like any other, so that a change to or from null is a change, too.
    """

    columns: Columns
    key: GroupColumns
    kind: ClassVar[str] = "unchanged_since"

    @property
    def sentence(self) -> str:
        verb = wording.agree(self.columns, "is", "are")
        past = wording.agree(self.columns, "it was", "they were")
        key = wording.join_names(self.key)
        return f"{wording.join_names(self.columns)} {verb} what {past} on the earlier day for each {key}"

    @property
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        return "columns", self.columns

    def day_test(self, names: Mapping[str, str]) -> RowTest:
        del names
        same = " AND ".join(f"here.{identifier(name)} <=> earlier.{identifier(name)}" for name in self.columns)
        return RowTest("COUNT(here.__here)", f"{KEY_EXISTS} AND NOT ({same})")
