"""What the statistics of files prove about their rows, so that nobody has to read them.

Whoever wrote a file knows how many nulls a column of it has and between which values it lies. Of files that this very
run wrote, that word is taken for what engines were seen to tell exactly: rows, nulls, and the bounds of whole numbers
and dates; a partition column has the one value that stands in the path. Bounds of texts, moments and fractions are not
believed. A proof finds nothing broken and knows how much it is about; whatever it cannot prove is left to a look.
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
"""How a rule was answered, where a proof did."""

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9._-]*")
"""Texts of a path that every reader takes for what they are: no escape, not empty, not Hive's word for null."""

_NOTHING: Mapping[str, str] = MappingProxyType({})

_Any = TypeVar("_Any")

_Value = int | str
"""A whole number, a date as the number of its day, or the text of a partition."""


class FileStatistics(Protocol):
    """One file of the table under audit, as the engine told of it when it wrote it: texts of its path, dates as ISO 8601."""

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
    """What is told of one file, by casefolded names of columns."""

    rows: int
    partition: Mapping[str, str]
    least: Mapping[str, object]
    greatest: Mapping[str, object]
    nulls: Mapping[str, int]


class StatisticsProofs:
    """What the files of a table say of it together: nothing, where there are none.

    `types` are the columns' types, by casefolded name; `day` is the day under audit, None where there is none.
    """

    def __init__(
        self, files: Iterable[FileStatistics] = (), types: Mapping[str, str] = _NOTHING, day: date | None = None
    ) -> None:
        self._files = tuple(map(_folded, files))
        self._types = types
        self._day = day

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self._files)

    @cached_property
    def constant_columns(self) -> frozenset[str]:
        """The columns, casefolded, that have one and the same value in every row."""
        return frozenset(name for name in self._types if len(set(self.file_values(name))) == 1)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not self._files

    def column_type(self, column: str) -> str:
        """A column's type; empty where it is not known."""
        return self._types.get(column.casefold(), "")

    def null_count(self, column: str) -> int | None:
        """How many rows have no value; None where a file does not say."""
        name = column.casefold()
        counts = [0 if _is_carried(file, name) else file.nulls.get(name) for file in self._files]
        return None if None in counts else sum(count for count in counts if count)

    def file_values(self, column: str) -> tuple[_Value, ...]:
        """The one value that each file has in all of its rows; empty where some file has not, or it is not known."""
        found = [_only(file, column.casefold(), self.column_type(column)) for file in self._files]
        values = tuple(value for value in found if value is not None)
        return values if len(values) == len(found) else ()

    def bounds(self, column: str) -> tuple[int, int] | None:
        """The least and greatest value in any file, dates as the numbers of their days; None where they are not known."""
        name, kind = column.casefold(), self.column_type(column)
        filled = [file for file in self._files if file.nulls.get(name) != file.rows]
        ends = [(_number(kind, file.least.get(name)), _number(kind, file.greatest.get(name))) for file in filled]
        least, greatest = [low for low, _ in ends if low is not None], [high for _, high in ends if high is not None]
        return (min(least), max(greatest)) if ends and len(least) == len(greatest) == len(ends) else None

    def as_number(self, column: str, value: object) -> int | None:
        """A value of a column as `ends` tells them; None where it is none."""
        return _number(self.column_type(column), value)

    def is_always_audited_day(self, column: str) -> bool:
        """Whether every row has the day under audit in a column."""
        if self._day is None:
            return False
        kind, day = self.column_type(column), self._day.isoformat()
        return set(self.file_values(column)) == {day if is_text(kind) else _number(kind, day)}

    def proves_equality(self, expression: str) -> bool:
        """Whether an expression says that two columns are equal, and they are, by the one value of each in each file."""
        sides = match_equality(expression)
        if sides is None:
            return False
        (left, left_kind), (right, right_kind) = (self._values(side.column, as_day=side.as_day) for side in sides)
        return bool(left) and left == right and left_kind == right_kind

    def _values(self, column: str, *, as_day: bool) -> tuple[tuple[_Value, ...], str]:
        """The one value of each file, with what they are; dates as texts where that is asked for."""
        kind, values = self.column_type(column), self.file_values(column)
        if not as_day:
            return values, "text" if is_text(kind) else "whole" if is_whole(kind) else kind
        days = [date.fromordinal(value).isoformat() for value in values if kind == "date" and isinstance(value, int)]
        return tuple(days), "text"


def _is_carried(file: _File, name: str) -> bool:
    """Whether a column stands in the path of a file, as a text that is read alike by all, and nowhere else."""
    return name not in file.nulls and _PLAIN.fullmatch(file.partition.get(name, "")) is not None


def _only(file: _File, name: str, kind: str) -> _Value | None:
    """The value that all rows of a file have in a column."""
    if _is_carried(file, name):
        text = file.partition[name]
        return text if is_text(kind) else _number(kind, int(text) if _WHOLE.fullmatch(text) else text)
    least, greatest = _number(kind, file.least.get(name)), _number(kind, file.greatest.get(name))
    return least if least == greatest and file.nulls.get(name) == 0 else None


def _number(kind: str, value: object) -> int | None:
    """A value of a column's type, a date as the number of its day; None for types whose bounds are not believed."""
    if is_whole(kind):
        return value if type(value) is int else None
    if kind == "date" and isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value).toordinal()
        except ValueError:  # the year 0 is one, for engines
            return None
    return None


def _folded(file: FileStatistics) -> _File:
    return _File(
        rows=file.rows,
        partition=_by_folded_name(file.partition),
        least=_by_folded_name(file.minimum),
        greatest=_by_folded_name(file.maximum),
        nulls=_by_folded_name(file.null_count),
    )


def _by_folded_name(texts: Mapping[str, _Any]) -> dict[str, _Any]:
    return {name.casefold(): value for name, value in texts.items()}
