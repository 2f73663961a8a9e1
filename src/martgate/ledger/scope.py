"""Decides which rows of a ledger are about the warehouse of a project."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, Table, func, or_, select, true

from martgate.ledger.tables import PUBLICATIONS, transaction

__all__ = ["LedgerWarehouse", "WarehouseScope"]


@dataclass(frozen=True, slots=True)
class LedgerWarehouse:
    """The warehouse that a ledger is opened for.

    Attributes:
        location: the path or the URL of the warehouse, which is recorded in every row.
        has_commit: takes the qualified name of a table and the id of a candidate, and returns whether the table of this
            warehouse has the commit that published the candidate.
    """

    location: str
    has_commit: Callable[[str, str], bool]


class WarehouseScope:
    """The rows of a ledger that are about one warehouse; without a warehouse, all rows.

    One database may serve several warehouses. A row that an earlier version of martgate recorded names none, and counts in
    every one. A row of another location counts where the table itself has the newest commit that was recorded of that
    location: then the warehouse was moved, or is mounted elsewhere.
    """

    def __init__(self, engine: Engine, warehouse: LedgerWarehouse | None) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._locations: dict[str, list[str]] = {}

    @property
    def location(self) -> str | None:
        """The location that new rows have; None without a warehouse."""
        return self._warehouse.location if self._warehouse else None

    def build_condition(self, rows: Table, table: str) -> ColumnElement[bool]:
        """Build the condition under which a row of the ledger counts.

        Args:
            rows: a table of the ledger, with a column `warehouse`.
            table: the qualified name of the table that the rows are about.
        """
        if self._warehouse is None:
            return true()
        return or_(rows.c.warehouse.is_(None), rows.c.warehouse.in_(self._find_locations(table)))

    def count_other_receipts(self, table: str) -> dict[str, int]:
        """Count the receipts of a table that are about other warehouses, by location."""
        if self._warehouse is None:
            return {}
        query = (
            select(PUBLICATIONS.c.warehouse, func.count().label("receipts"))
            .where(PUBLICATIONS.c.table_name == table, PUBLICATIONS.c.warehouse.not_in(self._find_locations(table)))
            .group_by(PUBLICATIONS.c.warehouse)
        )
        with transaction(self._engine) as connection:
            return {row.warehouse: row.receipts for row in connection.execute(query)}

    def _find_locations(self, table: str) -> list[str]:
        """Find the locations whose rows are about this warehouse; asked of the table once."""
        if table not in self._locations:
            self._locations[table] = list(self._search_locations(table))
        return self._locations[table]

    def _search_locations(self, table: str) -> list[str]:
        if self._warehouse is None:
            return []
        newest = (
            select(func.max(PUBLICATIONS.c.id))
            .where(PUBLICATIONS.c.table_name == table, PUBLICATIONS.c.warehouse != self._warehouse.location)
            .group_by(PUBLICATIONS.c.warehouse)
        )
        query = select(PUBLICATIONS.c.warehouse, PUBLICATIONS.c.candidate).where(PUBLICATIONS.c.id.in_(newest))
        with transaction(self._engine) as connection:
            others = connection.execute(query).all()
        moved = [row.warehouse for row in others if self._warehouse.has_commit(table, row.candidate)]
        return [self._warehouse.location, *moved]
