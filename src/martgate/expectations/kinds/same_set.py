"""`same_set`: exactly the values of another table."""

from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.examples import ExampleColumn, Offenders, show_count
from martgate.expectations.kinds.fields import Columns, OtherColumns, OtherExpression, OtherTable
from martgate.expectations.kinds.references import find_pairing_problem
from martgate.expectations.kinds.statements import StatementCheck
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation, text

__all__ = ["SameSet"]


@dataclass(frozen=True, slots=True)
class SameSet(StatementCheck):
    """The distinct values of `columns` equal those of `to_columns` in the table `to`, in its rows where `where`.

    Failures count values that only one of the two has.
    """

    columns: Columns
    to: OtherTable
    to_columns: OtherColumns
    where: OtherExpression = ""
    kind: ClassVar[str] = "same_set"
    failure_unit: ClassVar[str] = "values"

    @property
    def sentence(self) -> str:
        takes = wording.agree(self.columns, "takes", "take")
        values = f"the values of {wording.join_names(self.to_columns)} in {self.to}{wording.where_phrase(self.where)}"
        return f"{wording.join_names(self.columns)} {takes} exactly {values}"

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        return self.columns

    def find_problem(self, table: Table) -> Mistake | None:
        del table
        return find_pairing_problem(self.columns, self.to, self.to_columns)

    def statement(self, source: Source) -> str:
        failures = "COUNT_IF(__here = 0 OR __there = 0)"
        return f"SELECT {failures} AS m0, COUNT(*) AS m1\nFROM (\n{self._sides(source)}\n) AS compared"

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del names
        only_there = text(f"only in {self.to}")
        side = f"CASE WHEN __here = 0 THEN {only_there} ELSE 'only in this table' END"
        return Offenders((*self._values, show_count("difference", side)), self._differences(source))

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        del names
        sides = (show_count("here", "__here"), show_count("there", "__there"))
        return Offenders((*self._values, *sides), self._differences(source))

    @property
    def _values(self) -> tuple[ExampleColumn, ...]:
        """The values of both sides, which may be those of either table."""
        pairs = zip(self.columns, self.to_columns, strict=True)
        return tuple(
            ExampleColumn(here, f"__{position}", columns=(here,), others=((self.to, there),))
            for position, (here, there) in enumerate(pairs)
        )

    def _differences(self, source: Source) -> str:
        return f"FROM (\n{self._sides(source)}\n) AS compared\nWHERE __here = 0 OR __there = 0"

    def _sides(self, source: Source) -> str:
        """All values of both sides as `__0`, `__1` and so on, with `__here` and `__there`, 1 where the side has the value."""
        names = [f"__{position}" for position in range(len(self.columns))]
        here = ", ".join(f"{identifier(column)} AS {name}" for column, name in zip(self.columns, names, strict=True))
        there = ", ".join(
            f"{identifier(column)} AS {name}" for column, name in zip(self.to_columns, names, strict=True)
        )
        where = f" WHERE ({self.where})" if self.where else ""
        return (
            f"  SELECT {', '.join(names)}, MAX(__here) AS __here, MAX(__there) AS __there FROM (\n"
            f"    SELECT {here}, 1 AS __here, 0 AS __there FROM {relation(source.relation)}\n    UNION ALL\n"
            f"    SELECT {there}, 0 AS __here, 1 AS __there FROM {relation(source.tables[self.to])}{where}\n"
            f"  ) AS sides GROUP BY {', '.join(names)}"
        )
