"""Expressions that contracts and models may use have the same values on both engines, over columns of edge cases."""

import pytest

from martgate.builders.dialect import find_cautions, find_problems
from martgate.errors import QueryFailed

pytestmark = pytest.mark.spark

TEXT = """LENGTH({0})|TRIM({0})|LTRIM({0})|RTRIM({0})|TRIM(LEADING 'a' FROM {0})|SUBSTRING({0}, 2, 3)|SUBSTRING({0}, -2)|
SUBSTRING({0}, -9, 8)|LEFT({0}, 2)|LEFT({0}, 0)|RIGHT({0}, 2)|REPLACE({0}, 'a', 'é')|REPLACE({0}, '', 'x')|LPAD({0}, 3, '*')|
RPAD({0}, 3, 'ab')|LPAD({0}, 0, 'x')|REPEAT({0}, 2)|REPEAT({0}, few)|CONCAT({0}, {1})|{0} || few|CONCAT_WS('-', {0}, {1})|
COALESCE({0}, 'x')|NULLIF({0}, '')|IF({0} = 'a', {1}, {0})|MD5({0})|SHA2({0}, 256)|GET_JSON_OBJECT({0}, '$.a')|
GREATEST({0}, {1})|LEAST({0}, {1})|{0} = {1}|{0} < {1}|{0} <=> {1}|{0} IN ('a', '', 'KR')|{0} NOT IN ('a', '')|{0} LIKE 'a%'|
{0} LIKE '_'|{0} LIKE '%\\\\_%'|{0} LIKE 'a!_%' ESCAPE '!'|{0} ILIKE 'kr%'|{0} ILIKE 'É'|{0} RLIKE '^[A-Z]+$'|{0} RLIKE '\\\\d'|
{0} RLIKE '\\\\s'|{0} RLIKE '^\\\\S+$'|{0} RLIKE '^.$'|{0} RLIKE ''|{0} RLIKE '\\\\p{{L}}'|{0} RLIKE '^\\\\W+$'|{0} RLIKE 'KR$'|
{0} RLIKE 'KR\\\\Z'|{0} RLIKE 'KR\\\\z'|{0} RLIKE '[가-힣]'|CONTAINS({0}, '')|STARTSWITH({0}, 'K')|ENDSWITH({0}, '\\n')|{0} > ''|
{0} BETWEEN 'a' AND '가'|{0} IS DISTINCT FROM {1}|CASE {0} WHEN 'a' THEN 1 WHEN '' THEN 2 END|CAST({0} = 'a' AS STRING)"""
NUMBER = """{0} = {1}|{0} < {1}|{0} <=> {1}|{0} <> 0|{0} BETWEEN -1 AND 3|{0} IN (1, 2)|{0} % 3|{0} % -2|ROUND({0})|
CAST({0} AS DOUBLE) / 3|CAST({0} AS DOUBLE) + 0.5|CAST({0} AS DOUBLE) = 0.1|GREATEST({0}, {1})|LEAST({0}, {1})|NULLIF({0}, 0)|
COALESCE({0}, 0)|IF({0} > 0, {0}, 0)|ISNAN(CAST({0} AS DOUBLE))|{0} IS NULL|CAST({0} AS BOOLEAN)|{0} = few|{0} > place"""
DATE = """YEAR({0})|MONTH({0})|DAY({0})|QUARTER({0})|WEEKOFYEAR({0})|DAYOFWEEK({0})|WEEKDAY({0})|DATEDIFF({0}, {1})|
LAST_DAY({0})|YEAR(DATE_ADD({0}, few))|MONTH(ADD_MONTHS({0}, -13))|DATE_FORMAT({0}, 'yyyy-MM-dd')|DATE_TRUNC('MONTH', {0})|
DATE_TRUNC('WEEK', {0})|DATE_TRUNC('QUARTER', {0})|{0} < {1}|{0} <=> {1}|{0} = '2024-03-31'|{0} > '1900-01-01'|
{0} < TIMESTAMP '2024-03-31 15:00:00'|{0} IN ('2024-03-31', '1970-01-01')|COALESCE({0}, {1})|GREATEST({0}, {1})|TO_DATE({0})|
{0} = timestamp_0|{0} < timestamp_ntz_1|UNIX_MICROS(CAST({0} AS TIMESTAMP))"""
MOMENT = f"""{DATE}|HOUR({{0}})|DATE_FORMAT({{0}}, 'yyyy-MM-dd HH:mm:ss')|DATE_TRUNC('HOUR', {{0}})|CAST({{0}} AS DATE)|
HOUR(CONVERT_TIMEZONE('Asia/Seoul', {{0}}))|DAY(CONVERT_TIMEZONE('America/New_York', {{0}}))|{{0}} < DATE '2024-03-31'|
{{0}} + INTERVAL 90 MINUTES > {{1}}|{{0}} < CAST('2024-03-31T15:00:00Z' AS TIMESTAMP)"""
TRUTH = """NOT {0}|{0} AND {1}|{0} OR {1}|{0} = TRUE|{0} <=> NULL|{0} = 'true'|CAST({0} AS INT)|CAST({0} AS STRING)|{0} < {1}|
{0} IS NOT FALSE|COALESCE({0}, FALSE)|CASE WHEN {0} THEN 'x' END"""
BYTES = "{0} = {1}|{0} < {1}|{0} <=> {1}|MD5({0})|SHA2({0}, 256)|COALESCE({0}, {1})"
OVER = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "float", "double"), NUMBER),
    **dict.fromkeys(("decimal_4_1", "decimal_10_2", "decimal_38_18"), NUMBER),
    "string": TEXT,
    "date": DATE,
    "timestamp": MOMENT,
    "timestamp_ntz": MOMENT,
    "boolean": TRUTH,
    "binary": BYTES,
}


