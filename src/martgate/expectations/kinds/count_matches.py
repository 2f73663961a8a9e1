"""`count_matches`: a column with the number of rows of its group."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.fields import Column, GroupColumns
from martgate.expectations.kinds.groups import GroupCheck
from martgate.text.quoting import identifier

__all__ = ["CountMatches"]


@dataclass(frozen=True, slots=True)
class CountMatches(GroupCheck):
    """`column` is the number of rows of its group of `by`."""

    column: Column
    by: GroupColumns
    kind: ClassVar[str] = "count_matches"

    @property
    def sentence(self) -> str:
        return f"{self.column} is the number of rows of its {wording.join_names(self.by)}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        return (self.column,)

    def failure_condition(self) -> str:
        name = identifier(self.column)
        return f"NOT (COUNT({name}) = COUNT(*) AND MIN({name}) = COUNT(*) AND MAX({name}) = COUNT(*))"
