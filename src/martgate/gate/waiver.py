"""Dated, scoped, owned exceptions: which rules may fail for now without standing in the way, and what became of each.

A waiver changes no verdict: the rule failed, by so many, and everybody is told. It covers a failure that was counted and
nothing else: not a rule that could not run, had nothing to look at or was not judged, nor one about the table's shape.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from martgate.contracts.model import Severity
from martgate.contracts.partition import OptionalDate
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.text.wording import format_count

__all__ = ["Applied", "Effect", "Waiver", "applied", "describe", "refusing", "still", "terms", "waived", "why_not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A rule of a table may fail, through the day `until`: who answers for it, and why.

    `part_date` is the one day of the table that it is about; empty where it is about every day. `most` is how many
    failures it covers, in the unit of the rule; None where it covers any number. `is_sound` is false where it is not what
    was recorded.
    """

    table: str
    rule: str
    until: date
    reason: str
    owner: str
    recorded_at: datetime
    part_date: OptionalDate = None
    most: int | None = None
    is_sound: bool = True


class Effect(StrEnum):
    """What became of a waiver. WAIVED lets its rule's failure through; of the others none lets anything through."""

    WAIVED = "waived"
    UNUSED = "unused"
    EXPIRED = "expired"
    EXCEEDED = "exceeded"
    POWERLESS = "powerless"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Applied:
    """A waiver, and what became of it in one run, in which its rule failed so many times."""

    waiver: Waiver
    effect: Effect
    failed: int = 0


def why_not(rule: Rule) -> str:
    """Why a rule can never be waived; empty where it can."""
    if rule.check.is_structural:
        return "it is about the shape of the table, which the table itself enforces and no version of it can lack"
    if rule.severity is not Severity.ERROR:
        return "it is a warning, which stands in nobody's way"
    return ""


def applied(audit: Audit, waivers: Iterable[Waiver], *, on: date, known: Collection[str]) -> tuple[Applied, ...]:
    """What becomes of the waivers of a table, the oldest first, in one audit of it.

    Those that nobody needs to hear of are left out: about another day, past their date and not missed, or beside one that
    covers the same failure.

    Args:
        on: the day on which this is decided; it ends waivers, whatever day the audit is about.
        known: the names of all rules that any version of the contract has.
    """
    found = [one for waiver in waivers if (one := _applied(audit, waiver, on=on, known=known))]
    covering = {one.waiver.rule: one for one in found if one.effect is Effect.WAIVED}
    beside = (Effect.WAIVED, Effect.UNUSED, Effect.EXPIRED, Effect.EXCEEDED)
    return tuple(one for one in found if one.effect not in beside or covering.get(one.waiver.rule, one) is one)


def _applied(audit: Audit, waiver: Waiver, *, on: date, known: Collection[str]) -> Applied | None:
    if not waiver.is_sound:  # not even its day is what was recorded
        return Applied(waiver, Effect.ALTERED)
    if waiver.part_date not in (None, audit.part_date):
        return None
    verdict = next((each for each in audit.verdicts if each.rule.name == waiver.rule), None)
    if on > waiver.until:
        is_missed = verdict is not None and verdict.blocks and verdict.outcome is Outcome.FAILED
        return Applied(waiver, Effect.EXPIRED, verdict.failed) if verdict and is_missed else None
    if verdict is None:
        is_judged_elsewhere = any(outside.rule.name == waiver.rule for outside in audit.out_of_scope)
        if waiver.rule not in known and not is_judged_elsewhere:
            return Applied(waiver, Effect.UNKNOWN)
        return Applied(waiver, Effect.UNUSED) if is_judged_elsewhere else None
    return Applied(waiver, _effect(waiver, verdict), verdict.failed)


def _effect(waiver: Waiver, verdict: Verdict) -> Effect:
    """What a waiver in force does about the verdict on its rule."""
    if not verdict.blocks:
        return Effect.UNUSED
    if verdict.outcome is not Outcome.FAILED or why_not(verdict.rule):
        return Effect.POWERLESS
    if waiver.most is not None and verdict.failed > waiver.most:
        return Effect.EXCEEDED
    return Effect.WAIVED


def still(former: Iterable[Applied], waivers: Sequence[Waiver], *, on: date) -> tuple[Applied, ...]:
    """What became since of waivers that were applied: one that has expired, or is not kept as it was, waives no more."""
    return tuple(one if one.effect is not Effect.WAIVED else _still(one, waivers, on=on) for one in former)


def _still(one: Applied, waivers: Sequence[Waiver], *, on: date) -> Applied:
    if one.waiver not in waivers:
        return replace(one, effect=Effect.WITHDRAWN)
    return replace(one, effect=Effect.EXPIRED) if on > one.waiver.until else one


def waived(found: Iterable[Applied]) -> frozenset[str]:
    """The names of the rules whose failure stands in nobody's way."""
    return frozenset(one.waiver.rule for one in found if one.effect is Effect.WAIVED)


def refusing(found: Iterable[Applied]) -> Iterator[Applied]:
    """The waivers that are a reason to refuse: those that do not help where they should, and those of rules not there."""
    helpless = (Effect.EXPIRED, Effect.EXCEEDED, Effect.POWERLESS, Effect.WITHDRAWN, Effect.UNKNOWN)
    return (one for one in found if one.effect in helpless)


def describe(one: Applied) -> str:
    """What became of a waiver, in a sentence that names its rule."""
    waiver = one.waiver
    whose = f"the waiver of {waiver.rule} by {waiver.owner}"
    told = {
        Effect.WAIVED: f"{waiver.rule} is waived {terms(waiver)}",
        Effect.UNUSED: f"{whose}, until {waiver.until}, was not needed",
        Effect.EXPIRED: f"{whose} expired: it was until {waiver.until}",
        Effect.EXCEEDED: f"{whose} covers {format_count(waiver.most or 0, 'failures')}, and there were {one.failed:,}",
        Effect.POWERLESS: f"{whose} covers failures that were counted, and none were",
        Effect.WITHDRAWN: f"{whose} was withdrawn or altered after the gate had used it",
        Effect.UNKNOWN: (
            f"a waiver by {waiver.owner} is of {waiver.rule}, a rule that no version of the contract has; "
            f"`martgate waive {waiver.table} '{waiver.rule}' --withdraw` takes it back"
        ),
        Effect.ALTERED: f"a waiver of {waiver.rule} was altered after it was recorded, and counts for nothing",
    }
    return told[one.effect]


def terms(waiver: Waiver) -> str:
    """Until when a waiver is, whose it is, why, and how far it goes.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2024, 1, 1, tzinfo=UTC)
    >>> more = {"table": "s.t", "rule": "table|volume", "recorded_at": at, "part_date": date(2024, 1, 16), "most": 2}
    >>> terms(Waiver(until=date(2024, 2, 1), owner="ana", reason="two tours at once", **more))
    'until 2024-02-01 by ana, for 2024-01-16, up to 2 failures: two tours at once'
    """
    day = f", for {waiver.part_date}" if waiver.part_date else ""
    most = f", up to {format_count(waiver.most, 'failures')}" if waiver.most is not None else ""
    return f"until {waiver.until} by {waiver.owner}{day}{most}: {waiver.reason}"
