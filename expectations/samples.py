"""A few offenders of a rule that failed, for people to look at.

A hidden value never leaves the engine: its place is taken by a fixed mask inside the statement itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from contracts.quoting import identifier, identifiers, relation, text
from expectations import rules, wholes
from expectations.days import AcrossDays, allowances, both_days, day_test
from expectations.plan import Source
from expectations.predicates import group_test, row_test
from expectations.protection import MASK, Protection
from expectations.rules import Check, Rule, columns_of

__all__ = ["MOST", "Sample", "as_text", "frequent_values", "sample"]

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
    """One column of an example: its name, what it is in the statement below, and whether its values are masked."""

    name: str
    expression: str
    is_hidden: bool = False


def sample(rule: Rule, source: Source, *, key: Sequence[str], protection: Protection) -> Sample | None:
    """The statement for a rule's offenders; None where there is nothing to show.

    `key` are the table's key columns, which lead a row's example; `protection` says what is masked.
    """
    found = _offenders(rule.check, source, tuple(dict.fromkeys([*key, *columns_of(rule.check)])), protection)
    if found is None:
        return None
    shown, rows = found
    listed = ",\n  ".join(f"{_masked(column)} AS e{place}" for place, column in enumerate(shown))
    order = ", ".join(column.expression for column in shown)
    sql = f"SELECT\n  {listed}\n{rows}\nORDER BY {order}\nLIMIT {MOST}"
    return Sample(sql, tuple(column.name for column in shown))


def frequent_values(check: Check, source: Source, *, protection: Protection) -> str | None:
    """The statement for the values that most offenders of a check have, each with its rows, the most frequent first.

    None where a check is not about the values of one column, or those are hidden.
    """
    if not isinstance(check, _OF_VALUES) or protection.hides(check.column):
        return None
    test, name = row_test(check, source.types), identifier(check.column)
    assert test is not None
    return (
        f"SELECT\n  {name} AS e0,\n  COUNT(*) AS e1\nFROM {relation(source.relation)}\nWHERE {test.broken}\n"
        f"GROUP BY {name}\nORDER BY e1 DESC, e0\nLIMIT {MOST}"
    )


def _masked(column: _Shown) -> str:
    if not column.is_hidden:
        return column.expression
    return f"CASE WHEN {column.expression} IS NOT NULL THEN {text(MASK)} END"


def _columns(names: Iterable[str], protection: Protection, prefix: str = "") -> list[_Shown]:
    return [_Shown(name, f"{prefix}{identifier(name)}", protection.hides(name)) for name in names]


def _offenders(  # noqa: PLR0911 (one answer a kind)
    check: Check, source: Source, names: tuple[str, ...], protection: Protection
) -> tuple[list[_Shown], str] | None:
    """What to show of a check's offenders, and the FROM and WHERE that find them."""
    audited = relation(source.relation)
    test = row_test(check, source.types)
    if test:
        return _columns(names, protection), f"FROM {audited}\nWHERE {test.broken}"
    match check:
        case rules.ConstantWithin(columns, by):
            return _values_within_group(check, tuple(dict.fromkeys([*by, *columns])), audited, protection)
        case rules.CountMatches() | rules.ExtremeOf() | rules.ExactlyOne():
            return _columns(names, protection, "here."), _rows_of_groups(check, audited)
        case rules.DenseSequence():
            windows, broken = wholes.place_in_group(check, "__place", "__length")
            return _columns(names, protection), f"FROM {wholes.with_windows(windows, source.relation)}\nWHERE {broken}"
        case rules.Unique(columns) | rules.QualityMetric("duplicateValues", columns):
            groups = wholes.duplicates(columns, source.relation)
            found = f"FROM (\n{groups}\n) AS grouped\nWHERE __rows > 1"
            return [*_columns(columns, protection), _Shown("(rows)", "__rows")], found
        case rules.References():
            body = wholes.unmatched(check, source.relation, source.tables[check.to], grouped=False, more=names)
            return _columns(names, protection, "here."), f"{body}\nWHERE found.__to0 IS NULL"
        case rules.UnchangedSince() | rules.NeverDisappears() | rules.NeverFalls() | rules.NeverRises():
            return _then_and_now(check, source, protection)
        case rules.SameSet():
            return _one_sided(check, source, protection)
        case rules.Reconciles():
            return _differing_groups(check, source, protection)
        case _:
            return None


def _values_within_group(
    check: rules.ConstantWithin, names: tuple[str, ...], audited: str, protection: Protection
) -> tuple[list[_Shown], str]:
    """The differing values of a group tell more than its rows do."""
    listed = ", ".join(f"here.{identifier(name)} AS {identifier(name)}" for name in names)
    grouping = ", ".join(f"here.{identifier(name)}" for name in names)
    groups = f"SELECT {listed}, COUNT(*) AS __rows\n{_rows_of_groups(check, audited)}\nGROUP BY {grouping}"
    return [*_columns(names, protection), _Shown("(rows)", "__rows")], f"FROM (\n{groups}\n) AS differing"


def _rows_of_groups(
    check: rules.ConstantWithin | rules.CountMatches | rules.ExtremeOf | rules.ExactlyOne, audited: str
) -> str:
    """FROM the rows, as `here`, of the first groups that break a check."""
    by = identifiers(check.by)
    listed = ", ".join(f"{identifier(name)} AS __by{place}" for place, name in enumerate(check.by))
    groups = f"SELECT {listed} FROM {audited} GROUP BY {by} HAVING {group_test(check)} ORDER BY {by} LIMIT {MOST}"
    pairs = " AND ".join(f"here.{identifier(name)} <=> broken.__by{place}" for place, name in enumerate(check.by))
    return f"FROM {audited} AS here\nJOIN (\n  {groups}\n) AS broken ON {pairs}"


def _then_and_now(check: AcrossDays, source: Source, protection: Protection) -> tuple[list[_Shown], str]:
    """The key, and what stood on either day where the check compares values."""
    moved = [name for name in columns_of(check) if name not in check.key]
    then = [replace(each, name=f"{each.name} (earlier)") for each in _columns(moved, protection, "earlier.")]
    broken = day_test(check, allowances([check])).broken
    rows = f"{both_days([check], check.key, source.relation, source.earlier)}\nWHERE {broken}"
    return [*_columns(check.key, protection, "earlier."), *then, *_columns(moved, protection, "here.")], rows


def _differing_groups(check: rules.Reconciles, source: Source, protection: Protection) -> tuple[list[_Shown], str]:
    """Groups come from either side, so that what the other side reads hides them, too."""
    there = protection.hides_sql(check.against)
    groups = [replace(each, is_hidden=each.is_hidden or there) for each in _columns(check.by, protection)]
    found = _Shown("(found)", "__here", protection.hides_sql(check.measure))
    rows = f"FROM (\n{wholes.reconciled(check, source.relation)}\n) AS compared\nWHERE {wholes.differs_by(check)}"
    return [*groups, found, _Shown("(expected)", "__there", there)], rows


def _one_sided(check: rules.SameSet, source: Source, protection: Protection) -> tuple[list[_Shown], str]:
    """A value comes from either table, so that it is shown where both show it."""
    sides = wholes.compared_sets(check, source.relation, source.tables[check.to])
    only_there = text(f"only in {check.to}")
    side = _Shown("(difference)", f"CASE WHEN __here = 0 THEN {only_there} ELSE 'only in this table' END")
    values = [
        _Shown(here, f"__{place}", protection.hides(here) or protection.hides(there, check.to))
        for place, (here, there) in enumerate(zip(check.columns, check.to_columns, strict=True))
    ]
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
