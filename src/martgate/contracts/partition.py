"""A day of a table as one value, and how a day is written where a text must stand for it."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Self

from martgate.contracts.day import parse_day

if TYPE_CHECKING:  # a record is read and written by pydantic, which takes three quarters of a second to import
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["PARTITION_TYPES", "OptionalDate", "Partition", "format_day"]

PARTITION_TYPES = frozenset({"string", "date", "tinyint", "smallint", "int", "bigint"})
"""The types, in Spark's spelling, whose values every reader and writer spells alike in logs and in names of folders."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A day of a table: what a publish replaces and what a verdict is about.

    A table by the week or month has a partition for each, named by its first day. A table without partitions is replaced
    whole, and its days say which publish it was.

    >>> str(Partition("shop.orders", date(2024, 1, 1)))
    'shop.orders of 2024-01-01'

    Attributes:
        table: the qualified name of the table.
        day: the day, or the first day of the week or month.
    """

    table: str
    day: date

    @classmethod
    def parse(cls, table: str, value: str) -> Self | None:
        """Read the value of a partition column; None where it is not a day written as YYYY-MM-DD."""
        day = parse_day(value)
        return None if day is None else cls(table, day)

    @property
    def value(self) -> str:
        """The day as paths, SQL and JSON spell it."""
        return self.day.isoformat()

    def __str__(self) -> str:
        return f"{self.table} of {self.day}"


def format_day(day: date | None) -> str:
    """Spell a day for JSON and the ledger, where an empty text says that there is none."""
    return "" if day is None else day.isoformat()


class _EmptyIsAbsent:
    """Tells pydantic that an absent day is an empty text in JSON, as records have had it from the beginning."""

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema  # noqa: PLC0415 - see above

        return core_schema.no_info_before_validator_function(
            lambda value: None if value == "" else value,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(format_day, when_used="json"),
        )


OptionalDate = Annotated[date | None, _EmptyIsAbsent()]
"""A day that may be absent, in a value that is kept as JSON."""
