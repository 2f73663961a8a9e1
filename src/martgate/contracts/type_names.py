"""The names of each type in every language: the scalar types, and those with parameters."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from martgate.text.quoting import duckdb_identifier, field_name

__all__ = [
    "DECIMALS",
    "INTEGER_RANGES",
    "SCALARS",
    "SYNONYMS",
    "TEXTS",
    "TypeNames",
    "array_type",
    "decimal_type",
    "map_type",
    "struct_type",
]


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
SCALARS = {row[0]: TypeNames(**dict(zip(TypeNames.__slots__, row, strict=True))) for row in _ROWS}
"""The names of each scalar type, by its name in Spark."""

SYNONYMS = {
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
    # Snowflake, BigQuery, Oracle and SQL Server.
    **dict.fromkeys(("timestamptz", "timestamp_ltz", "timestamp_tz", "timestamp with time zone"), "timestamp"),
    **dict.fromkeys(("timestamp with local time zone", "datetimeoffset"), "timestamp"),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime", "timestamp without time zone"), "timestamp_ntz"),
    **dict.fromkeys(("jsonb", "ntext", "clob", "nclob", "uniqueidentifier"), "string"),
    **dict.fromkeys(("binary_double",), "double"),
    **dict.fromkeys(("binary_float",), "float"),
    "bit": "boolean",
    # MySQL: the next wider type holds every value.
    "tinyint unsigned": "smallint",
    "smallint unsigned": "int",
    **dict.fromkeys(("int unsigned", "integer unsigned", "mediumint unsigned"), "bigint"),
    "mediumint": "int",
    **dict.fromkeys(("tinytext", "mediumtext", "longtext"), "string"),
    **dict.fromkeys(("tinyblob", "mediumblob", "longblob", "image", "raw", "long raw"), "binary"),
}
"""Spark's name for each other name of a scalar type."""
TEXTS = frozenset(
    {
        "varchar",
        "char",
        "character",
        "character varying",
        "nvarchar",
        "bpchar",
        "nchar",
        "varchar2",
        "nvarchar2",
        "string",
    }
)
"""The names of text types that take a length."""
FORMS = {
    **dict.fromkeys(("uuid", "uniqueidentifier"), "uuid"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    "xml": "xml",
}
"""The form that a type of text promises, by its name."""
UNJUDGED_FORMS = frozenset({"json", "xml"})
"""The forms that no rule judges: engines disagree on which texts have them."""
TIMES = frozenset({"timestamp", "timestamp_ntz"})
"""Spark's names of the types that take a number of fractional digits elsewhere, as in `timestamp(6)`."""
BINARIES = frozenset({"binary", "varbinary", "raw"})
"""The names of binary types that take a length."""
NOT_JUDGED = frozenset(
    {
        # Any document or value
        *("variant", "super", "sql_variant", "object", "hstore", "dynamic"),
        # Nested types that do not say what is in them
        *("array", "list", "map", "struct", "record", "row", "json array"),
        # Places
        *("geography", "geometry", "point", "linestring", "polygon"),
        # Spans and times of day
        *("interval", "time", "timetz", "time with time zone", "time without time zone", "year"),
        # Wider than 38 digits
        *("bignumeric", "bigdecimal", "bigint unsigned", "hugeint", "decfloat"),
        # Money, addresses, sketches, vectors
        *(
            "money",
            "smallmoney",
            "inet",
            "cidr",
            "macaddr",
            "tsvector",
            "tsquery",
            "hllsketch",
            "vector",
            "enum",
            "set",
        ),
        *("rowid", "urowid", "bfile", "xmltype", "rowversion", "hierarchyid", "null", "void"),
    }
)
"""The names of types of other platforms that no type here equals: a contract may have them, and nothing judges them."""
DECIMALS = frozenset({"decimal", "dec", "numeric", "number"})
"""The names of decimal types."""


def decimal_type(precision: int, scale: int = 0, *more: int) -> TypeNames:
    """Return a decimal type; raise ValueError for a precision or a scale that Spark does not have."""
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


def array_type(item: TypeNames) -> TypeNames:
    """Return the type of a list of items."""
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


def map_type(key: TypeNames, value: TypeNames) -> TypeNames:
    """Return the type of a map."""
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


def struct_type(fields: Mapping[str, TypeNames]) -> TypeNames:
    """Return the type of a struct with named fields."""

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
