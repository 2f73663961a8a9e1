"""Runs a model of the project on rows that a test gives."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from martgate.api.days import Date, read_day
from martgate.builders.engines.spill import spill_folder
from martgate.builders.model import cast_to_contract
from martgate.builders.ports import Dataset, Engine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, Problem
from martgate.hints import did_you_mean
from martgate.project.requests import require_model
from martgate.project.settings import load_settings
from martgate.project.wiring import load_catalog, open_engine
from martgate.stores.delta_log import build_arrow_types
from martgate.stores.shape import get_physical_types
from martgate.testing.rows import Rows, read_rows

__all__ = ["ModelRows", "run_model"]


class ModelRows(list[dict[str, Any]]):
    """The rows that a model made, each from column to value; instants are in UTC.

    Attributes:
        table: the table of the contract.
        zone: the time zone of the contract.
    """

    def __init__(self, rows: list[dict[str, Any]], table: Table, zone: str) -> None:
        super().__init__(rows)
        self.table, self.zone = table, zone


def run_model(  # noqa: PLR0913 - one parameter an option
    name: str,
    inputs: Mapping[str, Rows],
    *,
    date: Date,
    run_timestamp: dt.datetime | None = None,
    project: str | Path | None = None,
    engine: str | None = None,
) -> ModelRows:
    """Run a model on rows of its inputs; no file of the project is read but its contracts and models, and none is written.

    Args:
        name: the table that the model makes.
        inputs: the rows of each input, by its qualified or bare name: mappings, or a table in text. An input that is not
            given is empty. Missing columns are filled with values that the contract allows.
        date: the day that is built.
        run_timestamp: the instant of the run; two hours after the day's end if None.
        project: the folder of the project; None for the nearest from the working folder upwards.
        engine: the engine; None for the one of the project.

    Returns:
        The rows of the model, in the types of its contract.

    Raises:
        martgate.errors.InvalidInput: there is no such model, or with every input, column and value that is not right.
        martgate.errors.QueryFailed: the engine cannot run the query.
    """
    flags = {"engine": engine} if engine else {}
    settings = load_settings(Path(project) if project is not None else None, flags)
    catalog, day = load_catalog(settings), read_day(date)
    contract_file, table = catalog.find(name, day)
    model = require_model(settings, table)
    when = Day(day, contract_file.contract.zone)
    at = run_timestamp or dt.datetime.fromisoformat(when.parameters["day_end"]) + dt.timedelta(hours=2)
    parameters = when.parameters | {"run_timestamp": at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")}
    given = _match_inputs(inputs, model.inputs, catalog, name, day)
    with spill_folder(None) as folder, open_engine(settings) as opened:
        for place, (relation, (found, zone, rows)) in enumerate(given.items()):
            _register(opened, relation, found, read_rows(rows, found, day, zone), Path(folder) / f"{place}.parquet")
        made = opened.fetch(cast_to_contract(model, table), parameters)
    names = table.column_names
    return ModelRows([dict(zip(names, row, strict=True)) for row in made], table, contract_file.contract.zone)


def _match_inputs(
    inputs: Mapping[str, Rows], relations: tuple[str, ...], catalog: Catalog, model: str, day: dt.date
) -> dict[str, tuple[Table, str, Rows]]:
    """Find the contract and the rows of each input of a model."""
    versions = {relation: catalog.find(relation, day) for relation in relations}
    by_name = {
        key: relation
        for relation, (_, table) in versions.items()
        for key in (table.name, table.qualified_name.rpartition(".")[2], table.qualified_name, relation)
    }
    unknown = [name for name in inputs if name not in by_name]
    if unknown:
        raise InvalidInput(
            *(
                Problem(file="", message=f"{model} does not read {name}", hint=did_you_mean(name, relations))
                for name in unknown
            )
        )
    rows = {by_name[name]: given for name, given in inputs.items()}
    return {
        relation: (table, contract_file.contract.zone, rows.get(relation, ()))
        for relation, (contract_file, table) in versions.items()
    }


def _register(engine: Engine, relation: str, table: Table, rows: list[dict[str, Any]], file: Path) -> None:
    columns = tuple(get_physical_types(table).items())
    if rows:
        pq.write_table(_build_table(rows, table), file)
    engine.register(relation, Dataset(files=(str(file),) if rows else (), columns=columns))


def _build_table(rows: list[dict[str, Any]], table: Table) -> pa.Table:
    """Build rows in the types of a contract; a test may give null where none is allowed."""
    columns: dict[str, pa.Array] = {}
    problems = []
    for name, kind in build_arrow_types(table).items():
        try:
            columns[name] = pa.array([row[name] for row in rows], kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            problems.append(f"{table.qualified_name}.{name}: a value does not fit {get_physical_types(table)[name]}")
    if problems:
        raise InvalidInput(*problems)
    return pa.table(columns)
