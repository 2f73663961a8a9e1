"""How a waiver is told: what it lets through, until when, and who answers for it."""

from collections.abc import Iterable
from datetime import date

from expectations.waivers import Applied, Effect, Waiver
from reports.words import counted, plain

__all__ = ["applied_told", "became", "listed", "standing", "terms", "waiver_told"]


def became(one: Applied) -> str:
    """What became of a waiver, in a sentence that names its rule."""
    waiver = one.waiver
    whose = f"the waiver of {waiver.rule} by {waiver.owner}"
    told = {
        Effect.WAIVED: f"{waiver.rule} is waived {terms(waiver)}",
        Effect.UNUSED: f"{whose}, until {waiver.until}, was not needed",
        Effect.EXPIRED: f"{whose} expired: it was until {waiver.until}",
        Effect.EXCEEDED: f"{whose} covers {counted(waiver.most or 0, 'failures')}, and there were {one.failed:,}",
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
    >>> more = {"table": "s.t", "rule": "table|volume", "recorded_at": at, "part_date": "2024-01-16", "most": 2}
    >>> terms(Waiver(until=date(2024, 2, 1), owner="ana", reason="two tours at once", **more))
    'until 2024-02-01 by ana, for 2024-01-16, up to 2 failures: two tours at once'
    """
    day = f", for {waiver.part_date}" if waiver.part_date else ""
    most = f", up to {counted(waiver.most, 'failures')}" if waiver.most is not None else ""
    return f"until {waiver.until} by {waiver.owner}{day}{most}: {waiver.reason}"


def listed(table: str, waivers: Iterable[Waiver], *, on: date) -> str:
    """The waivers of a table as a person reads them, each with how it stands on a day."""
    lines = [f"{standing(waiver, on):<8}  {waiver.rule}  {terms(waiver)}" for waiver in waivers]
    return "\n".join(map(plain, lines or [f"{table}: no rule is waived"]))


def standing(waiver: Waiver, on: date) -> str:
    """`in force`, `expired`, or `altered`: then it counts for nothing."""
    if not waiver.is_sound:
        return "altered"
    return "expired" if on > waiver.until else "in force"


def waiver_told(waiver: Waiver) -> dict[str, object]:
    """A waiver for programs."""
    return {
        "rule": waiver.rule,
        "until": waiver.until.isoformat(),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "partition": waiver.part_date or None,
        "max_failed": waiver.most,
        "recorded_at": waiver.recorded_at.isoformat(),
    }


def applied_told(one: Applied) -> dict[str, object]:
    """The same, with what became of it."""
    return {**waiver_told(one.waiver), "effect": one.effect.value, "failed": one.failed}
