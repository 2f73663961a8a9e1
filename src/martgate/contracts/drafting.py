"""Drafts of contracts from the columns and statistics of existing data.

Names, types and partitions are facts. What the rows happen to have in common (no nulls, no repeated values) is marked
`inferred`, to be confirmed or deleted by the owner. A draft has values of the data only for the columns that the user
allows; all other columns are classified as confidential.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from martgate.contracts.types import translate_type
from martgate.contracts.yaml.document import UNPRINTABLE
from martgate.contracts.yaml.scalars import MalformedScalar, resolve_scalar
from martgate.errors import InvalidInput, Problem

__all__ = ["ColumnProfile", "draft"]

_API = "v3.2.0"
_INFERRED = {"property": "inferred", "value": True}
_CONFIRM = (
    "Drafted from data: columns, types and partitions are facts. The other clauses of a column marked `inferred` hold for "
    "the data that were read, and are no promise yet: confirm or delete them. Columns are confidential until the owner "
    "classifies them; the draft has values only of the columns that the command may show."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """The type and the statistics of a column.

    Attributes:
        name: The name of the column.
        kind: The type, as the engine names it.
        partition: The position among the partition columns, from 1; None for other columns.
        has_no_null: Whether no row has a null.
        is_unique: Whether no two rows have the same value.
        may_be_shown: Whether the draft may have values of the column.
        values: All distinct values, if there are few and they may be shown.
        least: The least value, if it may be shown.
        greatest: The greatest value, if it may be shown.
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
    """Write an ODCS document for a table.

    Args:
        name: The name of the table, bare or qualified.
        columns: The columns, in order.
        rows: The number of rows; if there are any, the draft requires that the table is not empty.

    Raises:
        martgate.errors.InvalidInput: Columns have types that a contract cannot state; with every such column.
    """
    _demand_types(name, columns)
    table: dict[str, Any] = {
        "name": name.rpartition(".")[2],
        "physicalName": name,
        "physicalType": "table",
        "logicalType": "object",
    }
    if rows:
        seen = f"The table had {rows:,} rows when this was drafted."
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
    """Write YAML; letters beyond ASCII are escaped unless `raw`."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=raw, width=110)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes a repeated mapping in full rather than as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Quote a text that contracts would read as something else, as 1e3 and 0o17."""
        style = None if _is_plain_text(text) else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _is_plain_text(text: str) -> bool:
    try:
        return isinstance(resolve_scalar(text, plain=True), str)
    except MalformedScalar:
        return False


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
    logical = "object" if kind.logical == "map" else kind.logical  # logicalType map requires its parts as well
    clauses: dict[str, Any] = {"name": column.name, "logicalType": logical, "physicalType": kind.spark}
    if column.has_no_null:
        clauses["required"] = True
    if column.is_unique:
        clauses["unique"] = True
    if column.partition is not None:
        clauses |= {"partitioned": True, "partitionKeyPosition": column.partition}
    options = {"minimum": column.least, "maximum": column.greatest}
    options = {} if column.values else {key: value for key, value in options.items() if value is not None}
    if kind.spark == "timestamp_ntz":
        options["timezone"] = False
    if options:
        clauses["logicalTypeOptions"] = options
    if column.values:
        clauses["enum"] = [{"value": value} for value in column.values]
    clauses["classification"] = "internal" if column.may_be_shown else "confidential"
    if column.has_no_null or column.is_unique or column.values or column.least is not None:
        clauses["customProperties"] = [_INFERRED]
    return clauses
