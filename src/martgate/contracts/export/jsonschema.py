"""Exports a table as JSON Schema 2020-12 of one row, for rows that are sent or received as JSON."""

import json
from datetime import date
from decimal import Decimal

from martgate.contracts.export.constraints import SCOPE_NOTE, Bound, Constraints, read_constraints, source_title
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.export.text import json_text
from martgate.contracts.model import Table
from martgate.text.numbers import read_number
from martgate.text.regex import to_ecmascript

__all__ = ["export", "render_schema"]

_BOUNDS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}


def export(request: ExportRequest) -> str:
    """Write the table of a request; see `render_schema`."""
    return render_schema(request.table)


def render_schema(table: Table) -> str:
    """Write a JSON Schema: required columns must exist, others may be null or missing, unknown ones are forbidden.

    Instants are RFC 3339 text, decimals are numbers, binary values are base64 text.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits.
    """
    columns = read_constraints(table)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": " ".join((f"{source_title(table)}.", *SCOPE_NOTE)),
        "title": table.qualified_name,
        **({"description": table.description} if table.description else {}),
        "type": "object",
        "properties": {one.column.name: _property(one) for one in columns},
        "required": [one.column.name for one in columns if one.required],
        "additionalProperties": False,
    }
    return json_text(document)


def _property(one: Constraints) -> dict[str, object]:
    schema: dict[str, object] = {}
    if one.column.business_name:
        schema["title"] = one.column.business_name
    if one.column.description:
        schema["description"] = one.column.description
    schema |= json.loads(one.type.json_schema)
    schema |= _limits(one, is_number=schema["type"] in ("integer", "number"))
    if not one.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*map(_plain, one.values), None]
    return schema


def _limits(one: Constraints, *, is_number: bool) -> dict[str, object]:
    """Return the limits of the contract; a bound replaces that of the type's width."""
    limits: dict[str, object] = {
        "enum": [_plain(value) for value in one.values] or None,
        "pattern": to_ecmascript(one.pattern) if one.pattern else None,
        "minLength": one.min_length,
        "maxLength": one.max_length,
    }
    if is_number:  # JSON Schema compares numbers only; dates are text there
        limits |= {_BOUNDS[sign]: _plain(bound) for sign, bound in one.bounds}
        limits["multipleOf"] = None if one.multiple_of is None else _plain(one.multiple_of)
    return {name: limit for name, limit in limits.items() if limit is not None}


def _plain(value: Bound) -> str | float | int:
    """Return a value as JSON represents it."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else read_number(format(value, "f"))
    return value.isoformat() if isinstance(value, date) else value
