"""The pandera exports, executed: good frames pass, and each bad one is refused."""

import datetime as dt
from decimal import Decimal

import pytest

from martgate.contracts.export.pandera import render_schema
from martgate.contracts.types import translate_type
from martgate.errors import InvalidInput

GOOD = {
    "sku": "AB123", "day": dt.date(2024, 1, 31), "shelf": 1, "level": -128, "pieces": 10, "weight": 0.3,
    "price": Decimal("1.25"), "label": "한국tag", "code": "x", "grade": "it's", "owner": "Ann",
    "seen": dt.datetime(2024, 1, 31, tzinfo=dt.UTC), "wall": dt.datetime(2024, 1, 31, 1, 2, 3),  # noqa: DTZ001
    "small": 1, "big": 2**63 - 1, "ratio": 1.5, "flag": True, "raw": b"\x00", "tags": ["a", None],
    "counts": {"a": 1}, "place": {"x": 1, "y": None},
}  # fmt: skip
NULLS = dict.fromkeys(set(GOOD) - {"sku", "day", "shelf", "price"})
ROWS = [GOOD, GOOD | NULLS | {"sku": "AB124"}, GOOD | NULLS | {"day": dt.date(2024, 2, 1)}]
BAD = [
    ("sku", None), ("sku", "AB12"), ("sku", "AB1234"), ("sku", "AB123\n"), ("day", dt.date(2019, 12, 31)), ("shelf", 2),
    ("shelf", None), ("pieces", -5), ("pieces", 1000), ("pieces", 7), ("weight", 0.0), ("weight", 0.25),
    ("price", Decimal("0.25")), ("price", Decimal("1.01")), ("price", None), ("label", "x"), ("label", "longer"),
    ("grade", "no"), ("owner", "Cy"), ("seen", dt.datetime(2030, 1, 2, tzinfo=dt.UTC)),
    ("wall", dt.datetime(2019, 1, 1)),  # noqa: DTZ001
]  # fmt: skip


def executed(code):
    names = {}
    exec(compile(code, "exported", "exec"), names)
    return names["schema"]


def test_an_unknown_flavour_is_refused_with_the_known_ones(wares):
    with pytest.raises(InvalidInput, match="polars or pyspark"):
        render_schema(wares[1], flavour="pandas")


# polars


@pytest.fixture(scope="module")
def in_polars(wares):
    return executed(render_schema(wares[1], flavour="polars"))


@pytest.fixture(scope="module")
def polars_frame(wares):
    import polars as pl

    _, table = wares
    kinds = {c.name: eval(translate_type(c.physical_type).polars, {"pl": pl}) for c in table.columns}
    return lambda rows: pl.DataFrame([{**row, "counts": entries(row["counts"])} for row in rows], schema=kinds)


def entries(counts):
    return counts and [{"key": key, "value": value} for key, value in counts.items()]


def refuses(checked, frame, what=""):
    from pandera.errors import SchemaError

    # Not lazy: pandera then writes offending rows as JSON, which polars cannot where a column is binary.
    with pytest.raises(SchemaError) as refused:
        checked.validate(frame)
    assert what in str(refused.value)


def test_polars_good_rows_pass(in_polars, polars_frame):
    in_polars.validate(polars_frame(ROWS))


@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
def test_polars_a_bad_value_is_refused(in_polars, polars_frame, name, value):
    refuses(in_polars, polars_frame([*ROWS[1:], GOOD | {name: value}]), name)


def test_polars_a_repeated_key_is_refused(in_polars, polars_frame):
    refuses(in_polars, polars_frame([GOOD, GOOD | {"code": "y"}]), "sku")


def test_polars_a_repeated_unique_value_is_refused(in_polars, polars_frame):
    refuses(in_polars, polars_frame([GOOD, GOOD | {"sku": "AB124"}]), "code")


def test_polars_columns_lost_added_moved_and_widened_are_refused(in_polars, polars_frame):
    import polars as pl

    good = polars_frame(ROWS)
    refuses(in_polars, good.drop("flag"))
    refuses(in_polars, good.with_columns(more=1))
    refuses(in_polars, good.select([good.columns[-1], *good.columns[:-1]]))
    refuses(in_polars, good.with_columns(pl.col("small").cast(pl.Int32)))


# Spark

on_spark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def in_spark(wares, spark):
    return executed(render_schema(wares[1], flavour="pyspark"))


@pytest.fixture(scope="module")
def spark_frame(wares, spark):
    from pyspark.sql import types as T  # noqa: N812 (as everyone calls it)

    _, table = wares
    kinds = {c.name: eval(translate_type(c.physical_type).pyspark, {"T": T}) for c in table.columns}
    fields = T.StructType([T.StructField(name, kind) for name, kind in kinds.items()])
    return lambda rows: spark.createDataFrame([tuple(row[name] for name in kinds) for row in rows], fields)


def failures(checked, frame):
    """What pandera says of a frame, a line each; each of its own texts repeats the whole schema."""
    found = checked.validate(frame).pandera.errors
    items = [(reason, item) for reasons in found.values() for reason, listed in reasons.items() for item in listed]
    return "\n".join(item["check"] if reason == "DATAFRAME_CHECK" else item["error"] for reason, item in items)


@pytest.mark.spark
@on_spark
def test_pyspark_good_rows_pass(in_spark, spark_frame):
    assert failures(in_spark, spark_frame(ROWS)) == ""


@pytest.mark.spark
@on_spark
def test_pyspark_every_bad_value_is_refused_by_what_it_breaks(in_spark, spark_frame):
    # One row a bad value, all in one frame: each pass over a frame costs Spark seconds.
    rows = [{**GOOD, "sku": f"AB{place}", "code": None, name: value} for place, (name, value) in enumerate(BAD, 200)]
    found = failures(in_spark, spark_frame([*ROWS, *rows]))
    for limit in (
        "'sku' contains null", "`sku` RLIKE", "`day` >=", "`shelf` IN", "'shelf' contains null", "`pieces` >=",
        "`pieces` <", "`pieces` %", "`weight` >", "`weight` /", "`price` >=", "`price` %", "'price' contains null",
        "LENGTH(`label`) >=", "LENGTH(`label`) <=", "`grade` IN", "`owner` IN", "`seen` <=", "`wall` >=",
    ):  # fmt: skip
        assert limit in found
    assert "in order" not in found


@pytest.mark.spark
@on_spark
def test_pyspark_repeated_keys_and_values_and_wider_types_are_refused(in_spark, spark_frame):
    from pyspark.sql import functions as F  # noqa: N812 (as everyone calls it)

    again = spark_frame([GOOD, GOOD]).withColumn("small", F.col("small").cast("int"))
    again = again.select("place", *again.columns[:-1]).withColumn(
        "place", F.col("place").cast("struct<x:bigint,y:double>")
    )
    found = failures(in_spark, again)
    assert "'sku', 'day'" in found
    assert "code is unique" in found
    assert "'small' to have type" in found
    assert "in order" in found
    assert "place has type struct<x:int,y:double>" in found
