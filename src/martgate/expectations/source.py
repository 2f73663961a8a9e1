"""The relation under audit, and what is known of it before any row is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from martgate.contracts.model import Scalar
from martgate.expectations.proofs import Known

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """What is audited: its relation, the types it really has, and where the other tables are.

    `types` are in Spark's spelling, by casefolded column name. `tables` leads from the name that a contract gives to
    another table to the name under which the engine knows it. `earlier` is the relation of the earlier day, empty where
    there is none. `values` are those by which a column may be counted, by casefolded column name. `known` is what the
    statistics of the files prove. `carried` are the columns that may stand in the paths of files, casefolded, where counts
    are taken file by file; None where the table is counted as a whole. With `may_doubt`, a kind may ask a cheaper question
    whose answer can be in doubt; then it is asked again without.
    """

    relation: str
    types: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    earlier: str = ""
    values: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    carried: frozenset[str] | None = None
    may_doubt: bool = False

    def varying(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the columns that are not known to have one value in all rows: only they tell groups apart."""
        constant = self.known.constant
        return tuple(name for name in columns if name.casefold() not in constant)
