"""Writes a whole Delta table in place of its former content."""

from collections.abc import Iterator
from pathlib import Path

import deltalake
import pyarrow as pa
from deltalake.exceptions import DeltaError

from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput
from martgate.stores.footers import to_spark_type
from martgate.stores.shape import get_physical_types

__all__ = ["overwrite_table"]


def overwrite_table(place: Path, table: Table, rows: pa.Table | pa.RecordBatchReader) -> int:
    """Write rows as the only content of a table, in one commit, partitioned as its contract says.

    Memory is bounded by the batches and one open file a partition.

    Args:
        place: the folder of the table.
        table: the table of the contract.
        rows: the rows.

    Returns:
        The number of rows.

    Raises:
        martgate.errors.InvalidInput: the columns are not those of the contract, to the width.
        martgate.errors.CouldNotRun: the table cannot be written.
    """
    _check_columns(table, rows.schema)
    schema = pa.schema([_field(table, name, rows.schema.field(name).type) for name in table.column_names])
    count = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal count
        for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
            count += batch.num_rows
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    place.mkdir(parents=True, exist_ok=True)
    try:
        deltalake.write_deltalake(
            str(place),
            pa.RecordBatchReader.from_batches(schema, batches()),
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=list(table.partition_columns) or None,
            name=table.name,
            description=table.description or None,
        )
    except (DeltaError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CouldNotRun(f"{place}: {table.qualified_name} cannot be written: {reason}") from error
    return count


def _field(table: Table, name: str, kind: pa.DataType) -> "pa.Field[pa.DataType]":
    column = table.column(name)
    metadata = {"comment": column.description} if column.description else None
    return pa.field(name, kind, nullable=not column.required, metadata=metadata)


def _check_columns(table: Table, schema: pa.Schema) -> None:
    actual = {field.name: to_spark_type(field.type) for field in schema}
    expected = get_physical_types(table)
    problems = [
        f"{table.qualified_name}.{name}: {actual.get(name, 'nothing')} was given, "
        f"the contract says {expected.get(name, 'nothing')}"
        for name in {**expected, **actual}
        if actual.get(name) != expected.get(name)
    ]
    if not problems and tuple(actual) != tuple(expected):
        problems = [
            f"{table.qualified_name}: columns were given as {', '.join(actual)}, "
            f"the contract says {', '.join(expected)}"
        ]
    if problems:
        raise InvalidInput(*problems)
