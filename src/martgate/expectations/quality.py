"""One entry of a contract's `quality` lists, read into the check it asks for."""

from martgate.contracts.model import Column, Quality, QualityType, Scalar, Table
from martgate.expectations import translation
from martgate.expectations.fragments import find_query_problem
from martgate.expectations.implementation import read_implementation
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fields import resolve_columns
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.mistakes import Mistake, MistakeCollector, is_finite, read_pattern
from martgate.hints import clip
from martgate.text.quoting import identifier

__all__ = ["read_quality"]

_ENGINES = {"martgate": "martgate", "greatexpectations": "gx", "great-expectations": "gx", "great_expectations": "gx"}
_ARGUMENTS = {
    "nullValues": frozenset[str](),
    "missingValues": frozenset({"missingValues"}),
    "invalidValues": frozenset({"validValues", "pattern"}),
    "duplicateValues": frozenset({"properties"}),
    "rowCount": frozenset[str](),
}


def read_quality(quality: Quality, table: Table, column: Column | None, mistakes: MistakeCollector) -> Check | None:
    """The check of one quality. None where it is prose, or where `mistakes` now says why it is none."""
    try:
        if quality.threshold and not all(map(is_finite, quality.threshold.values)):
            raise Mistake("expected a finite number to hold against", key=quality.threshold.operator)  # noqa: TRY301
        match quality.type:
            case QualityType.TEXT:
                return None
            case QualityType.LIBRARY:
                return _metric(quality, table, column)
            case QualityType.SQL:
                return _number(quality, column)
            case QualityType.CUSTOM:
                return _custom(quality, table, column, mistakes)
    except Mistake as mistake:
        mistakes.add(quality.path, mistake)
        return None


def _custom(quality: Quality, table: Table, column: Column | None, mistakes: MistakeCollector) -> Check | None:
    engine = _ENGINES.get(quality.engine.casefold())
    if engine is None:
        hint = "engines that can be run here are martgate and greatExpectations"
        raise Mistake(f"engine {clip(quality.engine)} is not supported", hint, key="engine")
    if not quality.implementation:
        raise Mistake("expected an object that says what to check", key="implementation")
    if engine == "gx":
        return translation.read_expectation(quality.implementation, table, column)
    return read_implementation(quality.implementation, table, column, mistakes, path=f"{quality.path}.implementation")


def _number(quality: Quality, column: Column | None) -> SqlNumber:
    """A query's number; `{property}` is settled here, `{object}` when the relation is known."""
    if not quality.threshold:
        raise Mistake("has no operator to hold its number against", "add one, as in mustBe: 0")
    if "{object}" not in quality.query:
        hint = "write {object} where the table's name would stand"
        raise Mistake("the query does not read {object}, so it would not see the data under audit", hint, key="query")
    if "{property}" in quality.query and column is None:
        raise Mistake("{property} stands for a column, and this quality is on the table", key="query")
    query = quality.query.replace("{property}", identifier(column.name)) if column else quality.query
    mistake = find_query_problem(query)
    if mistake:
        raise Mistake(mistake, key="query")
    return SqlNumber(query.strip(), quality.threshold)


def _metric(quality: Quality, table: Table, column: Column | None) -> QualityMetric:
    if not quality.metric:
        raise Mistake("has no metric", f"known metrics are {', '.join(_ARGUMENTS)}")
    if not quality.threshold:
        raise Mistake("has no operator to hold its number against", "add one, as in mustBe: 0")
    unknown = sorted(set(map(str, quality.arguments)) - _ARGUMENTS[quality.metric])
    if unknown:
        known = ", ".join(sorted(_ARGUMENTS[quality.metric])) or "it takes none"
        raise Mistake(f"{quality.metric} has no argument {clip(unknown[0])}", known, key=f"arguments.{unknown[0]}")
    if quality.metric == "rowCount" and quality.unit == "percent":
        raise Mistake("a number of rows has no percentage", "leave unit out", key="unit")
    return QualityMetric(
        metric=quality.metric,
        columns=_columns(quality, table, column),
        threshold=quality.threshold,
        unit=quality.unit,
        missing_values=_missing(quality),
        valid_values=_valid(quality),
        pattern=_valid_pattern(quality),
    )


def _columns(quality: Quality, table: Table, column: Column | None) -> tuple[str, ...]:
    """What a metric counts: nothing but rows, the columns it lists, or the column it stands on."""
    if quality.metric == "rowCount":
        return ()
    listed = quality.arguments.get("properties")
    if listed is not None:
        names = listed if isinstance(listed, list | tuple) else [listed]
        try:
            return resolve_columns(tuple(table.resolve_column(str(name)) or str(name) for name in names), table)
        except Mistake as mistake:
            raise Mistake(mistake.message, mistake.hint, key="arguments.properties") from None
    if column is None:
        hint = "move it to a column" if quality.metric != "duplicateValues" else "list them as arguments.properties"
        raise Mistake(f"{quality.metric} on a table does not say which columns it means", hint)
    return (column.name,)


def _missing(quality: Quality) -> tuple[Scalar | None, ...]:
    """What counts as missing; without a list of its own, null."""
    if quality.metric != "missingValues":
        return ()
    values = _list(quality, "missingValues")
    return tuple(value if value is None else _scalar(value) for value in values) or (None,)


def _valid(quality: Quality) -> tuple[Scalar, ...]:
    """The values that are valid; null, if listed, goes without saying: it is never invalid."""
    return tuple(_scalar(value) for value in _list(quality, "validValues") if value is not None)


def _valid_pattern(quality: Quality) -> str:
    if quality.metric != "invalidValues":
        return ""
    written = quality.arguments.get("pattern")
    if written is None and not quality.arguments.get("validValues"):
        raise Mistake("does not say what is valid", "add arguments: {validValues: [..]} or {pattern: ..}")
    return "" if written is None else read_pattern(written, key="arguments.pattern")


def _list(quality: Quality, argument: str) -> list[object]:
    values = quality.arguments.get(argument, [])
    if not isinstance(values, list | tuple):
        raise Mistake(f"found {clip(values)}, expected a list of values", key=f"arguments.{argument}")
    return list(values)


def _scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected a text, a number or a boolean", key="arguments")
    return value
