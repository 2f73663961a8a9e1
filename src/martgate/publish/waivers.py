"""Records and withdraws waivers in the ledger, and applies them when a candidate is judged."""

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
from martgate.gate.waiver import AppliedWaiver, Waiver, apply_waivers, explain_unwaivable, reapply_waivers, waived_rules
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
"""A failure that is accepted for longer is not an exception: the contract has to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRequest:
    """A waiver as it was requested.

    Attributes:
        rule: the name of the rule.
        until: the last day on which the waiver is in force.
        reason: why the rule may fail.
        owner: who is responsible for it.
        partition: the one day of the table that it covers; empty for every day.
        most: the highest number of failures that it covers; None for any.
    """

    rule: str
    until: date
    reason: str
    owner: str
    partition: str = ""
    most: int | None = None


def waive(request: WaiverRequest, table: Table, context: Context) -> Waiver:
    """Record a waiver of a rule of a table.

    Args:
        request: the waiver.
        table: the table.
        context: the adapters of the run.

    Raises:
        martgate.errors.InvalidInput: with everything that is wrong with the request, or with the contract.
    """
    raise_for_problems(context.catalog.find(table.qualified_name)[0], context.catalog)
    problems = tuple(_find_problems(request, table, context))
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
        check=_find_rule(request, table, context).digest,
    )
    context.ledger.record_waiver(waiver)
    return waiver


def withdraw_waivers(rule: str, table: Table, context: Context) -> int:
    """Withdraw the waivers of a rule, even of one that the contract no longer has.

    Returns:
        How many there were.

    Raises:
        martgate.errors.InvalidInput: there was none.
    """
    name = table.qualified_name
    number = context.ledger.withdraw_waivers(name, rule, at=context.now())
    if not number:
        hint = (
            did_you_mean(rule, {waiver.rule for waiver in context.ledger.list_waivers(name)})
            or "the table has no waivers"
        )
        raise InvalidInput(f"{name} has no waiver of {clip(rule)}; {hint}")
    return number


def _find_problems(request: WaiverRequest, table: Table, context: Context) -> Iterator[str]:
    rules, name = _find_rules(table, context), table.qualified_name
    rule = rules.get(request.rule)
    if rule is None:
        yield f"{name} has no rule {clip(request.rule)}; {did_you_mean(request.rule, rules)}"
    elif reason := explain_unwaivable(rule):
        yield f"{request.rule} cannot be waived: {reason}"
    earliest, latest = (contract_date(table, context) + timedelta(days=1), contract_date(table, context) + _LONGEST)
    if not earliest <= request.until <= latest:
        yield (
            f"--until {request.until}: a waiver is in force for at least one day to come and for {_LONGEST.days} at most; "
            f"give a day from {earliest} to {latest}"
        )
    for option, text, what in (
        ("--reason", request.reason, "why it may fail"),
        ("--owner", request.owner, "who is responsible for it"),
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


def _day(partition: str, table: Table) -> date | None:
    """Parse the partition as the table is published by it."""
    column, _, value = partition.rpartition("=")
    day = parse_day(value)
    if day is None or column not in ("", table.publish_partition) or table.publish_period.first(day) != day:
        return None
    return day


def _find_rule(request: WaiverRequest, table: Table, context: Context) -> Rule:
    """Find the rule that a waiver is about, in the version of the contract that is valid on its day; else the newest one."""
    every, day = _find_rules(table, context), _day(request.partition, table)
    applicable = derive_from_catalog(*context.catalog.find(table.qualified_name, day), context.catalog)
    return next((rule for rule in applicable.rules if rule.name == request.rule), every[request.rule])


def _find_rules(table: Table, context: Context) -> dict[str, Rule]:
    """Find the rules of all versions of the contract by name; the newest version wins."""
    rules: dict[str, Rule] = {}
    for contract_file, table_version in context.catalog.versions(table.qualified_name):
        applicable = derive_from_catalog(contract_file, table_version, context.catalog)
        rules |= {
            rule.name: rule for rule in (*applicable.rules, *(skipped.rule for skipped in applicable.out_of_scope))
        }
    return rules


def contract_date(table: Table, context: Context) -> date:
    """Give today's date in the time zone of the table's contract."""
    zone = context.catalog.find(table.qualified_name)[0].contract.zone
    return context.now().astimezone(ZoneInfo(zone)).date()


def apply_recorded_waivers(audit: Audit, table: Table, context: Context) -> tuple[AppliedWaiver, ...]:
    """Apply the recorded waivers of a table to an audit of a candidate."""
    waivers = context.ledger.list_waivers(table.qualified_name)
    return (
        apply_waivers(audit, waivers, on=contract_date(table, context), rule_names=_find_rules(table, context))
        if waivers
        else ()
    )


def reapply_recorded_waivers(
    former: tuple[AppliedWaiver, ...], candidate: Candidate, table: Table, context: Context
) -> tuple[AppliedWaiver, ...]:
    """Check the waivers of an earlier verdict again, by what is in force now.

    A candidate that is published already needs them no more.
    """
    if not waived_rules(former) or context.store.is_published(candidate):
        return former
    return reapply_waivers(former, context.ledger.list_waivers(table.qualified_name), on=contract_date(table, context))
