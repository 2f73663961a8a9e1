"""A table for Spark: its StructType as Python code, and the Spark SQL that creates it as a Delta table."""

from contracts.export import python
from contracts.export.constraints import NOT_SAID, Constraints, constraints, title
from contracts.model import Contract, Table

__all__ = ["delta_ddl", "delta_table", "dotted", "identifier", "literal", "struct_type"]


def struct_type(contract: Contract, table: Table) -> str:
    """Python code that makes the table's `StructType`: nullability, and descriptions as the metadata Spark reads.

    Raises:
        contracts.errors.Unusable: the contract states types or limits that there are not.
    """
    fields = tuple(_field(one) for one in constraints(contract, table))
    schema = python.Call("T.StructType(", (python.Call("[", fields, "]"),))
    head = map(python.comment, (title(contract, table), *NOT_SAID))
    return python.module(head, ("from pyspark.sql import types as T",), (python.named("schema ", schema),))


def _field(one: Constraints) -> python.Source:
    items: list[python.Source] = [python.text(one.column.name), one.type.pyspark]
    if one.required:
        items.append(python.named("nullable", "False"))
    if one.column.description:
        comment = python.mapped("comment", python.text(one.column.description))
        items.append(python.named("metadata", python.Call("{", (comment,), "}")))
    return python.Call("T.StructField(", tuple(items))


def delta_ddl(contract: Contract, table: Table) -> str:
    """Spark SQL that creates the table in Delta, with NOT NULL, comments and partitions.

    Raises:
        contracts.errors.Unusable: the contract states types or limits that there are not.
    """
    head = "\n".join(python.comment(line.replace("${", "$ {"), "--") for line in (title(contract, table), *NOT_SAID))
    return f"{head}\nCREATE TABLE {delta_table(contract, table, table.qualified_name)};\n"


def delta_table(contract: Contract, table: Table, name: str) -> str:
    """The table as `CREATE TABLE` takes it, under a name of dotted parts.

    Raises:
        contracts.errors.Unusable: the contract states types or limits that there are not.
    """
    columns = ",\n".join(f"  {_definition(one)}" for one in constraints(contract, table))
    parts = [f"{dotted(name)} (\n{columns}\n)", "USING DELTA"]
    if table.partition_columns:
        parts.append(f"PARTITIONED BY ({', '.join(map(identifier, table.partition_columns))})")
    if table.description:
        parts.append(f"COMMENT {literal(table.description)}")
    return "\n".join(parts)


def _definition(one: Constraints) -> str:
    kind = one.type.spark if "<" in one.type.spark else one.type.spark.upper()
    parts = [identifier(one.column.name), kind]
    if one.required:
        parts.append("NOT NULL")
    if one.column.description:
        parts.append(f"COMMENT {literal(one.column.description)}")
    return " ".join(parts)


def identifier(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def dotted(name: str) -> str:
    """A name of several parts, each quoted.

    >>> dotted("main.we_mart.member")
    '`main`.`we_mart`.`member`'
    """
    return ".".join(map(identifier, name.split(".")))


def literal(found: str) -> str:
    r"""A text literal of Spark SQL. `${` would be taken for a variable before anything is parsed, so it is escaped too.

    >>> print(literal("it's ${here}"), literal("a" + chr(10)))
    'it\'s \u0024{here}' 'a\n'
    """
    return "'" + "".join(_escaped(char) for char in found).replace("${", "\\u0024{") + "'"


def _escaped(char: str) -> str:
    short = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if char in short or char.isprintable():
        return short.get(char, char)
    return f"\\u{ord(char):04x}" if ord(char) < 0x1_0000 else f"\\U{ord(char):08x}"
