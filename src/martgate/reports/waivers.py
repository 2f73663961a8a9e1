"""Renders waivers as text and as JSON values: what each covers, until when, and who owns it."""

from collections.abc import Iterable
from datetime import date

from martgate.contracts.partition import format_day
from martgate.gate.waiver import AppliedWaiver, Waiver, describe_waiver_terms
from martgate.text.wording import escape_text

__all__ = ["applied_waiver_payload", "render_waivers_text", "waiver_payload", "waiver_status"]


def render_waivers_text(table: str, waivers: Iterable[Waiver], *, on: date) -> str:
    """Render the waivers of a table, one a line, each with its status on a day."""
    lines = [f"{waiver_status(waiver, on):<8}  {waiver.rule}  {describe_waiver_terms(waiver)}" for waiver in waivers]
    return "\n".join(map(escape_text, lines or [f"{table}: no rule is waived"]))


def waiver_status(waiver: Waiver, on: date) -> str:
    """Return `in force`, `expired`, or `altered`, which means that the waiver has no effect."""
    if not waiver.is_sound:
        return "altered"
    return "expired" if on > waiver.until else "in force"


def waiver_payload(waiver: Waiver) -> dict[str, object]:
    """Return a waiver as a JSON object."""
    return {
        "rule": waiver.rule,
        "until": waiver.until.isoformat(),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "partition": format_day(waiver.part_date) or None,
        "max_failed": waiver.most,
        "recorded_at": waiver.recorded_at.isoformat(),
    }


def applied_waiver_payload(applied: AppliedWaiver) -> dict[str, object]:
    """Return a waiver as a JSON object with its effect in one run and the failures that it covers."""
    return {**waiver_payload(applied.waiver), "effect": applied.effect.value, "failed": applied.failed}
