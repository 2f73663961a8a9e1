"""A waiver as a row of the ledger, with a digest over all that it says."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row

from martgate.contracts.day import parse_day
from martgate.contracts.partition import text_of
from martgate.gate.waiver import Waiver
from martgate.ledger.tables import digest_over, in_utc

__all__ = ["row_of", "waiver_of", "withdrawn"]


def row_of(waiver: Waiver) -> dict[str, Any]:
    """What is kept of a waiver."""
    row = {
        "table_name": waiver.table,
        "rule": waiver.rule,
        "part_date": text_of(waiver.part_date),
        "until": waiver.until.isoformat(),
        "most": waiver.most,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "recorded_at": waiver.recorded_at.astimezone(UTC),
        "withdrawn_at": None,
    }
    return row | {"digest": _digest(row)}


def withdrawn(row: Row[Any], at: datetime) -> dict[str, Any]:
    """What changes of a row as its waiver is withdrawn."""
    instant = at.astimezone(UTC)
    return {"withdrawn_at": instant, "digest": _digest(row._asdict() | {"withdrawn_at": instant})}


def waiver_of(row: Row[Any]) -> Waiver | None:
    """The waiver that a row is; None where it was withdrawn. One that was altered is in no force, whatever it says."""
    said = row._asdict()
    is_intact = row.digest == _digest(said)
    until, day = parse_day(row.until), parse_day(row.part_date)
    if is_intact and row.withdrawn_at is not None:
        return None
    return Waiver(
        table=row.table_name,
        rule=row.rule,
        until=until or date.min,
        reason=row.reason,
        owner=row.owner,
        recorded_at=in_utc(row.recorded_at),
        part_date=day,
        most=row.most,
        is_sound=is_intact and until is not None and bool(day) == bool(row.part_date),
    )


def _digest(row: dict[str, Any]) -> str:
    instants = (row["recorded_at"], row["withdrawn_at"])
    told = ("" if instant is None else in_utc(instant).isoformat() for instant in instants)
    most = "" if row["most"] is None else str(row["most"])
    return digest_over(
        row["table_name"], row["rule"], row["part_date"], row["until"], most, row["reason"], row["owner"], *told
    )
