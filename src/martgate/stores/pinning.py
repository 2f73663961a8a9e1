"""Pins the files of inputs, so that a run can tell whether it read the same ones from its check to its end."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from martgate.builders.ports import CatalogTable, Dataset
from martgate.errors import CouldNotRun
from martgate.gate.basis import InputPin
from martgate.stores.files import compute_file_digest

__all__ = ["PinnedInput", "pin_input"]


@dataclass(frozen=True, slots=True)
class _FileState:
    """What tells that a file is another one, or was written to, without reading it; with the digest of its bytes.

    A file that takes the place of another one has another inode, and a write sets the times, of which the system alone
    sets the second. A file whose state is another one is read again, if its digest is known.
    """

    stat: tuple[int, int, int, int]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PinnedInput:
    """An input, its source, and the state of its files."""

    pin: InputPin
    source: Dataset | CatalogTable
    states: Mapping[str, _FileState]

    def find_changes(self) -> Iterator[str]:
        """Describe each file that is not as it was, one sentence a file."""
        for name, state in self.states.items():
            file = Path(name)
            try:
                if _read_stat(file) == state.stat:
                    continue
                if not state.digest or compute_file_digest(file) != state.digest:
                    yield f"{self.pin.table}: {file} was changed or replaced"
            except OSError:
                yield f"{self.pin.table}: {file} is gone"


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
        return PinnedInput(InputPin(table=table, version=source.version), source, {})
    try:
        states = {
            name: _FileState(
                _read_stat(Path(name)), "" if source.version is not None else compute_file_digest(Path(name))
            )
            for name in source.files
        }
    except OSError as error:
        raise CouldNotRun(f"{table}: {error.filename}: {error.strerror}") from error
    whole = hashlib.sha256()
    for name, state in sorted(states.items()):
        whole.update(f"{Path(name).name}\0{state.digest or state.stat[0]}\n".encode())
    size = sum(state.stat[0] for state in states.values())
    pin = InputPin(table=table, version=source.version, files=len(states), bytes=size, digest=whole.hexdigest())
    return PinnedInput(pin, source, states)


def _read_stat(file: Path) -> tuple[int, int, int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
