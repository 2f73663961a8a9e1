"""Preconditions of statements and tables that every engine checks, with the same messages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import zip_longest

from martgate.builders.ports import Dataset
from martgate.errors import QueryFailed

__all__ = ["Shape", "bind_parameters", "require_columns", "require_one_shape", "require_registered"]

Shape = tuple[str, Sequence[tuple[str, str]]]
"""A file and its columns: name and type, in order."""


def require_registered(relation: str, registered: Collection[str]) -> None:
    """Raise if a relation is not registered: engines must not look up unknown names anywhere else."""
    by_lower = {name.lower(): name for name in registered}
    if relation.lower() in by_lower:
        return
    matches = get_close_matches(relation.lower(), by_lower, n=1)
    names = ", ".join(sorted(registered)) or "none"
    hint = f"Did you mean {by_lower[matches[0]]}?" if matches else f"Known tables: {names}."
    raise QueryFailed(f"there is no table {relation}. {hint}")


def require_columns(relation: str, dataset: Dataset) -> None:
    """Raise if the columns of a dataset without files are not declared."""
    if not dataset.columns:
        raise QueryFailed(f"{relation} cannot be read: it has no files, and its columns are not declared")


def bind_parameters(names: Iterable[str], values: Mapping[str, str]) -> dict[str, str]:
    """Select the values of the parameters that a statement names; raise if one has no value."""
    names = sorted(names)
    if missing := [name for name in names if name not in values]:
        raise QueryFailed(
            f"no value for the parameter :{', :'.join(missing)} (values exist for {', '.join(sorted(values)) or 'none'})"
        )
    return {name: values[name] for name in names}


def require_one_shape(relation: str, shapes: Sequence[Shape]) -> None:
    """Raise if files without declared columns have different columns: nothing says which file is right."""
    if len(shapes) < 2:
        return
    (file, columns), (another, others), *_ = shapes
    first, second = next((a, b) for a, b in zip_longest(columns, others) if a != b)
    raise QueryFailed(
        f"{relation} cannot be read as one table: {file} has {_describe(first)} where {another} has {_describe(second)}; "
        "audit them one by one, or as a Delta table, whose log declares the columns"
    )


def _describe(column: tuple[str, str] | None) -> str:
    return " ".join(column) if column else "no more columns"
