"""Dispatch of changed clauses to the functions that classify them, by the shape of the address."""

import re
from collections.abc import Callable, Sequence

from martgate.contracts.diff import columns, document, rules, sla
from martgate.contracts.diff.clause import ClauseChange, Impact, classify_entry, classify_unlisted
from martgate.contracts.odcs import OPERATORS

__all__ = ["classify"]


def classify(clause: ClauseChange) -> Impact:
    """Return the impact of a changed clause, or of an entry that was added or removed."""
    function = next(
        (function for pattern, function in _CLASSIFIERS if pattern.fullmatch(clause.shape)), classify_unlisted
    )
    return function(clause)


_COLUMN = r"schema\[\]\.properties\[\]"
_OPTION = rf"{_COLUMN}\.logicalTypeOptions"
_QUALITY = r"schema\[\](\.properties\[\])?\.quality\[\]"

_CLASSIFIERS: Sequence[tuple[re.Pattern[str], Callable[[ClauseChange], Impact]]] = [
    (re.compile(pattern, re.DOTALL), function)
    for pattern, function in (
        (r".*#order", document.order),
        (r"id", document.identity),
        (r"status", document.status),
        (r"servers\[\].*", document.server),
        (r"(.*\.)?customProperties\[\].*", document.custom),
        (r"schema\[\]", classify_entry("a table")),
        (_COLUMN, classify_entry("a column")),
        (rf"{_COLUMN}\.(required|unique)|{_OPTION}\.uniqueItems", columns.flag),
        (rf"{_COLUMN}\.primaryKey(Position)?", columns.key),
        (rf"{_COLUMN}\.(partitioned|partitionKeyPosition)", columns.partition),
        (rf"{_COLUMN}\.(physicalType|logicalType)|{_OPTION}\.(format|timezone|defaultTimezone)", columns.physical_type),
        (rf"{_OPTION}\.(minimum|maximum|exclusiveMinimum|exclusiveMaximum)", columns.bound),
        (rf"{_OPTION}\.(min|max)(Length|Items|Properties)", columns.size),
        (rf"{_OPTION}\.multipleOf", columns.multiple),
        (rf"{_OPTION}\.pattern", columns.pattern),
        (rf"{_OPTION}\.required\[\]", classify_entry("a required field")),
        (rf"{_COLUMN}\.enum\[\].*", columns.enum),
        (rf"{_COLUMN}\.classification", columns.classification),
        (rf"{_COLUMN}\.name", columns.name),
        (r"schema\[\](\.properties\[\])?\.relationships\[\]", classify_entry("a foreign key")),
        (rf"{_QUALITY}\.severity", rules.severity),
        (rf"{_QUALITY}\.({'|'.join(OPERATORS)})(\[\])?", rules.threshold),
        (rf"{_QUALITY}\.implementation\.allow_vacuous", rules.vacuous),
        (rf"{_QUALITY}\.implementation\.(tolerance|max_distance)", rules.tolerance),
        (rf"{_QUALITY}.*", rules.rule),
        (r"slaProperties\[\].*", sla.promise),
    )
]
"""The first pattern that matches the shape decides."""
