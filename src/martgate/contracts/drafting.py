"""A draft of a contract, from what is known of data that nobody has described yet.

Names, types and partitions are what the data are. Whatever was merely seen in them (no nulls, no two rows with the same
value) is a promise marked `inferred`, for somebody to confirm or to delete. No value of any row is in a draft but of
columns for which that was asked: until somebody classifies them, all others are confidential.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from martgate.contracts.types import translate_type
from martgate.contracts.yaml.document import UNPRINTABLE
from martgate.errors import InvalidInput, Problem

__all__ = ["ColumnProfile", "draft"]

_API = "v3.2.0"
_INFERRED = {"property": "inferred", "value": True}
_CONFIRM = (
    "Drafted from data. Columns, types and partitions are theirs. What a column marked `inferred` says beyond them was "
    "seen in the data and promised by nobody: confirm it or delete it. Every column is confidential until it is "
    "classified, and its values were left out, but for those that were asked for."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column as it was found: its type as the engine spells it, and what its rows have in common.

    `partition` is its place, from 1, among the columns by which the data are partitioned.
    `values` (the only ones there are) and `least` and `greatest` are kept of columns alone whose values may be written.
    """

    name: str
    kind: str
    partition: int | None = None
    has_no_null: bool = False
    is_unique: bool = False
    may_be_shown: bool = False
    values: tuple[str | int, ...] = ()
    least: str | int | None = None
    greatest: str | int | None = None


def draft(name: str, columns: Sequence[ColumnProfile], *, rows: int) -> str:
    """The text of an ODCS document about table `name`, which is bare or qualified, as of `rows` rows.

    Raises:
        martgate.errors.InvalidInput: a column has a type that no contract can state; with every such column.
    """
    _demand_types(name, columns)
    table: dict[str, Any] = {
        "name": name.rpartition(".")[2],
        "physicalName": name,
        "physicalType": "table",
        "logicalType": "object",
    }
    if rows:
        seen = f"{rows:,} rows were there when this was drafted."
        table["quality"] = [
            {
                "id": "not_empty",
                "metric": "rowCount",
                "mustBeGreaterThan": 0,
                "dimension": "completeness",
                "severity": "error",
                "description": seen,
                "customProperties": [_INFERRED],
            }
        ]
    table["properties"] = [_property(column) for column in columns]
    document = {
        "apiVersion": _API,
        "kind": "DataContract",
        "id": name,
        "name": name.rpartition(".")[2],
        "version": "0.1.0",
        "status": "draft",
        "description": {"limitations": _CONFIRM},
        "schema": [table],
    }
    text = _dumped(document, raw=True)
    return _dumped(document, raw=False) if UNPRINTABLE.search(text) else text


def _dumped(document: object, *, raw: bool) -> str:
    """As YAML, where letters beyond ASCII stand as they are if `raw`, and escaped if not."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=raw, width=110)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes the same mapping twice rather than an anchor."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _demand_types(name: str, columns: Iterable[ColumnProfile]) -> None:
    problems = []
    for column in columns:
        try:
            translate_type(column.kind)
        except ValueError as error:
            problems.append(
                Problem(
                    file="",
                    path=f"{name}.{column.name}",
                    message=f"has a type that no contract can state: {error}",
                    hint="write the data with another type, or leave the column out",
                )
            )
    if problems:
        raise InvalidInput(*problems)


def _property(column: ColumnProfile) -> Mapping[str, Any]:
    kind = translate_type(column.kind)
    logical = "object" if kind.logical == "map" else kind.logical  # a map would have to state its parts once more
    found: dict[str, Any] = {"name": column.name, "logicalType": logical, "physicalType": kind.spark}
    if column.has_no_null:
        found["required"] = True
    if column.is_unique:
        found["unique"] = True
    if column.partition is not None:
        found |= {"partitioned": True, "partitionKeyPosition": column.partition}
    options = {"minimum": column.least, "maximum": column.greatest}
    options = {} if column.values else {key: value for key, value in options.items() if value is not None}
    if kind.spark == "timestamp_ntz":
        options["timezone"] = False
    if options:
        found["logicalTypeOptions"] = options
    if column.values:
        found["enum"] = [{"value": value} for value in column.values]
    found["classification"] = "internal" if column.may_be_shown else "confidential"
    if column.has_no_null or column.is_unique or column.values or column.least is not None:
        found["customProperties"] = [_INFERRED]
    return found
