"""Verifies the published days of a table in its store against receipts and verdicts of the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.contracts.partition import Partition, format_day
from martgate.expectations.punctuality import find_time_slas
from martgate.expectations.schedule import DeliverySchedule
from martgate.gate.basis import ReceiptBasis
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, judge
from martgate.gate.receipt import Receipt, VerificationResult
from martgate.gate.run import RunRecord
from martgate.ledger import AlteredRecord
from martgate.project.context import Context
from martgate.stores.commits import build_transaction_id, find_day_column
from martgate.stores.ports import Commit

__all__ = ["verify"]


def verify(table: Table, context: Context, only: date | None = None) -> tuple[VerificationResult, ...]:
    """Verify each day that is published, or should be by its receipts or commits.

    A day passes if its newest commit has a receipt, a verdict approves that candidate, neither was altered since, and
    readers see that candidate.

    Args:
        table: the table.
        context: the adapters of the run.
        only: verify this day alone, published or not.

    Returns:
        One result a day, the newest first; a single one for a table that is published whole.

    Raises:
        martgate.errors.CouldNotRun: the store or the ledger does not answer.
    """
    store, receipts = context.store, context.ledger.list_receipts(table.qualified_name)
    state = _TableState(table, context, store.list_commits(table), receipts, store.list_partition_values(table))
    return tuple(state.verify_day(day) for day in ([only.isoformat()] if only else state.days()))


@dataclass(frozen=True, slots=True)
class _TableState:
    """The state of a table: its commits, the newest first, its receipts, the oldest first, and its live days."""

    table: Table
    context: Context
    commits: Sequence[Commit]
    receipts: Sequence[Receipt]
    live: frozenset[str]

    def days(self) -> list[str]:
        if find_day_column(self.table):
            prefix = self._transaction("")
            values = {
                entry.transaction.removeprefix(prefix) for entry in self.commits if entry.transaction.startswith(prefix)
            }
            values |= {format_day(entry.part_date) for entry in self.receipts}
            return sorted(self.live | set(filter(self._is_retained, values)), reverse=True)
        if self.receipts:
            return [format_day(self.receipts[-1].part_date)]
        return [""] if self.context.store.read(self.table) is not None else []

    def _is_retained(self, day: str) -> bool:
        """Whether the contract's retention still requires a day."""
        contract = self.context.catalog.find(self.table.qualified_name)[0].contract
        schedule = DeliverySchedule(find_time_slas(self.table), self.table, ZoneInfo(contract.zone), self.context.now())
        parsed = parse_day(day)
        return parsed is None or schedule.is_retained(parsed)

    def verify_day(self, day: str) -> VerificationResult:
        self.context.progress(f"verifying {self.table.qualified_name} of {day}")
        transaction = self._transaction(day)
        commit = next((entry for entry in self.commits if entry.transaction == transaction), None)
        receipts = [entry for entry in self.receipts if self._transaction(format_day(entry.part_date)) == transaction]
        receipt = receipts[-1] if receipts else None
        if receipt and not find_day_column(self.table) and format_day(receipt.part_date) != day:
            problem = f"it is not published: the table is that of {receipt.part_date}"
            return VerificationResult(value=day, version=None, candidate="", problems=(problem,))
        problems = dict.fromkeys(
            (*self._check_receipts(day, commit, receipts), *self._check_candidate(day, commit, receipt))
        )
        entry = commit or receipt
        return VerificationResult(
            value=day,
            version=entry.version if entry else None,
            candidate=entry.candidate if entry else "",
            problems=tuple(problems),
        )

    def _transaction(self, day: str) -> str:
        """Name the transaction of the commits of a day; of a table that is published whole, that of all days."""
        return build_transaction_id(self.table.qualified_name, find_day_column(self.table), day)

    def _check_receipts(self, day: str, commit: Commit | None, receipts: Sequence[Receipt]) -> Iterator[str]:
        if not receipts:
            yield self._explain_missing_receipt(day, commit)
            return
        for receipt in receipts:
            if not receipt.is_sound:
                yield f"the receipt of version {receipt.version} was altered after it was recorded"
            elif not self._has_commit(receipt):
                yield (
                    f"a receipt says that version {receipt.version} published candidate {receipt.candidate}, and the "
                    "table has no such commit"
                )
        if commit and commit.candidate != receipts[-1].candidate:
            yield (
                f"the newest commit about it, version {commit.version}, is that of candidate {commit.candidate}, and "
                f"the newest receipt that of candidate {receipts[-1].candidate}"
            )

    def _explain_missing_receipt(self, day: str, commit: Commit | None) -> str:
        if commit:
            return (
                f"its commit, version {commit.version}, has no receipt; publishing candidate {commit.candidate} again "
                "gives it one, if its verdict still holds"
            )
        is_there = day in self.live if find_day_column(self.table) else self.context.store.read(self.table) is not None
        return (
            "it was not published by martgate: it has no commit and no receipt" if is_there else "it is not published"
        )

    def _has_commit(self, receipt: Receipt) -> bool:
        """Whether the table has the commit of a receipt; a commit older than the store's log may have existed."""
        if not self.commits or receipt.version > self.commits[0].version:
            return False
        commit = next((commit for commit in self.commits if commit.version == receipt.version), None)
        if commit is None:
            return receipt.version < self.commits[-1].version
        return (commit.candidate, commit.transaction) == (
            receipt.candidate,
            self._transaction(format_day(receipt.part_date)),
        )

    def _check_candidate(self, day: str, commit: Commit | None, receipt: Receipt | None) -> Iterator[str]:
        entry = commit or receipt
        if entry is None:
            return
        partition = Partition.parse(self.table.qualified_name, day)
        candidate = self.context.ledger.find_candidate(partition, entry.candidate) if partition else None
        if not isinstance(candidate, Candidate):
            state = "keeps an altered" if candidate else "knows no"
            yield f"the ledger {state} candidate {entry.candidate} of {self.table.qualified_name} for {day}"
            return
        fingerprints = [each.fingerprint for each in (commit, receipt) if each and each.candidate == candidate.id]
        if any(fingerprint != candidate.fingerprint for fingerprint in fingerprints):
            yield f"its commit or its receipt has another fingerprint than candidate {candidate.id}"
        yield from self._check_verdicts(candidate)
        if receipt and receipt.candidate == candidate.id and receipt.basis:
            yield from self._check_basis(candidate, receipt.basis)
        if problem := self.context.store.find_tampering(candidate, self.table):
            yield problem

    def _check_verdicts(self, candidate: Candidate) -> Iterator[str]:
        verdicts = self.context.ledger.find_runs(candidate)
        if any(isinstance(verdict, AlteredRecord) for verdict in verdicts):
            yield f"a verdict on candidate {candidate.id}, or its manifest, was altered after it was recorded"
        elif not any(_approves(verdict, candidate) for verdict in verdicts):
            yield f"no verdict approves candidate {candidate.id}"

    def _check_basis(self, candidate: Candidate, basis: ReceiptBasis) -> Iterator[str]:
        """Check that a receipt is about the contract, rules, model and inputs of the verdict and the candidate."""
        if (basis.model, basis.inputs) != (candidate.model, candidate.inputs):
            yield f"its receipt is about another model or other inputs than candidate {candidate.id} was made from"
        verdicts = self.context.ledger.find_runs(candidate)
        if not any(isinstance(each, RunRecord) and each.basis == basis.verdict for each in verdicts):
            yield f"its receipt is about another contract or other rules than any verdict on candidate {candidate.id}"


def _approves(verdict: RunRecord | AlteredRecord, candidate: Candidate) -> bool:
    """Whether a verdict approves the candidate when it is judged again."""
    return isinstance(verdict, RunRecord) and isinstance(judge(candidate, verdict.audit, verdict.waivers), Approved)
