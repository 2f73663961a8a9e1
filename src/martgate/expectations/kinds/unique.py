"""`unique`: no value twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording as words
from martgate.expectations.kinds.base import GreatExpectation, Offenders, show_columns
from martgate.expectations.kinds.fields import Columns
from martgate.expectations.kinds.statements import StatementCheck, all_set, count_repeated_rows, repeated_values
from martgate.expectations.source import Source
from martgate.text.quoting import identifiers, relation

__all__ = ["Unique"]


@dataclass(frozen=True, slots=True)
class Unique(StatementCheck):
    """No two rows share the values of these columns (rows with a null in one are not looked at).

    Failures count the rows that share a value, all of them: 3 equal rows are 3 failures.
    """

    columns: Columns
    kind: ClassVar[str] = "unique"

    @property
    def sentence(self) -> str:
        return f"no two rows share the same {words.listed(self.columns)}"

    def statement(self, source: Source) -> str:
        """Columns with one value in all rows tell no two rows apart."""
        columns = source.varying(self.columns) if len(self.columns) > 1 else self.columns
        return count_repeated_rows(columns or self.columns, source.relation)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del names
        return repeated_values(self.columns, source.relation)

    def great_expectation(self, types: Mapping[str, str]) -> GreatExpectation | None:
        del types
        if len(self.columns) == 1:
            return GreatExpectation("expect_column_values_to_be_unique", {"column": self.columns[0]})
        arguments: dict[str, object] = {"column_list": list(self.columns), "ignore_row_if": "any_value_is_missing"}
        return GreatExpectation("expect_compound_columns_to_be_unique", arguments)

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        over = f"COUNT(*) OVER (PARTITION BY {identifiers(self.columns)})"
        table = relation(source.relation)
        counted = f"  SELECT *, {over} AS __rows\n  FROM {table}\n  WHERE {all_set(self.columns)}"
        return Offenders(show_columns(names), f"FROM (\n{counted}\n) AS counted\nWHERE __rows > 1")
