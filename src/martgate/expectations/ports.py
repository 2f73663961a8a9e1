"""What an audit needs of an engine, of the days before, and of others who judge, and no more."""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Verdict

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FILE",
    "ArrowSource",
    "AuditEngine",
    "FileMemory",
    "ForeignJudge",
    "FrameSource",
]

FILE = "__file"
"""The column that says in which file of a relation a row lies, where that was asked."""


class AuditEngine(Protocol):
    """Anything that answers Spark SQL over relations it knows by name.

    One that `prefers_one_statement` answers many questions in one statement at less cost than one after the other.
    """

    prefers_one_statement: bool

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, in order; types in Spark's spelling (`bigint`, `decimal(18,2)`).

        Raises:
            martgate.errors.QueryFailed: the relation is unknown or unreadable.
        """

    def fetch(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[tuple[object, ...]]:
        """All rows of one statement in Spark SQL; only the parameters that the statement names are bound.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run.
        """


class FileMemory(Protocol):
    """What earlier audits counted in the files of a relation that still have the same bytes.

    A question is the list of a SELECT: counts of rows that read nothing but the files themselves, so that the counts of
    a table are the sums over its files.
    """

    def recall(self, question: str) -> tuple[Sequence[Sequence[int]], str | None]:
        """The answers of the files that it was asked of before, one a file, and the name of a relation of all others.

        That relation's column `FILE` says in which file a row lies; it is None where there are no others.

        Raises:
            martgate.errors.QueryFailed: a file cannot be read.
        """

    def keep(self, question: str, counted: Mapping[str, Sequence[int]]) -> None:
        """Remember the answers of the others, by what `FILE` says; a file without a row has none."""


class ForeignJudge(Protocol):
    """Somebody who judges expectations that have no equal here; what `protection` hides stays out of the verdicts."""

    def __call__(
        self, engine: AuditEngine, relation: str, asked: Sequence[Rule], *, protection: Protection
    ) -> Sequence[Verdict]:
        """One verdict a rule, in their order; a rule that could not run is a verdict too."""


@runtime_checkable
class ArrowSource(Protocol):
    """An engine that hands out its relations, or some columns of them, as Arrow: at least one batch."""

    def batches(self, relation: str, columns: Sequence[str] = ()) -> "Generator[pa.RecordBatch]": ...


@runtime_checkable
class FrameSource(Protocol):
    """An engine that hands out its relations as Spark's frames."""

    def frame(self, relation: str) -> Any: ...
