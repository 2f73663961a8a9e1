"""Publishes one table for many days in order; days already published are skipped, so that a killed backfill resumes."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date

from martgate.contracts.day import days_between
from martgate.contracts.model import Table
from martgate.exits import ExitCode
from martgate.expectations.retroactive import ApplicableRules, derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.project.context import Context, PublishRequest
from martgate.publish.clocks import require_ended_days
from martgate.publish.parallel import NextRun, prepare_in_parallel
from martgate.publish.receipts import find_live_candidates, restore_receipts
from martgate.publish.selection import TableRun, run_request, skip_request

__all__ = ["backfill", "list_partition_days"]


def list_partition_days(table: Table, first: date, last: date) -> tuple[date, ...]:
    """List the days of a range that name a partition of a table.

    Args:
        table: the table.
        first: the first day of the range.
        last: the last day of the range, included.

    Returns:
        Every day, for a table that is published by the day; otherwise the first day of each week or month.
    """
    return tuple(day for day in days_between(first, last) if table.publish_period.first(day) == day)


def backfill(
    requests: Sequence[PublishRequest],
    context: Context,
    *,
    keep_going: bool = False,
    again: bool = False,
    width: int = 1,
) -> Iterator[TableRun]:
    """Publish one table for several days, the earliest first.

    A day that is published already is skipped if readers see what its intact receipt says, and its verdict covers every rule that now
    applies to it: those of its own version of the contract, and the retroactive rules of newer versions.

    Args:
        requests: one for each day, in order, all for the same table.
        context: the adapters of the run.
        keep_going: continue after a day that was not published; by default the days after it are skipped.
        again: also publish the days that are published already.
        width: how many days to prepare in parallel, where none depends on the day before. They are still published in
            order, and none after a day that was not.

    Yields:
        The result of each day, in order.
    """
    require_ended_days(requests, context)
    finished = set() if again else _find_finished_days(requests, context)
    failed: date | None = None
    with _open_parallel_runs(
        requests, [request for request in requests if request.day.date not in finished], context, width
    ) as next_run:
        for request in requests:
            reason = _reason_to_skip(request, finished, failed)
            table_run = skip_request(request, reason) if reason else run_request(request, context, next_run)
            if table_run.code is not ExitCode.DONE and not keep_going:
                failed = request.day.date
            yield table_run


def _open_parallel_runs(
    requests: Sequence[PublishRequest], todo: Sequence[PublishRequest], context: Context, width: int
) -> AbstractContextManager[NextRun | None]:
    """Prepare the days in parallel; give None where they have to run one after another."""
    width = min(width, len(todo))
    if width < 2:
        return nullcontext()
    open_engine = context.parallel_engines(width)
    reason = (
        _reason_for_sequence(todo, context) if open_engine else "the engine has one session, which one day keeps busy"
    )
    if reason or open_engine is None:
        context.progress(f"{requests[0].table.qualified_name}: the days run one after another: {reason}", lasting=True)
        return nullcontext()
    return prepare_in_parallel(todo, context, open_engine, width)


def _reason_for_sequence(requests: Sequence[PublishRequest], context: Context) -> str:
    """Explain why a day can only be built or audited after the day before; empty if days are independent."""
    first = requests[0]
    if first.table.qualified_name in first.inputs:
        return "its model reads its own published days"
    rules = [rule for applicable in _applicable_rules(requests, context).values() for rule in applicable.rules]
    for name in first.inputs:
        version = context.catalog.find(name, first.day.date)
        if first.model_names.isdisjoint((version[1].name, version[1].qualified_name)):
            rules += derive_from_catalog(*version, context.catalog).rules
    looking_back = next((rule.name for rule in rules if rule.check.needs_previous_days), "")
    return f"{looking_back} looks back at the day before" if looking_back else ""


def _applicable_rules(requests: Sequence[PublishRequest], context: Context) -> dict[str, ApplicableRules]:
    """Derive the rules of each version of the contract that is valid on one of the days."""
    versions = {request.contract_file.contract.version: request for request in requests}
    return {
        version: derive_from_catalog(request.contract_file, request.table, context.catalog)
        for version, request in versions.items()
    }


def _reason_to_skip(request: PublishRequest, finished: set[date], failed: date | None) -> str:
    if failed:
        return f"{failed} was not published; --keep-going continues after it"
    if request.day.date in finished:
        version = request.contract_file.contract.version
        return f"it is already published, by version {version} of the contract; --again publishes it again"
    return ""


def _find_finished_days(requests: Sequence[PublishRequest], context: Context) -> set[date]:
    """Find the days that readers see as their intact receipt says, with a verdict on every rule that applies to them now."""
    table, applicable = requests[0].table, _applicable_rules(requests, context)
    restore_receipts(table, context)
    by_day = context.ledger.list_published_contracts(table.qualified_name)
    newest = {receipt.part_date: receipt for receipt in context.ledger.list_receipts(table.qualified_name)}
    live = find_live_candidates(table, newest.values(), context)
    finished = set()
    for request in requests:
        contract = request.contract_file.contract
        is_valid = by_day.get(request.day.date) == (contract.id, contract.version)
        if (
            is_valid
            and newest[request.day.date].candidate in live
            and _has_checked(applicable[contract.version].retroactive, request, context)
        ):
            finished.add(request.day.date)
    return finished


def _has_checked(rules: tuple[Rule, ...], request: PublishRequest, context: Context) -> bool:
    """Whether the verdict that approved a published day covers these rules as they are now."""
    if not rules:
        return True
    record = context.ledger.find_approving_run(request.partition)
    checked = [verdict.rule for verdict in record.audit.verdicts] if record else []
    out_of_scope = [skipped.rule for skipped in record.audit.out_of_scope] if record else []
    covered = {rule.name: (rule.check, rule.severity) for rule in (*checked, *out_of_scope)}
    return all(covered.get(rule.name) == (rule.check, rule.severity) for rule in rules)
