"""Maps a valid document to the model.

Where the standard leaves a choice: the name of a table or column is its `physicalName`, if it has one, because that is the
name in the data; key and partition columns without a position follow the others in the order of the file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from martgate.contracts.durations import parse_iso_duration
from martgate.contracts.model import Column, Contract, Relationship, Sla, Table
from martgate.contracts.odcs.names import (
    names_reader,
    physical_name,
    qualified_name,
    read_names,
    read_table_names,
    server_schema,
)
from martgate.contracts.odcs.quality import read_qualities
from martgate.contracts.odcs.raw import as_list, custom_properties, mappings, text, texts
from martgate.contracts.odcs.schema import VERSIONS
from martgate.contracts.odcs.types import read_options, read_physical_type
from martgate.contracts.references import resolve_reference
from martgate.contracts.yaml.document import Document

__all__ = ["Mapper"]


class Mapper:
    """Maps one valid document. An invalid word that the schema allows gets its strictest meaning."""

    def __init__(self, document: Document, path: Path) -> None:
        self.file = document.file
        self.data: Mapping[str, Any] = document.data
        self.names = read_names(self.data)
        self.others = names_reader(path.parent)

    def contract(self) -> Contract:
        data = self.data
        default_element = text(data, "slaDefaultElement")
        return Contract(
            file=self.file,
            id=text(data, "id"),
            version=text(data, "version"),
            api_version=text(data, "apiVersion") or max(VERSIONS),
            name=text(data, "name"),
            status=text(data, "status"),
            domain=text(data, "domain"),
            description={k: v for k, v in (data.get("description") or {}).items() if isinstance(v, str)},
            tables=tuple(self.table(f"schema[{i}]", raw) for i, raw in enumerate(mappings(data, "schema"))),
            slas=tuple(
                _sla(f"slaProperties[{i}]", raw, default_element)
                for i, raw in enumerate(mappings(data, "slaProperties"))
            ),
            team=_team(data.get("team")),
            tags=texts(data, "tags"),
            custom=custom_properties(data),
        )

    def table(self, path: str, raw: Mapping[str, Any]) -> Table:
        properties = mappings(raw, "properties")
        keys = _positions(properties, "primaryKey", "primaryKeyPosition")
        parts = _positions(properties, "partitioned", "partitionKeyPosition")
        rename = read_table_names(raw, "").columns
        return Table(
            path=path,
            name=text(raw, "name"),
            qualified_name=qualified_name(raw, server_schema(self.data)),
            columns=tuple(
                self.column(f"{path}.properties[{i}]", item, positions=(keys.get(i), parts.get(i)), rename=rename)
                for i, item in enumerate(properties)
            ),
            description=text(raw, "description"),
            business_name=text(raw, "businessName"),
            granularity=text(raw, "dataGranularityDescription"),
            relationships=tuple(
                self.relationship(f"{path}.relationships[{i}]", item, as_list(item.get("from")), rename)
                for i, item in enumerate(mappings(raw, "relationships"))
            ),
            quality=read_qualities(path, raw, rename),
            tags=texts(raw, "tags"),
            custom=custom_properties(raw),
        )

    def column(
        self,
        path: str,
        raw: Mapping[str, Any],
        *,
        positions: tuple[int | None, int | None],
        rename: Mapping[str, str],
    ) -> Column:
        name = physical_name(raw)
        return Column(
            path=path,
            name=name,
            logical_type=text(raw, "logicalType"),
            physical_type=read_physical_type(raw),
            description=text(raw, "description"),
            business_name=text(raw, "businessName"),
            required=raw.get("required") is True,
            unique=raw.get("unique") is True,
            primary_key_position=positions[0],
            partition_position=positions[1],
            classification=text(raw, "classification"),
            enum=tuple(item["value"] for item in mappings(raw, "enum") if item.get("value") is not None),
            options=read_options(raw),
            relationships=tuple(
                self.relationship(f"{path}.relationships[{i}]", item, [text(raw, "name")], rename)
                for i, item in enumerate(mappings(raw, "relationships"))
            ),
            quality=read_qualities(path, raw, rename),
            sources=texts(raw, "transformSourceObjects"),
            transform_logic=text(raw, "transformLogic"),
            transform_description=text(raw, "transformDescription"),
            tags=texts(raw, "tags"),
            custom=custom_properties(raw),
        )

    def relationship(
        self, path: str, raw: Mapping[str, Any], columns: list[str], rename: Mapping[str, str]
    ) -> Relationship:
        """Map a relationship; `columns` is the name of its column, or for a table, references like those in `to`."""
        here = [
            rename[item] if item in rename else resolve_reference(item, self.names, self.others)[1] for item in columns
        ]
        there = [resolve_reference(item, self.names, self.others) for item in as_list(raw.get("to"))]
        return Relationship(
            path=path,
            columns=tuple(here),
            to_table=there[0][0] if there else "",
            to_columns=tuple(column for _, column in there),
        )


def _sla(path: str, raw: Mapping[str, Any], default_element: str) -> Sla:
    value, unit = raw.get("value"), text(raw, "unit")
    if not unit and isinstance(value, str):
        value, unit = parse_iso_duration(value) or (value, unit)
    return Sla(
        path=path,
        property=text(raw, "property"),
        value=value if isinstance(value, str | int | float) else "",
        unit=unit,
        element=text(raw, "element") or default_element,
        description=text(raw, "description"),
    )


def _team(raw: Any) -> tuple[Mapping[str, object], ...]:
    members = raw.get("members", []) if isinstance(raw, dict) else raw
    return tuple(member for member in members or [] if isinstance(member, dict))


def _positions(properties: list[Mapping[str, Any]], flag: str, position: str) -> dict[int, int]:
    """Return the position of each flagged property, by index."""
    flagged = [i for i, raw in enumerate(properties) if raw.get(flag) is True]
    values = {i: int(properties[i].get(position, -1)) for i in flagged}
    positions = {i: value for i, value in values.items() if value >= 1}
    last = max(positions.values(), default=0)
    for i in flagged:
        if i not in positions:
            last += 1
            positions[i] = last
    return positions
