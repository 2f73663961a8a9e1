"""Reads `logicalTypeOptions.format` as a check."""

import re
from collections import Counter

from martgate.contracts.model import Column
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.mistakes import Mistake
from martgate.text.quoting import identifier, is_text

__all__ = ["PROSE_FORMATS", "read_format"]

PROSE_FORMATS = frozenset({"password", "binary", "i128", "u128", "f32", "f64"})
"""Formats that say how a value is shown, stored or sent, and not which values are valid."""

_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP_PAIR = "([02468][048]|[13579][26])"
_DAYS = (
    {"Y": _YEAR, "y": "[0-9]{2}", "M": "(0[13578]|1[02])", "D": "(0[1-9]|[12][0-9]|3[01])"},
    {"Y": _YEAR, "y": "[0-9]{2}", "M": "(0[469]|11)", "D": "(0[1-9]|[12][0-9]|30)"},
    {"Y": _YEAR, "y": "[0-9]{2}", "M": "02", "D": "(0[1-9]|1[0-9]|2[0-8])"},
    {
        "Y": "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)",
        "y": _LEAP_PAIR,
        "M": "02",
        "D": "29",
    },
)
"""Year, year of two digits, month and day of months of 31, 30 and 28 days, and of leap days.

There is no year 0. Of two digits, a year that is no multiple of 4 has no leap day in any century; 00 is 2000.
"""


def _with_days(pattern: str) -> str:
    """Replace `<Y>`, `<y>`, `<M>` and `<D>` in a regular expression, so that together they match days that exist."""
    return "|".join(re.sub("<([YyMD])>", lambda found, day=day: day[found[1]], pattern) for day in _DAYS)  # type: ignore[misc]


_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_GROUP = "[0-9A-Fa-f]{1,4}"
_IPV4 = rf"{_BYTE}(\.{_BYTE}){{3}}"
_IPV6 = "|".join(
    [
        rf"({_GROUP}:){{7}}{_GROUP}",
        *(rf"({_GROUP}:){{{left}}}(:{_GROUP}){{1,{7 - left}}}" for left in range(1, 7)),
        rf"({_GROUP}:){{1,7}}:",
        rf":((:{_GROUP}){{1,7}}|:)",
        rf"({_GROUP}:){{6}}{_IPV4}",
        *(rf"({_GROUP}:){{{left}}}:({_GROUP}:){{0,{5 - left}}}{_IPV4}" for left in range(1, 6)),
        rf"::({_GROUP}:){{0,5}}{_IPV4}",
    ]
)
"""Eight groups, or fewer beside one `::`; an IPv4 address can stand for the last two."""

_OFFSET = "[+-]((0[0-9]|1[0-7]):[0-5][0-9]|18:00)"
"""Engines read no offset beyond 18 hours, and no zone has one."""

_ATOM = r"""[^\s@.()<>\[\]:;\\,"]+"""
_LABEL = r"""[^\s@.()<>\[\]:;\\,"-]([^\s@.()<>\[\]:;\\,"]{0,61}[^\s@.()<>\[\]:;\\,"-])?"""
_TIME = rf"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|{_OFFSET})?"
_TEXTS = {
    "email": rf"""({_ATOM}(\.{_ATOM})*|"[^"\\\s]+")@{_LABEL}(\.{_LABEL})+""",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "uri": r"""[A-Za-z][A-Za-z0-9+.-]*:([^\s<>"{}|\\^`%]|%[0-9A-Fa-f]{2})+""",
    "hostname": r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "byte": r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    "date": _with_days("<Y>-<M>-<D>"),
    "time": _TIME,
    "date-time": _with_days(f"<Y>-<M>-<D>[Tt ]{_TIME}"),
}
_WIDTHS = {name: (name[0] == "i", int(name[1:])) for name in ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")}
_JAVA_DATE = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>.)", re.DOTALL)
_YEARS = {"yyyy": "<Y>", "uuuu": "<Y>", "yy": "<y>", "uu": "<y>"}
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
        return Pattern(column.name, f"^(?:{_date_pattern(name)})$") if is_text(kind) else None
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
    written = Counter(token["letters"] for token in _JAVA_DATE.finditer(java))
    has_day = written["MM"] == written["dd"] == 1
    days = {"MM": "<M>", "dd": "<D>"} if has_day else {}
    if has_day and sum(count for letters, count in written.items() if letters and letters[0] in "yu") == 1:
        days |= _YEARS
    for token in _JAVA_DATE.finditer(java):
        letter, letters = token["letter"], token["letters"] or ""
        if letter and (letter not in _DATE_LETTERS or (letter not in "yuS" and len(letters) != 2)):
            raise Mistake(f"format {java!r} cannot be checked: {letters!r} has no fixed width", key="format")
        if letters in days:
            parts.append(days[letters])
        elif letters in ("yyyy", "uuuu"):
            parts.append(_YEAR)
        elif letter:
            shape = _DATE_LETTERS[letter]
            parts.append(shape % len(letters) if "%d" in shape else shape)
        else:
            literal = token["other"] if token["quoted"] is None else token["quoted"] or "'"
            parts.append(re.sub(r"([\^$\\.*+?()\[\]{}|])", r"\\\1", literal))
    return _with_days("".join(parts)) if has_day else "".join(parts)
