"""Temporary folders for data that does not fit into an engine's memory."""

import tempfile
from pathlib import Path

from martgate.errors import InvalidInput

__all__ = ["SpillFolder", "spill_folder"]

_TRIES = 5
"""An engine that closes may remove the shared parent folder after this one has created it: try again then."""


class SpillFolder(tempfile.TemporaryDirectory[str]):
    """Temporary folder that removes itself on exit, with the empty parent folders that it created."""

    def __init__(self, within: Path | None) -> None:
        parents = (within, *within.parents) if within else ()
        self._created_parents = [folder for folder in parents if not folder.exists()]
        if within:
            within.mkdir(parents=True, exist_ok=True)
        super().__init__(prefix="martgate-spill-", dir=within)

    def cleanup(self) -> None:
        super().cleanup()
        for folder in self._created_parents:
            try:
                folder.rmdir()
            except OSError:  # not empty, or already removed
                return


def spill_folder(within: Path | None) -> SpillFolder:
    """Create a spill folder for one engine.

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
