"""Kinds that look at each row by itself: one pass over the table answers all of them."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from martgate.expectations.kinds.base import BrokenValues, Check, Offenders, show_columns
from martgate.expectations.kinds.counting import Counting, Scan
from martgate.expectations.proofs import Known
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation

__all__ = ["ComparedCheck", "RowCheck", "RowTest", "ValueCheck"]


@dataclass(frozen=True, slots=True)
class RowTest:
    """The aggregate that counts what was looked at, and a condition that is true on exactly the rows that break a check.

    On all other rows the condition is false or null.
    """

    total: str
    broken: str


class RowCheck(Check):
    """A check of single rows. A kind says by `row_test` which rows break it."""

    __slots__ = ()

    @abstractmethod
    def row_test(self, types: Mapping[str, str]) -> RowTest:
        """The test of a row.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name: a value is compared as what the column is.
        """

    def counting(self, source: Source) -> Counting:
        test = self.row_test(source.types)
        return Scan((f"COUNT_IF({test.broken})", test.total))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        broken = self.row_test(source.types).broken
        return Offenders(show_columns(names), f"FROM {relation(source.relation)}\nWHERE {broken}")


class ValueCheck(RowCheck):
    """A check of the values of one column; null is not looked at. A kind says by `broken` which values break it."""

    __slots__ = ()

    column: str

    @abstractmethod
    def broken(self, name: str, kind: str) -> str:
        """The condition that is true on a wrong value, and null on null.

        Args:
            name: the column, quoted.
            kind: its type in Spark's spelling; empty where it is not known.
        """

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        name = identifier(self.column)
        return RowTest(f"COUNT({name})", self.broken(name, types.get(self.column.casefold(), "")))

    def broken_values(self, types: Mapping[str, str]) -> BrokenValues | None:
        return BrokenValues(self.column, self.row_test(types).broken)


class ComparedCheck(ValueCheck):
    """A check that holds the values of a column against some that are written in the contract.

    Statistics may prove it, and how engines compare may hang on the column's type.
    """

    __slots__ = ()

    @abstractmethod
    def holds_all(self, known: Known) -> bool:
        """Whether no value that the files can have breaks it."""

    def proof(self, known: Known) -> tuple[int, int] | None:
        nulls = known.nulls(self.column)
        if nulls is None:
            return None
        return (0, known.rows - nulls) if nulls == known.rows or self.holds_all(known) else None

    def statements_with_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        return (f"SELECT {self.row_test(types).broken}",)
