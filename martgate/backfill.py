"""One table, many days, in order. What stands published already is left alone, so that a killed backfill goes on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date

from contracts.day import Day, days_between
from contracts.model import Table
from expectations.derive import derive
from expectations.rules import looks_back
from martgate.ahead import Next, ahead
from martgate.exits import ExitCode
from martgate.publish import Candidate, House, Job, publish
from martgate.selection import Outcome, attempt, skipped

__all__ = ["backfill", "days_of"]


def days_of(table: Table, first: date, last: date) -> tuple[date, ...]:
    """The days from first to last that name a partition: of a table by the week or month, the first of each."""
    return tuple(day for day in days_between(first, last) if table.publish_period.first(day) == day)


def backfill(  # noqa: PLR0913 - the last three are how, not what
    work: Job, on: tuple[date, ...], house: House, *, keep_going: bool = False, again: bool = False, jobs: int = 1
) -> Iterator[Outcome]:
    """Run a job on each of these days, the earliest first, and tell what became of it.

    A day that was published under the contract's present version is skipped, unless `again`. After a day that was not
    published the others are skipped, unless `keep_going`. With several `jobs`, days that do not depend on each other are
    prepared side by side; they are published in order all the same, and not past one that was not.
    """
    done = set() if again else _published(work, on, house)
    days = [replace(work, day=Day(day, work.loaded.contract.zone)) for day in on]
    failed = ""
    with _beside(work, [job for job in days if job.part_date not in done], house, jobs) as begun:
        for job in days:
            reason = _reason_to_skip(job, done, failed)
            outcome = skipped(job, reason) if reason else attempt(job, house, begun)
            if outcome.code is not ExitCode.DONE and not keep_going:
                failed = job.part_date
            yield outcome


def _beside(work: Job, todo: Sequence[Job], house: House, jobs: int) -> AbstractContextManager[Next | None]:
    """The days under way side by side; nothing, where one comes after another."""
    share, width = house.share, min(jobs, len(todo))
    if width < 2:
        return nullcontext()
    reason = _why_in_turn(work) if share else "Spark has one session, which one day keeps busy"
    if reason or share is None:
        house.say(f"{work.table.qualified_name}: one day after another, since {reason}", lasting=True)
        return nullcontext()
    return ahead(todo, house, lambda: share(width), width)


def _why_in_turn(work: Job) -> str:
    """Why a day of a table can be made or judged only after the one before it; empty where it can at any time."""
    if not {work.table.name, work.table.qualified_name}.isdisjoint(work.model.inputs):
        return "its model reads its own published days"
    rules = derive(work.loaded.contract, work.table)
    back = next((rule.name for rule in rules if looks_back(rule.check)), "")
    return f"{back} looks back at the day before" if back else ""


def _reason_to_skip(job: Job, done: set[str], failed: str) -> str:
    if failed:
        return f"{failed} was not published; --keep-going goes on after such a day"
    if job.part_date in done:
        version = job.loaded.contract.version
        return f"it is published already, by version {version} of the contract; --again does it anew"
    return ""


def _published(work: Job, on: Sequence[date], house: House) -> set[str]:
    """The days that the contract, as it is now, has let through."""
    _give_lost_receipts(work, on, house)
    now = (work.loaded.contract.id, work.loaded.contract.version)
    by_day = house.ledger.contracts_published(work.table.qualified_name)
    return {day for day, contract in by_day.items() if contract == now}


def _give_lost_receipts(work: Job, on: Sequence[date], house: House) -> None:
    """Whoever was killed between a commit and its receipt has published: what is lost is only the receipt."""
    name = work.table.qualified_name
    known = {receipt.candidate for receipt in house.ledger.publications(name)}
    for day in map(str, on):
        newest = house.ledger.candidate(name, day)
        if isinstance(newest, Candidate) and newest.id not in known and house.store.is_published(newest):
            publish(work.table, day, house, newest.id)
