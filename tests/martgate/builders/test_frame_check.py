"""The check of upstream frames by pandera: the same on both engines, and without values of rows."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.sample import SampleSpec, upstreams
from martgate.builders import frame_check
from martgate.builders.frame_check import Finding, check_frames
from martgate.builders.ports import Dataset
from martgate.contracts.catalog import Catalog
from martgate.errors import CouldNotRun, InvalidInput, QueryFailed

DAY = dt.date(2024, 1, 1)
ARROW = {
    "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(), "float": pa.float32(),
    "double": pa.float64(), "decimal(9,2)": pa.decimal128(9, 2), "string": pa.string(), "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"), "timestamp_ntz": pa.timestamp("us"), "boolean": pa.bool_(),
    "binary": pa.binary(), "array<string>": pa.list_(pa.string()), "map<string,int>": pa.map_(pa.string(), pa.int32()),
    "struct<x:int,y:double>": pa.struct({"x": pa.int32(), "y": pa.float64()}),
}  # fmt: skip
GOOD = {"sku": "AB123", "day": DAY, "shelf": 1, "price": Decimal("1.25"), "raw": b"\xff", "tags": ["a"]}

# column, defective value, the name of the failing check in polars and in Spark
DEFECTS = [
    ("sku", None, "not_nullable", "not_nullable"),
    ("sku", "canary", "str_contains", "`sku` RLIKE"),
    ("day", dt.date(2019, 12, 31), "greater_than_or_equal_to", "`day` >="),
    ("shelf", 2, "isin", "`shelf` IN"),
    ("pieces", 1000, "less_than", "`pieces` <"),
    ("pieces", 7, "multiple_of", "`pieces` %"),
    ("weight", 0.0, "greater_than", "`weight` >"),
    ("weight", 0.25, "multiple_of", "ABS(`weight`"),
    ("price", Decimal("1.01"), "multiple_of", "`price` %"),
    ("label", "c", "str_length", "LENGTH(`label`) >= 2"),
    ("grade", "canary", "isin", "`grade` IN"),
    ("owner", "canary", "isin", "`owner` IN"),
    ("seen", dt.datetime(2030, 1, 2, tzinfo=dt.UTC), "less_than_or_equal_to", "`seen` <="),
    ("wall", dt.datetime(2019, 1, 1), "greater_than_or_equal_to", "`wall` >="),  # noqa: DTZ001
]


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def finding(wares, tmp_path):
    """Check rows of `shop.wares`, or some of its columns, written with the given types."""
    _, table = wares

    def find(engine, rows, *columns, types=None):
        selected = replace(table, columns=tuple(one for one in table.columns if not columns or one.name in columns))
        types = types or {one.name: ARROW[one.physical_type] for one in selected.columns}
        values = [{name: row.get(name) for name in types} for row in rows]
        pq.write_table(pa.Table.from_pylist(values, pa.schema(types)), tmp_path / "wares.parquet")
        engine.register("shop.wares", Dataset(files=(str(tmp_path / "wares.parquet"),)))
        return check_frames(engine, "shop.wares", selected)

    return find


def test_the_sample_of_every_shipped_upstream_keeps_its_schema(engine, contract_folder, tmp_path):
    catalog = Catalog.load([contract_folder / "upstream"])
    tables = {table.qualified_name: table for _, table in catalog.tables()}
    checked = set()
    for name, rows in upstreams(SampleSpec(members=120, date=DAY, seed=5), tables):
        pq.write_table(rows if isinstance(rows, pa.Table) else rows.read_all(), tmp_path / f"{name}.parquet")
        engine.register(name, Dataset(files=(str(tmp_path / f"{name}.parquet"),)))
        _, table = catalog.find(name)
        assert check_frames(engine, name, table) == (), name
        checked.add(name)
    assert checked == set(tables)


def test_valid_rows_have_no_findings(finding, engine):
    assert finding(engine, [GOOD, GOOD | {"sku": "AB124", "raw": None}]) == ()


def test_each_defect_is_found_in_its_column_and_no_value_is_shown(finding, engine):
    planted = [GOOD | {"sku": f"AB{n}", column: value} for n, (column, value, *_) in enumerate(DEFECTS, 200)]
    findings = finding(engine, [*planted, GOOD, GOOD])
    for column, _, in_polars, in_spark in DEFECTS:
        check = in_polars if engine.name == "duckdb" else in_spark
        assert any(one.column == column and one.check.startswith(check) for one in findings), (column, check)
    assert {one.column for one in findings} == {column for column, *_ in DEFECTS} | {"sku, day"}
    assert "canary" not in "\n".join(map(str, findings))


@pytest.mark.parametrize(("column", "value", "check"), [defect[:3] for defect in DEFECTS], ids=str)
def test_on_duckdb_the_rows_of_each_defect_are_counted(finding, duckdb_engine, column, value, check):
    again = GOOD | {"sku": "AB124", column: value}
    expected = Finding(column=column, check=check, rows=1)
    assert finding(duckdb_engine, [GOOD, again]) == (expected,)
    assert str(expected) == f"{column} breaks {check} in 1 row"


SHAPES = {
    "a column is missing": ({"sku": pa.string(), "shelf": pa.int8()}, "day"),
    "a column is wider": ({"sku": pa.string(), "day": pa.date32(), "shelf": pa.int32()}, "shelf"),
    "a column is of another kind": ({"sku": pa.string(), "day": pa.date32(), "shelf": pa.string()}, "shelf"),
    "a column has moved": ({"day": pa.date32(), "sku": pa.string(), "shelf": pa.int8()}, None),
    "a column too many": ({"sku": pa.string(), "day": pa.date32(), "shelf": pa.int8(), "more": pa.string()}, None),
}


@pytest.mark.parametrize("types", SHAPES.values(), ids=SHAPES)
def test_a_frame_of_another_shape_is_refused_even_without_rows(finding, engine, types):
    fields, column = types
    findings = finding(engine, [], "sku", "day", "shelf", types=fields)
    assert findings
    assert column is None or column in {one.column for one in findings}


def test_a_key_that_comes_again_in_another_batch_is_found(finding, duckdb_engine, monkeypatch):
    monkeypatch.setattr(frame_check, "KEYS_AT_ONCE", 40_000)  # several batches, several parts
    days = [DAY + dt.timedelta(days=place) for place in range(130_000)]
    rows = [{"sku": "AB123", "day": day, "code": str(day)} for day in days]
    again = [{"sku": "AB123", "day": DAY, "code": "another"}, {"sku": "AB124", "day": DAY, "code": str(days[1])}]
    assert finding(duckdb_engine, rows, "sku", "day", "code") == ()
    assert finding(duckdb_engine, [*rows, *again], "sku", "day", "code") == (
        Finding(column="code", check="unique", rows=2),
        Finding(column="sku, day", check="multiple_fields_uniqueness", rows=2),
    )


def test_pandera_checks_even_where_it_was_switched_off(finding, duckdb_engine):
    from pandera.config import config_context

    with config_context(validation_enabled=False, validation_depth="SCHEMA_ONLY"):
        assert finding(duckdb_engine, [GOOD | {"shelf": 2}])


class Broken:
    """An engine that fails while it returns batches."""

    name = "broken"

    def batches(self, relation, columns=()):
        yield pa.RecordBatch.from_pylist([])
        raise ValueError("canary")


def test_what_could_not_be_checked_is_an_error_and_quotes_nothing(wares, duckdb_engine):
    with pytest.raises(CouldNotRun, match=r"could not check shop\.wares: ValueError") as caught:
        check_frames(Broken(), "shop.wares", wares[1])
    assert caught.value.__context__ is None
    with pytest.raises(QueryFailed, match="no table"):
        check_frames(duckdb_engine, "shop.unheard_of", wares[1])


def test_an_engine_without_frames_is_no_pass(wares):
    with pytest.raises(InvalidInput, match="no frames"):
        check_frames(SimpleNamespace(name="other"), "shop.wares", wares[1])
