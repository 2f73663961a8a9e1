"""The measurements of the published days of a table, and of the inputs of published tables, from which rules learn."""

import json
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, Table, and_, false, func, or_, select

from martgate.expectations.measurement import Measurement, Selection
from martgate.ledger.scope import WarehouseScope
from martgate.ledger.tables import INPUT_MEASUREMENTS, MEASUREMENTS, PUBLICATIONS, RUNS, transaction

__all__ = ["LedgerHistory", "LedgerInputHistory", "build_measurement_row", "select_approving_runs"]


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
            .where(_is_selected(MEASUREMENTS, selection))
            .order_by(published.c.part_date, MEASUREMENTS.c.place)
        )
        return _fetch_by_day(self._engine, query, selection.by)

    def _newest_publications(self, since: date, before: date) -> Select[tuple[str, int]]:
        day = PUBLICATIONS.c.part_date
        return (
            select(day, func.max(PUBLICATIONS.c.id).label("publication"))
            .where(PUBLICATIONS.c.table_name == self._table, day >= since.isoformat(), day < before.isoformat())
            .where(self._scope.build_condition(PUBLICATIONS, self._table))
            .group_by(day)
            .order_by(day.desc())
        )


class LedgerInputHistory:
    """The measurements of a table from outside: for each day, those of the run whose candidate was published last.

    What was measured of an input of a refused or unpublished candidate is not learned from.
    """

    def __init__(self, engine: Engine, table: str, scope: WarehouseScope) -> None:
        self._engine = engine
        self._table = table
        self._scope = scope

    def measurements(
        self, selection: Selection, *, since: date, before: date, most: int | None = None
    ) -> dict[date, tuple[Measurement, ...]]:
        """Return the measurements of days of the input; see `martgate.expectations.measurement.History`.

        Raises:
            martgate.errors.CouldNotRun: the database does not answer.
        """
        rows = INPUT_MEASUREMENTS
        wanted = and_(
            rows.c.table_name == self._table,
            _is_selected(rows, selection),
            rows.c.measured_day >= since.isoformat(),
            rows.c.measured_day < before.isoformat(),
        )
        newest = (
            select(rows.c.measured_day, func.max(PUBLICATIONS.c.id).label("publication"))
            .join(PUBLICATIONS, PUBLICATIONS.c.candidate == rows.c.candidate)
            .where(wanted, self._build_condition())
            .group_by(rows.c.measured_day)
            .order_by(rows.c.measured_day.desc())
            .limit(most)
            .subquery()
        )
        query = (
            select(rows.c.measured_day.label("part_date"), rows)
            .join(PUBLICATIONS, PUBLICATIONS.c.candidate == rows.c.candidate)
            .join(newest, and_(newest.c.publication == PUBLICATIONS.c.id, newest.c.measured_day == rows.c.measured_day))
            .where(wanted)
            .order_by(rows.c.measured_day, rows.c.place)
        )
        return _fetch_by_day(self._engine, query, selection.by)

    def _build_condition(self) -> ColumnElement[bool]:
        """Build the condition under which a receipt counts: that of a table that was made from the input, here."""
        measured = select(INPUT_MEASUREMENTS.c.candidate).where(INPUT_MEASUREMENTS.c.table_name == self._table)
        query = select(PUBLICATIONS.c.table_name).where(PUBLICATIONS.c.candidate.in_(measured)).distinct()
        with transaction(self._engine) as connection:
            tables: list[str] = list(connection.execute(query).scalars())
        conditions = (
            and_(PUBLICATIONS.c.table_name == table, self._scope.build_condition(PUBLICATIONS, table))
            for table in tables
        )
        return or_(false(), *conditions)


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


def _is_selected(rows: Table, selection: Selection) -> ColumnElement[bool]:
    """Build the condition under which a row is one of the measurements that a rule selects."""
    return and_(
        rows.c.grouped_by == json.dumps(selection.by),
        rows.c.column_name.in_(selection.columns),
        func.coalesce(rows.c.counts, "rows") == selection.counts,
    )


def _fetch_by_day(engine: Engine, query: Select[Any], by: tuple[str, ...]) -> dict[date, tuple[Measurement, ...]]:
    """Fetch measurements, each with its `part_date`, by day in the order of the query."""
    by_day: dict[date, list[Measurement]] = {}
    with transaction(engine) as connection:
        for row in connection.execute(query):
            by_day.setdefault(date.fromisoformat(row.part_date), []).append(_parse_measurement(by, row))
    return {day: tuple(numbers) for day, numbers in by_day.items()}


def _parse_measurement(by: tuple[str, ...], row: Row[Any]) -> Measurement:
    return Measurement(
        by, tuple(json.loads(row.group_values)), row.row_count, row.column_name, row.value, row.counts or "rows"
    )
