"""The relation under audit: its types, the relations that rules compare it with, and what its files prove about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from martgate.contracts.quality import Scalar
from martgate.expectations.proofs import StatisticsProofs

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """The relation under audit, as a check needs to know it to write its SQL.

    Attributes:
        relation: the name by which the engine knows it.
        types: the types that its columns really have, in Spark's spelling, by casefolded column name.
        tables: the relation of each other table, by the name that the contract gives to the table.
        previous_relation: the relation of the previous day; empty where there is none.
        enum_values: the values by which a column may be counted, by casefolded column name.
        statistics: what the statistics of its files prove.
        path_columns: the columns that may be stored in the paths of files, casefolded, where counts are taken file by file;
            None where the table is counted as a whole.
        allow_doubt: whether a check may use a cheaper statement with an uncertain result, which is repeated in full where
            the result is in doubt.
    """

    relation: str
    types: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    previous_relation: str = ""
    enum_values: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    statistics: StatisticsProofs = field(default_factory=StatisticsProofs)
    path_columns: frozenset[str] | None = None
    allow_doubt: bool = False

    def drop_constant_columns(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Drop the columns that have one value in all rows: they do not tell groups apart."""
        constant = self.statistics.constant_columns
        return tuple(name for name in columns if name.casefold() not in constant)
