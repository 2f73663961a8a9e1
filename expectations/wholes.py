"""Statements that one check has for itself: uniqueness, other tables, a contract's own query.

Each returns one row: what failed, what was looked at. Columns of our own start with two underscores.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from contracts.quoting import identifier, identifiers, literal, put_table, relation
from expectations import rules
from expectations.predicates import row_test
from expectations.rules import Check

__all__ = [
    "all_set",
    "compared_sets",
    "differs_by",
    "duplicates",
    "misplaced",
    "place_in_group",
    "reconciled",
    "statement",
    "unmatched",
    "with_windows",
]

_NO_TYPES: Mapping[str, str] = MappingProxyType({})


def statement(  # noqa: PLR0911 (one answer a kind)
    check: Check, audited: str, tables: Mapping[str, str], *, types: Mapping[str, str] = _NO_TYPES
) -> str:
    """The statement of a check that shares none.

    `tables` leads from a contract's names to the engine's; `types` are the columns' types, by casefolded name.
    """
    match check:
        case rules.InSet(column):
            return _histogram(check, column, audited, types)
        case rules.Unique(columns):
            return _shared(columns, audited)
        case rules.QualityMetric(_, columns):
            return _shared(columns, audited)
        case rules.References():
            broken = "CASE WHEN found.__to0 IS NULL THEN here.__rows ELSE 0 END"
            return _sums(broken, "here.__rows", unmatched(check, audited, tables[check.to], grouped=True))
        case rules.SameSet():
            sides = compared_sets(check, audited, tables[check.to])
            return f"SELECT COUNT_IF(__here = 0 OR __there = 0) AS m0, COUNT(*) AS m1\nFROM (\n{sides}\n) AS compared"
        case rules.Reconciles():
            differs = f"COUNT_IF({differs_by(check)})"
            return f"SELECT {differs} AS m0, COUNT(*) AS m1\nFROM (\n{reconciled(check, audited)}\n) AS compared"
        case rules.SqlNumber(query):
            return put_table(query, audited)
        case (
            rules.HasColumns()
            | rules.HasType()
            | rules.NotNull()
            | rules.Pattern()
            | rules.Length()
            | rules.Range()
            | rules.MultipleOf()
            | rules.InPartition()
            | rules.Holds()
            | rules.Implies()
            | rules.Iff()
            | rules.AllOrNone()
            | rules.ConstantWithin()
            | rules.DenseSequence()
            | rules.CountMatches()
            | rules.ExtremeOf()
            | rules.ExactlyOne()
            | rules.UnchangedSince()
            | rules.NeverDisappears()
            | rules.NeverFalls()
            | rules.NeverRises()
            | rules.VolumeBand()
            | rules.ShareShift()
            | rules.Fresh()
            | rules.Foreign()
        ):
            raise ValueError(f"{check.kind} shares a statement with others")
        case _:
            assert_never(check)


def _histogram(check: rules.InSet, column: str, audited: str, types: Mapping[str, str]) -> str:
    """Each value is looked up in a long list once, not in every row."""
    test = row_test(check, types)
    assert test is not None
    values = duplicates((column,), audited)
    broken = f"CASE WHEN {test.broken} THEN __rows ELSE 0 END"
    return _sums(broken, "__rows", f"FROM (\n{values}\n) AS histogram")


def _sums(broken: str, total: str, body: str) -> str:
    return f"SELECT COALESCE(SUM({broken}), 0) AS m0, COALESCE(SUM({total}), 0) AS m1\n{body}"


def _shared(columns: tuple[str, ...], audited: str) -> str:
    """How many rows share their values with another row; rows with a null are not looked at."""
    groups = duplicates(columns, audited)
    return _sums("CASE WHEN __rows > 1 THEN __rows ELSE 0 END", "__rows", f"FROM (\n{groups}\n) AS grouped")


def duplicates(columns: tuple[str, ...], audited: str) -> str:
    """Every combination of non-null values with the number of its rows, `__rows`."""
    present = all_set(columns)
    names = identifiers(columns)
    return f"  SELECT {names}, COUNT(*) AS __rows FROM {relation(audited)} WHERE {present} GROUP BY {names}"


def all_set(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)


def unmatched(check: rules.References, audited: str, to: str, *, grouped: bool, more: tuple[str, ...] = ()) -> str:
    """FROM rows of `here` (or distinct values with their `__rows`), each joined with its match in `found`, if any."""
    present, names = all_set(check.columns), identifiers(check.columns)
    here = f"SELECT {names}, COUNT(*) AS __rows FROM {relation(audited)} WHERE {present} GROUP BY {names}"
    if not grouped:
        every = identifiers(tuple(dict.fromkeys([*check.columns, *more])))
        here = f"SELECT {every} FROM {relation(audited)} WHERE {present}"
    listed = ", ".join(f"{identifier(name)} AS __to{place}" for place, name in enumerate(check.to_columns))
    where = f"{all_set(check.to_columns)}{f' AND ({check.where})' if check.where else ''}"
    pairs = " AND ".join(f"here.{identifier(name)} = found.__to{place}" for place, name in enumerate(check.columns))
    found = f"SELECT DISTINCT {listed} FROM {relation(to)} WHERE {where}"
    return f"FROM (\n  {here}\n) AS here\nLEFT JOIN (\n  {found}\n) AS found ON {pairs}"


def compared_sets(check: rules.SameSet, audited: str, to: str) -> str:
    """Every value of either side as `__0`, `__1` .., with 1 or 0 for whether it is `__here` and `__there`."""
    names = [f"__{place}" for place in range(len(check.columns))]
    here = ", ".join(f"{identifier(column)} AS {name}" for column, name in zip(check.columns, names, strict=True))
    there = ", ".join(f"{identifier(column)} AS {name}" for column, name in zip(check.to_columns, names, strict=True))
    where = f" WHERE ({check.where})" if check.where else ""
    return (
        f"  SELECT {', '.join(names)}, MAX(__here) AS __here, MAX(__there) AS __there FROM (\n"
        f"    SELECT {here}, 1 AS __here, 0 AS __there FROM {relation(audited)}\n    UNION ALL\n"
        f"    SELECT {there}, 0 AS __here, 1 AS __there FROM {relation(to)}{where}\n"
        f"  ) AS sides GROUP BY {', '.join(names)}"
    )


def reconciled(check: rules.Reconciles, audited: str) -> str:
    """Every group of either side with its number `__here` and `__there`, 0 where the group is missing."""
    by = f"{identifiers(check.by)}, " if check.by else ""
    grouping = f" GROUP BY {identifiers(check.by)}" if check.by else ""
    here = f"SELECT {by}({check.measure}) AS __here, 0 AS __there FROM {relation(audited)}{grouping}"
    there = f"SELECT {by}0 AS __here, `measure` AS __there FROM (\n{check.against}\n    ) AS source"
    numbers = "COALESCE(SUM(__here), 0) AS __here, COALESCE(SUM(__there), 0) AS __there"
    return f"  SELECT {by}{numbers} FROM (\n    {here}\n    UNION ALL\n    {there}\n  ) AS sides{grouping}"


def differs_by(check: rules.Reconciles) -> str:
    """Each side is held against the other with its slack: a difference of two whole numbers may be too large for their type."""
    if not check.tolerance:
        return "__here <> __there"
    slack = literal(float(check.tolerance), "")
    return f"__here > __there + {slack} OR __there > __here + {slack}"


def place_in_group(check: rules.DenseSequence, place: str, length: str) -> tuple[list[str], str]:
    """Window functions that a dense sequence needs, and the condition under which a row breaks it.

    The column itself decides among rows that `order_by` does not tell apart.
    """
    name, by = identifier(check.column), identifiers(check.by)
    windows = [f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {identifiers(check.order_by)}, {name}) AS {place}"]
    broken = f"NOT ({name} <=> {place})"
    if check.length:
        windows.append(f"COUNT(*) OVER (PARTITION BY {by}) AS {length}")
        broken += f" OR NOT ({identifier(check.length)} <=> {length})"
    return windows, broken


def misplaced(check: rules.DenseSequence, audited: str) -> tuple[str, str]:
    """How many rows break a dense sequence with a length, and whether a group of rows belies that number.

    A row that says it is the first of one is right unless its group has others. Where no group has, only the other rows
    need their places looked up.
    """
    alone = f"{identifier(check.column)} <=> 1 AND {identifier(check.length or '')} <=> 1"
    windows, broken = place_in_group(check, "__place", "__length")
    placed = f"SELECT *, {', '.join(windows)} FROM {relation(audited)} WHERE NOT ({alone})"
    return f"(SELECT COUNT_IF({broken}) FROM ({placed}) AS placed)", f"COUNT(*) > 1 AND COUNT_IF({alone}) > 0"


def with_windows(windows: Sequence[str], audited: str) -> str:
    """The table, with window functions as further columns where there are any."""
    if not windows:
        return relation(audited)
    listed = ",\n      ".join(windows)
    return f"(\n    SELECT *,\n      {listed}\n    FROM {relation(audited)}\n  ) AS placed"
