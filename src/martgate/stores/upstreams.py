"""Finds input tables, and writes samples of them."""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from martgate.builders.ports import CatalogTable, Dataset, Session
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput, MissingUpstream
from martgate.stores.commits import partition_filter
from martgate.stores.hive import NULL_FOLDER, is_read_alike, read_folder_values
from martgate.stores.lakehouse import find_lakehouse_table, raise_for_foreign_format
from martgate.stores.shape import get_physical_types
from martgate.stores.spark_catalog import SparkCatalog, get_table_name, is_catalog_location
from martgate.text.lists import join_words

if TYPE_CHECKING:  # Arrow and delta-rs are imported where a table is read or written
    import pyarrow as pa

__all__ = ["Upstreams"]

_MAGIC = b"PAR1"


class Upstreams:
    """Input tables, each a Delta table, a folder of Parquet files, one Parquet file, or a table of a catalog of Spark.

    Args:
        root: the folder or the catalog of all tables. A table is in `<root>/<schema>/<table>`, or in one file beside it,
            `<table>.parquet`.
        overrides: the places of single tables, by their qualified or bare names.
        session: opens the session for places that begin with `catalog://`; None without an engine that has a catalog.
    """

    def __init__(
        self, root: str, overrides: Mapping[str, str] | None = None, session: Callable[[], Session] | None = None
    ) -> None:
        self._root = root
        self._overrides = dict(overrides or {})
        self._catalog = SparkCatalog(session) if session else None

    def find_dataset(self, table: Table, day: date | None = None) -> Dataset | CatalogTable:
        """Find the files of a table, or its name in the catalog.

        Args:
            table: the table of the contract.
            day: the only day that is read, if the table is partitioned by day; None for all days.

        Raises:
            martgate.errors.MissingUpstream: there is no such table, or it does not have the day.
            martgate.errors.CouldNotRun: it cannot be read.
        """
        own = self._override(table)
        if self._catalog and is_catalog_location(own or self._root):
            name = get_table_name(own, table, single=True) if own else get_table_name(self._root, table)
            return self._catalog.find_dataset(name, table, day)
        place = self._place(table)
        column = table.publish_partition
        only = partition_filter(column, day) if column and day else {}
        dataset = _snapshot(place, table, only)
        if only and not dataset.files and dataset.partitions:
            raise MissingUpstream(_explain_missing_day(place, table, only))
        return dataset

    def find_dataset_at(self, path: str | Path, table: Table | None = None, day: date | None = None) -> Dataset:
        """Find a Parquet file, a folder of Parquet files, or a Delta table by its path.

        Args:
            path: the path.
            table: the table of the contract, which has the types of hive columns; None without a contract.
            day: the only day that is read of a Delta table that is partitioned by the contract's day column. Other files
                are read whole, whatever day their rows have.

        Raises:
            martgate.errors.MissingUpstream: there is nothing to read.
            martgate.errors.CouldNotRun: it cannot be read.
        """
        place = Path(path)
        if not place.exists():
            raise MissingUpstream(f"{place}: there is no such file or folder{_nearest(place)}")
        column = table.publish_partition if table else None
        lakehouse = find_lakehouse_table(place)
        is_whole_table = lakehouse is not None and lakehouse.root == place.absolute()
        if table is None or column is None or day is None or not is_whole_table:
            return _snapshot(place, table, {})
        only = partition_filter(column, day)
        dataset = _snapshot(place, table, only)
        if column in dataset.partitions and not dataset.files:
            raise MissingUpstream(_explain_missing_day(place, table, only))
        return dataset if column in dataset.partitions else _snapshot(place, table, {})

    def replace_table(self, table: Table, rows: "pa.Table | pa.RecordBatchReader") -> int:
        """Write a Delta table in place of the former one, partitioned as its contract says, and return the number of rows.

        Raises:
            martgate.errors.InvalidInput: the columns are not those of the contract, to the width.
            martgate.errors.CouldNotRun: the table cannot be written.
        """
        from martgate.stores.overwrite import overwrite_table  # noqa: PLC0415 - see above

        place = self._folder(table)
        if place.exists() and not place.is_dir():
            raise InvalidInput(f"{place} is a file, and {table.qualified_name} needs a folder; give another place")
        return overwrite_table(place, table, rows)

    def _override(self, table: Table) -> str | None:
        names = (table.qualified_name, table.name)
        return next((self._overrides[name] for name in names if name in self._overrides), None)

    def _folder(self, table: Table) -> Path:
        """Return the folder of a table, whether or not it exists."""
        own = self._override(table)
        if is_catalog_location(own or self._root):
            raise InvalidInput(f"{table.qualified_name}: {own or self._root} is a catalog; expected a folder")
        return Path(own) if own else Path(self._root).joinpath(*table.qualified_name.split("."))

    def _place(self, table: Table) -> Path:
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
    """Say what exists near a missing path, as the end of a sentence."""
    parent = place.parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    if not names:
        return f"; {parent} is empty"
    missing = place.relative_to(parent).parts[0]
    near = difflib.get_close_matches(missing, names, n=1)
    if near and near[0] != missing:
        return f". Did you mean {parent / near[0]}?"
    return f"; {parent} holds {', '.join(names[:10])}{' and more' if len(names) > 10 else ''}"


