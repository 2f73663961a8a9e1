"""`recomputed`: numbers that agree with a second formula."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.evaluation import Evaluation, SeparateStatement
from martgate.expectations.kinds.examples import ExampleColumn, Offenders, show_columns
from martgate.expectations.kinds.fields import Columns, GroupColumns, QueryText
from martgate.expectations.kinds.result import Result, parse_count, result_from_counts
from martgate.expectations.kinds.statements import StatementCheck
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import fraction_literal, identifier, identifiers, relation

__all__ = ["Recomputed"]


@dataclass(frozen=True, slots=True)
class Recomputed(StatementCheck):
    """The numbers in `columns`, added up for each `by`, are those that the query `formula` computes from other tables.

    The query returns the columns of `by` and one number for each of `columns`, by the same names. A group that one side
    lacks has 0 there, and null counts as 0. The query is best written in another way than the model, as a second opinion.
    """

    columns: Columns
    by: GroupColumns
    formula: QueryText
    tolerance: float = 0
    kind: ClassVar[str] = "recomputed"
    failure_unit: ClassVar[str] = "groups"

    @property
    def sentence(self) -> str:
        slack = f", give or take {wording.format_number(self.tolerance)}" if self.tolerance else ""
        verb, formula = (
            wording.agree(self.columns, "is", "are"),
            wording.agree(self.columns, "its formula", "their formula"),
        )
        return f"{wording.join_names(self.columns)} {verb} as {formula} computes for each {wording.join_names(self.by)}{slack}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The groups of both sides are compared, too."""
        return (*self.columns, *self.by)

    def find_problem(self, table: Table) -> Mistake | None:
        numbers = ("integer", "number")
        other = next((name for name in self.columns if table.column(name).logical_type not in numbers), None)
        if other:
            message = f"{other} is of logicalType {table.column(other).logical_type or 'none'}, expected a number"
            return Mistake(message, "compare other values by copied_from", key="columns")
        repeated = next((name for name in self.columns if name in self.by), None)
        return Mistake(f"{repeated} is one of by, so that it cannot differ", key="columns") if repeated else None

    def evaluation(self, source: Source) -> Evaluation:
        return SeparateStatement(self.statement(source), numbers=2 + len(self.columns))

    def statement(self, source: Source) -> str:
        differs = self._differences()
        counts = (f"COUNT_IF({' OR '.join(differs)})", "COUNT(*)", *(f"COUNT_IF({each})" for each in differs))
        select_list = ",\n  ".join(f"{count} AS m{place}" for place, count in enumerate(counts))
        return f"SELECT\n  {select_list}\nFROM (\n{self._sides(source)}\n) AS compared"

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """Return the result; of several columns, it says in how many groups each of them differs."""
        del audited_at
        failed, total, *by_column = map(parse_count, numbers)
        result = result_from_counts(failed, total, self.failure_unit)
        if not failed or len(self.columns) == 1:
            return result
        counts = (f"{name} {count:,}" for name, count in zip(self.columns, by_column, strict=True) if count)
        return replace(result, observed=f"groups that differ: {', '.join(counts)}", observed_is_value=False)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del names
        groups = [replace(column, sql=(self.formula,)) for column in show_columns(self.by)]  # from either side
        numbers = []
        for place, name in enumerate(self.columns):
            found = ExampleColumn(name, f"__here{place}", columns=(name,))
            expected = ExampleColumn(f"{name} (expected)", f"__there{place}", sql=(self.formula,), is_computed=True)
            numbers += [found, expected]
        rows = f"FROM (\n{self._sides(source)}\n) AS compared\nWHERE {' OR '.join(self._differences())}"
        return Offenders((*groups, *numbers), rows)

    def _differences(self) -> list[str]:
        """For each column, the condition under which a group has another number than its formula computes.

        No difference is computed, because that of two whole numbers may be too large for their type.
        """
        pairs = [(f"__here{place}", f"__there{place}") for place in range(len(self.columns))]
        if not self.tolerance:
            return [f"{here} <> {there}" for here, there in pairs]
        slack = fraction_literal(self.tolerance)
        return [f"({here} > {there} + {slack} OR {there} > {here} + {slack})" for here, there in pairs]

    def _sides(self, source: Source) -> str:
        """All groups of both sides with the numbers of each, 0 where a side lacks the group."""
        by, places = identifiers(self.by), range(len(self.columns))
        names = [identifier(name) for name in self.columns]
        own = ", ".join(f"{name} AS __here{place}, 0 AS __there{place}" for place, name in enumerate(names))
        other = ", ".join(f"0 AS __here{place}, {name} AS __there{place}" for place, name in enumerate(names))
        sums = ", ".join(
            f"COALESCE(SUM(__{side}{place}), 0) AS __{side}{place}" for place in places for side in ("here", "there")
        )
        here = f"SELECT {by}, {own} FROM {relation(source.relation)}"
        there = f"SELECT {by}, {other} FROM (\n{self.formula}\n    ) AS formula"
        return f"  SELECT {by}, {sums} FROM (\n    {here}\n    UNION ALL\n    {there}\n  ) AS sides GROUP BY {by}"
