"""The measurements of the published days of a table, from which rules learn."""

import json
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from martgate.expectations.measurement import Measurement, Selection
from martgate.ledger.scope import WarehouseScope
from martgate.ledger.tables import MEASUREMENTS, PUBLICATIONS, RUNS, transaction

__all__ = ["LedgerHistory", "build_measurement_row", "select_approving_runs"]


class LedgerHistory:
    """The measurements of one table: for each published day, those of the run that approved it."""

    def __init__(self, engine: Engine, table: str, scope: WarehouseScope) -> None:
        self._engine = engine
        self._table = table
        self._scope = scope

    def measurements(
        self, selection: Selection, *, since: date, before: date, most: int | None = None
    ) -> dict[date, tuple[Measurement, ...]]:
        """Return the measurements of published days, as the newest publish of each day took them.

        See `martgate.expectations.measurement.History`.

        Raises:
            martgate.errors.CouldNotRun: the database does not answer.
        """
        days = self._newest_publications(since, before).limit(most).subquery()
        runs = select_approving_runs(self._table).subquery()
        newest = select(PUBLICATIONS.c.candidate, days.c.part_date).join(days, days.c.publication == PUBLICATIONS.c.id)
        published = newest.subquery()
        query = (
            select(published.c.part_date, MEASUREMENTS)
            .join(runs, runs.c.candidate == published.c.candidate)
            .join(MEASUREMENTS, MEASUREMENTS.c.run == runs.c.run)
            .where(MEASUREMENTS.c.grouped_by == json.dumps(selection.by))
            .where(MEASUREMENTS.c.column_name.in_(selection.columns))
            .where(func.coalesce(MEASUREMENTS.c.counts, "rows") == selection.counts)
            .order_by(published.c.part_date, MEASUREMENTS.c.place)
        )
        by_day: dict[date, list[Measurement]] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(query):
                by_day.setdefault(date.fromisoformat(row.part_date), []).append(_parse_measurement(selection.by, row))
        return {day: tuple(numbers) for day, numbers in by_day.items()}

    def _newest_publications(self, since: date, before: date) -> Select[tuple[str, int]]:
        day = PUBLICATIONS.c.part_date
        return (
            select(day, func.max(PUBLICATIONS.c.id).label("publication"))
            .where(PUBLICATIONS.c.table_name == self._table, day >= since.isoformat(), day < before.isoformat())
            .where(self._scope.build_condition(PUBLICATIONS, self._table))
            .group_by(day)
            .order_by(day.desc())
        )


def select_approving_runs(table: str) -> Select[tuple[str, int]]:
    """Build the query of the newest approving run of each candidate of a table."""
    return (
        select(RUNS.c.candidate, func.max(RUNS.c.id).label("run"))
        .where(RUNS.c.table_name == table, RUNS.c.decision == "approved")
        .group_by(RUNS.c.candidate)
    )


def build_measurement_row(measurement: Measurement) -> dict[str, object]:
    """Build the row of a measurement, without its run and place."""
    return {
        "grouped_by": json.dumps(measurement.by),
        "group_values": json.dumps(measurement.group),
        "column_name": measurement.column,
        "value": measurement.value,
        "row_count": measurement.rows,
        "counts": measurement.counts,
    }


def _parse_measurement(by: tuple[str, ...], row: Row[Any]) -> Measurement:
    return Measurement(
        by, tuple(json.loads(row.group_values)), row.row_count, row.column_name, row.value, row.counts or "rows"
    )
