"""Allows the SQL functions and expressions that return the same result on every engine, and refuses all others.

`tests/martgate/builders/test_dialect.py` compares both with a real Spark and a real DuckDB. The types of columns are
unknown here; see `cautions` for the differences that depend on them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlglot import exp

from martgate.builders.dialect.macros import RENAMED
from martgate.builders.dialect.spark import SparkMart, parse
from martgate.errors import InvalidInput, Problem

__all__ = ["find_problems", "unsupported_functions"]

_SYNTAX: Final = (exp.And, exp.Or, exp.Case, exp.If, exp.Cast, exp.Exists, exp.Coalesce, exp.Nullif)
_AGGREGATES: Final = (exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr)
_WINDOWS: Final = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue)
_NUMBERS: Final = (exp.Abs, exp.Ceil, exp.Floor, exp.Greatest, exp.IsNan, exp.Least, exp.Pow, exp.Round, exp.SafeDivide)
_TEXT: Final = (
    exp.Concat,
    exp.ConcatWs,
    exp.Contains,
    exp.EndsWith,
    exp.Left,
    exp.Length,
    exp.MD5,
    exp.Pad,
    exp.RegexpLike,
    exp.Repeat,
    exp.Replace,
    exp.Right,
    exp.SHA2,
    exp.StartsWith,
    exp.Substring,
    exp.Trim,
)
_DATES: Final = (
    exp.AddMonths,
    exp.Date,
    exp.Day,
    exp.Hour,
    exp.LastDay,
    exp.Month,
    exp.Quarter,
    exp.TimeStrToTime,
    exp.TimestampTrunc,
    exp.TimeToStr,
    exp.TsOrDsToDate,
    exp.UnixMicros,
    exp.WeekOfYear,
    exp.Year,
)
_ALLOWED: Final = (*_SYNTAX, *_AGGREGATES, *_WINDOWS, *_NUMBERS, *_TEXT, *_DATES, exp.ArraySize, exp.Struct)

_ALTERNATIVES: Final = {
    "ANY_VALUE": "it may return another row each time; use MIN or MAX",
    "CURRENT_DATE": "a rebuild would return other rows; use :part_date",
    "CURRENT_TIMESTAMP": "a rebuild would return other rows; use :run_timestamp or :day_end",
    "FIRST": "it may return another row each time; use MIN or MAX",
    "FROM_UTC_TIMESTAMP": "it depends on the session's zone; use CONVERT_TIMEZONE('Asia/Seoul', ts)",
    "LOWER": "letters outside ASCII differ between engines; compare as written",
    "MAX_BY": "nulls differ between engines; use ROW_NUMBER() .. = 1",
    "MIN_BY": "nulls differ between engines; use ROW_NUMBER() .. = 1",
    "TO_UTC_TIMESTAMP": "it depends on the session's zone; keep instants in UTC",
    "TRY_CAST": "engines disagree on which texts are invalid; use CAST, which fails on every engine",
    "TRUNC": "use DATE_TRUNC('MONTH', ..)",
    "UPPER": "letters outside ASCII differ between engines; compare as written",
}
_SPARK_NAMES: Final = {"ARG_MAX": "MAX_BY", "ARG_MIN": "MIN_BY", "DATE_TRUNC": "TRUNC"}
"""Spark's names of functions that sqlglot names differently."""


def unsupported_functions(sql: str) -> tuple[str, ...]:
    """List the functions of a query that are not allowed: in upper case, without duplicates, in order of the text.

    >>> unsupported_functions("SELECT MAX(a), UPPER(b), SOUNDEX(UPPER(c)) FROM t")
    ('UPPER', 'SOUNDEX')
    """
    return tuple(
        dict.fromkeys(_name(node) for node in parse(sql).find_all(exp.Func, bfs=False) if not _is_allowed(node))
    )


def find_problems(sql: str, file: str) -> tuple[Problem, ...]:
    """Find everything in a query that engines evaluate, or may evaluate, differently.

    Args:
        sql: a query in Spark SQL.
        file: the file for the problems, whose lines count from 1.
    """
    try:
        tree = parse(sql, file)
    except InvalidInput as error:
        return error.problems
    return tuple(
        Problem(file=file, line=_line(node), message=message, hint=hint)
        for node in tree.find_all(exp.Expr, bfs=False)
        for message, hint in _differences(node)
    )


