"""Finds the previous day of a candidate: the newest published day before it, which some rules compare it with."""

from collections.abc import Iterable
from datetime import date

from martgate.builders.ports import Engine
from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.expectations.audit import NoPreviousDay, PreviousDay
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit
from martgate.stores.ports import Store

__all__ = ["RELATION", "explain_outdated", "register_previous_day"]

RELATION = "the_earlier_day"
"""The name of the relation under which an engine has the previous day."""


def register_previous_day(
    engine: Engine, rules: Iterable[Rule], store: Store, table: Table, day: date
) -> PreviousDay | NoPreviousDay:
    """Register the previous day with the engine, if a rule looks back; otherwise nothing is read.

    Args:
        engine: gets the day as the relation `RELATION`.
        rules: the rules of the audit.
        store: holds the published days.
        table: the table under audit.
        day: the day under audit.

    Raises:
        martgate.errors.CouldNotRun: the previous day cannot be read.
    """
    if not any(rule.check.reads_previous_day for rule in rules):
        return NoPreviousDay.NOT_IN_AUDIT
    previous = _newest_before(day, store, table)
    if previous is None:
        return NoPreviousDay.NONE_PUBLISHED
    published = store.read(table, previous)
    if published is None:
        raise CouldNotRun(
            f"{table.qualified_name}: {previous} was published a moment ago and is gone now; run the command again"
        )
    engine.register(RELATION, published)
    return PreviousDay(RELATION, previous)


def explain_outdated(audit: Audit, store: Store, table: Table) -> str:
    """Explain why an earlier audit no longer holds, because another day is the previous one now.

    Args:
        audit: the recorded audit.
        store: holds the published days.
        table: the table of the audit.

    Returns:
        The reason, and what to do; empty if the audit still holds.
    """
    rules = [*(verdict.rule for verdict in audit.verdicts), *(skipped.rule for skipped in audit.out_of_scope)]
    if not any(rule.check.reads_previous_day for rule in rules):
        return ""
    newest = _newest_before(audit.part_date, store, table) if audit.part_date else None
    if newest == audit.compared_with:
        return ""
    compared = f"compares it with {audit.compared_with}" if audit.compared_with else "compares it with no earlier day"
    return f"its verdict {compared}, and the newest one is now {newest or 'none'}: run `martgate gate` again"


def _newest_before(before: date, store: Store, table: Table) -> date | None:
    """Find the newest published day before a day, however long ago it is."""
    days = map(parse_day, store.list_partition_values(table))
    return max((day for day in days if day and day < before), default=None)
