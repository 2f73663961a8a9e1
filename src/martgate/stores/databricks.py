"""A warehouse of Delta tables in a catalog that Spark commits to, as on Databricks.

A candidate is a table of its own beside the mart. It is written once, audited at the version that the write made, and
published by one commit of Delta's own: `replaceWhere` takes the day out and the candidate's rows in, `txnAppId` and
`txnVersion` make doing it again do nothing, `userMetadata` says which candidate it was. Rows are copied, so the version
that is copied is the one that was audited, and whatever was done to the staging table in between is seen and refused.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from martgate.builders.ports import CatalogTable, Session, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.errors import CouldNotRun
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Promotion, Published
from martgate.stores.commits import (
    NAMESPACE,
    app,
    build_transaction_id,
    require_approved_candidate,
    commit,
    find_day_column,
    conflict_error,
    partition,
    receipt,
)
from martgate.stores.ports import Commit, PublishedState, Warehouse
from martgate.stores.shape import demand_shape
from martgate.stores.tables import Tables, demand_catalog, name_in
from martgate.text.quoting import identifier, relation, text

__all__ = ["DatabricksStore", "write_options"]

_ATTEMPTS = 5
"""Each is a copy of the day."""
_PAUSE = 1.0
_STAGING = "__candidate_"
_REWRITES = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END"})
"""Operations of Delta that lay rows out anew and change none."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One commit of a table, and what it says of us: nothing, where somebody else made it."""

    version: int
    ours: Mapping[str, object]
    operation: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    """A table as it is: its newest version, its bytes, and a hash over both, its files and which table it is."""

    version: int
    bytes: int
    fingerprint: str


