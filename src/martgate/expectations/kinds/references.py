"""`references`: values that exist in another table."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.examples import Offenders, show_columns
from martgate.expectations.kinds.fields import Columns, OtherColumns, OtherExpression, OtherTable
from martgate.expectations.kinds.statements import StatementCheck, not_null_condition, sum_counts
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["References", "find_pairing_problem"]


@dataclass(frozen=True, slots=True)
class References(StatementCheck):
    """Every row without a null in `columns` has a match in `to_columns` of the table `to`, in its rows where `where`."""

    columns: Columns
    to: OtherTable
    to_columns: OtherColumns
    where: OtherExpression = ""
    kind: ClassVar[str] = "references"

    @property
    def value_sources(self) -> tuple[tuple[str, str, str], ...]:
        return ((self.columns[0], self.to, self.to_columns[0]),) if len(self.columns) == 1 else ()

    @property
    def sentence(self) -> str:
        where = wording.where_phrase(self.where)
        return (
            f"every {wording.join_names(self.columns)} is a {wording.join_names(self.to_columns)} of {self.to}{where}"
        )

    def find_problem(self, table: Table) -> Mistake | None:
        del table
        return find_pairing_problem(self.columns, self.to, self.to_columns)

    def statement(self, source: Source) -> str:
        names, has_value = identifiers(self.columns), not_null_condition(self.columns)
        table = relation(source.relation)
        here = f"SELECT {names}, COUNT(*) AS __rows FROM {table} WHERE {has_value} GROUP BY {names}"
        failures = "CASE WHEN found.__to0 IS NULL THEN here.__rows ELSE 0 END"
        return sum_counts(failures, "here.__rows", self._join(here, source))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        columns = identifiers(tuple(dict.fromkeys([*self.columns, *names])))
        here = f"SELECT {columns} FROM {relation(source.relation)} WHERE {not_null_condition(self.columns)}"
        rows = f"{self._join(here, source)}\nWHERE found.__to0 IS NULL"
        return Offenders(show_columns(names, "here."), rows)

    def _join(self, here: str, source: Source) -> str:
        """Build the FROM clause that joins each row of `here` with its match in the other table, as `found`."""
        select_list = ", ".join(
            f"{identifier(name)} AS __to{position}" for position, name in enumerate(self.to_columns)
        )
        where = f"{not_null_condition(self.to_columns)}{f' AND ({self.where})' if self.where else ''}"
        pairs = " AND ".join(
            f"here.{identifier(name)} = found.__to{position}" for position, name in enumerate(self.columns)
        )
        other = f"SELECT DISTINCT {select_list} FROM {relation(source.tables[self.to])} WHERE {where}"
        return f"FROM (\n  {here}\n) AS here\nLEFT JOIN (\n  {other}\n) AS found ON {pairs}"


def find_pairing_problem(
    columns: tuple[str, ...], to: str, to_columns: tuple[str, ...], *, key: str = "to_columns"
) -> Mistake | None:
    """Find the problem of columns that cannot be compared one by one with those of another table; None where there is none."""
    if len(columns) == len(to_columns):
        return None
    counts = f"{len(columns)} columns here, {len(to_columns)} in {to}"
    return Mistake(f"columns do not pair up: {counts}", key=key)
