"""`exactly_one`: one value in the rows of a group that meet a condition."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.fields import Expression, GroupColumns
from martgate.expectations.kinds.groups import GroupCheck

__all__ = ["ExactlyOne"]


@dataclass(frozen=True, slots=True)
class ExactlyOne(GroupCheck):
    """Within each group of `by`, the rows where `where` is true have exactly one value of `distinct`."""

    by: GroupColumns
    distinct: Expression
    where: Expression
    kind: ClassVar[str] = "exactly_one"

    @property
    def sentence(self) -> str:
        rows = f"the rows where {wording.single_line(self.where)} hold exactly one {wording.single_line(self.distinct)}"
        return f"for each {wording.join_names(self.by)}, {rows}"

    def failure_condition(self) -> str:
        value = f"CASE WHEN {self.where} THEN {self.distinct} END"
        is_one = f"MIN({value}) = MAX({value})"
        has_no_null = f"COUNT({value}) = COUNT_IF({self.where})"
        return f"NOT COALESCE(COUNT({value}) > 0 AND {has_no_null} AND {is_one}, FALSE)"
