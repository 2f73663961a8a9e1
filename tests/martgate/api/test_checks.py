"""`martgate.check`: any frame or file, one answer."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import martgate

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    physicalType: table
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: at, logicalType: timestamp, physicalType: timestamp_ntz, classification: public}
      - {name: price, logicalType: number, physicalType: "decimal(9,2)", classification: public}
      - {name: day, logicalType: date, physicalType: date, classification: public}
      - {name: kind, logicalType: string, physicalType: string, classification: public, logicalTypeOptions: {maxLength: 3}}
      - {name: name, logicalType: string, physicalType: string, classification: personal, logicalTypeOptions: {maxLength: 5}}
"""
GOOD = {
    "id": [1, 2],
    "at": [dt.datetime.fromisoformat("2024-01-01T10:30:00.000001"), None],
    "price": [Decimal("1.50"), Decimal("-0.01")],
    "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
    "kind": ["new", "old"],
    "name": ["Kim", None],
}
BAD = GOOD | {"id": [1, 1], "kind": ["<b>new", "old"], "name": ["Kim Minsu", None]}
TYPES = {"at": pa.timestamp("us"), "price": pa.decimal128(9, 2)}


def arrow(rows):
    return pa.table({name: pa.array(values, TYPES.get(name)) for name, values in rows.items()})


def pandas(rows):
    return arrow(rows).to_pandas(date_as_object=True).set_index("id", drop=False)


def duckdb(rows):
    import duckdb

    table = arrow(rows)  # the relation looks it up
    return duckdb.connect().from_arrow(table)


def polars(rows):
    import polars as pl

    return pl.DataFrame(arrow(rows))


FRAMES = {
    "arrow": arrow,
    "arrow reader": lambda rows: arrow(rows).to_reader(),
    "arrow batch": lambda rows: arrow(rows).to_batches()[0],
    "pandas": pandas,
    "polars": polars,
    "lazy polars": lambda rows: polars(rows).lazy(),
    "duckdb": duckdb,
}


def pyspark_cast(name, kind):
    from pyspark.sql.functions import col

    return col(name).cast(kind)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    return tmp_path / "orders.odcs.yaml"


@pytest.fixture(params=[*FRAMES, pytest.param("spark", marks=pytest.mark.spark)])
def frame(request):
    """Makes a frame of each library from columns."""
    if request.param == "spark":
        spark = request.getfixturevalue("spark")
        return lambda rows: spark.createDataFrame(arrow(rows)).withColumn("at", pyspark_cast("at", "timestamp_ntz"))
    return FRAMES[request.param]


def failures(result):
    return {verdict.rule.name: verdict.failed for verdict in result.failed}


def test_a_good_frame_of_any_library_passes(frame, contract):
    result = martgate.check(frame(GOOD), contract)
    assert (result.passed, result.failed, result.reasons) == (True, (), ())
    assert result.raise_for_failures() is result


def test_a_bad_frame_of_any_library_fails_by_the_same_rules(frame, contract):
    result = martgate.check(frame(BAD), contract)
    assert not result.passed
    assert failures(result) == {"kind|max_length": 1, "name|max_length": 1, "table|key": 2}


def test_a_path_is_checked_as_the_frame_in_it(contract, tmp_path):
    pq.write_table(arrow(BAD), tmp_path / "bad.parquet")
    assert failures(martgate.check(tmp_path / "bad.parquet", contract)) == failures(
        martgate.check(arrow(BAD), contract)
    )
    assert failures(martgate.check(str(tmp_path / "bad.parquet"), str(contract)))


def test_a_contract_that_was_read_serves_many_checks(contract):
    read = martgate.read_contract(contract)
    assert [martgate.check(arrow(rows), read).passed for rows in (GOOD, BAD)] == [True, False]


def test_a_frame_without_rows_does_not_pass(contract):
    result = martgate.check(arrow(GOOD).slice(0, 0), contract)
    assert not result.passed


def test_categories_are_their_values_and_a_column_of_nulls_has_the_type_of_the_contract(contract):
    rows = arrow(GOOD)
    place = rows.column_names.index("kind")
    rows = rows.set_column(place, "kind", rows.column("kind").dictionary_encode())
    for name in ("at", "price", "day"):
        rows = rows.set_column(rows.column_names.index(name), name, pa.nulls(2))
    assert martgate.check(rows, contract).passed


