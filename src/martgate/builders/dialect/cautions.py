"""Differences between engines that depend on the types of columns, which `martgate lint` reports as warnings.

`docs/engines.md` lists each of them with an alternative.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlglot import exp

from martgate.builders.dialect.spark import SparkMart, parse
from martgate.contracts.types import INTEGER_RANGES
from martgate.errors import InvalidInput

__all__ = ["Caution", "find_cautions"]

Caution = tuple[str, str]
"""The difference, and what to write instead."""

_FLOATING: Final = ("float", "double")
_MOST_DIGITS = 38
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NUMBER = re.compile(r"-?(\d*)\.?(\d*)")
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Mod)


def find_cautions(sql: str, types: Mapping[str, str]) -> tuple[Caution, ...]:
    """Find the expressions of a query that engines evaluate differently.

    Args:
        sql: a query in Spark SQL.
        types: the Spark type of each column, by casefolded name.

    Returns:
        Each difference once, in order of the text; empty if the query cannot be parsed, which other checks report.

    >>> find_cautions("SELECT AVG(price)", {"price": "decimal(10,2)"})[0][1]
    'CAST it AS DOUBLE first'
    """
    try:
        tree = parse(sql)
    except InvalidInput:
        return ()
    cautions = (caution for node in tree.walk(bfs=False) for caution in _cautions(node, types))
    return tuple(dict.fromkeys(cautions))


def _cautions(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    for kind, caution in _BY_NODE.items():
        if isinstance(node, kind):
            for differs, instead in caution(node, types):
                yield f"{node.sql(SparkMart)}: {differs}", instead


def _type(node: exp.Expr, types: Mapping[str, str]) -> str:
    inner = node.unnest()
    return types.get(inner.name.casefold(), "") if isinstance(inner, exp.Column) else ""


def _cast(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    to, kind = node.args["to"], _type(node.this, types)
    if to.is_type(*exp.DataType.INTEGER_TYPES) and kind.startswith(("decimal", *_FLOATING)):
        yield f"{kind}: Spark cuts the fraction off, DuckDB rounds", "use FLOOR, CEIL or ROUND"
    if to.is_type(*exp.DataType.TEXT_TYPES) and kind in _FLOATING:
        yield f"{kind}: engines write floating numbers differently", "cast to DECIMAL first"


def _average(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    if _type(node.this, types).startswith("decimal"):
        yield "Spark rounds the average of decimals, DuckDB does not", "CAST it AS DOUBLE first"
    yield from _sum(node, types)


def _sum(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    if _type(node.this, types) in _FLOATING:
        yield "floating numbers are added in any order, so the last digits differ", "allow a tolerance, or ROUND it"


def _safe_division(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    if any(_type(side, types).startswith("decimal") for side in (node.this, node.expression)):
        yield "a decimal in Spark, a DOUBLE in DuckDB", "CAST both AS DOUBLE"


def _padding(node: exp.Expr, _: Mapping[str, str]) -> Iterator[Caution]:
    pad = node.args.get("fill_pattern")
    if isinstance(pad, exp.Literal) and not pad.name:
        yield "an empty pad is accepted by Spark and refused by DuckDB", "do not pad"


def _whole_division(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    if any(_type(side, types).startswith(("decimal", *_FLOATING)) for side in (node.this, node.expression)):
        yield "DIV is for whole numbers; DuckDB keeps the fraction of other numbers", "FLOOR a quotient of DOUBLEs"


def _binary(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    sides = (node.this, node.expression)
    kinds = [_type(side, types) for side in sides]
    if "float" in kinds and (any(kind.startswith("decimal") for kind in kinds) or any(map(_is_rounded, sides))):
        yield "a FLOAT beside a decimal number is a DOUBLE in Spark, a FLOAT in DuckDB", "CAST it AS DOUBLE"
    if "boolean" in kinds and any(map(_is_number, sides)):
        yield "Spark cannot compare a boolean with a number", "compare with TRUE or FALSE"
    if isinstance(node, exp.Sub) and kinds == ["date", "date"]:
        yield "an interval in Spark, a number in DuckDB", "use DATEDIFF"
    if any(kind in INTEGER_RANGES for kind in kinds) and any(_is_text(side) for side in sides):
        yield "Spark refuses text that is not a whole number, DuckDB reads it", "compare with a number"
    if not _fits_decimal(node, types, sides):
        yield f"DuckDB has no decimal of more than {_MOST_DIGITS} digits for both sides", "CAST the columns AS DOUBLE"


def _is_text(node: exp.Expr) -> bool:
    """Whether an expression is a text literal other than a whole number."""
    return isinstance(node, exp.Literal) and node.is_string and not re.fullmatch(r"-?\d+", node.name)


def _is_number(node: exp.Expr) -> bool:
    number = _unsigned(node)
    return isinstance(number, exp.Literal) and not number.is_string


def _unsigned(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Neg) else node


def _is_rounded(node: exp.Expr) -> bool:
    """Whether an expression is a number literal that a FLOAT cannot hold exactly."""
    return _is_number(node) and not re.fullmatch(r"\d{1,7}", _unsigned(node).name)


def _fits_decimal(node: exp.Expr, types: Mapping[str, str], sides: tuple[exp.Expr, ...]) -> bool:
    """Whether one decimal type holds both sides exactly; a sum needs one more digit."""
    shapes = [shape for side in sides if (shape := _digits(side, types)) is not None]
    if len(shapes) < 2 or not any(_type(side, types).startswith("decimal") for side in sides):
        return True
    carry = 1 if isinstance(node, exp.Add | exp.Sub) else 0
    return max(whole for whole, _ in shapes) + max(below for _, below in shapes) + carry <= _MOST_DIGITS


def _digits(node: exp.Expr, types: Mapping[str, str]) -> tuple[int, int] | None:
    """Count the digits before and after the decimal point of a column or of a number literal."""
    if _is_number(node):
        number = _NUMBER.fullmatch(_unsigned(node).name)
        return (len(number[1]), len(number[2])) if number else None
    decimal = _DECIMAL.fullmatch(_type(node, types))
    return (int(decimal[1]) - int(decimal[2]), int(decimal[2])) if decimal else None


def _in_list(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    for value in node.expressions:
        yield from _binary(exp.EQ(this=node.this.copy(), expression=value.copy()), types)


def _between(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    for end in (node.args["low"], node.args["high"]):
        yield from _binary(exp.EQ(this=node.this.copy(), expression=end.copy()), types)


def _power(_: exp.Expr, __: Mapping[str, str]) -> Iterator[Caution]:
    yield "engines compute the last digit differently", "ROUND it, or multiply"


def _rounding(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    decimal, kind = _DECIMAL.fullmatch(_type(node.this, types)), _type(node.this, types)
    if kind == "bigint" or (decimal and int(decimal[1]) - int(decimal[2]) > 18):
        yield f"DuckDB fails on the largest numbers of {kind}", "do not round whole numbers"


def _bytes_function(node: exp.Expr, types: Mapping[str, str]) -> Iterator[Caution]:
    if _type(node.this, types) == "binary":
        yield "DuckDB has this function for text only", "store the value as text"


_BY_NODE: Final[Mapping[type[exp.Expr], Callable[[exp.Expr, Mapping[str, str]], Iterator[Caution]]]] = {
    exp.Cast: _cast,
    exp.Avg: _average,
    exp.Sum: _sum,
    exp.SafeDivide: _safe_division,
    exp.Pad: _padding,
    exp.IntDiv: _whole_division,
    **dict.fromkeys((*_COMPARISONS, *_ARITHMETIC), _binary),
    exp.In: _in_list,
    exp.Between: _between,
    exp.Pow: _power,
    exp.Floor: _rounding,
    exp.Ceil: _rounding,
    **dict.fromkeys((exp.Length, exp.Substring, exp.Left, exp.Right), _bytes_function),
}
