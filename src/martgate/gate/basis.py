"""What a candidate was made from, and what a verdict was made by, as digests that later steps compare."""

from dataclasses import dataclass

__all__ = ["InputPin", "ReceiptBasis", "VerdictBasis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPin:
    """The state of an input table that a run read.

    Attributes:
        table: the qualified name of the table.
        version: the version of a Delta table or a table of a catalog; None for loose files.
        files: how many files were read; 0 for a table of a catalog.
        bytes: their size.
        digest: the SHA-256 over the names of the files and their bytes; of a Delta table, whose files never change, over
            their names and sizes; empty for a table of a catalog.
    """

    table: str
    version: int | None = None
    files: int = 0
    bytes: int = 0
    digest: str = ""

    def has_same_rows(self, other: "InputPin") -> bool:
        """Whether the rows are the same: those of the same files, or of the same version of a table of a catalog."""
        return self.digest == other.digest if self.digest else self.version == other.version


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictBasis:
    """What a verdict was made by.

    Attributes:
        contract: the digest of the clauses of the contract, without documentation.
        rules: the digest of the rules that were applied, those of newer versions of the contract included.
    """

    contract: str
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptBasis:
    """What a published candidate was made from and approved by.

    Attributes:
        verdict: the contract and the rules; None if the verdict does not say.
        model: the digest of the SQL that made it.
        inputs: the state of the tables that it was made from.
    """

    verdict: VerdictBasis | None
    model: str
    inputs: tuple[InputPin, ...]
