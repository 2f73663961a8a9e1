"""Resolution of the references in relationships: `table.column`, or a path of ids in this or another file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["DocumentNames", "TableNames", "resolve_reference"]


@dataclass(frozen=True, slots=True)
class TableNames:
    """The names of a table and its columns.

    Attributes:
        qualified: The qualified name of the table.
        aliases: All names and the id of the table.
        columns: The name in the data for each name and id of a column.
    """

    qualified: str
    aliases: frozenset[str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentNames:
    """The names of the tables of a document."""

    tables: tuple[TableNames, ...] = ()

    def table(self, name: str) -> TableNames | None:
        """Return the table that has a name or id; None where there is none."""
        return next((table for table in self.tables if name in table.aliases), None)


def resolve_reference(reference: str, names: DocumentNames, others: Callable[[str], DocumentNames]) -> tuple[str, str]:
    """Return the table and the column of a reference, unchanged where the names are unknown.

    Args:
        reference: The reference, as a relationship states it.
        names: The names of the document itself.
        others: Returns the names of another file; no names if it does not exist.

    Returns:
        The qualified name of the table, and the name of the column in the data.
    """
    return _full_path(reference, names, others) if "/" in reference else _shorthand(reference, names)


def _full_path(reference: str, names: DocumentNames, others: Callable[[str], DocumentNames]) -> tuple[str, str]:
    # file.yaml#/schema/TABLE/properties/COLUMN/properties/FIELD: every second part is an id
    file, _, path = reference.rpartition("#")
    table, *columns = path.strip("/").split("/")[1::2] or [""]
    return _resolve_names((others(file) if file else names).table(table), table, columns)


def _shorthand(reference: str, names: DocumentNames) -> tuple[str, str]:
    parts = reference.split(".")
    # The longest known table wins: `mart.t.c` is column c of mart.t if that exists, else field t.c of mart.
    for cut in range(len(parts) - 1, 0, -1):
        known = names.table(".".join(parts[:cut]))
        if known is not None:
            return _resolve_names(known, known.qualified, parts[cut:])
    return _resolve_names(None, ".".join(parts[:-1]), parts[-1:])


def _resolve_names(known: TableNames | None, table: str, columns: list[str]) -> tuple[str, str]:
    if known is None:
        return table, ".".join(columns)
    whole = ".".join(columns)
    if whole in known.columns:  # the name of a column can contain dots
        return known.qualified, known.columns[whole]
    first = [known.columns.get(column, column) for column in columns[:1]]
    return known.qualified, ".".join([*first, *columns[1:]])
