"""Compares the columns and partitions of a table with its contract."""

from collections.abc import Iterable, Sequence

from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.errors import InvalidInput

__all__ = ["check_shape", "get_physical_types"]


def get_physical_types(table: Table) -> dict[str, str]:
    """Return the contract's type of each column, in Spark's spelling.

    Raises:
        martgate.errors.InvalidInput: with every column whose type is unknown.
    """
    types, problems = {}, []
    for column in table.columns:
        try:
            types[column.name] = canonical_type(column.physical_type)
        except ValueError as error:
            problems.append(f"{table.qualified_name}.{column.name}: {error}")
    if problems:
        raise InvalidInput(*problems)
    return types


def check_shape(table: Table, place: str, columns: Iterable[tuple[str, str]], partitions: Sequence[str]) -> None:
    """Check that an existing table has the columns and partitions of its contract.

    Args:
        table: the table of the contract.
        place: where the existing table is, for messages.
        columns: the names and types of its columns, in order.
        partitions: the names of its partition columns, in order.

    Raises:
        martgate.errors.InvalidInput: with every difference.
    """
    actual, expected = tuple(columns), tuple(get_physical_types(table).items())
    if actual != expected:
        differences = "; ".join(
            f"{_describe(a)} in the table, {_describe(b)} in the contract" for a, b in _differences(actual, expected)
        )
        raise InvalidInput(f"{table.qualified_name}: {place} is not what the contract says: {differences}")
    if tuple(partitions) != table.partition_columns:
        raise InvalidInput(
            f"{table.qualified_name}: {place} is partitioned by {', '.join(partitions) or 'nothing'}, "
            f"the contract says {', '.join(table.partition_columns) or 'nothing'}"
        )


_TypedColumn = tuple[str, str]


def _describe(column: _TypedColumn | None) -> str:
    return " ".join(column) if column else "nothing"


def _differences(
    actual: tuple[_TypedColumn, ...], expected: tuple[_TypedColumn, ...]
) -> list[tuple[_TypedColumn | None, _TypedColumn | None]]:
    """Pair the columns that differ by name; by position if only the order differs."""
    old, new = dict(actual), dict(expected)
    named = [
        ((name, old[name]) if name in old else None, (name, new[name]) if name in new else None)
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    return named or [(a, b) for a, b in zip(actual, expected, strict=True) if a != b]
