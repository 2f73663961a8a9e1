"""The names of the tables and columns of a document, and of the documents that it refers to."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from martgate.contracts.odcs.raw import mappings, text
from martgate.contracts.references import DocumentNames, TableNames
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput

__all__ = ["names_reader", "physical_name", "qualified_name", "read_names", "read_table_names", "server_schema"]


def read_names(data: Mapping[str, Any]) -> DocumentNames:
    """Return the names of all tables of a document."""
    schema = server_schema(data)
    return DocumentNames(tuple(read_table_names(raw, schema) for raw in mappings(data, "schema")))


def read_table_names(raw: Mapping[str, Any], schema: str) -> TableNames:
    """Return the names of a table and its columns; `schema` qualifies a bare name."""
    qualified = qualified_name(raw, schema)
    aliases = (text(raw, "name"), text(raw, "physicalName"), text(raw, "id"), qualified)
    columns: dict[str, str] = {}
    for item in mappings(raw, "properties"):
        for key in ("physicalName", "name", "id"):
            if text(item, key):
                columns.setdefault(text(item, key), physical_name(item))
    return TableNames(qualified, frozenset(name for name in aliases if name), columns)


def names_reader(folder: Path) -> Callable[[str], DocumentNames]:
    """Return a function that reads the names of a file in a folder, each file once.

    A file that does not exist or cannot be read has no names.
    """

    @cache
    def read_file(file: str) -> DocumentNames:
        try:
            data = Document.read(folder / file).data
        except InvalidInput:
            return DocumentNames()
        return read_names(data) if isinstance(data, dict) else DocumentNames()

    return read_file


def qualified_name(raw: Mapping[str, Any], schema: str) -> str:
    """Return the name of a table in SQL; `schema` qualifies a bare name."""
    name = physical_name(raw)
    return name if "." in name or not schema else f"{schema}.{name}"


def server_schema(data: Mapping[str, Any]) -> str:
    """Return the schema of the first server that has one; empty where none has."""
    return next((text(server, "schema") for server in mappings(data, "servers") if text(server, "schema")), "")


def physical_name(raw: Mapping[str, Any]) -> str:
    """Return the name of a table or a column in the data."""
    return text(raw, "physicalName") or text(raw, "name")
