"""`dense_sequence`: a column that numbers the rows of each group."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Grouping, GroupParts
from martgate.expectations.kinds.examples import Offenders, show_columns
from martgate.expectations.kinds.fields import Column, GroupColumns, OptionalColumn
from martgate.expectations.kinds.statements import add_window_columns
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["DenseSequence"]


@dataclass(frozen=True, slots=True)
class DenseSequence(Check):
    """Within each group of `by`, ordered by `order_by`, `column` counts 1, 2, 3 .. up to `length` (a column, if given).

    Failures count rows whose number is not their place, or whose group is not as long as `length` says.
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

    def evaluation(self, source: Source) -> Evaluation:
        """A place in a group needs more than a pass, even where all rows are one group."""
        by = source.drop_constant_columns(self.by) or self.by
        return Grouping(by, lambda number: self._parts(number, source))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        windows, broken = self._windows("__place", "__length")
        return Offenders(show_columns(names), f"FROM {add_window_columns(windows, source.relation)}\nWHERE {broken}")

    def _parts(self, number: int, source: Source) -> GroupParts:
        if self.length and source.allow_doubt:
            broken, is_doubtful = self._misplaced(self.length, source.relation)
            name = f"__belied{number}"
            return GroupParts((f"{is_doubtful} AS {name}",), (broken, "SUM(__rows)"), doubt=f"COUNT_IF({name})")
        windows, broken = self._windows(f"__place{number}", f"__length{number}")
        name = f"__broken{number}"
        return GroupParts((f"COUNT_IF({broken}) AS {name}",), (f"SUM({name})", "SUM(__rows)"), windows)

    def _windows(self, place: str, length: str) -> tuple[tuple[str, ...], str]:
        """The window functions that it needs, and the condition under which a row breaks it.

        The column itself decides among rows that `order_by` does not tell apart.
        """
        name, by = identifier(self.column), identifiers(self.by)
        order = f"{identifiers(self.order_by)}, {name}"
        windows = [f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) AS {place}"]
        broken = f"NOT ({name} <=> {place})"
        if self.length:
            windows.append(f"COUNT(*) OVER (PARTITION BY {by}) AS {length}")
            broken += f" OR NOT ({identifier(self.length)} <=> {length})"
        return tuple(windows), broken

    def _misplaced(self, length: str, audited: str) -> tuple[str, str]:
        """How many rows break it, and whether a group of rows puts that number in doubt.

        A row that says it is the first of one is right unless its group has others. Where no group has, only the other
        rows need their places looked up.
        """
        alone = f"{identifier(self.column)} <=> 1 AND {identifier(length)} <=> 1"
        windows, broken = self._windows("__place", "__length")
        placed = f"SELECT *, {', '.join(windows)} FROM {relation(audited)} WHERE NOT ({alone})"
        return f"(SELECT COUNT_IF({broken}) FROM ({placed}) AS placed)", f"COUNT(*) > 1 AND COUNT_IF({alone}) > 0"
