"""What happened: candidates staged, runs judged, rows measured, days published, in any database that SQLAlchemy speaks to.

A row that lets something be published carries a digest over all that it says, over the manifest of the candidate and
over the bytes it speaks of, so that a verdict that was edited afterwards is recognised and counts for nothing. It guards
against mistakes and edits, not against somebody who may write to the database and computes the digest anew.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.engine import Connection

from martgate.contracts.day import parse_day
from martgate.contracts.partition import Partition, text_of
from martgate.errors import CouldNotRun
from martgate.expectations.restatement import Restatement
from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.gate.receipt import Approval, Receipt
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, Waiver
from martgate.ledger import waivers as waiver_rows
from martgate.ledger.history import LedgerHistory, approving, measurement_row
from martgate.ledger.receipts import receipt_of, row_of
from martgate.ledger.tables import (
    CANDIDATES,
    FILE_COUNTS,
    LONGEST_NAME,
    MEASUREMENTS,
    PUBLICATIONS,
    RUNS,
    VERDICTS,
    WAIVERS,
    answering,
    digest_over,
    opened,
)

__all__ = ["AlteredRecord", "Ledger"]

_AT_ONCE = 500
"""So many files are asked about in one statement: databases limit its parameters."""

_MANIFESTS = TypeAdapter(Candidate)


@dataclass(frozen=True, slots=True)
class AlteredRecord:
    """A candidate or a verdict that is not the one that was recorded; it approves nothing."""

    candidate: str


class Ledger:
    """The record of a warehouse.

    Raises:
        martgate.errors.InvalidInput: the URL is none that SQLAlchemy understands.
        martgate.errors.CouldNotRun: from every method, where the database does not answer.
    """

    def __init__(self, url: str) -> None:
        self._engine = opened(url)

    def record_candidate(self, candidate: Candidate) -> None:
        """Keep what was staged, so that another process can gate and publish it."""
        row = {
            "id": candidate.id,
            "table_name": candidate.table,
            "part_date": candidate.partition.value,
            "sequence": candidate.sequence,
            "manifest": _MANIFESTS.dump_json(candidate).decode(),
        }
        with answering(self._engine) as connection:
            connection.execute(insert(CANDIDATES), row)

    def find_candidate(self, partition: Partition, candidate_id: str | None = None) -> Candidate | AlteredRecord | None:
        """The candidate of that id, or the newest of the day; None where there is none of that table and day."""
        wanted = select(CANDIDATES.c.id, CANDIDATES.c.manifest).where(
            CANDIDATES.c.table_name == partition.table, CANDIDATES.c.part_date == partition.value
        )
        if candidate_id is not None:
            wanted = wanted.where(CANDIDATES.c.id == candidate_id)
        with answering(self._engine) as connection:
            row = connection.execute(wanted.order_by(CANDIDATES.c.sequence.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        try:
            kept = _MANIFESTS.validate_json(row.manifest)
        except ValidationError:
            return AlteredRecord(row.id)
        return kept if (kept.id, kept.partition) == (row.id, partition) else AlteredRecord(row.id)

    def record_run(self, record: RunRecord, *, fingerprint: str = "") -> None:
        """Keep a decision with all its verdicts; `fingerprint` is that of the candidate's bytes, if there is one."""
        text = record.to_json()
        audit = record.audit
        row = {
            "candidate": record.candidate,
            "table_name": record.table,
            "part_date": text_of(record.date),
            "judged_at": audit.audited_at.astimezone(UTC),
            "decision": record.decision,
            "contract": audit.contract,
            "contract_version": audit.contract_version,
            "row_count": audit.rows,
            "record": text,
        }
        with answering(self._engine) as connection:
            row["digest"] = digest_over(text, fingerprint, _manifest(connection, record.candidate))
            (run,) = connection.execute(insert(RUNS).returning(RUNS.c.id), row).one()
            verdicts = [
                {
                    "run": run,
                    "place": place,
                    "rule": verdict.rule.name[:LONGEST_NAME],
                    "severity": verdict.rule.severity.value,
                    "outcome": verdict.outcome.value,
                    "failed": verdict.failed,
                    "total": verdict.total,
                }
                for place, verdict in enumerate(audit.verdicts)
            ]
            if verdicts:
                connection.execute(insert(VERDICTS), verdicts)
            measurements = [
                {"run": run, "place": place} | measurement_row(each) for place, each in enumerate(audit.measurements)
            ]
            if measurements:
                connection.execute(insert(MEASUREMENTS), measurements)

    def find_run(self, candidate: Candidate) -> RunRecord | AlteredRecord | None:
        """The newest run that judged exactly these bytes; None where there is none."""
        return next(self._runs(candidate), None)

    def find_runs(self, candidate: Candidate) -> tuple[RunRecord | AlteredRecord, ...]:
        """Every run that judged exactly these bytes, the newest first."""
        return tuple(self._runs(candidate))

    def _runs(self, candidate: Candidate) -> Iterator[RunRecord | AlteredRecord]:
        wanted = select(RUNS.c.record, RUNS.c.digest).where(RUNS.c.candidate == candidate.id)
        with answering(self._engine) as connection:
            rows = connection.execute(wanted.order_by(RUNS.c.id.desc())).all()
            manifest = _manifest(connection, candidate.id)
        for row in rows:
            is_sound = digest_over(row.record, candidate.fingerprint, manifest) == row.digest
            yield RunRecord.from_json(row.record) if is_sound else AlteredRecord(candidate.id)

    def record_publication(
        self,
        candidate: Candidate,
        published: Published,
        *,
        at: datetime,
        restatement: Restatement | None = None,
        waived: tuple[AppliedWaiver, ...] = (),
    ) -> None:
        """Keep the receipt of a publish, once; a candidate that a later one superseded was never published."""
        if published.promotion is Promotion.SUPERSEDED:
            return
        row = row_of(candidate, published.version, at=at, restatement=restatement, waived=waived)
        known = select(PUBLICATIONS.c.id).where(
            PUBLICATIONS.c.table_name == candidate.table, PUBLICATIONS.c.candidate == candidate.id
        )
        with answering(self._engine) as connection:
            if connection.execute(known).first() is None:
                connection.execute(insert(PUBLICATIONS), row)

    def list_receipts(self, table: str) -> tuple[Receipt, ...]:
        """The receipts of a table, oldest first; one that was altered says so."""
        wanted = select(PUBLICATIONS).where(PUBLICATIONS.c.table_name == table).order_by(PUBLICATIONS.c.id)
        with answering(self._engine) as connection:
            return tuple(map(receipt_of, connection.execute(wanted)))

    def list_approvals(self, table: str) -> dict[str, Approval]:
        """By candidate of a table, the newest verdict that approved it, in brief."""
        newest = approving(table).subquery()
        rules = select(VERDICTS.c.run, func.count().label("rules")).group_by(VERDICTS.c.run).subquery()
        wanted = (
            select(RUNS.c.candidate, RUNS.c.contract, RUNS.c.contract_version, RUNS.c.row_count, rules.c.rules)
            .join(newest, newest.c.run == RUNS.c.id)
            .join(rules, rules.c.run == RUNS.c.id, isouter=True)
        )
        with answering(self._engine) as connection:
            return {
                row.candidate: Approval(row.contract, row.contract_version, row.row_count, row.rules or 0)
                for row in connection.execute(wanted)
            }

    def record_waiver(self, waiver: Waiver) -> None:
        """Keep a waiver; it is in force from now on."""
        with answering(self._engine) as connection:
            connection.execute(insert(WAIVERS), waiver_rows.row_of(waiver))

    def list_waivers(self, table: str) -> tuple[Waiver, ...]:
        """The waivers of a table that nobody withdrew, the oldest first; one that was altered says so."""
        wanted = select(WAIVERS).where(WAIVERS.c.table_name == table).order_by(WAIVERS.c.id)
        with answering(self._engine) as connection:
            found = map(waiver_rows.waiver_of, connection.execute(wanted))
            return tuple(waiver for waiver in found if waiver)

    def withdraw_waivers(self, table: str, rule: str, *, at: datetime) -> int:
        """Take back the waivers of a rule, altered ones too; how many there were. Their rows stay, and say so."""
        wanted = select(WAIVERS).where(WAIVERS.c.table_name == table, WAIVERS.c.rule == rule)
        with answering(self._engine) as connection:
            rows = [row for row in connection.execute(wanted) if waiver_rows.waiver_of(row)]
            for row in rows:
                connection.execute(update(WAIVERS).where(WAIVERS.c.id == row.id).values(waiver_rows.withdrawn(row, at)))
        return len(rows)

    def list_published_contracts(self, table: str) -> dict[date, tuple[str, str]]:
        """By day, the contract and its version that let through what stands published of a table."""
        approving = and_(RUNS.c.candidate == PUBLICATIONS.c.candidate, RUNS.c.decision == "approved")
        wanted = (
            select(PUBLICATIONS.c.part_date, RUNS.c.contract, RUNS.c.contract_version)
            .join(RUNS, approving, isouter=True)
            .where(PUBLICATIONS.c.table_name == table)
            .order_by(PUBLICATIONS.c.id, RUNS.c.id)
        )
        with answering(self._engine) as connection:
            return {
                day: (row.contract, row.contract_version)
                for row in connection.execute(wanted)
                if (day := parse_day(row.part_date))
            }

    def get_history(self, table: str) -> LedgerHistory:
        """What was measured of a table on the days of it that are published."""
        return LedgerHistory(self._engine, table)

    def list_passed_rules(self, table: str, prefix: str) -> dict[str, set[str]]:
        """By published candidate of a table, the rules whose names begin so that passed when it was let through."""
        approving = and_(RUNS.c.candidate == PUBLICATIONS.c.candidate, RUNS.c.decision == "approved")
        passing = and_(VERDICTS.c.run == RUNS.c.id, VERDICTS.c.outcome == "passed")
        wanted = (
            select(PUBLICATIONS.c.candidate, VERDICTS.c.rule)
            .join(RUNS, approving)
            .join(VERDICTS, passing)
            .where(PUBLICATIONS.c.table_name == table, VERDICTS.c.rule.startswith(prefix, autoescape=True))
        )
        found: dict[str, set[str]] = {}
        with answering(self._engine) as connection:
            for row in connection.execute(wanted):
                found.setdefault(row.candidate, set()).add(row.rule)
        return found

    def find_approving_run(self, partition: Partition) -> RunRecord | None:
        """The newest run that approved what stands published of a day; None where nothing does.

        Raises:
            martgate.errors.CouldNotRun: its record is damaged.
        """
        wanted = (
            select(RUNS.c.candidate, RUNS.c.record)
            .join(PUBLICATIONS, RUNS.c.candidate == PUBLICATIONS.c.candidate)
            .where(PUBLICATIONS.c.table_name == partition.table, PUBLICATIONS.c.part_date == partition.value)
            .where(RUNS.c.decision == "approved")
            .order_by(PUBLICATIONS.c.id.desc(), RUNS.c.id.desc())
            .limit(1)
        )
        with answering(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _read(row.record, row.candidate)

    def list_runs(self) -> list[RunRecord]:
        """The newest run of every candidate, oldest first, each with the version it was published as.

        Raises:
            martgate.errors.CouldNotRun: a record is damaged.
        """
        runs = select(RUNS.c.candidate, RUNS.c.record).order_by(RUNS.c.id)
        publications = select(PUBLICATIONS.c.candidate, PUBLICATIONS.c.version).order_by(PUBLICATIONS.c.id)
        with answering(self._engine) as connection:
            newest = {row.candidate: row.record for row in connection.execute(runs)}
            versions = {row.candidate: row.version for row in connection.execute(publications)}
        found = ((candidate, _read(text, candidate)) for candidate, text in newest.items())
        return [replace(record, published_version=versions.get(candidate)) for candidate, record in found]

    def record_file_counts(self, question: str, counted: Mapping[str, Sequence[int]]) -> None:
        """Keep what a question counted in files, each given by the digest of its bytes."""
        rows = [
            {
                "content": content,
                "question": question,
                "counts": (counts := json.dumps(list(numbers))),
                "digest": digest_over(content, question, counts),
            }
            for content, numbers in counted.items()
        ]
        if rows:
            with answering(self._engine) as connection:
                connection.execute(insert(FILE_COUNTS), rows)

    def find_file_counts(self, question: str, contents: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """What a question counted in those of these files that it was asked of before; what was altered is not known."""
        columns = (FILE_COUNTS.c.content, FILE_COUNTS.c.counts, FILE_COUNTS.c.digest)
        asked, wanted = select(*columns).where(FILE_COUNTS.c.question == question), sorted(set(contents))
        with answering(self._engine) as connection:
            rows = [
                row
                for first in range(0, len(wanted), _AT_ONCE)
                for row in connection.execute(asked.where(FILE_COUNTS.c.content.in_(wanted[first : first + _AT_ONCE])))
            ]
        sound = (row for row in rows if row.digest == digest_over(row.content, question, row.counts))
        return {row.content: tuple(json.loads(row.counts)) for row in sound}


def _manifest(connection: Connection, candidate: str) -> str:
    """The manifest as it is kept; empty where nothing was staged."""
    return connection.execute(select(CANDIDATES.c.manifest).where(CANDIDATES.c.id == candidate)).scalar() or ""


def _read(text: str, candidate: str) -> RunRecord:
    try:
        return RunRecord.from_json(text)
    except CouldNotRun as error:
        raise CouldNotRun(f"the ledger's record of the run that judged {candidate} is damaged: {error}") from None
