"""Hints in error messages: the nearest known name, and values in a form that is safe to show."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

__all__ = ["clip", "describe_type", "did_you_mean"]

_MAX_NAMES = 12
_MAX_WIDTH = 60
_MAX_CANDIDATES = 1_000


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint for an unknown word: the nearest known word, else the known words, else nothing.

    >>> did_you_mean("strng", ["string", "date"])
    "Did you mean 'string'?"
    >>> did_you_mean("xyz", ["string", "date"])
    'known: date, string'
    """
    folded = {name.casefold(): name for name in sorted(known)}
    if len(folded) > _MAX_CANDIDATES:
        return ""  # too slow: a document may have as many mistakes as there are names
    near = get_close_matches(word[:_MAX_WIDTH].casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {clip(folded[near[0]])}?"
    names = sorted(folded.values())
    if not names:
        return ""
    return f"known: {', '.join(names[:_MAX_NAMES])}" + (
        f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    )


def clip(value: object) -> str:
    """Format a value for a message: text is quoted and escaped, on one line, and cut at 60 characters.

    >>> clip("a" + chr(10)) == "'a" + chr(92) + "n'", clip(True), clip(None), clip(1.5), clip([1])
    (True, 'true', 'null', '1.5', 'a list')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping | list):
        return describe_type(value)
    text = repr(value[: _MAX_WIDTH * 2] if isinstance(value, str) else value)
    return text if len(text) <= _MAX_WIDTH else f"{text[: _MAX_WIDTH - 3]}..."


def describe_type(value: object) -> str:
    """Name the type of a YAML value.

    >>> describe_type({}), describe_type([]), describe_type("x"), describe_type(True), describe_type(1), describe_type(None)
    ('a mapping', 'a list', 'text', 'a boolean', 'a number', 'nothing')
    """
    match value:
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return "text"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case _:
            return "nothing"
