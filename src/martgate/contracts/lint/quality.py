"""Checks of the entries of quality lists."""

from collections.abc import Iterator, Sequence

from martgate.contracts.odcs import METRICS, OPERATORS, ContractFile
from martgate.contracts.quality import WARNINGS, Quality, QualityType, Severity
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words
from martgate.text.regex import PatternError, read_pattern

__all__ = ["find_problems"]

SEVERITIES = (Severity.ERROR.value, *sorted(WARNINGS))
UNITS = ("rows", "percent")
DIMENSIONS = ("accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness")


def find_problems(contract_file: ContractFile) -> Iterator[Problem]:
    for table in contract_file.contract.tables:
        names = frozenset(table.column_names)
        yield from _entries(contract_file.document, names, table.quality, on_column=False)
        for column in table.columns:
            yield from _entries(contract_file.document, names, column.quality, on_column=True)


def _entries(
    document: Document, names: frozenset[str], entries: tuple[Quality, ...], *, on_column: bool
) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for entry in entries:
        if entry.suite:
            continue  # checked when the suite was read
        other = first.setdefault(entry.id.casefold(), entry.path)
        if other != entry.path:
            hint = f"the first is in line {document.locate(f'{other}.id')[0]}"
            yield document.problem(f"{entry.path}.id", f"this list has a second quality rule {clip(entry.id)}", hint)
        yield from _check_words(document, entry)
        if entry.type is QualityType.SQL or entry.metric is not None:
            yield from _threshold(document, entry)
        if entry.type is QualityType.LIBRARY:
            yield from _metric(document, entry, on_column=on_column)
            yield from _arguments(document, entry, names, on_column=on_column)
        if entry.type is QualityType.SQL and not entry.query.strip():
            yield document.problem(f"{entry.path}.query", "the query is empty")


def _check_words(document: Document, entry: Quality) -> Iterator[Problem]:
    vocabulary = {"severity": SEVERITIES, "unit": UNITS, "dimension": DIMENSIONS}
    for key, known in vocabulary.items():
        path = f"{entry.path}.{key}"
        word = document.at(path)
        if word is not None and word not in known:
            hint = did_you_mean(str(word), known)
            message = f"found {clip(word)}, expected {join_words(known, 'or')}"
            yield document.problem(path, message, hint if hint.startswith("Did") else "")


def _threshold(document: Document, entry: Quality) -> Iterator[Problem]:
    operators = [operator for operator in OPERATORS if document.at(f"{entry.path}.{operator}") is not None]
    if entry.threshold is None:
        yield _no_threshold(document, entry, operators)
        return
    low, high = entry.threshold.values[0], entry.threshold.values[-1]
    path = f"{entry.path}.{entry.threshold.operator}"
    if entry.threshold.operator.endswith("Between") and low >= high:
        yield document.problem(path, f"from {low} to {high} is not an interval", "write the smaller number first")
    if entry.type is QualityType.LIBRARY:
        most = 100 if entry.unit == "percent" else float("inf")
        for number in dict.fromkeys((low, high)):
            if not 0 <= number <= most:
                expected = "a share from 0 to 100 percent" if most == 100 else "a number of rows, 0 or more"
                message = f"found {number}, expected {expected}"
                yield document.problem(path, message)


def _no_threshold(document: Document, entry: Quality, operators: Sequence[str]) -> Problem:
    if len(operators) == 1:
        path = f"{entry.path}.{operators[0]}"
        return document.problem(path, f"found {clip(document.at(path))}, expected a number to compare with")
    found = f"found {join_words(operators)}" if operators else "found none"
    hint = "write two entries for two bounds" if operators else "as in mustBe: 0"
    return document.problem(entry.path, f"expected exactly one of {join_words(OPERATORS, 'or')}, {found}", hint)


def _metric(document: Document, entry: Quality, *, on_column: bool) -> Iterator[Problem]:
    if entry.metric is None:
        key = "metric" if document.at(f"{entry.path}.metric") is not None else "rule"
        word = document.at(f"{entry.path}.{key}")
        if word is None:
            hint = f"add metric ({join_words(METRICS, 'or')}), or a type: sql, custom, text"
            yield document.problem(entry.path, "found neither a metric nor a type, so nothing is checked", hint)
        else:
            yield document.problem(
                f"{entry.path}.{key}", f"unknown metric {clip(word)}", did_you_mean(str(word), METRICS)
            )
    elif entry.metric == "rowCount" and on_column:
        hint = "move it to the quality list of the table"
        yield document.problem(entry.path, "rowCount counts the rows of a table, not of a column", hint)
    elif entry.metric == "rowCount" and entry.unit == "percent":
        yield document.problem(f"{entry.path}.unit", "rowCount counts all rows, so it has no percentage")


def _arguments(document: Document, entry: Quality, names: frozenset[str], *, on_column: bool) -> Iterator[Problem]:
    path = f"{entry.path}.arguments"
    properties = entry.arguments.get("properties")
    if not on_column and entry.metric not in {None, "rowCount"} and not properties:
        hint = "add arguments: {properties: [...]}, or move it to a column"
        yield document.problem(entry.path, f"{entry.metric} names no columns", hint)
    for index, name in enumerate(properties if isinstance(properties, list) else []):
        if str(name) not in names:
            message = f"{clip(name)} is not a column of this table"
            yield document.problem(f"{path}.properties[{index}]", message, did_you_mean(str(name), names))
    if entry.arguments.get("pattern") is not None:
        try:
            read_pattern(entry.arguments["pattern"])
        except PatternError as error:
            yield document.problem(f"{path}.pattern", error.message, error.hint)
    keys = ("validValues", "pattern") if entry.metric == "invalidValues" else ()
    if keys and not any(key in entry.arguments for key in keys):
        message = "invalidValues does not say which values are valid"
        yield document.problem(entry.path, message, f"add {join_words(keys, 'or')}")
