"""Checks of columns: types, options, enums and classifications.

Whether clauses contradict each other is asked of the rules that they become, in `martgate.expectations.reasoning`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from martgate.contracts.model import Column
from martgate.contracts.odcs import ContractFile
from martgate.contracts.types import explain_unjudged_type, translate_type
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words
from martgate.text.regex import PatternError, read_pattern

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
SIZES = (("minItems", "maxItems"), ("minProperties", "maxProperties"))
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
    if explain_unjudged_type(column.physical_type):
        return  # a warning
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
    known: set[str] = set()
    for name in (name for pair in BOUNDS for name in pair if name in column.options):
        value = column.options[name]
        try:
            if isinstance(value, str):
                FROM_TEXT.get(column.logical_type, str)(value)
            known.add(name)
        except ValueError:
            message = f"found {clip(column.options[name])}, expected a {column.logical_type} in ISO 8601"
            yield document.problem(f"{options}.{name}", message, "as in 2024-01-31 or 2024-01-31T00:00:00Z")
    for pair in BOUNDS:
        if known.issuperset(pair):
            message = f"found both {pair[0]} and {pair[1]}, expected one of them"
            yield document.problem(f"{options}.{pair[1]}", message, "keep one")


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
