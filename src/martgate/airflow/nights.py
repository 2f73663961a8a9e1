"""When a mart is made: the night after each day, in the contract's own zone, and the hour by which it is promised."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, SyncCallback

from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput
from martgate.expectations.promises import find_time_slas
from martgate.expectations.schedule import DeliverySchedule

__all__ = ["deadline", "last_complete_day", "log_missed_deadline", "nightly"]

_ANY_DAY = date(2024, 1, 1)

log = logging.getLogger(__name__)


def nightly(contract: Contract, at: time) -> CronDataIntervalTimetable:
    """Every night at this time in the contract's zone, for the day that ended at midnight."""
    return CronDataIntervalTimetable(f"{at.minute} {at.hour} * * *", timezone=contract.zone)


def last_complete_day(end: datetime, zone: str) -> date:
    """The last whole day in a zone that is over at an instant: that of a run whose data interval ends then."""
    return end.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def deadline(table: Table, at: time, callback: SyncCallback | None = None) -> DeadlineAlert:
    """When a `nightly` run must be over: as the contract's `timeOfAvailability` promises the table.

    Without a callback of the caller's the miss is told in the log of the executor. In a zone that changes its clocks,
    two nights a year are off by the hour.

    Raises:
        martgate.errors.InvalidInput: the contract promises no time, or none that follows the start.
    """
    # Airflow counts from the logical date, at which the data interval begins: this time of the day that is made.
    begins = datetime.combine(table.publish_period.last(_ANY_DAY), at, ZoneInfo(table.contract.zone))
    due = _due(table, begins)
    if due <= begins + timedelta(days=1):
        raise InvalidInput(
            f"{table.contract.file}: promises {table.name} by {due:%H:%M}, and it is made from {at:%H:%M} on"
        )
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=due - begins,
        callback=callback or SyncCallback(log_missed_deadline),
    )


def _due(table: Table, now: datetime) -> datetime:
    """The first instant by which any promise of a time wants the day that it is now to be there."""
    slas = [sla for sla in find_time_slas(table) if sla.property == "timeOfAvailability"]
    schedule = DeliverySchedule(tuple(slas), table, ZoneInfo(table.contract.zone), now)
    due = [when for sla in slas if (when := schedule.due_at(table.publish_period.first(now.date()), sla))]
    if not due:
        raise InvalidInput(
            f"{table.contract.file}: promises no timeOfAvailability of {table.name}, as 06:00+09:00 is one"
        )
    return min(due)


def log_missed_deadline(context: Mapping[str, Any]) -> None:
    """Say that a run is late; Airflow calls it with the run and its deadline."""
    run, due = context["dag_run"], context["deadline"]
    log.error("%s of %s was promised by %s and is not done", run["dag_id"], run["logical_date"], due["deadline_time"])
