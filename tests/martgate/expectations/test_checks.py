"""Every kind of check against hand-made rows and hand-counted answers, on every engine."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pytest

from martgate.contracts.quality import Operator, Threshold
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.verdict import Outcome

PASSED, FAILED, ERROR, VACUOUS = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS


def at(hour, day=1):
    return datetime(2024, 1, day, hour, tzinfo=UTC)


ROWS = [
    # not_null: every row is looked at
    (NotNull("a"), {"a int": [1, 2]}, PASSED, 0, 2),
    (NotNull("a"), {"a int": [1, None, None]}, FAILED, 2, 3),
    (NotNull("a"), {"a int": []}, VACUOUS, 0, 0),
    # in_set: null passes, and a column of nothing but null was never looked at
    (InSet("a", ("NO", "it's \\ so")), {"a string": ["NO", "it's \\ so", None]}, PASSED, 0, 2),
    (InSet("a", ("NO",)), {"a string": ["no", "NO", "", None]}, FAILED, 2, 3),
    (InSet("a", (0, 1)), {"a tinyint": [0, 1, 2, -1]}, FAILED, 2, 4),
    (InSet("a", ("0", "1")), {"a tinyint": [0, 1, 2]}, FAILED, 1, 3),
    (InSet("a", (1,)), {"a string": ["1", "01"]}, FAILED, 1, 2),
    (InSet("a", (True,)), {"a boolean": [True, False]}, FAILED, 1, 2),
    (InSet("a", ("2024-01-01",)), {"a date": [date(2024, 1, 1), date(2024, 1, 2)]}, FAILED, 1, 2),
    (InSet("a", (0.1,)), {"a double": [0.1, 0.2]}, FAILED, 1, 2),
    (InSet("a", ("NO",)), {"a string": [None, None]}, VACUOUS, 0, 0),
    (InSet("a", tuple(map(str, range(99)))), {"a string": ["1", "x", "x", None, "99"]}, FAILED, 3, 4),
    (InSet("a", tuple(range(99))), {"a int": [None]}, VACUOUS, 0, 0),
    # pattern: anywhere in the value, or between anchors, to the very last character
    (Pattern("a", "^[A-Z]{2}$"), {"a string": ["NO", "KR", None]}, PASSED, 0, 2),
    (Pattern("a", "^[A-Z]{2}$"), {"a string": ["NO", "NOR", "no", "NO\n", "", " NO"]}, FAILED, 5, 6),
    (Pattern("a", "[A-Z]{2}"), {"a string": ["NO", "NOR", "no", "NO\n", "", " NO"]}, FAILED, 2, 6),
    (Pattern("a", "^(a|b)$"), {"a string": ["a", "b", "ab", "bb"]}, FAILED, 2, 4),
    (Pattern("a", r"\d+'\\"), {"a string": ["1'\\", "٣'\\"]}, FAILED, 1, 2),
    # length: characters, not bytes
    (Length("a", "maximum", 2), {"a string": ["ab", "한국", "abc", "😀😀", None]}, FAILED, 1, 4),
    (Length("a", "minimum", 1), {"a string": ["", "a"]}, FAILED, 1, 2),
    # ranges, each bound on its own side
    (Range("a", "minimum", 1), {"a int": [0, 1, 2, None]}, FAILED, 1, 3),
    (Range("a", "maximum", 1), {"a int": [0, 1, 2]}, FAILED, 1, 3),
    (Range("a", "exclusive_minimum", 1), {"a int": [0, 1, 2]}, FAILED, 2, 3),
    (Range("a", "exclusive_maximum", 1), {"a int": [0, 1, 2]}, FAILED, 2, 3),
    (Range("a", "minimum", "2024-01-02"), {"a date": [date(2024, 1, 1), date(2024, 1, 2)]}, FAILED, 1, 2),
    (Range("a", "maximum", "2024-01-01T12:00:00Z"), {"a timestamp": [at(12), at(13)]}, FAILED, 1, 2),
    (Range("a", "maximum", 9_223_372_036_854_775_807), {"a bigint": [2**63 - 1]}, PASSED, 0, 1),
    (Range("a", "maximum", 0.1), {"a decimal(10,2)": [Decimal("0.10"), Decimal("0.11")]}, FAILED, 1, 2),
    (Range("a", "minimum", 0.1), {"a float": [0.1, 0.0]}, FAILED, 1, 2),
    (InSet("a", (0.1,)), {"a float": [0.1, 0.2]}, FAILED, 1, 2),
    (Range("a", "maximum", 1e300), {"a float": [float("inf"), 1.0]}, FAILED, 1, 2),
    # multiples: exact for whole numbers and decimals, forgiving for binary fractions
    (MultipleOf("a", 5), {"a int": [0, 5, -10, 7]}, FAILED, 1, 4),
    (MultipleOf("a", 0.05), {"a decimal(10,2)": [Decimal("0.15"), Decimal("0.16")]}, FAILED, 1, 2),
    (MultipleOf("a", 0.1), {"a double": [0.3, 0.7, 0.35]}, FAILED, 1, 3),
    (MultipleOf("a", 0.1), {"a float": [0.3, 0.7, 0.35]}, FAILED, 1, 3),
    (MultipleOf("a", 2), {"a float": [9_999_998.0, 9_999_999.0]}, FAILED, 1, 2),
    (MultipleOf("a", 0.5), {"a int": [1, 2]}, PASSED, 0, 2),
    (MultipleOf("a", 0.3), {"a decimal(38,0)": [Decimal(3 * 10**36), Decimal(4)]}, FAILED, 1, 2),
    # partitions: there, not empty, of this day
    (InPartition(("d",), "d"), {"d string": ["2024-01-01", "2024-01-02", None, ""]}, FAILED, 3, 4),
    (InPartition(("c", "d"), "d"), {"c bigint": [1, None], "d string": ["2024-01-01"] * 2}, FAILED, 1, 2),
    (InPartition(("d",), "d"), {"d date": [date(2024, 1, 1), date(2024, 1, 2)]}, FAILED, 1, 2),
    (InPartition(("d",)), {"d string": ["x", ""]}, FAILED, 1, 2),
    # holds: null is a failure, unless it passes; then it was not looked at
    (Holds("a > 1"), {"a int": [2, 1, None]}, FAILED, 2, 3),
    (Holds("a > 1", null_passes=True), {"a int": [2, 1, None]}, FAILED, 1, 2),
    (Holds("a > 1", null_passes=True), {"a int": [None]}, VACUOUS, 0, 0),
    (Holds("a = 1 OR a = 2"), {"a int": [1, 2]}, PASSED, 0, 2),
    (Holds("a < CAST(:day_end AS TIMESTAMP)"), {"a timestamp": [at(14), at(15)]}, FAILED, 1, 2),
    (Holds("a = :part_date"), {"a string": ["2024-01-01", "2024-01-02"]}, FAILED, 1, 2),
    # implies: only where the first is true
    (Implies("a = 1", "b IS NOT NULL"), {"a int": [1, 1, 0, None], "b int": [1, None, None, None]}, FAILED, 1, 2),
    (Implies("a = 1", "b > 0"), {"a int": [1, 1], "b int": [1, None]}, FAILED, 1, 2),
    (Implies("a = 1", "b > 0", null_passes=True), {"a int": [1, 1], "b int": [1, None]}, PASSED, 0, 1),
    (Implies("a = 1 OR a = 2", "b = 0 OR b = 1"), {"a int": [2, 3], "b int": [5, 5]}, FAILED, 1, 1),
    (Implies("a = 1", "b > 0"), {"a int": [0], "b int": [0]}, VACUOUS, 0, 0),
    # iff: both or neither
    (Iff("a = 1", "b IS NOT NULL"), {"a int": [1, 0, 1, 0], "b int": [1, None, None, 1]}, FAILED, 2, 4),
    (Iff("a = 1", "b = 1"), {"a int": [1, None], "b int": [1, 1]}, FAILED, 1, 2),
    (Iff("a = 1", "b = 1", null_passes=True), {"a int": [1, None], "b int": [1, 1]}, PASSED, 0, 1),
    (Iff("a = 1 OR a = 2", "b = 1 OR b = 2"), {"a int": [2, 3], "b int": [1, 2]}, FAILED, 1, 2),
    # all_or_none
    (AllOrNone(("a", "b")), {"a int": [1, None, 1, None], "b string": ["x", None, None, ""]}, FAILED, 2, 4),
    # unique: all rows that share a value; rows with a null are not looked at
    (Unique(("a",)), {"a int": [1, 1, 1, 2, None, None]}, FAILED, 3, 4),
    (Unique(("a", "b")), {"a int": [1, 1, 1], "b int": [1, 2, None]}, PASSED, 0, 2),
    (Unique(("a", "b")), {"a int": [1, 1, 2], "b int": [1, 1, 1]}, FAILED, 2, 3),
    (Unique(("a",)), {"a int": [None]}, VACUOUS, 0, 0),
    # constant_within: groups, and null is a value
    (ConstantWithin(("b",), ("a",)), {"a int": [1, 1, 2, 2], "b string": ["x", "x", "y", None]}, FAILED, 1, 2),
    (ConstantWithin(("b",), ("a",)), {"a int": [1, 1, None], "b int": [None, None, 3]}, PASSED, 0, 2),
    (ConstantWithin(("b", "c"), ("a",)), {"a int": [1, 1], "b int": [1, 1], "c int": [1, 2]}, FAILED, 1, 1),
    # count_matches
    (CountMatches("n", ("a",)), {"a int": [1, 1, 2], "n int": [2, 2, 1]}, PASSED, 0, 2),
    (CountMatches("n", ("a",)), {"a int": [1, 1, 2, 3], "n int": [2, 1, 2, None]}, FAILED, 3, 3),
    # dense_sequence: rows out of place; ties are the column's own to decide
    (
        DenseSequence("n", ("a",), ("t",)),
        {"a int": [1, 1, 2], "t int": [5, 6, 5], "n int": [1, 2, 1]},
        PASSED,
        0,
        3,
    ),
    (
        DenseSequence("n", ("a",), ("t",)),
        {"a int": [1, 1, 1], "t int": [5, 6, 7], "n int": [1, 2, 4]},
        FAILED,
        1,
        3,
    ),
    (DenseSequence("n", ("a",), ("t",)), {"a int": [1, 1], "t int": [5, 6], "n int": [2, 1]}, FAILED, 2, 2),
    (DenseSequence("n", ("a",), ("t",)), {"a int": [1, 1], "t int": [5, 5], "n int": [2, 1]}, PASSED, 0, 2),
    (DenseSequence("n", ("a",), ("t",)), {"a int": [1, 1], "t int": [5, 6], "n int": [1, None]}, FAILED, 1, 2),
    (
        DenseSequence("n", ("a",), ("t",), "c"),
        {"a int": [1, 1, 2], "t int": [5, 6, 5], "n int": [1, 2, 1], "c int": [3, 3, 1]},
        FAILED,
        2,
        3,
    ),
    # extreme_of
    (
        ExtremeOf("m", "v", ("a",), "min"),
        {"a int": [1, 1, 2], "v int": [3, 4, 5], "m int": [3, 3, 5]},
        PASSED,
        0,
        2,
    ),
    (
        ExtremeOf("m", "v", ("a",), "min"),
        {"a int": [1, 1, 2], "v int": [3, 4, 5], "m int": [3, 4, 4]},
        FAILED,
        2,
        2,
    ),
    (ExtremeOf("m", "v + 1", ("a",), "max"), {"a int": [1, 1], "v int": [3, 4], "m int": [5, 5]}, PASSED, 0, 1),
    (ExtremeOf("m", "v", ("a",), "max"), {"a int": [1], "v int": [None], "m int": [None]}, PASSED, 0, 1),
    # exactly_one
    (ExactlyOne(("a",), "c", "f = 1"), {"a int": [1, 1], "c int": [7, None], "f int": [1, 1]}, FAILED, 1, 1),
    (
        ExactlyOne(("a",), "c", "f = 1"),
        {"a int": [1, 1, 1], "c int": [7, 7, 8], "f int": [1, 1, 0]},
        PASSED,
        0,
        1,
    ),
    (
        ExactlyOne(("a",), "c", "f = 1"),
        {"a int": [1, 1, 2, 3], "c int": [7, 8, 7, None], "f int": [1, 1, 0, 1]},
        FAILED,
        3,
        3,
    ),
]


@pytest.mark.parametrize(("check", "columns", "outcome", "failed", "total"), ROWS)
def test_finds_what_a_person_counts(find, check, columns, outcome, failed, total):
    verdict = find(check, columns)
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason


OTHERS = [
    (References(("a",), "s.o", ("k",)), [1, 1, 3, None], FAILED, 1, 3),
    (References(("a",), "s.o", ("k",), "w = 1"), [1, 2], FAILED, 1, 2),
    (References(("a",), "s.o", ("k",)), [None], VACUOUS, 0, 0),
    (References(("a",), "o", ("k",)), [1, 2], PASSED, 0, 2),
    (SameSet(("a",), "s.o", ("k",)), [1, 2, 2], PASSED, 0, 2),
    (SameSet(("a",), "s.o", ("k",)), [1, 3], FAILED, 2, 3),
    (SameSet(("a",), "s.o", ("k",), "w = 1 OR w = 7"), [1], PASSED, 0, 1),
    (SameSet(("a",), "s.o", ("k",), "w > 9"), [], VACUOUS, 0, 0),
    (SameSet(("a",), "s.o", ("k",)), [1, 2, None], FAILED, 1, 3),
    (
        Reconciles("COUNT(*)", "SELECT k AS a, SUM(w) AS measure FROM s.o GROUP BY k", ("a",)),
        [1, 2, 2],
        PASSED,
        0,
        2,
    ),
    (
        Reconciles("COUNT(*)", "SELECT k AS a, SUM(w) AS measure FROM s.o GROUP BY k", ("a",)),
        [1, 3],
        FAILED,
        2,
        3,
    ),
    (
        Reconciles("COUNT(*)", "SELECT k AS a, SUM(w) AS measure FROM s.o GROUP BY k", ("a",), 1.5),
        [1],
        FAILED,
        1,
        2,
    ),
    (
        Reconciles("COUNT(*)", "SELECT k AS a, SUM(w) AS measure FROM s.o GROUP BY k", ("a",), 2),
        [1],
        PASSED,
        0,
        2,
    ),
    (Reconciles("SUM(a)", "SELECT SUM(k) AS measure FROM s.o", ()), [1, 2], PASSED, 0, 1),
    (Reconciles("MIN(a)", "SELECT CAST('NaN' AS DOUBLE) AS measure", (), 1), [1], FAILED, 1, 1),
    (Reconciles("SUM(a)", "SELECT SUM(k) AS measure FROM s.o", ()), [1], FAILED, 1, 1),
]


@pytest.mark.parametrize(("check", "values", "outcome", "failed", "total"), OTHERS)
def test_compares_with_another_table(find, check, values, outcome, failed, total):
    other = {"s.o": {"k int": [1, 2], "w int": [1, 2]}}
    verdict = find(check, {"a int": values}, others=other)
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason


def test_a_table_may_refer_to_itself(find):
    check = References(("parent",), "audited", ("id",))
    verdict = find(check, {"id int": [1, 2], "parent int": [None, 3]})
    assert (verdict.outcome, verdict.failed, verdict.total) == (FAILED, 1, 1)


def metric(name, operator, *values, unit="rows", **more):
    columns = () if name == "rowCount" else ("a",)
    return QualityMetric(name, columns, Threshold(operator, values), unit, **more)


METRICS = [
    (metric("nullValues", "mustBe", 0), [1, None], FAILED, 1, 2, "1"),
    (metric("nullValues", "mustBeLessThan", 2), [1, None], PASSED, 0, 2, "1"),
    (metric("nullValues", "mustBeLessOrEqualTo", 50, unit="percent"), [1, None], PASSED, 0, 2, "50 percent"),
    (metric("nullValues", "mustBeLessThan", 50, unit="percent"), [1, None], FAILED, 1, 2, "50 percent"),
    (metric("nullValues", "mustBe", 0), [], VACUOUS, 0, 0, ""),
    (metric("missingValues", "mustBe", 0, missing_values=(None, "", "N/A")), ["x", "", "N/A", None], FAILED, 3, 4, "3"),
    (metric("missingValues", "mustBe", 0, missing_values=("N/A",)), ["x", None], PASSED, 0, 2, "0"),
    (metric("invalidValues", "mustBe", 0, valid_values=("x",)), ["x", "y", None], FAILED, 1, 2, "1"),
    (metric("invalidValues", "mustBe", 0, pattern="^[a-z]$"), ["x", "yy", None], FAILED, 1, 2, "1"),
    (metric("invalidValues", "mustBe", 0, valid_values=("x", "yy"), pattern="^[a-z]$"), ["x", "yy"], FAILED, 1, 2, "1"),
    (metric("duplicateValues", "mustBe", 0), [1, 1, 2, None], FAILED, 2, 3, "2"),
    (metric("duplicateValues", "mustBeBetween", 1, 2), [1, 1, 2], PASSED, 0, 3, "2"),
    (metric("rowCount", "mustBeGreaterThan", 0), [], FAILED, 1, 1, "0 rows"),
    (metric("rowCount", "mustBe", 0), [], PASSED, 0, 1, "0 rows"),
    (metric("rowCount", "mustNotBeBetween", 1, 3), [1, 2], FAILED, 1, 1, "2 rows"),
]


@pytest.mark.parametrize(("check", "values", "outcome", "failed", "total", "observed"), METRICS)
def test_holds_a_metric_against_its_threshold(find, check, values, outcome, failed, total, observed):
    kind = "string" if any(isinstance(value, str) for value in values) else "int"
    verdict = find(check, {f"a {kind}": values})
    assert (verdict.outcome, verdict.failed, verdict.total, verdict.observed) == (outcome, failed, total, observed)


NUMBERS = [
    ("SELECT COUNT(*) FROM {object} WHERE a > 1", PASSED, "1"),
    ("SELECT SUM(a) FROM {object}", FAILED, "3"),
    ("SELECT MAX(a) > 1 FROM {object}", PASSED, "1"),
    ("SELECT MAX(a) FROM {object} WHERE a > 9", VACUOUS, ""),
    ("SELECT a FROM {object}", ERROR, ""),
    ("SELECT MIN(a), MAX(a) FROM {object}", ERROR, ""),
    ("SELECT 'text' FROM {object} LIMIT 1", ERROR, ""),
    ("SELECT nope FROM {object}", ERROR, ""),
]


@pytest.mark.parametrize(("query", "outcome", "observed"), NUMBERS)
def test_holds_the_number_of_a_query_against_its_threshold(find, query, outcome, observed):
    verdict = find(SqlNumber(query, Threshold("mustBe", (1,))), {"a int": [1, 2]})
    assert (verdict.outcome, verdict.observed) == (outcome, observed)
    assert bool(verdict.reason) == (outcome in (ERROR, VACUOUS))


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"a timestamp": [at(1), at(12), None]}, PASSED),
        ({"a timestamp": [at(1), at(11)]}, FAILED),
        ({"a date": [date(2024, 1, 1)]}, FAILED),
        ({"a string": ["2024-01-01T11:59:59Z"]}, FAILED),
        ({"a string": ["2024-01-01T12:00:00Z"]}, PASSED),
        ({"a string": ["yesterday"]}, ERROR),
        ({"a timestamp": [None]}, VACUOUS),
        ({"a timestamp": []}, VACUOUS),
    ],
)
def test_tells_how_old_the_latest_value_is(find, columns, outcome):
    assert find(Fresh("a", 3600), columns).outcome is outcome


def one_of_each(cases):
    """The first case of each kind in which something is wrong."""
    wrong = [case for case in cases if case[2] is FAILED]
    return list({type(case[0]): case for case in reversed(wrong)}.values())


@pytest.mark.spark
@pytest.mark.parametrize("engine", ["spark"], indirect=True, scope="session")
@pytest.mark.parametrize(("check", "columns", "outcome", "failed", "total"), one_of_each(ROWS))
def test_spark_counts_the_same(find, check, columns, outcome, failed, total):
    verdict = find(check, columns)
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason
    assert verdict.examples


@pytest.mark.spark
@pytest.mark.parametrize("engine", ["spark"], indirect=True, scope="session")
@pytest.mark.parametrize(("check", "values", "outcome", "failed", "total"), one_of_each(OTHERS))
def test_spark_compares_with_another_table_the_same(find, check, values, outcome, failed, total):
    verdict = find(check, {"a int": values}, others={"s.o": {"k int": [1, 2], "w int": [1, 2]}})
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason
    assert verdict.examples


EXACT = [
    (9007199254740993, "mustBe", 9007199254740992, False),
    (9007199254740993, "mustBe", 9007199254740993, True),
    (Decimal(99999999999999999999999999999999999999), "mustBe", 99999999999999999999999999999999999998, False),
    (Decimal(99999999999999999999999999999999999999), "mustBe", 99999999999999999999999999999999999999, True),
    (Decimal("0.1"), "mustBe", 0.1, True),
    (Decimal("0.10000000000000000001"), "mustBe", 0.1, False),
    (True, "mustBe", 1, True),
    ("12.5", "mustBeLessThan", 13, True),
    *((nan, operator, 1, False) for nan in (float("nan"), Decimal("NaN")) for operator in get_args(Operator)),
]


@pytest.mark.parametrize(("number", "operator", "bound", "passes"), EXACT)
def test_the_number_of_a_query_is_compared_to_its_last_digit(number, operator, bound, passes):
    threshold = Threshold(operator, (bound, bound) if "Between" in operator else (bound,))
    result = SqlNumber("SELECT 1", threshold).result([number], datetime(2024, 1, 1, tzinfo=UTC))
    assert (result.outcome is Outcome.PASSED) is passes
    assert result.outcome in (Outcome.PASSED, Outcome.FAILED)
    if isinstance(number, int) and number > 1:
        assert result.observed == str(number)
