"""Assesses the SLAs of a table about time by its publication history and the days that it holds.

A day, week or month is due at the first `timeOfAvailability` after it has ended, or, where only a `frequency` is set,
when the following one has ended. Its first publication counts: a day that is published again later was in time.
`freshness` and `latency` are checked by the gate; this module reports for each published day whether they passed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from martgate.contracts.durations import parse_duration, parse_time_of_day
from martgate.contracts.model import Sla, Table
from martgate.contracts.period import Period
from martgate.expectations.derive import derive
from martgate.expectations.promises import Arrival, Delivery, Punctuality, SlaResult, SlaStatus, Window
from martgate.expectations.schedule import DeliverySchedule

__all__ = ["assess_punctuality", "find_time_slas"]

_GATE_CHECKED = frozenset({"freshness", "latency"})
_ABOUT_TIME = _GATE_CHECKED | {"timeOfAvailability", "frequency", "retention"}
_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28}


def find_time_slas(table: Table) -> tuple[Sla, ...]:
    """Return the SLAs of the contract about time that cover a table; an SLA without an element covers all tables."""
    return tuple(sla for sla in table.contract.slas if sla.property in _ABOUT_TIME and _covers(sla, table))


def _covers(sla: Sla, table: Table) -> bool:
    names = [name.strip() for name in sla.element.split(",") if name.strip()]
    owners = (table.name, table.qualified_name)
    return not names or any(name in owners or table.resolve_column(name) is not None for name in names)


def assess_punctuality(table: Table, arrivals: Mapping[date, Arrival], window: Window) -> Punctuality:
    """Assess every SLA of a table about time.

    Args:
        table: The table, in the version of its contract that is valid now.
        arrivals: The publication history by day, from the ledger and the warehouse.
        window: The days to assess, and the instant.

    Raises:
        martgate.errors.InvalidInput: The contract's rules cannot be derived.
    """
    slas = find_time_slas(table)
    schedule = DeliverySchedule(slas, table, ZoneInfo(table.contract.zone), window.now)
    wanted = [schedule.period.first(window.on)] if window.on else list(schedule.expected_days(arrivals))
    deliveries = [_delivery(day, arrivals.get(day, Arrival()), schedule) for day in wanted] if slas else []
    pending = [delivery for delivery in deliveries if delivery.status is SlaStatus.PENDING]
    settled = [delivery for delivery in deliveries if delivery.status is not SlaStatus.PENDING]
    days = (*settled[-window.last :], *pending)
    history = {day: arrival for day, arrival in arrivals.items() if window.on is None or day in wanted}
    return Punctuality(
        table=table.qualified_name,
        contract=table.contract.id,
        contract_version=table.contract.version,
        zone=table.contract.zone,
        period=schedule.period,
        as_of=window.now,
        promises=tuple(_assess(sla, schedule, days, history) for sla in slas),
        days=days,
    )


def _delivery(day: date, arrival: Arrival, schedule: DeliverySchedule, sla: Sla | None = None) -> Delivery:
    """A day compared with one SLA, or with the strictest of all."""
    slas = (sla,) if sla else schedule.slas
    due = min(filter(None, (schedule.due_at(day, each) for each in slas)), default=None)
    arrived = arrival.published or schedule.now
    return Delivery(
        date=day,
        due=due,
        published=arrival.published,
        republications=arrival.republications,
        is_in_table=arrival.is_in_table,
        status=_day_status(day, arrival, due, schedule),
        delay=arrived - due if due and arrived > due else None,
    )


def _day_status(day: date, arrival: Arrival, due: datetime | None, schedule: DeliverySchedule) -> SlaStatus:
    if arrival.published is None:
        if arrival.is_in_table:
            return SlaStatus.UNKNOWN
        return SlaStatus.PENDING if due and schedule.now < due else SlaStatus.BROKEN
    if not arrival.is_in_table and schedule.is_retained(day):
        return SlaStatus.BROKEN
    return SlaStatus.KEPT if due is None or arrival.published <= due else SlaStatus.BROKEN


def _assess(
    sla: Sla, schedule: DeliverySchedule, days: Iterable[Delivery], history: Mapping[date, Arrival]
) -> SlaResult:
    """Assess one SLA on the days of the window; retention is assessed on every day of the history."""
    if problem := _problem_with_terms(sla, schedule):
        return _result(sla, SlaStatus.UNKNOWN, reason=problem)
    match sla.property:
        case "retention":
            return _assess_retention(sla, schedule, history)
        case "frequency":
            statuses = {day.date: _presence(day, schedule) for day in days}
        case "timeOfAvailability":
            statuses = {
                day.date: _delivery(day.date, history.get(day.date, Arrival()), schedule, sla).status for day in days
            }
        case _:
            rules = frozenset(rule.name for rule in derive(schedule.table) if sla.path in rule.clauses)
            # A rule without a verdict from the time the day was approved did not pass.
            statuses = {
                day.date: SlaStatus.KEPT if rules and rules <= history[day.date].passed_rules else SlaStatus.UNKNOWN
                for day in days
                if day.published
            }
    return _summarize(sla, statuses)


def _problem_with_terms(sla: Sla, schedule: DeliverySchedule) -> str:
    """Why an SLA cannot be assessed; empty where it can."""
    if sla.property == "timeOfAvailability":
        return "" if parse_time_of_day(str(sla.value)) else "its value is not a time of day such as 06:00+09:00"
    span, start = parse_duration(sla.value, sla.unit), datetime(2001, 2, 1)  # noqa: DTZ001 - a wall clock; the shortest month
    if span is None:
        return "its value is not a duration such as 1 d"
    if sla.property == "frequency" and start + span < start + timedelta(days=_DAYS[schedule.period]):
        return f"the table is published by the {schedule.period}: a shorter frequency cannot be measured"
    if sla.property == "retention" and schedule.table.publish_partition is None:
        return "the table is published as a whole and keeps no days"
    return ""


def _presence(day: Delivery, schedule: DeliverySchedule) -> SlaStatus:
    """KEPT for a day that arrived, however late; it may be gone once its retention has passed."""
    was_retained = day.published is not None and not schedule.is_retained(day.date)
    return SlaStatus.KEPT if day.is_in_table or was_retained else day.status


def _assess_retention(sla: Sla, schedule: DeliverySchedule, history: Mapping[date, Arrival]) -> SlaResult:
    span = parse_duration(sla.value, sla.unit)
    young = {day: arrival for day, arrival in history.items() if schedule.is_within(day, span)}
    statuses = {
        day: SlaStatus.KEPT if arrival.is_in_table else SlaStatus.BROKEN
        for day, arrival in young.items()
        if arrival.published or arrival.is_in_table
    }
    older = sorted(day for day, arrival in history.items() if arrival.is_in_table and day not in young)
    return replace(_summarize(sla, statuses), older=tuple(older))


def _summarize(sla: Sla, statuses: Mapping[date, SlaStatus]) -> SlaResult:
    """The worst status of the days that were due decides; pending days do not count."""
    due = {day: status for day, status in statuses.items() if status is not SlaStatus.PENDING}
    order = (SlaStatus.BROKEN, SlaStatus.UNKNOWN, SlaStatus.KEPT)
    worst = next((status for status in order if status in due.values()), SlaStatus.PENDING)
    return replace(
        _result(sla, worst),
        kept=sum(status is SlaStatus.KEPT for status in due.values()),
        due=len(due),
        days=tuple(sorted(day for day, status in due.items() if status is not SlaStatus.KEPT)),
    )


def _result(sla: Sla, status: SlaStatus, *, reason: str = "") -> SlaResult:
    return SlaResult(
        property=sla.property,
        terms=f"{sla.value} {sla.unit}".strip(),
        path=sla.path,
        description=sla.description,
        status=status,
        reason=reason,
    )
