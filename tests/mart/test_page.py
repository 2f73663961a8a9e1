"""The catalog page of a contract, compared with the original page."""

import dataclasses
from pathlib import Path

import pytest

from martgate.contracts.export.page import render_page
from martgate.contracts.odcs import load

CONTRACTS = Path(__file__).parents[2] / "contracts"
PAGE = (Path(__file__).parents[2] / "reports" / "pages" / "we_mart.wv_comm_user.md").read_text(encoding="utf-8")
ORIGINAL = (Path(__file__).parent / "data" / "we_mart.wv_comm_user.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mart():
    return load(CONTRACTS / "mart" / "wv_comm_user.odcs.yaml")


def lines(text):
    """Split into lines without trailing whitespace."""
    return [line.rstrip() for line in text.splitlines()]


def render(document):
    return render_page(document.tables[0])


def test_the_mart_renders_its_page_exactly(mart):
    assert f"{render(mart)}\n" == PAGE


def test_the_page_equals_the_original_one():
    assert lines(PAGE) == lines(ORIGINAL)


def test_a_column_renamed_in_the_contract_is_renamed_on_the_page(mart):
    table = mart.tables[0]
    renamed = dataclasses.replace(table.columns[6], name="is_member")
    other = dataclasses.replace(table, columns=(*table.columns[:6], renamed, *table.columns[7:]))
    assert "|6|is_member|int|멤버쉽 여부|" in lines(render_page(other))
