"""Answers to named queries, from what was published and nothing else.

A classified column is not there for a query: the tables are read without it.
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
    """What a query found. `missing_days` are those that were asked for and are not published, as `YYYY-MM-DD`."""

    query: str
    parameters: Mapping[str, str]
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    missing_days: tuple[str, ...] = ()


def find_query(name: str, queries: Mapping[str, Query]) -> Query:
    """The query of that name, among those of a project.

    Raises:
        martgate.errors.InvalidInput: there is none; the message says which there are.
    """
    if name not in queries:
        raise InvalidInput(f"there is no query {clip(name)}. {did_you_mean(name, queries)}")
    return queries[name]


def run_query(query: Query, given: Mapping[str, str], context: Context) -> QueryResult:
    """Ask published tables; days between the first and the last that the parameters name must be among them.

    Raises:
        martgate.errors.InvalidInput: a parameter is not what the query takes, or the query reads a classified column.
        martgate.errors.MissingUpstream: a table, or every day that is asked for, was never published.
        martgate.errors.CouldNotRun: the engine or the storage failed.
    """
    bound = query.bind(given)
    days = _days(query, bound)
    known = {table.qualified_name for _, table in context.catalog.tables()}
    short = {name: name if name in known else ".".join(name.split(".")[-2:]) for name in query.inputs}
    tables = {name: context.catalog.find(table)[1] for name, table in short.items()}
    protections = {name: Protection(table, context.catalog.every_version) for name, table in tables.items()}
    for protection in protections.values():
        _demand_open(query, protection)
    with context.engine() as engine:
        missing = sorted({day for table in tables.values() for day in _read(engine, table, days, context)})
        text = query.read_from({name: _open_columns(protection) for name, protection in protections.items()})
        rows = [tuple(map(_plain, row)) for row in engine.fetch(text, bound)]
    return QueryResult(
        query=query.name, parameters=bound, columns=query.columns, rows=rows, missing_days=tuple(missing)
    )


def _days(query: Query, bound: Mapping[str, str]) -> list[str]:
    """Every day from the first to the last that the parameters name; none where they name no day."""
    named = [(p.name, date.fromisoformat(bound[p.name])) for p in query.parameters if p.kind is ParameterType.DAY]
    for (earlier, first), (later, last) in pairwise(named):
        if first > last:
            raise InvalidInput(f"parameter {earlier} is {first}, which is after {later}, {last}")
    if not named:
        return []
    first, last = named[0][1], named[-1][1]
    return [day.isoformat() for day in days_between(first, last)]


def _demand_open(query: Query, protection: Protection) -> None:
    read, table = {name.casefold() for name in query.columns_read}, protection.table
    found = [column for column in table.columns if column.name.casefold() in read and protection.hides(column.name)]
    if found:
        named = join_words(f"{column.name} ({column.classification})" for column in found)
        raise InvalidInput(
            f"query {query.name} reads {named} of {table.qualified_name}: classified values are not shown"
        )


def _open_columns(protection: Protection) -> str:
    """The table as a query may read it."""
    table = protection.table
    shown = identifiers(name for name in table.column_names if not protection.hides(name))
    return f"(SELECT {shown} FROM {relation(table.qualified_name)})"


def _read(engine: Engine, table: Table, days: Sequence[str], context: Context) -> Iterator[str]:
    """Make a published table readable; the days that it lacks."""
    name = table.qualified_name
    published = context.store.read(table)
    if published is None:
        raise MissingUpstream(f"{name} was never published; `martgate run {name} --date ..` publishes a day")
    engine.register(name, published)
    if not days or table.publish_partition is None:
        return
    found = engine.fetch(f"SELECT DISTINCT CAST({identifier(table.publish_partition)} AS STRING) FROM {relation(name)}")
    there = {day for (day,) in found}
    if there.isdisjoint(days):
        asked = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        raise MissingUpstream(f"{name}: {asked} is not published; `martgate run {name} --date {days[0]}` publishes it")
    yield from (day for day in days if day not in there)


def _plain(value: object) -> object:
    """Engines divide in types of their own; whoever asked wants a number."""
    return float(value) if isinstance(value, Decimal) else value
