"""The port of exporters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from martgate.contracts.day import Day
from martgate.contracts.model import Table

__all__ = ["ExportRequest", "Exporter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """A table to export.

    Attributes:
        table: The table, in the version of its contract to export.
        newer_versions: The table in the newer versions of its contract, the earliest first; their retroactive clauses
            apply to this version as well.
        known_tables: The tables of every contract in every version; they say which columns of other tables are protected.
        day: The day of the export; None for no certain day.
        flavour: The option `--flavour`: the library of a pandera schema.
        model_sql: Returns the SQL of the table's model; raises InvalidInput where the table has none.
    """

    table: Table
    newer_versions: Sequence[Table] = ()
    known_tables: Sequence[Table] = ()
    day: Day | None = None
    flavour: str = "polars"
    model_sql: Callable[[], str]


class Exporter(Protocol):
    """Writes a table in another language; an entry point of the group `martgate.exporters` registers it."""

    def __call__(self, request: ExportRequest, /) -> str:
        """Return the text of the export.

        Raises:
            martgate.errors.InvalidInput: The contract has a clause that the language cannot express.
        """
