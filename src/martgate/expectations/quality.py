"""Reads an entry of a contract's `quality` lists as a check."""

import re
from difflib import get_close_matches

from martgate.contracts.model import Column, Table
from martgate.contracts.quality import Quality, QualityType, Scalar
from martgate.expectations import translation
from martgate.expectations.fragments import find_query_problem
from martgate.expectations.implementation import read_implementation
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.reading import resolve_columns
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.mistakes import Mistake, MistakeCollector, is_finite, read_pattern
from martgate.hints import clip
from martgate.text.quoting import identifier

__all__ = ["find_foreign_engine", "read_quality"]

_ENGINES = {"martgate": "martgate", "greatexpectations": "gx", "great-expectations": "gx", "great_expectations": "gx"}
_NEAR = 0.7
"""The similarity from which the name of an engine is a misspelt one of ours."""
_OBJECT = re.compile(r"`?\$?\{(?:object|table|model)\}`?")
_PROPERTY = re.compile(r"`?\$?\{(?:property|column|field)\}`?")
"""The placeholders of the standard, and those that its schema's examples and other tools write."""
_ARGUMENTS = {
    "nullValues": frozenset[str](),
    "missingValues": frozenset({"missingValues"}),
    "invalidValues": frozenset({"validValues", "pattern"}),
    "duplicateValues": frozenset({"properties"}),
    "rowCount": frozenset[str](),
}


def read_quality(quality: Quality, table: Table, column: Column | None, mistakes: MistakeCollector) -> Check | None:
    """Read the check of one quality.

    Args:
        quality: the entry.
        table: the table that it belongs to.
        column: the column that it belongs to; None for the table's own.
        mistakes: gets everything that is wrong with it.

    Returns:
        The check; None where the quality is prose, or wrong.
    """
    try:
        if quality.threshold and not all(map(is_finite, quality.threshold.values)):
            raise Mistake("expected a finite number to compare with", key=quality.threshold.operator)  # noqa: TRY301
        match quality.type:
            case QualityType.TEXT:
                return None
            case QualityType.LIBRARY:
                return _read_metric(quality, table, column)
            case QualityType.SQL:
                return _read_sql(quality, table, column)
            case QualityType.CUSTOM if find_foreign_engine(quality):
                return None
            case QualityType.CUSTOM:
                return _read_custom(quality, table, column, mistakes)
    except Mistake as mistake:
        mistakes.add(quality.path, mistake)
        return None


def find_foreign_engine(quality: Quality) -> str:
    """Find the engine of another tool that a quality is for; empty if it is for one of ours, or for a misspelt one."""
    name = quality.engine.casefold()
    if quality.type is not QualityType.CUSTOM or not name or get_close_matches(name, _ENGINES, cutoff=_NEAR):
        return ""
    return quality.engine


def _read_custom(quality: Quality, table: Table, column: Column | None, mistakes: MistakeCollector) -> Check | None:
    engine = _ENGINES.get(quality.engine.casefold())
    if engine is None:
        hint = "supported are martgate and greatExpectations"
        raise Mistake(f"engine {clip(quality.engine)} is not supported", hint, key="engine")
    if not quality.implementation:
        raise Mistake("expected an object that says what to check", key="implementation")
    if engine == "gx":
        return translation.read_expectation(quality.implementation, table, column)
    return read_implementation(quality.implementation, table, column, mistakes, path=f"{quality.path}.implementation")


def _read_sql(quality: Quality, table: Table, column: Column | None) -> SqlNumber:
    """A query's number; the column's placeholder is replaced here, the table's when the relation is known."""
    if not quality.threshold:
        raise Mistake("has no operator to compare its number with", "add one, as in mustBe: 0")
    query = _OBJECT.sub("{object}", quality.query)
    if "{object}" not in query:
        query = _read_own_name(query, table)
    if "{object}" not in query:
        hint = "write {object} in place of the table's name"
        raise Mistake("the query does not read {object}, so it would not see the data under audit", hint, key="query")
    placeholder = _PROPERTY.search(query)
    if placeholder and column is None:
        raise Mistake(f"{placeholder[0]} stands for a column, and this quality is on the table", key="query")
    query = _PROPERTY.sub(lambda _: identifier(column.name), query) if column else query
    problem = find_query_problem(query)
    if problem:
        raise Mistake(problem, key="query")
    return SqlNumber(query.strip(), quality.threshold)


