import io
from dataclasses import replace

import pytest

from martgate.errors import Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus
from martgate.expectations.restatement import Restatement
from martgate.expectations.verdict import Outcome
from martgate.reports.terminal import is_color_enabled, render_coverage_text, render_lint_text, render_run_text

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]\r\n\u202egnp"


@pytest.mark.parametrize(
    "end", ["published", "warned", "refused", "error", "vacuous", "dry_run", "restated", "approved", "waived"]
)
def test_the_summary_of_each_end(runs, end, snapshot):
    assert render_run_text(runs[end]) == snapshot


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("published", "Published: shop.orders of 2024-01-01 as version 3"),
        ("refused", "Refused: shop.orders of 2024-01-01: 2 failed: status|implies_email, table|key"),
        ("dry_run", "Would publish: shop.orders of 2024-01-01"),
    ],
)
def test_the_first_line_is_the_decision(runs, end, words):
    assert render_run_text(runs[end]).splitlines()[0].startswith(words)


def test_blocking_rules_come_before_the_others(runs):
    text = render_run_text(runs["refused"])
    below = text.split("\n", 1)[1]
    assert below.index("status|implies_email") < below.index("table|key") < below.index("status|in_set")


def test_one_failure_in_ten_million_is_never_none(runs):
    text = render_run_text(runs["warned"])
    assert "1 of 10,000,000 rows (under 0.1 %)" in text
    assert "100 %" not in text


def test_a_long_list_of_broken_rules_is_cut_and_says_so(runs):
    record = runs["refused"]
    broken = [
        replace(verdict, outcome=Outcome.FAILED, failed=1, rule=replace(verdict.rule, name=f"status|rule_{i}"))
        for i in range(8)
        for verdict in record.audit.verdicts
    ]
    names = ", ".join(verdict.rule.name for verdict in broken)
    text = render_run_text(
        replace(record, reasons=(f"56 failed: {names}",), audit=replace(record.audit, verdicts=tuple(broken)))
    )
    assert "and 53 more" in text.splitlines()[0]
    assert "and 36 rules more in the report" in text


def test_only_the_first_of_many_changed_columns_are_listed(runs):
    record = runs["restated"]
    columns = {f"{HOSTILE}{place}": place for place in range(1, 13)}
    found = replace(record.restatement.difference, columns=columns)
    text = render_run_text(replace(record, restatement=replace(record.restatement, difference=found)))
    assert "12 differs in 12 rows" in text
    assert "and 2 columns more in the report" in text
    assert "\x1b" not in text


def test_a_day_that_could_not_be_compared_is_reported(runs):
    restatement = Restatement(version=2, state="", trouble=f"a file is gone{HOSTILE}")
    text = render_run_text(replace(runs["dry_run"], restatement=restatement))
    assert "Would replace what version 2 has, which could not be compared: a file is gone" in text
    assert "\x1b" not in text


def test_nothing_in_the_data_can_move_the_cursor(runs):
    record = runs["refused"]
    verdicts = tuple(
        replace(
            verdict,
            outcome=Outcome.FAILED,
            observed=HOSTILE,
            reason=HOSTILE,
            examples=({HOSTILE: HOSTILE},),
            rule=replace(verdict.rule, name=HOSTILE, description=HOSTILE),
        )
        for verdict in record.audit.verdicts
    )
    hostile = replace(
        record,
        table=HOSTILE,
        candidate=HOSTILE,
        report=HOSTILE,
        reasons=(HOSTILE,),
        audit=replace(record.audit, verdicts=verdicts),
    )
    text = render_run_text(hostile)
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J" in text
    assert "[red]" in text


def test_colour_adds_codes_and_changes_no_word(runs):
    coloured = render_run_text(runs["refused"], color=True)
    assert "\x1b[1;31mRefused\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render_run_text(runs["refused"])


def test_colour_is_for_terminals_whose_owner_wants_it(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert is_color_enabled(Terminal())
    assert not is_color_enabled(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_color_enabled(Terminal())


def test_a_problem_shows_its_line_with_a_caret_under_the_column(tmp_path, monkeypatch, snapshot):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("id: x\nschema:\n  - 이름: orders\n    logicalType: strng\n", encoding="utf-8")
    problems = [
        Problem(
            file="bad.yaml",
            line=4,
            column=18,
            path="schema[0].logicalType",
            message="'strng' is no type",
            hint="Did you mean string?",
        ),
        Problem(file="bad.yaml", line=3, column=9, message="a name in two cells a letter"),
        Problem(file="bad.yaml", line=99, column=1, message="past the end"),
        Problem(file="gone.yaml", message="no such file"),
        Problem(file="", message="nothing to lint"),
    ]
    assert render_lint_text(problems, files=2) == snapshot


def test_a_caret_stays_true_behind_tabs_control_characters_and_a_mile_of_text(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + b"\ta\x1b" + b"x" * 500 + b"HERE" + b"y" * 500 + b"\r\n")
    for column, letter in ((2, "a"), (504, "H")):
        text = render_lint_text([Problem(file=str(file), line=1, column=column, message="m")], files=1)
        _, source, pointer, _ = text.splitlines()
        assert source[pointer.index("^")] == letter
        assert text.replace("\n", "").isprintable()
        assert len(source) < 200


def test_a_warning_is_no_error():
    text = render_lint_text([], warnings=[Problem(file="a.yaml", message="may differ", hint="do this")], files=2)
    assert text == "a.yaml: warning: may differ\n  = do this\nno errors, 1 warning in 2 files"


def test_no_problems_is_a_message_of_its_own():
    assert render_lint_text([], files=13) == "no errors in 13 files"


def test_coverage_names_the_rule_of_each_enforced_leaf_and_ends_with_the_unsupported_ones(snapshot):
    leaves = [
        CoverageItem("id", CoverageStatus.DOCUMENTATION),
        CoverageItem("b", CoverageStatus.UNSUPPORTED),
        CoverageItem("schema[0].properties[0].required", CoverageStatus.ENFORCED, "order_id|not_null"),
    ]
    assert render_coverage_text(leaves) == snapshot