def expressions():
    """Expand the templates; `||` is the only operator that contains the separator."""
    joined = {kind: templates.replace("||", "\0\0") for kind, templates in OVER.items()}
    return [
        template.replace("\0", "|").format(f"{kind}_0", f"{kind}_1")
        for kind, templates in joined.items()
        for template in templates.replace("|\n", "|").split("|")
    ]


def answers(engine, expressions):
    columns = ", ".join(f"({expression}) AS c{place}" for place, expression in enumerate(expressions))
    return list(zip(*sorted(engine.fetch(f"SELECT id, {columns} FROM s.cells")), strict=True))[1:]


def same(one, other):
    """Compare value and kind; NaN equals NaN, and numbers may differ in width."""
    if one == other:
        return isinstance(one, bool) is isinstance(other, bool) and isinstance(one, str) is isinstance(other, str)
    return one != one and other != other  # noqa: PLR0124 - NaN


def test_expressions_over_hostile_columns_have_the_same_value_in_every_row(engines, cells):
    sample = expressions()
    here, there = (answers(engine, sample) for engine in engines.values())
    assert len(sample) * cells.rows >= 600_000
    different = [
        (expression, *next(pair for pair in zip(one, other, strict=True) if not same(*pair)))
        for expression, one, other in zip(sample, here, there, strict=True)
        if not all(map(same, one, other))
    ]
    assert different == []


def test_the_expressions_have_no_problems_and_no_cautions(cells):
    differences = [
        found
        for e in expressions()
        for found in (*find_problems(f"SELECT {e}", "x.sql"), *find_cautions(f"SELECT {e}", cells.types))
    ]
    assert differences == []


REFUSED_BY_BOTH = [
    "int_0 + int_0",
    "bigint_0 * bigint_0",
    "CAST(int_0 AS TINYINT)",
    "CAST(string_0 AS INT)",
    "few / 0 > 1",
]


@pytest.mark.parametrize(
    "expression", [*REFUSED_BY_BOTH, "CAST(string_0 AS DATE)", "ABS(bigint_0)", "few % (place - place)"]
)
def test_an_expression_that_fails_in_some_row_fails_on_both(engines, expression):
    for engine in engines.values():
        with pytest.raises(QueryFailed):
            engine.fetch(f"SELECT {expression} FROM s.cells")
