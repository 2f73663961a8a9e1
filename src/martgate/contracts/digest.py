"""The digest of a table's clauses: versions of a contract with the same digest require the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

from martgate.contracts.model import Table
from martgate.text.numbers import mark_exact_numbers

__all__ = ["digest"]

_DOCUMENTATION = frozenset(
    [
        *("path", "file", "suite", "version", "api_version", "status", "domain", "team", "tags", "dimension"),
        "parent",
        *("description", "business_name", "granularity", "sources", "transform_logic", "transform_description"),
    ]
)
"""Fields that change nothing that is built or checked; every other field is part of the digest."""


def digest(table: Table) -> str:
    """Return the SHA-256 of the clauses of a table and of its contract, without documentation and addresses."""
    clauses = (_clauses(replace(table.contract, tables=())), _clauses(table))
    return hashlib.sha256(json.dumps(mark_exact_numbers(clauses), sort_keys=True, default=str).encode()).hexdigest()


def _clauses(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in fields(value) if field.name not in _DOCUMENTATION)
        return {name: _clauses(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _clauses(each) for key, each in value.items()}
    return [_clauses(each) for each in value] if isinstance(value, tuple | list) else value
