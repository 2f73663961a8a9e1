"""What an audit needs of an engine, and no more."""

from collections.abc import Mapping, Sequence
from typing import Protocol

__all__ = ["AuditEngine"]


class AuditEngine(Protocol):
    """Anything that answers Spark SQL over relations it knows by name."""

    def columns(self, relation: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, in order; types in Spark's spelling (`bigint`, `decimal(18,2)`).

        Raises:
            contracts.errors.QueryFailed: the relation is unknown or unreadable.
        """

    def fetch(self, sql: str, parameters: Mapping[str, str] = ...) -> Sequence[tuple[object, ...]]:
        """All rows of one statement in Spark SQL; only the parameters that the statement names are bound.

        Raises:
            contracts.errors.QueryFailed: the statement could not be translated or run.
        """
