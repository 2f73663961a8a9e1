"""Laying a whole Delta table down, in place of what was there before."""

from collections.abc import Iterator
from pathlib import Path

import deltalake
import pyarrow as pa
from deltalake.exceptions import DeltaError

from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput
from martgate.stores.footers import spark_type
from martgate.stores.shape import physical_types

__all__ = ["write_table"]


def write_table(place: Path, table: Table, rows: pa.Table | pa.RecordBatchReader) -> int:
    """Write the rows as the table's only content, in one commit; how many there were.

    Memory is bounded by the batches and one open file a partition.

    Raises:
        martgate.errors.InvalidInput: the columns are not those of the contract, to the width.
        martgate.errors.CouldNotRun: the disk or the table that is there refuses.
    """
    _demand_contract(table, rows.schema)
    schema = pa.schema(
        [_field(table, name, rows.schema.field(name).type) for name in table.column_names],
    )
    counted = [0]

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
            counted[0] += batch.num_rows
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
        raise CouldNotRun(f"{place}: {table.qualified_name} cannot be written: {_first_line(error)}") from error
    return counted[0]


def _field(table: Table, name: str, kind: pa.DataType) -> "pa.Field[pa.DataType]":
    column = table.column(name)
    metadata = {"comment": column.description} if column.description else None
    return pa.field(name, kind, nullable=not column.required, metadata=metadata)


def _demand_contract(table: Table, schema: pa.Schema) -> None:
    have = {field.name: spark_type(field.type) for field in schema}
    want = physical_types(table)
    wrong = [
        f"{table.qualified_name}.{name}: {have.get(name, 'nothing')} was given, the contract says {want.get(name, 'nothing')}"
        for name in {**want, **have}
        if have.get(name) != want.get(name)
    ]
    if not wrong and tuple(have) != tuple(want):
        wrong = [
            f"{table.qualified_name}: columns were given as {', '.join(have)}, the contract says {', '.join(want)}"
        ]
    if wrong:
        raise InvalidInput(*wrong)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
