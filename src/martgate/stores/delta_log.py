"""Reads the log of a Delta table, and refuses tables with features that this version does not support.

A reader that ignores a feature of the table, such as deletion vectors or renamed columns, silently reads wrong rows, and a
writer that ignores one breaks the table for other programs: hence the two checks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import deltalake
from deltalake.exceptions import DeltaError

from martgate.builders.ports import Dataset
from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type, translate_type
from martgate.errors import CouldNotRun
from martgate.stores.commits import NAMESPACE, parse_commit
from martgate.stores.hive import is_read_alike
from martgate.stores.ports import Commit
from martgate.stores.shape import get_physical_types
from martgate.text.quoting import identifier

if TYPE_CHECKING:  # see `build_arrow_types`
    import pyarrow as pa

__all__ = [
    "LiveFile",
    "build_arrow_types",
    "build_dataset",
    "build_delta_schema",
    "check_writable",
    "find_version",
    "is_delta",
    "list_commits",
    "list_live_files",
    "open_table",
    "read_column_types",
]

READABLE = frozenset({"timestampNtz"})
"""The reader features under which the Parquet files of a table are exactly its rows."""

WRITABLE = READABLE | {"appendOnly", "invariants"}
"""The writer features that a commit of whole files respects: it evaluates no constraint and generates no value."""

_BASE_READERS, _BASE_WRITERS, _FEATURES = (1, 2), (1, 2), (3, 7)


@dataclass(frozen=True, slots=True)
class LiveFile:
    """A file of a snapshot: its path, relative to the folder of the table if it is in it, and its partition as text."""

    path: str
    partition: dict[str, str | None]


def is_delta(root: Path) -> bool:
    """Whether there is a Delta log in the folder."""
    return (root / "_delta_log").is_dir() and deltalake.DeltaTable.is_deltatable(str(root))


def open_table(root: Path) -> deltalake.DeltaTable:
    """Open the newest snapshot of a table.

    Raises:
        martgate.errors.CouldNotRun: the log cannot be read, or the table has a feature that this reader does not support.
    """
    _check_last_entry(root)
    try:
        table = deltalake.DeltaTable(str(root))
        _check_readable(table, root)
    except (DeltaError, OSError) as error:
        raise CouldNotRun(f"{root}: the Delta log cannot be read: {_first_line(error)}") from error
    return table


def _check_last_entry(root: Path) -> None:
    """Refuse a log whose last entry is empty: readers pass over it, and the next commit would be on top of a lost one."""
    newest = max((root / "_delta_log").glob("*.json"), key=lambda entry: entry.name, default=None)
    if newest and not newest.stat().st_size:
        raise CouldNotRun(
            f"{newest}: the last entry of the log is empty, as after a full disk or a broken copy; put its content back, or "
            "delete it if nothing was committed by it"
        )


def _check_readable(table: deltalake.DeltaTable, root: Path) -> None:
    protocol = table.protocol()
    features = set(protocol.reader_features or ())
    if unknown := features - READABLE:
        raise CouldNotRun(
            f"{root}: reading this table needs {_join_sorted(unknown)}, and only {_join_sorted(READABLE)} is supported; "
            "rewrite it without, or give a copy"
        )
    mode = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    if mode != "none":
        raise CouldNotRun(f"{root}: the table maps its columns by {mode}; only tables without column mapping are read")
    if protocol.min_reader_version not in (*_BASE_READERS, _FEATURES[0]):
        raise CouldNotRun(
            f"{root}: reading this table needs protocol version {protocol.min_reader_version}; supported are 1 to 3"
        )


def check_writable(table: deltalake.DeltaTable, root: Path) -> None:
    """Check that a commit of whole files respects all features of a table.

    Raises:
        martgate.errors.CouldNotRun: with the features that it would break.
    """
    protocol = table.protocol()
    features = set(protocol.writer_features or ())
    if unknown := features - WRITABLE:
        raise CouldNotRun(
            f"{root}: writing this table needs {_join_sorted(unknown)}, and only {_join_sorted(WRITABLE)} are supported; "
            "nothing was published"
        )
    if protocol.min_writer_version not in (*_BASE_WRITERS, _FEATURES[1]):
        raise CouldNotRun(
            f"{root}: writing this table needs protocol version {protocol.min_writer_version}; "
            "supported are 1, 2 and 7 with its features; nothing was published"
        )
    if table.metadata().configuration.get("delta.appendOnly") == "true":
        raise CouldNotRun(f"{root}: delta.appendOnly is set, so no day can be replaced; nothing was published")
    if guarded := [field.name for field in table.schema().fields if "delta.invariants" in (field.metadata or {})]:
        raise CouldNotRun(f"{root}: invariants on {_join_sorted(guarded)} would not be checked; nothing was published")


def list_live_files(table: deltalake.DeltaTable, root: Path, only: dict[str, str] | None = None) -> list[LiveFile]:
    """List the files of a snapshot by path.

    Args:
        table: the snapshot.
        root: the folder of the table.
        only: the values of partition columns that select files; None for all files.
    """
    actions: Any = table.get_add_actions(flatten=False)  # its stubs have no list of a struct
    paths = actions.column("path").to_pylist()
    partitions = actions.column("partition").to_pylist() if "partition" in actions.column_names else [{}] * len(paths)
    files = [
        LiveFile(_on_disk(str(path), root), _texts(values)) for path, values in zip(paths, partitions, strict=True)
    ]
    selection = (only or {}).items()
    return sorted(
        (file for file in files if all(file.partition.get(name) == value for name, value in selection)),
        key=lambda file: file.path,
    )


def build_dataset(table: deltalake.DeltaTable, root: Path, only: dict[str, str] | None = None) -> Dataset:
    """Build the dataset of a snapshot, with the columns of the log, for an engine to read.

    The log says the partition values of a file, wherever the file lies.

    Args:
        table: the snapshot.
        root: the folder of the table.
        only: the values of partition columns that select files; None for all files.

    Raises:
        martgate.errors.CouldNotRun: the table is partitioned by bytes, whose text nothing defines.
    """
    files = list_live_files(table, root, only)
    types = dict(read_column_types(table))
    partitions = {name: types[name] for name in table.metadata().partition_columns}
    if binary := [name for name, kind in partitions.items() if kind == "binary"]:
        raise CouldNotRun(
            f"{root}: the table is partitioned by {_join_sorted(binary)} of type binary, which is not read here: "
            "writers spell bytes in the log in different ways; give a copy that is partitioned by another column"
        )
    values = {str(root / file.path): file.partition for file in files}
    return Dataset(
        files=tuple(values),
        partitions=partitions,
        partition_values={}
        if not partitions or is_read_alike({file.path: file.partition for file in files}, partitions)
        else {path: tuple(of_file[name] for name in partitions) for path, of_file in values.items()},
        columns=tuple(types.items()),
        version=table.version(),
    )


def find_version(table: deltalake.DeltaTable, candidate: str, since: int = -1) -> int | None:
    """Find the version that published a candidate.

    Args:
        table: the snapshot.
        candidate: the id of the candidate.
        since: the version after which the log is searched.

    Returns:
        The version; None if no commit that the log still has published the candidate.
    """
    newer = table.version() - since
    if newer <= 0:
        return None
    for entry in table.history(newer):
        metadata = entry.get(NAMESPACE)
        if isinstance(metadata, dict) and metadata.get("candidate") == candidate:
            return int(entry["version"])
    return None


def list_commits(table: deltalake.DeltaTable) -> tuple[Commit, ...]:
    """List the commits of a table as far back as the log goes, the newest first."""
    commits = (
        parse_commit(int(entry["version"]), entry.get(NAMESPACE), entry.get("timestamp")) for entry in table.history()
    )
    return tuple(sorted(commits, key=lambda one: one.version, reverse=True))


def read_column_types(table: deltalake.DeltaTable) -> Iterator[tuple[str, str]]:
    """Yield the name and the type of each column, in order, with types in Spark's spelling."""
    for field in json.loads(table.schema().to_json())["fields"]:
        yield field["name"], canonical_type(_spell_type(field["type"]))


