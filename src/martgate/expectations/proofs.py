"""Proofs of rules from file statistics, without reading rows.

The writer of a file knows how many nulls a column has and its bounds. For files that the same run wrote, the numbers that
engines were measured to write exactly are trusted: rows, nulls, and the bounds of whole numbers and dates. A partition
column has the one value in the path. Bounds of texts, timestamps and fractions are not trusted. A proof shows that nothing
fails, and how many rows are in scope; a rule without a proof is evaluated on the rows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Protocol, TypeVar

from martgate.expectations.fragments import match_equality
from martgate.text.quoting import is_text, is_whole

__all__ = ["FROM_STATISTICS", "FileStatistics", "StatisticsProofs"]

FROM_STATISTICS = "written statistics"
"""The `how` of a verdict from file statistics."""

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9._-]*")
"""Values in a path that every reader reads alike: no escape, not empty, not the null of Hive."""

_NOTHING: Mapping[str, str] = MappingProxyType({})

_Any = TypeVar("_Any")

_Value = int | str
"""A whole number, a date as the number of its day, or the text of a partition."""


class FileStatistics(Protocol):
    """The statistics of one file of the table under audit, as its writer recorded them; dates are ISO 8601.

    Attributes:
        rows: the number of rows.
        partition: the values of partition columns, from the path.
        minimum: the least value of each column.
        maximum: the greatest value of each column.
        null_count: the number of nulls of each column.
    """

    @property
    def rows(self) -> int: ...

    @property
    def partition(self) -> Mapping[str, str]: ...

    @property
    def minimum(self) -> Mapping[str, object]: ...

    @property
    def maximum(self) -> Mapping[str, object]: ...

    @property
    def null_count(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The statistics of one file, by casefolded column name."""

    rows: int
    partition: Mapping[str, str]
    minimum: Mapping[str, object]
    maximum: Mapping[str, object]
    null_count: Mapping[str, int]


class StatisticsProofs:
    """The facts about a table that the statistics of its files prove; none where there are no files.

    Args:
        files: the statistics of each file.
        types: the types of columns in Spark's spelling, by casefolded name.
        day: the day under audit; None where there is none.
    """

    def __init__(
        self, files: Iterable[FileStatistics] = (), types: Mapping[str, str] = _NOTHING, day: date | None = None
    ) -> None:
        self._files = tuple(map(_fold, files))
        self._types = types
        self._day = day

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(file.rows for file in self._files)

    @cached_property
    def constant_columns(self) -> frozenset[str]:
        """The columns, casefolded, that have the same value in every row."""
        return frozenset(name for name in self._types if len(set(self.file_values(name))) == 1)

    @property
    def is_empty(self) -> bool:
        """Whether there are no statistics."""
        return not self._files

    def column_type(self, column: str) -> str:
        """Return the type of a column; empty where it is unknown."""
        return self._types.get(column.casefold(), "")

    def null_count(self, column: str) -> int | None:
        """Count the nulls of a column; None where a file has no such statistic."""
        name = column.casefold()
        counts = [0 if _is_in_path(file, name) else file.null_count.get(name) for file in self._files]
        return None if None in counts else sum(count for count in counts if count)

    def file_values(self, column: str) -> tuple[_Value, ...]:
        """Return the value that all rows of a file share, for each file; empty where a file has several or they are unknown."""
        shared = [_shared_value(file, column.casefold(), self.column_type(column)) for file in self._files]
        values = tuple(value for value in shared if value is not None)
        return values if len(values) == len(shared) else ()

    def bounds(self, column: str) -> tuple[int, int] | None:
        """Return the least and greatest value of a column, a date as its ordinal; None where they are unknown."""
        name, type_ = column.casefold(), self.column_type(column)
        filled = [file for file in self._files if file.null_count.get(name) != file.rows]
        bounds = [(_number(type_, file.minimum.get(name)), _number(type_, file.maximum.get(name))) for file in filled]
        least = [low for low, _ in bounds if low is not None]
        greatest = [high for _, high in bounds if high is not None]
        return (min(least), max(greatest)) if bounds and len(least) == len(greatest) == len(bounds) else None

    def as_number(self, column: str, value: object) -> int | None:
        """Convert a value of a column to the numbers of `bounds`; None where it cannot be."""
        return _number(self.column_type(column), value)

    def is_always_audited_day(self, column: str) -> bool:
        """Whether every row has the day under audit in a column."""
        if self._day is None:
            return False
        type_, day = self.column_type(column), self._day.isoformat()
        return set(self.file_values(column)) == {day if is_text(type_) else _number(type_, day)}

    def proves_equality(self, expression: str) -> bool:
        """Whether an expression is an equality of two columns that share a value in each file."""
        sides = match_equality(expression)
        if sides is None:
            return False
        (left, left_type), (right, right_type) = (
            self._comparable_values(side.column, as_day=side.as_day) for side in sides
        )
        return bool(left) and left == right and left_type == right_type

    def _comparable_values(self, column: str, *, as_day: bool) -> tuple[tuple[_Value, ...], str]:
        """The values of `file_values` with the type to compare them by; `as_day` formats dates as text."""
        type_, values = self.column_type(column), self.file_values(column)
        if not as_day:
            return values, "text" if is_text(type_) else "whole" if is_whole(type_) else type_
        days = [date.fromordinal(value).isoformat() for value in values if type_ == "date" and isinstance(value, int)]
        return tuple(days), "text"


def _is_in_path(file: _File, name: str) -> bool:
    """Whether a file has a column only in its path, with a value that every reader reads alike."""
    return name not in file.null_count and _PLAIN.fullmatch(file.partition.get(name, "")) is not None


def _shared_value(file: _File, name: str, type_: str) -> _Value | None:
    """The value that all rows of a file share in a column; None where they share none."""
    if _is_in_path(file, name):
        text = file.partition[name]
        return text if is_text(type_) else _number(type_, int(text) if _WHOLE.fullmatch(text) else text)
    least, greatest = _number(type_, file.minimum.get(name)), _number(type_, file.maximum.get(name))
    return least if least == greatest and file.null_count.get(name) == 0 else None


def _number(type_: str, value: object) -> int | None:
    """A whole number, or the ordinal of a date; None for a type with bounds that are not trusted."""
    if is_whole(type_):
        return value if type(value) is int else None
    if type_ == "date" and isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value).toordinal()
        except ValueError:  # the year 0 is one, for engines
            return None
    return None


def _fold(file: FileStatistics) -> _File:
    return _File(
        rows=file.rows,
        partition=_fold_names(file.partition),
        minimum=_fold_names(file.minimum),
        maximum=_fold_names(file.maximum),
        null_count=_fold_names(file.null_count),
    )


def _fold_names(texts: Mapping[str, _Any]) -> dict[str, _Any]:
    return {name.casefold(): value for name, value in texts.items()}
