"""The site where Great Expectations is not installed: every page, and nothing of what only that library says."""

import re
import sys
from dataclasses import replace

import pytest

from martgate.reports import datadocs, stored_runs
from martgate.reports.paths import page_path

pytestmark = pytest.mark.xdist_group("great_expectations")

HOSTILE = """'"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"""


@pytest.fixture
def records(tmp_path, runs):
    folder = tmp_path / "records"
    folder.mkdir()
    for end in ("published", "refused"):
        (folder / f"{runs[end].candidate}.json").write_text(runs[end].to_json(), encoding="utf-8")
    return folder


@pytest.fixture
def without_gx(monkeypatch):
    """Hide Great Expectations; whether it is installed is part of a digest that a process computes once."""
    stored_runs._renderer_digest.cache_clear()
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "great_expectations", None)
        yield patched
    stored_runs._renderer_digest.cache_clear()


@pytest.fixture
def draw(without_gx, records, tmp_path, promises):
    """draw(*contracts): the text of each page of the site, by its address."""

    def drawn(*contracts):
        site = datadocs.render(records, tmp_path / "site", contracts, promises).parent
        files = (path for path in site.rglob("*") if path.is_file())
        return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in files}

    return drawn


def test_every_page_is_rendered_and_no_suite_result(draw, contract):
    assert sorted(draw(contract)) == [
        "index.html",
        "promises.html",
        "runs/20240101-a1.html",
        "runs/20240101-a3.html",
        "suites/shop.orders.html",
    ]


def test_no_page_mentions_great_expectations_or_links_to_a_missing_page(draw, contract):
    pages = draw(contract)
    for address, page in pages.items():
        assert "Great Expectations" not in page
        assert "As an expectation" not in page
        links = {link for link in re.findall(r'href="([^"#]+)', page) if link != "data:,"}
        assert {re.sub(r"^\.\./", "", link) for link in links} <= pages.keys(), address


def test_the_rules_of_a_table_are_listed_by_column_in_the_order_of_the_contract(draw, contract, runs):
    page = draw(contract)["suites/shop.orders.html"]
    assert re.findall(r'role="rowheader">(?:<code>)?([^<]+)', page) == ["The table as a whole", "order_id", "status"]
    audit = runs["published"].audit
    assert page.count('class="row"') == len(audit.verdicts) + len(audit.out_of_scope)


def test_hostile_text_stays_text_on_every_page(draw, records, contract, runs):
    verdicts = tuple(
        replace(verdict, rule=replace(verdict.rule, description=HOSTILE, clauses=(HOSTILE,), dimension=HOSTILE))
        for verdict in runs["refused"].audit.verdicts
    )
    attack = replace(runs["refused"], reasons=(HOSTILE,), audit=replace(runs["refused"].audit, verdicts=verdicts))
    (records / f"{attack.candidate}.json").write_text(attack.to_json(), encoding="utf-8")
    for page in draw(replace(contract, name=HOSTILE, description={"purpose": HOSTILE})).values():
        assert "<img" not in page
        assert page.count("<script>") == 1


def test_a_page_is_rendered_again_once_the_library_is_installed(draw, without_gx, records, tmp_path, runs):
    draw()
    page = page_path(tmp_path / "site", runs["published"].candidate)
    assert "values must never be null" not in page.read_text(encoding="utf-8")
    without_gx.undo()
    stored_runs._renderer_digest.cache_clear()
    datadocs.render(records, tmp_path / "site")
    assert "values must never be null" in page.read_text(encoding="utf-8")
