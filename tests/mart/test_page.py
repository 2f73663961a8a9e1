"""The catalogue page that a contract prints, held against the page it was written from."""

import dataclasses
from pathlib import Path

import pytest

from martgate.contracts.export.page import render_page
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.odcs import load
from martgate.errors import InvalidInput

ROOM = Path(__file__).parents[2] / "contracts"
KEPT = (Path(__file__).parents[2] / "reports" / "pages" / "we_mart.wv_comm_user.md").read_text(encoding="utf-8")
SEED = (Path(__file__).parent / "data" / "we_mart.wv_comm_user.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mart():
    return load(ROOM / "mart" / "wv_comm_user.odcs.yaml")


def lines(text):
    """Lines without the white space that nobody sees at their ends."""
    return [line.rstrip() for line in text.splitlines()]


def contract(*columns, name="shop.orders", **custom):
    table = Table(path="schema[0]", name=name.rpartition(".")[2], qualified_name=name, columns=columns)
    return Contract(
        file="orders.odcs.yaml", id="o", version="1.0.0", api_version="v3.2.0", tables=(table,), custom=custom
    )


def column(name, **clauses):
    return Column(path="schema[0].properties[0]", name=name, logical_type="string", physical_type="string", **clauses)


def printed(said):
    return render_page(said, said.tables[0])


def test_the_mart_prints_its_page_letter_by_letter(mart):
    assert f"{printed(mart)}\n" == KEPT


def test_the_page_that_is_kept_is_the_one_that_the_catalogue_had():
    assert lines(KEPT) == lines(SEED)


def test_a_column_renamed_in_the_contract_is_renamed_on_the_page(mart):
    table = mart.tables[0]
    renamed = dataclasses.replace(table.columns[6], name="is_member")
    other = dataclasses.replace(table, columns=(*table.columns[:6], renamed, *table.columns[7:]))
    assert "|6|is_member|int|멤버쉽 여부|" in lines(render_page(mart, other))


def test_a_contract_that_knows_nothing_more_prints_its_columns():
    said = contract(column("id", description="The order."), column("day", partition_position=1))
    assert lines(printed(said)) == [
        "",
        "shop.orders",
        "===========",
        "",
        "# BASIC INFO",
        "",
        "|**About**|  |",
        "| :--- | :--- |",
        "|**Database**|**shop**|",
        "|**Partitioned by**|`day`|",
        "",
        "",
        "---",
        "# COLUMN INFO",
        "",
        "|#|Column Name|Data Type|Comment|",
        "| :--- | :--- | :--- | :--- |",
        "|0|id|string|The order.|",
        "|1|day|string||",
        "",
        "",
        "---",
    ]


def test_upstreams_are_those_listed_and_those_of_the_lineage_together():
    said = contract(column("id", sources=("raw.carts.id", "raw.orders.id")), upstreams=["raw.orders", "app.users"])
    assert lines(printed(said))[-8:] == [
        "## 👨👩👧👦 Up/Downstream Table List",
        "",
        "|Upstream Tables|Downstream Tables|",
        "| :--- | :--- |",
        "|app.users| |",
        "|raw.carts| |",
        "|raw.orders| |",
        "---",
    ]


def test_only_the_parts_of_a_pipeline_that_are_known_are_printed():
    said = contract(column("id"), pipeline={"updateInterval": "HOURLY"})
    assert lines(printed(said))[-8:] == [
        "# PIPELINE INFO",
        "",
        "## ⌛️ BATCH",
        "",
        "### Update Interval: HOURLY",
        "",
        "",
        "---",
    ]


def test_text_cannot_break_out_of_its_cell():
    said = contract(column("id", description="a|b\n|<script>alert(1)</script>|"))
    assert "|0|id|string|a\\|b \\|&lt;script>alert(1)&lt;/script>\\||" in lines(printed(said))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("notice", ["not", "text"]),
        ("upstreams", "raw.orders"),
        ("consumers", [{"name": "shop.report"}]),
        ("changeHistory", {"date": "2024-01-01"}),
        ("collaborators", ["Kim"]),
        ("pipeline", "daily"),
    ],
)
def test_a_property_of_another_shape_is_refused_with_its_name_and_what_is_needed(key, value):
    with pytest.raises(InvalidInput, match=rf"orders\.odcs\.yaml: customProperties: .*'{key}' is .* needs"):
        printed(contract(column("id"), **{key: value}))
