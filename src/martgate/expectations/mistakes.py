"""Mistakes in a contract that keep it from becoming rules, collected so that all of a file are reported at once."""

import sys
from dataclasses import dataclass, field

from martgate.errors import Problem
from martgate.text import regex

__all__ = ["Mistake", "MistakeCollector", "is_finite", "read_pattern"]


class Mistake(ValueError):
    """What is wrong at one address of a contract.

    Attributes:
        message: what was found and what was expected.
        hint: what to do; empty where the message says it.
        key: the address, relative to what is being read.
    """

    def __init__(self, message: str, hint: str = "", *, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.key = key


@dataclass(slots=True)
class MistakeCollector:
    """Collects the problems of one file, in the order in which they are found.

    Attributes:
        file: the file of the contract.
        problems: each problem once.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, mistake: Mistake) -> None:
        """Add a mistake; its key is relative to `path`."""
        joint = "." if mistake.key and not mistake.key.startswith("[") else ""
        address = f"{path}{joint}{mistake.key}"
        problem = Problem(file=self.file, path=address, message=mistake.message, hint=mistake.hint)
        if problem not in self.problems:
            self.problems.append(problem)


def is_finite(value: str | float) -> bool:
    """Tell whether JSON and every engine can hold a value: it is neither infinite nor NaN."""
    return isinstance(value, str) or abs(value) <= sys.float_info.max


def read_pattern(value: object, *, key: str = "") -> str:
    """Read a regular expression that every engine can run.

    Args:
        value: the value that a contract has for a pattern.
        key: its address, relative to what is being read.

    Raises:
        Mistake: the value is no such pattern; the message is that of `martgate.text.regex`.
    """
    try:
        return regex.read_pattern(value)
    except regex.PatternError as error:
        raise Mistake(error.message, error.hint, key=key) from None
