"""Which table and column a relationship of ODCS means: `table.column`, or a path of ids, here or in another file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["DocumentNames", "TableNames", "resolve_reference"]


@dataclass(frozen=True, slots=True)
class TableNames:
    """All names of one table. `columns` leads from each id and name of a column to the name it has in the data."""

    qualified: str
    aliases: frozenset[str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentNames:
    """The tables of one document, by whatever name they are called."""

    tables: tuple[TableNames, ...] = ()

    def table(self, name: str) -> TableNames | None:
        return next((table for table in self.tables if name in table.aliases), None)


def resolve_reference(reference: str, names: DocumentNames, others: Callable[[str], DocumentNames]) -> tuple[str, str]:
    """Table and column that a reference means; as written where nothing of that name is known.

    A known table comes back by its qualified name. `others` answers the names in another file, none if it is not there.
    """
    return _full_path(reference, names, others) if "/" in reference else _shorthand(reference, names)


def _full_path(reference: str, names: DocumentNames, others: Callable[[str], DocumentNames]) -> tuple[str, str]:
    """`file.yaml#/schema/TABLE/properties/COLUMN/properties/FIELD`: every second word is an id."""
    file, _, path = reference.rpartition("#")
    table, *columns = path.strip("/").split("/")[1::2] or [""]
    return _named((others(file) if file else names).table(table), table, columns)


def _shorthand(reference: str, names: DocumentNames) -> tuple[str, str]:
    parts = reference.split(".")
    # The longest known table wins: `mart.t.c` is column c of mart.t where that exists, else field t.c of mart.
    for cut in range(len(parts) - 1, 0, -1):
        found = names.table(".".join(parts[:cut]))
        if found is not None:
            return _named(found, found.qualified, parts[cut:])
    return _named(None, ".".join(parts[:-1]), parts[-1:])


def _named(found: TableNames | None, table: str, columns: list[str]) -> tuple[str, str]:
    if found is None:
        return table, ".".join(columns)
    whole = ".".join(columns)
    if whole in found.columns:  # a column's name may have dots of its own
        return found.qualified, found.columns[whole]
    first = [found.columns.get(column, column) for column in columns[:1]]
    return found.qualified, ".".join([*first, *columns[1:]])
