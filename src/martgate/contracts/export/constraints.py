"""The limits of a column's values, in the column's type: the clauses that exports can express in other languages.

Quality rules, relationships and service levels are not exported; the gate checks them.
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
    "other tables, formats and service levels are not part of it; the gate checks them.",
)
"""The scope of an export, which each of them states, as two lines."""

Bound = int | float | Decimal | str | date | datetime

_S = TypeVar("_S")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """The limits of a column; None and empty mean no limit.

    Attributes:
        column: The column.
        type: The names of its type.
        required: Whether null values are forbidden.
        values: The allowed values.
        pattern: A pattern of ECMA-262 that is searched anywhere in the value.
        min_length: The least number of characters.
        max_length: The greatest number of characters.
        minimum: The least value.
        maximum: The greatest value.
        exclusive_minimum: The bound below all values.
        exclusive_maximum: The bound above all values.
        multiple_of: The step between values.
    """

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
        """The bounds, each as the operator (`>=`, `<=`, `>` or `<`) and the value that every value is compared with."""
        every = {">=": self.minimum, "<=": self.maximum, ">": self.exclusive_minimum, "<": self.exclusive_maximum}
        return tuple((sign, bound) for sign, bound in every.items() if bound is not None)


def source_title(table: Table) -> str:
    """Return the table and the contract of an export, in one line."""
    return f"{table.qualified_name}, contract {table.contract.id} {table.contract.version}"


def standard_imports(columns: Iterable[Constraints]) -> tuple[str, ...]:
    """Return the lines that import the modules for the values of limits in Python code, with a blank line at the end."""
    values = [value for one in columns for value in (*one.values, *dict(one.bounds).values(), one.multiple_of)]
    imports = {"import datetime as dt": date, "import decimal": Decimal}
    lines = tuple(line for line, kind in imports.items() if any(isinstance(value, kind) for value in values))
    return (*lines, "") if lines else ()


def read_constraints(table: Table) -> tuple[Constraints, ...]:
    """Return the limits of every column, in order.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits; with all of them.
    """
    readers = [_Reader(column, table.contract.file) for column in table.columns]
    columns = tuple(reader.read() for reader in readers)
    problems = [problem for reader in readers for problem in reader.problems]
    if problems:
        raise InvalidInput(*problems)
    return columns


class _Reader:
    """Reads the clauses of a column, and collects their problems."""

    def __init__(self, column: Column, file: str) -> None:
        self._column = column
        self._file = file
        self.problems: list[Problem] = []

    def read(self) -> Constraints:
        column = self._column
        kind = self._try("physicalType", translate_type, column.physical_type) or translate_type("string")
        convert = partial(_convert, kind=kind.spark)
        values = (self._try("enum", convert, value) for value in column.enum)
        return Constraints(
            column=column,
            type=kind,
            required=column.required or column.primary_key_position is not None,
            values=tuple(value for value in values if value is not None),
            pattern=self._option("pattern", read_pattern) or "",
            min_length=self._option("minLength", _length),
            max_length=self._option("maxLength", _length),
            minimum=self._option("minimum", convert),
            maximum=self._option("maximum", convert),
            exclusive_minimum=self._option("exclusiveMinimum", convert),
            exclusive_maximum=self._option("exclusiveMaximum", convert),
            multiple_of=self._option("multipleOf", convert),
        )

    def _option(self, name: str, read: Callable[[object], _T]) -> _T | None:
        if name not in self._column.options:
            return None
        return self._try(f"logicalTypeOptions.{name}", read, self._column.options[name])

    def _try(self, leaf: str, read: Callable[[_S], _T], value: _S) -> _T | None:
        try:
            return read(value)
        except PatternError as error:
            message, hint = error.message, error.hint
        except ValueError as error:
            message, hint = str(error), ""
        path = f"{self._column.path}.{leaf}"
        self.problems.append(Problem(file=self._file, path=path, message=message, hint=hint))
        return None


def _convert(value: object, kind: str) -> Bound:
    """Convert a value to the Python type of a column's type."""
    if isinstance(value, bool) and kind not in ("boolean", "string"):
        raise ValueError(f"expected a value of type {kind}, found {clip(value)}")
    read = _TYPES.get(kind.partition("(")[0])
    if read is None:
        raise ValueError(f"columns of type {kind} cannot have limits")
    try:
        return read(value)
    except (ValueError, KeyError, OverflowError, InvalidOperation):
        raise ValueError(f"expected a value of type {kind}, found {clip(value)}") from None


def _whole(value: object) -> int:
    number = Decimal(str(value))
    if number != int(number):
        raise ValueError(f"expected a whole number, found {clip(value)}")
    return int(number)


def _length(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"expected a whole number, 0 or more, found {clip(value)}")
    return value


def _number(value: object) -> float:
    number = float(str(value))
    if not isfinite(number):
        raise ValueError("not a number that can be compared")
    return number


def _exact(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a number that can be compared")
    return number


def _boolean(value: object) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


def _instant(value: object) -> datetime:
    """Parse an instant; without a time zone it is in UTC."""
    moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_TYPES: Mapping[str, Callable[[object], Bound]] = {
    **dict.fromkeys(INTEGER_RANGES, _whole),
    "float": _number,
    "double": _number,
    "decimal": _exact,
    "string": str,
    "boolean": _boolean,
    "date": lambda value: date.fromisoformat(str(value)),
    "timestamp": _instant,
    "timestamp_ntz": lambda value: datetime.fromisoformat(str(value)).replace(tzinfo=None),
}
