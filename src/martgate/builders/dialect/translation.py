"""Translates Spark SQL for DuckDB.

Functions that sqlglot would map to a function with another behaviour are renamed to a macro; some nodes are rewritten
here, by one function each.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from martgate.builders.dialect.macros import RENAMED
from martgate.builders.dialect.spark import parameter_names, parse, table_names
from martgate.errors import InvalidInput

__all__ = ["Translation", "to_duckdb", "translate"]


@dataclass(frozen=True, slots=True)
class Translation:
    """Query translated for another engine, with the tables and parameters that it uses."""

    sql: str
    tables: tuple[str, ...]
    parameters: frozenset[str]


@lru_cache(maxsize=128)
def translate(sql: str) -> Translation:
    """Translate a query for DuckDB; running it requires `MACROS` on the connection and a session in UTC.

    Raises:
        martgate.errors.InvalidInput: the SQL cannot be parsed or translated.
    """
    tree = parse(sql)
    try:
        translated = _rewrite(tree).sql("duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
        return Translation(translated, table_names(tree), parameter_names(tree))
    except SqlglotError as error:
        message = f"cannot translate for DuckDB: {str(error).splitlines()[0]}"
    except RecursionError:
        message = "the SQL is nested too deeply to translate"
    raise InvalidInput(message)


def to_duckdb(sql: str) -> str:
    """Translate a query for DuckDB and return its text alone.

    >>> to_duckdb("SELECT COUNT_IF(a <=> 1) FROM `t`")
    'SELECT COUNT(CASE WHEN a IS NOT DISTINCT FROM 1 THEN 1 END) FROM "t"'
    """
    return translate(sql).sql


def _rewrite(tree: exp.Query) -> exp.Expr:
    """Rewrite a copy of the tree from the leaves up, since rewritten nodes may be nested."""
    copy = tree.copy()
    for node in reversed(list(copy.walk(bfs=False))):
        rewriter = _REWRITES.get(type(node))
        if rewriter and (new := rewriter(node)) is not node:
            node.replace(new)
    return copy


def _table(node: exp.Expr) -> exp.Expr:
    """Turn a name of three parts into a schema and the rest: DuckDB in memory has no other catalogs."""
    if not isinstance(node, exp.Table) or not node.catalog:
        return node
    schema, *rest = (part.name for part in node.parts)
    short = node.copy()
    short.set("catalog", None)
    short.set("db", exp.to_identifier(schema, quoted=True))
    short.set("this", exp.to_identifier(".".join(rest), quoted=True))
    if not node.alias:
        short.set("alias", exp.TableAlias(this=exp.to_identifier(node.name, quoted=True)))
    return short


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.upper()
    return exp.func(RENAMED[name], *node.expressions) if name in RENAMED else node


def _cast(node: exp.Expr) -> exp.Expr:
    """The text of a timestamp has no `+00` in Spark."""
    to_text = node.args["to"].is_type(*exp.DataType.TEXT_TYPES)
    return exp.func("spk_string", node.this) if to_text else node


def _division(node: exp.Expr) -> exp.Expr:
    """Division by zero is an error in Spark, and infinity in DuckDB."""
    if is_nonzero(node.expression):
        return node
    return exp.func("spk_divide", node.this, node.expression)


def is_nonzero(node: exp.Expr) -> bool:
    """Whether an expression is a number literal other than zero."""
    number = node.unnest()
    return isinstance(number, exp.Literal) and not number.is_string and float(number.name) != 0


def _regexp(node: exp.Expr) -> exp.Expr:
    pattern = node.expression
    if isinstance(pattern, (exp.Literal, exp.RawString)):
        return exp.RegexpLike(this=node.this.copy(), expression=exp.Literal.string(re2(pattern.name)))
    return node


def _like(node: exp.Expr) -> exp.Expr:
    """A backslash escapes in Spark's LIKE, but in DuckDB's only with an ESCAPE clause."""
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))


def _rounding(node: exp.Expr) -> exp.Expr:
    """FLOOR and CEIL return BIGINT in Spark and DOUBLE in DuckDB."""
    return node if node.args.get("decimals") else exp.cast(node.copy(), "bigint")


def _truncation(node: exp.Expr) -> exp.Expr:
    """DATE_TRUNC always returns a timestamp in Spark."""
    return exp.cast(node.copy(), "timestamptz")


def _trim(node: exp.Expr) -> exp.Expr:
    """By default, TRIM removes spaces in Spark, and all Unicode whitespace in DuckDB."""
    if node.expression:
        return node
    trimmed = node.copy()
    trimmed.set("expression", exp.Literal.string(" "))
    return trimmed


def _is_nan(node: exp.Expr) -> exp.Expr:
    """ISNAN of null is false in Spark, and null in DuckDB."""
    return exp.func("COALESCE", node.copy(), exp.false())


def _sum(node: exp.Expr) -> exp.Expr:
    """A sum of integers has 64 bits in Spark, and 128 in DuckDB."""
    return node if isinstance(node.parent, (exp.Window, exp.Filter)) else exp.func("spk_sum", node.copy())


def _sum_over(node: exp.Expr) -> exp.Expr:
    inner = node.this.this if isinstance(node.this, exp.Filter) else node.this
    if isinstance(inner, exp.Sum) and not isinstance(node.parent, exp.Window):
        return exp.func("spk_sum", node.copy())
    return node


def _count_if(node: exp.Expr) -> exp.Expr:
    """COUNT_IF over no rows is 0 in Spark, and null in DuckDB."""
    return exp.Count(this=exp.Case().when(node.this.copy(), exp.Literal.number(1)))


_REWRITES: Final[Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.Anonymous: _function,
    exp.Cast: _cast,
    exp.Ceil: _rounding,
    exp.CountIf: _count_if,
    exp.Div: _division,
    exp.Filter: _sum_over,
    exp.Floor: _rounding,
    exp.ILike: _like,
    exp.IsNan: _is_nan,
    exp.Like: _like,
    exp.RegexpLike: _regexp,
    exp.Sum: _sum,
    exp.Table: _table,
    exp.TimestampTrunc: _truncation,
    exp.Trim: _trim,
    exp.Window: _sum_over,
}

_DOT: Final = r"[^\n\r\x{85}\x{2028}\x{2029}]"
_END: Final = r"(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z"
_RE2: Final = {".": _DOT, "$": _END, r"\Z": _END, r"\s": r"[ \t\n\x0B\f\r]", r"\S": r"[^ \t\n\x0B\f\r]"}


def re2(pattern: str) -> str:
    r"""Translate a Java regular expression for RE2, where `.`, `$`, `\s` and `\Z` match slightly different texts.

    >>> re2(r"[.\s]\s\.")
    '[. \\t\\n\\x0B\\f\\r][ \\t\\n\\x0B\\f\\r]\\.'
    """
    return "".join(_translate_atoms(pattern))


def _translate_atoms(pattern: str) -> Iterator[str]:
    in_class = False
    for atom in re.findall(r"\\.|.", pattern, re.DOTALL):
        if in_class:
            yield r" \t\n\x0B\f\r" if atom == r"\s" else atom
        else:
            yield _RE2.get(atom, atom)
        in_class = atom == "[" or (in_class and atom != "]")
