"""The exceptions of martgate, as one tree.

MartgateError
├── InvalidInput          the contract, configuration or arguments cannot be used; nothing was run   (exit 2)
└── CouldNotRun           the input is valid, but I/O, an engine or an upstream failed               (exit 3)
    ├── QueryFailed       an engine could not run a statement
    ├── MissingUpstream   an upstream, or its partition for the day, does not exist
    └── PublishConflict   other writers committed to the table first, every time

A refused publish (exit 1) is a value, never an exception: see `martgate.gate.decision`.
"""

from dataclasses import dataclass

from martgate.credentials import hide_credentials

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
    """One error in a file: what was found, what was expected, and what to do.

    Attributes:
        file: The file, as the user typed its path; empty where there is none.
        line: The line, from 1; 0 for the whole file.
        column: The column, from 1; 0 for the whole line.
        path: The address inside the document, as in `schema[0].properties[3].logicalType`.
        message: What was found and expected.
        hint: What to do; may be empty.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        for field in ("file", "message", "hint"):
            object.__setattr__(self, field, hide_credentials(getattr(self, field)))

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
        subject = f"{self.path}: " if self.path else ""
        return f"{place}: {subject}{self.message}" + (f" ({self.hint})" if self.hint else "")


class MartgateError(Exception):
    """Base class of all errors. The text has no personal data and no credentials."""

    def __init__(self, *texts: str) -> None:
        super().__init__(*map(hide_credentials, texts))


class InvalidInput(MartgateError):
    """A contract, a configuration or an argument cannot be used.

    Attributes:
        problems: Every problem found in it; a text becomes a problem without a file.
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(file="", message=p) for p in problems)
        super().__init__("\n".join(str(p).removeprefix(": ") for p in self.problems))


class CouldNotRun(MartgateError):
    """I/O, an engine, an upstream or a conflict prevented the run; a retry may succeed."""


class QueryFailed(CouldNotRun):
    """An engine could not run a statement."""


class MissingUpstream(CouldNotRun):
    """An upstream table, or its partition for the day, does not exist."""


class PublishConflict(CouldNotRun):
    """Other writers committed first in every attempt to publish."""
