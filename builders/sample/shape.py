"""Builds tables in the shape of their contract: columns, order, types and allowed values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Column, Table
from martgate.contracts.types import canonical_type
from martgate.errors import InvalidInput
from martgate.hints import clip

from .arrays import Arrow, Bools, Ints, Values
from .draw import NEVER

__all__ = ["Vocabulary", "arrow_schema", "assemble", "nullable", "nullable_instants", "physical_type", "vocabulary"]


_ARROW: Mapping[str, pa.DataType] = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "tinyint": pa.int8(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Allowed values of a column, in the contract's order; a code is the index of a value."""

    column: str
    words: tuple[str, ...]

    def code(self, word: str) -> int:
        """Find the code of a value that the sample requires.

        Raises:
            martgate.errors.InvalidInput: the contract does not allow it.
        """
        if word not in self.words:
            allowed = ", ".join(self.words)
            raise InvalidInput(f"{self.column}: the sample needs the value {word}; the contract's enum has {allowed}")
        return self.words.index(word)

    def draw(self, rng: np.random.Generator, size: int, weights: Mapping[str, float] | None = None) -> Ints:
        """Draw codes in proportion to their weights; the default weight is 1."""
        odds = np.array([(weights or {}).get(word, 1.0) for word in self.words])
        return rng.choice(len(self.words), size=size, p=odds / odds.sum()).astype(np.int64)

    def decode(self, codes: Ints, missing: Bools | None = None) -> Arrow:
        """Replace codes by their values, and by null where `missing` is true."""
        return pa.array(self.words, pa.string()).take(codes if missing is None else nullable(codes, missing))


def vocabulary(table: Table, column: str, otherwise: tuple[str, ...] = ()) -> Vocabulary:
    """Read the enum of a column.

    Args:
        table: the table with the column.
        column: the name of the column.
        otherwise: the values to use if the contract has no enum.

    Raises:
        martgate.errors.InvalidInput: the table has no such column, or there are no values.
    """
    address = f"{table.qualified_name}.{column}"
    if column not in table.column_names:
        raise InvalidInput(f"{address}: the sample needs this column; the contract has {', '.join(table.column_names)}")
    words = tuple(str(value) for value in table.column(column).enum) or otherwise
    if not words:
        raise InvalidInput(f"{address}: the contract has no enum, from which the sample draws values")
    return Vocabulary(address, words)


def nullable(values: Ints | Bools, missing: Bools) -> Arrow:
    """Build a column with nulls where `missing` is true."""
    return pa.array(values, mask=missing)


def nullable_instants(instants: Ints) -> Arrow:
    """Build a column of instants with nulls instead of NEVER."""
    return nullable(instants, instants == NEVER)


def arrow_schema(table: Table) -> pa.Schema:
    """Build the Arrow schema of a table.

    Raises:
        martgate.errors.InvalidInput: a column has an unsupported physical type.
    """
    kinds = {column.name: physical_type(column) for column in table.columns}
    unknown = [name for name, kind in kinds.items() if kind not in _ARROW]
    if unknown:
        supported = ", ".join(_ARROW)
        raise InvalidInput(
            *(
                f"{table.qualified_name}.{name}: physicalType is {clip(kinds[name])}; the sample supports {supported}"
                for name in unknown
            )
        )
    return pa.schema([pa.field(name, _ARROW[kind]) for name, kind in kinds.items()])


def physical_type(column: Column) -> str:
    """Return the Spark type of a column, or the contract's text if it is not a valid type."""
    try:
        return canonical_type(column.physical_type)
    except ValueError:
        return column.physical_type


def assemble(table: Table, columns: Mapping[str, Values]) -> pa.Table:
    """Build a table from columns, with the order and types of the contract.

    Raises:
        martgate.errors.InvalidInput: the contract has other columns than the sample.
    """
    schema = arrow_schema(table)
    unknown = [name for name in schema.names if name not in columns]
    extra = [name for name in columns if name not in schema.names]
    if unknown or extra:
        raise InvalidInput(
            *(f"{table.qualified_name}.{name}: the sample cannot draw this column" for name in unknown),
            *(
                f"{table.qualified_name}.{name}: the sample draws this column, which the contract does not have"
                for name in extra
            ),
        )
    return pa.Table.from_pydict(dict(columns), schema=schema)
