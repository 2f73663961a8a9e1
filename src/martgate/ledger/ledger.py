"""The ledger: what was staged and judged, and what was published, of every table of a warehouse.

Verdicts are recorded for one candidate, and each has a digest over its record, over the manifest of the candidate and over
the bytes that it is about. A verdict that was edited afterwards is recognised and approves nothing. The digest guards
against mistakes and edits, not against a person who may write to the database and computes the digest anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row, and_, false, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from martgate.contracts.day import parse_day
from martgate.contracts.partition import Partition, format_day
from martgate.expectations.measurement import Measurement
from martgate.expectations.restatement import Restatement
from martgate.gate.basis import VerdictBasis
from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.gate.receipt import Approval, Receipt
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, Waiver
from martgate.ledger.file_counts import insert_file_counts, select_file_counts
from martgate.ledger.history import LedgerHistory, LedgerInputHistory, build_measurement_row, select_approving_runs
from martgate.ledger.receipts import build_receipt_row, parse_receipt
from martgate.ledger.runs import insert_run, is_intact_run, parse_run
from martgate.ledger.scope import LedgerWarehouse, WarehouseScope
from martgate.ledger.tables import (
    CANDIDATES,
    INPUT_MEASUREMENTS,
    PUBLICATIONS,
    RUNS,
    VERDICTS,
    WAIVERS,
    open_engine,
    transaction,
)
from martgate.ledger.waivers import build_waiver_row, build_withdrawal, parse_waiver

__all__ = ["AlteredRecord", "Ledger"]

_MANIFESTS = TypeAdapter(Candidate)


@dataclass(frozen=True, slots=True)
class AlteredRecord:
    """A candidate or a run that is not as it was recorded; it approves nothing."""

    candidate: str


class Ledger:
    """The candidates, runs, receipts and waivers of the tables of one warehouse, in a database that may serve several.

    Args:
        url: the URL of the database, as SQLAlchemy takes it.
        warehouse: the warehouse; None for the rows of all warehouses, which is for reading.

    Raises:
        martgate.errors.InvalidInput: SQLAlchemy cannot use the URL.
        martgate.errors.CouldNotRun: from every method, if the database does not answer.
    """

    def __init__(self, url: str, warehouse: LedgerWarehouse | None = None) -> None:
        self._engine = open_engine(url)
        self._scope = WarehouseScope(self._engine, warehouse)

    def record_candidate(
        self,
        candidate: Candidate,
        inputs: Mapping[str, Sequence[Measurement]] | None = None,
        *,
        day: date | None = None,
    ) -> None:
        """Record a staged candidate, so that another process can gate and publish it.

        Args:
            candidate: the candidate.
            inputs: what was measured of its inputs, by qualified name; it is learned from once the candidate is published.
            day: the day of the inputs; None where nothing was measured.
        """
        row = {
            "id": candidate.id,
            "table_name": candidate.table,
            "part_date": candidate.partition.value,
            "sequence": candidate.sequence,
            "manifest": _MANIFESTS.dump_json(candidate).decode(),
            "warehouse": self._scope.location,
        }
        measured: list[dict[str, object]] = [
            {"candidate": candidate.id, "table_name": table, "measured_day": format_day(day)}
            | build_measurement_row(each)
            for table, measurements in (inputs or {}).items()
            for each in measurements
        ]
        with transaction(self._engine) as connection:
            connection.execute(insert(CANDIDATES), row)
            if measured:
                numbered = [each | {"place": place} for place, each in enumerate(measured)]
                connection.execute(insert(INPUT_MEASUREMENTS), numbered)

    def find_candidate(self, partition: Partition, candidate_id: str | None = None) -> Candidate | AlteredRecord | None:
        """Find a candidate of a day.

        Args:
            partition: the day of the table.
            candidate_id: the id of the candidate, of whatever warehouse; None for the newest one of this warehouse.

        Returns:
            The candidate; None if the day has no such candidate.
        """
        query = select(CANDIDATES.c.id, CANDIDATES.c.part_date, CANDIDATES.c.manifest).where(
            CANDIDATES.c.table_name == partition.table, CANDIDATES.c.part_date == partition.value
        )
        if candidate_id is not None:
            query = query.where(CANDIDATES.c.id == candidate_id)
        else:
            query = query.where(self._scope.build_condition(CANDIDATES, partition.table))
        with transaction(self._engine) as connection:
            row = connection.execute(query.order_by(CANDIDATES.c.sequence.desc()).limit(1)).one_or_none()
        return None if row is None else _parse_candidate(row, partition)

    def list_candidates(self, table: str, ids: Iterable[str]) -> tuple[Candidate, ...]:
        """List the candidates of a table with these ids, without those whose record was altered."""
        query = select(CANDIDATES.c.id, CANDIDATES.c.part_date, CANDIDATES.c.manifest)
        query, wanted = query.where(CANDIDATES.c.table_name == table), set(ids)
        with transaction(self._engine) as connection:
            rows = [row for row in connection.execute(query) if row.id in wanted]
        found = (_parse_candidate(row, Partition.parse(table, row.part_date)) for row in rows)
        return tuple(each for each in found if isinstance(each, Candidate))

    def record_run(self, record: RunRecord, *, fingerprint: str = "") -> None:
        """Record a run with its verdicts and measurements.

        Args:
            record: the run.
            fingerprint: the hash of the candidate's bytes; empty if nothing was staged.
        """
        with transaction(self._engine) as connection:
            insert_run(
                connection,
                record,
                fingerprint=fingerprint,
                manifest=_manifest(connection, record.candidate),
                warehouse=self._scope.location,
            )

    def find_run(self, candidate: Candidate) -> RunRecord | AlteredRecord | None:
        """Find the newest run that judged exactly the bytes of a candidate; None if there is none."""
        return next(self._runs(candidate), None)

    def find_runs(self, candidate: Candidate) -> tuple[RunRecord | AlteredRecord, ...]:
        """Find every run that judged exactly the bytes of a candidate, the newest first."""
        return tuple(self._runs(candidate))

    def _runs(self, candidate: Candidate) -> Iterator[RunRecord | AlteredRecord]:
        query = select(RUNS.c.record, RUNS.c.digest, RUNS.c.warehouse).where(RUNS.c.candidate == candidate.id)
        with transaction(self._engine) as connection:
            rows = connection.execute(query.order_by(RUNS.c.id.desc())).all()
            manifest = _manifest(connection, candidate.id)
        for row in rows:
            if is_intact_run(row, fingerprint=candidate.fingerprint, manifest=manifest):
                yield RunRecord.from_json(row.record)
            else:
                yield AlteredRecord(candidate.id)

    def list_runs(self) -> list[RunRecord]:
        """List the newest run of every candidate, the oldest first, each with the version that it was published as.

        Raises:
            martgate.errors.CouldNotRun: a record is damaged.
        """
        tables = select(RUNS.c.table_name).distinct()
        publications = select(PUBLICATIONS.c.candidate, PUBLICATIONS.c.version).order_by(PUBLICATIONS.c.id)
        with transaction(self._engine) as connection:
            names = sorted(row.table_name for row in connection.execute(tables))
        own = (and_(RUNS.c.table_name == name, self._scope.build_condition(RUNS, name)) for name in names)
        runs = select(RUNS.c.candidate, RUNS.c.record).where(or_(false(), *own)).order_by(RUNS.c.id)
        with transaction(self._engine) as connection:
            newest = {row.candidate: row.record for row in connection.execute(runs)}
            versions = {row.candidate: row.version for row in connection.execute(publications)}
        return [
            replace(parse_run(record, candidate), published_version=versions.get(candidate))
            for candidate, record in newest.items()
        ]

    def find_approving_run(self, partition: Partition) -> RunRecord | None:
        """Find the newest run that approved the published candidate of a day; None if nothing is published.

        Raises:
            martgate.errors.CouldNotRun: the record is damaged.
        """
        query = (
            select(RUNS.c.candidate, RUNS.c.record)
            .join(PUBLICATIONS, RUNS.c.candidate == PUBLICATIONS.c.candidate)
            .where(PUBLICATIONS.c.table_name == partition.table, PUBLICATIONS.c.part_date == partition.value)
            .where(self._scope.build_condition(PUBLICATIONS, partition.table))
            .where(RUNS.c.decision == "approved")
            .order_by(PUBLICATIONS.c.id.desc(), RUNS.c.id.desc())
            .limit(1)
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else parse_run(row.record, row.candidate)

    def record_publication(  # noqa: PLR0913 - one parameter a part of the receipt
        self,
        candidate: Candidate,
        published: Published,
        *,
        at: datetime,
        restatement: Restatement | None = None,
        waived: tuple[AppliedWaiver, ...] = (),
        basis: VerdictBasis | None = None,
    ) -> None:
        """Record the receipt of a publish, once. A superseded candidate was not published and has no receipt.

        Args:
            candidate: the candidate that was promoted.
            published: the result of the promotion.
            at: when it was published.
            restatement: how it differed from the published day that it replaced; None if it replaced none.
            waived: the waivers that let a failure through.
            basis: the contract and the rules of the verdict.
        """
        if published.promotion is Promotion.SUPERSEDED:
            return
        row = build_receipt_row(
            candidate,
            published.version,
            at=at,
            restatement=restatement,
            waived=waived,
            basis=basis,
            warehouse=self._scope.location,
        )
        recorded = select(PUBLICATIONS.c.id).where(
            PUBLICATIONS.c.table_name == candidate.table, PUBLICATIONS.c.candidate == candidate.id
        )
        with transaction(self._engine) as connection:
            if connection.execute(recorded).first() is None:
                connection.execute(insert(PUBLICATIONS), row)

    def list_receipts(self, table: str) -> tuple[Receipt, ...]:
        """List the receipts of a table, the oldest first; an altered one is not sound."""
        own = self._scope.build_condition(PUBLICATIONS, table)
        query = select(PUBLICATIONS).where(PUBLICATIONS.c.table_name == table, own).order_by(PUBLICATIONS.c.id)
        with transaction(self._engine) as connection:
            return tuple(map(parse_receipt, connection.execute(query)))

    def count_other_receipts(self, table: str) -> dict[str, int]:
        """Count the receipts of a table that are about other warehouses, by the location of the warehouse."""
        return self._scope.count_other_receipts(table)

    def list_approvals(self, table: str) -> dict[str, Approval]:
        """List the newest approving run of each candidate of a table, by the id of the candidate."""
        newest = select_approving_runs(table).subquery()
        rules = select(VERDICTS.c.run, func.count().label("rules")).group_by(VERDICTS.c.run).subquery()
        query = (
            select(RUNS.c.candidate, RUNS.c.contract, RUNS.c.contract_version, RUNS.c.row_count, rules.c.rules)
            .join(newest, newest.c.run == RUNS.c.id)
            .join(rules, rules.c.run == RUNS.c.id, isouter=True)
        )
        with transaction(self._engine) as connection:
            return {
                row.candidate: Approval(row.contract, row.contract_version, row.row_count, row.rules or 0)
                for row in connection.execute(query)
            }

    def list_published_contracts(self, table: str) -> dict[date, tuple[str, str]]:
        """List the contract and its version that approved the published candidate of each day of a table."""
        approving = and_(RUNS.c.candidate == PUBLICATIONS.c.candidate, RUNS.c.decision == "approved")
        query = (
            select(PUBLICATIONS.c.part_date, RUNS.c.contract, RUNS.c.contract_version)
            .join(RUNS, approving, isouter=True)
            .where(PUBLICATIONS.c.table_name == table, self._scope.build_condition(PUBLICATIONS, table))
            .order_by(PUBLICATIONS.c.id, RUNS.c.id)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return {day: (row.contract, row.contract_version) for row in rows if (day := parse_day(row.part_date))}

    def list_passed_rules(self, table: str, prefix: str) -> dict[str, set[str]]:
        """List the rules that passed when each published candidate of a table was approved.

        Args:
            table: the qualified name of the table.
            prefix: how the names of the rules begin.

        Returns:
            The names of the rules by the id of the candidate, without candidates that have none.
        """
        approving = and_(RUNS.c.candidate == PUBLICATIONS.c.candidate, RUNS.c.decision == "approved")
        passing = and_(VERDICTS.c.run == RUNS.c.id, VERDICTS.c.outcome == "passed")
        query = (
            select(PUBLICATIONS.c.candidate, VERDICTS.c.rule)
            .join(RUNS, approving)
            .join(VERDICTS, passing)
            .where(PUBLICATIONS.c.table_name == table, VERDICTS.c.rule.startswith(prefix, autoescape=True))
            .where(self._scope.build_condition(PUBLICATIONS, table))
        )
        rules: dict[str, set[str]] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(query):
                rules.setdefault(row.candidate, set()).add(row.rule)
        return rules

    def record_waiver(self, waiver: Waiver) -> None:
        """Record a waiver, which is in force from now on."""
        with transaction(self._engine) as connection:
            connection.execute(insert(WAIVERS), build_waiver_row(waiver, self._scope.location))

    def list_waivers(self, table: str) -> tuple[Waiver, ...]:
        """List the waivers of a table that were not withdrawn, the oldest first; an altered one is not sound."""
        own = self._scope.build_condition(WAIVERS, table)
        query = select(WAIVERS).where(WAIVERS.c.table_name == table, own).order_by(WAIVERS.c.id)
        with transaction(self._engine) as connection:
            waivers = map(parse_waiver, connection.execute(query))
            return tuple(waiver for waiver in waivers if waiver)

    def withdraw_waivers(self, table: str, rule: str, *, at: datetime) -> int:
        """Withdraw the waivers of a rule, altered ones too, and return their number. Their rows stay in the ledger."""
        own = self._scope.build_condition(WAIVERS, table)
        query = select(WAIVERS).where(WAIVERS.c.table_name == table, WAIVERS.c.rule == rule, own)
        with transaction(self._engine) as connection:
            rows = [row for row in connection.execute(query) if parse_waiver(row)]
            for row in rows:
                connection.execute(update(WAIVERS).where(WAIVERS.c.id == row.id).values(build_withdrawal(row, at)))
        return len(rows)

    def get_history(self, table: str) -> LedgerHistory:
        """Return the measurements of the published days of a table."""
        return LedgerHistory(self._engine, table, self._scope)

    def get_input_history(self, table: str) -> LedgerInputHistory:
        """Return what earlier runs measured of a table that no model makes."""
        return LedgerInputHistory(self._engine, table, self._scope)

    def record_file_counts(self, query: str, counts: Mapping[str, Sequence[int]]) -> None:
        """Record the counts that a query took in files.

        Args:
            query: the digest of the query.
            counts: the counts of each file, by the digest of its bytes.
        """
        if counts:
            with transaction(self._engine) as connection:
                insert_file_counts(connection, query, counts)

    def find_file_counts(self, query: str, contents: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Find the counts that a query took in these files before, both given by digests; an altered row is not found."""
        with transaction(self._engine) as connection:
            return select_file_counts(connection, query, contents)


def _parse_candidate(row: Row[Any], partition: Partition | None) -> Candidate | AlteredRecord:
    """Read the candidate of a row, which must be that of the partition."""
    try:
        candidate = _MANIFESTS.validate_json(row.manifest)
    except ValidationError:
        return AlteredRecord(row.id)
    return candidate if (candidate.id, candidate.partition) == (row.id, partition) else AlteredRecord(row.id)


def _manifest(connection: Connection, candidate: str) -> str:
    """Return the recorded manifest of a candidate; empty if nothing was staged under that id."""
    return connection.execute(select(CANDIDATES.c.manifest).where(CANDIDATES.c.id == candidate)).scalar() or ""
