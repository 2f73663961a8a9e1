"""Where an engine spills what does not fit into memory."""

import tempfile
from pathlib import Path

from martgate.errors import InvalidInput

__all__ = ["spill_folder"]


def spill_folder(within: Path | None) -> tempfile.TemporaryDirectory[str]:
    """A folder of an engine's own, to be removed in the end; in the system's temporary folder where None is given.

    Raises:
        martgate.errors.InvalidInput: it cannot be made there.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="martgate-spill-", dir=within)
    except OSError as error:
        raise InvalidInput(f"no temporary folder in {within}: {error.strerror}") from error
