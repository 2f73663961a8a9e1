"""Numbers of a contract with all of their digits.

A float holds some 17 digits. A number that a float does not hold is an `ExactNumber`: a float for whoever reads it as one,
with the decimal that was written beside it.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Self

__all__ = ["ExactNumber", "mark_exact_numbers", "parse_decimal", "read_number", "to_decimal", "unmark_exact_numbers"]

_MARK = re.compile(r'"\\u0000number (-?[0-9.]+)"')
_MAX_EXPONENT = 400
"""Beyond every float, and few enough digits to write out."""


class ExactNumber(float):
    """A number whose digits no float holds; it is written, compared and hashed by all of them.

    As a float it is the nearest one.

    >>> number = ExactNumber("0.12345678901234567890123")
    >>> number, number > 0.12345678901234568, float(number), number == ExactNumber("0.12345678901234567890124")
    (0.12345678901234567890123, False, 0.12345678901234568, False)
    """

    __slots__ = ("exact",)

    exact: Decimal

    def __new__(cls, value: str | Decimal) -> Self:
        number = super().__new__(cls, value)
        number.exact = Decimal(value)
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (repr(self),)

    def __repr__(self) -> str:
        return format(self.exact, "f")

    def __hash__(self) -> int:
        return hash(self.exact)

    def __int__(self) -> int:
        return int(self.exact)

    def __neg__(self) -> "ExactNumber":
        return ExactNumber(self.exact.copy_negate())

    def __abs__(self) -> "ExactNumber":
        return ExactNumber(self.exact.copy_abs())

    def is_integer(self) -> bool:
        return self.exact == self.exact.to_integral_value()

    def __eq__(self, other: object) -> Any:
        return self.exact == to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return self.exact != to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return self.exact < to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return self.exact <= to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return self.exact > to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return self.exact >= to_decimal(other) if isinstance(other, int | float | Decimal) else NotImplemented


def read_number(text: str) -> float:
    """Read a decimal number; an `ExactNumber` where a float does not hold its digits.

    Raises:
        OverflowError: it is greater than every float, or nearer to 0 than every one but 0.

    >>> read_number("0.1"), type(read_number("1e3")), read_number("9007199254740993.0")
    (0.1, <class 'float'>, 9007199254740993.0)
    """
    number, exact = float(text), Decimal(text)
    if number in (float("inf"), float("-inf")) or (number == 0 and exact != 0):
        raise OverflowError
    return number if to_decimal(number) == exact else ExactNumber(text)


def parse_decimal(text: str) -> Decimal | None:
    """Parse a text as a number; None where engines would read it as something else.

    >>> parse_decimal("1e3"), parse_decimal(" 1"), parse_decimal("1_000"), parse_decimal("1e999999999")
    (Decimal('1E+3'), None, None, None)
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_plain = number.is_finite() and text == text.strip() and "_" not in text and text.isascii()
    return number if is_plain and abs(number.adjusted()) <= _MAX_EXPONENT else None


def to_decimal(value: float | Decimal) -> Decimal:
    """Convert a number to the decimal that a contract wrote: 0.1 is one tenth, and not the nearest binary fraction.

    >>> to_decimal(0.1), to_decimal(True), to_decimal(10**40)
    (Decimal('0.1'), Decimal('1'), Decimal('10000000000000000000000000000000000000000'))
    """
    match value:
        case Decimal():
            return value
        case ExactNumber():
            return value.exact
        case int():
            return Decimal(int(value))
        case _:
            return Decimal(repr(value))


def mark_exact_numbers(value: object) -> object:
    """Replace each exact number in nested lists and mappings by a text of its digits, because `json` would round it."""
    if isinstance(value, ExactNumber):
        return f"\0number {value!r}"
    if isinstance(value, Mapping):
        return {key: mark_exact_numbers(each) for key, each in value.items()}
    return [mark_exact_numbers(each) for each in value] if isinstance(value, list | tuple) else value


def unmark_exact_numbers(text: str) -> str:
    """Turn the texts of `mark_exact_numbers` into numbers, in a document of JSON.

    >>> import json
    >>> unmark_exact_numbers(json.dumps(mark_exact_numbers({"a": [0.5, ExactNumber("0.12345678901234567890123")]})))
    '{"a": [0.5, 0.12345678901234567890123]}'
    """
    return _MARK.sub(r"\1", text)
