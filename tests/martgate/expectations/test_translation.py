"""Expectations written for Great Expectations mean here what they mean there, or stay in its words for it to judge."""

from dataclasses import replace

import pytest

from martgate.contracts.quality import Threshold
from martgate.errors import InvalidInput
from martgate.expectations.derive import derive
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.foreign import Foreign
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique


@pytest.fixture
def read(make):
    """read(type, kwargs..): the check that an expectation on column `a` of (a int, b int, s string) becomes."""

    def _read(name, *, engine="greatExpectations", **kwargs):
        quality = replace(make.quality("q"), engine=engine, implementation={"type": name, "kwargs": kwargs})
        table = make.table(
            make.column("a", "int", quality=(quality,)),
            make.column("b", "int", at=1),
            make.column("s", "string", at=2),
            make.column("d", "date", at=3),
        )
        return {rule.name: rule.check for rule in derive(make.contract(table).tables[0])}["a|q"]

    return _read


def at_most(percent):
    return Threshold("mustBeLessOrEqualTo", (percent,))


EXACT = [
    ("expect_column_values_to_not_be_null", {"column": "s"}, NotNull("s")),
    ("ExpectColumnValuesToNotBeNull", {}, NotNull("a")),
    (
        "expect_column_values_to_not_be_null",
        {"mostly": 0.95},
        QualityMetric("nullValues", ("a",), at_most(5), "percent"),
    ),
    ("expect_column_values_to_be_in_set", {"value_set": [1, 2]}, InSet("a", (1, 2))),
    (
        "expect_column_values_to_be_in_set",
        {"value_set": [1], "mostly": 0.9},
        QualityMetric("invalidValues", ("a",), at_most(10), "percent", valid_values=(1,)),
    ),
    ("expect_column_values_to_match_regex", {"column": "s", "regex": "^[a-z]$"}, Pattern("s", "^[a-z]$")),
    ("expect_column_values_to_be_unique", {}, Unique(("a",))),
    ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, Unique(("a", "b"))),
    ("expect_column_values_to_be_of_type", {"type_": "LongType"}, HasType("a", "bigint")),
    ("expect_column_values_to_be_of_type", {"type_": "STRING"}, HasType("a", "string")),
    (
        "expect_table_row_count_to_be_between",
        {"min_value": 1, "max_value": 9},
        QualityMetric("rowCount", (), Threshold("mustBeBetween", (1, 9))),
    ),
    (
        "expect_table_row_count_to_be_between",
        {"min_value": 1, "strict_min": True},
        QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (1,))),
    ),
    ("expect_table_row_count_to_equal", {"value": 3}, QualityMetric("rowCount", (), Threshold("mustBe", (3,)))),
    ("expect_table_columns_to_match_ordered_list", {"column_list": ["a", "b"]}, HasColumns(("a", "b"))),
    (
        "expect_column_mean_to_be_between",
        {"max_value": 2.5},
        SqlNumber("SELECT AVG(`a`) FROM {object}", at_most(2.5)),
    ),
]


@pytest.mark.parametrize(("name", "kwargs", "check"), EXACT)
def test_an_expectation_becomes_the_check_of_the_same_meaning(read, name, kwargs, check):
    assert read(name, **kwargs) == check


@pytest.mark.parametrize(
    "engine", ["greatExpectations", "great-expectations", "great_expectations", "GreatExpectations"]
)
def test_the_engine_is_known_by_each_of_its_spellings(read, engine):
    assert read("expect_column_values_to_be_unique", engine=engine) == Unique(("a",))


COUNTED = [
    ("expect_column_values_to_be_null", {}, {"a int": [None, 1]}, 1),
    ("expect_column_values_to_not_be_in_set", {"value_set": [1]}, {"a int": [None, 1, 2]}, 1),
    ("expect_column_values_to_be_between", {"min_value": 1, "max_value": 3}, {"a int": [0, 1, 3, 4, None]}, 2),
    ("expect_column_values_to_be_between", {"min_value": 1, "strict_min": True}, {"a int": [0, 1, 2]}, 2),
    ("expect_column_values_to_be_between", {"max_value": 3, "strict_max": True}, {"a int": [2, 3, 4]}, 2),
    ("expect_column_values_to_match_regex", {"column": "s", "regex": "b+"}, {"s string": ["abc", "a\nb\n", "xyz"]}, 1),
    ("expect_column_values_to_match_regex", {"column": "s", "regex": "^a"}, {"s string": ["ab", "ba"]}, 1),
    ("expect_column_values_to_match_regex", {"column": "s", "regex": "a$|^b"}, {"s string": ["xa", "bx", "ax"]}, 1),
    ("expect_column_values_to_match_like_pattern", {"column": "s", "like_pattern": "a%"}, {"s string": ["ab", "b"]}, 1),
    (
        "expect_column_values_to_not_match_like_pattern",
        {"column": "s", "like_pattern": "a%"},
        {"s string": ["ab", "b", None]},
        1,
    ),
    (
        "expect_column_values_to_match_like_pattern_list",
        {"column": "s", "like_pattern_list": ["a%", "%b"]},
        {"s string": ["ax", "xb", "x"]},
        1,
    ),
    (
        "expect_column_values_to_match_like_pattern_list",
        {"column": "s", "like_pattern_list": ["a%", "%b"], "match_on": "all"},
        {"s string": ["ab", "xb", "x"]},
        2,
    ),
    (
        "expect_column_values_to_not_match_like_pattern_list",
        {"column": "s", "like_pattern_list": ["a%", "%b"]},
        {"s string": ["ax", "xb", "x"]},
        2,
    ),
    ("expect_column_value_lengths_to_be_between", {"column": "s", "min_value": 2}, {"s string": ["a", "ab", None]}, 1),
    ("expect_column_value_lengths_to_equal", {"column": "s", "value": 2}, {"s string": ["a", "ab"]}, 1),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "a", "column_B": "b"},
        {"a int": [1, 1, None, None], "b int": [1, 2, 1, None]},
        2,  # a null on one side alone is unexpected ..
    ),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "a", "column_B": "b", "ignore_row_if": "either_value_is_missing"},
        {"a int": [1, 1, None], "b int": [1, 2, 1]},
        1,
    ),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "a", "column_B": "b"},
        {"a int": [2, 1, 1, None], "b int": [1, 1, 2, 1]},
        2,  # .. and is not here
    ),
    (
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "a", "column_B": "b", "or_equal": True},
        {"a int": [2, 1, 1], "b int": [1, 1, 2]},
        1,
    ),
    (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["a", "b"], "sum_total": 3},
        {"a int": [1, 1], "b int": [2, 3]},
        1,
    ),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "SELECT * FROM {batch} WHERE a > 1"},
        {"a int": [1, 2, 3]},
        1,
    ),
    ("expect_column_unique_value_count_to_be_between", {"max_value": 1}, {"a int": [1, 2, 2]}, 1),
]


