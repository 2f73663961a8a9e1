"""Every way the product says no, as one tree.

MartgateError
├── InvalidInput        the contract, configuration or arguments cannot be used; nothing was run      (exit 2)
└── CouldNotRun     everything was understood, and the world did not play along                   (exit 3)
    ├── QueryFailed       an engine refused or broke on one statement
    ├── MissingUpstream   an input, or its partition for the day, is not there
    └── PublishConflict   other writers kept winning the race for the table

A refused publish (exit 1) is a value, never an exception: see `martgate.gate.decision`.
"""

from dataclasses import dataclass

__all__ = [
    "CouldNotRun",
    "InvalidInput",
    "MartgateError",
    "MissingUpstream",
    "Problem",
    "PublishConflict",
    "QueryFailed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in one place: what was found and expected there, and what to do about it.

    `line` and `column` count from 1; 0 means that the whole file is meant. `path` is the address inside the
    document, as in `schema[0].properties[3].logicalType`.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
        subject = f"{self.path}: " if self.path else ""
        return f"{place}: {subject}{self.message}" + (f" ({self.hint})" if self.hint else "")


class MartgateError(Exception):
    """The root; its text is safe to show: no personal data, no control characters."""


class InvalidInput(MartgateError):
    """A contract, a configuration or an argument that cannot be used, with every problem found in it."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(file="", message=p) for p in problems)
        super().__init__("\n".join(str(p).removeprefix(": ") for p in self.problems))


class CouldNotRun(MartgateError):
    """I/O, an engine, an upstream or a conflict stood in the way; trying again may help."""


class QueryFailed(CouldNotRun):
    """An engine could not run a statement."""


class MissingUpstream(CouldNotRun):
    """An input table, or its partition for the day, is not there."""


class PublishConflict(CouldNotRun):
    """The commit lost its race more often than it was worth retrying."""
