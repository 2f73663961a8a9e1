"""What the tables and columns of a document are called, and in the documents beside it."""

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
    schema = server_schema(data)
    return DocumentNames(tuple(read_table_names(raw, schema) for raw in mappings(data, "schema")))


def read_table_names(raw: Mapping[str, Any], schema: str) -> TableNames:
    qualified = qualified_name(raw, schema)
    said = (text(raw, "name"), text(raw, "physicalName"), text(raw, "id"), qualified)
    columns: dict[str, str] = {}
    for item in mappings(raw, "properties"):
        for key in ("physicalName", "name", "id"):
            if text(item, key):
                columns.setdefault(text(item, key), physical_name(item))
    return TableNames(qualified, frozenset(name for name in said if name), columns)


def names_reader(folder: Path) -> Callable[[str], DocumentNames]:
    """Names in the files that references lead to, each read once; a file that is not there, or broken, has none."""

    @cache
    def others(file: str) -> DocumentNames:
        try:
            data = Document.read(folder / file).data
        except InvalidInput:
            return DocumentNames()
        return read_names(data) if isinstance(data, dict) else DocumentNames()

    return others


def qualified_name(raw: Mapping[str, Any], schema: str) -> str:
    name = physical_name(raw)
    return name if "." in name or not schema else f"{schema}.{name}"


def server_schema(data: Mapping[str, Any]) -> str:
    return next((text(server, "schema") for server in mappings(data, "servers") if text(server, "schema")), "")


def physical_name(raw: Mapping[str, Any]) -> str:
    return text(raw, "physicalName") or text(raw, "name")
