"""Translates expectations of Great Expectations that a contract names into checks of our own kinds, without importing it.

They mean what they mean in Great Expectations 1.x on SQL: null is ignored, bounds are inclusive unless strict, and a regular
expression may match anywhere. Great Expectations itself judges what has no equal kind (`martgate.expectations.untranslated`);
an expectation that it does not have, or that needs more than one table, is refused.
"""

import re
from collections.abc import Callable, Mapping

from martgate.contracts.model import Column, Table
from martgate.contracts.quality import Operator, Threshold
from martgate.contracts.types import canonical_type
from martgate.expectations.expectation_arguments import ExpectationArguments, NoEqualError
from martgate.expectations.fragments import find_query_problem
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.conditions import Holds
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
from martgate.text.comparison import Sign, write_comparison, write_in_list
from martgate.text.quoting import identifier, literal, text

__all__ = ["EXPECTATIONS", "read_expectation"]

_SILENT = frozenset({"meta", "notes", "result_format", "catch_exceptions", "severity", "description"})
"""Arguments about how a result is shown; they do not change what is checked."""

_SPARK_TYPES = {"integertype": "int", "longtype": "bigint", "shorttype": "smallint", "bytetype": "tinyint"}


def read_expectation(implementation: Mapping[str, object], table: Table, column: Column | None) -> Check:
    """Read an expectation `{type, kwargs}` as a check.

    Args:
        implementation: the object that the contract has.
        table: the table that it is about.
        column: the column whose quality it is; None for the table's.

    Raises:
        Mistake: there is no such expectation, it needs more than one table, or an argument is wrong.
    """
    type_ = implementation.get("type", implementation.get("expectation_type"))
    name = _snake_case(str(type_))
    if name not in EXPECTATIONS:
        near = did_you_mean(name, EXPECTATIONS)
        raise Mistake(
            f"expectation {clip(type_)} is none of Great Expectations' own that look at one table",
            near if near.startswith("Did") else "",
            key="implementation",
        )
    kwargs = implementation.get("kwargs", {})
    if not isinstance(kwargs, Mapping):
        raise Mistake(f"expected an object, found {clip(kwargs)}", key="implementation.kwargs")
    arguments = {str(key): value for key, value in kwargs.items() if str(key) not in _SILENT and value is not None}
    try:
        return _translate(name, arguments, table, column) or read_untranslated(name, arguments, table, column)
    except Mistake as mistake:
        raise Mistake(mistake.message, mistake.hint, key=f"implementation.{mistake.key or 'kwargs'}") from None


def _translate(name: str, kwargs: Mapping[str, object], table: Table, column: Column | None) -> Check | None:
    """The check that means the same; None where there is none."""
    if name not in _READERS:
        return None
    arguments = ExpectationArguments(kwargs, table, column)
    try:
        check = _READERS[name](arguments)
        arguments.finish(name)
    except NoEqualError:
        return None
    return check


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _at_most(percent: float) -> Threshold:
    return Threshold("mustBeLessOrEqualTo", (percent,))


def _not_null(arguments: ExpectationArguments) -> Check:
    column, percent = arguments.column(), arguments.mostly()
    if percent:
        return QualityMetric("nullValues", (column,), _at_most(percent), "percent")
    return NotNull(column)


def _in_set(arguments: ExpectationArguments) -> Check:
    column, values, percent = arguments.column(), arguments.values("value_set"), arguments.mostly()
    if percent:
        return QualityMetric("invalidValues", (column,), _at_most(percent), "percent", valid_values=values)
    return InSet(column, values)


def _not_in_set(arguments: ExpectationArguments) -> Check:
    column = arguments.column()
    values = arguments.values("value_set")
    return Holds(write_in_list(identifier(column), values, arguments.kind(column), negated=True), null_passes=True)


def _matches(arguments: ExpectationArguments) -> Check:
    column, regex, percent = (
        arguments.column(),
        read_pattern(arguments.take("regex"), key="kwargs.regex"),
        arguments.mostly(),
    )
    if percent:
        return QualityMetric("invalidValues", (column,), _at_most(percent), "percent", pattern=regex)
    return Pattern(column, regex)


def _between(arguments: ExpectationArguments) -> Check:
    column = arguments.column()
    return _bounded(arguments, identifier(column), arguments.kind(column))


def _bounded(arguments: ExpectationArguments, expression: str, kind: str) -> Check:
    """A check that an expression lies between two bounds, each inclusive or strict."""
    low, high = arguments.take("min_value"), arguments.take("max_value")
    above: Sign = ">" if arguments.flag("strict_min") else ">="
    below: Sign = "<" if arguments.flag("strict_max") else "<="
    bounds = [(above, low), (below, high)]
    for _, value in bounds:
        if value is not None and not isinstance(value, str | int | float):
            raise Mistake(f"expected a number or text as a bound, found {clip(value)}")
    parts = [
        write_comparison(expression, sign, value, kind)
        for sign, value in bounds
        if isinstance(value, str | int | float)
    ]
    if not parts:
        raise Mistake("has neither min_value nor max_value, so it would check nothing")
    return Holds(" AND ".join(parts), null_passes=True)


def _lengths_between(arguments: ExpectationArguments) -> Check:
    return _bounded(arguments, f"LENGTH({identifier(arguments.column())})", "bigint")


def _length_equals(arguments: ExpectationArguments) -> Check:
    column, length = arguments.column(), arguments.number("value")
    if length is None:
        raise Mistake("expected a number as 'value'")
    return Holds(f"LENGTH({identifier(column)}) = {literal(length, 'bigint')}", null_passes=True)


