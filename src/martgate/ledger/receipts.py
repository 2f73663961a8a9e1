"""Receipts as rows of the ledger, each with a digest over all of its columns."""

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from martgate.contracts.day import parse_day
from martgate.errors import CouldNotRun
from martgate.expectations.restatement import Restatement
from martgate.gate.basis import ReceiptBasis, VerdictBasis
from martgate.gate.candidate import Candidate
from martgate.gate.receipt import Receipt
from martgate.gate.waiver import AppliedWaiver
from martgate.ledger.tables import compute_digest, to_utc

__all__ = ["build_receipt_row", "parse_receipt"]

_RESTATEMENTS = TypeAdapter(Restatement)
_WAIVED = TypeAdapter(tuple[AppliedWaiver, ...])
_BASES = TypeAdapter(ReceiptBasis)


def build_receipt_row(  # noqa: PLR0913 - one parameter a part of the receipt
    candidate: Candidate,
    version: int,
    *,
    at: datetime,
    restatement: Restatement | None,
    waived: tuple[AppliedWaiver, ...],
    basis: VerdictBasis | None,
    warehouse: str | None,
) -> dict[str, Any]:
    """Build the row of a receipt.

    Args:
        candidate: the candidate that was published.
        version: the version of the table that holds it.
        at: when it was published.
        restatement: how it differs from the published day that it replaced; None if it replaced none.
        waived: the waivers that let a failure through.
        basis: the contract and the rules of the verdict; None if it does not say.
        warehouse: the location of the warehouse; None if it is not known.
    """
    whole = ReceiptBasis(verdict=basis, model=candidate.model, inputs=candidate.inputs)
    row = {
        "table_name": candidate.table,
        "part_date": candidate.partition.value,
        "candidate": candidate.id,
        "version": version,
        "published_at": at.astimezone(UTC),
        "fingerprint": candidate.fingerprint,
        "restatement": None if restatement is None else _RESTATEMENTS.dump_json(restatement).decode(),
        "waived": _WAIVED.dump_json(waived).decode() if waived else None,
        "basis": _BASES.dump_json(whole).decode(),
        "warehouse": warehouse,
    }
    return row | {"digest": _digest(row)}


def parse_receipt(row: Row[Any]) -> Receipt:
    """Read the receipt of a row. An altered row gives a receipt that is not sound, without restatement and waivers.

    Raises:
        martgate.errors.CouldNotRun: another version of martgate wrote the row in a way that this one cannot read.
    """
    columns, day = row._asdict(), parse_day(row.part_date)
    is_sound = day is not None and row.digest in (_digest(columns), _former_digest(columns))
    restatement, waived, basis = _parse_details(columns) if is_sound else (None, (), None)
    return Receipt(
        table=row.table_name,
        part_date=day,
        candidate=row.candidate,
        version=row.version,
        published_at=to_utc(row.published_at),
        fingerprint=row.fingerprint,
        restatement=restatement,
        waived=waived,
        basis=basis,
        is_sound=is_sound,
    )


def _digest(row: dict[str, Any]) -> str:
    instant = to_utc(row["published_at"]).isoformat()
    details = (row["restatement"] or "", row["waived"] or "", *([row["basis"]] if row["basis"] else []))
    where = ("warehouse", row["warehouse"]) if row["warehouse"] else ()
    return compute_digest(*_identity(row), instant, row["fingerprint"], *details, *where)


def _former_digest(row: dict[str, Any]) -> str:
    """Compute the digest of earlier versions, which did not cover the instant and the fingerprint."""
    return compute_digest(*_identity(row), *(text for text in (row["restatement"], row["waived"]) if text))


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    return row["table_name"], row["part_date"], row["candidate"], str(row["version"])


def _parse_details(
    row: dict[str, Any],
) -> tuple[Restatement | None, tuple[AppliedWaiver, ...], ReceiptBasis | None]:
    try:
        restatement = _RESTATEMENTS.validate_json(row["restatement"]) if row["restatement"] else None
        waived = _WAIVED.validate_json(row["waived"]) if row["waived"] else ()
        return restatement, waived, _BASES.validate_json(row["basis"]) if row["basis"] else None
    except ValidationError:
        raise CouldNotRun(
            f"the ledger's receipt of candidate {row['candidate']} cannot be read: another version of martgate wrote it"
        ) from None
