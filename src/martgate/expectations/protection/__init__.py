"""Which values may be shown. Examples, numbers, errors, exports and queries all use this one definition.

A column is hidden where any version of a contract protects it, and where no contract has it. A computed value is hidden
unless every column that it reads may be shown. Counts of offenders are no values, and are always shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from martgate.contracts.model import Table
from martgate.expectations.fragments import OBJECT, parse_sql
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.examples import ExampleColumn
from martgate.expectations.protection.sql import reads_hidden_column

__all__ = ["MASK", "Protection"]

MASK = "[protected]"
"""The text that replaces a hidden value."""


@dataclass(frozen=True)
class Protection:
    """Decides which values of a table, and of the tables that its rules read, may be shown.

    Attributes:
        table: the table under audit.
        others: the tables of all other known contracts, in every version, also other versions of the same table.
    """

    table: Table
    others: tuple[Table, ...] = ()

    def hides(self, column: str, table: str = OBJECT) -> bool:
        """Whether values of a column are hidden.

        Args:
            column: its name; upper and lower case are the same, as in SQL.
            table: its table, `schema.table` or bare; `{object}` is the table under audit.

        Returns:
            True for a protected column, and for a column or a table that no contract has.
        """
        return self.hidden_by_column(table).get(column.casefold(), True)

    def hides_any(self, columns: Iterable[str], table: str = OBJECT) -> bool:
        """Whether values of any of several columns are hidden."""
        return any(self.hides(column, table) for column in columns)

    def has_hidden_columns(self) -> bool:
        """Whether the table under audit has a hidden column."""
        return any(self.hidden_by_column().values())

    def hides_sql(self, sql: str, table: str = OBJECT) -> bool:
        """Whether the result of an expression or a query is hidden.

        Args:
            sql: a query in which `{object}` is the table under audit, or an expression over the rows of one table.
            table: the table that an expression reads.

        Returns:
            True where it reads a hidden column anywhere, and where it cannot be analysed.
        """
        trees = parse_sql(sql)
        return len(trees) != 1 or trees[0] is None or reads_hidden_column(trees[0], table, self.hidden_by_column)

    def hides_check(self, check: Check) -> bool:
        """Whether the numbers of a check, and error messages of an engine about it, are hidden."""
        return (
            self.hides_any(check.columns_read)
            or any(self.hides(column, table) for table, column in check.other_table_columns)
            or any(self.hides_sql(fragment, table) for table, fragment in check.other_table_fragments)
            or any(self.hides_sql(sql) for sql in (*check.audited_table_fragments, *check.queries))
        )

    def hides_example(self, column: ExampleColumn) -> bool:
        """Whether a column of the examples of offenders is hidden."""
        if column.is_count:
            return False
        return (
            not (column.columns or column.others or column.sql)
            or self.hides_any(column.columns)
            or any(self.hides(name, table) for table, name in column.others)
            or any(self.hides_sql(sql) for sql in column.sql)
        )

    def hidden_by_column(self, table: str = OBJECT) -> Mapping[str, bool]:
        """Whether each column of a table is hidden, by casefolded name; empty where no contract has the table.

        A bare name that several tables have means all of them: a column may be shown where it may be in each.
        """
        tables = self._find_tables(table)
        names = {name for columns in tables for name in columns}
        return {name: any(columns.get(name, True) for columns in tables) for name in names}

    def _find_tables(self, name: str) -> list[Mapping[str, bool]]:
        if name == OBJECT:
            return [self._tables[self.table.qualified_name.casefold()]]
        qualified_name = ".".join(name.casefold().split(".")[-2:])
        if qualified_name in self._tables:
            return [self._tables[qualified_name]]
        return [columns for key, columns in self._tables.items() if key.rpartition(".")[2] == qualified_name]

    @cached_property
    def _tables(self) -> Mapping[str, Mapping[str, bool]]:
        """Whether each column is hidden, by casefolded qualified table name; versions of one table are merged."""
        tables: dict[str, dict[str, bool]] = {}
        for table in (self.table, *self.others):
            columns = tables.setdefault(table.qualified_name.casefold(), {})
            for column in table.columns:
                name = column.name.casefold()
                columns[name] = columns.get(name, False) or column.is_protected
        return tables
