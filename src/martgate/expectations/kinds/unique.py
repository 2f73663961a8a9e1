"""`unique`: values that occur once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check, ExpectationConfig
from martgate.expectations.kinds.examples import Offenders, show_columns
from martgate.expectations.kinds.fields import Columns
from martgate.expectations.kinds.statements import (
    StatementCheck,
    count_repeated_rows,
    find_repeated_values,
    not_null_condition,
)
from martgate.expectations.source import Source
from martgate.text.quoting import identifiers, relation

__all__ = ["Unique"]


@dataclass(frozen=True, slots=True)
class Unique(StatementCheck):
    """No two rows share the values of these columns; rows with a null in one are not in scope.

    Failures count all rows that share a value: 3 equal rows are 3 failures.
    """

    columns: Columns
    kind: ClassVar[str] = "unique"

    @property
    def sentence(self) -> str:
        return f"no two rows share the same {wording.join_names(self.columns)}"

    def statement(self, source: Source) -> str:
        """Leave out columns with one value in all rows, which tell no two rows apart."""
        columns = source.drop_constant_columns(self.columns) if len(self.columns) > 1 else self.columns
        return count_repeated_rows(columns or self.columns, source.relation)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del names
        return find_repeated_values(self.columns, source.relation)

    def follows_from(self, other: Check, never_null: frozenset[str]) -> bool:
        """Fewer columns that tell rows apart tell them apart together with others."""
        del never_null
        return isinstance(other, Unique) and set(other.columns) <= set(self.columns)

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        del types
        if len(self.columns) == 1:
            return ExpectationConfig("expect_column_values_to_be_unique", {"column": self.columns[0]})
        arguments: dict[str, object] = {"column_list": list(self.columns), "ignore_row_if": "any_value_is_missing"}
        return ExpectationConfig("expect_compound_columns_to_be_unique", arguments)

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        count = f"COUNT(*) OVER (PARTITION BY {identifiers(self.columns)})"
        table = relation(source.relation)
        rows = f"  SELECT *, {count} AS __rows\n  FROM {table}\n  WHERE {not_null_condition(self.columns)}"
        return Offenders(show_columns(names), f"FROM (\n{rows}\n) AS counted\nWHERE __rows > 1")
