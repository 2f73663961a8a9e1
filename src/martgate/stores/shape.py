"""Which columns a table must have, and whether the one that is there has them."""

from collections.abc import Iterable, Sequence

from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.errors import InvalidInput

__all__ = ["demand_shape", "physical_types"]


def physical_types(table: Table) -> dict[str, str]:
    """The contract's type of each column, in Spark's spelling.

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


def demand_shape(table: Table, place: str, columns: Iterable[tuple[str, str]], partitions: Sequence[str]) -> None:
    """Raise unless a table that is there is what the contract says; `columns` are its names and types, in order.

    Raises:
        martgate.errors.InvalidInput: with every difference.
    """
    have, want = tuple(columns), tuple(physical_types(table).items())
    if have != want:
        told = [f"{_typed(a)} in the table, {_typed(b)} in the contract" for a, b in _differences(have, want)]
        raise InvalidInput(f"{table.qualified_name}: {place} is not what the contract says: {'; '.join(told)}")
    if tuple(partitions) != table.partition_columns:
        raise InvalidInput(
            f"{table.qualified_name}: {place} is partitioned by {', '.join(partitions) or 'nothing'}, "
            f"the contract says {', '.join(table.partition_columns) or 'nothing'}"
        )


_Typed = tuple[str, str]


def _typed(column: _Typed | None) -> str:
    return " ".join(column) if column else "nothing"


def _differences(have: tuple[_Typed, ...], want: tuple[_Typed, ...]) -> list[tuple[_Typed | None, _Typed | None]]:
    """What differs, by name; by place where only the order does."""
    old, new = dict(have), dict(want)
    named = [
        ((name, old[name]) if name in old else None, (name, new[name]) if name in new else None)
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    return named or [(a, b) for a, b in zip(have, want, strict=True) if a != b]
