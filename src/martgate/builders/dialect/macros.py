"""DuckDB macros for the Spark functions whose DuckDB namesakes behave differently."""

__all__ = ["MACROS", "RENAMED"]

RENAMED = {
    name: f"spk_{name.lower()}"
    for name in (
        "CONVERT_TIMEZONE",
        "DATEDIFF",
        "DATE_ADD",
        "DATE_SUB",
        "DAYOFWEEK",
        "GET_JSON_OBJECT",
        "WEEKDAY",
    )
}
"""The macro that replaces each function; the parser leaves these functions unchanged."""

MACROS = r"""
CREATE OR REPLACE MACRO spk_convert_timezone(tz, ts) AS timezone(tz, ts::TIMESTAMPTZ);
CREATE OR REPLACE MACRO spk_datediff(a, b) AS date_diff('day', b::DATE, a::DATE)::INTEGER;
CREATE OR REPLACE MACRO spk_date_add(d, n) AS (d::DATE + n::INTEGER);
CREATE OR REPLACE MACRO spk_date_sub(d, n) AS (d::DATE - n::INTEGER);
CREATE OR REPLACE MACRO spk_dayofweek(d) AS (dayofweek(d::DATE) + 1)::INTEGER;
CREATE OR REPLACE MACRO spk_weekday(d) AS (isodow(d::DATE) - 1)::INTEGER;
CREATE OR REPLACE MACRO spk_get_json_object(j, p) AS CASE WHEN json_valid(j) THEN json_extract_string(j, p) END;
CREATE OR REPLACE MACRO spk_divide(a, b) AS
    CASE WHEN b = 0 THEN error('[DIVIDE_BY_ZERO] Division by zero') ELSE a / b END;
CREATE OR REPLACE MACRO spk_sum(total) AS
    CASE WHEN typeof(total) = 'HUGEINT' AND NOT total BETWEEN -9223372036854775808 AND 9223372036854775807
    THEN error('[ARITHMETIC_OVERFLOW] Overflow in SUM') ELSE total END;
CREATE OR REPLACE MACRO spk_string(x) AS CASE typeof(x)
    WHEN 'TIMESTAMP WITH TIME ZONE' THEN regexp_replace(x::VARCHAR, '\+00$', '') ELSE x::VARCHAR END;
"""
"""Statements that define the macros on a DuckDB connection; run them once, before the first query."""
