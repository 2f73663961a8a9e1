"""Python source as text: values spelled so that they cannot become code, calls laid out as a formatter would leave them.

A piece of source is a text, or a `Call` (anything in brackets); `laid_out` decides which calls fit on one line.
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
"""The line length that formatters start from."""

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Call:
    """Items in brackets: `head` ends in the opening bracket, `close` starts with the closing one."""

    head: str
    items: "tuple[Source, ...]"
    close: str = ")"


Source = str | Call


def format_source(source: Source, indent: int = 0) -> str:
    r"""The source, on one line where it fits, else one item a line.

    >>> print(format_source(Call("f(", (text_literal("a"), Call("[", ("1", "2"), "]")))))
    f("a", [1, 2])
    >>> format_source(Call("f(", ("a" * 80, "b" * 20))).count("\n")
    3
    """
    if isinstance(source, str):
        return source
    flat = _flat(source)
    # One more than the line, since whatever stands on a line of its own is followed by a comma.
    if _width(flat) + indent < WIDTH or not source.items:
        return flat
    inner = indent + 4
    lines = "".join(f"{' ' * inner}{format_source(item, inner)},\n" for item in source.items)
    return f"{source.head}\n{lines}{' ' * indent}{source.close}"


def _width(line: str) -> int:
    """Columns on a screen; ideographs and Hangul take two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def _flat(source: Source) -> str:
    if isinstance(source, str):
        return source
    return f"{source.head}{', '.join(map(_flat, source.items))}{source.close}"


def format_module(head: Iterable[str], imports: Iterable[str], body: Iterable[Source]) -> str:
    """A whole file: comment lines, imports, and statements with a blank line between them."""
    statements = "\n\n".join(format_source(statement) for statement in body)
    return "\n".join([*head, *imports, "", statements]) + "\n"


def bind_name(name: str, source: Source) -> Source:
    """An argument by keyword, or an assignment where `name` ends in ` `."""
    sign = f"{name}= " if name.endswith(" ") else f"{name}="
    return sign + source if isinstance(source, str) else Call(sign + source.head, source.items, source.close)


def dict_entry(key: str, source: Source) -> Source:
    """An entry of a dict."""
    head = f"{text_literal(key)}: "
    return head + source if isinstance(source, str) else Call(head + source.head, source.items, source.close)


def list_literal(values: "tuple[object, ...]") -> Call:
    return Call("[", tuple(literal(one) for one in values), "]")


def literal(found: object) -> str:
    """A number, text, boolean, date, instant or decimal as an expression; dates need `import datetime as dt`.

    >>> literal(date(2024, 1, 31)), literal(True), literal(0.5), literal(Decimal("1.50"))
    ('dt.date(2024, 1, 31)', 'True', '0.5', 'decimal.Decimal("1.50")')
    """
    match found:
        case str():
            return text_literal(found)
        case datetime():
            parts = [found.year, found.month, found.day, found.hour, found.minute, found.second, found.microsecond]
            while len(parts) > 3 and parts[-1] == 0:
                parts.pop()
            zone = ["tzinfo=dt.timezone.utc"] if found.tzinfo else []
            return f"dt.datetime({', '.join([*map(str, parts), *zone])})"
        case date():
            return f"dt.date({found.year}, {found.month}, {found.day})"
        case Decimal():
            return f"decimal.Decimal({text_literal(str(found))})"
        case bool() | int() | float() | None:
            return repr(found)
        case _:
            raise TypeError(f"no literal for {type(found).__name__}")


def text_literal(found: str) -> str:
    r"""A text literal: printable characters as they are, every other one escaped, so that nothing hides in it.

    >>> print(text_literal('say "hi"' + chr(10)), text_literal(chr(0x202E)))
    'say "hi"\n' "\u202e"
    """
    quote = "'" if found.count('"') > found.count("'") else '"'
    return quote + "".join(f"\\{quote}" if char == quote else _escaped(char) for char in found) + quote


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x1_0000 else f"\\U{point:08x}"


def comment(sentence: str, mark: str = "#") -> str:
    """One comment line, whatever the sentence holds."""
    return f"{mark} " + "".join(char if char.isprintable() else " " for char in sentence).strip()


def to_identifier(name: str) -> str:
    """A name as an identifier.

    >>> to_identifier("orders"), to_identifier("2024-sales"), to_identifier("class")
    ('orders', 'table_2024_sales', 'class_')
    """

    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in name)
    if not plain[:1].isalpha():
        plain = f"table_{plain}"
    return f"{plain}_" if iskeyword(plain) else plain
