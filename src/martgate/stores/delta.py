"""A warehouse of Delta tables on a file system: the bytes that were audited are the bytes that are published.

An engine writes a candidate once, into the table's own folders; no reader sees it, because readers ask the log. To
publish is one commit that names those files and drops all others of their day, so nothing is copied, a group that
has no rows any more leaves none behind, and a reader sees the old day or the new one. The commit is a compare-and-swap
on the table's version (delta-rs's own retries would let two first publishers of a day both win, and double its rows)
and carries the candidate's sequence as the day's `txn`, so that doing it again does nothing.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

import deltalake
from deltalake import CommitProperties, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from martgate.builders.ports import Dataset, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput
from martgate.expectations.protection import Protection
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.gate.promotion import Promotion, Published
from martgate.stores import deltalog
from martgate.stores.commits import app, require_approved_candidate, find_day_column, conflict_error, partition, receipt
from martgate.stores.files import fingerprint, missing
from martgate.stores.ports import Commit, PublishedState, Warehouse
from martgate.stores.shape import demand_shape, physical_types

if TYPE_CHECKING:  # Arrow, for none but a publish
    from martgate.stores.footers import Expected

__all__ = ["DeltaStore"]

_SAFE = re.compile(r"[A-Za-z0-9._/-]+")
# People's folders have spaces and accents, and those are only told percent-encoded; a % itself is what readers lose.
_ANYWHERE = re.compile(r"[\w ()+,./-]+")
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


class DeltaStore:
    """Tables of one warehouse, each in `<warehouse>/<schema>/<table>`.

    Raises:
        martgate.errors.InvalidInput: the warehouse lies where Delta readers would lose it.
    """

    def __init__(self, warehouse: str) -> None:
        if "://" in warehouse:
            raise InvalidInput(f"warehouse {warehouse}: this store keeps tables in folders; give the path of one")
        self._warehouse = Path(os.path.abspath(warehouse))  # noqa: PTH100 - no symbolic link is followed
        _demand_safe(str(self._warehouse), "warehouse", _ANYWHERE)

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
        """Let `write` write a candidate's files into the table's own folders, uncommitted, and flush them to disk.

        Raises:
            martgate.errors.InvalidInput: the contract names no day to publish by, or differs from the table as it is.
            martgate.errors.CouldNotRun: the table cannot be created or read, or the files are not as `write` said.
        """
        column = find_day_column(table)
        _demand_safe(candidate_id, "candidate")
        root = self._root(table.qualified_name)
        _ensure(root, table)
        target = WriteTarget(root=str(root), partition_by=table.partition_columns, prefix=f"part-{candidate_id}")
        there = set(root.rglob(f"{target.prefix}*"))
        try:
            files = tuple(_bare(file, table) for file in write(target))
            _demand_sound(root, target, files)
            _flush(root, files)
            staged = fingerprint(root, files)
        except BaseException:
            for path in set(root.rglob(f"{target.prefix}*")) - there:
                path.unlink(missing_ok=True)
            raise
        return Candidate(
            id=candidate_id,
            table=table.qualified_name,
            part_date=day,
            sequence=sequence,
            root=str(root),
            files=files,
            fingerprint=staged,
            day_column=column,
        )

    def read_candidate(self, candidate: Candidate, table: Table) -> Dataset:
        """Exactly the files of the candidate, for an engine to audit.

        Raises:
            martgate.errors.CouldNotRun: a file is missing or has another size than when it was staged.
        """
        root = self._own(candidate)
        _demand(candidate, missing(root, candidate.files))
        types = physical_types(table)
        return Dataset(
            files=tuple(str(root / file.path) for file in candidate.files),
            partitions={name: types[name] for name in table.partition_columns},
            columns=tuple(types.items()),
        )

    def is_intact(self, candidate: Candidate) -> bool:
        """Whether the candidate's files are still there, with exactly the bytes that were staged."""
        root = self._own(candidate)
        if any(missing(root, candidate.files)):
            return False
        return fingerprint(root, candidate.files) == candidate.fingerprint

    def is_published(self, candidate: Candidate) -> bool:
        """Whether the candidate was published, and no later one of its day since."""
        root = self._own(candidate)
        earlier = _earlier(deltalog.open_table(root), root, candidate)
        return earlier is not None and earlier.promotion is Promotion.ALREADY

    def read_published_state(self, table: Table, day: date) -> PublishedState:
        """What is published of a day; a state is a hash over the names of its files, empty where it has none.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read.
        """
        root, only = self._root(table.qualified_name), partition(find_day_column(table), day)
        snapshot = deltalog.open_table(root)
        state = _state(file.path for file in deltalog.live_files(snapshot, root, only))
        there = PublishedState(version=snapshot.version(), state=state)
        try:
            return replace(there, source=deltalog.dataset(snapshot, root, only)) if state else there
        except CouldNotRun as error:  # somebody laid its files out as no engine reads them
            return replace(there, trouble=str(error))

    def promote(self, approved: Approved, metadata: Mapping[str, object], *, onto: str | None = None) -> Published:
        """Replace the candidate's day by the candidate, in one commit that carries `metadata` (JSON values).

        What an exception says is not believed: after one, the log is asked whether the commit is there.

        Raises:
            martgate.errors.CouldNotRun: the files are not those that were approved, or do not fit the table.
            martgate.errors.PublishConflict: other writers kept winning.
        """
        candidate = require_approved_candidate(approved)
        root, checked = self._own(candidate), None
        for attempt in range(_ATTEMPTS):
            table = deltalog.open_table(root)
            if earlier := _earlier(table, root, candidate):
                return earlier
            if onto is not None and _state(_live(table, root, candidate)) != onto:
                return Published(promotion=Promotion.MOVED, version=table.version())
            deltalog.refuse_unwritable(table, root)
            expected = _expected(table, candidate)
            if checked != expected:  # the first time, and whenever somebody changed the table meanwhile
                _demand_fit(root, candidate, expected)
                checked = expected
            version = _commit(table, root, candidate, metadata)
            if version is not None:
                return _confirmed(root, candidate, Published(promotion=Promotion.PUBLISHED, version=version))
            time.sleep(min(0.01 * 2**attempt, _LONGEST_PAUSE))
        raise conflict_error(candidate, _ATTEMPTS)

    def discard(self, candidate: Candidate) -> None:
        """Delete the candidate's files.

        Raises:
            martgate.errors.CouldNotRun: the candidate is, or was, published; readers of that version need its files.
        """
        root = self._own(candidate)
        table = deltalog.open_table(root)
        live = {file.path for file in deltalog.live_files(table, root)}
        if deltalog.version_of(table, candidate.id) is not None or live & {file.path for file in candidate.files}:
            raise CouldNotRun(f"candidate {candidate.id} was published; its files stay for those who read that version")
        for file in candidate.files:
            (root / file.path).unlink(missing_ok=True)

    def read(self, table: Table, day: date | None = None) -> Dataset | None:
        """The published files, of one day or of all; None where nothing is published.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or needs what this store does not know.
        """
        root = self._root(table.qualified_name)
        if not deltalog.is_delta(root):
            return None
        snapshot = deltalog.open_table(root)
        if not deltalog.live_files(snapshot, root):
            return None
        return deltalog.dataset(snapshot, root, {} if day is None else partition(find_day_column(table), day))

    def list_partition_values(self, table: Table) -> frozenset[str]:
        """The days that the log has files of; none of a table that is published whole.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or needs what this store does not know.
        """
        root, column = self._root(table.qualified_name), find_day_column(table)
        if not column or not deltalog.is_delta(root):
            return frozenset()
        return frozenset(str(file.partition[column]) for file in deltalog.live_files(deltalog.open_table(root), root))

    def list_commits(self, table: Table) -> tuple[Commit, ...]:
        """The commits of a table as far back as its log goes, the newest first.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or needs what this store does not know.
        """
        root = self._root(table.qualified_name)
        return deltalog.commits(deltalog.open_table(root)) if deltalog.is_delta(root) else ()

    def find_tampering(self, candidate: Candidate, table: Table) -> str:
        """How the live files of a candidate's day are not its own, to the byte; a warehouse may have been moved as a whole.

        Raises:
            martgate.errors.CouldNotRun: the table cannot be read, or needs what this store does not know.
        """
        root, only = self._root(table.qualified_name), partition(candidate.day_column, candidate.part_date)
        if not deltalog.is_delta(root):
            return f"there is no table at {root}"
        live = deltalog.live_files(deltalog.open_table(root), root, only)
        found = {(file.path, *sorted(file.partition.items())) for file in live}
        own = {(file.path, *sorted(file.partition.items())) for file in candidate.files}
        told = [
            f"{number:,} of its {len(all_of_them):,} files {what}"
            for number, all_of_them, what in (
                (len(found - own), found, f"are none of candidate {candidate.id}"),
                (len(own - found), own, "are not in the table any more"),
            )
            if number
        ]
        return "; ".join(told) or _altered(root, candidate)

    def _root(self, qualified_name: str) -> Path:
        parts = qualified_name.split(".")
        for part in parts:
            _demand_safe(part, "table")
            if part in ("", ".", "..") or "/" in part:
                raise InvalidInput(f"table {qualified_name}: cannot be the name of a folder")
        return self._warehouse.joinpath(*parts)

    def _own(self, candidate: Candidate) -> Path:
        root = self._root(candidate.table)
        if str(root) != candidate.root:
            raise CouldNotRun(f"candidate {candidate.id} was staged in {candidate.root}, and this warehouse has {root}")
        return root


