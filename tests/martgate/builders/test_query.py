"""Named queries: their text, declared parameters, and values of the declared types."""

import re
from pathlib import Path

import pytest

from martgate.builders.query import ParameterType, Query, load_queries
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


def test_the_queries_equal_those_of_the_documentation_page_except_for_parameters():
    section = PAGE.split("### Data Extraction", maxsplit=1)[1].split("\n---", maxsplit=1)[0]
    documented = re.findall(r"^- (.+?)\n +- ```sql\n(.*?)```", section, flags=re.DOTALL | re.MULTILINE)
    loaded = {}
    for query in load_queries([QUERIES]).values():
        text = "\n".join(line for line in query.sql.splitlines() if not line.startswith("--"))
        text = text.replace("cast(:we_art_id as int)", VALUES["we_art_id"])
        loaded[query.title] = re.sub(r":(\w+)", lambda name: f"'{VALUES[name[1]]}'", text).split()
    assert loaded == {title: sql.split() for title, sql in documented}
    assert len(loaded) == 3


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ParameterType.DAY, ["2024-02-29"], ["2023-02-29", "2024-1-1", "20240101", "today", "2024-01-01T00:00:00", ""]),
        (ParameterType.NUMBER, ["0", "-5", "9" * 18], ["1.5", "x", "", "-", "١", "9" * 19, "1 OR 1=1"]),
        (ParameterType.COUNTRY, ["KR", "NO"], ["kr", "KOR", "K", "K'", "KR\n", ""]),
    ],
)
def test_a_value_of_another_type_is_refused(kind, good, bad):
    assert all(map(kind.accepts, [*good, kind.example]))
    assert not any(map(kind.accepts, bad))


def test_all_problems_of_parameters_are_reported_at_once():
    with pytest.raises(InvalidInput) as caught:
        load_queries([QUERIES])["user_cnt"].bind({"ip_ctry": "kr", "from_dat": "2024-01-01", "to_date": "2024-01-31"})
    assert str(caught.value).splitlines() == [
        "parameter ip_ctry is 'kr'; expected a country, such as KR",
        "query user_cnt has no parameter 'from_dat'; Did you mean 'from_date'?",
        "query user_cnt needs the parameter from_date; it takes ip_ctry (country), from_date (day), to_date (day)",
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT a FROM s.t WHERE b = :b", ":b is not declared"),
        ("-- :b day: a day\nSELECT a FROM s.t", ":b is declared but not used"),
        (
            "-- :b colour: red or blue\nSELECT a FROM s.t WHERE b = :b",
            ":b has the type colour; expected one of day, number, country",
        ),
        ("SELECT * FROM s.t", "selects *; name the columns"),
        ("SELECT t.* FROM s.t", "selects *; name the columns"),
        ("DELETE FROM s.t", "expected one query"),
        ("SELECT 1; SELECT 2", "expected one query"),
    ],
)
def test_an_invalid_query_is_refused(sql, message):
    with pytest.raises(InvalidInput, match=re.escape(message)):
        Query("q", sql)
