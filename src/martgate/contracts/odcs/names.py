"""What the tables and columns of a document are called, and in the documents beside it."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from martgate.contracts.odcs.raw import listed, text
from martgate.contracts.references import Names, TableNames
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput

__all__ = ["names", "names_of_table", "others", "physical_name", "qualified_name", "server_schema"]


def names(data: Mapping[str, Any]) -> Names:
    schema = server_schema(data)
    return Names(tuple(names_of_table(raw, schema) for raw in listed(data, "schema")))


def names_of_table(raw: Mapping[str, Any], schema: str) -> TableNames:
    qualified = qualified_name(raw, schema)
    said = (text(raw, "name"), text(raw, "physicalName"), text(raw, "id"), qualified)
    columns: dict[str, str] = {}
    for item in listed(raw, "properties"):
        for key in ("physicalName", "name", "id"):
            if text(item, key):
                columns.setdefault(text(item, key), physical_name(item))
    return TableNames(qualified, frozenset(name for name in said if name), columns)


def others(folder: Path) -> Callable[[str], Names]:
    """Names in the files that references lead to, each read once; a file that is not there, or broken, has none."""

    @cache
    def others(file: str) -> Names:
        try:
            data = Document.read(folder / file).data
        except InvalidInput:
            return Names()
        return names(data) if isinstance(data, dict) else Names()

    return others


def qualified_name(raw: Mapping[str, Any], schema: str) -> str:
    name = physical_name(raw)
    return name if "." in name or not schema else f"{schema}.{name}"


def server_schema(data: Mapping[str, Any]) -> str:
    return next((text(server, "schema") for server in listed(data, "servers") if text(server, "schema")), "")


def physical_name(raw: Mapping[str, Any]) -> str:
    return text(raw, "physicalName") or text(raw, "name")
