"""`extreme_of`: a column with the smallest or greatest value of its group."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from martgate.expectations import wording
from martgate.expectations.kinds.fields import Column, Expression, GroupColumns
from martgate.expectations.kinds.groups import GroupCheck, constant_condition
from martgate.text.quoting import identifier

__all__ = ["ExtremeOf"]


@dataclass(frozen=True, slots=True)
class ExtremeOf(GroupCheck):
    """`column` is the smallest or greatest value of the expression `of` over its group of `by`."""

    column: Column
    of: Expression
    by: GroupColumns
    extreme: Literal["min", "max"]
    kind: ClassVar[str] = "extreme_of"

    @property
    def sentence(self) -> str:
        adjective = "smallest" if self.extreme == "min" else "greatest"
        return f"{self.column} is the {adjective} {wording.single_line(self.of)} of its {wording.join_names(self.by)}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        return (self.column,)

    def failure_condition(self) -> str:
        name = identifier(self.column)
        return f"NOT ({constant_condition(name)} AND MIN({name}) <=> {self.extreme.upper()}({self.of}))"
