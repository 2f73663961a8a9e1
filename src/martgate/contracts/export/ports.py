"""What an exporter is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from martgate.contracts.day import Day
from martgate.contracts.model import Table

__all__ = ["ExportRequest", "Exporter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """One table of a contract, to be written in another language.

    Attributes:
        table: the table, in the version of its contract that is exported.
        newer_versions: the table in the newer versions of its contract, the earliest first; their retroactive clauses ask something
            of this one, too.
        known_tables: the tables of every contract that is known, in every version: what may be shown of other tables.
        day: the day that the export is about; None where it is about no certain one.
        flavour: the option `--flavour`: the library that pandera's schema is for.
        model_sql: the SQL of the model that makes the table; raises InvalidInput where none does.
    """

    table: Table
    newer_versions: Sequence[Table] = ()
    known_tables: Sequence[Table] = ()
    day: Day | None = None
    flavour: str = "polars"
    model_sql: Callable[[], str]


class Exporter(Protocol):
    """Writes a contract in another language; registered by an entry point of the group `martgate.exporters`."""

    def __call__(self, request: ExportRequest, /) -> str:
        """The whole text of the export.

        Raises:
            martgate.errors.InvalidInput: the contract says something that the other language cannot.
        """
