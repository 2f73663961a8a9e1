"""Checks of relationships: the tables and columns that they name exist."""

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
    """The tables that relationships can refer to.

    Attributes:
        tables: Each table by all its names, with the names of its columns.
        is_complete: Whether all tables of the project are known.
    """

    tables: Mapping[str, tuple[Table, frozenset[str]]]
    is_complete: bool

    @classmethod
    def of(cls, contract_file: ContractFile, catalog: Catalog | None) -> Self:
        tables_here = contract_file.contract.tables
        others = [table for _, table in catalog.tables()] if catalog else []
        # The first table of a name wins: this contract's, then by qualified names, then by short ones.
        names = [(name, table) for table in tables_here for name in (table.qualified_name, table.name)]
        names += [(table.qualified_name, table) for table in others]
        names += [(table.name, table) for table in others]
        tables: dict[str, tuple[Table, frozenset[str]]] = {}
        for name, table in names:
            if name not in tables:
                tables[name] = (table, frozenset(table.column_names))
        return cls(tables, catalog is not None)


def _ends(document: Document, relationship: Relationship) -> Iterator[Problem]:
    here, there = len(relationship.columns), len(relationship.to_columns)
    if here != there:
        message = f"found {there} referenced column{'s' * (there != 1)}, expected {here}"
        yield document.problem(f"{relationship.path}.to", message, "name one column for each column of this table")


def _start(document: Document, relationship: Relationship, table: Table) -> Iterator[Problem]:
    value = document.at(f"{relationship.path}.from")
    for index, column in enumerate(relationship.columns):
        path = f"{relationship.path}.from" + (f"[{index}]" if isinstance(value, list) else "")
        if not {column, column.split(".")[0]} & {*table.column_names}:
            message = f"{clip(document.at(path))} is not a column of {table.name}"
            yield document.problem(path, message, did_you_mean(column, table.column_names))


def _target(document: Document, relationship: Relationship, known: _Known) -> Iterator[Problem]:
    path = f"{relationship.path}.to"
    if relationship.to_table not in known.tables:
        # Without a catalog, the table may be in another contract.
        if known.is_complete:
            message = f"no contract has a table {clip(relationship.to_table)}"
            yield document.problem(path, message, did_you_mean(relationship.to_table, known.tables))
        return
    table, columns = known.tables[relationship.to_table]
    for column in relationship.to_columns:
        if not {column, column.split(".")[0]} & columns:
            message = f"{clip(table.qualified_name)} has no column {clip(column)}"
            yield document.problem(path, message, did_you_mean(column, columns))
