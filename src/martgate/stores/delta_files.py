"""Creates Delta tables and stages files in their folders."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import deltalake
from deltalake.exceptions import DeltaError

from martgate.builders.ports import WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.contracts.partition import PARTITION_TYPES
from martgate.errors import CouldNotRun, InvalidInput
from martgate.expectations.protection import Protection
from martgate.stores import delta_log
from martgate.stores.files import find_missing
from martgate.stores.shape import check_shape, get_physical_types
from martgate.text.lists import join_words

__all__ = ["SAFE_FOLDER", "check_path", "check_written_files", "drop_statistics", "ensure_table", "flush", "sync"]

_SAFE = re.compile(r"[A-Za-z0-9._/-]+")
# Folders of users have spaces and accents, which readers percent-encode; a % itself is what readers get wrong.
SAFE_FOLDER = re.compile(r"[\w ()+,./-]+")
"""The characters that the path of a warehouse may have."""


def check_path(text: str, what: str, safe: re.Pattern[str] = _SAFE) -> None:
    """Check that every Delta reader finds a path with this text.

    Args:
        text: a part of the path.
        what: what the text names, for the message.
        safe: matches characters that are allowed.

    Raises:
        martgate.errors.InvalidInput: the text is empty or has other characters.
    """
    unsafe = sorted(set(safe.sub("", text)))
    if unsafe or not text:
        raise InvalidInput(
            f"{what} {text!r}: {' '.join(map(repr, unsafe)) or 'an empty name'} cannot be in the path of a Delta "
            "table, since readers disagree on how to spell it; use letters, digits, '.', '_', '-' and '/' "
            "(--warehouse and --out say where tables go)"
        )


def ensure_table(root: Path, table: Table) -> None:
    """Create the empty table if there is none, and check an existing one.

    Raises:
        martgate.errors.InvalidInput: the table differs from its contract, or is partitioned by a column of a type whose
            values readers of Delta spell in different ways.
        martgate.errors.CouldNotRun: the table cannot be created or read.
    """
    _check_partition_types(table)
    schema = delta_log.build_delta_schema(table)
    if not delta_log.is_delta(root):
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
            if not delta_log.is_delta(root):  # unless another process was faster
                raise CouldNotRun(f"{root}: the table cannot be created: {error}") from error
    snapshot = delta_log.open_table(root)
    columns = delta_log.read_column_types(snapshot)
    check_shape(table, f"the table at {root}", columns, snapshot.metadata().partition_columns)


def _check_partition_types(table: Table) -> None:
    types = get_physical_types(table)
    for name in table.partition_columns:
        if types[name].partition("(")[0] not in PARTITION_TYPES:
            raise InvalidInput(
                f"{table.qualified_name}: the partition column {name} is of type {types[name]}, whose values readers of "
                f"Delta spell in different ways; partition by {join_words(sorted(PARTITION_TYPES), 'or')}"
            )


def drop_statistics(file: WrittenFile, table: Table) -> WrittenFile:
    """Return a file with the statistics of its keys only: the others are not needed and may be personal data."""
    open_keys = {name for name in table.primary_key if not Protection(table).hides(name)}
    return WrittenFile(
        path=file.path,
        rows=file.rows,
        bytes=file.bytes,
        partition=file.partition,
        minimum={name: value for name, value in file.minimum.items() if name in open_keys},
        maximum={name: value for name, value in file.maximum.items() if name in open_keys},
        null_count={name: value for name, value in file.null_count.items() if name in table.primary_key},
    )


def check_written_files(root: Path, target: WriteTarget, files: tuple[WrittenFile, ...]) -> None:
    """Check that an engine wrote the files that it returned, and wrote them into its target.

    Raises:
        martgate.errors.CouldNotRun: with every file that is missing, incomplete or in another place.
    """
    problems = list(find_missing(root, files))
    for file in files:
        path = Path(file.path)
        if path.is_absolute() or ".." in path.parts or not path.name.startswith(target.prefix):
            problems.append(f"{file.path}: is not {target.prefix}* in the table's folders")
    if problems:
        raise CouldNotRun("\n".join(["the engine did not write what it said:", *problems]))


def flush(root: Path, files: Iterable[WrittenFile]) -> None:
    """Force files and the folders that name them to disk, which neither the engine nor delta-rs does."""
    folders = {root.parent, root}
    for file in files:
        path = root / file.path
        sync(path)
        folders.update(parent for parent in path.parents if parent.is_relative_to(root))
    for folder in sorted(folders, reverse=True):
        sync(folder)


def sync(path: Path) -> None:
    """Force one file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
