"""The ports of an audit: what it needs of an engine, of the counts of earlier audits, and of Great Expectations."""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Verdict

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FILE_COLUMN",
    "ArrowSource",
    "AuditEngine",
    "ExpectationRunner",
    "FileCounts",
    "FrameSource",
]

FILE_COLUMN = "__file"
"""The column that names the file of a row, in a relation that is registered with it."""


class AuditEngine(Protocol):
    """An engine that runs Spark SQL over relations that it knows by name.

    Attributes:
        prefers_one_statement: whether one large statement costs less than several small ones.
    """

    prefers_one_statement: bool

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Return the name and type of each column, in order; types in Spark's spelling (`bigint`, `decimal(18,2)`).

        Raises:
            martgate.errors.QueryFailed: the relation is unknown or unreadable.
        """

    def fetch(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[tuple[object, ...]]:
        """Run one statement in Spark SQL and return all its rows.

        Args:
            sql: the statement.
            parameters: values of `:parameters`; only those that the statement names are bound.

        Raises:
            martgate.errors.QueryFailed: the statement could not be translated or run.
        """


class FileCounts(Protocol):
    """The counts that earlier audits took in the files of a relation, reused while the bytes of a file are the same.

    Counts are known by the SELECT list that computes them. It reads nothing but the files themselves, so that the counts
    of a table are the sums over its files.
    """

    def load(self, select_list: str) -> tuple[Sequence[Sequence[int]], str | None]:
        """Load the counts of known files, and register the other files as a relation.

        Returns:
            The counts of each known file, and the name of the relation of all other files, which has a `FILE_COLUMN`; None
            where there are no other files.

        Raises:
            martgate.errors.QueryFailed: a file cannot be read.
        """

    def save(self, select_list: str, counts: Mapping[str, Sequence[int]]) -> None:
        """Save the counts of the other files, by the value of `FILE_COLUMN`; a file without rows has none."""


class ExpectationRunner(Protocol):
    """Evaluates the expectations that no kind of rule equals."""

    def __call__(
        self, engine: AuditEngine, relation: str, rules: Sequence[Rule], *, protection: Protection
    ) -> Sequence[Verdict]:
        """Return one verdict a rule, in their order; a rule that could not run has a verdict too.

        Args:
            engine: the engine that knows the relation.
            relation: the relation under audit.
            rules: the rules, each with an expectation as its check.
            protection: which values must not appear in the verdicts.
        """


@runtime_checkable
class ArrowSource(Protocol):
    """An engine that returns relations as Arrow."""

    def batches(self, relation: str, columns: Sequence[str] = ()) -> "Generator[pa.RecordBatch]":
        """Read a relation, or some columns of it, as at least one batch."""


@runtime_checkable
class FrameSource(Protocol):
    """An engine that returns relations as Spark data frames."""

    def frame(self, relation: str) -> Any:
        """Return a relation as a data frame."""
