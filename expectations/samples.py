"""A few offenders of a rule that failed, for people to look at.

A protected value never leaves the engine: its place is taken by a fixed mask inside the statement itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.quoting import identifier, identifiers, relation, text
from expectations import rules, wholes
from expectations.days import AcrossDays, allowances, both_days, day_test
from expectations.plan import Source
from expectations.predicates import group_test, row_test
from expectations.rules import Check, Rule, columns_of

__all__ = ["MASK", "MOST", "Sample", "as_text", "frequent_values", "sample"]

MASK = "[protected]"
"""What stands in the place of a protected value."""

MOST = 5
"""How many offenders are shown."""

_WIDTH = 80
_OF_VALUES = rules.InSet | rules.Pattern | rules.Length | rules.Range | rules.MultipleOf


@dataclass(frozen=True, slots=True)
class Sample:
    """A statement that returns offenders, and what its columns are called in an example."""

    sql: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """One column of an example: its name, what it is in the statement below, and the table's column that it shows.

    `column` is empty where that is the name itself.
    """

    name: str
    expression: str
    column: str = ""


def sample(rule: Rule, source: Source, *, key: Sequence[str], protected: frozenset[str]) -> Sample | None:
    """The statement for a rule's offenders; None where there is nothing to show.

    `key` are the table's key columns, which lead a row's example. `protected` are the columns that are masked.
    """
    found = _offenders(rule.check, source, tuple(dict.fromkeys([*key, *columns_of(rule.check)])))
    if found is None:
        return None
    shown, rows = found
    listed = ",\n  ".join(f"{_masked(column, protected)} AS e{place}" for place, column in enumerate(shown))
    order = ", ".join(column.expression for column in shown)
    sql = f"SELECT\n  {listed}\n{rows}\nORDER BY {order}\nLIMIT {MOST}"
    return Sample(sql, tuple(column.name for column in shown))


def frequent_values(check: Check, source: Source, *, protected: frozenset[str]) -> str | None:
    """The statement for the values that most offenders of a check have, each with its rows, the most frequent first.

    None where a check is not about the values of one column, or those are protected.
    """
    if not isinstance(check, _OF_VALUES) or check.column.casefold() in map(str.casefold, protected):
        return None
    test, name = row_test(check, source.types), identifier(check.column)
    assert test is not None
    return (
        f"SELECT\n  {name} AS e0,\n  COUNT(*) AS e1\nFROM {relation(source.relation)}\nWHERE {test.broken}\n"
        f"GROUP BY {name}\nORDER BY e1 DESC, e0\nLIMIT {MOST}"
    )


def _masked(column: _Shown, protected: frozenset[str]) -> str:
    if (column.column or column.name) not in protected:
        return column.expression
    return f"CASE WHEN {column.expression} IS NOT NULL THEN {text(MASK)} END"


def _columns(names: Iterable[str], prefix: str = "") -> list[_Shown]:
    return [_Shown(name, f"{prefix}{identifier(name)}") for name in names]


def _offenders(  # noqa: PLR0911 (one answer a kind)
    check: Check, source: Source, names: tuple[str, ...]
) -> tuple[list[_Shown], str] | None:
    """What to show of a check's offenders, and the FROM and WHERE that find them."""
    audited = relation(source.relation)
    test = row_test(check, source.types)
    if test:
        return _columns(names), f"FROM {audited}\nWHERE {test.broken}"
    match check:
        case rules.ConstantWithin(columns, by):
            return _values_within_group(check, tuple(dict.fromkeys([*by, *columns])), audited)
        case rules.CountMatches() | rules.ExtremeOf() | rules.ExactlyOne():
            return _columns(names, "here."), _rows_of_groups(check, audited)
        case rules.DenseSequence():
            windows, broken = wholes.place_in_group(check, "__place", "__length")
            return _columns(names), f"FROM {wholes.with_windows(windows, source.relation)}\nWHERE {broken}"
        case rules.Unique(columns) | rules.QualityMetric("duplicateValues", columns):
            groups = wholes.duplicates(columns, source.relation)
            return [*_columns(columns), _Shown("(rows)", "__rows")], f"FROM (\n{groups}\n) AS grouped\nWHERE __rows > 1"
        case rules.References():
            body = wholes.unmatched(check, source.relation, source.tables[check.to], grouped=False, more=names)
            return _columns(names, "here."), f"{body}\nWHERE found.__to0 IS NULL"
        case rules.UnchangedSince() | rules.NeverDisappears() | rules.NeverFalls() | rules.NeverRises():
            return _then_and_now(check, source)
        case rules.SameSet():
            return _one_sided(check, source)
        case rules.Reconciles(_, _, by):
            sides = wholes.reconciled(check, source.relation)
            numbers = [_Shown("(found)", "__here"), _Shown("(expected)", "__there")]
            differing = f"FROM (\n{sides}\n) AS compared\nWHERE {wholes.differs_by(check)}"
            return [*_columns(by), *numbers], differing
        case _:
            return None


def _values_within_group(check: rules.ConstantWithin, names: tuple[str, ...], audited: str) -> tuple[list[_Shown], str]:
    """The differing values of a group tell more than its rows do."""
    listed = ", ".join(f"here.{identifier(name)} AS {identifier(name)}" for name in names)
    grouping = ", ".join(f"here.{identifier(name)}" for name in names)
    groups = f"SELECT {listed}, COUNT(*) AS __rows\n{_rows_of_groups(check, audited)}\nGROUP BY {grouping}"
    return [*_columns(names), _Shown("(rows)", "__rows")], f"FROM (\n{groups}\n) AS differing"


def _rows_of_groups(
    check: rules.ConstantWithin | rules.CountMatches | rules.ExtremeOf | rules.ExactlyOne, audited: str
) -> str:
    """FROM the rows, as `here`, of the first groups that break a check."""
    by = identifiers(check.by)
    listed = ", ".join(f"{identifier(name)} AS __by{place}" for place, name in enumerate(check.by))
    groups = f"SELECT {listed} FROM {audited} GROUP BY {by} HAVING {group_test(check)} ORDER BY {by} LIMIT {MOST}"
    pairs = " AND ".join(f"here.{identifier(name)} <=> broken.__by{place}" for place, name in enumerate(check.by))
    return f"FROM {audited} AS here\nJOIN (\n  {groups}\n) AS broken ON {pairs}"


def _then_and_now(check: AcrossDays, source: Source) -> tuple[list[_Shown], str]:
    """The key, and what stood on either day where the check compares values."""
    moved = [name for name in columns_of(check) if name not in check.key]
    then = [_Shown(f"{name} (earlier)", f"earlier.{identifier(name)}", name) for name in moved]
    broken = day_test(check, allowances([check])).broken
    rows = f"{both_days([check], check.key, source.relation, source.earlier)}\nWHERE {broken}"
    return [*_columns(check.key, "earlier."), *then, *_columns(moved, "here.")], rows


def _one_sided(check: rules.SameSet, source: Source) -> tuple[list[_Shown], str]:
    sides = wholes.compared_sets(check, source.relation, source.tables[check.to])
    only_there = text(f"only in {check.to}")
    side = _Shown("(difference)", f"CASE WHEN __here = 0 THEN {only_there} ELSE 'only in this table' END")
    values = [_Shown(name, f"__{place}") for place, name in enumerate(check.columns)]
    return [*values, side], f"FROM (\n{sides}\n) AS compared\nWHERE __here = 0 OR __there = 0"


def as_text(value: object) -> str:
    """A value of a row as an example shows it: short, and null told from text."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray():
            shown = f"0x{value.hex()}"
        case _:
            shown = str(value)
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"
