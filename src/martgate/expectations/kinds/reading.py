"""Readers of single values in a contract: texts, column names and scalars."""

from martgate.contracts.model import Scalar, Table
from martgate.expectations.mistakes import Mistake, is_finite
from martgate.hints import clip, did_you_mean

__all__ = ["read_names", "read_scalar", "read_text", "resolve_columns"]


def resolve_columns(names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """The names as the contract spells them (SQL does not tell upper from lower case).

    Raises:
        Mistake: a name is no column of the table.
    """
    spelled = {name.casefold(): name for name in table.column_names}
    for name in names:
        if name.casefold() not in spelled:
            raise Mistake(f"{table.name} has no column {clip(name)}", did_you_mean(name, table.column_names))
    return tuple(spelled[name.casefold()] for name in names)


def read_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Mistake(f"found {clip(value)}, expected text")
    return value.strip()


def read_names(value: object, least: int = 1) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise Mistake(f"found {clip(value)}, expected a list of column names")
    if len(names) < least:
        raise Mistake(f"expected at least {least} columns, found {len(names)}")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise Mistake(f"{clip(repeated[0])} is listed twice")
    return tuple(names)


def read_scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected a text, a number or a boolean")
    return value
