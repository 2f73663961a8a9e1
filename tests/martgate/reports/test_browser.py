"""The pages in a real Chromium, from file://, as the reviewer of a refused publish opens them."""

import base64
import os
import shutil
from dataclasses import replace

import pytest

from martgate.contracts.model import Column
from martgate.contracts.quality import Threshold
from martgate.expectations.kinds.conditions import Holds, Implies
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome, OutOfScope, Verdict
from martgate.reports.appearance import Appearance
from martgate.reports.run_page import render_run_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("great_expectations"),
]

PAGES = ("index.html", "runs/20240101-a3.html", "suites/shop.orders.html", "runs/alone.html")
"""One of each kind; the run is the refused one, on the site's page and on the page that is rendered alone."""

PROMISES = "promises.html"

HOSTILE = (
    """'"><svg onload=window.__xss=1></svg><script>window.__xss=1</script><img src=x onerror=window.__xss=1>"""
    """</style></title></textarea>${html_success_icon} $column {{ 7 * 7 }} {batch} --> <a href="javascript:window.__xss=1">"""
)


LOOK = Appearance(
    title="Shop",
    logo="data:image/svg+xml;base64,"
    + base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>').decode(),
    links={"Wiki": "https://wiki.example/shop", "Mail": "mailto:data@shop.example"},
    stylesheet="header.site { border-bottom: 1px solid var(--line); }\n",
)
HOSTILE_LOOK = Appearance(
    title=HOSTILE, logo=f"data:image/png;base64,{HOSTILE}", links={HOSTILE: f"https://x.example/{HOSTILE}"}
)


def executable():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("no Chromium: install one, or name it in CHROMIUM")
    if found is None:
        pytest.skip("no Chromium: install one (apt-get install chromium), or name it in CHROMIUM")
    return found


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = executable()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, runs, contract, promises):
    from martgate.reports.datadocs import render

    records, site = tmp_path_factory.mktemp("records"), tmp_path_factory.mktemp("site")
    for record in runs.values():
        (records / f"{record.candidate}.json").write_text(record.to_json(), encoding="utf-8")
    render(records, site, [contract], promises, LOOK)
    alone = render_run_page(runs["refused"], contract.tables[0], LOOK)
    (site / "runs" / "alone.html").write_text(alone, encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory, runs, contract, table, promises):
    """A site in which every text is an attack: contract, table, columns, rules, verdicts, examples, and the run."""
    from martgate.reports.datadocs import render

    records, site = tmp_path_factory.mktemp("records"), tmp_path_factory.mktemp("site")
    record = runs["refused"]
    checks = (
        NotNull(HOSTILE),
        InSet(HOSTILE, (HOSTILE, "x")),
        Pattern(HOSTILE, HOSTILE),
        Range(HOSTILE, "minimum", 1),
        Unique((HOSTILE,)),
        Unique((HOSTILE, "status")),
        Holds(HOSTILE),
        Implies(HOSTILE, HOSTILE),
        SqlNumber(HOSTILE, Threshold("mustBe", (0,))),
        QualityMetric("invalidValues", (HOSTILE,), Threshold("mustBe", (0,)), valid_values=(HOSTILE,), pattern=HOSTILE),
    )
    verdicts = tuple(
        Verdict(
            rule=Rule(
                name=f"{HOSTILE}|{place}{outcome}",
                check=check,
                clauses=(HOSTILE,),
                columns=(HOSTILE,),
                dimension=HOSTILE,
                description=HOSTILE if place % 2 else "",
            ),
            outcome=outcome,
            failed=1,
            total=2,
            unit=HOSTILE,
            observed=HOSTILE,
            reason=HOSTILE,
            examples=({HOSTILE: HOSTILE},),
            values=((HOSTILE, 1),),
        )
        for place, check in enumerate(checks)
        for outcome in (Outcome.FAILED, Outcome.ERROR, Outcome.PASSED)
    )
    audit = replace(
        record.audit,
        table=HOSTILE,
        contract=HOSTILE,
        contract_version=HOSTILE,
        verdicts=verdicts,
        out_of_scope=(OutOfScope(rule=replace(verdicts[0].rule, name=f"{HOSTILE}|scope"), reason=HOSTILE),),
    )
    attack = replace(record, table=HOSTILE, candidate=HOSTILE, reasons=(HOSTILE,), report=HOSTILE, audit=audit)
    (records / "attack.json").write_text(attack.to_json(), encoding="utf-8")
    column = Column(path=HOSTILE, name=HOSTILE, logical_type="string", physical_type="string", description=HOSTILE)
    promised = replace(table, name=HOSTILE, qualified_name=HOSTILE, description=HOSTILE, columns=(column,))
    promise = replace(
        contract,
        id=HOSTILE,
        name=HOSTILE,
        version=HOSTILE,
        description={"purpose": HOSTILE},
        team=({"name": HOSTILE, "role": "owner"},),
        tables=(promised,),
    )
    hostile = {"property": HOSTILE, "terms": HOSTILE, "description": HOSTILE}
    first = replace(
        promises[0],
        table=HOSTILE,
        contract=HOSTILE,
        promises=tuple(replace(each, **hostile, reason=each.reason and HOSTILE) for each in promises[0].promises),
    )
    about_time = [first, replace(promises[1], table=HOSTILE), replace(promises[2], reason=HOSTILE)]
    render(records, site, [promise], about_time, HOSTILE_LOOK)
    (site / "runs" / "alone.html").write_text(
        render_run_page(attack, promise.tables[0], HOSTILE_LOOK), encoding="utf-8"
    )
    return site


