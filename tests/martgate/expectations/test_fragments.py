"""What SQL that a contract brings along is, and what it reads."""

import pytest

from martgate.expectations.fragments import (
    find_columns,
    find_expression_problem,
    find_parameters,
    find_query_problem,
    find_tables,
)

READ = [
    ("is_fc = 1 AND fc_id IS NOT NULL", ("is_fc", "fc_id")),
    ("CASE WHEN b > a THEN c END", ("b", "a", "c")),
    ("`we``ird` = 'a'", ("we`ird",)),
    ("info.name = 'a'", ("info",)),
    ("DATE_FORMAT(d, 'yyyy-MM-dd') = :part_date", ("d",)),
    ("a = ';' OR a = '--'", ("a",)),
    ("1 = 1", ()),
    ("not ( readable", ()),
]


@pytest.mark.parametrize(("fragment", "columns"), READ)
def test_names_the_columns_in_order_of_appearance(fragment, columns):
    assert find_columns(fragment) == columns


def test_names_the_parameters_wherever_they_stand():
    assert find_parameters("a < CAST(:day_end AS TIMESTAMP) AND b = :part_date AND c = ':not'") == {
        "day_end",
        "part_date",
    }


TABLES = [
    ("SELECT COUNT(*) FROM {object} t", ()),
    ("SELECT COUNT(*) FROM {object} JOIN s.o USING (a) WHERE b IN (SELECT b FROM c.s.p)", ("s.o", "c.s.p")),
    ("WITH n AS (SELECT * FROM s.o) SELECT COUNT(*) FROM n", ("s.o",)),
]


@pytest.mark.parametrize(("query", "tables"), TABLES)
def test_names_the_tables_of_a_query(query, tables):
    assert set(find_tables(query)) == set(tables)


@pytest.mark.parametrize(
    "fragment",
    ["a = 1", "NOT a", "a", "a IS NULL", "a IN (1, 2)", "a::INT = 3", "(a)", "true", "EXISTS(xs, x -> x > 1)"],
)
def test_one_expression_is_fine(fragment):
    assert find_expression_problem(fragment) is None


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        " ",
        "*",
        "a AS b",
        "a, b",
        "a;",
        "a; b",
        "a) OR (b",
        "a -- b",
        "a /* b */",
        "SELECT 1",
        "DROP TABLE a",
        "a = 'x",
        "(" * 5000 + "a" + ")" * 5000,
    ],
)
def test_anything_else_is_told(fragment):
    assert find_expression_problem(fragment)


def test_an_aggregate_is_asked_for_where_groups_are_measured():
    assert find_expression_problem("SUM(a) + COUNT(*)", aggregate=True) is None
    assert find_expression_problem("a", aggregate=True)


@pytest.mark.parametrize(
    "query", ["SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a -- why", "SELECT 1 UNION ALL SELECT 2"]
)
def test_one_query_is_fine(query):
    assert find_query_problem(query) is None


@pytest.mark.parametrize(
    "query", ["", "a = 1", "SELECT 1;", "SELECT 1; SELECT 2", "DELETE FROM a", "SELECT :nope", "SELECT FROM WHERE"]
)
def test_anything_else_than_one_query_is_told(query):
    assert find_query_problem(query)
