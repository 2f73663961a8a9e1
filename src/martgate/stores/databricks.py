"""A warehouse of Delta tables in a catalog that Spark commits to, as on Databricks.

A candidate is a staging table beside the published table. It is written once and audited at the version that the write
made. A publish is one commit of Delta: `replaceWhere` replaces the day by the candidate's rows, `txnAppId` and `txnVersion`
make a second publish of the same candidate change nothing, and `userMetadata` names the candidate. The rows are copied from
the audited version, and any later change of the staging table is detected and refused.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Self

from martgate.builders.ports import CatalogTable, Session, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.errors import CouldNotRun
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Promotion, Published
from martgate.stores.commits import (
    build_commit_metadata,
    build_transaction_id,
    conflict_error,
    find_day_column,
    parse_commit,
    partition_filter,
    require_approved_candidate,
    to_instant,
    transaction_id,
)
from martgate.stores.databricks_history import (
    DeltaCatalog,
    HistoryEntry,
    compute_state,
    find_earlier_publish,
    find_later_write,
    find_sequence,
)
from martgate.stores.ports import Commit, PublishedState, Warehouse
from martgate.stores.shape import check_shape
from martgate.stores.spark_catalog import check_catalog_location, get_table_name
from martgate.text.quoting import identifier, text

__all__ = ["DatabricksStore", "build_write_options"]

_ATTEMPTS = 5
"""The number of attempts, each of which copies the day."""
_PAUSE = 1.0
_STAGING = "__candidate_"


class DatabricksStore:
    """The tables of one catalog, `catalog://main`, each as `main.<schema>.<table>`.

    See `martgate.stores.ports.Store` for its methods.

    Args:
        warehouse: the catalog.
        session: opens the session of Spark.
        define: takes a table and a name, and returns the table as `CREATE TABLE` of Spark SQL takes it under that name.
        pause: the seconds between two attempts to publish.

    Raises:
        martgate.errors.InvalidInput: the warehouse is not a catalog.
    """

    def __init__(
        self,
        warehouse: str,
        session: Callable[[], Session],
        define: Callable[[Table, str], str],
        *,
        pause: float = _PAUSE,
    ) -> None:
        check_catalog_location(warehouse)
        self._warehouse = warehouse
        self._catalog = DeltaCatalog(session)
        self._define = define
        self._pause = pause

    @classmethod
    def from_warehouse(cls, warehouse: Warehouse) -> Self:
        return cls(warehouse.location, warehouse.session, warehouse.define)

    def stage(
        self,
        table: Table,
        day: date,
        *,
        candidate_id: str,
        sequence: int,
        write: Callable[[WriteTarget | TableTarget], tuple[WrittenFile, ...]],
    ) -> Candidate:
        """Stage a candidate in a table of its own, beside the published table, which is created if there is none.

        Raises:
            martgate.errors.InvalidInput: the contract names no day column, or differs from the existing table.
            martgate.errors.CouldNotRun: a table cannot be created or read.
        """
        column = find_day_column(table)
        mart = get_table_name(self._warehouse, table)
        self._ensure(mart, table)
        schema, _, name = mart.rpartition(".")
        plain = re.sub(r"[^A-Za-z0-9]", "_", candidate_id)  # the characters that every catalog allows in a name
        staging = f"{schema}.{_STAGING}{name}_{plain}"
        if self._catalog.exists(staging):
            raise CouldNotRun(f"candidate {candidate_id} is staged already, as {staging}")
        try:
            write(TableTarget(name=staging, partition_by=table.partition_columns))
            state = self._catalog.read_state(staging)
            rows = self._catalog.count_rows(CatalogTable(name=staging, version=state.version))
        except BaseException:
            self._catalog.drop(staging)
            raise
        staged = WrittenFile(
            path=f"{staging}@v{state.version}", rows=rows, bytes=state.bytes, partition=partition_filter(column, day)
        )
        return Candidate(
            id=candidate_id,
            table=table.qualified_name,
            part_date=day,
            sequence=sequence,
            root=mart,
            files=(staged,),
            fingerprint=state.fingerprint,
            day_column=column,
        )

    def read_staged_at(self, candidate: Candidate) -> datetime | None:
        """Read when the candidate's table was written, by the clock of the catalog; None if its history does not say."""
        newest = self._catalog.read_history(_staged(candidate).name)[0]
        return to_instant(newest.at)

    def read_candidate(self, candidate: Candidate, table: Table) -> CatalogTable:
        """Return the candidate's table at the version that was staged.

        Raises:
            martgate.errors.CouldNotRun: the table does not exist any more, or was altered.
        """
        mart = get_table_name(self._warehouse, table)
        if candidate.root != mart:
            raise CouldNotRun(f"candidate {candidate.id} was staged for {candidate.root}, this warehouse has {mart}")
        self._check_intact(candidate)
        return _staged(candidate)

    def find_changes(self, candidate: Candidate) -> tuple[str, ...]:
        """Describe how the candidate's table is gone, or was committed to since it was staged."""
        staging = _staged(candidate).name
        if not self._catalog.exists(staging):
            return (f"{staging} is gone",)
        if self._catalog.read_state(staging).fingerprint != candidate.fingerprint:
            return (f"something was committed to {staging} since",)
        return ()

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published and no later one of its day has replaced it."""
        earlier = find_earlier_publish(self._catalog.read_history(candidate.root), candidate)
        return earlier is not None and earlier.promotion is Promotion.ALREADY

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """Return a day as it is published; its state is the newest version that may have changed it.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
        mart, column = get_table_name(self._warehouse, table), find_day_column(table)
        history = self._catalog.read_history(mart)
        source = CatalogTable(name=mart, only=partition_filter(column, day), version=history[0].version)
        state = compute_state(history, build_transaction_id(table.qualified_name, column, day.isoformat()))
        published = source if self._catalog.has_rows(source) else None
        return PublishedState(version=history[0].version, state=state, source=published)

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate, in one commit; see `Store.promote`.

        After an exception, the table's history decides whether the commit is there, not the exception. A day whose history
        has been cleaned counts as published by a later candidate and is not changed. A change of the day between the last
        look at its state and the commit is detected by Delta, not by `onto`.

        Raises:
            martgate.errors.CouldNotRun: the candidate is not what was approved, or Delta refused it.
            martgate.errors.PublishConflict: other writers kept winning.
        """
        candidate = require_approved_candidate(approved)
        for _ in range(_ATTEMPTS):
            history = self._catalog.read_history(candidate.root)
            if earlier := find_earlier_publish(history, candidate):
                return earlier
            if onto is not None and compute_state(history, transaction_id(candidate)) != onto:
                return Published(promotion=Promotion.MOVED, version=history[0].version)
            self._check_intact(candidate)
            published = self._commit(candidate, metadata, before=history[0].version)
            if published is not None:
                return self._confirm(candidate, published)
            time.sleep(self._pause)
        raise conflict_error(candidate, _ATTEMPTS)

    def discard(self, candidate: Candidate) -> None:
        """Drop the candidate's table, which no reader of the published table needs."""
        self._catalog.drop(_staged(candidate).name)

    def read(self, table: Table, day: date | None = None) -> CatalogTable | None:
        """Return the newest version of the published table, or one day of it; None if nothing is published."""
        mart = get_table_name(self._warehouse, table)
        only = {} if day is None else partition_filter(find_day_column(table), day)
        if not self._catalog.exists(mart):
            return None
        source = CatalogTable(name=mart, only=only, version=self._catalog.read_history(mart)[0].version)
        return source if self._catalog.has_rows(source) else None

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """List the values of the publish partition that the table has rows of."""
        mart, column = get_table_name(self._warehouse, table), find_day_column(table)
        return self._catalog.list_values(mart, column) if column and self._catalog.exists(mart) else frozenset()

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """List the commits of a table as far back as its history goes, the newest first."""
        mart = get_table_name(self._warehouse, table)
        if not self._catalog.exists(mart):
            return ()
        return tuple(
            parse_commit(entry.version, entry.metadata, entry.at) for entry in self._catalog.read_history(mart)
        )

    def find_sequence(self, table: Table, day: date) -> int | None:
        """Find the sequence of the newest published candidate of a day, as far back as the history goes."""
        mart, column = get_table_name(self._warehouse, table), find_day_column(table)
        if not self._catalog.exists(mart):
            return None
        transaction = build_transaction_id(table.qualified_name, column, day.isoformat())
        return find_sequence(self._catalog.read_history(mart), transaction)

    def find_live(self, candidates: Sequence[Candidate], table: Table) -> frozenset[str]:
        """Find the candidates of days that no later write touched, and that have as many rows."""
        return frozenset(each.id for each in candidates if not self.find_tampering(each, table))

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """Explain how a candidate's day may have changed since its commit, by the history and the number of its rows.

        The rows are a copy, so their bytes prove nothing.
        """
        mart, only = get_table_name(self._warehouse, table), partition_filter(candidate.day_column, candidate.part_date)
        if not self._catalog.exists(mart):
            return f"there is no table {mart}"
        if later := find_later_write(self._catalog.read_history(mart), candidate):
            return later
        rows = self._catalog.count_rows(CatalogTable(name=mart, only=only))
        if rows == candidate.rows:
            return ""
        return f"it has {rows:,} rows, and candidate {candidate.id} has {candidate.rows:,}"

    def _ensure(self, mart: str, table: Table) -> None:
        """Create the empty table if there is none, and check an existing one."""
        if not self._catalog.exists(mart):
            self._catalog.execute(f"CREATE TABLE IF NOT EXISTS {self._define(table, mart)}")
        columns = ((name, canonical_type(kind)) for name, kind in self._catalog.list_columns(mart))
        check_shape(table, mart, columns, self._catalog.read_detail(mart)["partitionColumns"])

    def _check_intact(self, candidate: Candidate) -> None:
        if changes := self.find_changes(candidate):
            raise CouldNotRun(f"candidate {candidate.id} is not what was staged: {changes[0]}; build it again")

    def _commit(self, candidate: Candidate, metadata: Mapping[str, object], *, before: int) -> Published | None:
        """Return the version that holds the candidate; None if another commit came first."""
        failure = None
        try:
            self._catalog.overwrite(candidate.root, _staged(candidate), build_write_options(candidate, metadata))
        except CouldNotRun as error:
            failure = error
        history = self._history_after(candidate, failure)
        for entry in history:
            if entry.metadata.get("candidate") == candidate.id:
                return Published(promotion=Promotion.PUBLISHED, version=entry.version)
        newest = history[0].version
        if failure is not None and newest > before:
            return None
        if failure is not None:
            raise CouldNotRun(f"{candidate.root}: the commit failed, nothing was published: {failure}") from failure
        return find_earlier_publish(history, candidate) or Published(promotion=Promotion.SUPERSEDED, version=newest)

    def _history_after(self, candidate: Candidate, failure: CouldNotRun | None) -> list[HistoryEntry]:
        try:
            return self._catalog.read_history(candidate.root)
        except CouldNotRun as unreadable:
            what = f"the commit failed ({failure})" if failure else "the commit was sent"
            raise CouldNotRun(
                f"{candidate.root}: {what} and its history cannot be read ({unreadable}); "
                "publish the same candidate again to learn whether it is there"
            ) from unreadable

    def _confirm(self, candidate: Candidate, published: Published) -> Published:
        """Check that the version of a publish has as many rows of the day as the candidate."""
        if published.promotion is not Promotion.PUBLISHED:
            return published
        only = partition_filter(candidate.day_column, candidate.part_date)
        rows = self._catalog.count_rows(CatalogTable(name=candidate.root, only=only, version=published.version))
        if rows != candidate.rows:
            raise CouldNotRun(
                f"{candidate.table}: version {published.version} holds {rows} rows of {candidate.part_date}, and "
                f"candidate {candidate.id} has {candidate.rows}; restore the version before it"
            )
        return published


def build_write_options(candidate: Candidate, metadata: Mapping[str, object]) -> dict[str, str]:
    """Build the options of Delta's writer for the commit that publishes a candidate.

    Options belong to one write, whereas `SET` would change every later write of the session.
    """
    only = partition_filter(candidate.day_column, candidate.part_date)
    where = " AND ".join(f"{identifier(name)} = {text(value)}" for name, value in only.items())
    return {
        **({"replaceWhere": where} if where else {}),
        "txnAppId": transaction_id(candidate),
        "txnVersion": str(candidate.sequence),
        "userMetadata": json.dumps(build_commit_metadata(candidate, metadata), ensure_ascii=False, sort_keys=True),
    }


def _staged(candidate: Candidate) -> CatalogTable:
    """Return the candidate's table, whose one file is written as `main.shop.name@v0`."""
    (file,) = candidate.files
    name, _, version = file.path.rpartition("@v")
    return CatalogTable(name=name, version=int(version))
