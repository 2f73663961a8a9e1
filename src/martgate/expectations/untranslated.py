"""Reads expectations that no kind of rule equals, so that Great Expectations itself can judge them.

Great Expectations is not imported here; `martgate.expectations.gx.stock` checks the arguments against its classes.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal

from martgate.contracts.model import Column, Table
from martgate.expectations.kinds.foreign import Foreign
from martgate.expectations.kinds.reading import resolve_columns
from martgate.expectations.mistakes import Mistake, read_pattern
from martgate.hints import clip

__all__ = ["UNTRANSLATED", "read_untranslated"]

_SHAPES = frozenset({
    "expect_column_to_exist", "expect_column_type_to_be", "expect_column_values_to_be_in_type_list",
    "expect_table_column_count_to_be_between", "expect_table_column_count_to_equal", "expect_table_columns_to_match_set",
})  # fmt: skip
_NULLS = frozenset({
    "expect_column_values_to_be_null", "expect_column_values_to_not_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
})  # fmt: skip
UNTRANSLATED = _SHAPES | {
    "expect_column_distinct_values_to_contain_set", "expect_column_distinct_values_to_equal_set",
    "expect_column_kl_divergence_to_be_less_than", "expect_column_median_to_be_between",
    "expect_column_most_common_value_to_be_in_set", "expect_column_pair_values_to_be_in_set",
    "expect_column_proportion_of_non_null_values_to_be_between", "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_quantile_values_to_be_between", "expect_column_stdev_to_be_between",
    "expect_column_value_z_scores_to_be_less_than", "expect_column_values_to_be_dateutil_parseable",
    "expect_column_values_to_be_decreasing", "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_json_parseable", "expect_column_values_to_match_json_schema",
    "expect_column_values_to_match_regex_list", "expect_column_values_to_match_strftime_format",
    "expect_column_values_to_not_be_outliers", "expect_column_values_to_not_match_regex",
    "expect_column_values_to_not_match_regex_list", "expect_multicolumn_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
}  # fmt: skip
"""The core expectations about one table that no kind of rule equals."""

_COLUMNS = ("column", "column_A", "column_B", "column_list")


def read_untranslated(name: str, kwargs: Mapping[str, object], table: Table, column: Column | None) -> Foreign:
    """Read an expectation unchanged, but for columns in the contract's spelling.

    Args:
        name: the type of the expectation, in snake case.
        kwargs: its arguments.
        table: the table that it is about.
        column: the column whose quality it is, which is the default of its argument `column`; None for the table's.

    Raises:
        Mistake: an argument is an unknown column, a pattern that some engine cannot run, or a value that JSON does not have.
    """
    arguments = dict(kwargs)
    if column and re.match("expect_column_(?!pair_)", name):
        arguments.setdefault("column", column.name)
    _check_patterns(arguments)
    columns: list[str] = []
    for key in _COLUMNS:
        if key in arguments:
            names = _read_columns(key, arguments[key], table)
            arguments[key] = names if key == "column_list" else names[0]
            columns += names
    try:
        as_json = json.dumps(arguments, sort_keys=True, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError):
        raise Mistake("expected texts, finite numbers, booleans, lists and objects", key="kwargs") from None
    condition = json.dumps(arguments.get("row_condition"), ensure_ascii=False)
    columns += (each for each in table.column_names if re.search(rf"\b{re.escape(each)}\b", condition, re.IGNORECASE))
    return Foreign(name, as_json, tuple(dict.fromkeys(columns)), _scope(name))


def _check_patterns(arguments: Mapping[str, object]) -> None:
    """Refuse a pattern that the engines of Great Expectations would read differently."""
    if "regex" in arguments:
        read_pattern(arguments["regex"], key="kwargs.regex")
    patterns = arguments.get("regex_list")
    for index, pattern in enumerate(patterns if isinstance(patterns, list | tuple) else ()):
        read_pattern(pattern, key=f"kwargs.regex_list[{index}]")


def _read_columns(key: str, value: object, table: Table) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or (key != "column_list" and len(names) > 1):
        raise Mistake(f"expected the name of a column, found {clip(value)}", key=f"kwargs.{key}")
    try:
        return list(resolve_columns(tuple(map(str, names)), table))
    except Mistake as mistake:
        raise Mistake(mistake.message, mistake.hint, key=f"kwargs.{key}") from None


def _scope(name: str) -> Literal["values", "rows", "shape"]:
    if name in _SHAPES:
        return "shape"
    return "rows" if name in _NULLS or name.startswith("expect_table_") else "values"
