"""Tables of a catalog of Spark: `catalog://main` has the tables `main.<schema>.<table>`."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from martgate.builders.ports import CatalogTable, Session
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, MissingUpstream, QueryFailed
from martgate.stores.commits import partition_filter
from martgate.text.quoting import identifier, relation, text

__all__ = ["SparkCatalog", "check_catalog_location", "get_table_name", "is_catalog_location"]

_SCHEME = "catalog://"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NO_LETTER = re.compile(r"\W")
"""The characters that SHOW TABLES may take for wildcards; `*` replaces them."""


class SparkCatalog:
    """The tables of the catalog of a session, which is opened on the first statement."""

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def execute(self, sql: str, parameters: Mapping[str, str] | None = None) -> Sequence[Mapping[str, object]]:
        return self._session().execute(sql, parameters or {})

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        self._session().overwrite(table, source, options)

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name; a temporary view is not a table."""
        schema, _, table = name.rpartition(".")
        like = text(_NO_LETTER.sub("*", table))
        rows = self.execute(f"SHOW TABLES IN {relation(schema)} LIKE {like}")
        return any(str(row["tableName"]).casefold() == table.casefold() and not row["isTemporary"] for row in rows)

    def count_rows(self, source: CatalogTable) -> int:
        """Count the rows of a table, in the version and the day that the source selects."""
        (row,) = self.execute(f"SELECT COUNT(*) AS rows {source.from_clause}", source.parameters)
        return int(str(row["rows"]))

    def has_rows(self, source: CatalogTable) -> bool:
        """Whether a table has any row of the day that the source selects."""
        return bool(self.execute(f"SELECT 1 AS one {source.from_clause} LIMIT 1", source.parameters))

    def list_values(self, name: str, column: str) -> frozenset[str]:
        """List the distinct values of a column, as text."""
        query = f"SELECT DISTINCT CAST({identifier(column)} AS STRING) AS value FROM {relation(name)}"
        return frozenset(str(row["value"]) for row in self.execute(query))

    def list_columns(self, name: str) -> list[tuple[str, str]]:
        """List the name and the type of each column, in order, with types in Spark's spelling."""
        columns = []
        for row in self.execute(f"DESCRIBE TABLE {relation(name)}"):
            column = str(row["col_name"] or "")
            if not column or column.startswith("#"):  # the rows after it are about partitions
                break
            columns.append((column, str(row["data_type"])))
        return columns

    def find_version(self, name: str) -> int | None:
        """Find the newest version of a table; None if it has none, as a view and a table of another format than Delta."""
        try:
            rows = self.execute(f"DESCRIBE HISTORY {relation(name)} LIMIT 1")
        except QueryFailed:
            return None
        return int(str(rows[0]["version"])) if rows else None

    def find_dataset(self, name: str, table: Table, day: date | None) -> CatalogTable:
        """Find an input table in the catalog, at its newest version if it has versions.

        Args:
            name: the name of the table in the catalog.
            table: the table of the contract.
            day: the only day that is read, if the table is published by day; None for all days.

        Raises:
            martgate.errors.MissingUpstream: there is no such table, or no row of the day.
        """
        try:
            exists = self.exists(name)
        except QueryFailed as error:  # the schema does not exist either
            raise MissingUpstream(f"{table.qualified_name}: {name} cannot be found: {error}") from error
        if not exists:
            raise MissingUpstream(f"{table.qualified_name}: there is no table {name} in Spark's catalog")
        column = table.publish_partition
        only = partition_filter(column or "", day) if day else {}
        source = CatalogTable(name=name, only=only, version=self.find_version(name))
        if source.only and not self.has_rows(source):
            raise MissingUpstream(f"{table.qualified_name}: there is no row with {column}={day} in {name}")
        return source


def is_catalog_location(location: str) -> bool:
    """Whether a location is a catalog of Spark."""
    return location.startswith(_SCHEME)


def get_table_name(location: str, table: Table, *, single: bool = False) -> str:
    """Return the name of a table in the catalog.

    Args:
        location: a catalog, as in `catalog://main`.
        table: the table of the contract.
        single: whether the location may also be the whole name of this one table.

    Raises:
        martgate.errors.InvalidInput: the location is neither.
    """
    parts = _parts(location, single=single)
    return ".".join(parts if len(parts) == 3 else (*parts, table.qualified_name))


def check_catalog_location(location: str) -> None:
    """Check that a location is a whole catalog.

    Raises:
        martgate.errors.InvalidInput: it is not.
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
