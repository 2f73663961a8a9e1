"""What a column's clauses ask of its values, as values of the column's own type: the part of a contract that the
languages of other tools can say. Quality rules, relationships and promises about time stay with the contract.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from math import isfinite
from typing import TypeVar

from martgate.contracts.model import Column, Table
from martgate.contracts.types import INTEGER_RANGES, TypeNames, translate_type
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip
from martgate.text.regex import PatternError, read_pattern

__all__ = ["SCOPE_NOTE", "Bound", "Constraints", "read_constraints", "source_title", "standard_imports"]

SCOPE_NOTE = (
    "Names, order, types, nulls, keys and the limits of each column. Quality rules, references to",
    "other tables, formats and promises about time stay with the contract, and are checked by the gate.",
)
"""What every export says of itself, as two lines."""

Bound = int | float | Decimal | str | date | datetime

_S = TypeVar("_S")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """The limits of one column; None and empty stand for no limit. `pattern` is ECMA-262, searched anywhere in the value."""

    column: Column
    type: TypeNames
    required: bool
    values: tuple[Bound, ...] = ()
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    exclusive_minimum: Bound | None = None
    exclusive_maximum: Bound | None = None
    multiple_of: Bound | None = None

    @property
    def bounds(self) -> tuple[tuple[str, Bound], ...]:
        """The bounds there are, as a comparison that holds: `>=`, `<=`, `>` or `<`, and its value."""
        every = {">=": self.minimum, "<=": self.maximum, ">": self.exclusive_minimum, "<": self.exclusive_maximum}
        return tuple((sign, bound) for sign, bound in every.items() if bound is not None)


def source_title(table: Table) -> str:
    """What an export is made from, in one line."""
    return f"{table.qualified_name}, contract {table.contract.id} {table.contract.version}"


def standard_imports(found: Iterable[Constraints]) -> tuple[str, ...]:
    """The modules that Python code needs for these limits, and the blank line that sets them apart."""
    every = [value for one in found for value in (*one.values, *dict(one.bounds).values(), one.multiple_of)]
    needed = {"import datetime as dt": date, "import decimal": Decimal}
    lines = tuple(line for line, kind in needed.items() if any(isinstance(value, kind) for value in every))
    return (*lines, "") if lines else ()


def read_constraints(table: Table) -> tuple[Constraints, ...]:
    """The limits of every column, in order.

    Raises:
        martgate.errors.InvalidInput: types or limits that are not what they should be; all of them at once.
    """
    found, problems = [], []
    for column in table.columns:
        reader = _Reader(column)
        found.append(reader.read())
        problems += [
            Problem(file=table.contract.file, path=path, message=message, hint=hint)
            for path, message, hint in reader.mistakes
        ]
    if problems:
        raise InvalidInput(*problems)
    return tuple(found)


class _Reader:
    """The clauses of one column. What is wrong in them is kept as path, message and hint."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.mistakes: list[tuple[str, str, str]] = []

    def read(self) -> Constraints:
        column = self._column
        kind = self._tried("physicalType", translate_type, column.physical_type) or translate_type("string")
        typed = partial(_typed, kind=kind.spark)
        values = (self._tried("enum", typed, value) for value in column.enum)
        return Constraints(
            column=column,
            type=kind,
            required=column.required or column.primary_key_position is not None,
            values=tuple(value for value in values if value is not None),
            pattern=self._option("pattern", read_pattern) or "",
            min_length=self._option("minLength", _length),
            max_length=self._option("maxLength", _length),
            minimum=self._option("minimum", typed),
            maximum=self._option("maximum", typed),
            exclusive_minimum=self._option("exclusiveMinimum", typed),
            exclusive_maximum=self._option("exclusiveMaximum", typed),
            multiple_of=self._option("multipleOf", typed),
        )

    def _option(self, name: str, read: Callable[[object], _T]) -> _T | None:
        if name not in self._column.options:
            return None
        return self._tried(f"logicalTypeOptions.{name}", read, self._column.options[name])

    def _tried(self, leaf: str, read: Callable[[_S], _T], found: _S) -> _T | None:
        try:
            return read(found)
        except PatternError as error:
            self.mistakes.append((f"{self._column.path}.{leaf}", error.message, error.hint))
        except ValueError as error:
            self.mistakes.append((f"{self._column.path}.{leaf}", str(error), ""))
        return None


def _typed(found: object, kind: str) -> Bound:
    """A value as the column's type holds it."""
    if isinstance(found, bool) and kind not in ("boolean", "string"):
        raise ValueError(f"expected a value of type {kind}, found {clip(found)}")
    read = _TYPES.get(kind.partition("(")[0])
    if read is None:
        raise ValueError(f"columns of type {kind} take no limits")
    try:
        return read(found)
    except (ValueError, KeyError, OverflowError, InvalidOperation):
        raise ValueError(f"expected a value of type {kind}, found {clip(found)}") from None


def _whole(found: object) -> int:
    number = Decimal(str(found))
    if number != int(number):
        raise ValueError(f"expected a whole number, found {clip(found)}")
    return int(number)


def _length(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ValueError(f"expected a whole number, 0 or more, found {clip(found)}")
    return found


def _number(found: object) -> float:
    number = float(str(found))
    if not isfinite(number):
        raise ValueError("not a number that can be compared")
    return number


def _exact(found: object) -> Decimal:
    number = Decimal(str(found))
    if not number.is_finite():
        raise ValueError("not a number that can be compared")
    return number


def _boolean(found: object) -> bool:
    return {"true": True, "false": False}[str(found).lower()]


def _instant(found: object) -> datetime:
    """An instant without a zone is read in UTC."""
    moment = datetime.fromisoformat(str(found))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_TYPES: Mapping[str, Callable[[object], Bound]] = {
    **dict.fromkeys(INTEGER_RANGES, _whole),
    "float": _number,
    "double": _number,
    "decimal": _exact,
    "string": str,
    "boolean": _boolean,
    "date": lambda found: date.fromisoformat(str(found)),
    "timestamp": _instant,
    "timestamp_ntz": lambda found: datetime.fromisoformat(str(found)).replace(tzinfo=None),
}
