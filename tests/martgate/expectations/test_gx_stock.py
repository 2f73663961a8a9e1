"""Expectations without an equal kind are judged by Great Expectations, in the same audit, on every engine."""

import json
from datetime import UTC, datetime

import pytest

from martgate.contracts.model import Column, Contract, Table
from martgate.expectations import translation
from martgate.expectations.audit import Scope, audit
from martgate.expectations.gx.stock import find_argument_mistakes, validate_rules
from martgate.expectations.kinds.foreign import Foreign
from martgate.expectations.rules import Rule
from martgate.expectations.untranslated import UNTRANSLATED
from martgate.expectations.verdict import Outcome

pytestmark = pytest.mark.xdist_group("great_expectations")

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
PASSED, FAILED, ERROR, VACUOUS = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS
SECRET = "hush-hush"
ROWS = {"a int": [1, 2, 3, None], "b int": [1, 2, 4, None], "s string": ["2024", "x", None, "{}"]}
NULLS = {"a int": [None, None], "b int": [None, None], "s string": [None, None]}
EMPTY = {"a int": [], "b int": [], "s string": []}
QUANTILE = {"quantiles": [0.5], "value_ranges": [[3, 9]]}
WEIGHTS = {"values": [1, 2, 3], "weights": [0.3, 0.3, 0.4]}

EVERYWHERE = [
    # one number of a column
    ("expect_column_median_to_be_between", {"column": "a", "max_value": 2}, ROWS, PASSED, 0, 1, "2.0"),
    ("expect_column_quantile_values_to_be_between", {"column": "a", "quantile_ranges": QUANTILE}, ROWS, FAILED, 1, 1, None),
    ("expect_column_kl_divergence_to_be_less_than", {"column": "a", "partition_object": WEIGHTS, "threshold": 0.1}, ROWS, PASSED, 0, 1, None),
    ("expect_column_distinct_values_to_equal_set", {"column": "a", "value_set": [1, 2]}, ROWS, FAILED, 1, 1, ""),
    # each row, of one column or several
    ("expect_column_values_to_not_match_regex", {"column": "s", "regex": "[0-9]"}, ROWS, FAILED, 1, 3, ""),
    ("expect_column_pair_values_to_be_in_set", {"column_A": "a", "column_B": "b", "value_pairs_set": [[1, 1], [2, 2]]}, ROWS, FAILED, 1, 3, ""),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["a", "b"]}, ROWS, FAILED, 1, 3, ""),
    ("expect_column_values_to_match_strftime_format", {"column": "s", "strftime_format": "%Y"}, ROWS, FAILED, 2, 3, ""),
    # arguments that ours do not have
    ("expect_column_values_to_be_between", {"column": "a", "max_value": 2, "mostly": 0.6}, ROWS, PASSED, 1, 3, ""),
    ("expect_column_values_to_not_be_null", {"column": "s", "row_condition": 'col("a") > 1', "condition_parser": "great_expectations"}, ROWS, FAILED, 1, 2, ""),
    # the table
    ("expect_table_column_count_to_equal", {"value": 4}, ROWS, FAILED, 1, 1, "3"),
    ("expect_table_columns_to_match_set", {"column_set": ["s", "b", "a"]}, EMPTY, PASSED, 0, 1, None),
    ("expect_column_values_to_be_in_type_list", {"column": "a", "type_list": ["Int32Dtype", "IntegerType"]}, ROWS, PASSED, 0, 1, None),
    # nothing to look at
    ("expect_column_values_to_be_increasing", {"column": "a"}, NULLS, VACUOUS, 0, 0, ""),
    ("expect_column_median_to_be_between", {"column": "a", "max_value": 2}, EMPTY, VACUOUS, 0, 0, ""),
    ("expect_column_values_to_be_between", {"column": "a", "max_value": 2, "mostly": 0.6, "row_condition": 'col("b") > 9', "condition_parser": "great_expectations"}, ROWS, VACUOUS, 0, 0, ""),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "a", "min_value": 0.5}, NULLS, FAILED, 1, 1, "0.0"),
]  # fmt: skip
ON_PANDAS = [
    ("expect_column_values_to_be_dateutil_parseable", {"column": "s"}, ROWS, FAILED, 2, 3, ""),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "a", "threshold": 1, "double_sided": True}, NULLS, VACUOUS, 0, 0, ""),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"]}, ROWS, FAILED, 2, 3, ""),
    ("expect_table_row_count_to_be_between", {"min_value": 3, "max_value": 4, "strict_max": True}, ROWS, FAILED, 1, 1, "4"),
]  # fmt: skip


@pytest.fixture
def verdict_on(engine, register):
    """verdict_on(type, kwargs, columns): our audit's verdict on an expectation as a contract states it."""

    def _verdict_on(name, kwargs, columns, *, protected=(), judged_by=validate_rules):
        register("s.audited", columns)
        listed = tuple(
            Column(path="", name=head.split()[0], logical_type="", physical_type=head.split()[1],
                   classification="personal" if head.split()[0] in protected else "")
            for head in columns
        )  # fmt: skip
        table = Table(path="schema[0]", name="audited", qualified_name="s.audited", columns=listed)
        check = translation.read_expectation({"type": name, "kwargs": kwargs}, table, None)
        assert isinstance(check, Foreign), "the plan knows it"
        rule = Rule(name="r", check=check, clauses=(), columns=check.columns)
        scope = Scope(None, NOON, expectation_runner=judged_by)
        table = Contract(file="", id="t", version="1.0.0", api_version="", tables=(table,)).tables[0]
        (verdict,) = audit(engine, "s.audited", table=table, rules=[rule], scope=scope).verdicts
        return verdict

    return _verdict_on


