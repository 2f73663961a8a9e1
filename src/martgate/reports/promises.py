"""How the promises of tables about time are told: in the terminal, to programs, and on a page of the site."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from martgate.errors import CouldNotRun
from martgate.expectations.promises import Delivery, Punctuality, SlaResult, SlaStatus
from martgate.text.wording import escape_text, format_count, format_duration, format_percent

if TYPE_CHECKING:  # slow to import, and only the site's file needs it
    from pydantic import TypeAdapter

__all__ = ["PromiseView", "TableView", "build_table_view", "from_json", "render_sla_json", "render_sla_text", "to_json"]

STATUS_LABELS = {
    SlaStatus.KEPT: "kept",
    SlaStatus.BROKEN: "broken",
    SlaStatus.PENDING: "not yet due",
    SlaStatus.UNKNOWN: "cannot be judged",
}
_MOST_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One promise in words."""

    standing: str
    words: str
    property: str
    terms: str
    description: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One day in words; instants are in the zone of the contract."""

    date: str
    standing: str
    words: str
    due: str
    published: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """One table in words, its newest day first. `standing` is that of its worst promise, empty where it has none."""

    table: str
    standing: str
    words: str
    summary: str
    zone: str
    asked_at: str
    promises: tuple[PromiseView, ...]
    days: tuple[DayView, ...]


def build_table_view(found: Punctuality) -> TableView:
    """The promises of one table in words."""
    standing = _worst(found)
    return TableView(
        table=found.table,
        standing=standing.value if standing else "",
        words=STATUS_LABELS[standing] if standing else "promises nothing about time",
        summary=_summary(found),
        zone=found.zone,
        as_of=f"{found.as_of:%Y-%m-%d %H:%M %Z}",
        promises=tuple(_promise(promise, found) for promise in found.promises),
        days=tuple(_day(day, found) for day in reversed(found.days)),
    )


def _worst(found: Punctuality) -> SlaStatus | None:
    if found.reason:
        return SlaStatus.UNKNOWN
    standings = [promise.standing for promise in found.promises]
    order = (SlaStatus.BROKEN, SlaStatus.UNKNOWN, SlaStatus.KEPT, SlaStatus.PENDING)
    return next((standing for standing in order if standing in standings), None)


def _summary(found: Punctuality) -> str:
    """What is to be said of the table as a whole, beside its promises."""
    if found.strays:
        return f"values of its partition that name no {found.period}: {found.strays:,}"
    return found.reason


def _promise(promise: SlaResult, found: Punctuality) -> PromiseView:
    return PromiseView(
        standing=promise.standing.value,
        words=STATUS_LABELS[promise.standing],
        property=promise.property,
        terms=promise.terms,
        description=promise.description,
        found=promise.reason or "; ".join(_counts(promise, found)),
    )


def _counts(promise: SlaResult, found: Punctuality) -> Iterator[str]:
    things = f"{found.period}s"
    if promise.due:
        share = "" if promise.kept == promise.due else f" ({format_percent(promise.kept, promise.due)})"
        yield f"{promise.kept:,} of {format_count(promise.due, things)}{share}"
    else:
        yield f"no {found.period} to judge it by yet"
    if promise.days:
        yield f"not {_some(promise.days)}"
    if promise.older:
        yield f"{format_count(len(promise.older), things)} older than that still there: {_some(promise.older)}"


def _some(days: Sequence[date]) -> str:
    """The newest few of them."""
    shown = ", ".join(day.isoformat() for day in sorted(days, reverse=True)[:_MOST_DAYS])
    return f"{shown} and {len(days) - _MOST_DAYS:,} more" if len(days) > _MOST_DAYS else shown


def _day(day: Delivery, found: Punctuality) -> DayView:
    zone = ZoneInfo(found.zone)
    return DayView(
        date=day.date.isoformat(),
        standing=day.standing.value,
        words=STATUS_LABELS[day.standing],
        due=_moment(day.due, zone),
        published=_moment(day.published, zone),
        told="; ".join(_told(day)),
    )


def _moment(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}" if instant else ""


def _told(day: Delivery) -> Iterator[str]:
    if day.published is None and day.is_there:
        yield "in the table, and the ledger does not know since when"
    elif day.published is None and day.standing is SlaStatus.BROKEN:
        yield f"missing{f' for {format_duration(day.late)}' if day.late else ''}"
    elif day.late and day.published:
        yield f"late by {format_duration(day.late)}"
    if day.published and not day.is_there:
        yield "not in the table any more"
    if day.again:
        yield f"published again {format_count(day.again, 'times')}"


def render_sla_text(found: Sequence[Punctuality]) -> str:
    """Each table with its promises, its newest day, and the days that are not as promised."""
    return "\n\n".join("\n".join(map(escape_text, _lines(build_table_view(one)))) for one in found)


def _lines(table: TableView) -> Iterator[str]:
    yield f"{table.table}: {table.words}"
    if table.summary:
        yield f"  {table.summary}"
    width = max((len(promise.property) for promise in table.promises), default=0)
    for promise in table.promises:
        yield f"  {promise.words:<16}  {promise.property:<{width}}  {promise.terms}: {promise.found}"
    shown = [day for place, day in enumerate(table.days) if place == 0 or day.standing != SlaStatus.KEPT]
    if shown:
        yield f"  days, in {table.zone}:"
    for day in shown:
        parts = (f"due {day.due}" if day.due else "", f"published {day.published}" if day.published else "", day.told)
        yield f"  {day.words:<16}  {day.date}  {', '.join(filter(None, parts))}"


def render_sla_json(found: Sequence[Punctuality]) -> str:
    """The same for programs, every day included; instants in UTC, times in seconds."""
    return json.dumps({"broken": any(one.is_broken for one in found), "tables": [_table(one) for one in found]})


def _table(found: Punctuality) -> dict[str, object]:
    standing = _worst(found)
    return {
        "table": found.table,
        "contract": found.contract,
        "contract_version": found.contract_version,
        "standing": standing.value if standing else "",
        "reason": found.reason,
        "asked_at": found.as_of.isoformat(),
        "period": found.period.value,
        "strays": found.strays,
        "promises": [
            {
                "property": promise.property,
                "terms": promise.terms,
                "path": promise.path,
                "standing": promise.standing.value,
                "kept": promise.kept,
                "due": promise.due,
                "days": [day.isoformat() for day in promise.days],
                "older": [day.isoformat() for day in promise.older],
                "reason": promise.reason,
            }
            for promise in found.promises
        ],
        "days": [
            {
                "date": day.date.isoformat(),
                "standing": day.standing.value,
                "due": day.due.astimezone(UTC).isoformat() if day.due else None,
                "published": day.published.isoformat() if day.published else None,
                "late_seconds": int(day.late.total_seconds()) if day.late else 0,
                "published_again": day.again,
                "in_table": day.is_there,
            }
            for day in found.days
        ],
    }


def to_json(found: Sequence[Punctuality]) -> str:
    """What `from_json` reads back, for the process that draws the site."""
    return _adapter().dump_json(tuple(found)).decode()


def from_json(text: str | bytes) -> tuple[Punctuality, ...]:
    """What `to_json` wrote.

    Raises:
        martgate.errors.CouldNotRun: the text is something else.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    try:
        return _adapter().validate_json(text)
    except ValidationError:
        raise CouldNotRun("not what is known of promises about time") from None


@cache
def _adapter() -> "TypeAdapter[tuple[Punctuality, ...]]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see above

    return TypeAdapter(tuple[Punctuality, ...])
