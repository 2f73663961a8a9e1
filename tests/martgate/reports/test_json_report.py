import json
from dataclasses import replace

from martgate.errors import Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus
from martgate.reports.json_report import render_coverage_json, render_lint_json, render_run_json

RUN_KEYS = {
    *("table", "date", "candidate", "decision", "published_version", "rows", "rules", "passed", "failed", "errors"),
    *("vacuous", "waived", "queries", "seconds", "report", "verdicts", "restatement", "waivers"),
}
VERDICT_KEYS = {"rule", "kind", "severity", "outcome", "failed", "total", "columns", "examples"}


def test_a_run_has_every_promised_key(runs):
    payload = json.loads(render_run_json(runs["refused"]))
    assert payload.keys() >= RUN_KEYS
    for verdict in payload["verdicts"]:
        assert verdict.keys() >= VERDICT_KEYS


def test_a_run_as_json(runs, snapshot):
    assert json.dumps(json.loads(render_run_json(runs["refused"])), indent=1, ensure_ascii=False) == snapshot


def test_what_replacing_a_day_changes_is_one_key_of_counts(runs):
    assert json.loads(render_run_json(runs["published"]))["restatement"] is None
    assert json.loads(render_run_json(runs["restated"]))["restatement"] == {
        "version": 2,
        "rows": 1200,
        "added": 1,
        "removed": 201,
        "changed": 640,
        "key": ["order_id"],
        "columns": {"status": 3, "email": 640},
        "apart": ["built_at"],
        "trouble": "",
    }


def test_the_counts_add_up_to_the_rules(runs):
    for record in runs.values():
        payload = json.loads(render_run_json(record))
        assert (
            payload["passed"] + payload["failed"] + payload["errors"] + payload["vacuous"]
            == payload["rules"]
            == len(payload["verdicts"])
        )


def test_a_rule_out_of_scope_is_listed_with_its_reason_and_not_counted(runs):
    payload = json.loads(render_run_json(runs["published"]))
    assert payload["out_of_scope"] == [{"rule": "status|references", "reason": "shop.statuses is not here"}]
    assert "status|references" not in {verdict["rule"] for verdict in payload["verdicts"]}


def test_hostile_text_survives_json_unchanged(runs):
    hostile = "\x1b[31m\u2028</script>\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
    payload = render_run_json(replace(runs["published"], candidate=hostile))
    assert payload.isascii()
    assert payload.isprintable()
    assert json.loads(payload)["candidate"] == hostile


def test_coverage_counts_the_unsupported_leaves():
    leaves = [
        CoverageItem("id", CoverageStatus.DOCUMENTATION),
        CoverageItem("a", CoverageStatus.ENFORCED, "a|type"),
        CoverageItem("b", CoverageStatus.UNSUPPORTED),
    ]
    assert json.loads(render_coverage_json(leaves)) == {
        "leaves": 3,
        "unclassified": 1,
        "by_status": {"enforced": 1, "monitored": 0, "unenforced": 0, "documentation": 1, "unsupported": 1},
        "items": [
            {"path": "id", "status": "documentation", "rule": ""},
            {"path": "a", "status": "enforced", "rule": "a|type"},
            {"path": "b", "status": "unsupported", "rule": ""},
        ],
        "suites": [],
    }


def test_coverage_lists_what_suites_enforce_apart_from_the_leaves_of_the_contract():
    place = "expectations/more.json#expectations[0]"
    payload = json.loads(
        render_coverage_json(
            [CoverageItem(place, CoverageStatus.ENFORCED, "a|known@more", suite="expectations/more.json")]
        )
    )
    assert (payload["leaves"], payload["items"]) == (0, [])
    assert payload["suites"] == [{"path": place, "rule": "a|known@more"}]


def test_lint_lists_every_problem_with_its_place():
    problem = Problem(file="a.yaml", line=12, column=3, path="schema[0]", message="wrong", hint="do this")
    payload = {"file": "a.yaml", "line": 12, "column": 3, "path": "schema[0]", "message": "wrong", "hint": "do this"}
    assert json.loads(render_lint_json([problem])) == {"errors": [payload], "warnings": []}
    assert json.loads(render_lint_json([], warnings=[problem])) == {"errors": [], "warnings": [payload]}


def test_a_rule_that_was_waived_failed_and_says_by_whom_it_was_let_through(runs):
    payload = json.loads(render_run_json(runs["waived"]))
    assert (payload["decision"], payload["failed"], payload["waived"]) == ("approved", 2, 1)
    waivers = {verdict["rule"]: verdict["waiver"] for verdict in payload["verdicts"] if verdict["waiver"]}
    assert {rule: (waiver["owner"], waiver["max_failed"]) for rule, waiver in waivers.items()} == {
        "status|implies_email": ("ana", 2)
    }
    effects = [(waiver["rule"], waiver["effect"], waiver["partition"]) for waiver in payload["waivers"]]
    assert effects == [("status|implies_email", "waived", None), ("table|key", "unused", "2024-01-01")]
