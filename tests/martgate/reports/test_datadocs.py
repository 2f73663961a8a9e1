"""Draws with Great Expectations itself: importing it costs seconds, so one worker takes the whole module."""

import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from martgate.errors import CouldNotRun
from martgate.expectations.verdict import Outcome
from martgate.reports.datadocs import main, render
from martgate.reports.paths import page_path

pytestmark = pytest.mark.xdist_group("great_expectations")


@pytest.fixture
def records(tmp_path, runs):
    folder = tmp_path / "records"
    folder.mkdir()
    for end in ("published", "refused"):
        (folder / f"{runs[end].candidate}.json").write_text(runs[end].to_json(), encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


def files(site):
    return {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}


def test_a_site_is_an_index_a_page_a_run_and_a_page_of_rules_a_table(records, site, contract, runs):
    assert render(records, site, [contract]) == site / "index.html"
    assert files(site) == {
        "index.html",
        "runs/20240101-a1.html",
        "runs/20240101-a1.json",
        "runs/20240101-a3.html",
        "runs/20240101-a3.json",
        "suites/shop.orders.html",
    }
    assert page_path(site, runs["refused"].candidate).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_path_of_a_page_is_known_before_it_is_rendered(site):
    assert page_path(site, "2024-01-01.7") == site / "runs" / "2024-01-01.7.html"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", ".", "..", "a\x00b", "C:\\x", "x" * 400, "\ud800", "é"]
)
def test_no_candidate_leaves_the_folder_of_pages(site, name):
    page = page_path(site, name)
    assert page.parent == site / "runs"
    assert re.fullmatch(r"[A-Za-z0-9._-]{5,160}\.html", page.name)


def test_no_two_candidates_share_a_page(site):
    names = ["a/b", "a_b", "a\\b", "a b", "x" * 400, "x" * 401, "", ".", ".."]
    assert len({page_path(site, name) for name in names}) == len(names)


def test_the_path_of_a_page_does_not_import_great_expectations():
    code = "import sys; from martgate.reports.datadocs import page_path; print('great_expectations' in sys.modules, 'pydantic' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["False", "False"]


def test_the_index_lists_the_newest_run_first(records, site, runs):
    later = replace(
        runs["vacuous"],
        audit=replace(runs["vacuous"].audit, audited_at=runs["published"].audit.audited_at + timedelta(days=1)),
    )
    (records / "later.json").write_text(later.to_json(), encoding="utf-8")
    index = render(records, site).read_text(encoding="utf-8")
    assert index.index("20240101-a5") < index.index("20240101-a3") < index.index("20240101-a1")


def test_a_refused_run_says_why_at_the_top_of_its_page(records, site):
    render(records, site)
    page = page_path(site, "20240101-a3").read_text(encoding="utf-8")
    assert (
        page.index("2 failed: status|implies_email, table|key")
        < page.index('id="blocking"')
        < page.index('id="to-read"')
    )
    assert (
        page.index('id="rule-status-implies_email"')
        < page.index('id="rule-table-key"')
        < page.index('id="rule-status-in_set"')
    )


def test_the_sentence_of_an_expectation_is_great_expectations_own(records, site):
    render(records, site)
    page = page_path(site, "20240101-a1").read_text(encoding="utf-8")
    assert "values must never be null" in page


def test_a_run_can_be_had_as_a_result_that_great_expectations_reads(records, site):
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema

    render(records, site)
    text = page_path(site, "20240101-a3").with_suffix(".json").read_text(encoding="utf-8")
    result = expectationSuiteValidationResultSchema.load(json.loads(text))
    assert (result["success"], result["suite_name"], len(result["results"])) == (False, "shop.orders@1", 7)


def test_a_rule_that_was_waived_is_no_success_as_a_result_and_its_page_says_so(records, site, runs):
    (records / "waived.json").write_text(runs["waived"].to_json(), encoding="utf-8")
    render(records, site)
    page = page_path(site, "20240101-a9")
    result = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    results = {each["expectation_config"]["meta"]["rule"]: each["success"] for each in result["results"]}
    assert (result["success"], results["status|implies_email"]) == (False, False)
    assert "is waived until 2024-02-01 by ana" in page.read_text(encoding="utf-8")
    assert "1 waived, 2 rules to read" in (site / "index.html").read_text(encoding="utf-8")


