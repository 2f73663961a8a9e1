"""Publishes a staged candidate of a Delta table in one commit."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import deltalake
from deltalake import CommitProperties, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from martgate.builders.ports import WrittenFile
from martgate.errors import CouldNotRun
from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.stores import delta_log
from martgate.stores.commits import build_commit_metadata, partition_filter, transaction_id
from martgate.stores.delta_files import sync
from martgate.stores.files import find_changed_files, find_missing

if TYPE_CHECKING:  # footers import Arrow, which only a publish needs
    from martgate.stores.footers import FileRequirements

__all__ = [
    "build_add_action",
    "check_fit",
    "check_staged",
    "commit_candidate",
    "compute_state",
    "confirm_published",
    "find_earlier_publish",
    "list_live_paths",
    "read_requirements",
]

_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def compute_state(paths: Iterable[str]) -> str:
    """Compute a hash over the names of the files of a day; empty without files."""
    names = sorted(paths)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest() if names else ""


def list_live_paths(table: deltalake.DeltaTable, root: Path, candidate: Candidate) -> list[str]:
    """List the files of the candidate's day in a snapshot."""
    only = partition_filter(candidate.day_column, candidate.part_date)
    return [file.path for file in delta_log.list_live_files(table, root, only)]


def find_earlier_publish(table: deltalake.DeltaTable, root: Path, candidate: Candidate) -> Published | None:
    """Find the publish of this candidate or of a later one of its day; None if the log has neither."""
    sequence = table.transaction_version(transaction_id(candidate))
    if sequence is None or sequence < candidate.sequence:
        return None
    is_own = sequence == candidate.sequence
    version = delta_log.find_version(table, candidate.id) if is_own else None
    if version is None and is_own and list_live_paths(table, root, candidate) == _paths(candidate):
        version = table.version()  # the log is cleaned and no longer has the entry that published it
    if version is None:
        return Published(promotion=Promotion.SUPERSEDED, version=table.version())
    return Published(promotion=Promotion.ALREADY, version=version)


def read_requirements(table: deltalake.DeltaTable, candidate: Candidate) -> "FileRequirements":
    """Read what the table requires of the candidate's files.

    Raises:
        martgate.errors.CouldNotRun: the table is not partitioned by the candidate's day.
    """
    from martgate.stores.footers import FileRequirements  # noqa: PLC0415 - see above

    partitions = tuple(table.metadata().partition_columns)
    not_null = frozenset(field.name for field in table.schema().fields if not field.nullable)
    if candidate.day_column not in (partitions or ("",)):
        raise CouldNotRun(f"{candidate.table} is partitioned by {', '.join(partitions)}, not by {candidate.day_column}")
    return FileRequirements(
        types=dict(delta_log.read_column_types(table)),
        partitions=partitions,
        not_null=not_null - set(partitions),
        day_column=candidate.day_column,
        day=candidate.part_date,
    )


def check_fit(root: Path, candidate: Candidate, required: "FileRequirements") -> None:
    """Check that the files are the staged ones to the byte, and fit the table to the width of a type.

    Raises:
        martgate.errors.CouldNotRun: with every problem.
    """
    from martgate.stores.footers import find_misfits  # noqa: PLC0415 - see above

    if not candidate.files:
        raise CouldNotRun(f"candidate {candidate.id} has no file; publishing it would empty {candidate.part_date}")
    check_staged(candidate, find_missing(root, candidate.files))
    paths = [file.path for file in candidate.files]
    check_staged(candidate, (f"{a}: is named twice" for a, b in pairwise(sorted(paths)) if a == b))
    check_staged(candidate, (problem for file in candidate.files for problem in find_misfits(root, file, required)))
    check_staged(candidate, find_changed_files(root, candidate.files, candidate.fingerprint))


def check_staged(candidate: Candidate, problems: Iterable[str]) -> None:
    """Raise CouldNotRun with every problem, if there is any."""
    if found := list(problems):
        raise CouldNotRun("\n".join([f"candidate {candidate.id} is not what was staged:", *found]))


def commit_candidate(
    table: deltalake.DeltaTable, root: Path, candidate: Candidate, metadata: Mapping[str, object]
) -> int | None:
    """Commit the candidate in place of its day, on top of a snapshot.

    Args:
        table: the snapshot.
        root: the folder of the table.
        candidate: the candidate.
        metadata: what the commit says besides, as JSON values.

    Returns:
        The version that holds the candidate; None if another commit came first.

    Raises:
        martgate.errors.CouldNotRun: the commit failed.
    """
    before = table.version()
    only = partition_filter(candidate.day_column, candidate.part_date)
    try:
        table.create_write_transaction(
            [build_add_action(root, file) for file in candidate.files],
            mode="overwrite",
            schema=table.schema(),  # any other schema would change the table's
            partition_by=table.metadata().partition_columns,
            partition_filters=[(name, "=", value) for name, value in only.items()] or None,  # without: the whole table
            commit_properties=CommitProperties(
                custom_metadata=build_commit_metadata(candidate, metadata),
                max_commit_retries=0,
                app_transactions=[Transaction(transaction_id(candidate), candidate.sequence)],
            ),
            post_commithook_properties=_NO_HOOKS,
        )
    except Exception as error:  # noqa: BLE001 - whatever it says, only the log knows whether the commit is there
        return _find_landed(error, root, candidate, before)
    return before + 1


def _find_landed(error: Exception, root: Path, candidate: Candidate, before: int) -> int | None:
    """Find the version of a commit that raised; None if another commit came first."""
    try:
        now = delta_log.open_table(root)
        landed = delta_log.find_version(now, candidate.id, before)
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


def confirm_published(root: Path, candidate: Candidate, published: Published) -> Published:
    """Force a publish to disk, and check that its version holds the candidate's files and no others of the day.

    Raises:
        martgate.errors.CouldNotRun: the version cannot be confirmed, or holds other files.
    """
    log = root / "_delta_log"
    try:
        sync(log / f"{published.version:020}.json")
        sync(log)
        live = list_live_paths(deltalake.DeltaTable(str(root), version=published.version), root, candidate)
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


def _paths(candidate: Candidate) -> list[str]:
    return sorted(file.path for file in candidate.files)


def build_add_action(root: Path, file: WrittenFile) -> AddAction:
    """Build the entry of the log that adds a file to the table."""
    from martgate.stores.footers import render_statistics  # noqa: PLC0415 - see above

    return AddAction(
        path=file.path,
        size=file.bytes,
        partition_values=dict(file.partition),
        modification_time=int((root / file.path).stat().st_mtime * 1000),
        data_change=True,
        stats=render_statistics(root, file, sorted(file.null_count)),
    )
