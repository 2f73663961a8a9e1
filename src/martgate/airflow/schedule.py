"""Schedules a mart: the night after each day in the contract's time zone, with the contract's time as deadline."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, SyncCallback

from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput
from martgate.expectations.punctuality import find_time_slas
from martgate.expectations.schedule import DeliverySchedule

__all__ = ["deadline", "last_complete_day", "log_missed_deadline", "nightly"]

_ANY_DAY = date(2024, 1, 1)

log = logging.getLogger(__name__)


def nightly(contract: Contract, at: time) -> CronDataIntervalTimetable:
    """Create the timetable of a run every night at a time in the contract's zone, for the day ending at midnight."""
    return CronDataIntervalTimetable(f"{at.minute} {at.hour} * * *", timezone=contract.zone)


def last_complete_day(end: datetime, zone: str) -> date:
    """Find the last day that is over in a zone at an instant, which is the end of a run's data interval."""
    return end.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def deadline(table: Table, at: time, callback: SyncCallback | None = None) -> DeadlineAlert:
    """Create the deadline of a `nightly` run, from the contract's `timeOfAvailability`.

    In a zone with daylight saving time, the deadline is off by the hour on two nights a year.

    Args:
        table: the table.
        at: the time at which the run starts.
        callback: runs if the deadline is missed; by default the miss is logged by the executor.

    Raises:
        martgate.errors.InvalidInput: the contract promises no time, or none after the start.
    """
    # Airflow counts from the logical date, at which the data interval begins: this time of the day that is made.
    begins = datetime.combine(table.publish_period.last(_ANY_DAY), at, ZoneInfo(table.contract.zone))
    due = _find_due_time(table, begins)
    if due <= begins + timedelta(days=1):
        raise InvalidInput(
            f"{table.contract.file}: promises {table.name} by {due:%H:%M}, but its run starts at {at:%H:%M}; start it earlier"
        )
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=due - begins,
        callback=callback or SyncCallback(log_missed_deadline),
    )


def _find_due_time(table: Table, now: datetime) -> datetime:
    """Find the earliest time that any promise of availability sets for the current day."""
    slas = [sla for sla in find_time_slas(table) if sla.property == "timeOfAvailability"]
    schedule = DeliverySchedule(tuple(slas), table, ZoneInfo(table.contract.zone), now)
    due = [when for sla in slas if (when := schedule.due_at(table.publish_period.first(now.date()), sla))]
    if not due:
        raise InvalidInput(
            f"{table.contract.file}: promises no timeOfAvailability of {table.name}; add one, for example 06:00+09:00"
        )
    return min(due)


def log_missed_deadline(context: Mapping[str, Any]) -> None:
    """Log that a run is late; Airflow calls it with the run and its deadline."""
    run, due = context["dag_run"], context["deadline"]
    log.error(
        "%s of %s was promised by %s and is not complete", run["dag_id"], run["logical_date"], due["deadline_time"]
    )