def test_rules_that_had_nothing_to_look_at_and_may_are_listed_but_are_no_finding(records, site, runs):
    verdicts = tuple(
        replace(verdict, rule=replace(verdict.rule, allow_vacuous=True), outcome=Outcome.VACUOUS, total=0)
        if verdict.rule.name == "order_id|not_null"
        else verdict
        for verdict in runs["published"].audit.verdicts
    )
    idle = replace(runs["published"], audit=replace(runs["published"].audit, verdicts=verdicts))
    (records / "20240101-a1.json").write_text(idle.to_json(), encoding="utf-8")
    render(records, site)
    page = page_path(site, idle.candidate).read_text(encoding="utf-8")
    assert '<article class="finding' not in page
    assert 'href="#rule-order_id-not_null"' in page
    assert page.count('id="rule-order_id-not_null"') == 1


def test_columns_are_in_the_order_of_the_contract(records, site, contract):
    render(records, site, [contract])
    page = (site / "suites" / "shop.orders.html").read_text(encoding="utf-8")
    groups = re.findall(r'role="rowheader">(?:<code>)?([^<]+)', page)
    assert groups == ["The table as a whole", "order_id", "status"]


def test_one_failure_in_ten_million_is_on_no_page_a_whole(records, site, runs):
    (records / "warned.json").write_text(runs["warned"].to_json(), encoding="utf-8")
    render(records, site)
    page = page_path(site, runs["warned"].candidate).read_text(encoding="utf-8")
    assert "under 0.1 %" in page
    assert "100" not in re.sub(r"<(style|script)>.*?</\1>|<meta [^>]*digest[^>]*>", "", page, flags=re.DOTALL).replace(
        "1,000", ""
    ).replace("10,000,000", "")


def test_a_page_names_no_other_host_and_loads_nothing(records, site):
    render(records, site)
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert set(re.findall(r'<link [^>]*href="([^"]*)"', text)) == {"data:,"}
        assert "src=" not in text


def test_every_page_has_a_title_of_its_own_one_heading_and_a_language(records, site):
    render(records, site)
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    assert len({re.search("<title>(.+?)</title>", page).group(1) for page in pages}) == len(pages)
    for page in pages:
        assert [page.count(tag) for tag in ("<h1", "<main", '<html lang="en">')] == [1, 1, 1]


def test_an_unchanged_run_keeps_its_page_and_a_changed_one_does_not(records, site, runs, contract):
    render(records, site, [contract])
    page = page_path(site, "20240101-a1")
    before = page.stat().st_mtime_ns
    render(records, site, [contract])
    assert page.stat().st_mtime_ns == before
    (records / "20240101-a1.json").write_text(
        replace(runs["published"], published_version=77).to_json(), encoding="utf-8"
    )
    render(records, site, [contract])
    assert "version 77" in page.read_text(encoding="utf-8")
    render(records, site, [replace(contract, description={"purpose": "Another purpose."})])
    assert "Another purpose." in page.read_text(encoding="utf-8")


def test_invalid_records_are_named_and_the_rest_is_drawn(records, site, contract, runs):
    (records / "half.json").write_text('{"table": "shop.or', encoding="utf-8")
    (records / "other.json").write_text("[]", encoding="utf-8")
    with pytest.raises(CouldNotRun) as caught:
        render(records, site, [contract])
    assert [name in str(caught.value) for name in ("half.json", "other.json")] == [True, True]
    index = (site / "index.html").read_text(encoding="utf-8")
    assert [run in index for run in ("20240101-a1", "20240101-a3")] == [True, True]
    assert page_path(site, runs["refused"].candidate).exists()
    assert (site / "suites" / "shop.orders.html").exists()


