"""The type that a property has in the data."""

from collections.abc import Mapping
from typing import Any

from martgate.contracts.odcs.names import physical_name
from martgate.contracts.odcs.raw import mappings, text
from martgate.contracts.types import default_physical_type
from martgate.text.quoting import identifier

__all__ = ["read_options", "read_physical_type"]


def read_physical_type(raw: Mapping[str, Any]) -> str:
    """As written; else what the logical type, or the properties inside, amount to; else empty."""
    stated, logical = text(raw, "physicalType"), text(raw, "logicalType")
    if stated or not logical:
        return stated
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
    """`logicalTypeOptions`; an exclusive bound that is true or false, as 3.0 wrote it, becomes the bound itself."""
    found: dict[str, object] = dict(raw.get("logicalTypeOptions") or {})
    for inclusive, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and inclusive in found:
            found[exclusive] = found.pop(inclusive)
    return found
