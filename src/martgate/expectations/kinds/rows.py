"""Kinds that look at each row by itself: one pass over the table answers all of them."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Scan
from martgate.expectations.kinds.examples import InvalidValues, Offenders, show_columns
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation

__all__ = ["LiteralCheck", "RowCheck", "RowTest", "ValueCheck"]


@dataclass(frozen=True, slots=True)
class RowTest:
    """The aggregate that counts what was looked at, and a condition that is true on exactly the rows that break a check.

    On all other rows the condition is false or null.
    """

    total: str
    failure: str


class RowCheck(Check):
    """A check of single rows. A kind says by `row_test` which rows break it."""

    __slots__ = ()

    @abstractmethod
    def row_test(self, types: Mapping[str, str]) -> RowTest:
        """The test of a row.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name: a value is compared as what the column is.
        """

    def evaluation(self, source: Source) -> Evaluation:
        test = self.row_test(source.types)
        return Scan((f"COUNT_IF({test.failure})", test.total))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        broken = self.row_test(source.types).failure
        return Offenders(show_columns(names), f"FROM {relation(source.relation)}\nWHERE {broken}")


class ValueCheck(RowCheck):
    """A check of the values of one column; null is not looked at. A kind says by `failure_condition` which values break it."""

    __slots__ = ()

    column: str

    @abstractmethod
    def failure_condition(self, name: str, kind: str) -> str:
        """The condition that is true on a wrong value, and null on null.

        Args:
            name: the column, quoted.
            kind: its type in Spark's spelling; empty where it is not known.
        """

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        name = identifier(self.column)
        return RowTest(f"COUNT({name})", self.failure_condition(name, types.get(self.column.casefold(), "")))

    def invalid_values(self, types: Mapping[str, str]) -> InvalidValues | None:
        return InvalidValues(self.column, self.row_test(types).failure)


class LiteralCheck(ValueCheck):
    """A check that holds the values of a column against some that are written in the contract.

    Statistics may prove it, and how engines compare may hang on the column's type.
    """

    __slots__ = ()

    @abstractmethod
    def is_proven(self, statistics: StatisticsProofs) -> bool:
        """Whether no value that the files can have breaks it."""

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        nulls = statistics.null_count(self.column)
        if nulls is None:
            return None
        return (0, statistics.rows - nulls) if nulls == statistics.rows or self.is_proven(statistics) else None

    def statements_with_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        return (f"SELECT {self.row_test(types).failure}",)