def test_a_run_that_cannot_be_drawn_does_not_stop_the_others(records, site, contract, runs, monkeypatch):
    from martgate.reports.gx_pages import Site

    drawn = Site.result

    def broken(self, record, table):
        if record.candidate == runs["refused"].candidate:
            raise TypeError("a value in clear")
        return drawn(self, record, table)

    monkeypatch.setattr(Site, "result", broken)
    with pytest.raises(CouldNotRun, match="TypeError") as caught:
        render(records, site, [contract])
    assert runs["refused"].candidate in str(caught.value)
    assert "a value in clear" not in str(caught.value)
    index = (site / "index.html").read_text(encoding="utf-8")
    assert runs["published"].candidate in index
    assert page_path(site, runs["published"].candidate).exists()
    assert not page_path(site, runs["refused"].candidate).exists()
    assert runs["refused"].candidate not in index


def test_an_expectation_that_cannot_be_rendered_is_told_and_leaves_the_former_pages(records, site, runs, monkeypatch):
    from great_expectations.expectations.registry import RendererImpl

    render(records, site)
    former = {path: path.read_bytes() for path in site.rglob("*.html")}

    def broken(**_):
        raise KeyError("unexpected_percent")

    asked = "great_expectations.render.renderer.content_block.content_block.get_renderer_impl"
    monkeypatch.setattr(asked, lambda object_name, renderer_type: RendererImpl(object_name, broken))
    monkeypatch.setattr(logging.getLogger("great_expectations"), "level", logging.CRITICAL)
    (records / "new.json").write_text(runs["error"].to_json(), encoding="utf-8")
    with pytest.raises(CouldNotRun, match="unexpected_percent") as caught:
        render(records, site)
    assert "Traceback" not in str(caught.value)
    now = {path: path.read_bytes() for path in site.rglob("*.html") if path.name != "index.html"}
    assert now == {path: page for path, page in former.items() if path.name != "index.html"}
    assert not [path for path in site.iterdir() if path.name.startswith(".")]


def test_a_run_recorded_while_drawing_is_in_the_index(records, site, runs, monkeypatch):
    from martgate.reports.gx_pages import Site

    drawn = Site.index

    def slow(self, *arguments):
        (records / "meanwhile.json").write_text(runs["dry_run"].to_json(), encoding="utf-8")
        return drawn(self, *arguments)

    monkeypatch.setattr(Site, "index", slow)
    assert runs["dry_run"].candidate in render(records, site).read_text(encoding="utf-8")


def test_no_record_at_all_is_a_site_that_says_so(tmp_path, site):
    assert "No run has been recorded yet" in render(tmp_path, site).read_text(encoding="utf-8")


def test_the_command_renders_and_prints_the_path(records, site, capsys):
    assert main([str(records), str(site)]) == 0
    assert Path(capsys.readouterr().out.strip()) == site / "index.html"


def test_the_command_reports_an_error_without_a_traceback(records, site, capsys):
    (records / "half.json").write_text("{", encoding="utf-8")
    assert main([str(records), str(site)]) == 3
    stderr = capsys.readouterr().err
    assert "half.json" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "template",
    [
        {"template": "<script>$x</script>", "params": {"x": "<img onerror=1>"}},
        {
            "template": "a $x",
            "params": {"x": "<script>", "html_success_icon": "<i>"},
            "styling": {"default": {"tag": "code"}},
        },
        {"template": "$html_success_icon", "params": {"html_success_icon": "<script>"}},
        "<script>",
        None,
    ],
)
def test_a_sentence_is_text_whatever_it_holds(template):
    from martgate.reports.gx_pages import _PageView

    drawn = _PageView().render_string_template(template)
    assert not re.search(r"<(?!/?(span|code)\b)", drawn)


def test_a_block_that_is_none_of_great_expectations_blocks_is_text():
    from martgate.reports.gx_pages import _PageView

    drawn = _PageView().render_content_block({}, ["<script>", {"a": "<b>"}, 7])
    assert drawn == "&lt;script&gt;{&#39;a&#39;: &#39;&lt;b&gt;&#39;}7"
