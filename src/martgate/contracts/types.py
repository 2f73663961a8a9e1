"""The names of types in Spark and in every other language that martgate writes.

A contract can use any common name of a type. `canonical_type` returns Spark's name (`bigint`, `decimal(18,2)`,
`array<string>`), by which types are compared; `translate_type` returns the names in the other languages. This module
imports none of the libraries: all names are text.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

from martgate.contracts.type_names import (
    BINARIES,
    DECIMALS,
    FORMS,
    INTEGER_RANGES,
    NOT_JUDGED,
    SCALARS,
    SYNONYMS,
    TEXTS,
    TIMES,
    UNJUDGED_FORMS,
    TypeNames,
    array_type,
    decimal_type,
    map_type,
    struct_type,
)

__all__ = [
    "INTEGER_RANGES",
    "TypeNames",
    "UnjudgedType",
    "canonical_type",
    "default_physical_type",
    "explain_unjudged_form",
    "explain_unjudged_type",
    "read_text_form",
    "read_text_limit",
    "translate_type",
]

_AMBIGUOUS = {"int8": "it has 8 bits in Arrow and 8 bytes in PostgreSQL; write tinyint or bigint"}
_NESTED = ("array<..>", "map<..,..>", "struct<name:..>")
_MAX_LENGTH, _MAX_DEPTH = 10_000, 32
_FLOAT_BITS = 24
"""The greatest precision in bits that a float of 4 bytes has."""
"""Limits far above any real type, which protect the stack."""

_TOKEN = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|([<>(),:]))")


class UnjudgedType(ValueError):
    """A type that another platform has and that no type here equals."""


def canonical_type(text: str) -> str:
    """Return Spark's name of a type, from any common name; the length of a text is dropped.

    >>> canonical_type("LONG"), canonical_type("varchar(10)"), canonical_type("numeric(18, 2)")
    ('bigint', 'string', 'decimal(18,2)')
    >>> canonical_type("timestamp(6) with time zone"), canonical_type("float(53)"), canonical_type("nvarchar(max)")
    ('timestamp', 'double', 'string')
    >>> canonical_type("array<struct<id: integer, name: text>>")
    'array<struct<id:int,name:string>>'

    Raises:
        UnjudgedType: Another platform has it, and no type here equals it.
        ValueError: There is no such type; the message names the nearest ones.
    """
    return _parsed(text).spark


def read_text_limit(physical_type: str) -> int | None:
    """Read how many characters a text type allows; None where it says no number, or is no text.

    >>> read_text_limit("varchar(10)"), read_text_limit("CHAR(3)"), read_text_limit("string"), read_text_limit("decimal(9,2)")
    (10, 3, None, None)
    """
    parser = _Parser(physical_type)
    try:
        name, numbers = parser.name(), parser.numbers()
    except ValueError:
        return None
    return numbers[0] if name in TEXTS and len(numbers) == 1 and numbers[0] != _MAX_LENGTH else None


def read_text_form(physical_type: str) -> str:
    """Read the form that a text type promises: uuid, json or xml; empty where it promises none.

    >>> read_text_form("uniqueidentifier"), read_text_form("JSONB"), read_text_form("text")
    ('uuid', 'json', '')
    """
    return FORMS.get(physical_type.strip().lower(), "")


def explain_unjudged_form(physical_type: str) -> str:
    """Explain which form of its texts a type promises that nothing judges; empty where there is none.

    >>> explain_unjudged_form("json"), explain_unjudged_form("uuid")
    ('nothing here judges whether a text is JSON', '')
    """
    form = read_text_form(physical_type)
    return f"nothing here judges whether a text is {form.upper()}" if form in UNJUDGED_FORMS else ""


def explain_unjudged_type(physical_type: str) -> str:
    """Explain why nothing judges the type of a column; empty where something does, or where the type is a mistake.

    >>> explain_unjudged_type("variant"), explain_unjudged_type(""), explain_unjudged_type("bigint")
    ('variant is a type that nothing here judges', 'it has no type, or one that does not say what is in it', '')
    """
    if not physical_type:
        return "it has no type, or one that does not say what is in it"
    try:
        _parsed(physical_type)
    except UnjudgedType as error:
        return str(error)
    except ValueError:
        return ""
    return ""


def translate_type(physical_type: str) -> TypeNames:
    """Return the names of a type in every language, from any name that `canonical_type` reads.

    >>> translate_type("tinyint").duckdb, translate_type("decimal(9,2)").sqlalchemy
    ('TINYINT', 'sa.Numeric(9, 2)')

    Raises:
        ValueError: There is no such type; the message names the nearest ones.
    """
    return _parsed(physical_type)


_WIDTHS = {
    "i8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint",
    "u8": "smallint", "u16": "int", "u32": "bigint", "u64": "decimal(20,0)",
}  # fmt: skip


def default_physical_type(logical_type: str, options: Mapping[str, object]) -> str:
    """Return the physical type of a column that has only a logicalType.

    Args:
        logical_type: The logicalType.
        options: The logicalTypeOptions; a `format` with an unsigned width gets the next wider type.

    >>> default_physical_type("integer", {"format": "i32"}), default_physical_type("timestamp", {"timezone": False})
    ('int', 'timestamp_ntz')

    Raises:
        ValueError: The logical type is unknown, or no type follows from it (the items of an array).
    """
    width = str(options.get("format", ""))
    match logical_type:
        case "integer":
            return _WIDTHS.get(width, "bigint")
        case "number":
            return "float" if width == "f32" else "double"
        case "timestamp":
            return "timestamp_ntz" if options.get("timezone") is False else "timestamp"
        case "string" | "boolean" | "date":
            return logical_type
        case "time":
            return "string"  # Delta has no time of day
        case "array" | "object" | "map":
            raise ValueError(f"no type follows from {logical_type}; add physicalType, as in array<string>")
        case _:
            known = ("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map")
            raise ValueError(_unknown(logical_type, known, "logicalType"))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> TypeNames:
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"found a type of {len(text)} characters, expected at most {_MAX_LENGTH}")
    parser = _Parser(text)
    names = parser.type()
    parser.end()
    return names


class _Parser:
    """Parses a type from left to right, with one method for each part of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text.strip(), 0, 0

    def type(self) -> TypeNames:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError(f"found a type nested more than {_MAX_DEPTH} levels deep")
        name = self.name()
        nested = {"array": self.array, "map": self.map, "struct": self.struct}.get(name)
        names = nested() if nested and not self.is_at_end else self.scalar(name)
        self.depth -= 1
        return names

    def name(self) -> str:
        """Parse a name in lower case; the words of a longer name are joined by one space."""
        words = [self.word().lower()]
        while (following := self.peek()) and following[2] and _is_prefix([*words, following[2].lower()]):
            words.append(self.word().lower())
        return " ".join(words)

    def scalar(self, name: str) -> TypeNames:
        if name in NOT_JUDGED:
            raise UnjudgedType(f"{name} is a type that nothing here judges")
        numbers = self.numbers()
        name = self.suffix(name)
        if name in NOT_JUDGED:
            raise UnjudgedType(f"{name} is a type that nothing here judges")
        if name in DECIMALS:
            return decimal_type(*(numbers or [10, 0]))
        if name in TEXTS:
            if len(numbers) > 1:
                raise self.error(f"{name} takes one length")
            return SCALARS["string"]
        if name in _AMBIGUOUS:
            raise ValueError(f"{name} is not clear: {_AMBIGUOUS[name]}")
        names = SCALARS.get(SYNONYMS.get(name, name))
        if names is None:
            raise ValueError(_unknown(name, (*SCALARS, "decimal", *SYNONYMS, *TEXTS), "type"))
        if name == "float" and len(numbers) == 1:  # SQL counts its bits
            return SCALARS["float" if numbers[0] <= _FLOAT_BITS else "double"]
        takes_one = (
            names.spark in TIMES or name in BINARIES or names.spark in INTEGER_RANGES
        )  # MySQL's width of display
        if numbers and not (takes_one and len(numbers) == 1):
            raise self.error(f"{name} takes no numbers in parentheses")
        return names

    def suffix(self, name: str) -> str:
        """Parse the words after the numbers of a type, as in `timestamp(6) with time zone`."""
        words = [name]
        while (following := self.peek()) and following[2] and _is_prefix([*words, following[2].lower()]):
            words.append(self.word().lower())
        return " ".join(words)

    def array(self) -> TypeNames:
        self.expect("<")
        item = self.type()
        self.expect(">")
        return array_type(item)

    def map(self) -> TypeNames:
        self.expect("<")
        key = self.type()
        self.expect(",")
        value = self.type()
        self.expect(">")
        return map_type(key, value)

    def struct(self) -> TypeNames:
        self.expect("<")
        fields: dict[str, TypeNames] = {}
        while True:
            name = self.word()
            if name.lower() in map(str.lower, fields):
                raise self.error(f"the struct has two fields {name}")
            self.expect(":")
            fields[name] = self.type()
            if not self.accept(","):
                break
        self.expect(">")
        return struct_type(fields)

    def numbers(self) -> list[int]:
        if not self.accept("("):
            return []
        if (word := self.peek()) and word[2] and word[2].lower() == "max":  # SQL Server
            self.at = word.end()
            self.expect(")")
            return [_MAX_LENGTH]
        numbers = [self.number()]
        while self.accept(","):
            numbers.append(self.number())
        self.expect(")")
        return numbers

    # Tokens

    def peek(self) -> "re.Match[str] | None":
        return _TOKEN.match(self.text, self.at)

    def word(self) -> str:
        token = self.peek()
        if not token or not (token[1] or token[2]):
            raise self.error("expected a name")
        self.at = token.end()
        return str(token[2] or token[1].replace("``", "`"))

    def number(self) -> int:
        token = self.peek()
        if not token or not token[3]:
            raise self.error("expected a number")
        self.at = token.end()
        return int(token[3][:9])

    def accept(self, sign: str) -> bool:
        token = self.peek()
        if token and token[4] == sign:
            self.at = token.end()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.error(f"expected {sign}")

    @property
    def is_at_end(self) -> bool:
        return not self.text[self.at :].strip()

    def end(self) -> None:
        if not self.is_at_end:
            raise self.error("expected the end")

    def error(self, message: str) -> ValueError:
        hint = "; write a length in parentheses, as in varchar(10)" if self.text[self.at :].startswith("[") else ""
        before = _short(self.text[: self.at]) or "nothing"
        return ValueError(f"{_short(self.text) or 'an empty text'} is not a type: {message} after {before}{hint}")


_SPACED = tuple(name for name in (*SYNONYMS, *TEXTS, *NOT_JUDGED) if " " in name)


def _is_prefix(words: list[str]) -> bool:
    start = " ".join(words)
    return any(name == start or name.startswith(f"{start} ") for name in _SPACED)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...") if text else ""


def _unknown(name: str, known: tuple[str, ...], what: str) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    hint = (
        f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(_KNOWN if what == 'type' else known)}."
    )
    return f"{_short(name)} is not a known {what}. {hint}"


_KNOWN = (*SCALARS, "decimal(p,s)", *_NESTED)