def _demand_safe(text: str, what: str, safe: re.Pattern[str] = _SAFE) -> None:
    strange = sorted(set(safe.sub("", text)))
    if strange or not text:
        raise InvalidInput(
            f"{what} {text!r}: {' '.join(map(repr, strange)) or 'an empty name'} cannot stand in the path of a Delta "
            "table, since readers disagree on how to spell it; use letters, digits, '.', '_', '-' and '/' "
            "(--warehouse and --out say where tables go)"
        )


def _ensure(root: Path, table: Table) -> None:
    """Create the empty table where there is none; where there is one, it must be what the contract says."""
    schema = deltalog.delta_schema(table)
    if not deltalog.is_delta(root):
        try:
            deltalake.DeltaTable.create(
                str(root),
                schema,
                mode="ignore",
                partition_by=list(table.partition_columns),
                name=table.name,
                description=table.description or None,
            )
        except (DeltaError, OSError) as error:
            if not deltalog.is_delta(root):  # unless another process was faster
                raise CouldNotRun(f"{root}: the table cannot be created: {error}") from error
    found = deltalog.open_table(root)
    demand_shape(table, f"the table at {root}", deltalog.column_types(found), found.metadata().partition_columns)


def _bare(file: WrittenFile, table: Table) -> WrittenFile:
    """The file with statistics of its keys only: nobody needs the others, and they may be personal."""
    kept = {name for name in table.primary_key if not Protection(table).hides(name)}
    return WrittenFile(
        path=file.path,
        rows=file.rows,
        bytes=file.bytes,
        partition=file.partition,
        minimum={name: value for name, value in file.minimum.items() if name in kept},
        maximum={name: value for name, value in file.maximum.items() if name in kept},
        null_count={name: value for name, value in file.null_count.items() if name in table.primary_key},
    )


