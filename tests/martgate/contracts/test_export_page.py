"""The catalog page of a contract: its sections, and text that cannot break its Markdown."""

import pytest

from martgate.contracts.export.page import render_page
from martgate.contracts.model import Column, Contract, Table
from martgate.errors import InvalidInput


def lines(text):
    """Split into lines without trailing whitespace."""
    return [line.rstrip() for line in text.splitlines()]


def contract(*columns, name="shop.orders", **custom):
    table = Table(path="schema[0]", name=name.rpartition(".")[2], qualified_name=name, columns=columns)
    return Contract(
        file="orders.odcs.yaml", id="o", version="1.0.0", api_version="v3.2.0", tables=(table,), custom=custom
    )


def column(name, **clauses):
    return Column(path="schema[0].properties[0]", name=name, logical_type="string", physical_type="string", **clauses)


def render(document):
    return render_page(document.tables[0])


def test_a_minimal_contract_renders_its_columns():
    document = contract(column("id", description="The order."), column("day", partition_position=1))
    assert lines(render(document)) == [
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
    document = contract(column("id", sources=("raw.carts.id", "raw.orders.id")), upstreams=["raw.orders", "app.users"])
    assert lines(render(document))[-8:] == [
        "## 👨👩👧👦 Up/Downstream Table List",
        "",
        "|Upstream Tables|Downstream Tables|",
        "| :--- | :--- |",
        "|app.users| |",
        "|raw.carts| |",
        "|raw.orders| |",
        "---",
    ]


def test_only_existing_parts_of_a_pipeline_are_rendered():
    document = contract(column("id"), pipeline={"updateInterval": "HOURLY"})
    assert lines(render(document))[-8:] == [
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
    document = contract(column("id", description="a|b\n|<script>alert(1)</script>|"))
    assert "|0|id|string|a\\|b \\|&lt;script>alert(1)&lt;/script>\\||" in lines(render(document))


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
def test_a_property_of_another_shape_is_refused_with_its_name_and_the_expected_shape(key, value):
    with pytest.raises(InvalidInput, match=rf"orders\.odcs\.yaml: customProperties: .*'{key}': found .*, expected"):
        render(contract(column("id"), **{key: value}))
