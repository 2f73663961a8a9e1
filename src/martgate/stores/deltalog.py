"""What the log of a Delta table says, and what of it this house understands.

A reader that takes its files from the log and ignores a feature of the table reads wrong rows without a word (deletion
vectors, renamed columns), and a writer that ignores one breaks the table for everybody else: hence the two guards.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import deltalake
from deltalake.exceptions import DeltaError

from martgate.builders.ports import Dataset
from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type, translate_type
from martgate.errors import CouldNotRun
from martgate.stores.commits import NAMESPACE, commit
from martgate.stores.ports import Commit
from martgate.stores.shape import physical_types
from martgate.text.quoting import identifier

__all__ = [
    "LiveFile",
    "column_types",
    "commits",
    "dataset",
    "delta_schema",
    "is_delta",
    "live_files",
    "open_table",
    "refuse_unwritable",
    "version_of",
]

READABLE = frozenset({"timestampNtz"})
"""Reader features under which a table's Parquet files are exactly its rows."""

WRITABLE = READABLE | {"appendOnly", "invariants"}
"""Writer features that a commit of whole files can honour: it evaluates no constraint and generates no value."""

_BASE_READERS, _BASE_WRITERS, _FEATURES = (1, 2), (1, 2), (3, 7)


@dataclass(frozen=True, slots=True)
class LiveFile:
    """One file of the current snapshot: `path` on disk relative to the root, `partition` as the log states it."""

    path: str
    partition: dict[str, str | None]


def is_delta(root: Path) -> bool:
    """Whether there is a Delta log in the folder."""
    return (root / "_delta_log").is_dir() and deltalake.DeltaTable.is_deltatable(str(root))


def open_table(root: Path) -> deltalake.DeltaTable:
    """The newest snapshot of a table whose files may be read as they are.

    Raises:
        martgate.errors.CouldNotRun: the log cannot be read, or the table needs what this reader does not know.
    """
    try:
        table = deltalake.DeltaTable(str(root))
        _refuse_unreadable(table, root)
    except (DeltaError, OSError) as error:
        raise CouldNotRun(f"{root}: the Delta log cannot be read: {_first_line(error)}") from error
    return table


def _refuse_unreadable(table: deltalake.DeltaTable, root: Path) -> None:
    protocol = table.protocol()
    features = set(protocol.reader_features or ())
    if unknown := features - READABLE:
        raise CouldNotRun(
            f"{root}: reading this table needs {_listed(unknown)}, and only {_listed(READABLE)} is understood; "
            "rewrite it without, or give a copy"
        )
    mode = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    if mode != "none":
        raise CouldNotRun(f"{root}: the table maps its columns by {mode}; only tables without column mapping are read")
    if protocol.min_reader_version not in (*_BASE_READERS, _FEATURES[0]):
        raise CouldNotRun(
            f"{root}: reading this table needs protocol version {protocol.min_reader_version}; known are up to 3"
        )


def refuse_unwritable(table: deltalake.DeltaTable, root: Path) -> None:
    """Raise where a commit of whole files would break what the table promises to others.

    Raises:
        martgate.errors.CouldNotRun: with what the table needs.
    """
    protocol = table.protocol()
    features = set(protocol.writer_features or ())
    if unknown := features - WRITABLE:
        raise CouldNotRun(
            f"{root}: writing this table needs {_listed(unknown)}, and only {_listed(WRITABLE)} are honoured; "
            "nothing was published"
        )
    if protocol.min_writer_version not in (*_BASE_WRITERS, _FEATURES[1]):
        raise CouldNotRun(
            f"{root}: writing this table needs protocol version {protocol.min_writer_version}; "
            "known are 1, 2 and 7 with its features; nothing was published"
        )
    if table.metadata().configuration.get("delta.appendOnly") == "true":
        raise CouldNotRun(f"{root}: delta.appendOnly is set, so no day can be replaced; nothing was published")
    if guarded := [field.name for field in table.schema().fields if "delta.invariants" in (field.metadata or {})]:
        raise CouldNotRun(f"{root}: invariants on {_listed(guarded)} would not be checked; nothing was published")