@pytest.mark.parametrize(("name", "kwargs", "columns", "failed"), COUNTED)
def test_an_expectation_finds_what_it_would_find_there(read, find, name, kwargs, columns, failed):
    verdict = find(read(name, **kwargs), columns)
    assert (verdict.outcome.value, verdict.failed) == ("failed", failed)


def test_the_number_of_unexpected_rows_is_told(read, find):
    check = read("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE a > 1 -- two")
    assert find(check, {"a int": [1, 2, 3]}).observed == "2"


def test_bounds_of_a_date_are_dates(read):
    check = read("expect_column_values_to_be_between", column="d", min_value="2024-01-01")
    assert check == Holds("`d` >= CAST('2024-01-01' AS DATE)", null_passes=True)


OWN_WORDS = [
    ("ExpectColumnMedianToBeBetween", {"max_value": 2}, '{"column": "a", "max_value": 2}', ("a",), "values"),
    ("expect_column_values_to_be_between", {"min_value": 1, "mostly": 0.9}, None, ("a",), "values"),
    ("expect_column_values_to_not_be_null", {"row_condition": 'col("b") > 1'}, None, ("a", "b"), "rows"),
    ("expect_column_mean_to_be_between", {"min_value": 1, "max_value": 2, "strict_min": True}, None, ("a",), "values"),
    ("expect_column_pair_values_to_be_in_set", {"column_A": "B", "column_B": "S", "value_pairs_set": []}, None, ("b", "s"), "values"),
    ("expect_table_columns_to_match_set", {"column_set": ["a"], "meta": {"x": 1}}, '{"column_set": ["a"]}', (), "shape"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "arguments", "columns", "looks_at"), OWN_WORDS)
def test_what_has_no_equal_stays_in_its_own_words(read, name, kwargs, arguments, columns, looks_at):
    check = read(name, **kwargs)
    assert isinstance(check, Foreign)
    assert (check.columns, check.looks_at) == (columns, looks_at)
    assert arguments in (None, check.arguments)


REFUSED = [
    ("expect_query_results_to_match_comparison", {}, "none of Great Expectations' own that look at one table"),
    ("expect_column_values_to_be_in_sett", {}, "Did you mean 'expect_column_values_to_be_in_set'?"),
    ("expect_column_values_to_be_between", {}, "neither min_value nor max_value"),
    ("expect_column_median_to_be_between", {"column": "nope"}, "t has no column 'nope'"),
    ("expect_multicolumn_values_to_be_equal", {"column_list": []}, "expected the name of a column"),
    ("expect_column_median_to_be_between", {"max_value": float("inf")}, "finite numbers"),
    ("expect_column_values_to_not_be_null", {"column": "nope"}, "t has no column 'nope'"),
    ("expect_column_values_to_not_be_null", {"mostly": 95}, "a share between 0 and 1"),
    ("expect_column_values_to_match_regex", {"regex": "(?=a)"}, "looks ahead, which not every engine can"),
    ("expect_column_values_to_be_in_set", {"value_set": []}, "a list of values"),
    ("expect_column_values_to_be_of_type", {"type_": "Foo"}, "is not a known type"),
    ("expect_column_pair_values_to_be_equal", {"column_A": "a"}, "expected a column as 'column_B'"),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1"}, "does not read {batch}"),
    ("expect_table_row_count_to_be_between", {"min_value": "many"}, "expected a number"),
]


@pytest.mark.parametrize(("name", "kwargs", "message"), REFUSED)
def test_what_nobody_could_judge_is_refused_by_name(read, name, kwargs, message):
    with pytest.raises(InvalidInput) as caught:
        read(name, **kwargs)
    (problem,) = caught.value.problems
    assert message in f"{problem.message} ({problem.hint})"
    assert problem.path.startswith("schema[0].quality[0].implementation")
