"""Tables of Spark's own catalog: `catalog://main` holds them as `main.<schema>.<table>`."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from martgate.builders.ports import CatalogTable, Session
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, MissingUpstream, QueryFailed
from martgate.stores.commits import partition
from martgate.text.quoting import identifier, relation, text

__all__ = ["Tables", "demand_catalog", "is_catalog", "name_in"]

_SCHEME = "catalog://"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NO_LETTER = re.compile(r"\W")
"""What SHOW TABLES may read as more than a letter; `*` stands for it."""


class Tables:
    """What the catalog of a session says of its tables; the session is asked for when it is first needed."""

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def execute(self, sql: str, parameters: Mapping[str, str] | None = None) -> Sequence[Mapping[str, object]]:
        return self._session().execute(sql, parameters or {})

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        self._session().overwrite(table, source, options)

    def exists(self, name: str) -> bool:
        """Whether there is such a table; temporary views are none."""
        schema, _, table = name.rpartition(".")
        like = text(_NO_LETTER.sub("*", table))
        found = self.execute(f"SHOW TABLES IN {relation(schema)} LIKE {like}")
        return any(str(row["tableName"]).casefold() == table.casefold() and not row["isTemporary"] for row in found)

    def rows(self, source: CatalogTable) -> int:
        """How many rows a table has, of the version and the day that are asked for."""
        (row,) = self.execute(f"SELECT COUNT(*) AS rows {source.from_clause}", source.parameters)
        return int(str(row["rows"]))

    def holds(self, source: CatalogTable) -> bool:
        """Whether a table has any row of the day that is asked for."""
        return bool(self.execute(f"SELECT 1 AS one {source.from_clause} LIMIT 1", source.parameters))

    def values(self, name: str, column: str) -> frozenset[str]:
        """The values of one column, as text."""
        asked = f"SELECT DISTINCT CAST({identifier(column)} AS STRING) AS value FROM {relation(name)}"
        return frozenset(str(row["value"]) for row in self.execute(asked))

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Name and type of each column, in order; types in Spark's spelling."""
        found = []
        for row in self.execute(f"DESCRIBE TABLE {relation(name)}"):
            column = str(row["col_name"] or "")
            if not column or column.startswith("#"):  # what follows is about partitions
                break
            found.append((column, str(row["data_type"])))
        return found

    def find_dataset(self, name: str, table: Table, day: date | None) -> CatalogTable:
        """An input as the catalog has it; only the day where one is given and the table is published by it.

        Raises:
            martgate.errors.MissingUpstream: there is no such table, or no row of the day.
        """
        try:
            is_there = self.exists(name)
        except QueryFailed as error:  # there is not even the schema
            raise MissingUpstream(f"{table.qualified_name}: {name} cannot be found: {error}") from error
        if not is_there:
            raise MissingUpstream(f"{table.qualified_name}: there is no table {name} in Spark's catalog")
        column = table.publish_partition
        source = CatalogTable(name=name, only=partition(column or "", day) if day else {})
        if source.only and not self.holds(source):
            raise MissingUpstream(f"{table.qualified_name}: there is no row with {column}={day} in {name}")
        return source


def is_catalog(location: str) -> bool:
    """Whether a location means tables of Spark's catalog."""
    return location.startswith(_SCHEME)


def name_in(location: str, table: Table, *, single: bool = False) -> str:
    """The name of a table in a location: a catalog with all tables, or this `single` one by its whole name.

    Raises:
        martgate.errors.InvalidInput: the location is neither.
    """
    parts = _parts(location, single=single)
    return ".".join(parts if len(parts) == 3 else (*parts, table.qualified_name))


def demand_catalog(location: str) -> None:
    """Raise unless a location means a whole catalog.

    Raises:
        martgate.errors.InvalidInput: it does not.
    """
    _parts(location, single=False)


def _parts(location: str, *, single: bool) -> list[str]:
    parts = location.removeprefix(_SCHEME).split(".")
    if len(parts) not in ((1, 3) if single else (1,)) or not all(map(_NAME.fullmatch, parts)):
        one = ", or one table of it, as in catalog://main.bronze.orders" if single else ""
        raise InvalidInput(
            f"{location}: expected a catalog, as in catalog://main{one}; names are of letters, digits, '_' and '-'"
        )
    return parts