def _spell_type(delta: Any) -> str:
    """Spell a type of a Delta schema as `canonical_type` reads it."""
    if isinstance(delta, str):
        return delta
    match delta["type"]:
        case "array":
            return f"array<{_spell_type(delta['elementType'])}>"
        case "map":
            return f"map<{_spell_type(delta['keyType'])},{_spell_type(delta['valueType'])}>"
        case _:
            fields = (f"{identifier(field['name'])}:{_spell_type(field['type'])}" for field in delta["fields"])
            return f"struct<{','.join(fields)}>"


def build_delta_schema(table: Table) -> deltalake.Schema:
    """Build the Delta schema of a contract, whose descriptions become the comments of the columns."""
    get_physical_types(table)  # raises for every unknown type at once
    fields = []
    for column in table.columns:
        delta = translate_type(column.physical_type).delta
        fields.append(
            {
                "name": column.name,
                "type": json.loads(delta) if delta.startswith("{") else delta,
                "nullable": not (column.required or column.name in table.partition_columns),
                "metadata": {"comment": column.description} if column.description else {},
            }
        )
    return deltalake.Schema.from_json(json.dumps({"type": "struct", "fields": fields}))


def build_arrow_types(table: Table) -> "dict[str, pa.DataType]":
    """Build the Arrow type of each column of a contract."""
    import pyarrow as pa  # noqa: PLC0415 - half a second, and most readers of a log need no types

    return {field.name: field.type for field in pa.schema(build_delta_schema(table).to_arrow())}


def _on_disk(path: str, root: Path) -> str:
    """Decode a path of the log; an absolute one may be anywhere, as in a shallow clone.

    Raises:
        martgate.errors.CouldNotRun: the file is not on this machine.
    """
    parts = urlsplit(path)
    if "://" in path and (parts.scheme != "file" or parts.netloc not in ("", "localhost")):
        raise CouldNotRun(
            f"{root}: a file of the table is in {parts.scheme}://{parts.hostname or ''}; give a full copy"
        )
    decoded = Path(unquote(parts.path if parts.scheme == "file" else path))
    return str(decoded.relative_to(root) if decoded.is_relative_to(root) else decoded)


def _texts(values: dict[str, Any] | None) -> dict[str, str | None]:
    return {name: None if value is None else _text(value) for name, value in (values or {}).items()}


def _text(value: Any) -> str:
    """Spell a value as both engines cast it to its type: `1E-10` is no decimal."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _join_sorted(names: Any) -> str:
    return ", ".join(sorted(names))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
