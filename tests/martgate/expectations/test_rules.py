"""Each check says what must be true, and which columns it reads."""

import pytest

from martgate.contracts.quality import Threshold
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.churn import Churn
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.foreign import Foreign
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.happened import Happened
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.moves import NeverFalls, NeverRises
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.never_disappears import NeverDisappears
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.recomputed import Recomputed
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.registry import load_kinds
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.kinds.volume_band import VolumeBand

SAID = [
    (HasColumns(("a", "b")), "the table has exactly these 2 columns, in this order: a and b", ()),
    (HasType("a", "bigint"), "a has type bigint", ("a",)),
    (NotNull("a"), "a is never null", ("a",)),
    (InSet("a", ("x", 1, True)), "a is one of x, 1 and true", ("a",)),
    (InSet("a", tuple(range(249))), "a is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 239 more", ("a",)),
    (Pattern("a", "^x$"), "a matches ^x$", ("a",)),
    (Length("a", "minimum", 1), "a has at least 1 character", ("a",)),
    (Length("a", "maximum", 2), "a has at most 2 characters", ("a",)),
    (Range("a", "exclusive_maximum", 2.5), "a is less than 2.5", ("a",)),
    (Range("a", "minimum", "2024-01-01"), "a is at least 2024-01-01", ("a",)),
    (MultipleOf("a", 5.0), "a is a multiple of 5", ("a",)),
    (
        InPartition(("a", "d"), "d"),
        "every row says which partition it belongs to (a and d), and d is the day under audit",
        ("a", "d"),
    ),
    (Holds("b >\n  a"), "b > a is true in every row", ("b", "a")),
    (Holds("a > 0", null_passes=True), "a > 0 is true in every row (where it is not null)", ("a",)),
    (Implies("a = 1", "b > 0"), "where a = 1, also b > 0", ("a", "b")),
    (Iff("a = 1", "b > a"), "a = 1 exactly where b > a", ("a", "b")),
    (AllOrNone(("a", "b", "c")), "a, b and c are all set or all null", ("a", "b", "c")),
    (Unique(("a", "b")), "no two rows share the same a and b", ("a", "b")),
    (ConstantWithin(("a",), ("b",)), "a has one value for each b", ("b", "a")),
    (ConstantWithin(("a", "c"), ("b",)), "a and c have one value for each b", ("b", "a", "c")),
    (
        DenseSequence("n", ("a",), ("b", "c"), "m"),
        "n counts 1, 2, 3 .. up to m for each a, in order of b and c",
        ("a", "b", "c", "n", "m"),
    ),
    (CountMatches("n", ("a",)), "n is the number of rows of its a", ("a", "n")),
    (ExtremeOf("m", "b + c", ("a",), "min"), "m is the smallest b + c of its a", ("a", "m", "b", "c")),
    (ExactlyOne(("a",), "b", "c = 1"), "for each a, the rows where c = 1 hold exactly one b", ("a", "b", "c")),
    (References(("a",), "s.o", ("k",), "w > 0"), "every a is a k of s.o (of its rows where w > 0)", ("a",)),
    (SameSet(("a",), "s.o", ("k",)), "a takes exactly the values of k in s.o", ("a",)),
    (
        Reconciles("SUM(b)", "SELECT 1", ("a",), 0.5),
        "SUM(b) for each a agrees with its source, give or take 0.5",
        ("a", "b"),
    ),
    (
        CopiedFrom((("b", ""), ("c", "UPPER(d)")), ("a",), "s.o", ("k",), "w > 0", ("n", "m")),
        "b and c are as in the latest row by n and m of s.o (of its rows where w > 0) for each a",
        ("a", "b", "c"),
    ),
    (CopiedFrom((("b", ""),), ("a",), against="SELECT 1"), "b is as in its source for each a", ("a", "b")),
    (Recomputed(("b",), ("a",), "SELECT 1"), "b is as its formula computes for each a", ("a", "b")),
    (
        Recomputed(("b", "c"), ("a",), "SELECT 1", 0.5),
        "b and c are as their formula computes for each a, give or take 0.5",
        ("a", "b", "c"),
    ),
    (Churn(("b",), ("a",), 60), "as many a change their b as the last 60 days let expect", ("a", "b")),
    (Happened("a"), "at least 1 row has a a within the day", ("a",)),
    (
        Happened("a", "b = 1", 5),
        "at least 5 rows where b = 1 have a a within the day",
        ("a", "b"),
    ),
    (UnchangedSince(("b",), ("a",)), "b is what it was on the earlier day for each a", ("a", "b")),
    (
        UnchangedSince(("b", "c"), ("a",)),
        "b and c are what they were on the earlier day for each a",
        ("a", "b", "c"),
    ),
    (NeverDisappears(("a", "b")), "every a and b of the earlier day is still there", ("a", "b")),
    (NeverFalls("b", ("a",)), "b is at least what it was on the earlier day for each a", ("a", "b")),
    (
        NeverRises("b", ("a",), "SELECT 1"),
        "b is at most what it was on the earlier day for each a, but for its allowance",
        ("a", "b"),
    ),
    (
        VolumeBand(("a", "b"), 90, 0.5),
        "the number of rows of each a and b is as the last 90 days let expect (at most 0.5 false alarms a year)",
        ("a", "b"),
    ),
    (
        ShareShift(("b",), 0.07, history_days=30),
        "each share of b is within 7 percentage points of that of the day before, or twice as far where the last 30 days "
        "let expect it",
        ("b",),
    ),
    (
        ShareShift(("b",), 0.07, max_relative=0.5),
        "each share of b is within 7 percentage points of that of the day before, and within 50 % of it",
        ("b",),
    ),
    (
        ShareShift(("b", "c"), 0.07, ("a",)),
        "each share of b and c of each a is within 7 percentage points of that of the day before",
        ("a", "b", "c"),
    ),
    (
        QualityMetric("nullValues", ("a",), Threshold("mustBeLessThan", (5,)), "percent"),
        "the number of null values of a is less than 5 percent",
        ("a",),
    ),
    (
        QualityMetric("rowCount", (), Threshold("mustBeBetween", (1, 9))),
        "the number of rows is between 1 and 9 (both included)",
        (),
    ),
    (
        SqlNumber("SELECT 1", Threshold("mustNotBe", (0,))),
        "the number that the contract's query returns is anything but 0",
        (),
    ),
    (
        Foreign("expect_column_median_to_be_between", '{"column": "a", "max_value": 2}', ("a",)),
        'expect_column_median_to_be_between of Great Expectations is met, with {"column": "a", "max_value": 2}',
        ("a",),
    ),
    (Fresh("a", 93_600), "the latest a is at most 26 hours old", ("a",)),
]


@pytest.mark.parametrize(("check", "said", "read"), SAID)
def test_a_check_is_one_sentence_about_the_columns_it_reads(check, said, read):
    assert check.sentence == said
    assert check.columns_read == read


def test_every_kind_is_among_the_sentences():
    assert {type(check) for check, _, _ in SAID} == set(load_kinds().values())
