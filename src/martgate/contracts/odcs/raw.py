"""Typed access to a parsed document; values of a wrong type, which the JSON Schema reports, are skipped."""

from collections.abc import Mapping
from typing import Any

__all__ = ["as_list", "custom_properties", "mappings", "text", "texts"]


def text(raw: Mapping[str, Any], key: str) -> str:
    """Return a text; empty where there is none."""
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def mappings(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the mappings of a list."""
    value = raw.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def custom_properties(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the custom properties; the first of a name counts, and lint reports the others."""
    properties: dict[str, object] = {}
    for item in mappings(raw, "customProperties"):
        properties.setdefault(text(item, "property"), item.get("value"))
    return properties


def texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts of a list."""
    value = raw.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, any other value as the only entry, and None as no entry."""
    return value if isinstance(value, list) else [] if value is None else [value]
