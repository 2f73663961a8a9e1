"""`martgate.testing`: a model on rows that a test gives, and the difference from what it expects."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from martgate.contracts.model import Column, Table
from martgate.contracts.type_names import SCALARS
from martgate.errors import InvalidInput
from martgate.project.starter import write_starter
from martgate.stores.delta_log import build_arrow_types
from martgate.testing import assert_rows, run_model
from martgate.testing.rows import read_rows, read_text

DAY = "2024-01-01"


@pytest.fixture(scope="module")
def starter(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("starter")
    write_starter(folder)
    return folder


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def run(request, starter):
    """Runs a model of the starter on each engine."""
    if request.param == "spark":
        request.getfixturevalue("spark")  # the engine joins the session that is open
    return lambda name, inputs, date=DAY: run_model(name, inputs, date=date, project=starter, engine=request.param)


def test_a_model_is_tested_in_five_lines(run):
    rows = run("orders", {"receipts": [{"receipt_id": "R1", "cups": 2, "total": 7.5, "store": "HARBOUR"}]})
    assert_rows(rows, [{"order_id": "R1", "cups": 2, "amount": Decimal("7.50"), "city": "Hamburg", "level": "NONE"}])


def test_rows_may_be_a_table_in_text(run):
    rows = run(
        "shop.orders",
        {
            "till.receipts": """
                receipt_id | sent_at          | status    | total | customer_id
                R1         | 2024-01-01 10:00 | PAID      | 3.00  | 7
                R1         | 2024-01-01 10:05 | CANCELLED | 3.00  | 7
                R2         | 2024-01-01 11:00 | PAID      | 4.50  | null
            """,
            "customers": "customer_id | email | level \n 7 | a@b.c | GOLD",
        },
    )
    assert_rows(
        rows,
        """
        order_id | ordered_at       | status    | amount | email | level
        R2       | 2024-01-01 11:00 | PAID      | 4.5    | null  | NONE
        R1       | 2024-01-01 10:05 | CANCELLED | 0      | a@b.c | GOLD
        """,
    )


def test_a_table_without_rows_and_an_input_that_is_not_given_are_empty(run):
    assert run("orders", {}) == []


def test_a_difference_is_shown_as_tables(run):
    rows = run("orders", {"receipts": [{"receipt_id": "R1", "cups": 2}, {"receipt_id": "R2", "cups": 3}]})
    with pytest.raises(AssertionError) as raised:
        assert_rows(rows, [{"order_id": "R1", "cups": 2}, {"order_id": "R2", "cups": 4}])
    assert str(raised.value).splitlines() == [
        "shop.orders: expected (-) and made (+) differ",
        "  order_id | cups",
        "  R1       | 2",
        "- R2       | 4",
        "+ R2       | 3",
    ]


def test_the_order_of_rows_counts_where_it_is_asked_for(run):
    rows = run("orders", {"receipts": [{"receipt_id": "R1"}]})
    rows.append(rows[0] | {"order_id": "R0"})
    assert_rows(rows, [{"order_id": "R0"}, {"order_id": "R1"}])
    with pytest.raises(AssertionError):
        assert_rows(rows, [{"order_id": "R0"}, {"order_id": "R1"}], ordered=True)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"receipt": []}, r"orders does not read receipt \(Did you mean 'till.receipts'\?\)"),
        (
            {"receipts": [{"cup": 1, "kup": 2}]},
            r"has no column cup \(Did you mean 'cups'\?\)\ntill.receipts has no column kup \(known: cups, ",
        ),
        ({"receipts": [{"cups": "two"}]}, "till.receipts.cups: found 'two', expected int"),
        ({"receipts": [{"cups": 2**40}]}, "till.receipts.cups: a value does not fit int"),
        ({"receipts": "a | b\n1"}, "found 1 cells in the row 1, expected 2: a, b"),
    ],
)
def test_what_does_not_fit_is_named(starter, inputs, message):
    with pytest.raises(InvalidInput, match=message):
        run_model("orders", inputs, date=DAY, project=starter)


def test_an_expected_column_that_is_not_there_is_named(starter):
    rows = run_model("orders", {}, date=DAY, project=starter)
    with pytest.raises(InvalidInput, match=r"shop.orders has no column cup \(Did you mean 'cups'\?\)"):
        assert_rows(rows, [{"cup": 1}])


def column(name, kind, **more):
    return Column(path=name, name=name, logical_type="string", physical_type=kind, **more)


@pytest.mark.parametrize("kind", [*SCALARS, "decimal(9,2)"])
def test_a_missing_value_has_the_type_of_its_column(kind):
    import pyarrow as pa

    columns = (column("a", kind, required=True), column("b", kind), column("k", kind, primary_key_position=1))
    table = Table(path="t", name="t", qualified_name="t", columns=columns)
    rows = read_rows([{}, {}], table, dt.date(2024, 1, 1), "Asia/Seoul")
    assert [row["b"] for row in rows] == [None, None]
    assert None not in [row["a"] for row in rows]
    made = pa.Table.from_pylist(rows, pa.schema(list(build_arrow_types(table).items())))
    if kind not in ("boolean", "date", "binary"):
        assert len(set(made.column("k").to_pylist())) == 2


def test_a_missing_value_keeps_enum_bounds_length_and_the_day():
    columns = (
        column("kind", "string", required=True, enum=("B", "A")),
        column("low", "int", required=True, options={"minimum": 5}),
        column("high", "int", required=True, options={"maximum": -5}),
        column("short", "string", required=True, options={"maxLength": 3}),
        column("day", "string", required=True, partition_position=1),
    )
    table = Table(path="t", name="t", qualified_name="t", columns=columns, custom={"publishPartition": "day"})
    (row,) = read_rows([{}], table, dt.date(2024, 1, 1), "UTC")
    assert row == {"kind": "B", "low": 5, "high": -5, "short": "sho", "day": "2024-01-01"}


def test_a_table_in_text_may_be_one_of_markdown():
    assert read_text("| a | b |\n|---|:-:|\n| 1 | NULL |\n| -1 | |") == [{"a": "1", "b": None}, {"a": "-1", "b": None}]
    assert read_text("") == []
