"""Reads the entries of `quality` lists; `rule`, the name of 3.0 for a metric, is read as the metric of 3.1."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

from martgate.contracts.odcs.raw import as_list, custom_properties, mappings, text
from martgate.contracts.quality import WARNINGS, Metric, Operator, Quality, QualityType, Severity, Threshold
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput

__all__ = ["METRICS", "OPERATORS", "read_qualities"]

METRICS: tuple[Metric, ...] = get_args(Metric)
OPERATORS: tuple[Operator, ...] = get_args(Operator)
OLD_RULES: Mapping[str, Metric] = {
    "nullCheck": "nullValues",
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "validValues": "invalidValues",
}
CHECKS = frozenset({"nullCheck", "uniqueCheck", "validValues"})
"""Rules of 3.0 that allow no offenders, without an operator."""


def read_qualities(path: str, raw: Mapping[str, Any], rename: Mapping[str, str]) -> tuple[Quality, ...]:
    """Read the `quality` list of a table or a column.

    Args:
        path: The address of the table or column.
        raw: The table or column, as the document has it.
        rename: The name in the data for each name of a column.
    """
    entries = mappings(raw, "quality")
    taken = Counter({text(entry, "id"): 1 for entry in entries})
    qualities: list[Quality] = []
    for index, entry in enumerate(entries):
        name = text(entry, "id") or _free(_kind(entry), taken)
        qualities.append(_quality(f"{path}.quality[{index}]", entry, name, rename))
    return tuple(qualities)


def _quality(path: str, raw: Mapping[str, Any], name: str, rename: Mapping[str, str]) -> Quality:
    warns = text(raw, "severity").lower() in WARNINGS
    return Quality(
        path=path,
        id=name,
        type=QualityType(text(raw, "type") or QualityType.LIBRARY),
        severity=Severity.WARNING if warns else Severity.ERROR,
        dimension=text(raw, "dimension"),
        description=text(raw, "description"),
        metric=_metric(raw),
        threshold=_threshold(raw),
        unit="percent" if text(raw, "unit") == "percent" else "rows",
        arguments=_arguments(raw, rename),
        query=text(raw, "query"),
        engine=text(raw, "engine"),
        implementation=_implementation(raw),
        custom=custom_properties(raw),
    )


def _kind(raw: Mapping[str, Any]) -> str:
    """Return the name of an entry without an id: its metric, its rule or its type."""
    implementation = _implementation(raw)
    rule = implementation.get("rule") or implementation.get("type")
    return (
        _metric(raw) or text(raw, "rule") or (rule if isinstance(rule, str) else "") or text(raw, "type") or "quality"
    )


def _free(name: str, taken: Counter[str]) -> str:
    """Return a name, or the name with the next free number, and mark it as taken."""
    free = name
    while taken[free]:
        taken[name] += 1
        free = f"{name}-{taken[name]}"
    taken[free] += 1
    return free


def _metric(raw: Mapping[str, Any]) -> Metric | None:
    name = text(raw, "metric") or text(raw, "rule")
    return next((metric for metric in METRICS if metric == OLD_RULES.get(name, name)), None)


def _threshold(raw: Mapping[str, Any]) -> Threshold | None:
    """Return the only operator with its numbers; None where there is none, more than one, or no number."""
    operators = [operator for operator in OPERATORS if operator in raw]
    if not operators and text(raw, "rule") in CHECKS and not text(raw, "metric"):
        return Threshold("mustBe", (0,))
    if len(operators) != 1:
        return None
    numbers = as_list(raw[operators[0]])
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return None
    return Threshold(operators[0], tuple(numbers))


def _arguments(raw: Mapping[str, Any], rename: Mapping[str, str]) -> Mapping[str, object]:
    arguments: dict[str, object] = dict(raw["arguments"]) if isinstance(raw.get("arguments"), dict) else {}
    if isinstance(raw.get("validValues"), list):  # their place in 3.0
        arguments.setdefault("validValues", raw["validValues"])
    if isinstance(properties := arguments.get("properties"), list):
        arguments["properties"] = [rename.get(str(item), item) for item in properties]
    return arguments


def _implementation(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the implementation as a mapping; text is parsed as YAML, which public contracts write there."""
    value = raw.get("implementation")
    if isinstance(value, str):
        try:
            value = Document.parse(value, file="implementation").data
        except InvalidInput:
            return {}
    return value if isinstance(value, dict) else {}
