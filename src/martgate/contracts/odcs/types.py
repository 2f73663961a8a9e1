"""The physical type of a property."""

from collections.abc import Mapping
from typing import Any

from martgate.contracts.odcs.names import physical_name
from martgate.contracts.odcs.raw import mappings, text
from martgate.contracts.types import default_physical_type
from martgate.text.quoting import identifier

__all__ = ["read_options", "read_physical_type"]


def read_physical_type(raw: Mapping[str, Any]) -> str:
    """Return the `physicalType`, or the type that follows from the logical type; empty where neither says enough."""
    physical, logical = text(raw, "physicalType"), text(raw, "logicalType")
    if physical or not logical:
        return physical
    inner = [f"{identifier(physical_name(item))}:{read_physical_type(item)}" for item in mappings(raw, "properties")]
    if logical == "object" and inner:
        return f"struct<{','.join(inner)}>"
    if logical == "array" and isinstance(raw.get("items"), dict):
        return f"array<{read_physical_type(raw['items'])}>"
    if logical == "map" and isinstance(raw.get("map"), dict):
        return f"map<{read_physical_type(raw['map']['key'])},{read_physical_type(raw['map']['value'])}>"
    try:
        return default_physical_type(logical, read_options(raw))
    except ValueError:
        return ""


def read_options(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the `logicalTypeOptions`; a boolean exclusive bound, as in 3.0, becomes the bound itself."""
    options: dict[str, object] = dict(raw.get("logicalTypeOptions") or {})
    for inclusive, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(options.get(exclusive), bool) and options.pop(exclusive) and inclusive in options:
            options[exclusive] = options.pop(inclusive)
    return options
