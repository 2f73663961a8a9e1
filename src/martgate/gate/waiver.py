"""Waivers: dated exceptions with an owner, which let a rule fail for now without blocking a publish.

A waiver changes no verdict: the rule still fails, and every report says so. A waiver covers a counted failure and nothing
else: not a rule that could not run, was vacuous or has no verdict, and not a rule about the shape of the table.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from martgate.contracts.partition import OptionalDate
from martgate.contracts.quality import Severity
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.text.wording import format_count

__all__ = [
    "AppliedWaiver",
    "Effect",
    "Waiver",
    "apply_waivers",
    "describe_waiver",
    "describe_waiver_terms",
    "explain_unwaivable",
    "find_refusing_waivers",
    "reapply_waivers",
    "waived_rules",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """The permission for one rule of a table to fail until a date.

    Attributes:
        table: the qualified name of the table.
        rule: the name of the rule.
        until: the last day on which the waiver is in force.
        reason: why the rule may fail.
        owner: who answers for it.
        recorded_at: when it was recorded.
        part_date: the only day of the table that it covers; None if it covers every day.
        most: the greatest number of failures that it covers, in the unit of the rule; None if it covers any number.
        check: the digest of the rule as it was when the waiver was recorded; empty in waivers of earlier versions.
        is_sound: whether the waiver is as it was recorded. An altered one has no effect.
    """

    table: str
    rule: str
    until: date
    reason: str
    owner: str
    recorded_at: datetime
    part_date: OptionalDate = None
    most: int | None = None
    check: str = ""
    is_sound: bool = True


class Effect(StrEnum):
    """What a waiver does in a run. Only WAIVED lets a failure through.

    Attributes:
        WAIVED: its rule failed and does not block the publish.
        UNUSED: its rule did not fail.
        EXPIRED: its rule failed after the last day of the waiver.
        EXCEEDED: its rule failed more often than the waiver covers.
        POWERLESS: its rule blocks the publish by something that no waiver covers.
        WITHDRAWN: it was withdrawn or altered after the gate had applied it.
        UNKNOWN: no version of the contract has its rule.
        OTHER_RULE: the contract has given the name of its rule to another check.
        ALTERED: it is not as it was recorded.
    """

    WAIVED = "waived"
    UNUSED = "unused"
    EXPIRED = "expired"
    EXCEEDED = "exceeded"
    POWERLESS = "powerless"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    OTHER_RULE = "other_rule"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class AppliedWaiver:
    """A waiver with its effect in one run, and the number of failures of its rule in that run."""

    waiver: Waiver
    effect: Effect
    failed: int = 0


def explain_unwaivable(rule: Rule) -> str:
    """Explain why a rule can never be waived; empty if it can."""
    if rule.check.is_structural:
        return "it is about the shape of the table, which the table itself enforces and no version of it can lack"
    if rule.severity is not Severity.ERROR:
        return "it is a warning, and a warning never blocks a publish"
    return ""


def apply_waivers(
    audit: Audit, waivers: Iterable[Waiver], *, on: date, rule_names: Collection[str]
) -> tuple[AppliedWaiver, ...]:
    """Apply the waivers of a table to an audit of it.

    Args:
        audit: the verdicts.
        waivers: the waivers of the table, the oldest first.
        on: the day of the decision, on which waivers expire; the day that the audit is about does not matter.
        rule_names: the names of all rules that any version of the contract has.

    Returns:
        The waivers with their effects, without those of no interest: about another day, expired and not needed, or beside
        another waiver that covers the same failure.
    """
    applied = [one for waiver in waivers if (one := _apply_waiver(audit, waiver, on=on, rule_names=rule_names))]
    covering = {one.waiver.rule: one for one in applied if one.effect is Effect.WAIVED}
    optional = (Effect.WAIVED, Effect.UNUSED, Effect.EXPIRED, Effect.EXCEEDED)
    return tuple(one for one in applied if one.effect not in optional or covering.get(one.waiver.rule, one) is one)


def _apply_waiver(audit: Audit, waiver: Waiver, *, on: date, rule_names: Collection[str]) -> AppliedWaiver | None:
    if not waiver.is_sound:  # even its day may have been altered
        return AppliedWaiver(waiver, Effect.ALTERED)
    if waiver.part_date not in (None, audit.part_date):
        return None
    verdict = next((each for each in audit.verdicts if each.rule.name == waiver.rule), None)
    if on > waiver.until:
        is_missed = verdict is not None and verdict.blocks and verdict.outcome is Outcome.FAILED
        return AppliedWaiver(waiver, Effect.EXPIRED, verdict.failed) if verdict and is_missed else None
    if verdict is None:
        is_out_of_scope = any(outside.rule.name == waiver.rule for outside in audit.out_of_scope)
        if waiver.rule not in rule_names and not is_out_of_scope:
            return AppliedWaiver(waiver, Effect.UNKNOWN)
        return AppliedWaiver(waiver, Effect.UNUSED) if is_out_of_scope else None
    return AppliedWaiver(waiver, _effect(waiver, verdict), verdict.failed)


def _effect(waiver: Waiver, verdict: Verdict) -> Effect:
    if not verdict.blocks:
        return Effect.UNUSED
    if waiver.check and waiver.check != verdict.rule.digest:
        return Effect.OTHER_RULE
    if verdict.outcome is not Outcome.FAILED or explain_unwaivable(verdict.rule):
        return Effect.POWERLESS
    if waiver.most is not None and verdict.failed > waiver.most:
        return Effect.EXCEEDED
    return Effect.WAIVED


def reapply_waivers(
    applied: Iterable[AppliedWaiver], waivers: Sequence[Waiver], *, on: date
) -> tuple[AppliedWaiver, ...]:
    """Apply waivers of an earlier decision again: one that expired or changed since then lets nothing through.

    Args:
        applied: the waivers as the gate applied them.
        waivers: the waivers of the table as they are now.
        on: the day of the new decision.
    """
    return tuple(_reapply_waiver(one, waivers, on=on) if one.effect is Effect.WAIVED else one for one in applied)


def _reapply_waiver(one: AppliedWaiver, waivers: Sequence[Waiver], *, on: date) -> AppliedWaiver:
    if one.waiver not in waivers:
        return replace(one, effect=Effect.WITHDRAWN)
    return replace(one, effect=Effect.EXPIRED) if on > one.waiver.until else one


def waived_rules(applied: Iterable[AppliedWaiver]) -> frozenset[str]:
    """Return the names of the rules whose failures do not block the publish."""
    return frozenset(one.waiver.rule for one in applied if one.effect is Effect.WAIVED)


def find_refusing_waivers(applied: Iterable[AppliedWaiver]) -> Iterator[AppliedWaiver]:
    """Find the waivers that are reasons to refuse: those that do not cover their failure, and those of unknown rules."""
    refusing = (Effect.EXPIRED, Effect.EXCEEDED, Effect.POWERLESS, Effect.WITHDRAWN, Effect.UNKNOWN, Effect.OTHER_RULE)
    return (one for one in applied if one.effect in refusing)


def describe_waiver(one: AppliedWaiver) -> str:
    """Describe the effect of a waiver in a sentence that names its rule."""
    waiver = one.waiver
    subject = f"the waiver of {waiver.rule} by {waiver.owner}"
    sentences = {
        Effect.WAIVED: f"{waiver.rule} is waived {describe_waiver_terms(waiver)}",
        Effect.UNUSED: f"{subject}, until {waiver.until}, was not needed",
        Effect.EXPIRED: f"{subject} expired: it was until {waiver.until}",
        Effect.EXCEEDED: f"{subject} covers {format_count(waiver.most or 0, 'failures')}, and there were {one.failed:,}",
        Effect.POWERLESS: f"{subject} covers failures that were counted, and none were",
        Effect.WITHDRAWN: f"{subject} was withdrawn or altered after the gate had used it",
        Effect.UNKNOWN: (
            f"a waiver by {waiver.owner} is of {waiver.rule}, a rule that no version of the contract has; "
            f"`martgate waive {waiver.table} '{waiver.rule}' --withdraw` takes it back"
        ),
        Effect.OTHER_RULE: (
            f"{subject} is about what the rule was when it was waived, and the contract has changed it since; waive it "
            "again, or take the waiver back by --withdraw"
        ),
        Effect.ALTERED: f"a waiver of {waiver.rule} was altered after it was recorded, and has no effect",
    }
    return sentences[one.effect]


def describe_waiver_terms(waiver: Waiver) -> str:
    """Until when a waiver is, subject it is, why, and how far it goes.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2024, 1, 1, tzinfo=UTC)
    >>> more = {"table": "s.t", "rule": "table|volume", "recorded_at": at, "part_date": date(2024, 1, 16), "most": 2}
    >>> describe_waiver_terms(Waiver(until=date(2024, 2, 1), owner="ana", reason="two tours at once", **more))
    'until 2024-02-01 by ana, for 2024-01-16, up to 2 failures: two tours at once'
    """
    day = f", for {waiver.part_date}" if waiver.part_date else ""
    most = f", up to {format_count(waiver.most, 'failures')}" if waiver.most is not None else ""
    return f"until {waiver.until} by {waiver.owner}{day}{most}: {waiver.reason}"
