"""Warnings that depend on the types of columns."""

from pathlib import Path

import pytest

from martgate.builders.dialect import find_cautions

TYPES = {
    "price": "decimal(10,2)",
    "wide": "decimal(38,18)",
    "whole": "decimal(38,0)",
    "ratio": "double",
    "part": "float",
    "flag": "boolean",
    "day": "date",
    "eve": "date",
    "number": "int",
    "big": "bigint",
    "raw": "binary",
    "name": "string",
}
PARTED = [
    ("CAST(price AS INT)", "CAST(FLOOR(x) AS INT)"),
    ("CAST((Ratio) AS BIGINT)", "CAST(FLOOR(x) AS INT)"),
    ("CAST(ratio AS STRING)", "DECIMAL"),
    ("AVG(price)", "AVG(CAST(x AS DOUBLE))"),
    ("price DIV 3", "FLOOR(CAST(x AS DOUBLE) / 3)"),
    ("part > 0.1", "CAST(x AS DOUBLE)"),
    ("part IN (1, 0.5)", "CAST(x AS DOUBLE)"),
    ("part + price > 1", "CAST(x AS DOUBLE)"),
    ("whole > 0.1", "38 digits"),
    ("wide = whole", "38 digits"),
    ("wide + 1 > 0", "38 digits"),
    ("wide BETWEEN 0 AND 100000000000000000000.5", "38 digits"),
    ("FLOOR(big)", "FLOOR(x)"),
    ("flag = 1", "x = TRUE"),
    ("day - eve", "DATEDIFF(x, y)"),
    ("POWER(ratio, 2)", "POWER"),
    ("LENGTH(raw)", "of bytes"),
    ("SUM(ratio)", "last digits differ"),
    ("AVG(part)", "last digits differ"),
    ("TRY_DIVIDE(price, 2)", "TRY_DIVIDE(x, y)"),
    ("number = '1.0'", "compare with a number"),
    ("number IN (1, 'x')", "compare with a number"),
    ("LPAD(name, 3, '')", "LPAD(x, 3, '')"),
]
ALIKE = [
    "CAST(number AS BIGINT)",
    "AVG(number)",
    "number DIV 3",
    "part > 1",
    "price > 0.005",
    "flag = TRUE",
    "LENGTH(name)",
    "SUM(number)",
    "number = '1'",
    "TRY_DIVIDE(number, 2)",
    "LPAD(name, 3, ' ')",
]
ALIKE += [
    "DATEDIFF(day, eve)",
    "CAST(FLOOR(price) AS INT)",
    "AVG(CAST(price AS DOUBLE))",
    "FLOOR(price)",
    "ratio > 0.1",
]


@pytest.mark.parametrize(("expression", "row"), PARTED)
def test_each_caution_is_found_and_documented(expression, row):
    assert find_cautions(f"SELECT {expression}", TYPES)
    page = (Path(__file__).parents[3] / "docs" / "engines.md").read_text("utf-8")
    assert any(row in line and "| warned |" in line for line in page.splitlines())


@pytest.mark.parametrize("expression", ALIKE)
def test_expressions_with_equal_results_have_no_caution(expression):
    assert find_cautions(f"SELECT {expression}", TYPES) == ()


def test_a_column_of_unknown_type_gives_no_warning():
    assert find_cautions("SELECT CAST(other AS INT), AVG(other)", TYPES) == ()


def test_text_that_is_not_a_query_has_no_caution():
    assert find_cautions("SELECT FROM WHERE", TYPES) == ()
