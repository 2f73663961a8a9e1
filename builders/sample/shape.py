"""The shape of a table as its contract states it: columns, their order, their types, their vocabularies."""

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

__all__ = ["Vocabulary", "arrow_schema", "assemble", "moments", "nullable", "physical_type", "vocabulary"]


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
    """The words that a column admits, in the contract's order; columns of codes point into it."""

    column: str
    words: tuple[str, ...]

    def code(self, word: str) -> int:
        """The code of a word the sample cannot do without.

        Raises:
            martgate.errors.InvalidInput: the contract does not admit it.
        """
        if word not in self.words:
            admitted = ", ".join(self.words)
            raise InvalidInput(f"{self.column}: a sample needs the value {word}; the contract's enum has {admitted}")
        return self.words.index(word)

    def draw(self, rng: np.random.Generator, size: int, weights: Mapping[str, float] | None = None) -> Ints:
        """Codes, in proportion to their weights; a word without one weighs 1."""
        odds = np.array([(weights or {}).get(word, 1.0) for word in self.words])
        return rng.choice(len(self.words), size=size, p=odds / odds.sum()).astype(np.int64)

    def spell(self, codes: Ints, missing: Bools | None = None) -> Arrow:
        """The words of the codes, null where `missing` says so."""
        return pa.array(self.words, pa.string()).take(codes if missing is None else nullable(codes, missing))


def vocabulary(table: Table, column: str, otherwise: tuple[str, ...] = ()) -> Vocabulary:
    """The enum of a column, or `otherwise` where the contract leaves its values open.

    Raises:
        martgate.errors.InvalidInput: the contract has no such column, or neither it nor the caller names a value.
    """
    address = f"{table.qualified_name}.{column}"
    if column not in table.column_names:
        raise InvalidInput(f"{address}: a sample needs this column; the contract has {', '.join(table.column_names)}")
    words = tuple(str(value) for value in table.column(column).enum) or otherwise
    if not words:
        raise InvalidInput(f"{address}: the contract states no enum; a sample draws the values from it")
    return Vocabulary(address, words)


def nullable(values: Ints | Bools, missing: Bools) -> Arrow:
    """A column with nulls where `missing` says so."""
    return pa.array(values, mask=missing)


def moments(instants: Ints) -> Arrow:
    """Instants, null where they never come."""
    return nullable(instants, instants == NEVER)


def arrow_schema(table: Table) -> pa.Schema:
    """The contract's columns, in order, as Arrow types.

    Raises:
        martgate.errors.InvalidInput: a physical type that no sample can be drawn for.
    """
    kinds = {column.name: physical_type(column) for column in table.columns}
    unknown = [name for name, kind in kinds.items() if kind not in _ARROW]
    if unknown:
        drawn = ", ".join(_ARROW)
        raise InvalidInput(
            *(
                f"{table.qualified_name}.{name}: physicalType is {clip(kinds[name])}; samples are drawn for {drawn}"
                for name in unknown
            )
        )
    return pa.schema([pa.field(name, _ARROW[kind]) for name, kind in kinds.items()])


def physical_type(column: Column) -> str:
    """The column's type in Spark's spelling, or as the contract writes it where that is no type."""
    try:
        return canonical_type(column.physical_type)
    except ValueError:
        return column.physical_type


def assemble(table: Table, columns: Mapping[str, Values]) -> pa.Table:
    """The columns as one table, in the contract's order and types.

    Raises:
        martgate.errors.InvalidInput: the contract has columns the sample does not know, or lacks some that it draws.
    """
    schema = arrow_schema(table)
    unknown = [name for name in schema.names if name not in columns]
    lost = [name for name in columns if name not in schema.names]
    if unknown or lost:
        raise InvalidInput(
            *(f"{table.qualified_name}.{name}: no sample is known for this column" for name in unknown),
            *(f"{table.qualified_name}.{name}: a sample has this column and the contract does not" for name in lost),
        )
    return pa.Table.from_pydict(dict(columns), schema=schema)
