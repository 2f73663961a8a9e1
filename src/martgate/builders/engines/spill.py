"""Temporary folders for data that does not fit into an engine's memory.

A folder is locked as long as its process lives. The next run removes the folders of processes that were killed.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from martgate.errors import InvalidInput

__all__ = ["SpillFolder", "spill_folder"]

_PREFIX = "martgate-spill-"
_TRIES = 5
"""An engine that closes may remove the shared parent folder after this one has created it: try again then."""


class SpillFolder(tempfile.TemporaryDirectory[str]):
    """Temporary folder that only its user may enter, and that removes itself on exit, with the empty parents it created."""

    def __init__(self, within: Path | None) -> None:
        parents = (within, *within.parents) if within else ()
        self._created_parents = [folder for folder in parents if not folder.exists()]
        if within:
            within.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent = _open_folder(within or Path(tempfile.gettempdir()))
        try:
            fcntl.flock(parent, fcntl.LOCK_EX)  # no other run looks at a folder before it is locked
            _remove_abandoned(within or Path(tempfile.gettempdir()))
            super().__init__(prefix=_PREFIX, dir=within)
            self._lock = _open_folder(Path(self.name))
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(parent)

    def cleanup(self) -> None:
        super().cleanup()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        for folder in self._created_parents:
            try:
                folder.rmdir()
            except OSError:  # not empty, or already removed
                return


def spill_folder(within: Path | None) -> SpillFolder:
    """Create a spill folder for one engine, and remove those that killed runs have left there.

    Args:
        within: the parent folder, created if it does not exist; the system's temporary folder if None.

    Raises:
        martgate.errors.InvalidInput: the folder cannot be created.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            return SpillFolder(within)
        except OSError as error:
            if not (tries_left and isinstance(error, FileNotFoundError)):
                raise InvalidInput(f"cannot create a temporary folder in {within}: {error.strerror}") from error
    raise AssertionError("the last try returns or raises")


def _open_folder(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _remove_abandoned(within: Path) -> None:
    """Remove the spill folders of this user that no living process has locked."""
    for folder in within.glob(f"{_PREFIX}*"):
        try:
            opened = _open_folder(folder)
        except OSError:  # of another user, no folder, or already removed
            continue
        try:
            if os.fstat(opened).st_uid == os.getuid():
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its process lives
            continue
        finally:
            os.close(opened)