def _pair_equal(arguments: ExpectationArguments) -> Check:
    a, b, ignored = arguments.column("column_A"), arguments.column("column_B"), arguments.take("ignore_row_if")
    if ignored in ("either_value_is_missing", "neither"):
        sign = "=" if ignored == "either_value_is_missing" else "<=>"
        return Holds(f"{identifier(a)} {sign} {identifier(b)}", null_passes=True)
    return Holds(f"{identifier(a)} <=> {identifier(b)}")  # one null alone is a difference


def _pair_greater(arguments: ExpectationArguments) -> Check:
    a, b, sign = arguments.column("column_A"), arguments.column("column_B"), ">=" if arguments.flag("or_equal") else ">"
    arguments.take("ignore_row_if")  # a comparison with a null is never unexpected there
    return Holds(f"{identifier(a)} {sign} {identifier(b)}", null_passes=True)


def _row_count(arguments: ExpectationArguments) -> Check:
    return QualityMetric("rowCount", (), _threshold(arguments))


def _row_count_equals(arguments: ExpectationArguments) -> Check:
    return QualityMetric("rowCount", (), Threshold("mustBe", (arguments.number("value") or 0,)))


def _threshold(arguments: ExpectationArguments) -> Threshold:
    low, high = arguments.number("min_value"), arguments.number("max_value")
    strict_low, strict_high = arguments.flag("strict_min"), arguments.flag("strict_max")
    if low is not None and high is not None:
        if strict_low or strict_high:
            raise NoEqualError("two bounds of which one is strict have no equal here")
        return Threshold("mustBeBetween", (low, high))
    if low is None and high is None:
        raise Mistake("has neither min_value nor max_value, so it would check nothing")
    operator: Operator = "mustBeGreaterThan" if strict_low else "mustBeGreaterOrEqualTo"
    if low is None:
        operator = "mustBeLessThan" if strict_high else "mustBeLessOrEqualTo"
    return Threshold(operator, tuple(bound for bound in (low, high) if bound is not None))


def _statistic(function: str) -> Callable[[ExpectationArguments], Check]:
    def read(arguments: ExpectationArguments) -> Check:
        column = identifier(arguments.column())
        return SqlNumber(f"SELECT {function.format(column)} FROM {{object}}", _threshold(arguments))

    return read


def _unique(arguments: ExpectationArguments) -> Check:
    column, percent = arguments.column(), arguments.mostly()
    if percent:
        return QualityMetric("duplicateValues", (column,), _at_most(percent), "percent")
    return Unique((column,))


def _compound_unique(arguments: ExpectationArguments) -> Check:
    return Unique(arguments.columns())


def _sum_of_columns(arguments: ExpectationArguments) -> Check:
    columns, total = arguments.columns(), arguments.number("sum_total")
    if total is None:
        raise Mistake("expected a number as 'sum_total'")
    addition = " + ".join(identifier(column) for column in columns)
    return Holds(f"{addition} = {literal(total, '')}", null_passes=True)


def _of_type(arguments: ExpectationArguments) -> Check:
    column, kind = arguments.column(), arguments.text("type_")
    try:
        return HasType(column, canonical_type(_SPARK_TYPES.get(kind.casefold(), kind.removesuffix("Type"))))
    except ValueError as error:
        raise Mistake(str(error), key="kwargs.type_") from None


def _like(arguments: ExpectationArguments) -> Check:
    return Holds(f"{identifier(arguments.column())} LIKE {text(arguments.text('like_pattern'))}", null_passes=True)


def _unlike(arguments: ExpectationArguments) -> Check:
    return Holds(f"{identifier(arguments.column())} NOT LIKE {text(arguments.text('like_pattern'))}", null_passes=True)


def _like_any_or_all(arguments: ExpectationArguments) -> Check:
    joint = " AND " if arguments.take("match_on", "any") == "all" else " OR "
    return Holds(joint.join(_likes(arguments, "LIKE")), null_passes=True)


def _like_none(arguments: ExpectationArguments) -> Check:
    return Holds(" AND ".join(_likes(arguments, "NOT LIKE")), null_passes=True)


def _likes(arguments: ExpectationArguments, sign: str) -> list[str]:
    column = identifier(arguments.column())
    return [f"{column} {sign} {text(str(pattern))}" for pattern in arguments.values("like_pattern_list")]


def _unexpected_rows(arguments: ExpectationArguments) -> Check:
    query = arguments.text("unexpected_rows_query").replace("{batch}", "{object}")
    problem = "the query does not read {batch}" if "{object}" not in query else find_query_problem(query)
    if problem:
        raise Mistake(problem, key="kwargs.unexpected_rows_query")
    return SqlNumber(f"SELECT COUNT(*) FROM (\n{query}\n) AS unexpected", Threshold("mustBe", (0,)))


_READERS: Mapping[str, Callable[[ExpectationArguments], Check]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": lambda arguments: Holds(f"{identifier(arguments.column())} IS NULL"),
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
    "expect_table_columns_to_match_ordered_list": lambda arguments: HasColumns(arguments.columns()),
    "expect_column_min_to_be_between": _statistic("MIN({})"),
    "expect_column_max_to_be_between": _statistic("MAX({})"),
    "expect_column_sum_to_be_between": _statistic("SUM({})"),
    "expect_column_mean_to_be_between": _statistic("AVG({})"),
    "expect_column_unique_value_count_to_be_between": _statistic("COUNT(DISTINCT {})"),
    "unexpected_rows_expectation": _unexpected_rows,
}

EXPECTATIONS = frozenset(_READERS) | UNTRANSLATED
"""The expectations that a contract may name."""
