"""Readers of single values in a contract: texts, column names and scalars."""

from collections.abc import Mapping

from martgate.contracts.model import Table
from martgate.contracts.quality import Scalar
from martgate.expectations.fragments import OBJECT
from martgate.expectations.mistakes import Mistake, is_finite
from martgate.hints import clip, did_you_mean
from martgate.text.quoting import fill_placeholders, literal

__all__ = ["insert_constants", "read_names", "read_scalar", "read_text", "resolve_columns"]


def resolve_columns(names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """Find columns of a table by name; upper and lower case are the same, as in SQL.

    Returns:
        The names as the contract spells them.

    Raises:
        Mistake: the table has no column of that name.
    """
    names_by_key = {name.casefold(): name for name in table.column_names}
    for name in names:
        if name.casefold() not in names_by_key:
            raise Mistake(f"{table.name} has no column {clip(name)}", did_you_mean(name, table.column_names))
    return tuple(names_by_key[name.casefold()] for name in names)


def read_text(value: object) -> str:
    """Read a text that is not empty.

    Raises:
        Mistake: the value is something else.
    """
    if not isinstance(value, str) or not value.strip():
        raise Mistake(f"found {clip(value)}, expected text")
    return value.strip()


def insert_constants(sql: str, table: Table) -> str:
    """Replace each `{name}` or `{name.key}` in SQL by a value of the contract's custom properties, as a literal.

    So a number that a contract states once is used by its rules. A property of the table goes before one of the contract.
    `{object}` stays, and so does what stands in a text literal.

    Raises:
        Mistake: there is no such property, or its value is not a text, a number or a boolean.
    """
    return fill_placeholders(sql, lambda name: OBJECT if name == "object" else literal(_find_constant(name, table), ""))


def _find_constant(name: str, table: Table) -> Scalar:
    value: object = {**table.contract.custom, **table.custom}
    for part in name.split("."):
        known = list(value) if isinstance(value, Mapping) else []
        if part not in known:
            message = f"{{{name}}} names no custom property of the contract"
            raise Mistake(message, did_you_mean(part, map(str, known)))
        value = value[part] if isinstance(value, Mapping) else None
    return read_scalar(value)


def read_names(value: object, minimum: int = 1) -> tuple[str, ...]:
    """Read a list of names, or one name.

    Args:
        value: the value in the contract.
        minimum: the least number of names.

    Raises:
        Mistake: the value is something else, has too few names, or has one twice.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise Mistake(f"found {clip(value)}, expected a list of column names")
    if len(names) < minimum:
        raise Mistake(f"expected at least {minimum} columns, found {len(names)}")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise Mistake(f"{clip(repeated[0])} is listed twice")
    return tuple(names)


def read_scalar(value: object) -> Scalar:
    """Read a text, a number or a boolean.

    Raises:
        Mistake: the value is something else.
    """
    if not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected a text, a number or a boolean")
    return value
