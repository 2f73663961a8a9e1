"""`reconciles`: a number that agrees with its source."""

from dataclasses import dataclass, replace
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.fragments import find_columns
from martgate.expectations.kinds.examples import ExampleColumn, Offenders, show_columns
from martgate.expectations.kinds.fields import Aggregate, OptionalGroupColumns, QueryText, deduplicate
from martgate.expectations.kinds.statements import StatementCheck
from martgate.expectations.source import Source
from martgate.text.quoting import fraction_literal, identifiers, relation

__all__ = ["Reconciles"]


@dataclass(frozen=True, slots=True)
class Reconciles(StatementCheck):
    """The aggregate `measure`, per group of `by`, agrees with the same group of the query `against`.

    `against` returns the columns of `by` and one number named `measure`; a group missing on either side counts as 0.
    """

    measure: Aggregate
    against: QueryText
    by: OptionalGroupColumns
    tolerance: float = 0
    kind: ClassVar[str] = "reconciles"
    failure_unit: ClassVar[str] = "groups"

    @property
    def sentence(self) -> str:
        slack = f", give or take {wording.format_number(self.tolerance)}" if self.tolerance else ""
        groups = f" for each {wording.join_names(self.by)}" if self.by else ""
        return f"{wording.single_line(self.measure)}{groups} agrees with its source{slack}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The columns that are measured, and the groups of both sides."""
        return deduplicate([find_columns(self.measure), self.by])

    def statement(self, source: Source) -> str:
        failures = f"COUNT_IF({self._differs})"
        return f"SELECT {failures} AS m0, COUNT(*) AS m1\nFROM (\n{self._sides(source)}\n) AS compared"

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del names
        groups = (replace(column, sql=(self.against,)) for column in show_columns(self.by))  # from either side
        measured = ExampleColumn("found", "__here", sql=(self.measure,), is_computed=True)
        expected = ExampleColumn("expected", "__there", sql=(self.against,), is_computed=True)
        rows = f"FROM (\n{self._sides(source)}\n) AS compared\nWHERE {self._differs}"
        return Offenders((*groups, measured, expected), rows)

    @property
    def _differs(self) -> str:
        """No difference is computed, because that of two whole numbers may be too large for their type."""
        if not self.tolerance:
            return "__here <> __there"
        slack = fraction_literal(self.tolerance)
        return f"__here > __there + {slack} OR __there > __here + {slack}"

    def _sides(self, source: Source) -> str:
        """All groups of both sides with their numbers `__here` and `__there`, 0 where a side lacks the group."""
        by = f"{identifiers(self.by)}, " if self.by else ""
        grouping = f" GROUP BY {identifiers(self.by)}" if self.by else ""
        here = f"SELECT {by}({self.measure}) AS __here, 0 AS __there FROM {relation(source.relation)}{grouping}"
        there = f"SELECT {by}0 AS __here, `measure` AS __there FROM (\n{self.against}\n    ) AS source"
        numbers = "COALESCE(SUM(__here), 0) AS __here, COALESCE(SUM(__there), 0) AS __there"
        return f"  SELECT {by}{numbers} FROM (\n    {here}\n    UNION ALL\n    {there}\n  ) AS sides{grouping}"
