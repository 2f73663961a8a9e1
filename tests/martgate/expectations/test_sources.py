"""Kinds that compare columns with where their values come from: `copied_from`, `recomputed`, `happened` and `churn`."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from martgate.expectations.derive import derive
from martgate.expectations.kinds.churn import MIN_CHANGE_DAYS, Churn
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.happened import Happened
from martgate.expectations.kinds.recomputed import Recomputed
from martgate.expectations.measurement import Measurement
from martgate.expectations.verdict import Outcome

PASSED, FAILED, VACUOUS = Outcome.PASSED, Outcome.FAILED, Outcome.VACUOUS
ENGINES = pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)], indirect=True)
SOURCE = {"k int": [1, 1, 2, 3], "n int": [1, 2, 1, 1], "v string": ["old", "new", None, "x"], "w int": [1, 1, 1, 0]}
V = (("v", ""),)


def counts(verdict):
    return verdict.outcome, verdict.failed, verdict.total


COPIES = [
    # each key has the latest row of the source; null is a value like any other
    (CopiedFrom(V, ("k",), "s.o", ("k",), latest_by=("n",)), {"k int": [1, 2, 3], "v string": ["new", None, "x"]}, PASSED, 0, 3),
    (CopiedFrom(V, ("k",), "s.o", ("k",), latest_by=("n",)), {"k int": [1, 2], "v string": ["old", "y"]}, FAILED, 2, 2),
    (CopiedFrom(V, ("k",), "s.o", ("k",), earliest_by=("n",)), {"k int": [1], "v string": ["old"]}, PASSED, 0, 1),
    # a value is an expression over the source
    (CopiedFrom((("v", "UPPER(v)"),), ("k",), "s.o", ("k",), latest_by=("n", "v")), {"k int": [1], "v string": ["NEW"]}, PASSED, 0, 1),
    # a row without one in the source has the default, which is null unless it is stated
    (CopiedFrom(V, ("k",), "s.o", ("k",), "w > 0", ("n",)), {"k int": [3, 9, None], "v string": [None, None, None]}, VACUOUS, 0, 0),
    (CopiedFrom(V, ("k",), "s.o", ("k",), "w > 0", ("n",)), {"k int": [3, 9, None], "v string": ["x", "y", "z"]}, FAILED, 3, 3),
    (
        CopiedFrom(V, ("k",), "s.o", ("k",), "w > 0", ("n",), default=(("v", "none"),)),
        {"k int": [3, 9, 2], "v string": ["none", None, None]}, FAILED, 1, 2,
    ),
    # where nothing picks one of several rows of a key, each pair counts
    (CopiedFrom(V, ("k",), "s.o", ("k",)), {"k int": [1], "v string": ["new"]}, FAILED, 1, 2),
    # a query in place of a table
    (
        CopiedFrom(V, ("k",), against="SELECT k, MAX(v) AS v FROM s.o WHERE n > 1 GROUP BY k"),
        {"k int": [1, 2], "v string": ["new", "y"]}, FAILED, 1, 2,
    ),
]  # fmt: skip


@ENGINES
@pytest.mark.parametrize(("check", "columns", "outcome", "failed", "total"), COPIES)
def test_a_column_has_the_values_of_its_source(find, check, columns, outcome, failed, total):
    assert counts(find(check, columns, others={"s.o": SOURCE})) == (outcome, failed, total)


@ENGINES
def test_a_verdict_on_several_columns_counts_how_often_each_of_them_differs(find):
    check = CopiedFrom((("v", ""), ("w", "")), ("k",), "s.o", ("k",), latest_by=("n",))
    verdict = find(
        check, {"k int": [1, 2, 3], "v string": ["new", "y", "y"], "w int": [1, 1, 7]}, others={"s.o": SOURCE}
    )
    assert counts(verdict) == (FAILED, 2, 3)
    assert verdict.observed == "rows that differ: v 2, w 1"
    assert {each["k"]: each["(columns that differ)"] for each in verdict.examples} == {"2": "v", "3": "v, w"}
    assert {each["k"]: (each["v"], each["(v (expected))"]) for each in verdict.examples} == {
        "2": ("y", "null"),
        "3": ("y", "x"),
    }


def test_of_many_columns_examples_show_which_differ_and_no_values(find):
    heads = [f"c{place}" for place in range(5)]
    check = CopiedFrom(tuple((name, "") for name in heads), ("k",), "s.o", ("k",))
    source = {"k int": [1], **{f"{name} int": [0] for name in heads}}
    verdict = find(check, source | {"c3 int": [4]}, others={"s.o": source})
    assert verdict.examples == ({"k": "1", "(columns that differ)": "c3"},)


def test_protected_values_of_either_side_are_hidden(find, make):
    check = CopiedFrom((("v", ""),), ("k",), "s.o", ("k",), latest_by=("n",))
    columns = {"k int": [1], "v string": ["secret"]}
    table = make.table(make.column("k"), make.column("v", "string", at=1, classification="personal"))
    verdict = find(check, columns, others={"s.o": SOURCE}, table=table)
    assert verdict.examples == ({"k": "1", "v": "[protected]", "(v (expected))": "[protected]"},)


SALES = {"shop int": [1, 1, 2, 4], "amount int": [3, 4, 5, 0]}
FORMULA = "SELECT shop, SUM(amount) AS total, COUNT(*) AS sales FROM s.o GROUP BY shop"


@ENGINES
@pytest.mark.parametrize(
    ("columns", "outcome", "failed", "total"),
    [
        ({"shop int": [1, 2, 4], "total int": [7, 5, 0], "sales int": [2, 1, 1]}, PASSED, 0, 3),
        ({"shop int": [1, 2, 4], "total int": [7, 6, None], "sales int": [2, 1, 1]}, FAILED, 1, 3),
        ({"shop int": [1, 4], "total int": [7, 0], "sales int": [2, 1]}, FAILED, 1, 3),  # a group is missing here
        ({"shop int": [1, 2, 3, 4], "total int": [7, 5, 1, 0], "sales int": [2, 1, 0, 1]}, FAILED, 1, 4),  # and there
    ],
)
def test_numbers_are_those_of_a_second_formula(find, columns, outcome, failed, total):
    check = Recomputed(("total", "sales"), ("shop",), FORMULA)
    assert counts(find(check, columns, others={"s.o": SALES})) == (outcome, failed, total)


def test_a_difference_within_the_tolerance_passes_and_a_greater_one_fails(find):
    columns = {"shop int": [1, 2, 4], "total int": [8, 5, 0]}
    for tolerance, outcome in ((1, PASSED), (0.5, FAILED)):
        check = Recomputed(("total",), ("shop",), FORMULA, tolerance)
        verdict = find(check, columns, others={"s.o": SALES})
        assert verdict.outcome is outcome
    assert verdict.examples == ({"shop": "1", "total": "8", "(total (expected))": "7"},)


def test_a_formula_uses_the_constants_of_the_contract(make):
    quality = make.quality("q")
    formula = "SELECT a, COUNT(*) AS b FROM s.o WHERE n >= {least.rows} AND t = {word} AND u <> '{least}' GROUP BY a"
    quality = replace(quality, implementation={"rule": "recomputed", "columns": "b", "by": "a", "formula": formula})
    table = make.table(
        make.column("a"), make.column("b", at=1), quality=(quality,), custom={"least": {"rows": 3}, "word": "it's"}
    )
    (rule,) = (rule for rule in derive(make.contract(table).tables[0]) if rule.check.kind == "recomputed")
    assert rule.check.formula == (
        "SELECT a, COUNT(*) AS b FROM s.o WHERE n >= 3 AND t = 'it\\'s' AND u <> '{least}' GROUP BY a"
    )


START = datetime(2023, 12, 31, 15, tzinfo=UTC)  # in Seoul, the first instant of the day


@ENGINES
@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"a timestamp": [START - timedelta(days=9), START]}, PASSED),
        ({"a timestamp": [START - timedelta(microseconds=1), START + timedelta(days=1), None]}, FAILED),
        ({"a timestamp": []}, FAILED),
        ({"a date": [date(2024, 1, 1)]}, PASSED),
        ({"a date": [date(2023, 12, 31), date(2024, 1, 2)]}, FAILED),
    ],
)
def test_something_happened_within_the_day(find, columns, outcome):
    verdict = find(Happened("a"), columns)
    assert (verdict.outcome, verdict.total) == (outcome, 1)


def test_as_many_rows_of_the_day_as_the_rule_says(find):
    columns = {"a timestamp": [START, START, START - timedelta(days=1)], "b int": [1, 2, 1]}
    assert find(Happened("a", at_least=2), columns).outcome is PASSED
    verdict = find(Happened("a", "b = 1", 2), columns)
    assert (verdict.outcome, verdict.observed) == (FAILED, "1 row of the day")


EARLIER = {"k int": [*range(100)], "a int": [0] * 100}
CHURN = Churn(("a",), ("k",))


def changed(count, keys=100):
    return {"k int": [*range(keys)], "a int": [1] * count + [0] * (keys - count)}


def past(days, count, last=date(2023, 12, 31)):
    return {last - timedelta(each): [Measurement((), (), count, "a", counts="changes")] for each in range(days)}


@ENGINES
@pytest.mark.parametrize(
    ("count", "usual", "outcome"), [(2, 2, PASSED), (11, 2, PASSED), (12, 2, FAILED), (6, 0, FAILED), (5, 0, PASSED)]
)
def test_more_changes_than_three_times_the_most_and_five_are_unusual(find, count, usual, outcome):
    verdict = find(CHURN, changed(count), earlier=EARLIER, history=past(MIN_CHANGE_DAYS, usual))
    assert counts(verdict) == (outcome, int(outcome is FAILED), 1)


def test_no_change_at_all_is_unusual_where_many_are_usual(find):
    verdict = find(CHURN, changed(0), earlier=EARLIER, history=past(30, 60))
    assert counts(verdict) == (FAILED, 1, 1)
    assert verdict.examples[0]["(found)"] == "0"


def test_after_a_gap_the_changes_of_as_many_days_are_expected(find):
    week_ago = date(2023, 12, 25)
    assert find(CHURN, changed(60), earlier=EARLIER, history=past(7, 2, week_ago)).outcome is PASSED
    assert find(CHURN, changed(60), earlier=EARLIER, history=past(7, 2)).outcome is FAILED


def test_churn_learns_for_a_week_first(find):
    skipped = find(CHURN, changed(90), earlier=EARLIER, history=past(MIN_CHANGE_DAYS - 1, 2))
    assert skipped.reason == "learning: 6 of 7 days published and measured"


def test_keys_that_come_and_go_are_no_changes(find):
    columns = {"k int": [*range(50, 150)], "a int": [0] * 50 + [1] * 50}
    verdict = find(CHURN, columns, earlier=EARLIER, history=past(MIN_CHANGE_DAYS, 0))
    assert counts(verdict) == (PASSED, 0, 1)
