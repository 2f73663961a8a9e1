"""Scalars of YAML 1.2, where `NO`, `on` and `1:30` are text.

This is the core schema of YAML 1.2.2, section 10.3, with one difference: a number with a leading zero (`012`, `007.5`)
is text. YAML 1.1 reads it as octal, 1.2 as decimal, JSON rejects it; in contracts it is nearly always a code.
"""

import re

from martgate.text.numbers import read_number

__all__ = ["CORE_TAGS", "MalformedScalar", "resolve_scalar"]

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
DIGITS = 100
"""The longest number; Python itself reads no more than 4,300 digits of an integer."""

CORE = "tag:yaml.org,2002:"
CORE_TAGS = frozenset({f"{CORE}{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")})

Scalar = str | int | float | bool | None


class MalformedScalar(ValueError):
    """A scalar has no usable value; the message says what was found and what to write."""


def resolve_scalar(text: str, *, plain: bool, tag: str | None = None) -> Scalar:
    """Return the value of a scalar.

    Args:
        text: The text of the scalar.
        plain: Whether it is written without quotes.
        tag: Its tag, if it has one.

    Raises:
        MalformedScalar: The number is not finite or too long, or contradicts the tag.

    >>> [resolve_scalar(word, plain=True) for word in ("NO", "on", "1:30", "012", "2024-01-01", "1e3", "~", "true", "0x1F")]
    ['NO', 'on', '1:30', '012', '2024-01-01', 1000.0, None, True, 31]
    """
    if tag is not None and tag not in {"!", f"{CORE}str"}:
        return _tagged(text, tag)
    return _plain(text) if plain and tag is None else text


def _plain(text: str) -> Scalar:
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    # A number starts with one of these characters; most words do not.
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> str | int | float:
    if INTEGER.fullmatch(text) or OCTAL.fullmatch(text) or HEXADECIMAL.fullmatch(text):
        if len(text) > DIGITS:
            raise MalformedScalar(f"a number of {len(text)} digits; put it in quotes if it is text")
        return int(text, 0)
    if NOT_FINITE.fullmatch(text):
        raise MalformedScalar(f"{text[:DIGITS]} is not a finite number; put it in quotes if it is text")
    if not FLOAT.fullmatch(text):
        return text
    if len(text) > DIGITS:
        raise MalformedScalar(f"a number of {len(text)} digits; put it in quotes if it is text")
    try:
        return read_number(text)
    except OverflowError:
        problem = "is too near to 0" if float(text) == 0 else "is not a finite number"
        raise MalformedScalar(f"{text} {problem}; put it in quotes if it is text") from None


def _tagged(text: str, tag: str) -> Scalar:
    value = _plain(text)
    name = tag.removeprefix(CORE)
    fits = {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "null": value is None,
    }
    if not fits.get(name, False):
        raise MalformedScalar(f"{text[:DIGITS]!r} is tagged !!{name}, but is not one")
    return float(value) if name == "float" and isinstance(value, int) else value
