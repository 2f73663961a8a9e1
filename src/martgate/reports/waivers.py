"""Waivers for people and programs: what each covers, until when, and who owns it."""

from collections.abc import Iterable
from datetime import date

from martgate.gate.waiver import Applied, Waiver, terms
from martgate.text.wording import escape_text

__all__ = ["applied_waiver_payload", "listed", "standing", "waiver_payload"]


def listed(table: str, waivers: Iterable[Waiver], *, on: date) -> str:
    """The waivers of a table as a person reads them, each with how it stands on a day."""
    lines = [f"{standing(waiver, on):<8}  {waiver.rule}  {terms(waiver)}" for waiver in waivers]
    return "\n".join(map(escape_text, lines or [f"{table}: no rule is waived"]))


def standing(waiver: Waiver, on: date) -> str:
    """`in force`, `expired`, or `altered`: then it counts for nothing."""
    if not waiver.is_sound:
        return "altered"
    return "expired" if on > waiver.until else "in force"


def waiver_payload(waiver: Waiver) -> dict[str, object]:
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


def applied_waiver_payload(one: Applied) -> dict[str, object]:
    """The same, with what became of it."""
    return {**waiver_payload(one.waiver), "effect": one.effect.value, "failed": one.failed}
