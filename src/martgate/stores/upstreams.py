"""Where input tables lie, and how samples of them are laid down."""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from martgate.builders.ports import CatalogTable, Dataset, Session
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput, MissingUpstream
from martgate.stores.commits import partition
from martgate.stores.shape import physical_types
from martgate.stores.tables import Tables, is_catalog, name_in

if TYPE_CHECKING:  # Arrow and delta-rs are loaded by whoever reads or writes a table
    import pyarrow as pa

__all__ = ["Upstreams"]

_MAGIC = b"PAR1"
_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


class Upstreams:
    """Input tables, each a Delta table, a folder of Parquet files, one Parquet file, or a table of Spark's catalog.

    A table lies in `<root>/<schema>/<table>` (one file: `<table>.parquet`), or where `overrides` says by its qualified
    or bare name. Places that begin with `catalog://` are asked for in `session`.
    """

    def __init__(
        self, root: str, overrides: Mapping[str, str] | None = None, session: Callable[[], Session] | None = None
    ) -> None:
        self._root = root
        self._overrides = dict(overrides or {})
        self._tables = Tables(session) if session else None

    def find_dataset(self, table: Table, day: date | None = None) -> Dataset | CatalogTable:
        """What a table is made of; only those of the day where one is given and the table is partitioned by it.

        Raises:
            martgate.errors.MissingUpstream: there is no such table, or no such day of it.
            martgate.errors.CouldNotRun: it cannot be read.
        """
        own = self._own_place(table)
        if self._tables and is_catalog(own or self._root):
            name = name_in(own, table, single=True) if own else name_in(self._root, table)
            return self._tables.find_dataset(name, table, day)
        place = self._place(table)
        column = table.publish_partition
        only = partition(column, day) if column and day else {}
        found = _snapshot(place, table, only)
        if only and not found.files and found.partitions:
            raise MissingUpstream(_no_such_day(place, table, only))
        return found

    def find_dataset_at(self, path: str | Path, table: Table | None = None, day: date | None = None) -> Dataset:
        """Any Parquet file, folder of them, or Delta table; types of hive columns are the contract's where it has them.

        Of a Delta table that is partitioned by the contract's day column, a day given means that day's partition: its
        readers see each day by itself. Loose files are taken whole, whatever day their rows claim.

        Raises:
            martgate.errors.MissingUpstream: nothing that could be read lies there.
            martgate.errors.CouldNotRun: it cannot be read.
        """
        place = Path(path)
        if not place.exists():
            raise MissingUpstream(f"{place}: there is no such file or folder{_nearest(place)}")
        column = table.publish_partition if table else None
        if table is None or column is None or day is None or not (place / "_delta_log").is_dir():
            return _snapshot(place, table, {})
        only = partition(column, day)
        found = _snapshot(place, table, only)
        if column in found.partitions and not found.files:
            raise MissingUpstream(_no_such_day(place, table, only))
        return found if column in found.partitions else _snapshot(place, table, {})

    def replace_table(self, table: Table, rows: "pa.Table | pa.RecordBatchReader") -> int:
        """Write a Delta table in place of what was there, partitioned as its contract says; how many rows it got.

        Raises:
            martgate.errors.InvalidInput: the columns are not those of the contract, to the width.
            martgate.errors.CouldNotRun: the disk or the table that is there refuses.
        """
        from martgate.stores.lay import write_table  # noqa: PLC0415 - see above

        place = self._folder(table)
        if place.exists() and not place.is_dir():
            raise InvalidInput(f"{place}: is a file, and {table.qualified_name} would be a folder; give another place")
        return write_table(place, table, rows)

    def _own_place(self, table: Table) -> str | None:
        """Where the table is said to be by its name."""
        names = (table.qualified_name, table.name)
        return next((self._overrides[name] for name in names if name in self._overrides), None)

    def _folder(self, table: Table) -> Path:
        """The folder of a table that lies in one.

        Raises:
            martgate.errors.InvalidInput: it is a table of a catalog.
        """
        own = self._own_place(table)
        if is_catalog(own or self._root):
            raise InvalidInput(f"{table.qualified_name}: {own or self._root} is a catalog, and files lie in folders")
        return Path(own) if own else Path(self._root).joinpath(*table.qualified_name.split("."))

    def _place(self, table: Table) -> Path:
        """Where the table is."""
        place = self._folder(table)
        single = place.with_name(f"{place.name}.parquet")
        if place.exists():
            return place
        if single.is_file():
            return single
        raise MissingUpstream(
            f"{table.qualified_name}: there is no {place} (a Delta table or a folder of Parquet files) "
            f"and no {single.name} beside it{_nearest(place)}"
        )