class DatabricksStore:
    """Tables of one catalog, `catalog://main`, each as `main.<schema>.<table>`.

    `define` tells a table, under a given name, as `CREATE TABLE` takes it.

    Raises:
        martgate.errors.InvalidInput: the warehouse is no catalog.
    """

    def __init__(
        self,
        warehouse: str,
        session: Callable[[], Session],
        define: Callable[[Table, str], str],
        *,
        pause: float = _PAUSE,
    ) -> None:
        demand_catalog(warehouse)
        self._warehouse = warehouse
        self._tables = Tables(session)
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
        """Let `write` write a candidate into a table of its own, beside the mart, which is created where it is not.

        Raises:
            martgate.errors.InvalidInput: the contract names no day to publish by, or differs from the table as it is.
            martgate.errors.CouldNotRun: a table cannot be created or read.
        """
        column = find_day_column(table)
        mart = name_in(self._warehouse, table)
        self._ensure(mart, table)
        schema, _, name = mart.rpartition(".")
        plain = re.sub(r"[^A-Za-z0-9]", "_", candidate_id)  # all that every catalog takes for a name
        staging = f"{schema}.{_STAGING}{name}_{plain}"
        if self._tables.exists(staging):
            raise CouldNotRun(f"candidate {candidate_id} is staged already, as {staging}")
        try:
            write(TableTarget(name=staging, partition_by=table.partition_columns))
            state = self._state(staging)
            rows = self._tables.rows(CatalogTable(name=staging, version=state.version))
        except BaseException:
            self._drop(staging)
            raise
        staged = WrittenFile(
            path=f"{staging}@v{state.version}", rows=rows, bytes=state.bytes, partition=partition(column, day)
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

    def read_candidate(self, candidate: Candidate, table: Table) -> CatalogTable:
        """The candidate's table at the version that was staged, for an engine to audit.

        Raises:
            martgate.errors.CouldNotRun: it is not there any more, or was altered.
        """
        self._demand_own(candidate, table)
        self._demand_intact(candidate)
        return _staged(candidate)

    def is_intact(self, candidate: Candidate) -> bool:
        """Whether the candidate's table is still there, and nothing was committed to it since it was staged."""
        staging = _staged(candidate).name
        return self._tables.exists(staging) and self._state(staging).fingerprint == candidate.fingerprint

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published, and no later one of its day since."""
        earlier = _earlier(self._history(candidate.root), candidate)
        return earlier is not None and earlier.promotion is Promotion.ALREADY

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """What is published of a day; a state is the last commit that may have changed it.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
        mart, column = name_in(self._warehouse, table), find_day_column(table)
        history = self._history(mart)
        source = CatalogTable(name=mart, only=partition(column, day), version=history[0].version)
        state = _state(history, build_transaction_id(table.qualified_name, column, day.isoformat()))
        found = source if self._tables.holds(source) else None
        return PublishedState(version=history[0].version, state=state, source=found)

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate, in one commit that carries `metadata` (JSON values).

        What an exception says is not believed: after one, the table's history is asked whether the commit is there.
        A day whose history has been cleaned away since counts as published by a later candidate: it is not touched.
        Who changes the day between the last look at its state and the commit is seen by Delta, not by `onto`.

        Raises:
            martgate.errors.CouldNotRun: the candidate is not what was approved, or Delta refused it.
            martgate.errors.PublishConflict: other writers kept winning.
        """
        candidate = require_approved_candidate(approved)
        for _ in range(_ATTEMPTS):
            history = self._history(candidate.root)
            if earlier := _earlier(history, candidate):
                return earlier
            if onto is not None and _state(history, app(candidate)) != onto:
                return Published(promotion=Promotion.MOVED, version=history[0].version)
            self._demand_intact(candidate)
            published = self._commit(candidate, metadata, before=history[0].version)
            if published is not None:
                return self._confirmed(candidate, published)
            time.sleep(self._pause)
        raise conflict_error(candidate, _ATTEMPTS)

    def discard(self, candidate: Candidate) -> None:
        """Drop the candidate's table; a published candidate has none that anybody reads, so it may go as well."""
        self._drop(_staged(candidate).name)

    def read(self, table: Table, day: date | None = None) -> CatalogTable | None:
        """The published table, or one day of it; None where nothing of it is published."""
        mart = name_in(self._warehouse, table)
        only = {} if day is None else partition(find_day_column(table), day)
        source = CatalogTable(name=mart, only=only)
        return source if self._tables.exists(mart) and self._tables.holds(source) else None

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """The days that the table has rows of; none of a table that is published whole."""
        mart, column = name_in(self._warehouse, table), find_day_column(table)
        return self._tables.values(mart, column) if column and self._tables.exists(mart) else frozenset()

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """The commits of a table as far back as its history is kept, the newest first."""
        mart = name_in(self._warehouse, table)
        return tuple(commit(one.version, one.ours) for one in self._history(mart)) if self._tables.exists(mart) else ()

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """What was done to a candidate's day since its commit, as far as the history tells and its rows are as many.

        The rows are a copy, so their bytes say nothing.
        """
        mart, only = name_in(self._warehouse, table), partition(candidate.day_column, candidate.part_date)
        if not self._tables.exists(mart):
            return f"there is no table {mart}"
        history = self._history(mart)
        own = next((entry.version for entry in history if entry.ours.get("candidate") == candidate.id), -1)
        if own < 0 and history[-1].version == 0:
            return f"no commit published candidate {candidate.id}"
        for entry in history:
            is_other = entry.operation in _REWRITES or entry.ours.get("transaction") not in (app(candidate), None)
            if entry.version > own and not is_other:
                return (
                    f"version {entry.version} is none of candidate {candidate.id}, and may have changed the day since"
                )
        rows = self._tables.rows(CatalogTable(name=mart, only=only))
        return (
            ""
            if rows == candidate.rows
            else f"it has {rows:,} rows, and candidate {candidate.id} has {candidate.rows:,}"
        )

    def _ensure(self, mart: str, table: Table) -> None:
        """Create the empty table where there is none; where there is one, it must be what the contract says."""
        if not self._tables.exists(mart):
            self._tables.execute(f"CREATE TABLE IF NOT EXISTS {self._define(table, mart)}")
        have = ((name, canonical_type(kind)) for name, kind in self._tables.columns(mart))
        demand_shape(table, mart, have, self._detail(mart)["partitionColumns"])

    def _detail(self, name: str) -> Mapping[str, Any]:
        (found,) = self._tables.execute(f"DESCRIBE DETAIL {relation(name)}")
        return found

    def _history(self, name: str) -> list[_Entry]:
        """The commits of a table, as far back as its history is kept, newest first."""
        found = [_entry(row) for row in self._tables.execute(f"DESCRIBE HISTORY {relation(name)}")]
        if not found:
            raise CouldNotRun(f"{name} has no history; is it a Delta table?")
        return sorted(found, key=lambda entry: entry.version, reverse=True)

    def _state(self, name: str) -> _State:
        detail, version = self._detail(name), self._history(name)[0].version
        facts = json.dumps([detail["id"], version, detail["numFiles"], detail["sizeInBytes"]])
        return _State(version, int(detail["sizeInBytes"]), hashlib.sha256(facts.encode()).hexdigest())

    def _demand_own(self, candidate: Candidate, table: Table) -> None:
        mart = name_in(self._warehouse, table)
        if candidate.root != mart:
            raise CouldNotRun(
                f"candidate {candidate.id} was staged for {candidate.root}, and this warehouse has {mart}"
            )

    def _demand_intact(self, candidate: Candidate) -> None:
        if not self.is_intact(candidate):
            raise CouldNotRun(
                f"candidate {candidate.id} is not what was staged: {_staged(candidate).name} is gone, or something "
                "was committed to it since; build it again"
            )

    def _commit(self, candidate: Candidate, metadata: Mapping[str, object], *, before: int) -> Published | None:
        """The version that now holds the candidate; None where somebody else's commit came first."""
        failure = None
        try:
            self._tables.overwrite(candidate.root, _staged(candidate), write_options(candidate, metadata))
        except CouldNotRun as error:
            failure = error
        history = self._after(candidate, failure)
        landed = [one.version for one in history if one.ours.get("candidate") == candidate.id]
        if landed:
            return Published(promotion=Promotion.PUBLISHED, version=landed[0])
        newest = history[0].version
        if failure is not None and newest > before:
            return None
        if failure is not None:
            raise CouldNotRun(f"{candidate.root}: the commit failed, nothing was published: {failure}") from failure
        return _earlier(history, candidate) or Published(promotion=Promotion.SUPERSEDED, version=newest)

    def _after(self, candidate: Candidate, failure: CouldNotRun | None) -> list[_Entry]:
        try:
            return self._history(candidate.root)
        except CouldNotRun as unreadable:
            told = f"the commit failed ({failure})" if failure else "the commit was sent"
            raise CouldNotRun(
                f"{candidate.root}: {told} and its history cannot be read ({unreadable}); "
                "publish the same candidate again to learn whether it is there"
            ) from unreadable

    def _confirmed(self, candidate: Candidate, published: Published) -> Published:
        """The publication, once its version holds exactly as many rows of the day as the candidate."""
        if published.promotion is not Promotion.PUBLISHED:
            return published
        only = partition(candidate.day_column, candidate.part_date)
        rows = self._tables.rows(CatalogTable(name=candidate.root, only=only, version=published.version))
        if rows != candidate.rows:
            raise CouldNotRun(
                f"{candidate.table}: version {published.version} holds {rows} rows of {candidate.part_date}, and "
                f"candidate {candidate.id} has {candidate.rows}; restore the version before it"
            )
        return published

    def _drop(self, name: str) -> None:
        self._tables.execute(f"DROP TABLE IF EXISTS {relation(name)}")


def write_options(candidate: Candidate, metadata: Mapping[str, object]) -> dict[str, str]:
    """The options of Delta's writer for the commit that publishes a candidate.

    They belong to the one write, where `SET` would change every later write of the session, too.
    """
    only = partition(candidate.day_column, candidate.part_date)
    where = " AND ".join(f"{identifier(name)} = {text(value)}" for name, value in only.items())
    return {
        **({"replaceWhere": where} if where else {}),
        "txnAppId": app(candidate),
        "txnVersion": str(candidate.sequence),
        "userMetadata": json.dumps(receipt(candidate, metadata), ensure_ascii=False, sort_keys=True),
    }


def _staged(candidate: Candidate) -> CatalogTable:
    """The candidate's table: its one file is told as `main.shop.name@v0`."""
    (file,) = candidate.files
    name, _, version = file.path.rpartition("@v")
    return CatalogTable(name=name, version=int(version))


def _entry(row: Mapping[str, object]) -> _Entry:
    """A commit of somebody else may carry any text at all."""
    try:
        told = json.loads(str(row.get("userMetadata") or "null"))
    except ValueError:
        told = None
    ours = told.get(NAMESPACE) if isinstance(told, dict) else None
    operation = str(row.get("operation") or "")
    return _Entry(int(str(row["version"])), ours if isinstance(ours, dict) else {}, operation)


def _earlier(history: list[_Entry], candidate: Candidate) -> Published | None:
    """What the history knows of this candidate or of a later one of its day; None where it knows neither."""
    sequence, last = max(_of_day(history, candidate), key=lambda found: found[0], default=(-1, None))
    if last is None or sequence < candidate.sequence:
        return None
    if last.ours.get("candidate") == candidate.id:
        return Published(promotion=Promotion.ALREADY, version=last.version)
    return Published(promotion=Promotion.SUPERSEDED, version=history[0].version)


def _state(history: list[_Entry], transaction: str) -> str:
    """The newest commit that is not known to be about another day: nobody knows what those of others are about."""
    about = (entry.version for entry in history if entry.ours.get("transaction") in (transaction, None))
    return str(next(about, history[-1].version))


def _of_day(history: list[_Entry], candidate: Candidate) -> Iterator[tuple[int, _Entry]]:
    """The commits that published a candidate of the same day, each with its sequence."""
    for entry in history:
        sequence = entry.ours.get("sequence")
        if entry.ours.get("transaction") == app(candidate) and isinstance(sequence, int):
            yield sequence, entry
