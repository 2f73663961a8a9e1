"""`copied_from`: columns with the values of another table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.fragments import find_columns
from martgate.expectations.kinds.evaluation import Evaluation, SeparateStatement
from martgate.expectations.kinds.examples import ExampleColumn, Offenders, show_columns, show_count
from martgate.expectations.kinds.fields import (
    ColumnValues,
    CopiedColumns,
    GroupColumns,
    OtherColumns,
    OtherExpression,
    OtherExpressions,
    QueryText,
    SourceTable,
)
from martgate.expectations.kinds.references import find_pairing_problem
from martgate.expectations.kinds.result import Result, parse_count, result_from_counts
from martgate.expectations.kinds.statements import StatementCheck
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, literal, relation, text

__all__ = ["CopiedFrom"]

_IS_FOUND = "there.__key0 IS NOT NULL"
"""True of a row with a row in the other table; a column of TRUE would not do, which Spark folds to TRUE above the join."""

_MAX_COLUMNS_WITH_VALUES = 3
"""Examples show the values of so many columns; of more columns only the names of those that differ."""


@dataclass(frozen=True, slots=True)
class CopiedFrom(StatementCheck):
    """Each of `columns` has the value of the row with the same `key` in another table, or in the result of a query.

    Null is a value like any other, and a key without a row there has the values of `default`. In scope are the rows with a
    row there, and those with a value that is not the default. Where several rows there have one key, each pair counts.

    Attributes:
        columns: the columns, each with an expression over the other table; without one it has the same name there.
        key: the columns that find the row there.
        from_table: the other table; empty where a query takes its place.
        from_key: the columns of the other table that equal those of `key`.
        where: a condition on the rows of the other table.
        latest_by: expressions over the other table; of the rows of one key, the row with the greatest values counts, which
            are compared from left to right.
        earliest_by: as `latest_by`, for the least values.
        default: the values of columns, other than null, for a key without a row.
        against: the query, which returns the columns of `key` and `columns`.
    """

    columns: CopiedColumns
    key: GroupColumns
    from_table: SourceTable = ""
    from_key: OtherColumns = ()
    where: OtherExpression = ""
    latest_by: OtherExpressions = ()
    earliest_by: OtherExpressions = ()
    default: ColumnValues = ()
    against: QueryText = ""
    kind: ClassVar[str] = "copied_from"

    @property
    def value_sources(self) -> tuple[tuple[str, str, str], ...]:
        defaults = {name for name, _ in self.default}
        plain = (name for name, expression in self.columns if not expression and name not in defaults)
        return tuple((name, self.from_table, name) for name in plain) if self.from_table else ()

    @property
    def sentence(self) -> str:
        verb = wording.agree(self._names, "is", "are")
        return f"{wording.join_names(self._names)} {verb} as in {self._place} for each {wording.join_names(self.key)}"

    @property
    def _place(self) -> str:
        if self.against:
            return "its source"
        end, order = ("latest", self.latest_by) if self.latest_by else ("earliest", self.earliest_by)
        row = f"the {end} row by {wording.join_names(map(wording.single_line, order))} of " if order else ""
        return f"{row}{self.from_table}{wording.where_phrase(self.where)}"

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    @property
    def other_table_columns(self) -> tuple[tuple[str, str], ...]:
        """The columns of the other table that are named; none for a query."""
        names = (*self.from_key, *(name for name, expression in self.columns if not expression))
        return tuple((self.from_table, name) for name in names) if self.from_table else ()

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        return self._names

    def find_problem(self, table: Table) -> Mistake | None:
        del table
        if bool(self.from_table) == bool(self.against):
            found = "both" if self.against else "neither"
            message = f"found {found} of from and against, expected one"
            return Mistake(message, "name the other table in from, or write a query in against")
        if self.latest_by and self.earliest_by:
            return Mistake("found both latest_by and earliest_by, expected one at most", key="earliest_by")
        repeated = next((name for name in self._names if name in self.key), None)
        if repeated:
            return Mistake(f"{repeated} is part of the key, so that it cannot differ", key="columns")
        unknown = next((name for name, _ in self.default if name not in self._names), None)
        if unknown:
            return Mistake(f"{unknown} is none of columns", key="default")
        return (
            self._find_query_problem()
            if self.against
            else find_pairing_problem(self.key, self.from_table, self.from_key, key="from_key")
        )

    def _find_query_problem(self) -> Mistake | None:
        """Find an argument about the other table, where a query takes its place."""
        arguments = ("from_key", "where", "latest_by", "earliest_by")
        key = next((name for name in arguments if getattr(self, name)), "")
        key = key or ("columns" if any(expression for _, expression in self.columns) else "")
        if not key:
            return None
        return Mistake("a query takes the place of the other table", f"move what {key} says into the query", key=key)

    def evaluation(self, source: Source) -> Evaluation:
        return SeparateStatement(self.statement(source), numbers=2 + len(self.columns))

    def statement(self, source: Source) -> str:
        differs = self._differences(source)
        failed = [f"COUNT_IF({' OR '.join(differs)})", f"COUNT_IF({self._in_scope(source)})"]
        counts = [f"COUNT_IF({each})" for each in differs]
        select_list = ",\n  ".join(f"{count} AS m{place}" for place, count in enumerate([*failed, *counts]))
        return f"SELECT\n  {select_list}\n{self._join(source)}"

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """Return the result; of several columns, it says in how many rows each of them differs."""
        del audited_at
        failed, total, *by_column = map(parse_count, numbers)
        result = result_from_counts(failed, total, self.failure_unit)
        if not failed or len(self.columns) == 1:
            return result
        counts = (f"{name} {count:,}" for name, count in zip(self._names, by_column, strict=True) if count)
        return replace(result, observed=f"rows that differ: {', '.join(counts)}", observed_is_value=False)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        names = tuple(dict.fromkeys([*self.key, *(name for name in names if name not in self._names)]))
        differs = self._differences(source)
        labels = (f"CASE WHEN {each} THEN {text(name)} END" for name, each in zip(self._names, differs, strict=True))
        columns = list(show_columns(names, "here."))
        if len(self.columns) > 1:
            columns.append(show_count("columns that differ", f"CONCAT_WS(', ', {', '.join(labels)})"))
        if len(self.columns) <= _MAX_COLUMNS_WITH_VALUES:
            expected = self._expected_values(source)
            for name, value, shown in zip(self._names, expected, self._show_sources(), strict=True):
                columns += [*show_columns((name,), "here."), replace(shown, expression=value)]
        return Offenders(tuple(columns), f"{self._join(source, names)}\nWHERE {' OR '.join(differs)}")

    def _show_sources(self) -> Iterator[ExampleColumn]:
        """Show the value that each column should have; it is hidden where one that it is made of is."""
        for name, expression in self.columns:
            label = f"{name} (expected)"
            if self.against:
                yield ExampleColumn(label, "", columns=(name,), sql=(self.against,), is_computed=True)
            else:
                read = find_columns(expression) if expression else (name,)
                others = tuple((self.from_table, each) for each in read)
                yield ExampleColumn(label, "", columns=(name,), others=others, is_computed=True)

    def _expected_values(self, source: Source) -> list[str]:
        defaults = self._default_literals(source)
        return [f"IF({_IS_FOUND}, there.__value{place}, {value})" for place, value in enumerate(defaults)]

    def _default_literals(self, source: Source) -> list[str]:
        defaults = dict(self.default)
        types = [source.types.get(name.casefold(), "") for name in self._names]
        return [
            literal(defaults[name], type_) if name in defaults else "NULL"
            for name, type_ in zip(self._names, types, strict=True)
        ]

    def _differences(self, source: Source) -> list[str]:
        """For each column, the condition under which its value is not the expected one."""
        pairs = zip(self._names, self._expected_values(source), strict=True)
        return [f"NOT (here.{identifier(name)} <=> {value})" for name, value in pairs]

    def _in_scope(self, source: Source) -> str:
        pairs = zip(self._names, self._default_literals(source), strict=True)
        needs_row = (f"NOT (here.{identifier(name)} <=> {value})" for name, value in pairs)
        return f"{_IS_FOUND} OR {' OR '.join(needs_row)}"

    def _join(self, source: Source, names: tuple[str, ...] = ()) -> str:
        """Build the FROM clause that joins each row, `here`, with its row of the other table, `there`."""
        columns = identifiers(tuple(dict.fromkeys([*self.key, *self._names, *names])))
        here = f"SELECT {columns} FROM {relation(source.relation)}"
        pairs = " AND ".join(f"here.{identifier(name)} = there.__key{place}" for place, name in enumerate(self.key))
        return f"FROM (\n  {here}\n) AS here\nLEFT JOIN (\n  {self._other_side(source)}\n) AS there ON {pairs}"

    def _other_side(self, source: Source) -> str:
        """Build the query for the rows of the other table: `__key0`, .. and `__value0`, .."""
        from_key = self.key if self.against else self.from_key
        keys = {f"__key{place}": identifier(name) for place, name in enumerate(from_key)}
        values = {f"__value{place}": each or identifier(name) for place, (name, each) in enumerate(self.columns)}
        select_list = ", ".join(f"{each} AS {name}" for name, each in (keys | values).items())
        if self.against:
            return f"SELECT {select_list} FROM (\n{self.against}\n  ) AS source"
        where = f" WHERE {self.where}" if self.where else ""
        rows = f"FROM {relation(source.tables[self.from_table])}{where}"
        order, direction = (self.latest_by, "DESC") if self.latest_by else (self.earliest_by, "ASC")
        if not order:
            return f"SELECT {select_list} {rows}"
        ordering = ", ".join(f"{expression} {direction}" for expression in order)
        place = f"ROW_NUMBER() OVER (PARTITION BY {identifiers(from_key)} ORDER BY {ordering}) AS __place"
        ranked = f"SELECT {select_list}, {place} {rows}"
        return f"SELECT {', '.join([*keys, *values])} FROM (\n    {ranked}\n  ) AS ranked WHERE __place = 1"
