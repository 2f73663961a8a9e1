"""Relationships that lead nowhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Relationship, Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean

__all__ = ["find_problems"]


def find_problems(contract_file: ContractFile, catalog: Catalog | None) -> Iterator[Problem]:
    document, known = contract_file.document, _Known.of(contract_file, catalog)
    for table in contract_file.contract.tables:
        for relationship in table.relationships:
            yield from _ends(document, relationship)
            yield from _start(document, relationship, table)
            yield from _target(document, relationship, known)
        for column in table.columns:
            for relationship in column.relationships:
                yield from _ends(document, relationship)
                yield from _target(document, relationship, known)


@dataclass(frozen=True, slots=True)
class _Known:
    """Where a relationship may lead: each table by all its names, with the names of its columns."""

    tables: Mapping[str, tuple[Table, frozenset[str]]]
    is_complete: bool

    @classmethod
    def of(cls, contract_file: ContractFile, catalog: Catalog | None) -> Self:
        elsewhere = [table for _, table in catalog.tables()] if catalog else []
        # What is named first is found first: this contract, then whole names, then short ones.
        named = [
            (name, table) for table in contract_file.contract.tables for name in (table.qualified_name, table.name)
        ]
        named += [(table.qualified_name, table) for table in elsewhere]
        named += [(table.name, table) for table in elsewhere]
        tables: dict[str, tuple[Table, frozenset[str]]] = {}
        for name, table in named:
            if name not in tables:
                tables[name] = (table, frozenset(table.column_names))
        return cls(tables, catalog is not None)


def _ends(document: Document, relationship: Relationship) -> Iterator[Problem]:
    here, there = len(relationship.columns), len(relationship.to_columns)
    if here != there:
        message = f"{here} column{'s' * (here != 1)} here, {there} there"
        yield document.problem(f"{relationship.path}.to", message, "name one column there for each column here")


def _start(document: Document, relationship: Relationship, table: Table) -> Iterator[Problem]:
    stated = document.at(f"{relationship.path}.from")
    for index, column in enumerate(relationship.columns):
        path = f"{relationship.path}.from" + (f"[{index}]" if isinstance(stated, list) else "")
        if not {column, column.split(".")[0]} & {*table.column_names}:
            message = f"{clip(document.at(path))} names no column of {table.name}"
            yield document.problem(path, message, did_you_mean(column, table.column_names))


def _target(document: Document, relationship: Relationship, known: _Known) -> Iterator[Problem]:
    path = f"{relationship.path}.to"
    if relationship.to_table not in known.tables:
        # Without a catalog, a table that is not here may well be somewhere else.
        if known.is_complete:
            message = f"{clip(relationship.to_table)} is no table of a known contract"
            yield document.problem(path, message, did_you_mean(relationship.to_table, known.tables))
        return
    table, columns = known.tables[relationship.to_table]
    for column in relationship.to_columns:
        if not {column, column.split(".")[0]} & columns:
            message = f"{clip(table.qualified_name)} has no column {clip(column)}"
            yield document.problem(path, message, did_you_mean(column, columns))
