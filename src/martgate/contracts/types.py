"""One table of types: how Spark spells each, and what the same thing is called everywhere else.

A contract states its types in any common spelling; `canonical` turns that into Spark's own (`bigint`, `decimal(18,2)`,
`array<string>`), which is what the rest of the house compares. `spelling` translates from there. Nothing here imports
a library that it names: every entry is text.
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
    """One type in every language that the house speaks.

    `spark` is the canonical name; `pyspark`, `polars` and `sqlalchemy` are Python expressions (with `T`, `pl` and `sa`
    for `pyspark.sql.types`, `polars` and `sqlalchemy`); pandera takes those of its backend as they are. `arrow` is what
    `str()` of the Arrow type says. `delta` is the type in a Delta schema: a primitive's name, or JSON text where it is
    nested. `json_schema` is JSON text; `logical` is the ODCS logicalType the type belongs to.
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
"""The smallest and greatest value of each integer type."""

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
    # Delta knows one kind of text; a length, a UUID's or a document's form are rules about its values.
    **dict.fromkeys(("text", "str", "utf8", "uuid", "json", "xml"), "string"),
    **dict.fromkeys(("bytes", "bytea", "blob", "varbinary"), "binary"),
    "bool": "boolean",
    "date32": "date",
    **dict.fromkeys(("timestamptz", "timestamp_ltz", "timestamp with time zone"), "timestamp"),
    **dict.fromkeys(("datetime", "timestamp without time zone"), "timestamp_ntz"),
}
_TEXTS = frozenset({"varchar", "char", "character", "character varying", "nvarchar", "bpchar"})
_DECIMALS = frozenset({"decimal", "dec", "numeric", "number"})
_AMBIGUOUS = {"int8": "it has 8 bits in Arrow and 8 bytes in PostgreSQL; say tinyint or bigint"}
_NESTED = ("array<..>", "map<..,..>", "struct<name:..>")
_LONGEST, _DEEPEST = 10_000, 32
"""A type longer or deeper than this is nobody's table; reading it would only cost the stack."""

_TOKEN = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|([<>(),:]))")


def canonical_type(text: str) -> str:
    """A type in Spark's own spelling, from any common one; a text's length is not part of its type.

    >>> canonical_type("LONG"), canonical_type("varchar(10)"), canonical_type("numeric(18, 2)")
    ('bigint', 'string', 'decimal(18,2)')
    >>> canonical_type("array<struct<id: integer, name: text>>")
    'array<struct<id:int,name:string>>'

    Raises:
        ValueError: there is no such type; the message names the nearest ones.
    """
    return _parsed(text).spark


def translate_type(physical_type: str) -> TypeNames:
    """The type in every language; any spelling that `canonical_type` reads is understood.

    >>> translate_type("tinyint").duckdb, translate_type("decimal(9,2)").sqlalchemy
    ('TINYINT', 'sa.Numeric(9, 2)')

    Raises:
        ValueError: there is no such type; the message names the nearest ones.
    """
    return _parsed(physical_type)


_WIDTHS = {
    "i8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint",
    "u8": "smallint", "u16": "int", "u32": "bigint", "u64": "decimal(20,0)",
}  # fmt: skip


def default_physical_type(logical_type: str, options: Mapping[str, object]) -> str:
    """The physical type of a column that states only its logicalType; unsigned widths get the next wider type.

    >>> default_physical_type("integer", {"format": "i32"}), default_physical_type("timestamp", {"timezone": False})
    ('int', 'timestamp_ntz')

    Raises:
        ValueError: the logical type is unknown, or does not say enough (what an array holds).
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
            raise ValueError(f"{logical_type} says too little; state the physicalType, as in array<string>")
        case _:
            known = ("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map")
            raise ValueError(_unknown(logical_type, known, "logicalType"))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> TypeNames:
    """The whole text as one type."""
    if len(text) > _LONGEST:
        raise ValueError(f"a type of {len(text)} characters; at most {_LONGEST} are read")
    reader = _Reader(text)
    found = reader.type()
    reader.end()
    return found


class _Reader:
    """A type's text, read from left to right; one method for each thing that may stand there."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text.strip(), 0, 0

    def type(self) -> TypeNames:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"a type nested more than {_DEEPEST} deep")
        name = self.name()
        nested = {"array": self.array, "map": self.map, "struct": self.struct}.get(name)
        found = nested() if nested else self.scalar(name)
        self.depth -= 1
        return found

    def name(self) -> str:
        """One type name in lower case, words of two-word names joined by one space."""
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
                raise self.wrong(f"{name} takes one length")
            return _SCALARS["string"]
        if name in _AMBIGUOUS:
            raise ValueError(f"{name} is not clear: {_AMBIGUOUS[name]}")
        found = _SCALARS.get(_SYNONYMS.get(name, name))
        if found is None:
            raise ValueError(_unknown(name, (*_SCALARS, "decimal", *_SYNONYMS, *_TEXTS), "type"))
        if numbers:
            raise self.wrong(f"{name} takes no numbers in parentheses")
        return found

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
                raise self.wrong(f"the struct has two fields {name}")
            self.expect(":")
            fields[name] = self.type()
            if not self.accept(","):
                break
        self.expect(">")
        return _struct(fields)

    def numbers(self) -> list[int]:
        if not self.accept("("):
            return []
        found = [self.number()]
        while self.accept(","):
            found.append(self.number())
        self.expect(")")
        return found

    # What stands next.

    def peek(self) -> "re.Match[str] | None":
        return _TOKEN.match(self.text, self.at)

    def word(self) -> str:
        token = self.peek()
        if not token or not (token[1] or token[2]):
            raise self.wrong("expected a name")
        self.at = token.end()
        return str(token[2] or token[1].replace("``", "`"))

    def number(self) -> int:
        token = self.peek()
        if not token or not token[3]:
            raise self.wrong("expected a number")
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
            raise self.wrong(f"expected {sign}")

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.wrong("expected the end")

    def wrong(self, what: str) -> ValueError:
        hint = "; a length stands in parentheses, as in varchar(10)" if self.text[self.at :].startswith("[") else ""
        before = _short(self.text[: self.at]) or "nothing"
        return ValueError(f"{_short(self.text) or 'an empty text'} is not a type: {what} after {before}{hint}")


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


# Types made of numbers and of other types.


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
    def joined(text: Callable[[str, TypeNames], str], separator: str = ", ") -> str:
        return separator.join(text(name, kind) for name, kind in fields.items())

    delta = [{"name": n, "type": _delta(kind), "nullable": True, "metadata": {}} for n, kind in fields.items()]
    return TypeNames(
        spark=f"struct<{joined(lambda name, kind: f'{field_name(name)}:{kind.spark}', ',')}>",
        pyspark=f"T.StructType([{joined(lambda name, kind: f'T.StructField({_python(name)}, {kind.pyspark})')}])",
        duckdb=f"STRUCT({joined(lambda name, kind: f'{duckdb_identifier(name)} {kind.duckdb}')})",
        arrow=f"struct<{joined(lambda name, kind: f'{name}: {kind.arrow}')}>",
        delta=json.dumps({"type": "struct", "fields": delta}, ensure_ascii=False),
        polars=f"pl.Struct({{{joined(lambda name, kind: f'{_python(name)}: {kind.polars}')}}})",
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