Difference = tuple[str, str]
"""What differs, and what to write instead."""


def _differences(node: exp.Expr) -> Iterator[Difference]:
    if isinstance(node, exp.Func) and not _is_allowed(node):
        name = _name(node)
        yield f"{name} is not tested on every engine", _ALTERNATIVES.get(name, "use a function that is")
    for kind, find in _SPECIAL.items():
        if isinstance(node, kind):
            yield from find(node)


def _is_allowed(node: exp.Func) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in RENAMED
    return isinstance(node, _ALLOWED) and not isinstance(node, exp.TryCast)


def _name(node: exp.Func) -> str:
    name = node.name.upper() if isinstance(node, exp.Anonymous) else node.sql_name()
    return _SPARK_NAMES.get(name, name)


def _line(node: exp.Expr) -> int:
    """The line of the first name in an expression, else in one of its parents; 0 if there is none."""
    ancestor: exp.Expr | None = node
    while ancestor is not None:
        for part in ancestor.walk(bfs=False):
            if "line" in part.meta:
                return int(part.meta["line"])
        ancestor = ancestor.parent
    return 0


def _text(node: exp.Expr) -> str:
    text = node.sql(SparkMart)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _qualify(_: exp.Expr) -> Iterator[Difference]:
    yield "QUALIFY does not exist in Spark", "number the rows in a subquery and keep those WHERE rn = 1"


def _cast(node: exp.Expr) -> Iterator[Difference]:
    to: exp.DataType = node.args["to"]
    operand = node.this
    if to.is_type(*exp.DataType.INTEGER_TYPES) and _is_fraction(operand):
        yield f"{_text(node)}: one engine cuts the fraction off, the other rounds", "use FLOOR, CEIL or ROUND"
    if (
        to.is_type(*exp.DataType.INTEGER_TYPES)
        and operand.is_string
        and not operand.name.strip().lstrip("+-").isdigit()
    ):
        yield f"{_text(node)}: not a whole number", "write the number"
    if to.is_type("decimal") and _is_floating(operand):
        yield f"{_text(node)}: engines round binary fractions differently", "compute in DECIMAL from the start"
    if to.is_type(*exp.DataType.TEXT_TYPES):
        yield from _text_cast(node)


def _text_cast(node: exp.Expr) -> Iterator[Difference]:
    if _is_fraction(node.this) and not (isinstance(node.this, exp.Literal) and "e" not in node.this.name.lower()):
        yield f"{_text(node)}: engines write floating numbers differently", "cast to DECIMAL first"
    if _is_instant(node.this):
        yield f"{_text(node)}: the text depends on the session's zone", "use DATE_FORMAT"


def _is_floating(node: exp.Expr) -> bool:
    match node.unnest():
        case exp.Cast() as cast:
            return bool(cast.to.is_type("float", "double"))
        case exp.Literal() as literal:
            return not literal.is_string and "e" in literal.name.lower()
        case exp.Avg() | exp.Div() | exp.Pow():
            return True
        case exp.Binary() | exp.Neg() | exp.Abs() | exp.Sum() | exp.Min() | exp.Max() | exp.Round() as outer:
            return any(_is_floating(part) for part in outer.iter_expressions())
    return False


def _is_fraction(node: exp.Expr) -> bool:
    """Whether the syntax alone shows that an expression has decimals; unknown for columns."""
    match node.unnest():
        case exp.Literal() as literal:
            return not literal.is_string and not literal.name.isdigit()
        case exp.Cast() as cast:
            return bool(cast.to.is_type("float", "double", "decimal"))
        case exp.Avg() | exp.Div() | exp.Pow():
            return True
        case exp.Round() as rounded:
            return rounded.args.get("decimals") is not None
        case exp.Binary() | exp.Neg() | exp.Abs() | exp.Sum() | exp.Min() | exp.Max() as outer:
            return any(_is_fraction(part) for part in outer.iter_expressions())
    return False


def _is_instant(node: exp.Expr) -> bool:
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        return bool(inner.to.is_type("timestamptz", "timestamp", "timestampntz", "timestampltz"))
    return isinstance(inner, exp.Anonymous) and inner.name.upper() == "CONVERT_TIMEZONE"


