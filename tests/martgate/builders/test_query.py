"""Named queries: the page's own text, declared parameters, values of the declared kinds."""

import re
from pathlib import Path

import pytest

from martgate.builders.query import ParameterType, Query, load
from martgate.errors import InvalidInput

QUERIES = Path(__file__).parents[3] / "builders" / "queries"
PAGE = (Path(__file__).parents[2] / "mart" / "data" / "we_mart.wv_comm_user.md").read_text("utf-8")
VALUES = {
    "part_date": "2024-01-01",
    "from_date": "2024-01-01",
    "to_date": "2024-01-31",
    "we_art_id": "1",
    "ip_ctry": "KR",
}


def test_the_page_s_queries_are_there_letter_for_letter_but_for_their_parameters():
    section = PAGE.split("### Data Extraction", maxsplit=1)[1].split("\n---", maxsplit=1)[0]
    said = re.findall(r"^- (.+?)\n +- ```sql\n(.*?)```", section, flags=re.DOTALL | re.MULTILINE)
    asked = {}
    for query in load([QUERIES]).values():
        text = "\n".join(line for line in query.sql.splitlines() if not line.startswith("--"))
        text = text.replace("cast(:we_art_id as int)", VALUES["we_art_id"])
        asked[query.title] = re.sub(r":(\w+)", lambda name: f"'{VALUES[name[1]]}'", text).split()
    assert asked == {title: sql.split() for title, sql in said}
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ParameterType.DAY, ["2024-02-29"], ["2023-02-29", "2024-1-1", "20240101", "today", "2024-01-01T00:00:00", ""]),
        (ParameterType.NUMBER, ["0", "-5", "9" * 18], ["1.5", "x", "", "-", "١", "9" * 19, "1 OR 1=1"]),
        (ParameterType.COUNTRY, ["KR", "NO"], ["kr", "KOR", "K", "K'", "KR\n", ""]),
    ],
)
def test_a_value_is_of_its_kind_or_refused(kind, good, bad):
    assert all(map(kind.admits, [*good, kind.example]))
    assert not any(map(kind.admits, bad))


def test_everything_wrong_with_the_parameters_is_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        load([QUERIES])["user_cnt"].bind({"ip_ctry": "kr", "from_dat": "2024-01-01", "to_date": "2024-01-31"})
    assert str(caught.value).splitlines() == [
        "parameter ip_ctry is 'kr'; expected a country, as KR",
        "query user_cnt has no parameter 'from_dat'; Did you mean 'from_date'?",
        "query user_cnt needs the parameter from_date; it takes ip_ctry (country), from_date (day), to_date (day)",
    ]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT a FROM s.t WHERE b = :b", ":b is not declared"),
        ("-- :b day: a day\nSELECT a FROM s.t", ":b is declared and never used"),
        ("-- :b colour: red or blue\nSELECT a FROM s.t WHERE b = :b", ":b is a colour; kinds are day, number, country"),
        ("SELECT * FROM s.t", "names its columns instead of *"),
        ("SELECT t.* FROM s.t", "names its columns instead of *"),
        ("DELETE FROM s.t", "expected one query"),
        ("SELECT 1; SELECT 2", "expected one query"),
    ],
)
def test_a_query_that_cannot_be_used_says_why(sql, told):
    with pytest.raises(InvalidInput, match=re.escape(told)):
        Query("q", sql)
