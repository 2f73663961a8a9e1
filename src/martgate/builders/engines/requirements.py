"""What every engine asks of a statement, and refuses in the same words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import zip_longest

from martgate.builders.ports import Dataset
from martgate.errors import QueryFailed

__all__ = ["Shape", "require_columns", "bind_parameters", "require_registered", "require_one_shape"]

Shape = tuple[str, Sequence[tuple[str, str]]]
"""A file, and the columns (name and type, in order) that it has."""


def require_registered(relation: str, known: Collection[str]) -> None:
    """Raise unless a name was registered: no engine may look for an unknown one anywhere else."""
    by_lower = {name.lower(): name for name in known}
    if relation.lower() in by_lower:
        return
    near = get_close_matches(relation.lower(), by_lower, n=1)
    listed = ", ".join(sorted(known)) or "none"
    hint = f"Did you mean {by_lower[near[0]]}?" if near else f"Known tables: {listed}."
    raise QueryFailed(f"there is no table {relation}. {hint}")


def require_columns(relation: str, dataset: Dataset) -> None:
    """Raise where nothing says which columns a table without files has."""
    if not dataset.columns:
        raise QueryFailed(f"{relation} cannot be read: it has no file, and its columns are not declared")


def bind_parameters(named: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that a statement names, with their values; raise where one was not given."""
    names = sorted(named)
    if missing := [name for name in names if name not in given]:
        raise QueryFailed(
            f"no value was given for :{', :'.join(missing)} (given were {', '.join(sorted(given)) or 'none'})"
        )
    return {name: given[name] for name in names}


def require_one_shape(relation: str, shapes: Sequence[Shape]) -> None:
    """Raise where files that nobody declared to be one table differ; nobody said that one of them is right."""
    if len(shapes) < 2:
        return
    (file, columns), (another, others), *_ = shapes
    mine, its = next((a, b) for a, b in zip_longest(columns, others) if a != b)
    raise QueryFailed(
        f"{relation} cannot be read as one table: {file} has {_told(mine)} where {another} has {_told(its)}; "
        "audit them one by one, or as a Delta table, whose log says what holds"
    )


def _told(column: tuple[str, str] | None) -> str:
    return " ".join(column) if column else "no more columns"
