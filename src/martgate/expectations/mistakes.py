"""The mistakes found on the way from a contract to its rules: all of them are kept, none stops the reading."""

import sys
from dataclasses import dataclass, field

from martgate.errors import Problem
from martgate.text import regex

__all__ = ["MistakeCollector", "Mistake", "is_finite", "read_pattern"]


class Mistake(ValueError):
    """What is wrong in one place, with what to do about it; `key` is where, below the place being read."""

    def __init__(self, message: str, hint: str = "", *, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.key = key


@dataclass(slots=True)
class MistakeCollector:
    """Problems of one file, in the order in which they were met."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, mistake: Mistake) -> None:
        joint = "." if mistake.key and not mistake.key.startswith("[") else ""
        place = f"{path}{joint}{mistake.key}"
        problem = Problem(file=self.file, path=place, message=mistake.message, hint=mistake.hint)
        if problem not in self.problems:
            self.problems.append(problem)


def is_finite(value: str | float) -> bool:
    """Whether a value is one that JSON and every engine can hold: no infinity, no NaN."""
    return isinstance(value, str) or abs(value) <= sys.float_info.max


def read_pattern(value: object, *, key: str = "") -> str:
    """A value of a contract as a regular expression that every engine can run.

    Args:
        value: what the contract has in the place of a pattern.
        key: where that place is, below the one being read.

    Raises:
        Mistake: it is none; the message is that of `martgate.text.regex`.
    """
    try:
        return regex.read_pattern(value)
    except regex.PatternError as error:
        raise Mistake(error.message, error.hint, key=key) from None
