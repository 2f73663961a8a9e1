"""Pins the files that a run reads, so that it can tell whether they were the same ones from its check to its end."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from martgate.builders.ports import CatalogTable, Dataset
from martgate.errors import CouldNotRun
from martgate.gate.basis import InputPin
from martgate.stores.files import compute_file_digest

__all__ = ["FileWatch", "PinnedInput", "pin_input", "watch_files"]

_TICK = 1_000_000_000
"""Nanoseconds in which two writes to a file may leave the same times; file systems differ."""


@dataclass(frozen=True, slots=True)
class FileWatch:
    """The state of files at an instant, by which a write since is noticed, even one that was undone.

    A file that takes the place of another one has another inode, and a write or a rename sets the time of the last change,
    which only the system sets. Whether bytes that were put back were also read meanwhile, nobody knows.

    Attributes:
        states: size, time of the last write, time of the last change and inode, by file.
        digests: the digests of the newest files, whose times may not show another write of the same instant.
    """

    states: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def find_changes(self) -> Iterator[tuple[Path, str]]:
        """Find each file that was touched since, with what happened to it."""
        for name, state in self.states.items():
            file = Path(name)
            try:
                if _read_state(file) != state or self.digests.get(name, "") not in ("", compute_file_digest(file)):
                    yield file, "was changed or replaced"
            except OSError:
                yield file, "is gone"


@dataclass(frozen=True, slots=True)
class PinnedInput:
    """An input, its source, and the state of its files."""

    pin: InputPin
    source: Dataset | CatalogTable
    watch: FileWatch

    def find_changes(self) -> Iterator[str]:
        """Describe each file that is not as it was, one sentence a file."""
        return (f"{self.pin.table}: {file} {change}" for file, change in self.watch.find_changes())


def watch_files(source: Dataset | CatalogTable) -> FileWatch:
    """Watch the files of a source. A table of a catalog has none: its version is what is read.

    Raises:
        martgate.errors.CouldNotRun: a file cannot be read.
    """
    return FileWatch() if isinstance(source, CatalogTable) else _watch(source.files)


def pin_input(table: str, source: Dataset | CatalogTable) -> PinnedInput:
    """Pin an input.

    Loose files are read once for their digests. The files of a Delta table never change, so that their names and sizes,
    and the version of the table, say which rows they have.

    Args:
        table: the qualified name of the table.
        source: the files, or the table of a catalog, of which the version is all that is known.

    Raises:
        martgate.errors.CouldNotRun: a file cannot be read.
    """
    if isinstance(source, CatalogTable):
        return PinnedInput(InputPin(table=table, version=source.version), source, FileWatch())
    watch = _watch(source.files, table)  # before the digests, so that a write between both is noticed
    try:
        digests = {} if source.version is not None else {name: compute_file_digest(Path(name)) for name in watch.states}
    except OSError as error:
        raise CouldNotRun(f"{table}: {error.filename}: {error.strerror}") from error
    size = sum(state[0] for state in watch.states.values())
    whole = hashlib.sha256()
    for name, state in sorted(watch.states.items()):
        whole.update(f"{Path(name).name}\0{digests.get(name) or state[0]}\n".encode())
    pin = InputPin(table=table, version=source.version, files=len(watch.states), bytes=size, digest=whole.hexdigest())
    last = max((state[2] for state in watch.states.values()), default=0)  # the newest time that their own system gave
    fresh = {name: digest for name, digest in digests.items() if last - watch.states[name][2] < _TICK}
    return PinnedInput(pin, source, FileWatch(watch.states, fresh))


def _watch(files: Iterable[str], table: str = "") -> FileWatch:
    try:
        return FileWatch({name: _read_state(Path(name)) for name in files})
    except OSError as error:
        where = f"{table}: {error.filename}" if table else error.filename
        raise CouldNotRun(f"{where}: {error.strerror}") from error


def _read_state(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
