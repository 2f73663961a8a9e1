"""Waivers as rows of the ledger, each with a digest over all of its columns."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row

from martgate.contracts.day import parse_day
from martgate.contracts.partition import format_day
from martgate.gate.waiver import Waiver
from martgate.ledger.tables import compute_digest, to_utc

__all__ = ["build_waiver_row", "build_withdrawal", "parse_waiver"]


def build_waiver_row(waiver: Waiver, warehouse: str | None) -> dict[str, Any]:
    """Build the row of a waiver that is in force in a warehouse; None if the warehouse is not known."""
    row = {
        "table_name": waiver.table,
        "rule": waiver.rule,
        "part_date": format_day(waiver.part_date),
        "until": waiver.until.isoformat(),
        "most": waiver.most,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "recorded_at": waiver.recorded_at.astimezone(UTC),
        "withdrawn_at": None,
        "check_digest": waiver.check or None,
        "warehouse": warehouse,
    }
    return row | {"digest": _digest(row)}


def build_withdrawal(row: Row[Any], at: datetime) -> dict[str, Any]:
    """Build the columns that change when the waiver of a row is withdrawn."""
    instant = at.astimezone(UTC)
    return {"withdrawn_at": instant, "digest": _digest(row._asdict() | {"withdrawn_at": instant})}


def parse_waiver(row: Row[Any]) -> Waiver | None:
    """Read the waiver of a row; None if it was withdrawn. An altered row gives a waiver that is not sound."""
    is_intact = row.digest == _digest(row._asdict())
    until, day = parse_day(row.until), parse_day(row.part_date)
    if is_intact and row.withdrawn_at is not None:
        return None
    return Waiver(
        table=row.table_name,
        rule=row.rule,
        until=until or date.min,
        reason=row.reason,
        owner=row.owner,
        recorded_at=to_utc(row.recorded_at),
        part_date=day,
        most=row.most,
        check=row.check_digest or "",
        is_sound=is_intact and until is not None and bool(day) == bool(row.part_date),
    )


def _digest(row: dict[str, Any]) -> str:
    instants = ("" if row[name] is None else to_utc(row[name]).isoformat() for name in ("recorded_at", "withdrawn_at"))
    most = "" if row["most"] is None else str(row["most"])
    texts = (row[name] for name in ("table_name", "rule", "part_date", "until"))
    check = [row["check_digest"]] if row["check_digest"] else []  # earlier versions recorded none
    where = ["warehouse", row["warehouse"]] if row["warehouse"] else []
    return compute_digest(*texts, most, row["reason"], row["owner"], *instants, *check, *where)
