"""Kinds about single rows; one pass over the table evaluates all of them."""

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
    """The SQL of a check of rows.

    Attributes:
        total: the aggregate that counts the rows in scope.
        failure: the condition that is true on exactly the rows that fail; false or null on all others.
    """

    total: str
    failure: str


class RowCheck(Check):
    """A check of single rows. A kind defines in `row_test` which rows fail."""

    __slots__ = ()

    @abstractmethod
    def row_test(self, types: Mapping[str, str]) -> RowTest:
        """The test of a row.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name; values are compared by the column's type.
        """

    def evaluation(self, source: Source) -> Evaluation:
        test = self.row_test(source.types)
        return Scan((f"COUNT_IF({test.failure})", test.total))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        failure = self.row_test(source.types).failure
        return Offenders(show_columns(names), f"FROM {relation(source.relation)}\nWHERE {failure}")


class ValueCheck(RowCheck):
    """A check of the values of one column; nulls are not in scope. A kind defines in `failure_condition` which values fail."""

    __slots__ = ()

    column: str

    @abstractmethod
    def failure_condition(self, name: str, kind: str) -> str:
        """The condition that is true on an invalid value, and null on null.

        Args:
            name: the column, quoted.
            kind: its type in Spark's spelling; empty where it is unknown.
        """

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        name = identifier(self.column)
        return RowTest(f"COUNT({name})", self.failure_condition(name, types.get(self.column.casefold(), "")))

    def invalid_values(self, types: Mapping[str, str]) -> InvalidValues | None:
        return InvalidValues(self.column, self.row_test(types).failure)


class LiteralCheck(ValueCheck):
    """A check that compares the values of a column with values from the contract.

    File statistics can prove it, and the comparison depends on the type of the column.
    """

    __slots__ = ()

    @abstractmethod
    def is_proven(self, statistics: StatisticsProofs) -> bool:
        """Whether no value that the files can have fails."""

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        nulls = statistics.null_count(self.column)
        if nulls is None:
            return None
        return (0, statistics.rows - nulls) if nulls == statistics.rows or self.is_proven(statistics) else None

    def statements_with_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        return (f"SELECT {self.row_test(types).failure}",)
