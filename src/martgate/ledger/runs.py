"""Runs of the gate as rows of the ledger, each with a digest over its record, its candidate and the bytes it is about."""

from datetime import UTC
from typing import Any

from sqlalchemy import Row, insert
from sqlalchemy.engine import Connection

from martgate.contracts.partition import format_day
from martgate.errors import CouldNotRun
from martgate.gate.run import RunRecord
from martgate.ledger.history import build_measurement_row
from martgate.ledger.tables import LONGEST_NAME, MEASUREMENTS, RUNS, VERDICTS, compute_digest

__all__ = ["insert_run", "is_intact_run", "parse_run"]


def insert_run(
    connection: Connection, record: RunRecord, *, fingerprint: str, manifest: str, warehouse: str | None
) -> None:
    """Insert a run with its verdicts and measurements.

    Args:
        connection: the transaction.
        record: the run.
        fingerprint: the hash of the candidate's bytes; empty if nothing was staged.
        manifest: the candidate as the ledger has it; empty if nothing was staged.
        warehouse: the location of the warehouse that the run is about; None if it is not known.
    """
    audit, text = record.audit, record.to_json()
    row = {
        "candidate": record.candidate,
        "table_name": record.table,
        "part_date": format_day(record.date),
        "judged_at": audit.audited_at.astimezone(UTC),
        "decision": record.decision,
        "contract": audit.contract,
        "contract_version": audit.contract_version,
        "row_count": audit.rows,
        "record": text,
        "digest": _digest(text, fingerprint, manifest, warehouse),
        "warehouse": warehouse,
    }
    (run,) = connection.execute(insert(RUNS).returning(RUNS.c.id), row).one()
    verdicts: list[dict[str, Any]] = [
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
    measurements = [
        {"run": run, "place": place} | build_measurement_row(each) for place, each in enumerate(audit.measurements)
    ]
    for table, rows in ((VERDICTS, verdicts), (MEASUREMENTS, measurements)):
        if rows:
            connection.execute(insert(table), rows)


def is_intact_run(row: Row[Any], *, fingerprint: str, manifest: str) -> bool:
    """Whether the row of a run is as it was inserted, and about this manifest and these bytes."""
    return bool(row.digest == _digest(row.record, fingerprint, manifest, row.warehouse))


def _digest(record: str, fingerprint: str, manifest: str, warehouse: str | None) -> str:
    return compute_digest(record, fingerprint, manifest, *([warehouse] if warehouse else []))


def parse_run(record: str, candidate: str) -> RunRecord:
    """Read the record of a run.

    Raises:
        martgate.errors.CouldNotRun: the record is damaged; the message names the candidate.
    """
    try:
        return RunRecord.from_json(record)
    except CouldNotRun as error:
        raise CouldNotRun(f"the ledger's record of the run that judged {candidate} is damaged: {error}") from None
