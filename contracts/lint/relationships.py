"""Relationships that lead nowhere."""

from collections.abc import Iterator

from contracts.catalog import Catalog
from contracts.document import Document
from contracts.errors import Problem
from contracts.hints import clip, did_you_mean
from contracts.model import Contract, Relationship, Table
from contracts.odcs import Loaded

__all__ = ["problems"]


def problems(loaded: Loaded, catalog: Catalog | None) -> Iterator[Problem]:
    for table in loaded.contract.tables:
        for relationship in table.relationships:
            yield from _ends(loaded.document, relationship)
            yield from _start(loaded.document, relationship, table)
            yield from _target(loaded, relationship, catalog)
        for column in table.columns:
            for relationship in column.relationships:
                yield from _ends(loaded.document, relationship)
                yield from _target(loaded, relationship, catalog)


def _ends(document: Document, relationship: Relationship) -> Iterator[Problem]:
    here, there = len(relationship.columns), len(relationship.to_columns)
    if here != there:
        message = f"{here} column{'s' * (here != 1)} here, {there} there"
        yield document.problem(f"{relationship.path}.to", message, "name one column there for each column here")


def _start(document: Document, relationship: Relationship, table: Table) -> Iterator[Problem]:
    stated = document.at(f"{relationship.path}.from")
    for index, column in enumerate(relationship.columns):
        path = f"{relationship.path}.from" + (f"[{index}]" if isinstance(stated, list) else "")
        if column.split(".")[0] not in table.column_names:
            message = f"{clip(document.at(path))} names no column of {table.name}"
            yield document.problem(path, message, did_you_mean(column, table.column_names))


def _target(loaded: Loaded, relationship: Relationship, catalog: Catalog | None) -> Iterator[Problem]:
    document, contract = loaded.document, loaded.contract
    path = f"{relationship.path}.to"
    table = _find(contract, relationship.to_table, catalog)
    if table is None:
        # Without a catalog, a table that is not here may well be somewhere else.
        if catalog is not None:
            known = {name for _, other in catalog.tables() for name in (other.name, other.qualified_name)}
            known |= {other.name for other in contract.tables}
            message = f"{clip(relationship.to_table)} is no table of a known contract"
            yield document.problem(path, message, did_you_mean(relationship.to_table, known))
        return
    for column in relationship.to_columns:
        if column.split(".")[0] not in table.column_names:
            message = f"{clip(table.qualified_name)} has no column {clip(column)}"
            yield document.problem(path, message, did_you_mean(column, table.column_names))


def _find(contract: Contract, name: str, catalog: Catalog | None) -> Table | None:
    for table in contract.tables:
        if name in (table.name, table.qualified_name):
            return table
    tables = [table for _, table in catalog.tables()] if catalog else []
    exact = [table for table in tables if table.qualified_name == name]
    return next(iter(exact or [table for table in tables if table.name == name]), None)
