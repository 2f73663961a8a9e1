"""Types are read in any common spelling, and said in every language as its own library reads them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from martgate.contracts.type_names import NOT_JUDGED
from martgate.contracts.types import (
    INTEGER_RANGES,
    UnjudgedType,
    canonical_type,
    default_physical_type,
    translate_type,
)

SCALARS = (
    "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(18,2)", "string", "binary", "boolean", "date",
    "timestamp", "timestamp_ntz",
)  # fmt: skip
NESTED = (
    "array<int>",
    "map<string,bigint>",
    "struct<a:int,b:array<string>>",
    "array<struct<t:timestamp,d:decimal(9,2)>>",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INT", "int"), ("integer", "int"), ("int4", "int"), ("long", "bigint"), ("BigInt", "bigint"), ("byte", "tinyint"),
        ("short", "smallint"), ("varchar(10)", "string"), ("character varying (5)", "string"), ("TEXT", "string"),
        ("double  precision", "double"), ("real", "float"), ("bool", "boolean"), ("timestamp with time zone", "timestamp"),
        ("timestamptz", "timestamp"), ("datetime", "timestamp_ntz"), ("decimal", "decimal(10,0)"),
        ("NUMERIC( 9 , 2 )", "decimal(9,2)"), ("decimal(5)", "decimal(5,0)"), (" array < Long > ", "array<bigint>"),
        ("map<string, array<text>>", "map<string,array<string>>"), ("STRUCT<A: int, `b c`: date>", "struct<A:int,`b c`:date>"),
    ],
)  # fmt: skip
def test_a_common_spelling_is_read_as_sparks_own(text, expected):
    assert canonical_type(text) == expected


@pytest.mark.parametrize("name", [*SCALARS, *NESTED])
def test_a_canonical_name_stays_as_it_is(name):
    assert canonical_type(name) == name == translate_type(name).spark


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bigintt", "Did you mean bigint"),
        ("flag", "'flag' is not a known type"),
        ("zzzz", "Known are tinyint"),
        ("int8", "write tinyint or bigint"),
        ("float(3,2)", "takes no numbers"),
        ("decimal(39,2)", "precision of 1 to 38"),
        ("decimal(4,5)", "up to the precision"),
        ("decimal(1,2,3)", "decimal(1,2,3) is not a type"),
        ("varchar(1,2)", "takes one length"),
        ("varchar[10]", "varchar(10)"),
        ("int int", "expected the end"),
        ("array<int", "expected >"),
        ("array(int)", "expected <"),
        ("nvarchar(most)", "expected a number"),
        ("timestamp(3,3)", "timestamp takes no numbers"),
        ("map<int>", "expected ,"),
        ("struct<a int>", "expected :"),
        ("struct<a:int,A:int>", "two fields A"),
        ("", "an empty text is not a type"),
        ("array<" * 2000, "at most 10000"),
        ("array<" * 100, "more than 32 levels deep"),
    ],
)
def test_what_is_no_type_is_refused_with_the_reason(text, said):
    with pytest.raises(ValueError, match=r"\S") as refused:
        canonical_type(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("datetime2(7)", "timestamp_ntz"),
        ("timestamp(6)", "timestamp"),
        ("timestamp(6) with time zone", "timestamp"),
        ("timestamp(6) without time zone", "timestamp_ntz"),
        ("timestamp_ltz(9)", "timestamp"),
        ("float(24)", "float"),
        ("float(53)", "double"),
        ("nvarchar(max)", "string"),
        ("varbinary(16)", "binary"),
        ("int(11)", "int"),
        ("int(11) unsigned", "bigint"),
        ("array<timestamp(6)>", "array<timestamp>"),
    ],
)
def test_types_of_other_platforms_are_read_with_their_numbers(text, expected):
    assert canonical_type(text) == expected


@pytest.mark.parametrize("name", sorted(NOT_JUDGED))
@pytest.mark.parametrize("form", ["{}", "{}(3)", "map<string,{}>"])
def test_a_type_that_no_type_here_equals_is_said_to_be_one(name, form):
    nested = name in ("array", "map", "struct") and form != "{}"
    if not nested:
        with pytest.raises(UnjudgedType, match=f"^{name} is a type that nothing here judges"):
            canonical_type(form.format(name))


@given(st.text(max_size=60) | st.text("array<>map,struct:intdec(0123) `", max_size=60))
def test_any_text_is_a_type_or_a_value_error(text):
    try:
        once = canonical_type(text)
    except ValueError:
        return
    assert canonical_type(once) == once


@pytest.mark.parametrize("name", [*SCALARS, *NESTED])
def test_duckdb_reads_its_spelling_as_that_very_type(name):
    import duckdb

    kind = translate_type(name).duckdb
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (c {kind})")
        [(_, found, *_)] = connection.execute("DESCRIBE t").fetchall()
    assert found.replace('"', "") == kind.replace('"', "")


@pytest.mark.parametrize("name", [*SCALARS, *NESTED])
def test_arrow_and_delta_agree_with_delta_rs(name):
    import pyarrow as pa
    from deltalake import Field, Schema

    stated = json.loads(translate_type(name).delta) if name in NESTED else translate_type(name).delta
    document = {"type": "struct", "fields": [{"name": "c", "type": stated, "nullable": True, "metadata": {}}]}
    delta = Schema.from_json(json.dumps(document))
    assert isinstance(delta.fields[0], Field)
    arrow = pa.schema(delta.to_arrow())
    if "map" not in name:
        assert str(arrow.field("c").type) == translate_type(name).arrow


@pytest.mark.parametrize("name", [*SCALARS, *NESTED])
def test_every_expression_is_a_type_of_its_library(name):
    import jsonschema
    import polars as pl
    import sqlalchemy as sa

    kind = translate_type(name)
    pl.Series([None], dtype=eval(kind.polars, {"pl": pl}))
    sa.Column("c", eval(kind.sqlalchemy, {"sa": sa}))
    jsonschema.Draft202012Validator.check_schema(json.loads(kind.json_schema))


@pytest.mark.parametrize("name", [name for name in (*SCALARS, *NESTED) if "map" not in name])
def test_polars_holds_what_arrow_says(name):
    import polars as pl

    kind = translate_type(name)
    found = pl.Series([None], dtype=eval(kind.polars, {"pl": pl})).to_arrow().type
    # Polars has its own words for text, bytes and lists, and names no list's elements.
    said = str(found).replace("string_view", "string").replace("large_", "").replace("binary_view", "binary")
    assert said.replace("item:", "element:") == kind.arrow


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tinyint", "SMALLINT"), ("smallint", "SMALLINT"), ("int", "INTEGER"), ("bigint", "BIGINT"), ("float", "REAL"),
        ("double", "DOUBLE PRECISION"), ("decimal(18,2)", "NUMERIC(18, 2)"), ("string", "TEXT"), ("binary", "BYTEA"),
        ("boolean", "BOOLEAN"), ("date", "DATE"), ("timestamp", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp_ntz", "TIMESTAMP WITHOUT TIME ZONE"), ("array<int>", "JSON"),
    ],
)  # fmt: skip
def test_sqlalchemy_has_the_width_on_postgresql(name, said):
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    assert eval(translate_type(name).sqlalchemy, {"sa": sa}).compile(postgresql.dialect()) == said


@pytest.mark.spark
@pytest.mark.parametrize("name", [*SCALARS, *NESTED])
def test_pysparks_expression_has_the_canonical_name(name):
    from pyspark.sql import types as T  # noqa: N812 (as everyone calls it)

    assert eval(translate_type(name).pyspark, {"T": T}).simpleString() == name


def test_integers_admit_their_whole_width_and_no_more():
    import jsonschema

    for name, (low, high) in INTEGER_RANGES.items():
        schema = jsonschema.Draft202012Validator(json.loads(translate_type(name).json_schema))
        assert schema.is_valid(low)
        assert schema.is_valid(high)
        assert not schema.is_valid(low - 1)
        assert not schema.is_valid(high + 1)


@pytest.mark.parametrize(
    ("logical", "options", "expected"),
    [
        ("string", {}, "string"), ("integer", {}, "bigint"), ("integer", {"format": "i32"}, "int"),
        ("integer", {"format": "u32"}, "bigint"), ("number", {}, "double"), ("number", {"format": "f32"}, "float"),
        ("timestamp", {}, "timestamp"), ("timestamp", {"timezone": False}, "timestamp_ntz"), ("date", {}, "date"),
        ("boolean", {}, "boolean"), ("time", {}, "string"),
    ],
)  # fmt: skip
def test_a_logical_type_alone_gives_a_physical_one(logical, options, expected):
    assert default_physical_type(logical, options) == expected
    assert canonical_type(expected) == expected


@pytest.mark.parametrize(("logical", "said"), [("array", "add physicalType"), ("integr", "Did you mean integer")])
def test_a_logical_type_that_says_too_little_is_refused(logical, said):
    with pytest.raises(ValueError, match=said):
        default_physical_type(logical, {})