def agrees(verdict, outcome, failed, total, observed):
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason
    assert observed is None or verdict.observed == observed


@pytest.mark.parametrize(
    ("name", "kwargs", "columns", "outcome", "failed", "total", "observed"), EVERYWHERE + ON_PANDAS
)
def test_an_expectation_that_the_plan_does_not_know_is_judged_by_its_own_library(
    verdict_on, name, kwargs, columns, outcome, failed, total, observed
):
    agrees(verdict_on(name, kwargs, columns), outcome, failed, total, observed)


@pytest.mark.spark
@pytest.mark.parametrize("engine", ["spark"], indirect=True, scope="session")
def test_spark_judges_the_same(verdict_on, quick_spark):
    for name, kwargs, columns, *expected in EVERYWHERE:
        agrees(verdict_on(name, kwargs, columns), *expected)
    missing = verdict_on("expect_column_values_to_be_dateutil_parseable", {"column": "s"}, ROWS)
    assert missing.outcome is ERROR
    assert missing.reason.endswith("its SparkDFExecutionEngine has no column_values.dateutil_parseable")


def test_what_it_did_not_expect_is_shown_by_column(verdict_on):
    pairs = verdict_on(
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "a", "column_B": "b", "value_pairs_set": [[1, 1], [2, 2]]},
        ROWS,
    )
    assert pairs.examples == ({"a": "3", "b": "4"},)
    texts = verdict_on("expect_column_values_to_not_match_regex", {"column": "s", "regex": "[0-9]"}, ROWS)
    assert texts.examples == ({"s": "2024"},)


BROKEN = [
    ("expect_column_values_to_match_json_schema", {"column": "s", "json_schema": {"type": "object"}}),
    ("expect_column_stdev_to_be_between", {"column": "s", "max_value": 3}),
    ("expect_column_values_to_be_increasing", {"column": "s"}),
]


@pytest.mark.parametrize(("name", "kwargs"), BROKEN)
def test_no_protected_value_is_in_a_verdict_or_a_log_be_it_broken_failed_or_measured(
    verdict_on, name, kwargs, capfd, caplog
):
    verdict = verdict_on(name, kwargs, {"s string": [SECRET, "abc", SECRET]}, protected=["s"])
    assert SECRET not in repr(verdict) + "".join(capfd.readouterr()) + caplog.text
    assert not verdict.examples


def test_a_number_of_a_protected_column_is_masked(verdict_on):
    verdict = verdict_on("expect_column_median_to_be_between", {"column": "a", "max_value": 1}, ROWS, protected=["a"])
    assert (verdict.outcome, verdict.observed) == (FAILED, "[protected]")


def test_an_expectation_that_breaks_is_an_error_that_names_what_broke_and_quotes_nothing(verdict_on):
    name, kwargs = BROKEN[0]
    verdict = verdict_on(name, kwargs, {"s string": [SECRET]})
    assert (verdict.outcome, verdict.reason) == (
        ERROR,
        "Great Expectations could not run it: json.decoder.JSONDecodeError",
    )


def test_without_somebody_to_judge_it_fails_unless_there_is_nothing_to_look_at(verdict_on):
    asked = ("expect_column_median_to_be_between", {"column": "a", "max_value": 9})
    assert verdict_on(*asked, ROWS, judged_by=None).outcome is ERROR
    assert verdict_on(*asked, NULLS, judged_by=None).outcome is VACUOUS


def test_every_core_expectation_of_one_table_is_known_or_judged(read_by_gx):
    elsewhere = {"expect_query_results_to_match_comparison", "expect_table_row_count_to_equal_other_table"}
    assert translation._READERS.keys() | UNTRANSLATED | elsewhere == read_by_gx


@pytest.fixture(scope="module")
def read_by_gx():
    """The names of all core expectations of the installed Great Expectations."""
    import great_expectations.expectations.core
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    assert great_expectations.expectations.core
    return set(list_registered_expectation_implementations())


ARGUED = [
    ({"column": "a", "min_valu": 1}, "kwargs.min_valu", "has no argument 'min_valu'", "Did you mean 'min_value'?"),
    ({"column": "a", "max_value": "many"}, "kwargs.max_value", "value is not a valid", ""),
    ({}, "kwargs.column", "field required", ""),
]


@pytest.mark.parametrize(("kwargs", "key", "message", "hint"), ARGUED)
def test_arguments_are_held_against_its_own_class(kwargs, key, message, hint):
    (mistake,) = find_argument_mistakes(Foreign("expect_column_median_to_be_between", json.dumps(kwargs), ()))
    assert (mistake.key, mistake.hint) == (key, hint)
    assert message in mistake.message


def test_arguments_that_it_takes_are_no_mistake():
    assert not list(
        find_argument_mistakes(Foreign("expect_column_median_to_be_between", '{"column": "a", "max_value": 1}', ()))
    )
