"""Checks that a contract states in the words of Great Expectations, read into ours. Imports nothing of it.

The meaning is that of Great Expectations 1.x on SQL: null is not looked at, bounds are included unless they are strict,
a regular expression may match anywhere. What has no equal here stays in its words, and is judged by it
(`martgate.expectations.untranslated`); what neither could judge is refused by name.
"""

import re
from collections.abc import Callable, Mapping

from martgate.contracts.model import Column, Operator, Scalar, Table, Threshold
from martgate.contracts.types import canonical_type
from martgate.expectations.fragments import find_query_problem
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.fields import resolve_columns
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.mistakes import Mistake, read_pattern
from martgate.expectations.untranslated import UNTRANSLATED, read_untranslated
from martgate.hints import clip, did_you_mean
from martgate.text.quoting import identifier, literal, text

__all__ = ["EXPECTATIONS", "read_expectation"]

_SILENT = frozenset({"meta", "notes", "result_format", "catch_exceptions", "severity", "description"})
"""Words about how a result is shown; they change nothing of what is checked."""

_SPARK_TYPES = {"integertype": "int", "longtype": "bigint", "shorttype": "smallint", "bytetype": "tinyint"}


class _NoEqual(Mistake):
    """An argument that is not wrong, but that no check of ours heeds."""


