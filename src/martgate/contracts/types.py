"""The names of types in Spark and in every other language that martgate writes.

A contract can use any common name of a type. `canonical_type` returns Spark's name (`bigint`, `decimal(18,2)`,
`array<string>`), by which types are compared; `translate_type` returns the names in the other languages. This module
imports none of the libraries: all names are text.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from martgate.text.quoting import duckdb_identifier, field_name

__all__ = ["INTEGER_RANGES", "TypeNames", "canonical_type", "default_physical_type", "translate_type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNames:
    """A type in every language.

    Attributes:
        spark: The name in Spark SQL, which is the canonical one.
        pyspark: A Python expression, with `T` for `pyspark.sql.types`; also for pandera on Spark.
        duckdb: The name in DuckDB's SQL.
        arrow: The `str()` of the Arrow type.
        delta: The type in a Delta schema: the name of a primitive type, or the JSON text of a nested one.
        polars: A Python expression, with `pl` for `polars`; also for pandera on polars.
        sqlalchemy: A Python expression, with `sa` for `sqlalchemy`.
        json_schema: The JSON text of a schema.
        logical: The `logicalType` of ODCS.
    """

    spark: str
    pyspark: str
    duckdb: str
    arrow: str
    delta: str
    polars: str
    sqlalchemy: str
    json_schema: str
    logical: str


INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for name, bits in {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}.items()
}
"""The least and the greatest value of each integer type."""

_NAIVE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?$"


def _integer(name: str) -> str:
    low, high = INTEGER_RANGES[name]
    return json.dumps({"type": "integer", "minimum": low, "maximum": high})


# spark | pyspark | duckdb | arrow | delta | polars | sqlalchemy | JSON Schema | logicalType
_ROWS: tuple[tuple[str, ...], ...] = (
    ("tinyint", "T.ByteType()", "TINYINT", "int8", "byte", "pl.Int8", "sa.SmallInteger()", _integer("tinyint"), "integer"),
    ("smallint", "T.ShortType()", "SMALLINT", "int16", "short", "pl.Int16", "sa.SmallInteger()", _integer("smallint"), "integer"),
    ("int", "T.IntegerType()", "INTEGER", "int32", "integer", "pl.Int32", "sa.Integer()", _integer("int"), "integer"),
    ("bigint", "T.LongType()", "BIGINT", "int64", "long", "pl.Int64", "sa.BigInteger()", _integer("bigint"), "integer"),
    ("float", "T.FloatType()", "FLOAT", "float", "float", "pl.Float32", "sa.REAL()", '{"type": "number"}', "number"),
    ("double", "T.DoubleType()", "DOUBLE", "double", "double", "pl.Float64", "sa.Double()", '{"type": "number"}', "number"),
    ("string", "T.StringType()", "VARCHAR", "string", "string", "pl.String", "sa.Text()", '{"type": "string"}', "string"),
    ("binary", "T.BinaryType()", "BLOB", "binary", "binary", "pl.Binary", "sa.LargeBinary()",
     '{"type": "string", "contentEncoding": "base64"}', "string"),
    ("boolean", "T.BooleanType()", "BOOLEAN", "bool", "boolean", "pl.Boolean", "sa.Boolean()", '{"type": "boolean"}', "boolean"),
    ("date", "T.DateType()", "DATE", "date32[day]", "date", "pl.Date", "sa.Date()",
     '{"type": "string", "format": "date"}', "date"),
    ("timestamp", "T.TimestampType()", "TIMESTAMP WITH TIME ZONE", "timestamp[us, tz=UTC]", "timestamp",
     'pl.Datetime("us", "UTC")', "sa.DateTime(timezone=True)", '{"type": "string", "format": "date-time"}', "timestamp"),
    ("timestamp_ntz", "T.TimestampNTZType()", "TIMESTAMP", "timestamp[us]", "timestamp_ntz", 'pl.Datetime("us")',
     "sa.DateTime()", json.dumps({"type": "string", "pattern": _NAIVE}), "timestamp"),
)  # fmt: skip
_SCALARS = {row[0]: TypeNames(**dict(zip(TypeNames.__slots__, row, strict=True))) for row in _ROWS}

_SYNONYMS = {
    **dict.fromkeys(("byte",), "tinyint"),
    **dict.fromkeys(("short", "int2", "int16", "smallserial"), "smallint"),
    **dict.fromkeys(("integer", "int4", "int32", "serial"), "int"),
    **dict.fromkeys(("long", "int64", "bigserial"), "bigint"),
    **dict.fromkeys(("real", "float4", "float32"), "float"),
    **dict.fromkeys(("float8", "float64", "double precision"), "double"),
    # Delta has one type of text; a length, or the form of a UUID or a document, is a rule about its values.
    **dict.fromkeys(("text", "str", "utf8", "uuid", "json", "xml"), "string"),
    **dict.fromkeys(("bytes", "bytea", "blob", "varbinary"), "binary"),
    "bool": "boolean",
    "date32": "date",
    **dict.fromkeys(("timestamptz", "timestamp_ltz", "timestamp with time zone"), "timestamp"),
    **dict.fromkeys(("datetime", "timestamp without time zone"), "timestamp_ntz"),
}
_TEXTS = frozenset({"varchar", "char", "character", "character varying", "nvarchar", "bpchar"})
_DECIMALS = frozenset({"decimal", "dec", "numeric", "number"})
_AMBIGUOUS = {"int8": "it has 8 bits in Arrow and 8 bytes in PostgreSQL; write tinyint or bigint"}
_NESTED = ("array<..>", "map<..,..>", "struct<name:..>")
_MAX_LENGTH, _MAX_DEPTH = 10_000, 32
"""Limits far above any real type, which protect the stack."""

_TOKEN = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|([<>(),:]))")


def canonical_type(text: str) -> str:
    """Return Spark's name of a type, from any common name; the length of a text is dropped.

    >>> canonical_type("LONG"), canonical_type("varchar(10)"), canonical_type("numeric(18, 2)")
    ('bigint', 'string', 'decimal(18,2)')
    >>> canonical_type("array<struct<id: integer, name: text>>")
    'array<struct<id:int,name:string>>'

    Raises:
        ValueError: There is no such type; the message names the nearest ones.
    """
    return _parsed(text).spark


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
        names = nested() if nested else self.scalar(name)
        self.depth -= 1
        return names

    def name(self) -> str:
        """Parse a name in lower case; the words of a longer name are joined by one space."""
        words = [self.word().lower()]
        while (following := self.peek()) and following[2] and _is_prefix([*words, following[2].lower()]):
            words.append(self.word().lower())
        return " ".join(words)

    def scalar(self, name: str) -> TypeNames:
        numbers = self.numbers()
        if name in _DECIMALS:
            return _decimal(*(numbers or [10, 0]))
        if name in _TEXTS:
            if len(numbers) > 1:
                raise self.error(f"{name} takes one length")
            return _SCALARS["string"]
        if name in _AMBIGUOUS:
            raise ValueError(f"{name} is not clear: {_AMBIGUOUS[name]}")
        names = _SCALARS.get(_SYNONYMS.get(name, name))
        if names is None:
            raise ValueError(_unknown(name, (*_SCALARS, "decimal", *_SYNONYMS, *_TEXTS), "type"))
        if numbers:
            raise self.error(f"{name} takes no numbers in parentheses")
        return names

    def array(self) -> TypeNames:
        self.expect("<")
        item = self.type()
        self.expect(">")
        return _array(item)

    def map(self) -> TypeNames:
        self.expect("<")
        key = self.type()
        self.expect(",")
        value = self.type()
        self.expect(">")
        return _map(key, value)

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
        return _struct(fields)

    def numbers(self) -> list[int]:
        if not self.accept("("):
            return []
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

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.error("expected the end")

    def error(self, message: str) -> ValueError:
        hint = "; write a length in parentheses, as in varchar(10)" if self.text[self.at :].startswith("[") else ""
        before = _short(self.text[: self.at]) or "nothing"
        return ValueError(f"{_short(self.text) or 'an empty text'} is not a type: {message} after {before}{hint}")


_SPACED = tuple(name for name in (*_SYNONYMS, *_TEXTS) if " " in name)


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


_KNOWN = (*_SCALARS, "decimal(p,s)", *_NESTED)


# Types with parameters


def _decimal(precision: int, scale: int = 0, *more: int) -> TypeNames:
    if more or not 1 <= precision <= 38 or not 0 <= scale <= precision:
        raise ValueError(
            f"decimal({','.join(map(str, (precision, scale, *more)))}) is not a type: "
            "expected decimal(precision,scale) with a precision of 1 to 38 and a scale up to the precision"
        )
    name, pair = f"decimal({precision},{scale})", f"({precision}, {scale})"
    return TypeNames(
        spark=name,
        pyspark=f"T.DecimalType{pair}",
        duckdb=name.upper(),
        arrow=f"decimal128{pair}",
        delta=name,
        polars=f"pl.Decimal{pair}",
        sqlalchemy=f"sa.Numeric{pair}",
        json_schema='{"type": "number"}',
        logical="number",
    )


def _array(item: TypeNames) -> TypeNames:
    return TypeNames(
        spark=f"array<{item.spark}>",
        pyspark=f"T.ArrayType({item.pyspark})",
        duckdb=f"{item.duckdb}[]",
        arrow=f"list<element: {item.arrow}>",
        delta=json.dumps({"type": "array", "elementType": _delta(item), "containsNull": True}),
        polars=f"pl.List({item.polars})",
        sqlalchemy="sa.JSON()",
        json_schema=json.dumps({"type": "array", "items": _or_null(item)}),
        logical="array",
    )


def _map(key: TypeNames, value: TypeNames) -> TypeNames:
    return TypeNames(
        spark=f"map<{key.spark},{value.spark}>",
        pyspark=f"T.MapType({key.pyspark}, {value.pyspark})",
        duckdb=f"MAP({key.duckdb}, {value.duckdb})",
        arrow=f"map<{key.arrow}, {value.arrow}>",
        delta=json.dumps(
            {"type": "map", "keyType": _delta(key), "valueType": _delta(value), "valueContainsNull": True}
        ),
        polars=f'pl.List(pl.Struct({{"key": {key.polars}, "value": {value.polars}}}))',
        sqlalchemy="sa.JSON()",
        json_schema=json.dumps({"type": "object", "additionalProperties": _or_null(value)}),
        logical="map",
    )


def _struct(fields: Mapping[str, TypeNames]) -> TypeNames:
    def join(text: Callable[[str, TypeNames], str], separator: str = ", ") -> str:
        return separator.join(text(name, kind) for name, kind in fields.items())

    delta = [{"name": n, "type": _delta(kind), "nullable": True, "metadata": {}} for n, kind in fields.items()]
    return TypeNames(
        spark=f"struct<{join(lambda name, kind: f'{field_name(name)}:{kind.spark}', ',')}>",
        pyspark=f"T.StructType([{join(lambda name, kind: f'T.StructField({_python(name)}, {kind.pyspark})')}])",
        duckdb=f"STRUCT({join(lambda name, kind: f'{duckdb_identifier(name)} {kind.duckdb}')})",
        arrow=f"struct<{join(lambda name, kind: f'{name}: {kind.arrow}')}>",
        delta=json.dumps({"type": "struct", "fields": delta}, ensure_ascii=False),
        polars=f"pl.Struct({{{join(lambda name, kind: f'{_python(name)}: {kind.polars}')}}})",
        sqlalchemy="sa.JSON()",
        json_schema=json.dumps(
            {"type": "object", "properties": {n: _or_null(kind) for n, kind in fields.items()}}, ensure_ascii=False
        ),
        logical="object",
    )


def _python(name: str) -> str:
    return f'"{name}"' if name.isidentifier() else repr(name)


def _delta(kind: TypeNames) -> object:
    return json.loads(kind.delta) if kind.delta.startswith("{") else kind.delta


def _or_null(kind: TypeNames) -> object:
    return {"anyOf": [json.loads(kind.json_schema), {"type": "null"}]}
