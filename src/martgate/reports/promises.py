"""Renders the SLAs of tables about time: in the terminal, as JSON, and for a page of the site."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from martgate.errors import CouldNotRun
from martgate.expectations.promises import Delivery, Punctuality, SlaResult, SlaStatus
from martgate.text.lists import join_words
from martgate.text.wording import escape_text, format_count, format_duration, format_percent

if TYPE_CHECKING:  # slow to import, and only the site's file needs it
    from pydantic import TypeAdapter

__all__ = ["PromiseView", "TableView", "build_table_view", "from_json", "render_sla_json", "render_sla_text", "to_json"]

STATUS_LABELS = {
    SlaStatus.KEPT: "kept",
    SlaStatus.BROKEN: "broken",
    SlaStatus.PENDING: "not yet due",
    SlaStatus.UNKNOWN: "unknown",
}
_MAX_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One SLA as text. `label` says its status and `result` on how many days it is kept."""

    status: str
    label: str
    property: str
    terms: str
    description: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One day as text; instants are in the time zone of the contract."""

    date: str
    status: str
    label: str
    due: str
    published: str
    remarks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """One table as text, its newest day first. `status` is that of its worst SLA, empty where it has none."""

    table: str
    status: str
    label: str
    summary: str
    zone: str
    as_of: str
    promises: tuple[PromiseView, ...]
    days: tuple[DayView, ...]


def build_table_view(assessment: Punctuality) -> TableView:
    """Build the view of one table from the assessment of its SLAs."""
    status = _worst_status(assessment)
    return TableView(
        table=assessment.table,
        status=status.value if status else "",
        label=STATUS_LABELS[status] if status else "promises nothing about time",
        summary=_summary(assessment),
        zone=assessment.zone,
        as_of=f"{assessment.as_of:%Y-%m-%d %H:%M %Z}",
        promises=tuple(_promise_view(promise, assessment) for promise in assessment.promises),
        days=tuple(_day_view(day, assessment) for day in reversed(assessment.days)),
    )


def _worst_status(assessment: Punctuality) -> SlaStatus | None:
    if assessment.reason:
        return SlaStatus.UNKNOWN
    statuses = [promise.status for promise in assessment.promises]
    order = (SlaStatus.BROKEN, SlaStatus.UNKNOWN, SlaStatus.KEPT, SlaStatus.PENDING)
    return next((status for status in order if status in statuses), None)


def _summary(assessment: Punctuality) -> str:
    if assessment.stray_partitions:
        return f"partition values that do not name a {assessment.period}: {assessment.stray_partitions:,}"
    return assessment.reason


def _promise_view(promise: SlaResult, assessment: Punctuality) -> PromiseView:
    return PromiseView(
        status=promise.status.value,
        label=STATUS_LABELS[promise.status],
        property=promise.property,
        terms=promise.terms,
        description=promise.description,
        result=promise.reason or "; ".join(_counts(promise, assessment)),
    )


def _counts(promise: SlaResult, assessment: Punctuality) -> Iterator[str]:
    things = f"{assessment.period}s"
    if promise.due:
        share = "" if promise.kept == promise.due else f" ({format_percent(promise.kept, promise.due)})"
        yield f"{promise.kept:,} of {format_count(promise.due, things)}{share}"
    else:
        yield f"no {assessment.period} is due yet"
    if promise.days:
        yield f"not {_newest(promise.days)}"
    if promise.older:
        yield f"{format_count(len(promise.older), things)} older than that still there: {_newest(promise.older)}"


def _newest(days: Sequence[date]) -> str:
    """The newest few days and how many more there are."""
    return join_words(sorted(days, reverse=True), "", limit=_MAX_DAYS)


def _day_view(day: Delivery, assessment: Punctuality) -> DayView:
    zone = ZoneInfo(assessment.zone)
    return DayView(
        date=day.date.isoformat(),
        status=day.status.value,
        label=STATUS_LABELS[day.status],
        due=_local_time(day.due, zone),
        published=_local_time(day.published, zone),
        remarks="; ".join(_remarks(day)),
    )


def _local_time(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}" if instant else ""


def _remarks(day: Delivery) -> Iterator[str]:
    if day.published is None and day.is_in_table:
        yield "in the table, but the ledger has no receipt for it"
    elif day.published is None and day.status is SlaStatus.BROKEN:
        yield f"missing{f' for {format_duration(day.delay)}' if day.delay else ''}"
    elif day.delay and day.published:
        yield f"late by {format_duration(day.delay)}"
    if day.published and not day.is_in_table:
        yield "no longer in the table"
    if day.republications:
        yield f"published again {format_count(day.republications, 'times')}"


def render_sla_text(assessments: Sequence[Punctuality]) -> str:
    """Render each table with its SLAs, its newest day, and the days on which an SLA is not kept."""
    return "\n\n".join("\n".join(map(escape_text, _lines(build_table_view(each)))) for each in assessments)


def _lines(table: TableView) -> Iterator[str]:
    yield f"{table.table}: {table.label}"
    if table.summary:
        yield f"  {table.summary}"
    width = max((len(promise.property) for promise in table.promises), default=0)
    for promise in table.promises:
        yield f"  {promise.label:<16}  {promise.property:<{width}}  {promise.terms}: {promise.result}"
    listed = [day for place, day in enumerate(table.days) if place == 0 or day.status != SlaStatus.KEPT]
    if listed:
        yield f"  days, in {table.zone}:"
    for day in listed:
        parts = (
            f"due {day.due}" if day.due else "",
            f"published {day.published}" if day.published else "",
            day.remarks,
        )
        yield f"  {day.label:<16}  {day.date}  {', '.join(filter(None, parts))}"


def render_sla_json(assessments: Sequence[Punctuality]) -> str:
    """Render the same as JSON, with every day; instants are in UTC and durations in seconds."""
    return json.dumps(
        {
            "broken": any(each.is_broken for each in assessments),
            "tables": [_table_payload(each) for each in assessments],
        }
    )


def _table_payload(assessment: Punctuality) -> dict[str, object]:
    status = _worst_status(assessment)
    return {
        "table": assessment.table,
        "contract": assessment.contract,
        "contract_version": assessment.contract_version,
        "standing": status.value if status else "",
        "reason": assessment.reason,
        "asked_at": assessment.as_of.isoformat(),
        "period": assessment.period.value,
        "strays": assessment.stray_partitions,
        "promises": [
            {
                "property": promise.property,
                "terms": promise.terms,
                "path": promise.path,
                "standing": promise.status.value,
                "kept": promise.kept,
                "due": promise.due,
                "days": [day.isoformat() for day in promise.days],
                "older": [day.isoformat() for day in promise.older],
                "reason": promise.reason,
            }
            for promise in assessment.promises
        ],
        "days": [
            {
                "date": day.date.isoformat(),
                "standing": day.status.value,
                "due": day.due.astimezone(UTC).isoformat() if day.due else None,
                "published": day.published.isoformat() if day.published else None,
                "late_seconds": int(day.delay.total_seconds()) if day.delay else 0,
                "published_again": day.republications,
                "in_table": day.is_in_table,
            }
            for day in assessment.days
        ],
    }


def to_json(assessments: Sequence[Punctuality]) -> str:
    """Serialize assessments for the process that draws the site; `from_json` reads them back."""
    return _adapter().dump_json(tuple(assessments)).decode()


def from_json(text: str | bytes) -> tuple[Punctuality, ...]:
    """Read the assessments that `to_json` wrote.

    Raises:
        martgate.errors.CouldNotRun: The text is not such a document.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    try:
        return _adapter().validate_json(text)
    except ValidationError:
        raise CouldNotRun("not a document of assessed SLAs, as `to_json` writes it") from None


@cache
def _adapter() -> "TypeAdapter[tuple[Punctuality, ...]]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see above

    return TypeAdapter(tuple[Punctuality, ...])
