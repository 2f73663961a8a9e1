"""Regular expressions that every engine reads alike."""

import re
import warnings

__all__ = ["matches", "pattern_problem"]

ESCAPES = re.compile(r"\\[^1-9]", re.DOTALL)
LOOKAROUND = re.compile(r"\(\?<?[=!]")
BACKREFERENCE = re.compile(r"\\[1-9]")
UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
# A repeated group can make a backtracking matcher run for ever; such patterns are not tried on enum values.
REPEATED_GROUP = re.compile(r"\)(?:[*+?]|\{)")
LONGEST = 200
MOST_REPEATS = 3


def pattern_problem(pattern: str) -> tuple[str, str] | None:
    """Message and hint where a pattern is none, or is one that engines read differently."""
    error = _compiled(pattern)
    if isinstance(error, str):
        return (
            f"this is no regular expression: {error}",
            "in YAML, write it in single quotes: backslashes stay as they are",
        )
    plain = ESCAPES.sub("", pattern)
    if LOOKAROUND.search(plain):
        return "looks ahead or behind, which not every engine can", "say it without (?= (?! (?<= (?<!"
    if BACKREFERENCE.search(plain):
        return "refers back to a group, which not every engine can", "say it without a back-reference"
    return None


def matches(pattern: str, value: str) -> bool | None:
    """Whether the whole value matches; None where the pattern has a problem, or might take for ever."""
    if pattern_problem(pattern) is not None:
        return None
    repeats = len(UNBOUNDED.findall(pattern))
    if REPEATED_GROUP.search(pattern) or repeats > MOST_REPEATS or len(value) > LONGEST:
        return None
    compiled = _compiled(pattern)
    return None if isinstance(compiled, str) else bool(compiled.fullmatch(value))


def _compiled(pattern: str) -> "re.Pattern[str] | str":
    if len(pattern) > 10 * LONGEST:
        return f"{len(pattern)} characters are too many"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's doubts about its own future syntax are not the author's
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
