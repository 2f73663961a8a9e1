"""Where an engine spills what does not fit into memory."""

import tempfile
from pathlib import Path

from martgate.errors import InvalidInput

__all__ = ["SpillFolder", "spill_folder"]

_TRIES = 5
"""Another engine may remove a folder that both of them use between making it and making one in it."""


class SpillFolder(tempfile.TemporaryDirectory[str]):
    """A temporary folder that is removed in the end, with those folders above it that were made for it and are empty."""

    def __init__(self, within: Path | None) -> None:
        above = (within, *within.parents) if within else ()
        self._made_above = [folder for folder in above if not folder.exists()]
        if within:
            within.mkdir(parents=True, exist_ok=True)
        super().__init__(prefix="martgate-spill-", dir=within)

    def cleanup(self) -> None:
        super().cleanup()
        for folder in self._made_above:
            try:
                folder.rmdir()
            except OSError:  # something else lies in it, or somebody else removed it
                return


def spill_folder(within: Path | None) -> SpillFolder:
    """Make a folder of an engine's own.

    Args:
        within: where it is made, in a folder that need not be there; the system's temporary folder where None.

    Raises:
        martgate.errors.InvalidInput: it cannot be made there.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            return SpillFolder(within)
        except OSError as error:
            if not (tries_left and isinstance(error, FileNotFoundError)):
                raise InvalidInput(f"no temporary folder in {within}: {error.strerror}") from error
    raise AssertionError("the last try returns or raises")