def test_the_rules_of_the_project_take_effect(browser, site):
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    border = page.locator("header.site").evaluate("header => getComputedStyle(header).borderBottomWidth")
    logo = page.locator("header.site img").evaluate("image => image.naturalWidth")
    page.close()
    assert (border, logo) == ("1px", 9)


def opened(browser, path, **options):
    """A page, and every request that it made for anything but files of the site."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(20_000)
    asked = []
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else asked.append(request.url)
    )
    page.goto(path.as_uri())
    return page, asked


@pytest.mark.parametrize("bypass_csp", [True, False], ids=["without_policy", "with_policy"])
def test_no_text_of_a_contract_or_of_the_data_runs(browser, hostile_site, bypass_csp):
    pages = sorted(hostile_site.rglob("*.html"))
    assert len(pages) == 5
    for path in pages:
        page, asked = opened(browser, path, bypass_csp=bypass_csp)
        page.wait_for_timeout(100)
        assert page.evaluate("window.__xss") is None
        assert (
            page.locator(
                "svg:not(.bar), img:not(header.site > img), script:not(:last-of-type), [onload], [onerror]"
            ).count()
            == 0
        )
        assert page.locator('a[href^="javascript:"]').count() == 0
        assert asked == []
        assert "<script>window.__xss=1</script>" in page.locator("main").text_content()
        page.context.close()


def test_pages_ask_the_network_for_nothing_and_their_own_script_may_run(browser, site):
    for name in PAGES:
        page, asked = opened(browser, site / name)
        errors = []
        page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
        page.on(
            "console", lambda message, errors=errors: errors.append(message.text) if message.type == "error" else None
        )
        page.reload()
        assert page.locator(".tools").is_visible()
        assert (asked, errors) == ([], [])
        assert page.evaluate("getComputedStyle(document.querySelector('.list')).borderCollapse") == "collapse"
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_pages_are_accessible(browser, site, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    for name in (*PAGES, PROMISES):
        page, _ = opened(
            browser, site / name, bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.context.close()


@pytest.mark.parametrize("name", [PAGES[1], PAGES[3]])
def test_the_reviewer_sees_why_before_anything_else_and_failures_before_the_rest(browser, site, name):
    page, _ = opened(browser, site / name, viewport={"width": 1400, "height": 900})
    decision = page.locator(".decision").inner_text()
    assert decision.startswith("Refused")
    assert "2 failed: status|implies_email, table|key" in decision
    findings = page.locator(".finding h3").all_inner_texts()
    assert findings == ["status|implies_email", "table|key", "status|in_set"]
    outcomes = page.locator("tbody", has_text="The table as a whole").locator("tr.row .badge").all_inner_texts()
    assert outcomes == ["failed", "passed", "passed"]
    page.context.close()


def test_a_reader_finds_a_run_and_from_it_the_rule_that_failed(browser, site):
    page, _ = opened(browser, site / "index.html")
    page.get_by_label("Find a run").fill("a3 refused")
    assert page.locator("tr.row:visible").count() == 1
    page.locator("tr.row:visible a").click()
    page.get_by_label("Only what did not pass").check()
    assert page.locator("tr.row:visible").count() == 3
    page.get_by_label("Find a rule").fill("implies")
    assert page.locator("tr.row:visible").count() == 1
    assert page.get_by_role("status").inner_text() == "1 of 7"
    page.locator("tr.row:visible a").click()
    assert page.evaluate("document.querySelector(':target h3').textContent") == "status|implies_email"
    page.get_by_role("link", name="Rules of shop.orders").click()
    assert page.locator("h1").inner_text() == "Rules of shop.orders"
    page.context.close()


def test_a_reader_of_the_index_sees_which_table_breaks_a_promise_and_finds_the_day(browser, site):
    page, _ = opened(browser, site / "index.html")
    (broken,) = page.get_by_role("row").filter(has_text="shop.orders").filter(has=page.locator(".badge.broken")).all()
    assert "timeOfAvailability: 1 of 6 days" in broken.inner_text()
    broken.get_by_role("link").click()
    late = page.get_by_role("row").filter(has_text="late by 2 h 12 min").inner_text()
    assert "2024-01-02" in late
    assert "2024-01-03 08:12" in late
    page.context.close()


def test_everything_is_there_without_scripts(browser, site):
    page, _ = opened(browser, site / PAGES[1], java_script_enabled=False)
    assert page.locator("tr.row:visible").count() == 7
    assert not page.locator(".tools").is_visible()
    page.context.close()


def test_every_link_of_the_site_leads_somewhere(browser, site):
    for path in (site / name for name in (*PAGES, PROMISES)):
        page, _ = opened(browser, path, java_script_enabled=False)
        for link in page.locator("a:not(header.site a)").all():
            target, _, fragment = (link.get_attribute("href") or "").partition("#")
            assert (
                (path.parent / target).resolve().is_file()
                if target
                else page.locator(f'[id="{fragment}"]').count() == 1
            )
        page.context.close()
