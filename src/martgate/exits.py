"""Exit codes, on which schedulers and scripts rely."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """What a command says to the program that called it."""

    DONE = 0
    """Done, kept or published."""

    REFUSED = 1
    """A rule failed, so nothing was published; trying again without changing the data will not help."""

    UNUSABLE = 2
    """The contract, the configuration or the arguments cannot be used; nothing was run."""

    COULD_NOT_RUN = 3
    """I/O, an engine, a missing upstream or a conflict stood in the way; trying again may help."""
