r"""A pattern means ECMA-262 with the `u` flag, searched anywhere, in every language that it is spelled in.

The reference is Chromium's own engine. Patterns are hand-made and drawn; values hold what engines disagree on;
they are short, for Python and Java backtrack.
"""

import json
import os
import random
import re
import shutil
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from martgate.text import regex
from martgate.text.regex import PatternError, missing_anchors, parse, search, to_ecmascript, to_python, to_sql
from martgate.text.regex.unicode import CATEGORIES, PROPERTIES

MATCHES = [
    (r"^ORD-", ["ORD-1", "ORD-"], ["XORD-1", "\nORD-1", ""]),
    (r"^[A-Z]{2}$", ["NO"], ["NO\n", "\nNO", "no", "NOR", ""]),
    (r"[A-Z]{2}", ["NO", "NO\n", " NOR"], ["N O", "no"]),
    (r"a$|^b", ["a", "b", "xa", "bx"], ["ab", "a\n", "\nb"]),
    (r"^.$", ["a", "한", "😀", "\u0085"], ["\n", "\r", "\u2028", "", "ab"]),
    (r"^\d+$", ["12"], ["٣", ""]),
    (r"^\w+$", ["a_1"], ["é", "a b"]),
    (r"^\s$", [" ", "\t", "\v", "\u00a0", "\u3000", "\ufeff"], ["a", "", "\u200b", "\u0085"]),
    (r"^\S+$", ["ab"], ["a b", "a\u00a0b"]),
    (r"^[^\s]+$", ["ab", "\u0085"], ["a b", "a\u00a0b", "\v"]),
    (r"^[\s,]+$", [" ,\t"], ["a"]),
    (r"^[\D]$", ["a", "😀"], ["1", ""]),
    (r"^[^\D]$", ["1"], ["a"]),
    (r"^[\W\d]$", ["1", "-", "é"], ["a", "_"]),
    (r"^[^]$", ["a", "\n", "😀"], ["", "ab"]),
    (r"[^\s\S]", [], ["a", "", "\n"]),
    (r"[[]", ["["], ["", "]"]),
    (r"^[a&&b]+$", ["a&b"], ["c"]),
    (r"^[^a]$", ["b", "\n"], ["a"]),
    (r"^[\]\\^-]+$", [r"]\^-"], ["a"]),
    (r"^[+-.]$", ["+", ",", "-", "."], ["*", "/"]),
    (r"^[\w-.]+@", ["a-b.c@d"], ["a b@", "@"]),
    (r"^[\w\-\.]+$", ["a-b.c"], ["a b"]),
    (r"a{", ["a{"], ["a"]),
    (r"^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
    (r"^a{256}$", ["a" * 256], ["a" * 255, "a" * 257]),
    (r"^(?:ab){2,300}$", ["abab", "ab" * 300], ["ab", "ab" * 301]),
    (r"^a{256,}$", ["a" * 256, "a" * 999], ["a" * 255]),
    (r"^a+?b??$", ["aab", "a"], ["b"]),
    (r"^(?<year>\d{4})(?:-\d\d)?$", ["2024", "2024-01"], ["24"]),
    (r"^(?<été>a)(?<$_>b)$", ["ab"], ["a"]),
    ("^(?:\\u00e9|\\xe8|\\u{1F600}|\\uD83D\\uDE42)$", ["é", "è", "😀", "🙂"], ["e", "😁"]),
    (r"^[\u{1F600}-\u{1F64F}]$", ["😀", "🙂"], ["a", "🤖"]),
    (r"^[😀-🙏é]$", ["😀", "é"], ["a"]),
    (r"^\cJ\0[\b]$", ["\n\0\b"], ["\n", "J0b"]),
    (r"\/\_\-\.", ["/_-."], ["/_-a"]),
    (r"^\p{L}+$", ["aé한"], ["1", "a\u0301"]),
    (r"^\p{Lu}\P{L}$", ["Ä1", "A "], ["ä1", "AB"]),
    (r"^[\p{Letter}\d_]+$", ["ß9_"], ["-"]),
    (r"^\p{Script=Hangul}+$", ["한글", "ㄱ"], ["漢", "a"]),
    (r"^\p{sc=Han}$", ["漢"], ["か"]),
    (r"^\P{Script=Latin}$", ["漢", "1"], ["é", "ſ"]),
    (r"^\p{Emoji_Presentation}$", ["😀"], ["a", "1"]),
    (r"it's \\ \$\{x\}", [r"it's \ ${x}"], ["it's"]),
    (r"", ["", "a"], []),
    (r"^(?:|a)$", ["", "a"], ["b"]),
    (r"^(a*)*b$", ["b", "aab"], ["a"]),
    (r"$a|a^|b", ["b"], ["a", "aa", ""]),
]
REFUSED = [
    "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?i)a", "(?i:a)", "(?P<a>b)", "(?>a)", "(?#a)", "(?<1>a)", "(?<a", r"(a)\1", r"\k<x>",
    "a++", "a{2}+", "a**", "a{2}{3}", "^*", "*", "+a", "{2}", "a|?", "[]", "[]a]", "[a", "[z-a]", r"[\u{1F600}-a]", r"a\b",
    r"\Ba", r"\A", r"\z", r"\a", r"\Q", r"\c1", r"\07", r"\x4", r"\u12", r"\u{110000}", r"\uD83D", r"\uDE00", "\\", "(", "a)",
    "a{2,1}", "a{,5}", "a{1001}", "(?:a{40}){40}", "a{99999999999}", r"\p{Lx}", r"\p{lu}", r"\p{Script=Elvish}", r"\p{sc=hangul}",
    r"\p{IsHangul}", r"\pL", r"\p{L", r"\p{L}{1000}", "(" * 200 + ")" * 200,
]  # fmt: skip
PLACE = re.compile(
    r"not a regular expression that every engine can run: (at character \d+, |it repeats |it has too many steps )\S"
)

CHARACTERS = [
    *"aAbzZ09_- .,/\\^$[](){}|+*?&~#!:=<>'\"@`;%\t\n\r\v\f\0\b\x1f\x7f\x85\xa0éßİſKÄ٣ā",
    *"한글あ漢😀🙂𝒜\u2028\u2029\ufeff\u3000\u1680\u180e\u200b\u0301\ue000\ufffd\U0010fffd",
]
_DRAW = random.Random(11)
VALUES = [
    "", "\r\n", "a\n", "\na", "2024-01", "ORD-1", "aaaa", *CHARACTERS,
    *("".join(_DRAW.choices(CHARACTERS, k=_DRAW.randint(2, 5))) for _ in range(150)),
]  # fmt: skip
ATOMS = [
    "a", "b", "Z", "0", "-", "_", "é", "한", "😀", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\p{L}", r"\P{Lu}", r"\p{Zs}",
    r"\p{sc=Han}", r"\p{Alphabetic}", r"\p{Cc}", r"\n", r"\r", r"\v", r"\0", r"\cM", r"\x41", r"\u00e9", r"\u{1F600}",
    r"\uD83D\uDE42", r"\.", r"\/", r"\$", r"\\", "[ab]", "[^a]", r"[\s\d]", r"[^\S\n]", "[a-z0-9]", r"[^\p{L}]", "[a&&b]", "[~-é]",
    r"[[\]]", "[-a]", r"[\b\t]", r"[\u{0}-\u{FFFF}]", "[^]", "^", "$", "\u2028", "\xa0", "&", "#", "~",
]  # fmt: skip


def drawn_pattern(draw, depth=0):
    """A pattern that is mostly valid."""
    parts = []
    for _ in range(draw.randint(1, 3)):
        is_group = depth < 2 and draw.random() < 0.25
        opening = draw.choice(["(", "(?:", "(?<n>" if depth == 0 else "("])
        atom = f"{opening}{drawn_pattern(draw, depth + 1)})" if is_group else draw.choice(ATOMS)
        parts.append(
            atom + ("" if atom in "^$" else draw.choice(["", "", "", "*", "+", "?", "{2}", "{0,3}", "+?", "{1,}?"]))
        )
    return draw.choice(["|", "", "", ""]).join(parts)


PATTERNS = [
    *(pattern for pattern, _, _ in MATCHES),
    *(drawn_pattern(_DRAW) for _ in range(400)),
    *(rf"\p{{{name}}}" for name in (*PROPERTIES, *CATEGORIES, *CATEGORIES.values())),
]


@pytest.fixture(scope="module")
def expected():
    """What Python's own engine finds: a row a pattern, a place a value."""
    compiled = [re.compile(to_python(pattern)) for pattern in PATTERNS]
    return [[one.search(value) is not None for value in VALUES] for one in compiled]


def differences(expected, answers):
    """The first answers that are not as expected, to be read by a person."""
    return [
        (pattern, value, one)
        for pattern, row, found in zip(PATTERNS, expected, answers, strict=True)
        for value, one, other in zip(VALUES, row, found, strict=True)
        if one != other
    ][:5]


@pytest.mark.parametrize(("pattern", "good", "bad"), MATCHES)
def test_a_pattern_is_searched_anywhere_in_a_value(pattern, good, bad):
    assert [value for value in good if not re.search(to_python(pattern), value)] == []
    assert [value for value in bad if re.search(to_python(pattern), value)] == []


def test_duckdb_answers_as_python_does(expected):
    import duckdb

    with duckdb.connect() as session:
        session.execute(
            "CREATE TABLE given AS SELECT UNNEST($1) AS value, UNNEST(RANGE($2)) AS place", [VALUES, len(VALUES)]
        )
        query = "SELECT regexp_matches(value, $1) FROM given ORDER BY place"
        answers = [[one for (one,) in session.execute(query, [to_sql(pattern)]).fetchall()] for pattern in PATTERNS]
    assert differences(expected, answers) == []


def test_polars_answers_as_python_does(expected):
    import polars as pl

    frame = pl.DataFrame({"value": VALUES})
    answers = [frame["value"].str.contains(regex.to_rust(pattern)).to_list() for pattern in PATTERNS]
    assert differences(expected, answers) == []


def test_pandera_can_compile_what_polars_searches():
    with warnings.catch_warnings(action="error"):
        assert all(re.compile(regex.to_rust(pattern)) for pattern in PATTERNS)


@pytest.mark.spark
def test_spark_answers_as_python_does(spark, expected):
    rows = [(place, to_sql(pattern), to_python(pattern)) for place, pattern in enumerate(PATTERNS)]
    patterns = spark.createDataFrame(rows, "place int, sql string, python string")
    values = spark.createDataFrame(list(enumerate(VALUES)), "number int, value string")
    answers = patterns.crossJoin(values).selectExpr(
        "place", "number", "value RLIKE sql AS one", "value RLIKE python AS two"
    )
    wrong = [
        (PATTERNS[row.place], VALUES[row.number], row.one, row.two)
        for row in answers.collect()
        if not row.one == row.two == expected[row.place][row.number]
    ]
    assert wrong[:5] == []


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_postgresql_answers_as_python_does(postgres, expected):
    import sqlalchemy as sa

    places = [place for place, value in enumerate(VALUES) if "\0" not in value]  # its text holds none
    engine = sa.create_engine(postgres)
    query = sa.text(
        "SELECT value ~ :pattern FROM unnest(CAST(:given AS text[])) WITH ORDINALITY AS t (value, n) ORDER BY n"
    )
    with engine.connect() as session:
        answers = [dict(enumerate(row)) for row in expected]
        for answer, pattern in zip(answers, PATTERNS, strict=True):
            given_values = {"pattern": regex.to_postgresql(pattern), "given": [VALUES[place] for place in places]}
            answer.update(zip(places, session.execute(query, given_values).scalars(), strict=True))
    engine.dispose()
    assert differences(expected, [list(answer.values()) for answer in answers]) == []


@pytest.mark.browser
def test_chromium_answers_as_python_does(expected):
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium: install one (apt-get install chromium), or name it in CHROMIUM")
    program = "([ps, vs]) => ps.map(p => { const r = new RegExp(p, 'u'); return vs.map(v => r.test(v)); })"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        answers = chromium.new_page().evaluate(program, [[to_ecmascript(pattern) for pattern in PATTERNS], VALUES])
        chromium.close()
    assert differences(expected, answers) == []


def test_a_pattern_of_the_u_flag_is_exported_as_it_was_written():
    strict = [pattern for pattern in PATTERNS if parse(pattern).is_strict]
    assert len(strict) > len(PATTERNS) / 2
    assert [pattern for pattern in strict if to_ecmascript(pattern) != pattern] == []


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_not_every_engine_can_run_is_refused_with_its_reason(pattern):
    with pytest.raises(PatternError) as refused:
        parse(pattern)
    assert PLACE.match(refused.value.message)


@pytest.mark.parametrize(("pattern", "reason"), [
    (r"ab(?=c)", "at character 3, `(?=` looks ahead, which not every engine can"),
    (r"(a)\1", r"at character 4, `\1` refers back to a group, which not every engine can"),
    (r"\bab", r"at character 1, `\b` is a word boundary, which differs between engines"),
    ("a{1001}", "it repeats 1001 times"),
    ("[z-a]", "at character 2, the ends of a range are out of order"),
])  # fmt: skip
def test_a_refusal_says_what_is_wrong_and_where(pattern, reason):
    with pytest.raises(PatternError, match=re.escape(reason)):
        parse(pattern)


@settings(max_examples=500)
@given(st.text(alphabet=r"ab[](){}|*+?^$.\-&~1,dDsxup<:=!_ é#", max_size=12))
def test_any_text_is_run_by_duckdb_and_python_or_refused(pattern):
    import duckdb

    try:
        parse(pattern)
    except PatternError:
        return
    python = re.search(to_python(pattern), "ab\n1é") is not None
    assert duckdb.execute("SELECT regexp_matches($1, $2)", ["ab\n1é", to_sql(pattern)]).fetchone() == (python,)


@pytest.mark.parametrize(("pattern", "missing"), [
    ("^a$", ""), ("^a", "$"), ("a$", "^"), ("a", "^$"), ("", "^$"), ("^a|b$", "^$"), ("^a$|^b$", ""), ("^(a|b)$", ""),
    ("(^a|^b)$", ""), ("(^a|b)$", "^"), ("(^a$)?", "^$"), ("(^a$){1,2}", ""), (r"\^a\$", "^$"), ("[$]$", "^"), ("^$", ""), ("^a|", "^$"),
])  # fmt: skip
def test_an_anchor_counts_where_every_branch_has_it(pattern, missing):
    assert missing_anchors(pattern) == tuple(missing)


def test_a_search_that_could_take_for_ever_is_not_tried():
    assert search("(a|a)*b", "a" * 60) is None
    assert search("a*a*a*a*a*b", "a" * 60) is None
    assert search("[A-Z]{2}", "NOR") is True
    assert search("^[A-Z]{2}$", "NOR") is False
    assert search("(", "a") is None


def test_the_largest_pattern_that_is_accepted_runs():
    import duckdb

    pattern = r"^[\p{L}\p{M} .'-]{1,255}$"
    assert duckdb.execute("SELECT regexp_matches($1, $2)", ["Zoë", to_sql(pattern)]).fetchone() == (True,)
    assert json.loads(json.dumps(to_python(pattern))) == to_python(pattern)