def test_nanoseconds_pass_where_none_is_lost(contract):
    rows, place = arrow(GOOD), 1
    kept = rows.set_column(place, "at", rows.column("at").cast(pa.timestamp("ns")))
    lost = rows.set_column(place, "at", pa.chunked_array([pa.array([1, None], pa.timestamp("ns"))]))
    assert martgate.check(kept, contract).passed
    assert failures(martgate.check(lost, contract)) == {"at|type": 1}


def test_a_failure_is_raised_with_its_rules_and_no_value(contract):
    with pytest.raises(martgate.ChecksFailed) as raised:
        martgate.check(arrow(BAD), contract).raise_for_failures()
    assert str(raised.value).splitlines() == [
        "orders breaks its contract: 3 failed: kind|max_length, name|max_length, table|key",
        "  kind|max_length: 1 of 2 rows fail: kind has at most 3 characters",
        "  name|max_length: 1 of 1 rows fail: name has at most 5 characters",
        "  table|key: 2 of 2 rows fail: no two rows share the same id",
    ]
    assert raised.value.result.failed


def test_the_frame_of_a_result_is_of_the_library_of_the_data(contract):
    results = {name: martgate.check(make(GOOD), contract).to_frame() for name, make in FRAMES.items()}
    libraries = {name: type(result).__module__.partition(".")[0] for name, result in results.items()}
    assert libraries == dict.fromkeys(FRAMES, "pandas") | {"arrow": "pyarrow", "polars": "polars"}
    rows = results["arrow"].to_pylist()
    assert rows[0] == {
        "rule": "table|columns",
        "outcome": "passed",
        "severity": "error",
        "failed": 0,
        "total": 6,
        "unit": "columns",
        "observed": "",
        "sentence": "the table has exactly these 6 columns, in this order: id, at, price, day, kind and name",
    }


def test_a_notebook_shows_what_failed_escaped_and_without_personal_values(contract):
    html = martgate.check(arrow(BAD), contract)._repr_html_()
    assert "orders: refused" in html
    assert "name|max_length" in html
    assert "&lt;b&gt;new" in html
    assert "<b>new" not in html
    assert "Minsu" not in html


def test_rules_about_a_day_need_a_day(tmp_path):
    text = CONTRACT.replace(
        "    physicalType: table\n",
        "    physicalType: table\n    customProperties: [{property: publishPartition, value: day}]\n",
    )
    text = text.replace(
        "physicalType: date,", "physicalType: date, required: true, partitioned: true, partitionKeyPosition: 1,"
    )
    (tmp_path / "daily.odcs.yaml").write_text(text, encoding="utf-8")
    whole = martgate.check(arrow(GOOD), tmp_path / "daily.odcs.yaml")
    assert whole.passed
    assert [each.rule.name for each in whole.out_of_scope] == ["table|partitions"]
    one = martgate.check(arrow(GOOD), tmp_path / "daily.odcs.yaml", date="2024-01-01")
    assert failures(one) == {"table|partitions": 1}
    assert failures(martgate.check(arrow(GOOD), tmp_path / "daily.odcs.yaml", date=dt.date(2024, 1, 1))) == failures(
        one
    )


@pytest.mark.parametrize("date", ["2024-02-30", "yesterday", dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
def test_what_is_no_day_is_refused(contract, date):
    with pytest.raises(martgate.InvalidInput, match="expected a day"):
        martgate.check(arrow(GOOD), contract, date=date)


def test_what_is_no_data_is_refused(contract):
    with pytest.raises(martgate.InvalidInput, match="found int, expected the path of a Parquet file"):
        martgate.check(3, contract)


def test_one_table_of_several_must_be_named(tmp_path):
    second = CONTRACT[CONTRACT.index("  - name: orders") :].replace("orders", "lines")
    (tmp_path / "two.odcs.yaml").write_text(CONTRACT + second, encoding="utf-8")
    with pytest.raises(martgate.InvalidInput, match=r"has 2 tables \(lines, orders\); name one"):
        martgate.check(arrow(GOOD), tmp_path / "two.odcs.yaml")
    assert martgate.check(arrow(GOOD), tmp_path / "two.odcs.yaml", table="lines").audit.table == "lines"


def test_nothing_of_a_frame_is_left_behind(contract, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    martgate.check(arrow(BAD), contract)
    assert list((tmp_path / "temporary").iterdir()) == []
