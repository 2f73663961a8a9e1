"""Reads `logicalTypeOptions.format` as a check."""

import re

from martgate.contracts.model import Column
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.mistakes import Mistake
from martgate.text.quoting import identifier, is_text

__all__ = ["PROSE_FORMATS", "read_format"]

PROSE_FORMATS = frozenset({"password", "binary", "i128", "u128", "f32", "f64"})
"""Formats that say how a value is shown, stored or sent, and not which values are valid."""

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_TEXTS = {
    "email": r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+",
    "hostname": r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "ipv4": rf"{_BYTE}(\.{_BYTE}){{3}}",
    "ipv6": r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]+(:[0-9.]+)?|::",
    "byte": r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    "date": r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "time": r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    "date-time": r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?",
}
_WIDTHS = {name: (name[0] == "i", int(name[1:])) for name in ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")}
_JAVA_DATE = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>.)", re.DOTALL)
_DATE_LETTERS = {
    "y": "[0-9]{%d}",
    "u": "[0-9]{%d}",
    "S": "[0-9]{%d}",
    "M": "(0[1-9]|1[0-2])",
    "d": "(0[1-9]|[12][0-9]|3[01])",
    "H": "([01][0-9]|2[0-3])",
    "m": "[0-5][0-9]",
    "s": "[0-5][0-9]",
}


def read_format(column: Column, name: object, kind: str) -> Check | None:
    """Read a format.

    Args:
        column: the column that has the format.
        name: the value of `format`.
        kind: the column's type, in Spark's spelling.

    Returns:
        The check; None where the format only describes.

    Raises:
        Mistake: the format cannot be checked.
    """
    if not isinstance(name, str):
        raise Mistake("expected a text", key="format")
    if name in PROSE_FORMATS:
        return None
    if column.logical_type in ("integer", "number"):
        return _integer_check(column, name)
    if column.logical_type in ("date", "timestamp", "time"):
        return Pattern(column.name, f"^{_date_pattern(name)}$") if is_text(kind) else None
    if name in _TEXTS:
        return Pattern(column.name, f"^(?:{_TEXTS[name]})$")
    raise Mistake(
        f"format {name!r} cannot be checked", f"known are {', '.join(sorted(_TEXTS))}; or use pattern", key="format"
    )


def _integer_check(column: Column, name: str) -> Check:
    if name not in _WIDTHS:
        raise Mistake(f"format {name!r} cannot be checked", f"known are {', '.join(sorted(_WIDTHS))}", key="format")
    signed, bits = _WIDTHS[name]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return Holds(f"{identifier(column.name)} BETWEEN {low} AND {high}", null_passes=True)


def _date_pattern(java: str) -> str:
    """A DateTimeFormatter pattern such as yyyy-MM-dd as a regular expression."""
    parts = []
    for token in _JAVA_DATE.finditer(java):
        letter, letters = token["letter"], token["letters"] or ""
        if letter and (letter not in _DATE_LETTERS or (letter not in "yuS" and len(letters) != 2)):
            raise Mistake(f"format {java!r} cannot be checked: {letters!r} has no fixed width", key="format")
        if letter:
            shape = _DATE_LETTERS[letter]
            parts.append(shape % len(letters) if "%d" in shape else shape)
        else:
            literal = token["other"] if token["quoted"] is None else token["quoted"] or "'"
            parts.append(re.sub(r"([\^$\\.*+?()\[\]{}|])", r"\\\1", literal))
    return "".join(parts)
