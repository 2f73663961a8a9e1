"""One row of a table as JSON Schema 2020-12: for whoever sends or receives rows as JSON."""

import json
from datetime import date
from decimal import Decimal

from martgate.contracts.export.constraints import SCOPE_NOTE, Bound, Constraints, read_constraints, source_title
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.export.text import json_text
from martgate.contracts.model import Table
from martgate.text.regex import to_ecmascript

__all__ = ["export", "render_schema"]

_BOUNDS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}


def export(request: ExportRequest) -> str:
    return render_schema(request.table)


def render_schema(table: Table) -> str:
    """A JSON Schema: required columns must be there, the others may be null or left out, unknown ones are refused.

    Instants are RFC 3339 text, decimals numbers, binary values base64 text.

    Raises:
        martgate.errors.InvalidInput: the contract states types or limits that there are not.
    """
    found = read_constraints(table)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": " ".join((f"{source_title(table)}.", *SCOPE_NOTE)),
        "title": table.qualified_name,
        **({"description": table.description} if table.description else {}),
        "type": "object",
        "properties": {one.column.name: _property(one) for one in found},
        "required": [one.column.name for one in found if one.required],
        "additionalProperties": False,
    }
    return json_text(document)


def _property(one: Constraints) -> dict[str, object]:
    """One column's value."""
    found: dict[str, object] = {}
    if one.column.business_name:
        found["title"] = one.column.business_name
    if one.column.description:
        found["description"] = one.column.description
    found |= json.loads(one.type.json_schema)
    found |= _limits(one, is_number=found["type"] in ("integer", "number"))
    if not one.required:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*map(_plain, one.values), None]
    return found


def _limits(one: Constraints, *, is_number: bool) -> dict[str, object]:
    """What the contract says beyond the type; a bound replaces the one of the type's width."""
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
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, date) else value
