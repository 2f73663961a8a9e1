"""The arguments of an expectation of Great Expectations, read one by one as what a check needs."""

from collections.abc import Mapping

from martgate.contracts.model import Column, Table
from martgate.contracts.quality import Scalar
from martgate.contracts.types import canonical_type
from martgate.expectations.kinds.reading import resolve_columns
from martgate.expectations.mistakes import Mistake
from martgate.hints import clip

__all__ = ["ExpectationArguments", "NoEqualError"]


class NoEqualError(Mistake):
    """A valid argument that none of our kinds has."""


class ExpectationArguments:
    """The `kwargs` of one expectation, each read once.

    A reader raises `Mistake` for a value of another type; `finish` raises where an argument was not read.
    """

    def __init__(self, kwargs: Mapping[str, object], table: Table, column: Column | None) -> None:
        self._unread = dict(kwargs)
        self._table = table
        self._own_column = column.name if column else None

    def take(self, name: str, default: object = None) -> object:
        """Read an argument as it is."""
        return self._unread.pop(name, default)

    def column(self, name: str = "column") -> str:
        """Read the name of a column, by default the quality's own."""
        value = self.take(name, self._own_column if name == "column" else None)
        if not isinstance(value, str):
            raise Mistake(f"expected a column as {name!r}, found {clip(value)}")
        return resolve_columns((value,), self._table)[0]

    def columns(self, name: str = "column_list") -> tuple[str, ...]:
        """Read the names of columns."""
        return resolve_columns(tuple(str(item) for item in self.values(name)), self._table)

    def kind(self, column: str) -> str:
        """Return the type that the contract gives a column; empty where it is unknown."""
        try:
            return canonical_type(self._table.column(column).physical_type)
        except ValueError:
            return ""

    def values(self, name: str) -> tuple[Scalar, ...]:
        """Read a list of values."""
        value = self.take(name)
        if not isinstance(value, list | tuple) or not value:
            raise Mistake(f"expected a list of values as {name!r}, found {clip(value)}")
        if not all(isinstance(item, str | int | float) for item in value):
            raise Mistake(f"expected texts, numbers or booleans in {name!r}")
        return tuple(value)

    def number(self, name: str) -> float | None:
        """Read a number; None where there is none."""
        value = self.take(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise Mistake(f"expected a number as {name!r}, found {clip(value)}")

    def text(self, name: str) -> str:
        """Read a text, which is required."""
        value = self.take(name)
        if isinstance(value, str) and value:
            return value
        raise Mistake(f"expected text as {name!r}, found {clip(value)}")

    def flag(self, name: str) -> bool:
        """Read a flag; false where there is none."""
        return self.take(name, False) is True

    def mostly(self) -> float:
        """Read `mostly` as the percentage of values that may fail; 0 where none may."""
        share = self.number("mostly")
        if share is not None and not 0 <= share <= 1:
            raise Mistake(f"mostly is a share between 0 and 1, found {clip(share)}")
        return 0 if share is None else round((1 - share) * 100, 9)

    def finish(self, name: str) -> None:
        """Raise if an argument of the expectation `name` was not read.

        Raises:
            NoEqualError: with the first such argument.
        """
        for key in self._unread:
            raise NoEqualError(f"{key!r} of {name} has no equal here")
