"""Counts the rows that a restatement adds, removes and changes in a published day, without showing their values."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from martgate.contracts.model import Table
from martgate.expectations.ports import AuditEngine
from martgate.text.quoting import identifier, relation

__all__ = ["Difference", "Restatement", "compare_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The difference between the published rows of a day and the rows that replace them.

    Attributes:
        rows: The number of published rows.
        added: The number of rows that only the replacement has.
        removed: The number of rows that only the published day has.
        changed: The number of rows with the same key and other values; always 0 without a key.
        key: The columns by which rows are matched. Empty means that rows are compared as a whole.
        columns: By column, the number of changed rows in which it differs; columns that never differ are left out.
    """

    rows: int
    added: int
    removed: int
    changed: int
    key: tuple[str, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """The restatement of a published day by a candidate.

    Attributes:
        version: The version of the table whose day was compared.
        state: A digest of the files of that day.
        apart: Columns that hold the instant of the run; they are not compared.
        difference: The counted difference, None where the rows could not be compared.
        trouble: Why they could not be compared, empty where they could.
    """

    version: int
    state: str
    apart: tuple[str, ...] = ()
    difference: Difference | None = None
    trouble: str = ""


def compare_rows(
    engine: AuditEngine, table: Table, *, before: str, after: str, ignored: Collection[str] = ()
) -> Difference:
    """Count the differences between two relations that have a table's columns, in one statement.

    Two nulls are equal. Where a key occurs more than once in a relation, every pair of its rows is compared.

    Args:
        engine: The engine in which both relations are registered.
        table: The table; its primary key matches the rows.
        before: The relation of the published rows.
        after: The relation of the rows that replace them.
        ignored: The names of columns that are not compared.

    Raises:
        martgate.errors.QueryFailed: One of the relations cannot be read.
    """
    expressions = {column.name: _comparable(column.name, column.physical_type) for column in table.columns}
    compared = [name for name in expressions if name not in {*table.primary_key, *ignored}]
    values = [expressions[name] for name in compared]
    if not table.primary_key:
        rows, added, removed = _fetch_counts(engine, _row_statement(before, after, values))
        return Difference(rows=rows, added=added, removed=removed, changed=0)
    keys = [expressions[name] for name in table.primary_key]
    rows, added, removed, changed, *per_column = _fetch_counts(engine, _key_statement(before, after, keys, values))
    columns = {name: number for name, number in zip(compared, per_column, strict=True) if number}
    return Difference(rows=rows, added=added, removed=removed, changed=changed, key=table.primary_key, columns=columns)


def _fetch_counts(engine: AuditEngine, sql: str) -> list[int]:
    """The single row of a statement as integers; engines return sums as wide integers or decimals."""
    (row,) = engine.fetch(sql)
    return [int(str(number)) for number in row]


def _comparable(name: str, physical_type: str) -> str:
    """A column as an expression that both engines can compare: Spark cannot compare maps."""
    return f"CAST({identifier(name)} AS STRING)" if "map<" in physical_type.casefold() else identifier(name)


def _key_statement(before: str, after: str, keys: list[str], values: list[str]) -> str:
    matched = " AND ".join(f"old.k{place} <=> new.k{place}" for place in range(len(keys)))
    differ = [f"NOT (old.v{place} <=> new.v{place})" for place in range(len(values))]
    counts = [
        "COUNT_IF(old.here)",
        "COUNT_IF(old.here IS NULL)",
        "COUNT_IF(new.here IS NULL)",
        *(f"COUNT_IF(old.here AND new.here AND ({test}))" for test in (" OR ".join(differ) or "FALSE", *differ)),
    ]
    columns = [
        "TRUE AS here",
        *(f"{key} AS k{place}" for place, key in enumerate(keys)),
        *(f"{value} AS v{place}" for place, value in enumerate(values)),
    ]
    selected = ", ".join(columns)
    return (
        f"SELECT {', '.join(_aliased(counts))} FROM (SELECT {selected} FROM {relation(before)}) AS old "
        f"FULL JOIN (SELECT {selected} FROM {relation(after)}) AS new ON {matched}"
    )


def _row_statement(before: str, after: str, values: list[str]) -> str:
    """Pair equal rows off, as often as they occur on both sides, and count the rest."""
    selected = ", ".join(f"{value} AS v{place}" for place, value in enumerate(values))
    groups = ", ".join(f"v{place}" for place in range(len(values)))
    counts = [f"COALESCE(SUM({each}), 0)" for each in ("old", "GREATEST(new - old, 0)", "GREATEST(old - new, 0)")]
    return (
        f"SELECT {', '.join(_aliased(counts))} FROM (SELECT COUNT_IF(NOT fresh) AS old, COUNT_IF(fresh) AS new FROM "
        f"(SELECT FALSE AS fresh, {selected} FROM {relation(before)} "
        f"UNION ALL SELECT TRUE AS fresh, {selected} FROM {relation(after)}) AS both GROUP BY {groups}) AS counted"
    )


def _aliased(counts: Iterable[str]) -> list[str]:
    return [f"{count} AS n{place}" for place, count in enumerate(counts)]
