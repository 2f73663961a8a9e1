"""`never_disappears`: keys that stay from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.days import DayCheck
from martgate.expectations.kinds.fields import GroupColumns
from martgate.expectations.kinds.rows import RowTest

__all__ = ["NeverDisappears"]


@dataclass(frozen=True, slots=True)
class NeverDisappears(DayCheck):
    """Each `key` of the previous day still exists."""

    key: GroupColumns
    kind: ClassVar[str] = "never_disappears"

    @property
    def sentence(self) -> str:
        return f"every {wording.join_names(self.key)} of the earlier day is still there"

    @property
    def compared_columns(self) -> tuple[str, tuple[str, ...]]:
        return "", ()

    def day_test(self, names: Mapping[str, str]) -> RowTest:
        del names
        return RowTest("COUNT(*)", "here.__here IS NULL")
