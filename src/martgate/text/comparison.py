"""The comparison of a column with a value of the contract, exact to the last digit on every engine.

Engines compare two types by a third one that may not have room for the digits of both: Spark rounds `decimal(38,9)` beside
a literal with more decimals, DuckDB refuses a literal that the column's type cannot hold. So a number is first rounded to
the next one that the type of the column holds, in the direction that changes no answer, and is written as that type.
"""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from martgate.text.numbers import parse_decimal, to_decimal
from martgate.text.quoting import find_scale, is_whole, literal

__all__ = ["Sign", "largest_unit", "write_comparison", "write_in_list"]

Sign = Literal["<", "<=", ">", ">=", "="]

_BITS = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}
_PRECISION = re.compile(r"decimal\((\d+),")


def write_comparison(expression: str, sign: Sign, value: str | float, kind: str) -> str:
    """Write the comparison of an expression with a value in Spark SQL; it is null on null.

    Args:
        expression: The expression, quoted.
        sign: The sign between them.
        value: The value, as the contract states it.
        kind: The type of the expression, in Spark's spelling; empty where it is unknown.

    >>> write_comparison("`a`", "<", 0.5, "int"), write_comparison("`a`", "<=", 0.123, "decimal(4,2)")
    ('`a` < 1', "`a` <= CAST('0.12' AS DECIMAL(4,2))")
    >>> write_comparison("`a`", ">", 10**40, "bigint")
    'CASE WHEN `a` IS NOT NULL THEN FALSE END'
    """
    units = _count_units(value, kind)
    if units is None:
        return f"{expression} {sign} {literal(value, kind)}"
    whole = math.ceil(units) if sign in ("<", ">=") else math.floor(units)
    least, greatest = _find_range(kind)
    if sign == "=" and whole != units:
        return _write_constant(expression, is_true=False)
    if least <= whole <= greatest:
        return f"{expression} {sign} {_write_units(whole, kind)}"
    return _write_constant(expression, is_true=sign != "=" and sign.startswith("<") == (whole > greatest))


def write_in_list(expression: str, values: Iterable[str | float], kind: str, *, negated: bool = False) -> str:
    """Write the test whether an expression is one of some values, or none of them; it is null on null.

    Args:
        expression: The expression, quoted.
        values: The values, as the contract states them.
        kind: The type of the expression, in Spark's spelling; empty where it is unknown.
        negated: Whether it is true where the expression is none of them.

    >>> write_in_list("`a`", (1, 2.5, 10**40), "int"), write_in_list("`a`", ("x", "y"), "string", negated=True)
    ('`a` IN (1)', "`a` NOT IN ('x', 'y')")
    """
    least, greatest = _find_range(kind)
    literals = []
    for value in values:
        units = _count_units(value, kind)
        if units is None:
            literals.append(literal(value, kind))
        elif units.denominator == 1 and least <= units <= greatest:
            literals.append(_write_units(int(units), kind))
    distinct = tuple(dict.fromkeys(literals))
    if not distinct:
        return _write_constant(expression, is_true=negated)
    return f"{expression} {'NOT ' if negated else ''}IN ({', '.join(distinct)})"


def largest_unit(kind: str) -> int | None:
    """Return the greatest number that a type of exact numbers holds, in its last digit; None for every other type."""
    return _find_range(kind)[1] if _has_exact_numbers(kind) else None


def _has_exact_numbers(kind: str) -> bool:
    return is_whole(kind) or find_scale(kind) is not None


def _count_units(value: str | float, kind: str) -> Fraction | None:
    """Count the last digits of the type that a value is; None where it is no number, or the type has none."""
    number = parse_decimal(value) if isinstance(value, str) else None if isinstance(value, bool) else to_decimal(value)
    if number is None or not _has_exact_numbers(kind):
        return None
    return Fraction(number) * Fraction(10) ** (find_scale(kind) or 0)


def _write_units(units: int, kind: str) -> str:
    return literal(format(Decimal(f"{units}E-{find_scale(kind) or 0}"), "f"), kind)


def _find_range(kind: str) -> tuple[int, int]:
    if match := _PRECISION.match(kind):
        greatest: int = 10 ** int(match[1]) - 1
        return -greatest, greatest
    bits = _BITS.get(kind, 0)
    return -(2**bits), 2**bits - 1


def _write_constant(expression: str, *, is_true: bool) -> str:
    return f"CASE WHEN {expression} IS NOT NULL THEN {str(is_true).upper()} END"
