"""Each check says what must be true, and which columns it reads."""

from typing import get_args

import pytest

from contracts.model import Threshold
from expectations import rules
from expectations.rules import Check, columns_of, sentence

SAID = [
    (rules.HasColumns(("a", "b")), "the table has exactly these 2 columns, in this order: a and b", ()),
    (rules.HasType("a", "bigint"), "a has type bigint", ("a",)),
    (rules.NotNull("a"), "a is never null", ("a",)),
    (rules.InSet("a", ("x", 1, True)), "a is one of x, 1 and true", ("a",)),
    (rules.InSet("a", tuple(range(249))), "a is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 239 more", ("a",)),
    (rules.Pattern("a", "^x$"), "a matches ^x$", ("a",)),
    (rules.Length("a", "minimum", 1), "a has at least 1 character", ("a",)),
    (rules.Length("a", "maximum", 2), "a has at most 2 characters", ("a",)),
    (rules.Range("a", "exclusive_maximum", 2.5), "a is less than 2.5", ("a",)),
    (rules.Range("a", "minimum", "2024-01-01"), "a is at least 2024-01-01", ("a",)),
    (rules.MultipleOf("a", 5.0), "a is a multiple of 5", ("a",)),
    (
        rules.InPartition(("a", "d"), "d"),
        "every row says which partition it belongs to (a and d), and d is the day under audit",
        ("a", "d"),
    ),
    (rules.Holds("b >\n  a"), "b > a is true in every row", ("b", "a")),
    (rules.Holds("a > 0", null_passes=True), "a > 0 is true in every row (where it is not null)", ("a",)),
    (rules.Implies("a = 1", "b > 0"), "where a = 1, also b > 0", ("a", "b")),
    (rules.Iff("a = 1", "b > a"), "a = 1 exactly where b > a", ("a", "b")),
    (rules.AllOrNone(("a", "b", "c")), "a, b and c are all set or all null", ("a", "b", "c")),
    (rules.Unique(("a", "b")), "no two rows share the same a and b", ("a", "b")),
    (rules.ConstantWithin(("a",), ("b",)), "a has one value for each b", ("b", "a")),
    (rules.ConstantWithin(("a", "c"), ("b",)), "a and c have one value for each b", ("b", "a", "c")),
    (
        rules.DenseSequence("n", ("a",), ("b", "c"), "m"),
        "n counts 1, 2, 3 .. up to m for each a, in order of b and c",
        ("a", "b", "c", "n", "m"),
    ),
    (rules.CountMatches("n", ("a",)), "n is the number of rows of its a", ("a", "n")),
    (rules.ExtremeOf("m", "b + c", ("a",), "min"), "m is the smallest b + c of its a", ("a", "m", "b", "c")),
    (rules.ExactlyOne(("a",), "b", "c = 1"), "for each a, the rows where c = 1 hold exactly one b", ("a", "b", "c")),
    (rules.References(("a",), "s.o", ("k",), "w > 0"), "every a is a k of s.o (of its rows where w > 0)", ("a",)),
    (rules.SameSet(("a",), "s.o", ("k",)), "a takes exactly the values of k in s.o", ("a",)),
    (
        rules.Reconciles("SUM(b)", "SELECT 1", ("a",), 0.5),
        "SUM(b) for each a agrees with its source, give or take 0.5",
        ("a", "b"),
    ),
    (rules.UnchangedSince(("b",), ("a",)), "b is what it was on the earlier day for each a", ("a", "b")),
    (
        rules.UnchangedSince(("b", "c"), ("a",)),
        "b and c are what they were on the earlier day for each a",
        ("a", "b", "c"),
    ),
    (rules.NeverDisappears(("a", "b")), "every a and b of the earlier day is still there", ("a", "b")),
    (rules.NeverFalls("b", ("a",)), "b is at least what it was on the earlier day for each a", ("a", "b")),
    (
        rules.NeverRises("b", ("a",), "SELECT 1"),
        "b is at most what it was on the earlier day for each a, but for its allowance",
        ("a", "b"),
    ),
    (
        rules.VolumeBand(("a", "b"), 90, 0.5),
        "the number of rows of each a and b is as the last 90 days let expect (at most 0.5 false alarms a year)",
        ("a", "b"),
    ),
    (
        rules.ShareShift(("b",), 0.07, history_days=30),
        "each share of b is within 7 percentage points of that of the day before, or twice as far where the last 30 days "
        "let expect it",
        ("b",),
    ),
    (
        rules.ShareShift(("b", "c"), 0.07, ("a",)),
        "each share of b and c of each a is within 7 percentage points of that of the day before",
        ("a", "b", "c"),
    ),
    (
        rules.QualityMetric("nullValues", ("a",), Threshold("mustBeLessThan", (5,)), "percent"),
        "the number of null values of a is less than 5 percent",
        ("a",),
    ),
    (
        rules.QualityMetric("rowCount", (), Threshold("mustBeBetween", (1, 9))),
        "the number of rows is between 1 and 9 (both included)",
        (),
    ),
    (
        rules.SqlNumber("SELECT 1", Threshold("mustNotBe", (0,))),
        "the number that the contract's query returns is anything but 0",
        (),
    ),
    (
        rules.Foreign("expect_column_median_to_be_between", '{"column": "a", "max_value": 2}', ("a",)),
        'expect_column_median_to_be_between of Great Expectations is met, with {"column": "a", "max_value": 2}',
        ("a",),
    ),
    (rules.Fresh("a", 93_600), "the latest a is at most 26 hours old", ("a",)),
]


@pytest.mark.parametrize(("check", "said", "read"), SAID)
def test_a_check_is_one_sentence_about_the_columns_it_reads(check, said, read):
    assert sentence(check) == said
    assert columns_of(check) == read


def test_every_kind_is_among_the_sentences():
    assert {type(check) for check, _, _ in SAID} == set(get_args(Check))