def live_files(table: deltalake.DeltaTable, root: Path, only: dict[str, str] | None = None) -> list[LiveFile]:
    """The files of the snapshot, by path; `only` keeps those whose partition columns have these values."""
    actions: Any = table.get_add_actions(flatten=False)  # its stubs know no list of a struct
    paths = actions.column("path").to_pylist()
    partitions = actions.column("partition").to_pylist() if "partition" in actions.column_names else [{}] * len(paths)
    files = [
        LiveFile(_on_disk(str(path), root), _texts(values)) for path, values in zip(paths, partitions, strict=True)
    ]
    wanted = (only or {}).items()
    return sorted(
        (file for file in files if all(file.partition.get(name) == value for name, value in wanted)),
        key=lambda file: file.path,
    )


def dataset(table: deltalake.DeltaTable, root: Path, only: dict[str, str] | None = None) -> Dataset:
    """The snapshot as Parquet files for an engine, with the columns that the log states.

    Raises:
        martgate.errors.CouldNotRun: a file does not lie in the folder of its partition, where an engine looks for it.
    """
    files = live_files(table, root, only)
    names = table.metadata().partition_columns
    for file in files:
        if names and [unquote(part) for part in file.path.split("/")[:-1]] != _folders(file, names):
            raise CouldNotRun(f"{root}: {file.path} does not lie in the folder of its partition, as in a=1/b=2/file")
    types = dict(column_types(table))
    return Dataset(
        files=tuple(str(root / file.path) for file in files),
        partitions={name: types[name] for name in names},
        columns=tuple(types.items()),
    )


def _folders(file: LiveFile, names: list[str]) -> list[str]:
    return [f"{name}={file.partition[name] or '__HIVE_DEFAULT_PARTITION__'}" for name in names]


def version_of(table: deltalake.DeltaTable, candidate: str, since: int = -1) -> int | None:
    """The version that published a candidate, as far back as the log goes, looking at versions after `since`."""
    newer = table.version() - since
    if newer <= 0:
        return None
    for entry in table.history(newer):
        ours = entry.get(NAMESPACE)
        if isinstance(ours, dict) and ours.get("candidate") == candidate:
            return int(entry["version"])
    return None


def commits(table: deltalake.DeltaTable) -> tuple[Commit, ...]:
    """The commits of a table as far back as the log goes, the newest first."""
    found = (commit(int(entry["version"]), entry.get(NAMESPACE)) for entry in table.history())
    return tuple(sorted(found, key=lambda one: one.version, reverse=True))


def column_types(table: deltalake.DeltaTable) -> Iterator[tuple[str, str]]:
    """Name and type of each column, in order; types in Spark's spelling."""
    for field in json.loads(table.schema().to_json())["fields"]:
        yield field["name"], canonical_type(_spark(field["type"]))


def _spark(delta: Any) -> str:
    """A type of a Delta schema in a spelling that `canonical` reads."""
    if isinstance(delta, str):
        return delta
    match delta["type"]:
        case "array":
            return f"array<{_spark(delta['elementType'])}>"
        case "map":
            return f"map<{_spark(delta['keyType'])},{_spark(delta['valueType'])}>"
        case _:
            fields = (f"{identifier(field['name'])}:{_spark(field['type'])}" for field in delta["fields"])
            return f"struct<{','.join(fields)}>"


def delta_schema(table: Table) -> deltalake.Schema:
    """The contract's columns as a Delta schema; descriptions become the comments that every reader can see."""
    physical_types(table)
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


def _on_disk(path: str, root: Path) -> str:
    """The log's path, decoded once; an absolute one must lie under the root."""
    decoded = unquote(urlsplit(path).path if "://" in path else path)
    if not decoded.startswith("/"):
        return decoded
    if not Path(decoded).is_relative_to(root):
        raise CouldNotRun(
            f"{root}: {decoded} belongs to the table but lies elsewhere (a shallow clone?); give a full copy"
        )
    return str(Path(decoded).relative_to(root))


def _texts(values: dict[str, Any] | None) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in (values or {}).items()}


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
