"""Writes Python source: values as literals that cannot become code, calls formatted as by a formatter.

A piece of source is a text, or a `Call` (anything in brackets); `format_source` decides which calls fit on one line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from keyword import iskeyword
from unicodedata import east_asian_width

__all__ = [
    "Call",
    "Source",
    "bind_name",
    "comment",
    "dict_entry",
    "format_module",
    "format_source",
    "list_literal",
    "literal",
    "text_literal",
    "to_identifier",
]

WIDTH = 88
"""The default line length of formatters."""

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Call:
    """Items in brackets.

    Attributes:
        head: The text before the items, with the opening bracket.
        items: The items.
        close: The text after the items, with the closing bracket.
    """

    head: str
    items: "tuple[Source, ...]"
    close: str = ")"


Source = str | Call


def format_source(source: Source, indent: int = 0) -> str:
    r"""Format source on one line where it fits, else with one item a line.

    >>> print(format_source(Call("f(", (text_literal("a"), Call("[", ("1", "2"), "]")))))
    f("a", [1, 2])
    >>> format_source(Call("f(", ("a" * 80, "b" * 20))).count("\n")
    3
    """
    if isinstance(source, str):
        return source
    flat = _flat(source)
    # `<` leaves room for the comma after an item that is on a line of its own.
    if _width(flat) + indent < WIDTH or not source.items:
        return flat
    inner = indent + 4
    lines = "".join(f"{' ' * inner}{format_source(item, inner)},\n" for item in source.items)
    return f"{source.head}\n{lines}{' ' * indent}{source.close}"


def _width(line: str) -> int:
    """Return the width on a screen; ideographs and Hangul take two columns."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def _flat(source: Source) -> str:
    if isinstance(source, str):
        return source
    return f"{source.head}{', '.join(map(_flat, source.items))}{source.close}"


def format_module(head: Iterable[str], imports: Iterable[str], body: Iterable[Source]) -> str:
    """Format a file: comment lines, imports, and statements with a blank line between them."""
    statements = "\n\n".join(format_source(statement) for statement in body)
    return "\n".join([*head, *imports, "", statements]) + "\n"


def bind_name(name: str, source: Source) -> Source:
    """Return a keyword argument, or an assignment if `name` ends in a space."""
    sign = f"{name}= " if name.endswith(" ") else f"{name}="
    return sign + source if isinstance(source, str) else Call(sign + source.head, source.items, source.close)


def dict_entry(key: str, source: Source) -> Source:
    """Return an entry of a dict."""
    head = f"{text_literal(key)}: "
    return head + source if isinstance(source, str) else Call(head + source.head, source.items, source.close)


def list_literal(values: "tuple[object, ...]") -> Call:
    """Return a list of literals."""
    return Call("[", tuple(literal(one) for one in values), "]")


def literal(value: object) -> str:
    """Write a number, text, boolean, date, instant or decimal as an expression; dates need `import datetime as dt`.

    >>> literal(date(2024, 1, 31)), literal(True), literal(0.5), literal(Decimal("1.50"))
    ('dt.date(2024, 1, 31)', 'True', '0.5', 'decimal.Decimal("1.50")')
    """
    match value:
        case str():
            return text_literal(value)
        case datetime():
            parts = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
            while len(parts) > 3 and parts[-1] == 0:
                parts.pop()
            zone = ["tzinfo=dt.timezone.utc"] if value.tzinfo else []
            return f"dt.datetime({', '.join([*map(str, parts), *zone])})"
        case date():
            return f"dt.date({value.year}, {value.month}, {value.day})"
        case Decimal():
            return f"decimal.Decimal({text_literal(str(value))})"
        case bool() | int() | float() | None:
            return repr(value)
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def text_literal(value: str) -> str:
    r"""Write a text literal in which every character that is not printable is escaped.

    >>> print(text_literal('say "hi"' + chr(10)), text_literal(chr(0x202E)))
    'say "hi"\n' "\u202e"
    """
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(f"\\{quote}" if char == quote else _escaped(char) for char in value) + quote


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x1_0000 else f"\\U{point:08x}"


def comment(sentence: str, mark: str = "#") -> str:
    """Write a sentence as one line of comment; characters that are not printable become spaces."""
    return f"{mark} " + "".join(char if char.isprintable() else " " for char in sentence).strip()


def to_identifier(name: str) -> str:
    """Turn a name into an identifier.

    >>> to_identifier("orders"), to_identifier("2024-sales"), to_identifier("class")
    ('orders', 'table_2024_sales', 'class_')
    """

    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in name)
    if not plain[:1].isalpha():
        plain = f"table_{plain}"
    return f"{plain}_" if iskeyword(plain) else plain
