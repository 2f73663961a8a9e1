"""One table, many days, in order. What stands published already is left alone, so that a killed backfill goes on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date

from martgate.contracts.day import days_between
from martgate.contracts.model import Table
from martgate.exits import ExitCode
from martgate.expectations.retroactive import ApplicableRules, derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.gate.candidate import Candidate
from martgate.project.context import Context, PublishRequest
from martgate.publish.parallel import NextRun, prepare_in_parallel
from martgate.publish.run import publish
from martgate.publish.selection import TableRun, run_request, skip_request

__all__ = ["backfill", "list_partition_days"]


def list_partition_days(table: Table, first: date, last: date) -> tuple[date, ...]:
    """The days from first to last that name a partition: of a table by the week or month, the first of each."""
    return tuple(day for day in days_between(first, last) if table.publish_period.first(day) == day)


def backfill(
    jobs: Sequence[PublishRequest], context: Context, *, keep_going: bool = False, again: bool = False, width: int = 1
) -> Iterator[TableRun]:
    """Run jobs of one table, one a day and the earliest first, and tell what became of each.

    A day that was let through by the version of the contract that is about it, and by what newer versions ask of it, is
    skipped, unless `again`. After a day that was not published the others are skipped, unless `keep_going`. With a
    `width`, so many days that do not depend on each other are prepared side by side; they are published in order all the
    same, and not past one that was not.
    """
    done = set() if again else _published(jobs, context)
    failed = ""
    with _beside(jobs, [request for request in jobs if request.part_date not in done], context, width) as begun:
        for request in jobs:
            reason = _reason_to_skip(request, done, failed)
            outcome = skip_request(request, reason) if reason else run_request(request, context, begun)
            if outcome.code is not ExitCode.DONE and not keep_going:
                failed = request.part_date
            yield outcome


def _beside(
    jobs: Sequence[PublishRequest], todo: Sequence[PublishRequest], context: Context, width: int
) -> AbstractContextManager[NextRun | None]:
    """The days under way side by side; nothing, where one comes after another."""
    width = min(width, len(todo))
    if width < 2:
        return nullcontext()
    open_engine = context.parallel_engines(width)
    reason = _why_in_turn(todo, context) if open_engine else "the engine has one session, which one day keeps busy"
    if reason or open_engine is None:
        context.progress(f"{jobs[0].table.qualified_name}: one day after another, since {reason}", lasting=True)
        return nullcontext()
    return prepare_in_parallel(todo, context, open_engine, width)


def _why_in_turn(todo: Sequence[PublishRequest], context: Context) -> str:
    """Why a day of a table can be made or judged only after the one before it; empty where it can at any time."""
    first = todo[0]
    if not {first.table.name, first.table.qualified_name}.isdisjoint(first.model.inputs):
        return "its model reads its own published days"
    rules = (rule for asked in _asked(todo, context).values() for rule in asked.rules)
    back = next((rule.name for rule in rules if rule.check.looks_back), "")
    return f"{back} looks back at the day before" if back else ""


def _asked(jobs: Sequence[PublishRequest], context: Context) -> dict[str, ApplicableRules]:
    """What days are judged by, for each version of the contract that is about one of them."""
    versions = {request.contract_file.contract.version: request for request in jobs}
    return {
        version: derive_from_catalog(request.contract_file, request.table, context.catalog)
        for version, request in versions.items()
    }


def _reason_to_skip(request: PublishRequest, done: set[str], failed: str) -> str:
    if failed:
        return f"{failed} was not published; --keep-going goes on after such a day"
    if request.part_date in done:
        version = request.contract_file.contract.version
        return f"it is published already, by version {version} of the contract; --again does it anew"
    return ""


def _published(jobs: Sequence[PublishRequest], context: Context) -> set[str]:
    """The days that were let through by all that is asked of them now, and whose receipt is as it was recorded."""
    _give_lost_receipts(jobs, context)
    name, asked = jobs[0].table.qualified_name, _asked(jobs, context)
    by_day = context.ledger.contracts_published(name)
    newest = {receipt.part_date: receipt for receipt in context.ledger.publications(name)}
    done = set()
    for request in jobs:
        contract = request.contract_file.contract
        is_valid = by_day.get(request.part_date) == (contract.id, contract.version)
        if (
            is_valid
            and newest[request.part_date].is_sound
            and _has_judged(asked[contract.version].retroactive, request, context)
        ):
            done.add(request.part_date)
    return done


def _has_judged(added: tuple[Rule, ...], request: PublishRequest, context: Context) -> bool:
    """Whether what let a day through has looked at these rules, too, as they are now."""
    if not added:
        return True
    found = context.ledger.let_through(request.table.qualified_name, request.part_date)
    judged = [verdict.rule for verdict in found.audit.verdicts] if found else []
    outside = [each.rule for each in found.audit.out_of_scope] if found else []
    known = {rule.name: (rule.check, rule.severity) for rule in (*judged, *outside)}
    return all(known.get(rule.name) == (rule.check, rule.severity) for rule in added)


def _give_lost_receipts(jobs: Sequence[PublishRequest], context: Context) -> None:
    """Whoever was killed between a commit and its receipt has published: what is lost is only the receipt."""
    table = jobs[0].table
    known = {receipt.candidate for receipt in context.ledger.publications(table.qualified_name)}
    for request in jobs:
        newest = context.ledger.candidate(table.qualified_name, request.part_date)
        if isinstance(newest, Candidate) and newest.id not in known and context.store.is_published(newest):
            publish(table, request.part_date, context, newest.id)
