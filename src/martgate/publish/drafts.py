"""Drafts a contract from data at any location."""

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
_SAMPLE_ROWS = 10_000
"""The first rows rule most columns out as keys cheaply; all rows are counted for the others."""
_MOST_VALUES = 20
_KEYS = frozenset({"string", "date", *INTEGER_RANGES})
"""Types of columns that may identify a row."""


def draft_contract(engine: Engine, dataset: Dataset, name: str, *, value_columns: Collection[str] = ()) -> str:
    """Draft the contract of a table from data.

    Args:
        engine: reads the data.
        dataset: the data.
        name: the name of the table: a name, or schema.name.
        value_columns: the columns whose values may be written into the draft.

    Returns:
        The text of the contract.

    Raises:
        martgate.errors.InvalidInput: the name is invalid, a column is unknown, or a type has no equal in a contract.
        martgate.errors.CouldNotRun: the data cannot be read.
    """
    if not _TABLE.fullmatch(name):
        raise InvalidInput(
            f"{clip(name)} is not a table name; expected a name, or schema.name, of letters, digits and _"
        )
    engine.register(_RELATION, dataset)
    kinds = [(column, _canonical(kind)) for column, kind in engine.columns(_RELATION)]
    names = [column for column, _ in kinds]
    for column in value_columns:
        if column not in names:
            raise InvalidInput(f"--values {clip(column)}: there is no such column. {did_you_mean(column, names)}")
    counts = ", ".join(["COUNT(*)", *(f"COUNT({identifier(column)})" for column in names)])
    (rows, *non_null_counts), *_ = _fetch(engine, f"SELECT {counts} FROM {_RELATION}")
    complete = [column for (column, _), count in zip(kinds, non_null_counts, strict=True) if count == rows > 0]
    unique_columns = _find_unique(
        engine, [column for column, kind in kinds if column in complete and kind in _KEYS], rows
    )
    # Rows of a partition without a name break what a contract asks of one, so such a column is promised as any other.
    partitions = (column for column in dataset.partitions if column in complete or not rows)
    positions = {column: position for position, column in enumerate(partitions, start=1)}
    columns = [
        ColumnProfile(
            name=column,
            kind=kind,
            partition=positions.get(column),
            has_no_null=column in complete,
            is_unique=column in unique_columns,
            **(_summarize_values(engine, column, kind) if column in value_columns else {}),
        )
        for column, kind in kinds
    ]
    return draft(name, columns, rows=rows)


def _canonical(kind: str) -> str:
    """Give the canonical type; a type that has none is reported by the draft, with its column."""
    try:
        return canonical_type(kind)
    except ValueError:
        return kind


def _find_unique(engine: Engine, columns: Sequence[str], rows: int) -> Sequence[str]:
    """Find the columns without duplicate values; a single row proves nothing."""
    first_rows = f"(SELECT * FROM {_RELATION} LIMIT {_SAMPLE_ROWS}) AS first_rows"
    for source, total in ((first_rows, min(rows, _SAMPLE_ROWS)), (_RELATION, rows)):
        if rows < 2 or not columns:
            return ()
        counts = ", ".join(f"COUNT(DISTINCT {identifier(column)})" for column in columns)
        (distinct_counts, *_) = _fetch(engine, f"SELECT {counts} FROM {source}")
        columns = [column for column, count in zip(columns, distinct_counts, strict=True) if count == total]
    return columns


def _summarize_values(engine: Engine, column: str, kind: str) -> dict[str, Any]:
    """List the few values of a text or integer column; otherwise the range of an integer or date column."""
    summary: dict[str, Any] = {"may_be_shown": True}
    quoted = identifier(column)
    if kind == "string" or kind in INTEGER_RANGES:
        distinct = f"SELECT DISTINCT {quoted} FROM {_RELATION} WHERE {quoted} IS NOT NULL LIMIT {_MOST_VALUES + 1}"
        values = [value for (value,) in _fetch(engine, distinct)]
        if len(values) <= _MOST_VALUES:
            return summary | {"values": tuple(sorted(values))}
    if kind == "date" or kind in INTEGER_RANGES:
        ((least, greatest), *_) = _fetch(engine, f"SELECT MIN({quoted}), MAX({quoted}) FROM {_RELATION}")
        summary |= {"least": _as_text(least), "greatest": _as_text(greatest)}
    return summary


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _fetch(engine: Engine, sql: str) -> Sequence[tuple[Any, ...]]:
    return engine.fetch(sql)  # as values of any type, which is what a column has
