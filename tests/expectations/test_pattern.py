"""One regular expression means one thing: the whole value, on every engine."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import rules
from expectations.pattern import portable

MATCHES = [
    (r"^[A-Z]{2}$", ["NO"], ["NO\n", "\nNO", "no", "NOR", ""]),
    (r"[A-Z]{2}", ["NO"], ["NO\n", " NO"]),
    (r"a$|^b", ["a", "b"], ["ab", "a\n"]),
    (r".", ["a", "한", "😀", "\u0085"], ["\n", "\r", "\u2028", "", "ab"]),
    (r"\d+", ["12"], ["٣", ""]),
    (r"\w+", ["a_1"], ["é", "a b"]),
    (r"\s", [" ", "\t", "\v", "\u00a0", "\u3000"], ["a", ""]),
    (r"\S+", ["ab"], ["a b", "a\u00a0b"]),
    (r"[\s,]+", [" ,\t"], ["a"]),
    (r"[[]", ["["], ["", "]"]),
    (r"[a&&b]+", ["a&b"], ["c"]),
    (r"[^a]", ["b", "\n"], ["a"]),
    (r"[\]\\^-]+", [r"]\^-"], ["a"]),
    (r"a{", ["a{"], ["a"]),
    (r"a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
    (r"(?<year>\d{4})(?:-\d\d)?", ["2024", "2024-01"], ["24"]),
    ("\\u00e9|\\xe8|\\u{1F600}", ["é", "è", "😀"], ["e"]),
    (r"\/\_\-\.", ["/_-."], ["/_-a"]),
    (r"\p{L}+", ["aé한"], ["1"]),
    (r"it's \\ \$\{x\}", [r"it's \ ${x}"], ["it's"]),
    (r"", [""], ["a"]),
]


@pytest.mark.parametrize(("pattern", "good", "bad"), MATCHES)
def test_a_pattern_holds_for_the_whole_value(find, pattern, good, bad):
    assert find(rules.Pattern("a", pattern), {"a string": good}).failed == 0
    assert find(rules.Pattern("a", pattern), {"a string": bad}).failed == len(bad)


REFUSED = [
    r"(?=a)",
    r"(?!a)",
    r"(?<=a)b",
    r"(?i)a",
    r"(a)\1",
    r"\k<x>",
    r"a++",
    r"a{2}+",
    r"[]",
    r"[^]",
    r"[\D]",
    r"a\b",
    r"\Ba",
]
REFUSED += [r"\cA", "\\", "(", "a)", "[a", "[z-a]", "*", "a**", "a{2,1}", "a{1001}", r"\07"]


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_engines_read_differently_is_refused(pattern):
    with pytest.raises(ValueError, match=r"\w"):
        portable(pattern)


@settings(max_examples=300)
@given(st.text(alphabet=r"ab[](){}|*+?^$.\-&~1,dDsx<:=!_ é", max_size=12))
def test_any_text_is_rewritten_or_refused(pattern):
    try:
        rewritten = portable(pattern)
    except ValueError:
        return
    assert rewritten.startswith(r"\A(?:")
    assert rewritten.endswith(r")\z")


@pytest.mark.spark
def test_java_reads_it_the_same(spark):
    values = [
        (value, pattern, expected)
        for pattern, good, bad in MATCHES
        for expected, some in ((True, good), (False, bad))
        for value in some
    ]
    rows = [(value, portable(pattern), expected) for value, pattern, expected in values]
    frame = spark.createDataFrame(rows, "value string, pattern string, expected boolean")
    wrong = [
        row for row in frame.selectExpr("*", "value RLIKE pattern AS found").collect() if row.found != row.expected
    ]
    assert wrong == []


@settings(max_examples=100)
@given(st.from_regex(re.compile(r"\A[a-c]{1,3}(x|y)?\Z")))
def test_python_agrees_where_the_syntax_is_plain(value):
    assert re.fullmatch(r"[a-c]{1,3}(x|y)?", value)
    assert re.search(portable(r"^[a-c]{1,3}(x|y)?$").replace(r"\z", r"\Z"), value)
