"""Runs the named queries of a project on its published tables.

Tables are read without their classified columns, so that no query can show one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from martgate.builders.ports import Engine
from martgate.builders.query import ParameterType, Query
from martgate.contracts.day import days_between
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, MissingUpstream
from martgate.expectations.protection import Protection
from martgate.hints import clip, did_you_mean
from martgate.project.context import Context
from martgate.text.lists import join_words
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["QueryResult", "find_query", "run_query"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """The result of a query.

    Attributes:
        query: the name of the query.
        parameters: the values of its parameters, by name.
        columns: the names of the columns.
        rows: the values, by column.
        missing_days: the days within the parameters that are not published.
    """

    query: str
    parameters: Mapping[str, str]
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    missing_days: tuple[str, ...] = ()


def find_query(name: str, queries: Mapping[str, Query]) -> Query:
    """Find a query of the project by name.

    Raises:
        martgate.errors.InvalidInput: there is none; the message names similar ones.
    """
    if name not in queries:
        raise InvalidInput(f"there is no query {clip(name)}. {did_you_mean(name, queries)}")
    return queries[name]


def run_query(query: Query, values: Mapping[str, str], context: Context) -> QueryResult:
    """Run a query on the published tables.

    Args:
        query: the query.
        values: the values of its parameters, by name.
        context: the adapters of the run.

    Raises:
        martgate.errors.InvalidInput: a value does not fit its parameter, or the query reads a classified column.
        martgate.errors.MissingUpstream: a table, or every day within the parameters, was never published.
        martgate.errors.CouldNotRun: the engine or the storage failed.
    """
    bound = query.bind(values)
    days = _list_days(query, bound)
    qualified_names = {table.qualified_name for _, table in context.catalog.tables()}
    table_names = {name: name if name in qualified_names else ".".join(name.split(".")[-2:]) for name in query.inputs}
    tables = {name: context.catalog.find(table)[1] for name, table in table_names.items()}
    protections = {name: Protection(table, context.catalog.every_version) for name, table in tables.items()}
    for protection in protections.values():
        _require_unclassified(query, protection)
    with context.engine() as engine:
        missing = sorted({day for table in tables.values() for day in _register(engine, table, days, context)})
        text = query.read_from({name: _select_unclassified(protection) for name, protection in protections.items()})
        rows = [tuple(map(_plain, row)) for row in engine.fetch(text, bound)]
    return QueryResult(
        query=query.name, parameters=bound, columns=query.columns, rows=rows, missing_days=tuple(missing)
    )


def _list_days(query: Query, bound: Mapping[str, str]) -> list[str]:
    """List every day from the first to the last that the parameters name; empty if they name none."""
    days = [(p.name, date.fromisoformat(bound[p.name])) for p in query.parameters if p.kind is ParameterType.DAY]
    for (earlier, first), (later, last) in pairwise(days):
        if first > last:
            raise InvalidInput(f"parameter {earlier} is {first}, which is after {later}, {last}")
    if not days:
        return []
    first, last = days[0][1], days[-1][1]
    return [day.isoformat() for day in days_between(first, last)]


def _require_unclassified(query: Query, protection: Protection) -> None:
    read, table = {name.casefold() for name in query.columns_read}, protection.table
    classified = [
        column for column in table.columns if column.name.casefold() in read and protection.hides(column.name)
    ]
    if classified:
        names = join_words(f"{column.name} ({column.classification})" for column in classified)
        raise InvalidInput(
            f"query {query.name} reads {names} of {table.qualified_name}: classified values are not shown"
        )


def _select_unclassified(protection: Protection) -> str:
    """Write the table expression that the query may read."""
    table = protection.table
    columns = identifiers(name for name in table.column_names if not protection.hides(name))
    return f"(SELECT {columns} FROM {relation(table.qualified_name)})"


def _register(engine: Engine, table: Table, days: Sequence[str], context: Context) -> Iterator[str]:
    """Register a published table, and give the days that it lacks."""
    name = table.qualified_name
    published = context.store.read(table)
    if published is None:
        raise MissingUpstream(f"{name} was never published; `martgate run {name} --date ..` publishes a day")
    engine.register(name, published)
    if not days or table.publish_partition is None:
        return
    rows = engine.fetch(f"SELECT DISTINCT CAST({identifier(table.publish_partition)} AS STRING) FROM {relation(name)}")
    published_days = {day for (day,) in rows}
    if published_days.isdisjoint(days):
        period = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        raise MissingUpstream(f"{name}: {period} is not published; `martgate run {name} --date {days[0]}` publishes it")
    yield from (day for day in days if day not in published_days)


def _plain(value: object) -> object:
    """Engines divide in types of their own; the result of a query is a number."""
    return float(value) if isinstance(value, Decimal) else value