def _demand_sound(root: Path, target: WriteTarget, files: tuple[WrittenFile, ...]) -> None:
    wrong = list(missing(root, files))
    for file in files:
        path = Path(file.path)
        if path.is_absolute() or ".." in path.parts or not path.name.startswith(target.prefix):
            wrong.append(f"{file.path}: is not {target.prefix}* in the table's folders")
    if wrong:
        raise CouldNotRun("\n".join(["the engine did not write what it said:", *wrong]))


def _flush(root: Path, files: Iterable[WrittenFile]) -> None:
    """Force files, and the folders that name them, to disk: neither the engine nor delta-rs does."""
    folders = {root.parent, root}
    for file in files:
        path = root / file.path
        _sync(path)
        folders.update(parent for parent in path.parents if parent.is_relative_to(root))
    for folder in sorted(folders, reverse=True):
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _demand(candidate: Candidate, problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise CouldNotRun("\n".join([f"candidate {candidate.id} is not what was staged:", *found]))


def _altered(root: Path, candidate: Candidate) -> str:
    """How a candidate's files are not those that were staged; empty where they are."""
    broken = sum(1 for _ in missing(root, candidate.files))
    if broken:
        return f"{broken:,} of its {len(candidate.files):,} files are lost, or have another size than was audited"
    return (
        ""
        if fingerprint(root, candidate.files) == candidate.fingerprint
        else "its bytes are not those that were audited"
    )


def _expected(table: deltalake.DeltaTable, candidate: Candidate) -> "Expected":
    """What the table, as it is now, asks of the candidate's files."""
    from martgate.stores.footers import Expected  # noqa: PLC0415 - Arrow, for none but a publish

    types = dict(deltalog.column_types(table))
    partitions = tuple(table.metadata().partition_columns)
    required = frozenset(field.name for field in table.schema().fields if not field.nullable)
    if candidate.day_column not in (partitions or ("",)):
        raise CouldNotRun(f"{candidate.table} is partitioned by {', '.join(partitions)}, not by {candidate.day_column}")
    return Expected(
        types=types,
        partitions=partitions,
        required=required - set(partitions),
        day_column=candidate.day_column,
        day=candidate.part_date,
    )


def _demand_fit(root: Path, candidate: Candidate, expected: "Expected") -> None:
    """Raise unless the files are the staged ones to the byte, and fit the table to the width of a type."""
    from martgate.stores.footers import misfits  # noqa: PLC0415 - Arrow, for none but a publish

    if not candidate.files:
        raise CouldNotRun(f"candidate {candidate.id} has no file; publishing it would empty {candidate.part_date}")
    _demand(candidate, missing(root, candidate.files))
    paths = [file.path for file in candidate.files]
    _demand(candidate, (f"{a}: is named twice" for a, b in pairwise(sorted(paths)) if a == b))
    _demand(candidate, (problem for file in candidate.files for problem in misfits(root, file, expected)))
    if fingerprint(root, candidate.files) != candidate.fingerprint:
        raise CouldNotRun(f"candidate {candidate.id}: its bytes are not those that were staged; build it again")


def _earlier(table: deltalake.DeltaTable, root: Path, candidate: Candidate) -> Published | None:
    """What the log already knows of this candidate or of a later one of its day; None where it knows neither."""
    have = table.transaction_version(app(candidate))
    if have is None or have < candidate.sequence:
        return None
    version = deltalog.version_of(table, candidate.id) if have == candidate.sequence else None
    if version is None and have == candidate.sequence and _live(table, root, candidate) == _paths(candidate):
        version = table.version()  # the entry that published it is so old that the log has been cleaned
    if version is None:
        return Published(promotion=Promotion.SUPERSEDED, version=table.version())
    return Published(promotion=Promotion.ALREADY, version=version)


def _live(table: deltalake.DeltaTable, root: Path, candidate: Candidate) -> list[str]:
    only = partition(candidate.day_column, candidate.part_date)
    return [file.path for file in deltalog.live_files(table, root, only)]


def _state(paths: Iterable[str]) -> str:
    listed = sorted(paths)
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest() if listed else ""


def _paths(candidate: Candidate) -> list[str]:
    return sorted(file.path for file in candidate.files)


def _commit(
    table: deltalake.DeltaTable, root: Path, candidate: Candidate, metadata: Mapping[str, object]
) -> int | None:
    """The version that now holds the candidate; None where somebody else's commit came first."""
    before = table.version()
    filters = [(name, "=", value) for name, value in partition(candidate.day_column, candidate.part_date).items()]
    try:
        table.create_write_transaction(
            [_add(root, file) for file in candidate.files],
            mode="overwrite",
            schema=table.schema(),  # any other schema would change the table's
            partition_by=table.metadata().partition_columns,
            partition_filters=filters or None,  # without, the whole table goes
            commit_properties=CommitProperties(
                custom_metadata=receipt(candidate, metadata),
                max_commit_retries=0,
                app_transactions=[Transaction(app(candidate), candidate.sequence)],
            ),
            post_commithook_properties=_NO_HOOKS,
        )
    except Exception as error:  # noqa: BLE001 - whatever it says, only the log knows whether the commit is there
        return _after(error, root, candidate, before)
    return before + 1


def _after(error: Exception, root: Path, candidate: Candidate, before: int) -> int | None:
    """What describe of a commit that raised."""
    try:
        now = deltalog.open_table(root)
        landed = deltalog.version_of(now, candidate.id, before)
    except (CouldNotRun, DeltaError, OSError) as unreadable:
        raise CouldNotRun(
            f"{root}: the commit failed ({error}) and the log cannot be read ({unreadable}); "
            "publish the same candidate again to learn whether it is there"
        ) from error
    if landed is not None:
        return landed
    if now.version() > before:
        return None
    raise CouldNotRun(f"{root}: the commit failed, nothing was published: {error}") from error


def _add(root: Path, file: WrittenFile) -> AddAction:
    from martgate.stores.footers import stats_json  # noqa: PLC0415 - Arrow, for none but a publish

    keys = sorted(file.null_count)
    return AddAction(
        path=file.path,
        size=file.bytes,
        partition_values=dict(file.partition),
        modification_time=int((root / file.path).stat().st_mtime * 1000),
        data_change=True,
        stats=stats_json(root, file, keys),
    )


def _confirmed(root: Path, candidate: Candidate, published: Published) -> Published:
    """The publication, once it is on disk and its version holds the candidate's files and no other of the day."""
    log = root / "_delta_log"
    try:
        _sync(log / f"{published.version:020}.json")
        _sync(log)
        live = _live(deltalake.DeltaTable(str(root), version=published.version), root, candidate)
    except (DeltaError, OSError) as error:
        raise CouldNotRun(
            f"{candidate.partition} was published as version {published.version}, "
            f"which could not be confirmed: {error}; publish the same candidate again to confirm it"
        ) from error
    if live != _paths(candidate):
        raise CouldNotRun(
            f"{candidate.table}: version {published.version} does not hold the {len(candidate.files)} files of "
            f"candidate {candidate.id} but {len(live)} others for {candidate.part_date}; restore the version before it"
        )
    return published
