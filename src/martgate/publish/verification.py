"""The published days of a table as its store has them, held against what the ledger says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.expectations.promises import find_time_slas
from martgate.expectations.schedule import DeliverySchedule
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, judge
from martgate.gate.receipt import Receipt, Verified
from martgate.gate.run import RunRecord
from martgate.ledger import Altered
from martgate.project.context import Context
from martgate.stores.commits import app_of, day_column
from martgate.stores.ports import Commit

__all__ = ["verify"]


def verify(table: Table, context: Context, only: str | None = None) -> tuple[Verified, ...]:
    """Each day that is published, or must be by its receipts or commits, the newest first; of a whole table, the one.

    A day is as the gate let it through where the newest commit about it has a receipt, a verdict approves that candidate,
    neither was altered since, and what readers see is that candidate. With `only` that day is looked at, published or not.

    Raises:
        martgate.errors.CouldNotRun: the store or the ledger does not answer.
    """
    store, receipts = context.store, context.ledger.publications(table.qualified_name)
    look = _Look(table, context, store.commits(table), receipts, store.days(table))
    return tuple(look.at(day) for day in ([only] if only else look.days()))


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of a table: its commits, the newest first, its receipts, the oldest first, and the days it has."""

    table: Table
    context: Context
    commits: Sequence[Commit]
    receipts: Sequence[Receipt]
    live: frozenset[str]

    def days(self) -> list[str]:
        if day_column(self.table):
            about = self._about("")
            told = {one.transaction.removeprefix(about) for one in self.commits if one.transaction.startswith(about)}
            told |= {one.part_date for one in self.receipts}
            return sorted(self.live | set(filter(self._is_retained, told)), reverse=True)
        if self.receipts:
            return [self.receipts[-1].part_date]
        return [""] if self.context.store.read(self.table) is not None else []

    def _is_retained(self, day: str) -> bool:
        """Whether a day must still be there, as far as it names one."""
        contract = self.context.catalog.find(self.table.qualified_name)[0].contract
        clock = DeliverySchedule(find_time_slas(self.table), self.table, ZoneInfo(contract.zone), self.context.now())
        found = parse_day(day)
        return found is None or clock.is_retained(found)

    def at(self, day: str) -> Verified:
        self.context.progress(f"verifying {self.table.qualified_name} of {day}")
        about = self._about(day)
        commit = next((one for one in self.commits if one.transaction == about), None)
        receipts = [one for one in self.receipts if self._about(one.part_date) == about]
        newest = receipts[-1] if receipts else None
        if newest and not day_column(self.table) and newest.part_date != day:
            told = f"it is not published: the table is that of {newest.part_date}"
            return Verified(part_date=day, version=None, candidate="", problems=(told,))
        problems = dict.fromkeys((*self._of_receipts(day, commit, receipts), *self._of_candidate(day, commit, newest)))
        known = commit or newest
        return Verified(
            part_date=day,
            version=known.version if known else None,
            candidate=known.candidate if known else "",
            problems=tuple(problems),
        )

    def _about(self, day: str) -> str:
        """The transaction that commits about a day name; one for all days of a table that is published whole."""
        return app_of(self.table.qualified_name, day_column(self.table), day)

    def _of_receipts(self, day: str, commit: Commit | None, receipts: Sequence[Receipt]) -> Iterator[str]:
        if not receipts:
            yield self._without_receipt(day, commit)
            return
        for receipt in receipts:
            if not receipt.is_sound:
                yield f"the receipt of version {receipt.version} was altered after it was recorded"
            elif not self._knows(receipt):
                yield (
                    f"a receipt says that version {receipt.version} published candidate {receipt.candidate}, and the "
                    "table has no such commit"
                )
        if commit and commit.candidate != receipts[-1].candidate:
            yield (
                f"the newest commit about it, version {commit.version}, is that of candidate {commit.candidate}, and "
                f"the newest receipt that of candidate {receipts[-1].candidate}"
            )

    def _without_receipt(self, day: str, commit: Commit | None) -> str:
        if commit:
            return (
                f"its commit, version {commit.version}, has no receipt; publishing candidate {commit.candidate} again "
                "gives it one, if its verdict still holds"
            )
        there = day in self.live if day_column(self.table) else self.context.store.read(self.table) is not None
        return (
            "it was not published by martgate: no commit and no receipt tells of it" if there else "it is not published"
        )

    def _knows(self, receipt: Receipt) -> bool:
        """Whether the table has the commit that a receipt tells of; one older than what the store keeps may have been."""
        if not self.commits or receipt.version > self.commits[0].version:
            return False
        told = next((one for one in self.commits if one.version == receipt.version), None)
        if told is None:
            return receipt.version < self.commits[-1].version
        return (told.candidate, told.transaction) == (receipt.candidate, self._about(receipt.part_date))

    def _of_candidate(self, day: str, commit: Commit | None, receipt: Receipt | None) -> Iterator[str]:
        known = commit or receipt
        if known is None:
            return
        candidate = self.context.ledger.candidate(self.table.qualified_name, day, known.candidate)
        if not isinstance(candidate, Candidate):
            found = "keeps an altered" if candidate else "knows no"
            yield f"the ledger {found} candidate {known.candidate} of {self.table.qualified_name} for {day}"
            return
        told = [one.fingerprint for one in (commit, receipt) if one and one.candidate == candidate.id]
        if any(fingerprint != candidate.fingerprint for fingerprint in told):
            yield f"its commit or its receipt tells of other bytes than those of candidate {candidate.id}"
        yield from self._of_verdicts(candidate)
        if differing := self.context.store.find_tampering(candidate, self.table):
            yield differing

    def _of_verdicts(self, candidate: Candidate) -> Iterator[str]:
        verdicts = self.context.ledger.verdicts_on(candidate)
        if any(isinstance(verdict, Altered) for verdict in verdicts):
            yield f"a verdict on candidate {candidate.id}, or its manifest, was altered after it was recorded"
        elif not any(_approves(verdict, candidate) for verdict in verdicts):
            yield f"no verdict approves candidate {candidate.id}"


def _approves(verdict: RunRecord | Altered, candidate: Candidate) -> bool:
    """Whether a verdict, judged again, let the candidate through."""
    return isinstance(verdict, RunRecord) and isinstance(judge(candidate, verdict.audit, verdict.waivers), Approved)
