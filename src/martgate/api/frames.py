"""Writes frames of any library to Parquet, which every engine reads, with the types that the frames have."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from martgate.errors import InvalidInput

__all__ = ["build_frame", "write_frame"]


def write_frame(data: Any, file: Path, types: Mapping[str, pa.DataType]) -> None:
    """Write the rows of a frame to one Parquet file.

    The types of the frame stay, with these exceptions. Categories become their values. Nanoseconds become microseconds
    where none is lost, since no contract has nanoseconds. A column of nothing but nulls, and the decimals of pandas, have no
    type of their own, and get the one of the contract if it can hold them.

    Args:
        data: an Arrow table or reader, or a frame that narwhals knows: pandas, polars, a DuckDB relation, Spark and others.
        file: the file to write.
        types: the type of each column of the contract, by name.

    Raises:
        martgate.errors.InvalidInput: this is no frame.
    """
    rows = _read_rows(data)
    columns = [_fit(rows.column(place), types.get(name)) for place, name in enumerate(rows.column_names)]
    if nw.dependencies.is_pandas_dataframe(data):
        columns = [
            _fit_decimals(column, types.get(name)) for column, name in zip(columns, rows.column_names, strict=True)
        ]
    pq.write_table(pa.table(columns, names=rows.column_names), file)


def build_frame(columns: Mapping[str, list[Any]], like: Any = None) -> Any:
    """Build a frame of the same library as the data that was checked; pandas, else Arrow, if that was no frame."""
    return nw.from_dict(dict(columns), backend=_find_backend(like)).to_native()


def _find_backend(like: Any) -> Any:
    """Find the library of a frame that keeps its rows in memory; else pandas if it is installed, else Arrow."""
    frame = nw.from_native(like, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return frame.implementation
    return nw.Implementation.PANDAS if find_spec("pandas") else nw.Implementation.PYARROW


def _read_rows(data: Any) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch | pa.RecordBatchReader):
        return pa.RecordBatchReader.from_stream(data).read_all()
    try:
        frame = nw.from_native(data)
    except TypeError:
        if hasattr(data, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(data).read_all()
        raise InvalidInput(
            f"found {type(data).__name__}, expected the path of a Parquet file, a folder of them or a Delta table, or a frame: "
            "Arrow, pandas, polars, a DuckDB relation or a Spark DataFrame"
        ) from None
    if isinstance(frame, nw.LazyFrame):
        return frame.collect("pyarrow").to_native()
    if frame.implementation.is_pandas():  # its index is no column
        return pa.Table.from_pandas(frame.to_native(), preserve_index=False).replace_schema_metadata()
    return frame.to_arrow()


def _fit(column: pa.ChunkedArray, expected: pa.DataType | None) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _fit(column.cast(kind.value_type), expected)
    if pa.types.is_null(kind) and expected is not None:
        return column.cast(expected)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        try:
            return column.cast(pa.timestamp("us", kind.tz))
        except pa.ArrowInvalid:  # nanoseconds would be lost: the rule of the column's type fails
            return column
    return column


def _fit_decimals(column: pa.ChunkedArray, expected: pa.DataType | None) -> pa.ChunkedArray:
    """Cast decimals whose precision was only guessed from their values."""
    if expected is None or not (pa.types.is_decimal(column.type) and pa.types.is_decimal(expected)):
        return column
    try:
        return column.cast(expected)
    except pa.ArrowInvalid:  # digits would be lost: the rule of the column's type fails
        return column
