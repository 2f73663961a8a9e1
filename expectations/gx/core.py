"""Checks that Great Expectations has an expectation of its own for."""

import json
from collections.abc import Mapping
from typing import Any

from contracts.model import Threshold
from contracts.regex import to_python
from contracts.types import INTEGER_RANGES, spelling
from expectations import rules
from expectations.protection import Protection
from expectations.rules import Check, Scalar

__all__ = ["core", "foreign_arguments"]

Core = tuple[str, dict[str, object]]
"""The type of an expectation and its arguments, as a suite's JSON spells them."""

_EXACT = 2**53
"""Bounds become floats inside Great Expectations; a whole number beyond this would become another one."""

_LENGTH_BOUNDS = {"minimum": "min_value", "maximum": "max_value"}
_BOUNDS: Mapping[str, dict[str, object]] = {
    "minimum": {},
    "maximum": {},
    "exclusive_minimum": {"strict_min": True},
    "exclusive_maximum": {"strict_max": True},
}


def core(check: Check, protection: Protection, types: Mapping[str, str]) -> Core | None:  # noqa: PLR0911 (one answer a kind)
    """The core expectation that means the same as a check; None where there is none, or it would show what `protection` hides.

    What is `Foreign` stays what it is, for nothing else says it; a suite leaves it out where it would show those.
    `types` are the columns' types in Spark's spelling, by casefolded name.
    """
    match check:
        case rules.HasColumns(columns):
            return "expect_table_columns_to_match_ordered_list", {"column_list": list(columns)}
        case rules.HasType(column, kind):
            return _type(column, kind)
        case rules.NotNull(column):
            return "expect_column_values_to_not_be_null", {"column": column}
        case rules.QualityMetric("rowCount", _, threshold, "rows"):
            return _row_count(threshold)
        case rules.InSet() | rules.Pattern() | rules.Length() | rules.Range():
            kind = types.get(check.column.casefold(), "")
            return None if protection.hides(check.column) else _values(check, kind)
        case rules.Foreign(kind):
            return kind, foreign_arguments(check)
        case rules.Unique(columns):
            return None if protection.hides_any(columns) else _unique(columns)
        case _:
            return None


def foreign_arguments(check: rules.Foreign) -> dict[str, object]:
    """The arguments of an expectation in a contract, its patterns spelled so that pandas and Spark read them alike."""
    given: dict[str, Any] = json.loads(check.arguments)
    if "regex" in given:
        given["regex"] = to_python(given["regex"])
    if isinstance(given.get("regex_list"), list):
        given["regex_list"] = [to_python(pattern) for pattern in given["regex_list"]]
    return given


def _type(column: str, kind: str) -> Core | None:
    """Spark's classes tell widths apart, but not what a decimal or an array is made of."""
    try:
        name = spelling(kind).pyspark.removeprefix("T.").removesuffix("()")
    except ValueError:
        return None
    return ("expect_column_values_to_be_of_type", {"column": column, "type_": name}) if name.isalnum() else None


def _unique(columns: tuple[str, ...]) -> Core:
    if len(columns) == 1:
        return "expect_column_values_to_be_unique", {"column": columns[0]}
    arguments: dict[str, object] = {"column_list": list(columns), "ignore_row_if": "any_value_is_missing"}
    return "expect_compound_columns_to_be_unique", arguments


def _values(check: rules.InSet | rules.Pattern | rules.Length | rules.Range, kind: str) -> Core | None:
    column: dict[str, object] = {"column": check.column}
    match check:
        case rules.InSet(_, values) if _same_kind(values, kind):
            return "expect_column_values_to_be_in_set", column | {"value_set": list(values)}
        case rules.Pattern(_, written) if kind == "string":
            return "expect_column_values_to_match_regex", column | {"regex": to_python(written)}
        case rules.Length(_, bound, value) if kind == "string":
            return "expect_column_value_lengths_to_be_between", column | {_LENGTH_BOUNDS[bound]: value}
        case rules.Range(_, bound, value) if _is_exact(value) and kind in (*INTEGER_RANGES, "float", "double"):
            name = "min_value" if bound.endswith("minimum") else "max_value"
            return "expect_column_values_to_be_between", column | {name: float(value)} | _BOUNDS[bound]
        case _:
            return None


def _same_kind(values: tuple[Scalar, ...], kind: str) -> bool:
    """Whether the values are of the column's own type, so that no engine has to convert them."""
    if kind in INTEGER_RANGES:
        return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    wanted = {"string": str, "boolean": bool}.get(kind)
    return wanted is not None and all(isinstance(value, wanted) for value in values)


def _is_exact(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _EXACT


def _row_count(threshold: Threshold) -> Core | None:
    if not all(float(value).is_integer() for value in threshold.values):
        return None
    first, last = int(threshold.values[0]), int(threshold.values[-1])
    between: Mapping[str, dict[str, object]] = {
        "mustBeGreaterThan": {"min_value": first, "strict_min": True},
        "mustBeGreaterOrEqualTo": {"min_value": first},
        "mustBeLessThan": {"max_value": first, "strict_max": True},
        "mustBeLessOrEqualTo": {"max_value": first},
        "mustBeBetween": {"min_value": first, "max_value": last},
    }
    if threshold.operator == "mustBe":
        return "expect_table_row_count_to_equal", {"value": first}
    found = between.get(threshold.operator)
    return ("expect_table_row_count_to_be_between", found) if found else None
