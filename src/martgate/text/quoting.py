r"""Quoting of names and values in SQL; no other module quotes or escapes.

Statements are Spark SQL, and so are the functions without a prefix (`identifier`, `relation`, `text`, `literal`). The
functions that begin with `duckdb_` quote for DuckDB, in statements that are sent to it without translation.

Dots separate the parts of a table's name, so a part cannot contain a dot (see `find_name_problem`).
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction

from martgate.text.numbers import parse_decimal, to_decimal

__all__ = [
    "duckdb_identifier",
    "duckdb_relation",
    "duckdb_text",
    "escape_variables",
    "field_name",
    "fill_placeholders",
    "find_name_problem",
    "find_scale",
    "fraction_literal",
    "identifier",
    "identifiers",
    "is_fraction",
    "is_text",
    "is_whole",
    "join_parts",
    "literal",
    "put_table",
    "relation",
    "split_last",
    "step_literal",
    "text",
]

_TEXTS = ("string", "varchar", "char")
_MOMENTS = ("date", "timestamp", "timestamp_ntz")
_FRACTIONS = ("float", "double")
_WHOLES = ("tinyint", "smallint", "int", "bigint")
_DECIMAL = re.compile(r"decimal\(\d+,(\d+)\)")
_GREATEST_FLOAT = 3.4028234663852886e38
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED_DOT = re.compile(r"""(?P<quote>[`"'])[^.]*\..*(?P=quote)""", re.DOTALL)
_QUOTED_LAST = re.compile(r"(?P<before>.*)\.`(?P<last>(?:[^`]|``)*\.(?:[^`]|``)*)`", re.DOTALL)
_LITERALS = re.compile(
    r"""(?<!\w)[rR](?:'[^']*'|"[^"]*") | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") | `[^`]*` | --[^\n]* | /\*.*?\*/""",
    re.DOTALL | re.VERBOSE,
)
"""Quoted parts and comments of Spark SQL; the group `text` matches literals in which a backslash escapes."""

_PLACEHOLDERS = re.compile(rf"{_LITERALS.pattern} | \{{(?P<name>[A-Za-z_]\w*(?:\.\w+)*)\}}", re.DOTALL | re.VERBOSE)


def identifier(name: str) -> str:
    """Quote the name of a column, or one part of a table's name.

    >>> identifier("we`ird")
    '`we``ird`'
    """
    return f"`{name.replace('`', '``')}`"


def identifiers(names: Iterable[str]) -> str:
    """Quote names and join them with commas."""
    return ", ".join(map(identifier, names))


def relation(name: str) -> str:
    """Quote the name of a table part by part.

    >>> relation("main.shop.my-orders")
    '`main`.`shop`.`my-orders`'
    """
    return ".".join(map(identifier, name.split(".")))


def join_parts(parts: Iterable[str]) -> str:
    """Join the parts of a table's name to the name that `relation` quotes.

    A part that contains a dot keeps its quotes: it is not the table whose name has two parts.

    >>> join_parts(["shop", "my-orders"]), join_parts(["shop.orders"])
    ('shop.my-orders', '`shop.orders`')
    """
    return ".".join(identifier(part) if "." in part else part for part in parts)


def split_last(name: str) -> tuple[str, str]:
    """Split the last part off a name from `join_parts`; it may be a column whose name contains dots.

    >>> split_last("shop.my-orders.id"), split_last("shop.my-orders.`a.b`")
    (('shop.my-orders', 'id'), ('shop.my-orders', 'a.b'))
    """
    if match := _QUOTED_LAST.fullmatch(name):
        return match["before"], match["last"].replace("``", "`")
    before, _, last = name.rpartition(".")
    return before, last


def find_name_problem(name: str) -> str:
    """Return why the name of a table cannot be split into parts; empty where it can.

    >>> find_name_problem("shop.my-orders"), find_name_problem("shop.") != "", find_name_problem("`a.b`") != ""
    ('', True, True)
    """
    if not all(part.strip() for part in name.split(".")):
        return "has an empty part: dots separate catalog, schema and table"
    if _QUOTED_DOT.search(name):
        return "has a dot inside quotes: dots separate catalog, schema and table, and no part can contain one"
    return ""


def put_table(query: str, name: str) -> str:
    """Replace `{object}`, with or without backticks around it, by the quoted name of a table.

    >>> put_table("SELECT COUNT(*) FROM {object}", "shop.my-orders")
    'SELECT COUNT(*) FROM `shop`.`my-orders`'
    """
    return query.replace("`{object}`", "{object}").replace("{object}", relation(name))


def fill_placeholders(sql: str, find: Callable[[str], str]) -> str:
    """Replace each `{name}` or `{name.key}` outside of literals and comments.

    Args:
        sql: The SQL.
        find: Returns the SQL to put in place of a name.

    >>> fill_placeholders("n >= {least.rows} AND t RLIKE '{least}'", {"least.rows": "3"}.__getitem__)
    "n >= 3 AND t RLIKE '{least}'"
    """
    return _PLACEHOLDERS.sub(lambda match: find(match["name"]) if match["name"] else match[0], sql)


def field_name(name: str) -> str:
    """Quote the name of a struct's field where it needs quotes, as types in `martgate.contracts.types` do.

    >>> field_name("x"), field_name("we ird")
    ('x', '`we ird`')
    """
    return name if _PLAIN_NAME.fullmatch(name) else identifier(name)


def text(value: str) -> str:
    r"""Write a text as a literal on one line; `${` is escaped, because Spark may substitute it as a variable.

    >>> print(text("it's a \\"), text("${env:HOME}"), text("a" + chr(10)))
    'it\'s a \\' '$\{env:HOME}' 'a\n'
    """
    return "'" + "".join(map(_escape, value)).replace("${", "$\\{") + "'"


def _escape(char: str) -> str:
    if char in _ESCAPES or char.isprintable():
        return _ESCAPES.get(char, char)
    return f"\\u{ord(char):04x}" if ord(char) < 0x1_0000 else f"\\U{ord(char):08x}"


def escape_variables(sql: str) -> str:
    r"""Escape `${` in the text literals of a statement, for a Spark session that substitutes variables.

    >>> print(escape_variables("SELECT '${env:HOME}' -- it's ${this}"))
    SELECT '$\{env:HOME}' -- it's ${this}
    """
    return _LITERALS.sub(lambda match: match[0].replace("${", "$\\{") if match["text"] else match[0], sql)


def literal(value: str | float, kind: str) -> str:  # noqa: PLR0911 - one return a family of types
    """Write a value as a literal that compares with a column of type `kind`.

    Args:
        value: The value, as the contract states it.
        kind: The column's type as Spark names it; empty where it is not known.

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
    if isinstance(value, str) and not (kind and not is_text(kind) and _is_number(value)):
        return text(value)
    if find_scale(kind) is not None:
        return _decimal_literal(value, kind)
    if isinstance(value, str):
        return value
    return text(_plain(value)) if is_text(kind) else _plain(value)


def _decimal_literal(value: str | float, kind: str) -> str:
    """Write a number as a decimal of a type if the type has room for it: beside another type, an engine may round both."""
    number = Decimal(value) if isinstance(value, str) else to_decimal(value)
    precision, scale = map(int, kind.removeprefix("decimal(").removesuffix(")").split(","))
    units = Fraction(number) * 10**scale
    plain = format(number, "f")
    fits = units.denominator == 1 and abs(units) < 10**precision
    return f"CAST({text(plain)} AS {kind.upper()})" if fits else plain


def fraction_literal(value: float) -> str:
    """Write a number as a decimal with a point and all of its digits, so that no engine adds it as a whole number.

    >>> fraction_literal(1), fraction_literal(0.5), fraction_literal(9007199254740993)
    ('1.0', '0.5', '9007199254740993.0')
    """
    plain = _plain(value)
    return plain if "." in plain else f"{plain}.0"


def step_literal(value: float, kind: str) -> str:
    """Write the least step with the column's scale whose multiples are those of `value`.

    So no engine needs more digits than the column has.

    >>> step_literal(0.5, "bigint"), step_literal(0.3, "int"), step_literal(0.05, "decimal(10,2)"), step_literal(0.05, "decimal(38,1)")
    ('1', '3', '0.05', '0.1')
    """
    scale = 0 if is_whole(kind) else find_scale(kind)
    if scale is None:
        return literal(value, "")
    units = (
        Fraction(to_decimal(value)) * 10**scale
    ).numerator  # the denominator of the reduced fraction divides every whole number of units
    return format(Decimal(f"{units}E-{scale}"), "f")


def find_scale(kind: str) -> int | None:
    """Find how many digits a decimal type has after its point; None for every other type."""
    decimal = _DECIMAL.fullmatch(kind)
    return int(decimal[1]) if decimal else None


def is_text(kind: str) -> bool:
    """Return whether a type holds text."""
    return kind.startswith(_TEXTS)


def is_whole(kind: str) -> bool:
    """Return whether a type holds whole numbers only."""
    return kind in _WHOLES


def is_fraction(kind: str) -> bool:
    """Return whether a type holds binary fractions, in which decimal arithmetic is not exact."""
    return kind in _FRACTIONS


def _plain(value: float) -> str:
    """Format a number without an exponent, so that engines read it as an exact decimal."""
    return format(to_decimal(value), "f")


def _is_number(value: str) -> bool:
    return parse_decimal(value) is not None


def duckdb_identifier(name: str) -> str:
    """Quote a name for DuckDB.

    >>> duckdb_identifier('we"ird')
    '"we""ird"'
    """
    return '"' + name.replace('"', '""') + '"'


def duckdb_relation(name: str) -> str:
    """Quote the name of a table for DuckDB: the first part is the schema, the rest is the table.

    >>> duckdb_relation("shop.orders")
    '"shop"."orders"'
    """
    return ".".join(map(duckdb_identifier, name.split(".", 1)))


def duckdb_text(value: str) -> str:
    """Write a text as a literal of DuckDB.

    >>> duckdb_text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"
