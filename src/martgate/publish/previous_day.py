"""The day that a candidate is compared with: the newest one before it that stands published."""

from collections.abc import Iterable
from datetime import date

from martgate.builders.ports import Engine
from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.expectations.audit import PreviousDay, NoPreviousDay
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit
from martgate.stores.ports import Store

__all__ = ["RELATION", "explain_outdated", "register_previous_day"]

RELATION = "the_earlier_day"
"""Under which name an engine knows that day."""


def register_previous_day(
    engine: Engine, rules: Iterable[Rule], store: Store, table: Table, part_date: str
) -> PreviousDay | NoPreviousDay:
    """Make that day readable, where a rule looks back; without such a rule, what is published is not even asked for.

    Raises:
        martgate.errors.CouldNotRun: it cannot be read.
    """
    if not any(rule.check.reads_previous_day for rule in rules):
        return NoPreviousDay.NOT_IN_AUDIT
    day = _newest_before(part_date, store, table)
    if day is None:
        return NoPreviousDay.NONE_PUBLISHED
    published = store.read(table, day.isoformat())
    if published is None:
        raise CouldNotRun(
            f"{table.qualified_name}: {day} was published a moment ago, and is not any more; run it again"
        )
    engine.register(RELATION, published)
    return PreviousDay(RELATION, day)


def explain_outdated(found: Audit, store: Store, table: Table) -> str:
    """Why an audit that was made before says too little about the days as they are now; empty where it still does."""
    asked = [*(verdict.rule for verdict in found.verdicts), *(outside.rule for outside in found.out_of_scope)]
    if not any(rule.check.reads_previous_day for rule in asked):
        return ""
    day = _newest_before(found.part_date, store, table)
    newest = day.isoformat() if day else ""
    if newest == found.compared_with:
        return ""
    compared = f"compares it with {found.compared_with}" if found.compared_with else "compares it with no earlier day"
    return f"its verdict {compared}, and the newest one is now {newest or 'none'}: run `martgate gate` again"


def _newest_before(part_date: str, store: Store, table: Table) -> date | None:
    """However long ago that is: a day that nobody published is nobody's predecessor."""
    days = (parse_day(day) for day in store.days(table) if day < part_date)
    return max((day for day in days if day), default=None)