def _read_own_name(query: str, table: Table) -> str:
    """Put the placeholder in place of the table's own name after FROM and JOIN, as contracts of other tools write it."""
    names = sorted({table.name, table.qualified_name}, key=len, reverse=True)
    spelled = "|".join(
        r"\s*\.\s*".join(rf"[`\"]?{re.escape(part)}[`\"]?" for part in name.split(".")) for name in names
    )
    return re.sub(rf"\b(FROM|JOIN)(\s+)(?:{spelled})(?![\w.`\"])", r"\1\2{object}", query, flags=re.IGNORECASE)


def _read_metric(quality: Quality, table: Table, column: Column | None) -> QualityMetric:
    if not quality.metric:
        raise Mistake("has no metric", f"known metrics are {', '.join(_ARGUMENTS)}")
    if not quality.threshold:
        raise Mistake("has no operator to compare its number with", "add one, as in mustBe: 0")
    unknown = sorted(set(map(str, quality.arguments)) - _ARGUMENTS[quality.metric])
    if unknown:
        known = ", ".join(sorted(_ARGUMENTS[quality.metric])) or "it takes none"
        raise Mistake(f"{quality.metric} has no argument {clip(unknown[0])}", known, key=f"arguments.{unknown[0]}")
    if quality.metric == "rowCount" and quality.unit == "percent":
        raise Mistake("a number of rows has no percentage", "leave unit out", key="unit")
    return QualityMetric(
        metric=quality.metric,
        columns=_metric_columns(quality, table, column),
        threshold=quality.threshold,
        unit=quality.unit,
        missing_values=_missing_values(quality),
        valid_values=_valid_values(quality),
        pattern=_valid_pattern(quality),
    )


def _metric_columns(quality: Quality, table: Table, column: Column | None) -> tuple[str, ...]:
    """The columns that a metric counts: those it lists, or its own column; none where it counts rows."""
    if quality.metric == "rowCount":
        return ()
    properties = quality.arguments.get("properties")
    if properties is not None:
        names = properties if isinstance(properties, list | tuple) else [properties]
        try:
            return resolve_columns(tuple(table.resolve_column(str(name)) or str(name) for name in names), table)
        except Mistake as mistake:
            raise Mistake(mistake.message, mistake.hint, key="arguments.properties") from None
    if column is None:
        hint = "move it to a column" if quality.metric != "duplicateValues" else "list them as arguments.properties"
        raise Mistake(f"{quality.metric} on a table does not say which columns it means", hint)
    return (column.name,)


def _missing_values(quality: Quality) -> tuple[Scalar | None, ...]:
    """The values that count as missing: those listed, or null."""
    if quality.metric != "missingValues":
        return ()
    values = _read_list(quality, "missingValues")
    return tuple(value if value is None else _read_scalar(value) for value in values) or (None,)


def _valid_values(quality: Quality) -> tuple[Scalar, ...]:
    """The values that are valid, without null, which is never invalid."""
    return tuple(_read_scalar(value) for value in _read_list(quality, "validValues") if value is not None)


def _valid_pattern(quality: Quality) -> str:
    if quality.metric != "invalidValues":
        return ""
    pattern = quality.arguments.get("pattern")
    if pattern is None and not quality.arguments.get("validValues"):
        raise Mistake("does not say what is valid", "add arguments: {validValues: [..]} or {pattern: ..}")
    return "" if pattern is None else read_pattern(pattern, key="arguments.pattern")


def _read_list(quality: Quality, argument: str) -> list[object]:
    values = quality.arguments.get(argument, [])
    if not isinstance(values, list | tuple):
        raise Mistake(f"found {clip(values)}, expected a list of values", key=f"arguments.{argument}")
    return list(values)


def _read_scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected a text, a number or a boolean", key="arguments")
    return value
