"""What a contract asks of one table, as a digest: two versions with the same one ask the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

from martgate.contracts.model import Table

__all__ = ["digest"]

_TOLD = frozenset(
    [
        *("path", "file", "suite", "version", "api_version", "status", "domain", "team", "tags", "dimension"),
        "parent",
        *("description", "business_name", "granularity", "sources", "transform_logic", "transform_description"),
    ]
)
"""Fields that are read by people and change nothing that is built or checked; a field that is not here counts."""


def digest(table: Table) -> str:
    """SHA-256 over the table and what its contract says of all tables; where it stands and how it is explained do not count."""
    asked = (_asked(replace(table.contract, tables=())), _asked(table))
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _asked(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _asked(getattr(value, field.name)) for field in fields(value) if field.name not in _TOLD}
    if isinstance(value, Mapping):
        return {str(key): _asked(each) for key, each in value.items()}
    return [_asked(each) for each in value] if isinstance(value, tuple | list) else value