def _nearest(place: Path) -> str:
    """What exists where a path leads nowhere, as the end of a sentence."""
    parent = place.parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    if not names:
        return f"; {parent} is empty"
    looked_for = place.relative_to(parent).parts[0]
    near = difflib.get_close_matches(looked_for, names, n=1)
    if near and near[0] != looked_for:
        return f". Did you mean {parent / near[0]}?"
    return f"; {parent} holds {', '.join(names[:10])}{' and more' if len(names) > 10 else ''}"


def _snapshot(place: Path, table: Table | None, only: Mapping[str, str]) -> Dataset:
    if (place / "_delta_log").is_dir():
        from martgate.stores import deltalog  # noqa: PLC0415 - see above

        # The path is made absolute here, and nowhere resolved: the log's own paths are relative to it.
        root = place.absolute()
        return deltalog.dataset(deltalog.open_table(root), root, dict(only))
    if place.is_dir():
        return _folder(place, table, only)
    _demand_parquet(place)
    return Dataset(files=(str(place.absolute()),))


def _demand_parquet(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise CouldNotRun(f"{file}: {error.strerror}") from error
    if start != _MAGIC:
        raise CouldNotRun(f"{file}: is not a Parquet file (it does not begin with PAR1)")


def _folder(place: Path, table: Table | None, only: Mapping[str, str]) -> Dataset:
    """A folder of Parquet files, hive folders included; hidden and underscored entries are nobody's data."""
    files = sorted(_parquet_files(place))
    if not files:
        others = sorted(entry.name for entry in place.iterdir())
        held = f"it holds {', '.join(others[:10])}" if others else "it is empty"
        raise MissingUpstream(f"{place}: has no Delta log and no Parquet file in it; {held}")
    values = {file: _hive_values(file.relative_to(place)) for file in files}
    layouts = {tuple(found) for found in values.values()}
    if len(layouts) > 1:
        told = " and ".join(sorted("/".join(layout) or "no folder" for layout in layouts))
        raise CouldNotRun(f"{place}: its files are partitioned in different ways: by {told}")
    (names,) = layouts
    kept = [file for file in files if all(values[file].get(name, value) == value for name, value in only.items())]
    types = {name: _hive_type(name, table, (found[name] for found in values.values())) for name in names}
    return Dataset(
        files=tuple(str(file.absolute()) for file in kept),
        partitions=types,
        columns=() if table is None or kept else tuple(physical_types(table).items()),
    )


def _parquet_files(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _parquet_files(Path(entry.path))
        elif entry.name.endswith((".parquet", ".parq")):
            yield Path(entry.path)


def _hive_values(relative: Path) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in relative.parts[:-1] if "=" in part)
    return {unquote(name): unquote(value) for name, value in pairs}


def _hive_type(name: str, table: Table | None, values: Iterable[str]) -> str:
    if table is not None and name in table.column_names:
        return physical_types(table)[name]
    known = [value for value in values if value != _NULL_FOLDER]
    return "bigint" if known and all(map(_is_number, known)) else "string"


def _is_number(value: str) -> bool:
    """Whether text is a number and nothing but: `01` is a code."""
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value) is not None


def _no_such_day(place: Path, table: Table, only: Mapping[str, str]) -> str:
    (day, wanted), *_ = only.items()
    days = sorted({_hive_values(Path(file)).get(day, "") for file in _snapshot(place, table, {}).files})
    some = ", ".join(days) if len(days) < 6 else f"{len(days)} days from {days[0]} to {days[-1]}"
    return f"{table.qualified_name}: there is no {day}={wanted} in {place}; it has {some or 'no partition at all'}"
