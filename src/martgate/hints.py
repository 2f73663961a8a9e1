"""Small sentences that help after a mistake."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

__all__ = ["clip", "describe_type", "did_you_mean"]

SHOWN = 12
WIDTH = 60
MOST_KNOWN = 1_000


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else the known words, else nothing.

    >>> did_you_mean("strng", ["string", "date"])
    "Did you mean 'string'?"
    >>> did_you_mean("xyz", ["string", "date"])
    'known: date, string'
    """
    folded = {name.casefold(): name for name in sorted(known)}
    if len(folded) > MOST_KNOWN:
        return ""  # the nearest of very many takes long to find, for each of very many mistakes
    near = get_close_matches(word[:WIDTH].casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {clip(folded[near[0]])}?"
    names = sorted(folded.values())
    if not names:
        return ""
    return f"known: {', '.join(names[:SHOWN])}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def clip(value: object) -> str:
    """A value as it may be shown: quoted where it is text, escaped, on one line, never long.

    >>> clip("a" + chr(10)) == "'a" + chr(92) + "n'", clip(True), clip(None), clip(1.5), clip([1])
    (True, 'true', 'null', '1.5', 'a list')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping | list):
        return describe_type(value)
    text = repr(value[: WIDTH * 2] if isinstance(value, str) else value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def describe_type(value: object) -> str:
    """What a YAML value is, in a reader's words.

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
