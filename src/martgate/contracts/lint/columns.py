"""Checks of columns: types, options, enums and classifications."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from operator import ge, gt, le, lt
from typing import Any

from martgate.contracts.model import Column
from martgate.contracts.odcs import ContractFile
from martgate.contracts.types import INTEGER_RANGES, canonical_type, translate_type
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words
from martgate.text.regex import PatternError, read_pattern, search

__all__ = ["find_problems"]

CLASSIFICATIONS = ("public", "internal", "confidential", "restricted", "sensitive", "personal", "pii")
BELONGS: Mapping[str, frozenset[str]] = {
    # Integers can hold numbers; times of day, vectors and documents have no type of their own in a table.
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"number", "integer"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp"}),
    "time": frozenset({"string", "integer"}),
    "object": frozenset({"object", "map", "string"}),
    "map": frozenset({"map", "object", "string"}),
    "array": frozenset({"array", "string"}),
    "vector": frozenset({"array", "string"}),
}
BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
SIZES = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))
OUTSIDE: Mapping[str, Callable[[float, float], bool]] = {
    "minimum": lt,
    "exclusiveMinimum": le,
    "maximum": gt,
    "exclusiveMaximum": ge,
}
FROM_TEXT: Mapping[str, Any] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "time": time.fromisoformat,
}


def find_problems(contract_file: ContractFile) -> Iterator[Problem]:
    for table in contract_file.contract.tables:
        for column in table.columns:
            yield from _types(contract_file.document, column)
            yield from _classification(contract_file.document, column)
            yield from _sizes(contract_file.document, column)
            yield from _bounds(contract_file.document, column)
            yield from _pattern(contract_file.document, column)
            yield from _enum(contract_file.document, column)


def _types(document: Document, column: Column) -> Iterator[Problem]:
    physical_type = document.at(f"{column.path}.physicalType")
    if not column.physical_type:
        lack = "has a logicalType from which no type follows" if column.logical_type else "has no type"
        yield document.problem(column.path, f"the column {clip(column.name)} {lack}", "add physicalType, as in bigint")
        return
    path = f"{column.path}.physicalType" if physical_type else f"{column.path}.logicalType"
    try:
        names = translate_type(column.physical_type)
    except ValueError as error:
        yield document.problem(path, str(error))
        return
    if _is_date_of_3_0(document, column) and names.logical == "timestamp":
        return
    if column.logical_type in BELONGS and names.logical not in BELONGS[column.logical_type]:
        message = (
            f"logicalType {column.logical_type} and physicalType {clip(column.physical_type)} contradict each other"
        )
        yield document.problem(path, message, f"{names.spark} belongs to logicalType {names.logical}")


def _is_date_of_3_0(document: Document, column: Column) -> bool:
    """Tell whether a `date` may be an instant: ODCS has a logicalType for instants since 3.1 only."""
    version = str(document.at("apiVersion"))
    return column.logical_type == "date" and version.startswith("v3.0.")


def _classification(document: Document, column: Column) -> Iterator[Problem]:
    word = column.classification
    if word and word.casefold() not in CLASSIFICATIONS:
        message = (
            f"found {clip(word)}, expected {join_words(CLASSIFICATIONS, 'or')}; until then the column is protected"
        )
        yield document.problem(f"{column.path}.classification", message, _near(word, CLASSIFICATIONS))


def _near(word: str, known: tuple[str, ...]) -> str:
    """Return a hint for a similar word only; the message lists all words already."""
    hint = did_you_mean(word, known)
    return hint if hint.startswith("Did") else ""


def _sizes(document: Document, column: Column) -> Iterator[Problem]:
    for low, high in SIZES:
        least, most = column.options.get(low), column.options.get(high)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            path = f"{column.path}.logicalTypeOptions.{low}"
            yield document.problem(path, f"{low} {least} is more than {high} {most}: nothing passes")


def _bounds(document: Document, column: Column) -> Iterator[Problem]:
    options = f"{column.path}.logicalTypeOptions"
    values: dict[str, Any] = {}
    for name in (name for pair in BOUNDS for name in pair if name in column.options):
        try:
            values[name] = _comparable(column.logical_type, column.options[name])
        except (TypeError, ValueError):
            message = f"found {clip(column.options[name])}, expected a {column.logical_type} in ISO 8601"
            yield document.problem(f"{options}.{name}", message, "as in 2024-01-31 or 2024-01-31T00:00:00Z")
    for pair in BOUNDS:
        if all(name in values for name in pair):
            message = f"found both {pair[0]} and {pair[1]}, expected one of them"
            yield document.problem(f"{options}.{pair[1]}", message, "keep one")
            return
    yield from _empty_interval(document, column, values)


def _comparable(logical_type: str, value: object) -> Any:
    """Return a bound in a form that can be compared with another bound of the column."""
    if logical_type not in FROM_TEXT or not isinstance(value, str):
        return value
    return FROM_TEXT[logical_type](value)


def _empty_interval(document: Document, column: Column, values: Mapping[str, Any]) -> Iterator[Problem]:
    low = next((name for name in BOUNDS[0] if name in values), None)
    high = next((name for name in BOUNDS[1] if name in values), None)
    if low is None or high is None:
        return
    open_ended = low.startswith("exclusive") or high.startswith("exclusive")
    try:
        empty = values[low] > values[high] or (values[low] == values[high] and open_ended)
    except TypeError:
        return  # one bound has a time zone and the other has not: they have no order
    if empty:
        message = f"no value is between {low} {clip(column.options[low])} and {high} {clip(column.options[high])}"
        yield document.problem(f"{column.path}.logicalTypeOptions.{low}", message)


def _pattern(document: Document, column: Column) -> Iterator[Problem]:
    if "pattern" not in column.options:
        return
    try:
        read_pattern(column.options["pattern"])
    except PatternError as error:
        yield document.problem(f"{column.path}.logicalTypeOptions.pattern", error.message, error.hint)


def _enum(document: Document, column: Column) -> Iterator[Problem]:
    for index, item in enumerate(document.at(f"{column.path}.enum") or []):
        value = item.get("value")
        path = f"{column.path}.enum[{index}].value"
        reason = _misfit(column, value) if value is not None else "null; a null always passes an enum"
        if reason:
            yield document.problem(
                path, f"the enum value {clip(value)} {reason}" if value is not None else f"found {reason}"
            )


def _misfit(column: Column, value: object) -> str:
    """Return why a value cannot be in the column; empty where it can."""
    return _wrong_type(column, value) or _wrong_text(column, value) or _wrong_number(column, value)


def _wrong_type(column: Column, value: object) -> str:
    wanted = {
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }
    if column.logical_type in FROM_TEXT:
        try:
            FROM_TEXT[column.logical_type](value)
        except (TypeError, ValueError):
            return f"is not a {column.logical_type} in ISO 8601"
        return ""
    fits = wanted.get(column.logical_type, isinstance(value, str) or column.logical_type != "string")
    hint = ": put it in quotes" if column.logical_type == "string" else ""
    article = "an" if column.logical_type == "integer" else "a"
    return "" if fits else f"is not {article} {column.logical_type}{hint}"


def _wrong_text(column: Column, value: object) -> str:
    if not isinstance(value, str):
        return ""
    least, most = column.options.get("minLength"), column.options.get("maxLength")
    if isinstance(least, int) and len(value) < least:
        return f"is shorter than minLength {least}"
    if isinstance(most, int) and len(value) > most:
        return f"is longer than maxLength {most}"
    pattern = column.options.get("pattern")
    if isinstance(pattern, str) and search(pattern, value) is False:
        return f"does not match the pattern {clip(pattern)}"
    return ""


def _wrong_number(column: Column, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    for name, is_outside in OUTSIDE.items():
        bound = column.options.get(name)
        if isinstance(bound, int | float) and is_outside(value, bound):
            return f"is outside {name} {bound}"
    low, high = _width(column)
    return "" if low <= value <= high else f"does not fit into {column.physical_type}"


def _width(column: Column) -> tuple[float, float]:
    try:
        return INTEGER_RANGES.get(canonical_type(column.physical_type), (float("-inf"), float("inf")))
    except ValueError:
        return float("-inf"), float("inf")
