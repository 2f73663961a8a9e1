"""Reading a parsed document by type: a wrong type is as good as nothing, for a schema has told of it already."""

from collections.abc import Mapping
from typing import Any

__all__ = ["as_list", "custom_properties", "mappings", "text", "texts"]


def text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def mappings(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = raw.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def custom_properties(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """The custom properties; the first of equal names wins, and lint tells of the second."""
    found: dict[str, object] = {}
    for item in mappings(raw, "customProperties"):
        found.setdefault(text(item, "property"), item.get("value"))
    return found


def texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
