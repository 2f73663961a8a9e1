"""One table, many days, in order. What stands published already is left alone, so that a killed backfill goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from contracts.day import Day, days_between
from contracts.model import Table
from martgate.exits import ExitCode
from martgate.publish import House, Job
from martgate.selection import Outcome, attempt, skipped

__all__ = ["backfill", "days_of"]


def days_of(table: Table, first: date, last: date) -> tuple[date, ...]:
    """The days from first to last that name a partition: of a table by the week or month, the first of each."""
    return tuple(day for day in days_between(first, last) if table.publish_period.first(day) == day)


def backfill(
    work: Job, on: tuple[date, ...], house: House, *, keep_going: bool = False, again: bool = False
) -> Iterator[Outcome]:
    """Run a job on each of these days, the earliest first, and tell what became of it.

    A day that was published under the contract's present version is skipped, unless `again`. After a day that was not
    published the others are skipped, unless `keep_going`.
    """
    done = set() if again else _published(work, house)
    failed = ""
    for day in on:
        job = replace(work, day=Day(day, work.loaded.contract.zone))
        reason = _reason_to_skip(job, done, failed)
        outcome = skipped(job, reason) if reason else attempt(job, house)
        if outcome.code is not ExitCode.DONE and not keep_going:
            failed = job.part_date
        yield outcome


def _reason_to_skip(job: Job, done: set[str], failed: str) -> str:
    if failed:
        return f"{failed} was not published; --keep-going goes on after such a day"
    if job.part_date in done:
        version = job.loaded.contract.version
        return f"it is published already, by version {version} of the contract; --again does it anew"
    return ""


def _published(work: Job, house: House) -> set[str]:
    """The days that the contract, as it is now, has let through."""
    now = (work.loaded.contract.id, work.loaded.contract.version)
    by_day = house.ledger.contracts_published(work.table.qualified_name)
    return {day for day, contract in by_day.items() if contract == now}
