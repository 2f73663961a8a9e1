"""What replacing a published day changes for its readers: rows added, removed and changed, counted and never shown."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from martgate.contracts.model import Table
from martgate.expectations.ports import AuditEngine
from martgate.text.quoting import identifier, relation

__all__ = ["Difference", "Restatement", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the rows of a day that readers have differ from those that would replace them.

    `rows` is how many the day has now. Rows are matched by `key`; where it is empty they are compared whole, and then
    none is `changed`. `columns` says in how many of the changed rows a column differs, for those that differ at all.
    """

    rows: int
    added: int
    removed: int
    changed: int
    key: tuple[str, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What a candidate would change of the published day that it replaces.

    `version` is the table's version whose day was compared, and `state` stands for what that day was made of. `apart`
    are columns that carry the run's instant, and change no row. Without a `difference`, `trouble` says why there is none.
    """

    version: int
    state: str
    apart: tuple[str, ...] = ()
    difference: Difference | None = None
    trouble: str = ""


def difference(
    engine: AuditEngine, table: Table, *, before: str, after: str, apart: Collection[str] = ()
) -> Difference:
    """What changes from one relation of a table's columns to another, by one statement; null equals null.

    A key that is not unique in one of them is counted by its pairs.

    Raises:
        martgate.errors.QueryFailed: one of them cannot be read.
    """
    spelled = {column.name: _comparable(column.name, column.physical_type) for column in table.columns}
    compared = [name for name in spelled if name not in {*table.primary_key, *apart}]
    values = [spelled[name] for name in compared]
    if not table.primary_key:
        rows, added, removed = _counts(engine, _by_rows(before, after, values))
        return Difference(rows=rows, added=added, removed=removed, changed=0)
    keys = [spelled[name] for name in table.primary_key]
    rows, added, removed, changed, *each = _counts(engine, _by_key(before, after, keys, values))
    columns = {name: number for name, number in zip(compared, each, strict=True) if number}
    return Difference(rows=rows, added=added, removed=removed, changed=changed, key=table.primary_key, columns=columns)


def _counts(engine: AuditEngine, sql: str) -> list[int]:
    """The one row of a statement; sums come as wide integers or decimals."""
    (row,) = engine.fetch(sql)
    return [int(str(number)) for number in row]


def _comparable(name: str, kind: str) -> str:
    """Spark compares no maps."""
    return f"CAST({identifier(name)} AS STRING)" if "map<" in kind.casefold() else identifier(name)


def _by_key(before: str, after: str, keys: list[str], values: list[str]) -> str:
    matched = " AND ".join(f"old.k{place} <=> new.k{place}" for place in range(len(keys)))
    differ = [f"NOT (old.v{place} <=> new.v{place})" for place in range(len(values))]
    counts = [
        "COUNT_IF(old.here)",
        "COUNT_IF(old.here IS NULL)",
        "COUNT_IF(new.here IS NULL)",
        *(f"COUNT_IF(old.here AND new.here AND ({test}))" for test in (" OR ".join(differ) or "FALSE", *differ)),
    ]
    named = [
        "TRUE AS here",
        *(f"{key} AS k{place}" for place, key in enumerate(keys)),
        *(f"{value} AS v{place}" for place, value in enumerate(values)),
    ]
    listed = ", ".join(named)
    return (
        f"SELECT {', '.join(_aliased(counts))} FROM (SELECT {listed} FROM {relation(before)}) AS old "
        f"FULL JOIN (SELECT {listed} FROM {relation(after)}) AS new ON {matched}"
    )


def _by_rows(before: str, after: str, values: list[str]) -> str:
    """Equal rows are paired off, as often as they occur on either side."""
    listed = ", ".join(f"{value} AS v{place}" for place, value in enumerate(values))
    groups = ", ".join(f"v{place}" for place in range(len(values)))
    counts = [f"COALESCE(SUM({each}), 0)" for each in ("old", "GREATEST(new - old, 0)", "GREATEST(old - new, 0)")]
    return (
        f"SELECT {', '.join(_aliased(counts))} FROM (SELECT COUNT_IF(NOT fresh) AS old, COUNT_IF(fresh) AS new FROM "
        f"(SELECT FALSE AS fresh, {listed} FROM {relation(before)} "
        f"UNION ALL SELECT TRUE AS fresh, {listed} FROM {relation(after)}) AS both GROUP BY {groups}) AS counted"
    )


def _aliased(counts: Iterable[str]) -> list[str]:
    return [f"{count} AS n{place}" for place, count in enumerate(counts)]
