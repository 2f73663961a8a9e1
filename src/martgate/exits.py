"""The exit codes of the command line, which schedulers and scripts rely on."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit code of a command."""

    DONE = 0
    """The command succeeded, or the partition was published."""

    REFUSED = 1
    """A rule failed, so nothing was published; a retry without new data fails again."""

    UNUSABLE = 2
    """The contract, the configuration or the arguments cannot be used; nothing was run."""

    COULD_NOT_RUN = 3
    """I/O, an engine, a missing upstream or a conflict prevented the run; a retry may succeed."""
