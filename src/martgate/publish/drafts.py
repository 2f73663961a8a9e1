"""From data that lie anywhere to a draft of their contract."""

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from martgate.builders.ports import Dataset, Engine
from martgate.contracts.drafting import ColumnProfile, draft
from martgate.contracts.types import INTEGER_RANGES, canonical_type
from martgate.errors import InvalidInput
from martgate.hints import clip, did_you_mean
from martgate.text.quoting import identifier

__all__ = ["draft_contract"]

_RELATION = "imported"
_TABLE = re.compile(r"\w+(\.\w+){0,2}")
_FIRST_ROWS = 10_000
"""So many rows tell cheaply of most columns that they are no key; the others are counted whole."""
_MOST_VALUES = 20
_KEYS = frozenset({"string", "date", *INTEGER_RANGES})
"""Types of columns that may identify a row."""


def draft_contract(engine: Engine, dataset: Dataset, name: str, *, shown: Collection[str] = ()) -> str:
    """The text of a draft about table `name`, from the rows of a dataset; values of the columns `shown` may be in it.

    Raises:
        martgate.errors.InvalidInput: the name is none, a column to be shown is not there, or a type cannot be stated.
        martgate.errors.CouldNotRun: the data cannot be read.
    """
    if not _TABLE.fullmatch(name):
        raise InvalidInput(
            f"{clip(name)} is no name of a table; expected a name, or schema.name, of letters, digits and _"
        )
    engine.register(_RELATION, dataset)
    kinds = [(column, _canonical(kind)) for column, kind in engine.columns(_RELATION)]
    names = [column for column, _ in kinds]
    for column in shown:
        if column not in names:
            raise InvalidInput(f"--values {clip(column)}: there is no such column. {did_you_mean(column, names)}")
    counts = ", ".join(["COUNT(*)", *(f"COUNT({identifier(column)})" for column in names)])
    (rows, *filled), *_ = _asked(engine, f"SELECT {counts} FROM {_RELATION}")
    whole = [column for (column, _), count in zip(kinds, filled, strict=True) if count == rows > 0]
    unique = _unique(engine, [column for column, kind in kinds if column in whole and kind in _KEYS], rows)
    # Rows of a partition without a name break what a contract asks of one, so such a column is promised as any other.
    named = (column for column in dataset.partitions if column in whole or not rows)
    places = {column: place for place, column in enumerate(named, start=1)}
    columns = [
        ColumnProfile(
            name=column,
            kind=kind,
            partition=places.get(column),
            has_no_null=column in whole,
            is_unique=column in unique,
            **(_values(engine, column, kind) if column in shown else {}),
        )
        for column, kind in kinds
    ]
    return draft(name, columns, rows=rows)


def _canonical(kind: str) -> str:
    """The type in the house's spelling; one that has none is told by the draft, with its column."""
    try:
        return canonical_type(kind)
    except ValueError:
        return kind


def _unique(engine: Engine, columns: Sequence[str], rows: int) -> Sequence[str]:
    """Those of the columns in which no two rows have the same value; of a single row that would say nothing."""
    first = f"(SELECT * FROM {_RELATION} LIMIT {_FIRST_ROWS}) AS first_rows"
    for source, total in ((first, min(rows, _FIRST_ROWS)), (_RELATION, rows)):
        if rows < 2 or not columns:
            return ()
        counts = ", ".join(f"COUNT(DISTINCT {identifier(column)})" for column in columns)
        (found, *_) = _asked(engine, f"SELECT {counts} FROM {source}")
        columns = [column for column, count in zip(columns, found, strict=True) if count == total]
    return columns


def _values(engine: Engine, column: str, kind: str) -> dict[str, Any]:
    """The few values of a column of text or whole numbers; else the ends of one of whole numbers or days."""
    found: dict[str, Any] = {"may_be_shown": True}
    named = identifier(column)
    if kind == "string" or kind in INTEGER_RANGES:
        distinct = f"SELECT DISTINCT {named} FROM {_RELATION} WHERE {named} IS NOT NULL LIMIT {_MOST_VALUES + 1}"
        values = [value for (value,) in _asked(engine, distinct)]
        if len(values) <= _MOST_VALUES:
            return found | {"values": tuple(sorted(values))}
    if kind == "date" or kind in INTEGER_RANGES:
        ((least, greatest), *_) = _asked(engine, f"SELECT MIN({named}), MAX({named}) FROM {_RELATION}")
        found |= {"least": _told(least), "greatest": _told(greatest)}
    return found


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _asked(engine: Engine, sql: str) -> Sequence[tuple[Any, ...]]:
    return engine.fetch(sql)
