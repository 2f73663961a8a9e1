"""A warehouse of Delta tables on a file system, which publishes exactly the bytes that were audited.

An engine writes a candidate once, into the table's own folders. No reader sees it, because readers ask the log. A publish
is one commit that adds those files and removes all others of their day: nothing is copied, a group that has no rows any
more leaves none behind, and a reader sees either the old day or the new one. The commit is a compare-and-swap on the
table's version: the retries of delta-rs would let two first publishers of a day both win, and double its rows. It carries
the candidate's sequence as the `txn` of the day, so that a second publish of the same candidate changes nothing.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

from martgate.builders.ports import Dataset, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Promotion, Published
from martgate.stores import delta_log
from martgate.stores.commits import (
    build_transaction_id,
    conflict_error,
    find_day_column,
    partition_filter,
    require_approved_candidate,
)
from martgate.stores.delta_commit import (
    check_fit,
    check_staged,
    commit_candidate,
    compute_state,
    confirm_published,
    find_earlier_publish,
    list_live_paths,
    read_requirements,
)
from martgate.stores.delta_files import (
    SAFE_FOLDER,
    check_path,
    check_written_files,
    drop_statistics,
    ensure_table,
    flush,
)
from martgate.stores.files import add_digests, compute_fingerprint, find_changed_files, find_missing
from martgate.stores.ports import Commit, PublishedState, Warehouse
from martgate.stores.shape import get_physical_types

__all__ = ["DeltaStore"]

_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0


class DeltaStore:
    """The tables of one warehouse, each in `<warehouse>/<schema>/<table>`.

    See `martgate.stores.ports.Store` for its methods.

    Raises:
        martgate.errors.InvalidInput: the path of the warehouse has characters that Delta readers disagree about.
    """

    def __init__(self, warehouse: str) -> None:
        if "://" in warehouse:
            raise InvalidInput(f"warehouse {warehouse}: this store keeps tables in folders; give the path of one")
        self._warehouse = Path(os.path.abspath(warehouse))  # noqa: PTH100 - no symbolic link is followed
        check_path(str(self._warehouse), "warehouse", SAFE_FOLDER)

    @classmethod
    def from_warehouse(cls, warehouse: Warehouse) -> Self:
        return cls(warehouse.location)

    def stage(
        self,
        table: Table,
        day: date,
        *,
        candidate_id: str,
        sequence: int,
        write: Callable[[WriteTarget], tuple[WrittenFile, ...]],
    ) -> Candidate:
        """Stage files in the table's own folders, uncommitted, and force them to disk.

        Raises:
            martgate.errors.InvalidInput: the contract names no day column, or differs from the existing table.
            martgate.errors.CouldNotRun: the table cannot be created or read, or the files are not as `write` returned.
        """
        column = find_day_column(table)
        check_path(candidate_id, "candidate")
        root = self._root(table.qualified_name)
        ensure_table(root, table)
        target = WriteTarget(root=str(root), partition_by=table.partition_columns, prefix=f"part-{candidate_id}")
        existing = set(root.rglob(f"{target.prefix}*"))
        try:
            files = tuple(drop_statistics(file, table) for file in write(target))
            check_written_files(root, target, files)
            flush(root, files)
            files = add_digests(root, files)
        except BaseException:
            for path in set(root.rglob(f"{target.prefix}*")) - existing:
                path.unlink(missing_ok=True)
            raise
        return Candidate(
            id=candidate_id,
            table=table.qualified_name,
            part_date=day,
            sequence=sequence,
            root=str(root),
            files=files,
            fingerprint=compute_fingerprint(files),
            day_column=column,
        )

    def read_staged_at(self, candidate: Candidate) -> datetime | None:
        """Read when the newest file of a candidate was written, by the clock of the file system."""
        root = self._own_root(candidate)
        times = [(root / file.path).stat().st_mtime for file in candidate.files]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def read_candidate(self, candidate: Candidate, table: Table) -> Dataset:
        """Return exactly the files of a candidate.

        Raises:
            martgate.errors.CouldNotRun: a file is missing or has another size than when it was staged.
        """
        root = self._own_root(candidate)
        check_staged(candidate, find_missing(root, candidate.files))
        types = get_physical_types(table)
        return Dataset(
            files=tuple(str(root / file.path) for file in candidate.files),
            partitions={name: types[name] for name in table.partition_columns},
            columns=tuple(types.items()),
        )

    def find_changes(self, candidate: Candidate) -> tuple[str, ...]:
        """Describe each of the candidate's files that does not have exactly the bytes that were staged."""
        return find_changed_files(self._own_root(candidate), candidate.files, candidate.fingerprint)

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published in this warehouse and no later one of its day has replaced it."""
        root = self._root(candidate.table)
        if str(root) != candidate.root or not delta_log.is_delta(root):
            return False
        earlier = find_earlier_publish(delta_log.open_table(root), root, candidate)
        return earlier is not None and earlier.promotion is Promotion.ALREADY

    def find_sequence(self, table: Table, day: date) -> int | None:
        """Find the sequence of the newest published candidate of a day, which the log keeps when its entries are cleaned.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root, column = self._root(table.qualified_name), find_day_column(table)
        if not delta_log.is_delta(root):
            return None
        transaction = build_transaction_id(table.qualified_name, column, day.isoformat())
        return delta_log.open_table(root).transaction_version(transaction)

    def find_live(self, candidates: Sequence[Candidate], table: Table) -> frozenset[str]:
        """Find the candidates of days whose live files are their own, by the log, and have their sizes.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root = self._root(table.qualified_name)
        if not delta_log.is_delta(root):
            return frozenset()
        live = delta_log.list_live_files(delta_log.open_table(root), root)
        by_day: dict[str, list[delta_log.LiveFile]] = {}
        for file in live:
            by_day.setdefault(_get_day(file, find_day_column(table)), []).append(file)
        return frozenset(
            each.id
            for each in candidates
            if not _explain_other_files(root, each, by_day.get(each.partition.value if each.day_column else "", ()))
        )

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """Return a day as it is published; its state is a hash over the names of its files, empty without files.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
        root, only = self._root(table.qualified_name), partition_filter(find_day_column(table), day)
        snapshot = delta_log.open_table(root)
        state = compute_state(file.path for file in delta_log.list_live_files(snapshot, root, only))
        published = PublishedState(version=snapshot.version(), state=state)
        try:
            return replace(published, source=delta_log.build_dataset(snapshot, root, only)) if state else published
        except CouldNotRun as error:  # another writer put its files where no engine looks for them
            return replace(published, trouble=str(error))

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate, in one commit; see `Store.promote`.

        After an exception, the log decides whether the commit is there, not the exception.

        Raises:
            martgate.errors.CouldNotRun: the files are not those that were approved, or do not fit the table.
            martgate.errors.PublishConflict: other writers kept winning.
        """
        candidate = require_approved_candidate(approved)
        root, checked = self._own_root(candidate), None
        for attempt in range(_ATTEMPTS):
            table = delta_log.open_table(root)
            if earlier := find_earlier_publish(table, root, candidate):
                return earlier
            if onto is not None and compute_state(list_live_paths(table, root, candidate)) != onto:
                return Published(promotion=Promotion.MOVED, version=table.version())
            delta_log.check_writable(table, root)
            required = read_requirements(table, candidate)
            if checked != required:  # on the first attempt, and when another writer changed the table
                check_fit(root, candidate, required)
                checked = required
            version = commit_candidate(table, root, candidate, metadata)
            if version is not None:
                published = Published(promotion=Promotion.PUBLISHED, version=version)
                return confirm_published(root, candidate, published)
            time.sleep(min(0.01 * 2**attempt, _LONGEST_PAUSE))
        raise conflict_error(candidate, _ATTEMPTS)

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate's files.

        Raises:
            martgate.errors.CouldNotRun: the candidate is, or was, published, and readers of that version need its files.
        """
        root = self._own_root(candidate)
        table = delta_log.open_table(root)
        live = {file.path for file in delta_log.list_live_files(table, root)}
        if delta_log.find_version(table, candidate.id) is not None or live & {file.path for file in candidate.files}:
            raise CouldNotRun(f"candidate {candidate.id} was published; readers of that version need its files")
        for file in candidate.files:
            (root / file.path).unlink(missing_ok=True)

    def read(self, table: Table, day: date | None = None) -> Dataset | None:
        """Return the published files of a day, or of all days; None if nothing is published.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root = self._root(table.qualified_name)
        if not delta_log.is_delta(root):
            return None
        snapshot = delta_log.open_table(root)
        if not delta_log.list_live_files(snapshot, root):
            return None
        only = {} if day is None else partition_filter(find_day_column(table), day)
        return delta_log.build_dataset(snapshot, root, only)

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """List the values of the publish partition that the log has files of.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root, column = self._root(table.qualified_name), find_day_column(table)
        if not column or not delta_log.is_delta(root):
            return frozenset()
        live = delta_log.list_live_files(delta_log.open_table(root), root)
        return frozenset(str(file.partition[column]) for file in live)

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """List the commits of a table as far back as its log goes, the newest first.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root = self._root(table.qualified_name)
        return delta_log.list_commits(delta_log.open_table(root)) if delta_log.is_delta(root) else ()

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """Explain how the live files of a candidate's day are not its own, to the byte; see `Store.find_tampering`.

        A warehouse that was moved as a whole is not tampered with.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or has a feature that this store does not support.
        """
        root, only = self._root(table.qualified_name), partition_filter(candidate.day_column, candidate.part_date)
        if not delta_log.is_delta(root):
            return f"there is no table at {root}"
        live = delta_log.list_live_files(delta_log.open_table(root), root, only)
        if difference := _explain_other_files(root, candidate, live):
            return difference
        changes = find_changed_files(root, candidate.files, candidate.fingerprint)
        return "its bytes are not those that were audited" if changes else ""

    def _root(self, qualified_name: str) -> Path:
        parts = qualified_name.split(".")
        for part in parts:
            check_path(part, "table")
            if part in ("", ".", "..") or "/" in part:
                raise InvalidInput(f"table {qualified_name}: cannot be the name of a folder")
        return self._warehouse.joinpath(*parts)

    def _own_root(self, candidate: Candidate) -> Path:
        root = self._root(candidate.table)
        if str(root) != candidate.root:
            raise CouldNotRun(f"candidate {candidate.id} was staged in {candidate.root}, this warehouse has {root}")
        return root


def _get_day(file: delta_log.LiveFile, column: str) -> str:
    return str(file.partition.get(column)) if column else ""


def _explain_other_files(root: Path, candidate: Candidate, files: Iterable[delta_log.LiveFile]) -> str:
    """Explain how the live files of a candidate's day are not its own; empty if they are, whatever their bytes."""
    live = {(file.path, *sorted(file.partition.items())) for file in files}
    own = {(file.path, *sorted(file.partition.items())) for file in candidate.files}
    differences = []
    if foreign := len(live - own):
        differences.append(f"{foreign:,} of its {len(live):,} files are none of candidate {candidate.id}")
    if removed := len(own - live):
        differences.append(f"{removed:,} of its {len(own):,} files are not in the table any more")
    if differences:
        return "; ".join(differences)
    if broken := sum(1 for _ in find_missing(root, candidate.files)):
        return f"{broken:,} of its {len(candidate.files):,} files are lost, or have another size than was audited"
    return ""
