"""What was measured of the published days of a table, from which rules learn."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from martgate.expectations.measurement import Measurement
from martgate.ledger.tables import MEASUREMENTS, PUBLICATIONS, RUNS, answering

__all__ = ["LedgerHistory", "approving", "measurement_row"]


class LedgerHistory:
    """What was measured of one table: for each day by the run that let through what stands published of it."""

    def __init__(self, engine: Engine, table: str) -> None:
        self._engine = engine
        self._table = table

    def measurements(
        self, by: tuple[str, ...], columns: Sequence[str], *, since: date, before: date, most: int | None = None
    ) -> dict[date, tuple[Measurement, ...]]:
        """The numbers of these columns (`""`: of all rows), grouped by exactly `by`, as the newest publication has them.

        Of the published days in [since, before), or the newest `most` of them, those of which there are such numbers.

        Raises:
            martgate.errors.CouldNotRun: the database does not answer.
        """
        days = self._publications(since, before).limit(most).subquery()
        runs = approving(self._table).subquery()
        newest = select(PUBLICATIONS.c.candidate, days.c.part_date).join(days, days.c.publication == PUBLICATIONS.c.id)
        published = newest.subquery()
        wanted = (
            select(published.c.part_date, MEASUREMENTS)
            .join(runs, runs.c.candidate == published.c.candidate)
            .join(MEASUREMENTS, MEASUREMENTS.c.run == runs.c.run)
            .where(MEASUREMENTS.c.grouped_by == json.dumps(by), MEASUREMENTS.c.column_name.in_(columns))
            .order_by(published.c.part_date, MEASUREMENTS.c.place)
        )
        found: dict[date, list[Measurement]] = {}
        with answering(self._engine) as connection:
            for row in connection.execute(wanted):
                found.setdefault(date.fromisoformat(row.part_date), []).append(_as_measurement(by, row))
        return {day: tuple(numbers) for day, numbers in found.items()}

    def _publications(self, since: date, before: date) -> Select[tuple[str, int]]:
        """The newest publication of each day, the newest day first."""
        day = PUBLICATIONS.c.part_date
        return (
            select(day, func.max(PUBLICATIONS.c.id).label("publication"))
            .where(PUBLICATIONS.c.table_name == self._table, day >= since.isoformat(), day < before.isoformat())
            .group_by(day)
            .order_by(day.desc())
        )


def approving(table: str) -> Select[tuple[str, int]]:
    """The newest run that approved each candidate of a table."""
    return (
        select(RUNS.c.candidate, func.max(RUNS.c.id).label("run"))
        .where(RUNS.c.table_name == table, RUNS.c.decision == "approved")
        .group_by(RUNS.c.candidate)
    )


def measurement_row(measurement: Measurement) -> dict[str, object]:
    """What is kept of a measurement."""
    return {
        "grouped_by": json.dumps(measurement.by),
        "group_values": json.dumps(measurement.group),
        "column_name": measurement.column,
        "value": measurement.value,
        "row_count": measurement.rows,
    }


def _as_measurement(by: tuple[str, ...], row: Row[Any]) -> Measurement:
    return Measurement(by, tuple(json.loads(row.group_values)), row.row_count, row.column_name, row.value)
