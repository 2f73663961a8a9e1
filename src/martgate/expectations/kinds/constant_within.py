"""`constant_within`: one value for each group."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.examples import Offenders, show_columns, show_count
from martgate.expectations.kinds.fields import Columns, GroupColumns
from martgate.expectations.kinds.groups import GroupCheck, constant_condition, join_offending_groups
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.source import Source
from martgate.text.quoting import identifier

__all__ = ["ConstantWithin"]


@dataclass(frozen=True, slots=True)
class ConstantWithin(GroupCheck):
    """Each of `columns` has one value within each group of `by`; null is a value like any other."""

    columns: Columns
    by: GroupColumns
    kind: ClassVar[str] = "constant_within"

    @property
    def sentence(self) -> str:
        has = wording.agree(self.columns, "has", "have")
        return f"{wording.join_names(self.columns)} {has} one value for each {wording.join_names(self.by)}"

    def failure_condition(self) -> str:
        return f"NOT ({' AND '.join(constant_condition(identifier(name)) for name in self.columns)})"

    def can_fail(self, never_null: frozenset[str]) -> bool:
        del never_null
        return not set(self.columns) <= set(self.by)

    def follows_from(self, other: Check, never_null: frozenset[str]) -> bool:
        """A value that is constant in larger groups is in smaller ones; a group of a key is one row."""
        if isinstance(other, Unique):
            return set(other.columns) <= set(self.by) and never_null.issuperset(map(str.casefold, other.columns))
        if not isinstance(other, ConstantWithin):
            return False
        return set(other.by) <= set(self.by) and set(self.columns) <= set(other.columns)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """Show the different values of a group, which explain more than its rows do."""
        names = self.columns_read
        select_list = ", ".join(f"here.{identifier(name)} AS {identifier(name)}" for name in names)
        grouping = ", ".join(f"here.{identifier(name)}" for name in names)
        offending = join_offending_groups(self, source.relation)
        groups = f"SELECT {select_list}, COUNT(*) AS __rows\n{offending}\nGROUP BY {grouping}"
        columns = (*show_columns(names), show_count("rows", "__rows"))
        return Offenders(columns, f"FROM (\n{groups}\n) AS differing")
