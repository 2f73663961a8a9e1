r"""How names and values are spelled in Spark SQL: the one place that quotes and escapes."""

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from expectations.rules import Scalar

__all__ = ["fraction", "identifier", "identifiers", "is_text", "is_whole", "literal", "relation", "step", "text"]

_TEXTS = ("string", "varchar", "char")
_MOMENTS = ("date", "timestamp", "timestamp_ntz")
_FRACTIONS = ("float", "double")
_WHOLES = ("tinyint", "smallint", "int", "bigint")
_DECIMAL = re.compile(r"decimal\(\d+,(\d+)\)")
_GREATEST_FLOAT = 3.4028234663852886e38


def identifier(name: str) -> str:
    """A column's name, quoted.

    >>> identifier("we`ird")
    '`we``ird`'
    """
    return f"`{name.replace('`', '``')}`"


def identifiers(names: tuple[str, ...]) -> str:
    return ", ".join(identifier(name) for name in names)


def relation(name: str) -> str:
    """A relation's name, quoted part by part: `schema.table` or a bare name."""
    return ".".join(identifier(part) for part in name.split("."))


def text(value: str) -> str:
    r"""A text literal.

    >>> text("it's a \\")
    "'it\\'s a \\\\'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literal(value: Scalar, kind: str) -> str:
    """A value as it compares with a column of type `kind` (Spark's spelling; empty where it is not known).

    >>> literal("2024-01-01", "date"), literal(1, "string"), literal("1", "bigint"), literal(True, "boolean")
    ("CAST('2024-01-01' AS DATE)", "'1'", '1', 'TRUE')
    >>> literal(0.1, "float")  # engines disagree about a FLOAT beside a decimal number
    "CAST('0.1' AS FLOAT)"
    """
    if kind in _MOMENTS:
        return f"CAST({text(str(value))} AS {kind.upper()})"
    if kind in _FRACTIONS and not isinstance(value, bool) and _is_number(str(value)):
        wide = kind == "double" or abs(float(value)) > _GREATEST_FLOAT
        return f"CAST({text(str(value))} AS {'DOUBLE' if wide else 'FLOAT'})"
    if isinstance(value, bool):
        return text(str(value).lower()) if is_text(kind) else str(value).upper()
    if isinstance(value, str):
        return value if kind and not is_text(kind) and _is_number(value) else text(value)
    return text(_plain(value)) if is_text(kind) else _plain(value)


def step(value: float, kind: str) -> str:
    """The least step, in a column's own decimals, whose multiples are those of `value`: no engine needs more digits.

    >>> step(0.5, "bigint"), step(0.3, "int"), step(0.05, "decimal(10,2)"), step(0.05, "decimal(38,1)")
    ('1', '3', '0.05', '0.1')
    """
    found = _DECIMAL.fullmatch(kind)
    if not found and not is_whole(kind):
        return literal(value, "")
    scale = int(found[1]) if found else 0
    units = (Fraction(repr(value)) * 10**scale).numerator  # reduced: what is left below the line divides every number
    return format(Decimal(f"{units}E-{scale}"), "f")


def is_text(kind: str) -> bool:
    return kind.startswith(_TEXTS)


def is_whole(kind: str) -> bool:
    return kind in _WHOLES


def fraction(kind: str) -> bool:
    """Whether a type holds binary fractions, for which exact arithmetic is not exact."""
    return kind in _FRACTIONS


def _plain(value: float) -> str:
    """A number without an exponent, so that engines read it as an exact decimal."""
    return format(Decimal(repr(value)), "f")


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite() and value == value.strip() and "_" not in value
    except InvalidOperation:
        return False
