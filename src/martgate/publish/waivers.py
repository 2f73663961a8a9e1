"""Waivers as the ledger keeps them: recorded by somebody who answers for them, and asked for when a table is judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.contracts.period import Period
from martgate.errors import InvalidInput
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit
from martgate.gate.candidate import Candidate
from martgate.gate.waiver import Applied, Waiver, applied, still, waived, why_not
from martgate.hints import clip, did_you_mean
from martgate.project.context import Context
from martgate.project.review import raise_for_problems

__all__ = [
    "WaiverRequest",
    "apply_recorded_waivers",
    "contract_date",
    "reapply_recorded_waivers",
    "waive",
    "withdraw_waivers",
]

_LONGEST = timedelta(days=366)
"""What is to be let through for longer is no exception: the contract should say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRequest:
    """What somebody asks to be waived, as they wrote it; `partition` may be empty."""

    rule: str
    until: date
    reason: str
    owner: str
    partition: str = ""
    most: int | None = None


def waive(request: WaiverRequest, table: Table, context: Context) -> Waiver:
    """Record a waiver of a rule of a table.

    Raises:
        martgate.errors.InvalidInput: with everything in the request that cannot be, or in the contract.
    """
    raise_for_problems(context.catalog.find(table.qualified_name)[0], context.catalog)
    problems = tuple(_problems(request, table, context))
    if problems:
        raise InvalidInput(*problems)
    waiver = Waiver(
        table=table.qualified_name,
        rule=request.rule,
        until=request.until,
        reason=request.reason.strip(),
        owner=request.owner.strip(),
        recorded_at=context.now(),
        part_date=_day(request.partition, table),
        most=request.most,
    )
    context.ledger.record_waiver(waiver)
    return waiver


def withdraw_waivers(rule: str, table: Table, context: Context) -> int:
    """Take back the waivers of a rule, be it one that the contract has no more; how many there were.

    Raises:
        martgate.errors.InvalidInput: there was none.
    """
    name = table.qualified_name
    number = context.ledger.withdraw(name, rule, at=context.now())
    if not number:
        hint = did_you_mean(rule, {waiver.rule for waiver in context.ledger.waivers(name)}) or "there is none at all"
        raise InvalidInput(f"{name} has no waiver of {clip(rule)}; {hint}")
    return number


def _problems(request: WaiverRequest, table: Table, context: Context) -> Iterator[str]:
    rules, name = _rules(table, context), table.qualified_name
    rule = rules.get(request.rule)
    if rule is None:
        yield f"{name} has no rule {clip(request.rule)}; {did_you_mean(request.rule, rules)}"
    elif reason := why_not(rule):
        yield f"{request.rule} cannot be waived: {reason}"
    earliest, latest = (contract_date(table, context) + timedelta(days=1), contract_date(table, context) + _LONGEST)
    if not earliest <= request.until <= latest:
        yield (
            f"--until {request.until}: a waiver is for days to come, and for {_LONGEST.days} of them at most; "
            f"give a day from {earliest} to {latest}"
        )
    for option, text, what in (
        ("--reason", request.reason, "why it may fail"),
        ("--owner", request.owner, "who answers for it"),
    ):
        if not text.strip():
            yield f"{option} is empty; say {what}"
    if request.partition and not _day(request.partition, table):
        period, column = table.publish_period, table.publish_partition
        named = f", or as {column}=2024-01-01" if column else ""
        first = "" if period is Period.DAY else "by its first day, "
        yield (
            f"--partition {clip(request.partition)}: a verdict is about a whole {period} of {name}; give that, {first}"
            f"as 2024-01-01{named}"
        )


def _day(partition: str, table: Table) -> str:
    """The day that a partition is, as the table is published by it; empty where it is none."""
    column, _, value = partition.rpartition("=")
    day = parse_day(value)
    if day is None or column not in ("", table.publish_partition) or table.publish_period.first(day) != day:
        return ""
    return value


def _rules(table: Table, context: Context) -> dict[str, Rule]:
    """By name, the rules that any version of the contract has; a newer version's where several have one of that name."""
    found: dict[str, Rule] = {}
    for loaded, theirs in context.catalog.versions(table.qualified_name):
        asked = derive_from_catalog(loaded, theirs, context.catalog)
        found |= {rule.name: rule for rule in (*asked.rules, *(each.rule for each in asked.out_of_scope))}
    return found


def contract_date(table: Table, context: Context) -> date:
    """The day that it is where the table's contract counts its days."""
    zone = context.catalog.find(table.qualified_name)[0].contract.zone
    return context.now().astimezone(ZoneInfo(zone)).date()


def apply_recorded_waivers(found: Audit, table: Table, context: Context) -> tuple[Applied, ...]:
    """What becomes of the table's waivers in an audit of a candidate, as of now."""
    kept = context.ledger.waivers(table.qualified_name)
    return applied(found, kept, on=contract_date(table, context), known=_rules(table, context)) if kept else ()


def reapply_recorded_waivers(
    former: tuple[Applied, ...], candidate: Candidate, table: Table, context: Context
) -> tuple[Applied, ...]:
    """What became, since it was judged, of the waivers that it took; a candidate that readers have needs them no more."""
    if not waived(former) or context.store.is_published(candidate):
        return former
    return still(former, context.ledger.waivers(table.qualified_name), on=contract_date(table, context))
