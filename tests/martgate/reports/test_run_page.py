"""The page of one run that is drawn alone: the site's page, without Great Expectations and without other pages."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from martgate.expectations.verdict import Outcome
from martgate.reports.run_page import render_run_page

HOSTILE = """'"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}{% include "style.css" %}"""


@pytest.fixture
def page(runs, contract, table):
    return lambda end: render_run_page(runs[end], table)


def test_a_refused_run_says_why_before_it_shows_what(page):
    drawn = page("refused")
    order = [
        "2 failed: status|implies_email, table|key",
        'id="blocking"',
        "2 of 640 rows",
        'id="to-read"',
        'id="rules"',
    ]
    places = [drawn.index(text) for text in order]
    assert places == sorted(places)


def test_examples_are_shown_as_the_audit_left_them_with_what_is_protected_masked(page):
    cells = re.findall(r'<td class="code">([^<]*)</td>', page("refused"))
    assert cells[:6] == ["11", "PAID", "(protected)", "12", "PAID", "(protected)"]


def test_every_rule_is_listed_by_column_in_the_order_of_the_contract(page, runs):
    drawn = page("refused")
    assert re.findall(r'role="rowheader">(?:<code>)?([^<]+)', drawn) == ["The table as a whole", "order_id", "status"]
    assert drawn.count('class="row') == len(runs["refused"].audit.verdicts)


def test_one_failure_in_ten_million_is_counted_and_no_zero(page):
    assert "1 of 10,000,000 rows (under 0.1 %)" in page("warned")


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ("published", "Readers see it as version 3"),
        ("dry_run", "this was a dry run"),
        ("error", "there is no column order_id"),
        ("vacuous", "1 had nothing to look at: status|implies_email"),
        ("approved", "No rule blocks publishing"),
        ("restated", "Replaced 1,200 rows of version 2: 1 row added, 201 rows removed, 640 rows changed"),
        ("restated", '<td class="code">email</td><td>640 rows</td>'),
        ("waived", "<b>1</b>of the failed waived"),
        (
            "waived",
            "<p>Waiver: status|implies_email is waived until 2024-02-01 by ana, up to 2 failures: the shop in Busan",
        ),
        ("waived", "<li>the waiver of table|key by bo, until 2024-02-01, was not needed</li>"),
        ("waived", "2 of 640 rows (0.3 %)"),
        ("waived", "&lt;b&gt;asks&lt;/b&gt;"),
    ],
)
def test_every_outcome_of_a_run_has_a_page(page, end, text):
    assert text in page(end)


def test_the_page_needs_no_other_file_and_names_no_host(page):
    drawn = page("refused")
    assert "://" not in drawn
    assert "src=" not in drawn
    assert {link for link in re.findall(r'href="([^"]*)"', drawn) if not link.startswith("#")} == {"data:,"}
    assert 'content="default-src &#39;none&#39;; ' in drawn


def test_hostile_text_stays_text(runs, contract, table):
    verdicts = tuple(
        replace(
            verdict,
            rule=replace(verdict.rule, description=HOSTILE, clauses=(HOSTILE,), dimension=HOSTILE),
            outcome=Outcome.FAILED,
            observed=HOSTILE,
            reason=HOSTILE,
            examples=({HOSTILE: HOSTILE},),
        )
        for verdict in runs["refused"].audit.verdicts
    )
    attack = replace(runs["refused"], reasons=(HOSTILE,), audit=replace(runs["refused"].audit, verdicts=verdicts))
    drawn = render_run_page(attack, replace(contract, description={"purpose": HOSTILE}).tables[0])
    assert HOSTILE not in drawn
    assert "<img" not in drawn
    assert drawn.count("<script>") == 1
    assert "{{ 7 * 7 }}" in drawn


def test_the_page_is_rendered_without_great_expectations():
    code = (
        "import sys, martgate.reports.run_page; print({'great_expectations', 'pandas', 'pydantic'} & set(sys.modules))"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "set()"
