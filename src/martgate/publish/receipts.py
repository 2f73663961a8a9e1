"""Compares the receipts of a table with what its warehouse holds, and restores receipts that a killed run did not write."""

from collections.abc import Iterable, Sequence
from datetime import date

from martgate.contracts.model import Table
from martgate.contracts.partition import Partition
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, judge
from martgate.gate.promotion import Promotion, Published
from martgate.gate.receipt import LostReceipt, Receipt, TableHistory
from martgate.gate.run import RunRecord
from martgate.gate.waiver import Effect
from martgate.project.context import Context
from martgate.stores.commits import build_transaction_id, find_day_column
from martgate.stores.ports import Commit

__all__ = ["find_live_candidates", "read_history", "restore_receipts"]


def read_history(table: Table, context: Context, *, since: date, until: date) -> TableHistory:
    """Read the receipts of a table for a range of days.

    Args:
        table: the table.
        context: the adapters of the run.
        since: the first day.
        until: the last day, included.

    Raises:
        martgate.errors.CouldNotRun: the ledger or the store does not answer.
    """
    name, ledger = table.qualified_name, context.ledger
    all_receipts = ledger.list_receipts(name)
    receipts = tuple(each for each in all_receipts if each.part_date is None or since <= each.part_date <= until)
    lost = (_describe_lost(commit, table) for commit in _find_lost(table, all_receipts, context))
    return TableHistory(
        table=name,
        receipts=receipts,
        approvals=ledger.list_approvals(name),
        live=find_live_candidates(table, receipts, context),
        lost=tuple(each for each in lost if not each.day or since.isoformat() <= each.day <= until.isoformat()),
        others=ledger.count_other_receipts(name),
    )


def find_live_candidates(table: Table, receipts: Iterable[Receipt], context: Context) -> frozenset[str]:
    """Find the candidates of receipts that readers of the table see; an altered receipt proves nothing."""
    ids = [receipt.candidate for receipt in receipts if receipt.is_sound]
    candidates = context.ledger.list_candidates(table.qualified_name, ids)
    return context.store.find_live(candidates, table) if candidates else frozenset()


def restore_receipts(table: Table, context: Context) -> None:
    """Write the receipt of each published candidate whose run was killed after the commit and before the receipt.

    A commit has a receipt only if the ledger has its candidate, with the same bytes, and a verdict that approves it. What
    else has none is left for `history` and `verify` to tell.

    Raises:
        martgate.errors.CouldNotRun: the ledger or the store does not answer.
    """
    for commit in _find_lost(table, context.ledger.list_receipts(table.qualified_name), context):
        day = _describe_lost(commit, table).day
        partition = Partition.parse(table.qualified_name, day)
        candidate = context.ledger.find_candidate(partition, commit.candidate) if partition else None
        verdict = context.ledger.find_run(candidate) if isinstance(candidate, Candidate) else None
        if not isinstance(candidate, Candidate) or not isinstance(verdict, RunRecord):
            continue
        is_same = candidate.fingerprint == commit.fingerprint
        if is_same and isinstance(judge(candidate, verdict.audit, verdict.waivers), Approved):
            context.ledger.record_publication(
                candidate,
                Published(promotion=Promotion.ALREADY, version=commit.version),
                at=commit.at or context.now(),
                restatement=verdict.restatement,
                waived=tuple(waiver for waiver in verdict.waivers if waiver.effect is Effect.WAIVED),
                basis=verdict.basis,
            )


def _find_lost(table: Table, receipts: Sequence[Receipt], context: Context) -> list[Commit]:
    """Find the commits of candidates of a table that have no receipt, the oldest first."""
    known, prefix = {receipt.candidate for receipt in receipts}, build_transaction_id(table.qualified_name, "", "")
    commits = (each for each in reversed(context.store.list_commits(table)) if each.candidate)
    return [each for each in commits if each.candidate not in known and each.transaction.startswith(prefix)]


def _describe_lost(commit: Commit, table: Table) -> LostReceipt:
    column = find_day_column(table)
    prefix = build_transaction_id(table.qualified_name, column, "")
    day = commit.transaction.removeprefix(prefix) if column else commit.candidate[:10]
    return LostReceipt(version=commit.version, candidate=commit.candidate, day=day)