def _division(node: exp.Expr) -> Iterator[Difference]:
    if not _is_floating(node.this) and not _is_floating(node.expression):
        yield f"{_text(node)}: decimal in one engine, floating in the other", "CAST one side AS DOUBLE, or use DIV"


def _convert_timezone(node: exp.Expr) -> Iterator[Difference]:
    if node.name.upper() == "CONVERT_TIMEZONE" and len(node.expressions) != 2:
        yield (
            f"{_text(node)}: depends on the session's zone",
            "pass the zone and the instant: CONVERT_TIMEZONE(zone, ts)",
        )


def _substring(node: exp.Expr) -> Iterator[Difference]:
    start = node.args.get("start")
    number = start.this if isinstance(start, exp.Neg) else start
    if not (isinstance(number, exp.Literal) and number.name != "0"):
        yield f"{_text(node)}: position 0 means 1 in one engine only", "start at a number other than 0"


def _interval(node: exp.Expr) -> Iterator[Difference]:
    unit = str(node.args.get("unit") or "").upper().rstrip("S")
    if unit not in {"HOUR", "MINUTE", "SECOND"}:
        yield f"{_text(node)}: a date plus an interval is a date in one engine only", "use DATE_ADD or ADD_MONTHS"


def _date_format(node: exp.Expr) -> Iterator[Difference]:
    """Check the pattern as sqlglot rewrites it, for example to `%Y-%mstrict-%dstrict`."""
    if not re.fullmatch(r"(?:%[YmdHMS](?:strict)?|[-:/._ T])*", node.args["format"].name):
        yield (
            f"{_text(node)}: a date pattern with letters not tested on every engine",
            "use yyyy, MM, dd, HH, mm and ss",
        )


_TRAPS: Final = re.compile(
    r"""(?P<flag>\(\?[^:])                 # flags, look-ancestor, named groups
      | (?P<escape>\\[bBvQhHRGNX])         # word boundaries and classes that match other characters
      | (?P<nested>\[(?:\\.|[^\]\\])*?(?:\[|&&|\\S))   # a class within a class, an intersection, [\S]
      | \\.""",
    re.VERBOSE | re.DOTALL,
)


def _regexp(node: exp.Expr) -> Iterator[Difference]:
    pattern = node.args.get("expression")
    if not isinstance(pattern, exp.Literal | exp.RawString):
        yield f"{_text(node)}: the pattern is not a literal", "write the regular expression as a literal"
        return
    for match in _TRAPS.finditer(pattern.name):
        if match.lastgroup:
            yield f"{match[0]!r} in a regular expression differs between engines", "write the expression without it"


def _character_count(node: exp.Expr) -> Iterator[Difference]:
    if not (isinstance(node.expression, exp.Literal) and node.expression.name.isdigit()):
        yield f"{_text(node)}: engines differ below zero", "write the number of characters as a literal"


def _sha2(node: exp.Expr) -> Iterator[Difference]:
    length = node.args.get("length")
    if length is not None and length.name != "256":
        yield f"{_text(node)}: only one engine has this length", "use SHA2(.., 256)"


def _struct_comparison(node: exp.Expr) -> Iterator[Difference]:
    """DuckDB compares the fields of two structs by name, Spark by position."""
    structs = [side for side in (node.this, node.expression) if isinstance(side, exp.Struct)]
    if len(structs) == 2 and any(struct.find(exp.Column) for struct in structs):
        yield (
            f"{_text(node)}: fields are compared by name in one engine, by position in the other",
            "compare column by column",
        )


_SPECIAL: Final[Mapping[type[exp.Expr], Callable[[exp.Expr], Iterator[Difference]]]] = {
    exp.Qualify: _qualify,
    exp.Cast: _cast,
    exp.Div: _division,
    exp.Anonymous: _convert_timezone,
    exp.Substring: _substring,
    exp.Interval: _interval,
    exp.RegexpLike: _regexp,
    exp.TimeToStr: _date_format,
    **dict.fromkeys((exp.Left, exp.Right), _character_count),
    exp.SHA2: _sha2,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ), _struct_comparison),
}
