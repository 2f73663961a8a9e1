"""Runs Great Expectations' own classes: importing them costs seconds, so one worker takes the whole module."""

import json
from datetime import UTC, date, datetime

import pytest

from martgate.contracts.model import Column, Table
from martgate.contracts.quality import Severity, Threshold
from martgate.expectations.gx.suite import build_configuration
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict

pytestmark = pytest.mark.xdist_group("great_expectations")

NOT_NULL = Rule(name="a|not_null", check=NotNull("a"), clauses=("schema[0].properties[0].required",), columns=("a",))
IN_SET = Rule(name="a|in_set", check=InSet("a", ("x",)), clauses=(), columns=("a",), severity=Severity.WARNING)
COLUMNS = Rule(name="table|columns", check=HasColumns(("b", "a")), clauses=())
TABLE = Table(
    path="",
    name="orders",
    qualified_name="shop.orders",
    columns=tuple(Column(path="", name=name, logical_type="string", physical_type="string") for name in "ab"),
)


def one(outcome, *, rule=NOT_NULL, rows=10, **found):
    from martgate.expectations.gx.result import build_expectation_result

    return build_expectation_result(
        Verdict(rule=rule, outcome=outcome, **found), build_configuration(rule, TABLE), rows=rows
    )


def suite(*verdicts, **fields):
    from martgate.expectations.gx.result import build_suite_result

    audit = Audit(
        table="shop.orders",
        contract="orders",
        contract_version="1.0.0",
        part_date=date(2024, 1, 1),
        audited_at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        rows=10,
        rules=len(verdicts),
        queries=1,
        seconds=0.1,
        verdicts=verdicts,
    )
    configurations = [build_configuration(verdict.rule, TABLE) for verdict in verdicts]
    return build_suite_result(audit, configurations, suite_name="shop.orders@1", **{"run_name": "c1", **fields})


@pytest.mark.parametrize(
    ("outcome", "success"),
    [(Outcome.PASSED, True), (Outcome.FAILED, False), (Outcome.ERROR, False), (Outcome.VACUOUS, False)],
)
def test_only_what_passed_is_a_success_and_success_is_a_bool(outcome, success):
    assert one(outcome).success is success


def test_counts_are_told_exactly_in_great_expectations_own_words():
    result = one(
        Outcome.FAILED, rule=IN_SET, rows=10_000_000, failed=1, total=8_000_000, examples=({"k": "1", "a": "y"},)
    )
    assert result.result == {
        "element_count": 10_000_000,
        "missing_count": 2_000_000,
        "missing_percent": 20.0,
        "unexpected_count": 1,
        "unexpected_percent": pytest.approx(0.0000125),
        "unexpected_percent_nonmissing": pytest.approx(0.0000125),
        "unexpected_percent_total": pytest.approx(0.00001),
        "partial_unexpected_list": ["y"],
        "details": {"examples": [{"k": "1", "a": "y"}]},
    }


def test_a_key_shows_its_values_together():
    rule = Rule(name="table|key", check=Unique(("a", "b")), clauses=(), columns=("a", "b"))
    shown = ({"a": "1", "b": "x", "(rows)": "2"},)
    result = one(Outcome.FAILED, rule=rule, failed=2, total=10, examples=shown)
    assert result.result["partial_unexpected_list"] == [{"a": "1", "b": "x"}]


def test_more_wrong_than_looked_at_is_a_hundred_percent_and_no_crash():
    result = one(Outcome.FAILED, rule=COLUMNS, failed=5, total=2, observed="added: c, d, e, f, g")
    assert (result.result["unexpected_percent"], result.result["observed_value"]) == (100, "added: c, d, e, f, g")


def test_a_number_of_rows_is_told_where_the_audit_has_none():
    """As in the record of a refusal for a broken upstream, whose rows were never counted."""
    rule = Rule(name="rows", check=QualityMetric("rowCount", (), Threshold("mustBe", (3,))), clauses=())
    assert one(Outcome.FAILED, rule=rule, rows=0, failed=1, total=1, observed="7 rows").result["observed_value"] == 7
    assert one(Outcome.FAILED, rows=0, failed=2, total=9).result["element_count"] == 9


def test_a_rule_that_could_not_run_says_why_and_shows_no_traceback():
    info = one(Outcome.ERROR, reason="no column a").exception_info
    assert info == {"raised_exception": True, "exception_message": "no column a", "exception_traceback": ""}


def test_a_rule_that_had_nothing_to_look_at_has_a_note():
    assert "Nothing was in scope" in one(Outcome.VACUOUS).meta["note"]
    assert "note" not in one(Outcome.PASSED, total=1).meta


def test_the_columns_of_a_kept_shape_are_observed_in_their_order():
    assert one(Outcome.PASSED, rule=COLUMNS, total=2).result["observed_value"] == ["b", "a"]


def test_a_suite_succeeds_when_every_expectation_does_and_never_when_it_is_empty():
    kept = Verdict(rule=NOT_NULL, outcome=Outcome.PASSED, total=10)
    warned = Verdict(rule=IN_SET, outcome=Outcome.FAILED, failed=1, total=10)
    assert suite(kept).success is True
    assert suite(kept, warned).success is False
    assert suite().success is False
    assert suite(kept, warned).statistics == {
        "evaluated_expectations": 2,
        "successful_expectations": 1,
        "unsuccessful_expectations": 1,
        "success_percent": 50.0,
    }


def test_the_worst_failed_severity_is_what_the_rule_says():
    from great_expectations.expectations.metadata_types import FailureSeverity

    warned = Verdict(rule=IN_SET, outcome=Outcome.FAILED, failed=1, total=10)
    assert suite(warned).get_max_severity_failure() is FailureSeverity.WARNING


@pytest.mark.parametrize("name", ["2024-01-01", "20240101", "Jan", "12:30", "20240101T000000Z"])
def test_a_run_keeps_the_time_it_was_made_whatever_its_name_looks_like(name):
    from great_expectations.core.run_identifier import RunIdentifier

    meta = suite(Verdict(rule=NOT_NULL, outcome=Outcome.PASSED, total=1), run_name=name).meta["run_id"]
    assert meta["run_time"] == "2024-01-02T03:04:05+00:00"
    unparseable = RunIdentifier(run_name=meta["run_name"])
    assert unparseable.run_time.year == datetime.now(UTC).year


def test_a_result_is_json_that_great_expectations_reads_back():
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema

    result = suite(
        Verdict(rule=NOT_NULL, outcome=Outcome.ERROR, reason="broken"),
        Verdict(rule=IN_SET, outcome=Outcome.FAILED, failed=1, total=10, examples=({"a": "y"},)),
    )
    text = json.dumps(result.to_json_dict())
    back = expectationSuiteValidationResultSchema.load(json.loads(text))
    assert back["success"] is False
    assert [result.success for result in back["results"]] == [False, False]


def test_a_configuration_missing_is_an_error_not_a_shorter_report():
    from martgate.expectations.gx.result import build_suite_result

    result = suite(Verdict(rule=NOT_NULL, outcome=Outcome.PASSED, total=1))
    assert len(result.results) == 1
    with pytest.raises(ValueError, match="zip"):
        build_suite_result(
            Audit(
                table="t",
                contract="c",
                contract_version="1",
                part_date=None,
                audited_at=datetime(2024, 1, 1, tzinfo=UTC),
                rows=0,
                rules=1,
                queries=0,
                seconds=0,
                verdicts=(Verdict(rule=NOT_NULL, outcome=Outcome.PASSED),),
            ),
            [],
            suite_name="s",
            run_name="r",
        )
