"""A receipt as a row of the ledger, with a digest over all that it says."""

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from martgate.contracts.day import parse_day
from martgate.errors import CouldNotRun
from martgate.expectations.restatement import Restatement
from martgate.gate.candidate import Candidate
from martgate.gate.receipt import Receipt
from martgate.gate.waiver import AppliedWaiver
from martgate.ledger.tables import digest_over, in_utc

__all__ = ["receipt_of", "row_of"]

_RESTATEMENTS = TypeAdapter(Restatement)
_WAIVED = TypeAdapter(tuple[AppliedWaiver, ...])


def row_of(
    candidate: Candidate,
    version: int,
    *,
    at: datetime,
    restatement: Restatement | None,
    waived: tuple[AppliedWaiver, ...],
) -> dict[str, Any]:
    """What is kept of the publication of a candidate as that version of its table."""
    kept = None if restatement is None else _RESTATEMENTS.dump_json(restatement).decode()
    row = {
        "table_name": candidate.table,
        "part_date": candidate.partition.value,
        "candidate": candidate.id,
        "version": version,
        "published_at": at.astimezone(UTC),
        "fingerprint": candidate.fingerprint,
        "restatement": kept,
        "waived": _WAIVED.dump_json(waived).decode() if waived else None,
    }
    return row | {"digest": _digest(row)}


def receipt_of(row: Row[Any]) -> Receipt:
    """The receipt that a row is; of one that was altered, what it replaced and what was waived is not told."""
    said = row._asdict()
    day = parse_day(row.part_date)
    is_sound = day is not None and row.digest in (_digest(said), _digest_of_before(said))
    restatement, waived = _read(said) if is_sound else (None, ())
    return Receipt(
        table=row.table_name,
        part_date=day,
        candidate=row.candidate,
        version=row.version,
        published_at=in_utc(row.published_at),
        fingerprint=row.fingerprint,
        restatement=restatement,
        waived=waived,
        is_sound=is_sound,
    )


def _digest(row: dict[str, Any]) -> str:
    instant = in_utc(row["published_at"]).isoformat()
    return digest_over(*_named(row), instant, row["fingerprint"], row["restatement"] or "", row["waived"] or "")


def _digest_of_before(row: dict[str, Any]) -> str:
    """What receipts carried before their instant and their fingerprint were part of it."""
    return digest_over(*_named(row), *(text for text in (row["restatement"], row["waived"]) if text))


def _named(row: dict[str, Any]) -> tuple[str, ...]:
    return row["table_name"], row["part_date"], row["candidate"], str(row["version"])


def _read(row: dict[str, Any]) -> tuple[Restatement | None, tuple[AppliedWaiver, ...]]:
    """What a sound row replaced, and what was waived.

    Raises:
        martgate.errors.CouldNotRun: a version of martgate wrote it that this one does not understand.
    """
    try:
        restatement = _RESTATEMENTS.validate_json(row["restatement"]) if row["restatement"] else None
        return restatement, _WAIVED.validate_json(row["waived"]) if row["waived"] else ()
    except ValidationError:
        raise CouldNotRun(f"the ledger's receipt of {row['candidate']} cannot be read") from None