class _Arguments:
    """The `kwargs` of one expectation; what was never asked for is a mistake in the end."""

    def __init__(self, given: Mapping[str, object], table: Table, column: Column | None) -> None:
        self._left = dict(given)
        self._table = table
        self._standing_on = column.name if column else None

    def take(self, name: str, default: object = None) -> object:
        return self._left.pop(name, default)

    def column(self, name: str = "column") -> str:
        value = self.take(name, self._standing_on if name == "column" else None)
        if not isinstance(value, str):
            raise Mistake(f"expected a column as {name!r}, found {clip(value)}")
        return resolve_columns((value,), self._table)[0]

    def columns(self, name: str = "column_list") -> tuple[str, ...]:
        return resolve_columns(tuple(str(item) for item in self.values(name)), self._table)

    def kind(self, column: str) -> str:
        """The type that the contract gives a column; empty where it is none we know."""
        try:
            return canonical_type(self._table.column(column).physical_type)
        except ValueError:
            return ""

    def values(self, name: str) -> tuple[Scalar, ...]:
        value = self.take(name)
        if not isinstance(value, list | tuple) or not value:
            raise Mistake(f"expected a list of values as {name!r}, found {clip(value)}")
        if not all(isinstance(item, str | int | float) for item in value):
            raise Mistake(f"expected texts, numbers or booleans in {name!r}")
        return tuple(value)

    def number(self, name: str) -> float | None:
        value = self.take(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise Mistake(f"expected a number as {name!r}, found {clip(value)}")

    def text(self, name: str) -> str:
        value = self.take(name)
        if isinstance(value, str) and value:
            return value
        raise Mistake(f"expected text as {name!r}, found {clip(value)}")

    def flag(self, name: str) -> bool:
        return self.take(name, False) is True

    def mostly(self) -> float:
        """The percentage of the looked-at values that may fail; 0 where all must hold."""
        share = self.number("mostly")
        if share is not None and not 0 <= share <= 1:
            raise Mistake(f"mostly is a share between 0 and 1, found {clip(share)}")
        return 0 if share is None else round((1 - share) * 100, 9)

    def finish(self, name: str) -> None:
        for key in self._left:
            raise _NoEqual(f"{key!r} of {name} has no equal here")


def read_expectation(implementation: Mapping[str, object], table: Table, column: Column | None) -> Check:
    """The check that an expectation `{type, kwargs}` stands for.

    Raises:
        Mistake: there is no such expectation, it looks beyond the table, or an argument is wrong.
    """
    written = implementation.get("type", implementation.get("expectation_type"))
    name = _snake(str(written))
    if name not in EXPECTATIONS:
        near = did_you_mean(name, EXPECTATIONS)
        raise Mistake(
            f"expectation {clip(written)} is none of Great Expectations' own that look at one table",
            near if near.startswith("Did") else "",
            key="implementation",
        )
    kwargs = implementation.get("kwargs", {})
    if not isinstance(kwargs, Mapping):
        raise Mistake(f"expected an object, found {clip(kwargs)}", key="implementation.kwargs")
    given = {str(key): value for key, value in kwargs.items() if str(key) not in _SILENT and value is not None}
    try:
        return _translated(name, given, table, column) or read_untranslated(name, given, table, column)
    except Mistake as mistake:
        raise Mistake(mistake.message, mistake.hint, key=f"implementation.{mistake.key or 'kwargs'}") from None


def _translated(name: str, given: Mapping[str, object], table: Table, column: Column | None) -> Check | None:
    """The check of ours that means the same; None where there is none."""
    if name not in _READERS:
        return None
    arguments = _Arguments(given, table, column)
    try:
        check = _READERS[name](arguments)
        arguments.finish(name)
    except _NoEqual:
        return None
    return check


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _at_most(percent: float) -> Threshold:
    return Threshold("mustBeLessOrEqualTo", (percent,))


def _not_null(given: _Arguments) -> Check:
    column, percent = given.column(), given.mostly()
    if percent:
        return QualityMetric("nullValues", (column,), _at_most(percent), "percent")
    return NotNull(column)


def _in_set(given: _Arguments) -> Check:
    column, values, percent = given.column(), given.values("value_set"), given.mostly()
    if percent:
        return QualityMetric("invalidValues", (column,), _at_most(percent), "percent", valid_values=values)
    return InSet(column, values)


def _not_in_set(given: _Arguments) -> Check:
    column = given.column()
    values = ", ".join(literal(value, given.kind(column)) for value in given.values("value_set"))
    return Holds(f"{identifier(column)} NOT IN ({values})", null_passes=True)


def _matches(given: _Arguments) -> Check:
    column, regex, percent = given.column(), read_pattern(given.take("regex"), key="kwargs.regex"), given.mostly()
    if percent:
        return QualityMetric("invalidValues", (column,), _at_most(percent), "percent", pattern=regex)
    return Pattern(column, regex)


def _between(given: _Arguments) -> Check:
    column = given.column()
    return _bounded(given, identifier(column), given.kind(column))


def _bounded(given: _Arguments, measured: str, kind: str) -> Check:
    """Both bounds as they say, of anything that can be measured in a row."""
    low, high = given.take("min_value"), given.take("max_value")
    above = ">" if given.flag("strict_min") else ">="
    below = "<" if given.flag("strict_max") else "<="
    bounds = [(above, low), (below, high)]
    for _, value in bounds:
        if value is not None and not isinstance(value, str | int | float):
            raise Mistake(f"expected a number or text as a bound, found {clip(value)}")
    parts = [
        f"{measured} {sign} {literal(value, kind)}" for sign, value in bounds if isinstance(value, str | int | float)
    ]
    if not parts:
        raise Mistake("has neither min_value nor max_value, so it would check nothing")
    return Holds(" AND ".join(parts), null_passes=True)


def _lengths_between(given: _Arguments) -> Check:
    return _bounded(given, f"LENGTH({identifier(given.column())})", "bigint")


def _length_equals(given: _Arguments) -> Check:
    column, length = given.column(), given.number("value")
    if length is None:
        raise Mistake("expected a number as 'value'")
    return Holds(f"LENGTH({identifier(column)}) = {literal(length, 'bigint')}", null_passes=True)


def _pair_equal(given: _Arguments) -> Check:
    a, b, ignored = given.column("column_A"), given.column("column_B"), given.take("ignore_row_if")
    if ignored in ("either_value_is_missing", "neither"):
        sign = "=" if ignored == "either_value_is_missing" else "<=>"
        return Holds(f"{identifier(a)} {sign} {identifier(b)}", null_passes=True)
    return Holds(f"{identifier(a)} <=> {identifier(b)}")  # one null alone is a difference


def _pair_greater(given: _Arguments) -> Check:
    a, b, sign = given.column("column_A"), given.column("column_B"), ">=" if given.flag("or_equal") else ">"
    given.take("ignore_row_if")  # a comparison with a null is never unexpected there
    return Holds(f"{identifier(a)} {sign} {identifier(b)}", null_passes=True)


def _row_count(given: _Arguments) -> Check:
    return QualityMetric("rowCount", (), _threshold(given))


def _row_count_equals(given: _Arguments) -> Check:
    return QualityMetric("rowCount", (), Threshold("mustBe", (given.number("value") or 0,)))


def _threshold(given: _Arguments) -> Threshold:
    low, high = given.number("min_value"), given.number("max_value")
    strict_low, strict_high = given.flag("strict_min"), given.flag("strict_max")
    if low is not None and high is not None:
        if strict_low or strict_high:
            raise _NoEqual("two bounds of which one is strict have no equal here")
        return Threshold("mustBeBetween", (low, high))
    if low is None and high is None:
        raise Mistake("has neither min_value nor max_value, so it would check nothing")
    operator: Operator = "mustBeGreaterThan" if strict_low else "mustBeGreaterOrEqualTo"
    if low is None:
        operator = "mustBeLessThan" if strict_high else "mustBeLessOrEqualTo"
    return Threshold(operator, tuple(bound for bound in (low, high) if bound is not None))


def _statistic(function: str) -> Callable[[_Arguments], Check]:
    def read(given: _Arguments) -> Check:
        column = identifier(given.column())
        return SqlNumber(f"SELECT {function.format(column)} FROM {{object}}", _threshold(given))

    return read


def _unique(given: _Arguments) -> Check:
    column, percent = given.column(), given.mostly()
    if percent:
        return QualityMetric("duplicateValues", (column,), _at_most(percent), "percent")
    return Unique((column,))


def _compound_unique(given: _Arguments) -> Check:
    return Unique(given.columns())


def _sum_of_columns(given: _Arguments) -> Check:
    columns, total = given.columns(), given.number("sum_total")
    if total is None:
        raise Mistake("expected a number as 'sum_total'")
    added = " + ".join(identifier(column) for column in columns)
    return Holds(f"{added} = {literal(total, '')}", null_passes=True)


def _of_type(given: _Arguments) -> Check:
    column, kind = given.column(), given.text("type_")
    try:
        return HasType(column, canonical_type(_SPARK_TYPES.get(kind.casefold(), kind.removesuffix("Type"))))
    except ValueError as error:
        raise Mistake(str(error), key="kwargs.type_") from None


def _like(given: _Arguments) -> Check:
    return Holds(f"{identifier(given.column())} LIKE {text(given.text('like_pattern'))}", null_passes=True)


def _unlike(given: _Arguments) -> Check:
    return Holds(f"{identifier(given.column())} NOT LIKE {text(given.text('like_pattern'))}", null_passes=True)


def _like_any_or_all(given: _Arguments) -> Check:
    joint = " AND " if given.take("match_on", "any") == "all" else " OR "
    return Holds(joint.join(_likes(given, "LIKE")), null_passes=True)


def _like_none(given: _Arguments) -> Check:
    return Holds(" AND ".join(_likes(given, "NOT LIKE")), null_passes=True)


def _likes(given: _Arguments, sign: str) -> list[str]:
    column = identifier(given.column())
    return [f"{column} {sign} {text(str(pattern))}" for pattern in given.values("like_pattern_list")]


def _unexpected_rows(given: _Arguments) -> Check:
    query = given.text("unexpected_rows_query").replace("{batch}", "{object}")
    mistake = "the query does not read {batch}" if "{object}" not in query else find_query_problem(query)
    if mistake:
        raise Mistake(mistake, key="kwargs.unexpected_rows_query")
    return SqlNumber(f"SELECT COUNT(*) FROM (\n{query}\n) AS unexpected", Threshold("mustBe", (0,)))


_READERS: Mapping[str, Callable[[_Arguments], Check]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": lambda given: Holds(f"{identifier(given.column())} IS NULL"),
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_distinct_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_match_regex": _matches,
    "expect_column_values_to_match_like_pattern": _like,
    "expect_column_values_to_match_like_pattern_list": _like_any_or_all,
    "expect_column_values_to_not_match_like_pattern": _unlike,
    "expect_column_values_to_not_match_like_pattern_list": _like_none,
    "expect_column_value_lengths_to_be_between": _lengths_between,
    "expect_column_value_lengths_to_equal": _length_equals,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_compound_columns_to_be_unique": _compound_unique,
    "expect_column_pair_values_to_be_equal": _pair_equal,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair_greater,
    "expect_multicolumn_sum_to_equal": _sum_of_columns,
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _row_count_equals,
    "expect_table_columns_to_match_ordered_list": lambda given: HasColumns(given.columns()),
    "expect_column_min_to_be_between": _statistic("MIN({})"),
    "expect_column_max_to_be_between": _statistic("MAX({})"),
    "expect_column_sum_to_be_between": _statistic("SUM({})"),
    "expect_column_mean_to_be_between": _statistic("AVG({})"),
    "expect_column_unique_value_count_to_be_between": _statistic("COUNT(DISTINCT {})"),
    "unexpected_rows_expectation": _unexpected_rows,
}

EXPECTATIONS = frozenset(_READERS) | UNTRANSLATED
"""Every expectation that a contract may name."""
