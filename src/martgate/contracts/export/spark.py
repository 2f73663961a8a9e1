"""Exports a table for Spark: its StructType in Python code, and the Spark SQL that creates it as a Delta table."""

from martgate.contracts.export import python
from martgate.contracts.export.constraints import SCOPE_NOTE, Constraints, read_constraints, source_title
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.model import Table
from martgate.text.quoting import identifier, identifiers, relation, text

__all__ = ["export_delta_ddl", "export_struct_type", "render_delta_ddl", "render_delta_table", "render_struct_type"]


def export_struct_type(request: ExportRequest) -> str:
    """Write the table of a request; see `render_struct_type`."""
    return render_struct_type(request.table)


def export_delta_ddl(request: ExportRequest) -> str:
    """Write the table of a request; see `render_delta_ddl`."""
    return render_delta_ddl(request.table)


def render_struct_type(table: Table) -> str:
    """Write Python code for the `StructType` of a table, with nullability, and descriptions as metadata.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits.
    """
    fields = tuple(_field(one) for one in read_constraints(table))
    schema = python.Call("T.StructType(", (python.Call("[", fields, "]"),))
    head = map(python.comment, (source_title(table), *SCOPE_NOTE))
    return python.format_module(head, ("from pyspark.sql import types as T",), (python.bind_name("schema ", schema),))


def _field(one: Constraints) -> python.Source:
    items: list[python.Source] = [python.text_literal(one.column.name), one.type.pyspark]
    if one.required:
        items.append(python.bind_name("nullable", "False"))
    if one.column.description:
        comment = python.dict_entry("comment", python.text_literal(one.column.description))
        items.append(python.bind_name("metadata", python.Call("{", (comment,), "}")))
    return python.Call("T.StructField(", tuple(items))


def render_delta_ddl(table: Table) -> str:
    """Write Spark SQL that creates the table in Delta, with NOT NULL, comments and partitions.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits.
    """
    head = "\n".join(python.comment(line.replace("${", "$ {"), "--") for line in (source_title(table), *SCOPE_NOTE))
    return f"{head}\nCREATE TABLE {render_delta_table(table, table.qualified_name)};\n"


def render_delta_table(table: Table, name: str) -> str:
    """Write the text after `CREATE TABLE`.

    Args:
        table: The table.
        name: The name to create it under, with dots between its parts.

    Raises:
        martgate.errors.InvalidInput: The contract has invalid types or limits.
    """
    columns = ",\n".join(f"  {_definition(one)}" for one in read_constraints(table))
    parts = [f"{relation(name)} (\n{columns}\n)", "USING DELTA"]
    if table.partition_columns:
        parts.append(f"PARTITIONED BY ({identifiers(table.partition_columns)})")
    if table.description:
        parts.append(f"COMMENT {text(table.description)}")
    return "\n".join(parts)


def _definition(one: Constraints) -> str:
    kind = one.type.spark if "<" in one.type.spark else one.type.spark.upper()
    parts = [identifier(one.column.name), kind]
    if one.required:
        parts.append("NOT NULL")
    if one.column.description:
        parts.append(f"COMMENT {text(one.column.description)}")
    return " ".join(parts)
