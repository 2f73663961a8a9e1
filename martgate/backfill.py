"""One table, many days, in order. What stands published already is left alone, so that a killed backfill goes on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date

from contracts.day import days_between
from contracts.model import Table
from expectations.retroactive import Asked, promised
from expectations.rules import Rule
from martgate.ahead import Next, ahead
from martgate.candidate import Candidate
from martgate.exits import ExitCode
from martgate.house import House, Job
from martgate.publish import publish
from martgate.selection import Outcome, attempt, skipped

__all__ = ["backfill", "days_of"]


def days_of(table: Table, first: date, last: date) -> tuple[date, ...]:
    """The days from first to last that name a partition: of a table by the week or month, the first of each."""
    return tuple(day for day in days_between(first, last) if table.publish_period.first(day) == day)


def backfill(
    jobs: Sequence[Job], house: House, *, keep_going: bool = False, again: bool = False, width: int = 1
) -> Iterator[Outcome]:
    """Run jobs of one table, one a day and the earliest first, and tell what became of each.

    A day that was let through by the version of the contract that is about it, and by what newer versions ask of it, is
    skipped, unless `again`. After a day that was not published the others are skipped, unless `keep_going`. With a
    `width`, so many days that do not depend on each other are prepared side by side; they are published in order all the
    same, and not past one that was not.
    """
    done = set() if again else _published(jobs, house)
    failed = ""
    with _beside(jobs, [job for job in jobs if job.part_date not in done], house, width) as begun:
        for job in jobs:
            reason = _reason_to_skip(job, done, failed)
            outcome = skipped(job, reason) if reason else attempt(job, house, begun)
            if outcome.code is not ExitCode.DONE and not keep_going:
                failed = job.part_date
            yield outcome


def _beside(jobs: Sequence[Job], todo: Sequence[Job], house: House, width: int) -> AbstractContextManager[Next | None]:
    """The days under way side by side; nothing, where one comes after another."""
    share, width = house.share, min(width, len(todo))
    if width < 2:
        return nullcontext()
    reason = _why_in_turn(todo, house) if share else "Spark has one session, which one day keeps busy"
    if reason or share is None:
        house.say(f"{jobs[0].table.qualified_name}: one day after another, since {reason}", lasting=True)
        return nullcontext()
    return ahead(todo, house, lambda: share(width), width)


def _why_in_turn(todo: Sequence[Job], house: House) -> str:
    """Why a day of a table can be made or judged only after the one before it; empty where it can at any time."""
    first = todo[0]
    if not {first.table.name, first.table.qualified_name}.isdisjoint(first.model.inputs):
        return "its model reads its own published days"
    rules = (rule for asked in _asked(todo, house).values() for rule in asked.rules)
    back = next((rule.name for rule in rules if rule.check.looks_back), "")
    return f"{back} looks back at the day before" if back else ""


def _asked(jobs: Sequence[Job], house: House) -> dict[str, Asked]:
    """What days are judged by, for each version of the contract that is about one of them."""
    versions = {job.loaded.contract.version: job for job in jobs}
    return {version: promised(job.loaded, job.table, house.catalog) for version, job in versions.items()}


def _reason_to_skip(job: Job, done: set[str], failed: str) -> str:
    if failed:
        return f"{failed} was not published; --keep-going goes on after such a day"
    if job.part_date in done:
        version = job.loaded.contract.version
        return f"it is published already, by version {version} of the contract; --again does it anew"
    return ""


def _published(jobs: Sequence[Job], house: House) -> set[str]:
    """The days that were let through by all that is asked of them now, and whose receipt is as it was recorded."""
    _give_lost_receipts(jobs, house)
    name, asked = jobs[0].table.qualified_name, _asked(jobs, house)
    by_day = house.ledger.contracts_published(name)
    newest = {receipt.part_date: receipt for receipt in house.ledger.publications(name)}
    done = set()
    for job in jobs:
        contract = job.loaded.contract
        is_valid = by_day.get(job.part_date) == (contract.id, contract.version)
        if is_valid and newest[job.part_date].is_sound and _has_judged(asked[contract.version].retroactive, job, house):
            done.add(job.part_date)
    return done


def _has_judged(added: tuple[Rule, ...], job: Job, house: House) -> bool:
    """Whether what let a day through has looked at these rules, too, as they are now."""
    if not added:
        return True
    found = house.ledger.let_through(job.table.qualified_name, job.part_date)
    judged = [verdict.rule for verdict in found.audit.verdicts] if found else []
    outside = [each.rule for each in found.audit.out_of_scope] if found else []
    known = {rule.name: (rule.check, rule.severity) for rule in (*judged, *outside)}
    return all(known.get(rule.name) == (rule.check, rule.severity) for rule in added)


def _give_lost_receipts(jobs: Sequence[Job], house: House) -> None:
    """Whoever was killed between a commit and its receipt has published: what is lost is only the receipt."""
    table = jobs[0].table
    known = {receipt.candidate for receipt in house.ledger.publications(table.qualified_name)}
    for job in jobs:
        newest = house.ledger.candidate(table.qualified_name, job.part_date)
        if isinstance(newest, Candidate) and newest.id not in known and house.store.is_published(newest):
            publish(table, job.part_date, house, newest.id)