def _snapshot(place: Path, table: Table | None, only: Mapping[str, str]) -> Dataset:
    """Find the files of a path; of a path in a lakehouse table, those that the table's own log says.

    Raises:
        martgate.errors.InvalidInput: the table is of a format that is not read here.
    """
    raise_for_foreign_format(place)
    lakehouse = find_lakehouse_table(place)
    if lakehouse:
        from martgate.stores import delta_log  # noqa: PLC0415 - see above

        # The path becomes absolute and is not resolved: the log's own paths are relative to it.
        whole = delta_log.build_dataset(delta_log.open_table(lakehouse.root), lakehouse.root, dict(only))
        return whole if lakehouse.root == place.absolute() else _select_below(place, lakehouse.root, whole)
    if place.is_dir():
        return _folder(place, table, only)
    _check_parquet(place)
    return Dataset(files=(str(place.absolute()),))


def _select_below(place: Path, root: Path, whole: Dataset) -> Dataset:
    """Select the files of a table that are at a path inside of it."""
    inside = [file for file in whole.files if Path(file).is_relative_to(place.absolute())]
    if not inside:
        raise MissingUpstream(
            f"{place}: the Delta table {root} has no rows there in its version {whole.version}; files that are there "
            "were removed from it, or never committed"
        )
    return replace(whole, files=tuple(inside))


def _check_parquet(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise CouldNotRun(f"{file}: {error.strerror}") from error
    if start != _MAGIC:
        raise CouldNotRun(f"{file} is not a Parquet file (it does not begin with PAR1)")


def _folder(place: Path, table: Table | None, only: Mapping[str, str]) -> Dataset:
    """Find the Parquet files of a folder and its hive folders, without entries that begin with a dot or an underscore."""
    files = sorted(_parquet_files(place))
    if not files:
        others = sorted(entry.name for entry in place.iterdir())
        content = f"it holds {', '.join(others[:10])}" if others else "it is empty"
        raise MissingUpstream(f"{place}: has no Delta log and no Parquet file in it; {content}")
    values = {file: read_folder_values(file.relative_to(place)) for file in files}
    layouts = {tuple(of_file) for of_file in values.values()}
    if len(layouts) > 1:
        ways = join_words(sorted("/".join(layout) or "no folder" for layout in layouts))
        raise CouldNotRun(f"{place}: its files are partitioned in different ways: by {ways}")
    (names,) = layouts
    _check_twins(place, names, files[0])
    selected = [file for file in files if all(values[file].get(name, value) == value for name, value in only.items())]
    types = {name: _hive_type(name, table, (of_file[name] for of_file in values.values())) for name in names}
    in_words: dict[Path, dict[str, str | None]] = {
        file: {name: None if value == NULL_FOLDER else value for name, value in values[file].items()}
        for file in selected
    }
    alike = is_read_alike({str(file.relative_to(place)): of_file for file, of_file in in_words.items()}, types)
    return Dataset(
        files=tuple(str(file.absolute()) for file in selected),
        partitions=types,
        partition_values={}
        if not types or alike
        else {str(file.absolute()): tuple(of_file.values()) for file, of_file in in_words.items()},
        columns=() if table is None or selected else tuple(get_physical_types(table).items()),
    )


def _check_twins(place: Path, folders: tuple[str, ...], file: Path) -> None:
    """Refuse a folder `NAME=..` of files with a column `name`: which of both is meant, engines decide in different ways."""
    if not folders:
        return
    import pyarrow.parquet as pq  # noqa: PLC0415 - see above

    try:
        columns = pq.read_schema(file).names
    except (OSError, ValueError):
        return  # the engine says why it cannot read the file
    by_letters = {name.casefold(): name for name in columns}
    twins = [(name, by_letters[name.casefold()]) for name in folders if name.casefold() in by_letters]
    if different := [f"{name}= and {twin}" for name, twin in twins if name != twin]:
        raise CouldNotRun(
            f"{place}: a folder and a column of its files have names that differ in letter case only: "
            f"{join_words(different)}; rename one of both"
        )


def _parquet_files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as scanned:
        entries = list(scanned)
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            _raise_for_inner_table(Path(entry.path))
            yield from _parquet_files(Path(entry.path))
        elif entry.name.endswith((".parquet", ".parq")):
            yield Path(entry.path)


def _raise_for_inner_table(folder: Path) -> None:
    table = find_lakehouse_table(folder)
    if table and table.root == folder.absolute():
        raise InvalidInput(
            f"{folder} is a {table.format} table inside a folder of Parquet files; give the path of the table itself"
        )


def _hive_type(name: str, table: Table | None, values: Iterable[str]) -> str:
    if table is not None and name in table.column_names:
        return get_physical_types(table)[name]
    texts = [value for value in values if value != NULL_FOLDER]
    return "bigint" if texts and all(map(_is_number, texts)) else "string"


def _is_number(value: str) -> bool:
    """Whether a text is a whole number; `01` is a code."""
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value) is not None


def _explain_missing_day(place: Path, table: Table, only: Mapping[str, str]) -> str:
    (column, value), *_ = only.items()
    days = sorted({read_folder_values(Path(file)).get(column, "") for file in _snapshot(place, table, {}).files})
    some = ", ".join(days) if len(days) < 6 else f"{len(days)} days from {days[0]} to {days[-1]}"
    return f"{table.qualified_name}: there is no {column}={value} in {place}; it has {some or 'no partition at all'}"
