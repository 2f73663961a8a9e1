"""`dense_sequence`: a column that numbers the rows of each group."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.domain import Domain, Interval, Requirements, require
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Grouping, GroupParts
from martgate.expectations.kinds.examples import Offenders, show_columns
from martgate.expectations.kinds.fields import Column, GroupColumns, OptionalColumn
from martgate.expectations.kinds.statements import add_window_columns
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, is_whole, relation

__all__ = ["DenseSequence"]


@dataclass(frozen=True, slots=True)
class DenseSequence(Check):
    """Within each group of `by`, in order of `order_by`, `column` is 1, 2, 3 and so on, up to the column `length` if it is given.

    Failures count rows with a number that is not their position, or in a group with another number of rows than `length`.
    """

    column: Column
    by: GroupColumns
    order_by: GroupColumns
    length: OptionalColumn = None
    kind: ClassVar[str] = "dense_sequence"

    @property
    def sentence(self) -> str:
        end = f" up to {self.length}" if self.length else ""
        by, order = wording.join_names(self.by), wording.join_names(self.order_by)
        return f"{self.column} counts 1, 2, 3 ..{end} for each {by}, in order of {order}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The number of a row, and of rows, is computed from the rows themselves."""
        return (self.column, self.length) if self.length else (self.column,)

    def evaluation(self, source: Source) -> Evaluation:
        """A position in a group needs a grouping, even where all rows are one group."""
        by = source.drop_constant_columns(self.by) or self.by
        return Grouping(by, lambda number: self._parts(number, source))

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        if not is_whole(types.get(self.column.casefold(), "")):
            return Requirements()
        return require(self.column, Domain(interval=Interval(Fraction(1), None), has_null=False), is_exact=False)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        windows, failure = self._windows("__place", "__length")
        return Offenders(show_columns(names), f"FROM {add_window_columns(windows, source.relation)}\nWHERE {failure}")

    def _parts(self, number: int, source: Source) -> GroupParts:
        if self.length and source.allow_doubt:
            failures, is_doubtful = self._count_without_singletons(self.length, source.relation)
            name = f"__belied{number}"
            return GroupParts((f"{is_doubtful} AS {name}",), (failures, "SUM(__rows)"), doubt=f"COUNT_IF({name})")
        windows, failure = self._windows(f"__place{number}", f"__length{number}")
        name = f"__broken{number}"
        return GroupParts((f"COUNT_IF({failure}) AS {name}",), (f"SUM({name})", "SUM(__rows)"), windows)

    def _windows(self, position: str, length: str) -> tuple[tuple[str, ...], str]:
        """The window functions that it needs, and the condition under which a row fails.

        The column itself orders rows that `order_by` does not.
        """
        name, by = identifier(self.column), identifiers(self.by)
        order = f"{identifiers(self.order_by)}, {name}"
        windows = [f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) AS {position}"]
        failure = f"NOT ({name} <=> {position})"
        if self.length:
            windows.append(f"COUNT(*) OVER (PARTITION BY {by}) AS {length}")
            failure += f" OR NOT ({identifier(self.length)} <=> {length})"
        return tuple(windows), failure

    def _count_without_singletons(self, length: str, audited: str) -> tuple[str, str]:
        """Two aggregates: how many rows fail, and the condition under which a group puts that number in doubt.

        A row that claims to be the only one of its group is right unless the group has other rows. Where no group has, only
        the other rows need a window function.
        """
        is_singleton = f"{identifier(self.column)} <=> 1 AND {identifier(length)} <=> 1"
        windows, failure = self._windows("__place", "__length")
        rows = f"SELECT *, {', '.join(windows)} FROM {relation(audited)} WHERE NOT ({is_singleton})"
        return f"(SELECT COUNT_IF({failure}) FROM ({rows}) AS placed)", f"COUNT(*) > 1 AND COUNT_IF({is_singleton}) > 0"
