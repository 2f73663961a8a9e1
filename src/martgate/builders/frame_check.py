"""Checks the upstream frames of a build by pandera, independently of the rules in SQL.

The schema is the one that `martgate export --to pandera` writes: names, order and types of columns, nulls, limits and
keys. Relationships and aggregates over a whole table are checked by the rules only.

| | DuckDB | Spark |
|---|---|---|
| frames | polars, one per batch of rows | Spark, one for all rows |
| repeated values | repartitioned by hash, so that equal values are in one frame | by Spark |
| rows that fail a check | counted | not counted: pandera stops at the first |
"""

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

import polars as pl
import pyarrow as pa
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrors

from martgate.builders.ports import Engine
from martgate.contracts.export.pandera import render_schema
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput, MartgateError
from martgate.hints import clip

__all__ = ["BatchSource", "Finding", "FrameSource", "check_frames"]

T = TypeVar("T")

KEYS_AT_ONCE = 2_000_000
"""Rows of a key that are compared in one frame, if the table has several batches."""

_REPEATED: Final = ("multiple_fields_uniqueness", "field_uniqueness", "unique")
_MISFITS: Final = ("COLUMN_NOT_IN_DATAFRAME", "WRONG_DATATYPE")


@runtime_checkable
class BatchSource(Protocol):
    """Engine that returns relations as Arrow batches."""

    def batches(self, relation: str, columns: Sequence[str] = ()) -> Generator[pa.RecordBatch]: ...


@runtime_checkable
class FrameSource(Protocol):
    """Engine that returns relations as Spark data frames."""

    def frame(self, relation: str) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Check that a frame fails; contains no value of a row.

    Attributes:
        column: the column, all columns of a key, or empty if the check is not about columns.
        check: the name of the check.
        rows: the number of failing rows; None if pandera does not count them, as on Spark.
    """

    column: str
    check: str
    rows: int | None = None

    def __str__(self) -> str:
        rows = "" if self.rows is None else f" in {self.rows:,} row{'s' * (self.rows != 1)}"
        check = self.check if len(self.check) <= 80 else f"{self.check[:80]}.."
        return f"{self.column or 'the table'} breaks {check}{rows}"


def check_frames(engine: Engine, relation: str, table: Table) -> tuple[Finding, ...]:
    """Validate a registered relation against the pandera schema of its contract.

    Args:
        engine: a `BatchSource` or a `FrameSource`.
        relation: the registered name.
        table: the table whose contract the schema comes from.

    Returns:
        The failed checks; empty if the relation is valid.

    Raises:
        martgate.errors.InvalidInput: the contract has invalid types or limits, or the engine has no frames.
        martgate.errors.CouldNotRun: the schema or one of its checks cannot be run.
    """
    if isinstance(engine, BatchSource):
        source = engine
        return _run_pandera(
            relation, lambda: _check_polars(source, relation, _execute(render_schema(table, flavour="polars")))
        )
    if isinstance(engine, FrameSource):
        frame = engine.frame(relation)
        return _run_pandera(relation, lambda: _check_spark(frame, _execute(render_schema(table, flavour="pyspark"))))
    raise InvalidInput(f"the engine {engine.name} has no frames that pandera could check: set frames to none")


def _run_pandera(relation: str, action: Callable[[], T]) -> T:
    """Run pandera on schema and data, whatever its environment variables say; errors quote no row."""
    depth = ValidationDepth.SCHEMA_AND_DATA
    try:
        with warnings.catch_warnings(), config_context(validation_enabled=True, validation_depth=depth):
            warnings.simplefilter("ignore")
            return action()
    except MartgateError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - from three libraries, and may quote rows
        why = type(error).__name__
    raise CouldNotRun(
        f"pandera could not check {relation}: {why}"
    )  # outside the handler, so that the original is not chained


def _execute(code: str) -> Any:
    """Execute an export and return the schema that it defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "<pandera schema>", "exec"), names)  # noqa: S102 - our own export: contracts enter it as literals
    return names["schema"]


@dataclass(frozen=True, slots=True)
class _Failure:
    """Error of pandera without the rows that it quotes."""

    reason: str
    column: str
    check: str
    rows: int = 0


def _findings(failures: Sequence[_Failure]) -> tuple[Finding, ...]:
    """Add up the rows of each check; a check that raised is ignored if its column is missing or has the wrong type."""
    misfits = {one.column for one in failures if one.reason in _MISFITS}
    rows: dict[tuple[str, str], int] = {}
    for one in failures:
        if one.reason != "CHECK_ERROR":
            rows[one.column, one.check] = rows.get((one.column, one.check), 0) + one.rows
        elif one.column not in misfits:
            raise CouldNotRun(f"pandera could not run the check {clip(one.check)} of {one.column or 'the table'}")
    return tuple(Finding(column=column, check=check, rows=count or None) for (column, check), count in rows.items())


# polars


def _check_polars(engine: BatchSource, relation: str, validator: Any) -> tuple[Finding, ...]:
    keys, validator.unique = _keys(validator), None  # pandera would quote whole rows of a repeated key
    failures: list[_Failure] = []
    rows, columns = 0, frozenset[str]()
    with closing(engine.batches(relation)) as batches:
        for batch in batches:
            failures += (one for one in _validate(validator, batch) if one.check not in _REPEATED)
            rows, columns = rows + batch.num_rows, frozenset(batch.schema.names)
    for key in keys:
        if columns.issuperset(key):
            failures += _find_repeated(engine, relation, validator, key=key, parts=rows // KEYS_AT_ONCE + 1)
    return _findings(failures)


def _without_maps(frame: pl.DataFrame) -> pl.DataFrame:
    """Cast maps to lists of entries: pandera does not support polars' map type, and the export has lists."""
    return frame.cast(
        {name: _maps_to_lists(kind) for name, kind in frame.schema.items() if _maps_to_lists(kind) != kind}
    )


def _maps_to_lists(kind: Any) -> Any:
    match kind:
        case pl.Map():
            return pl.List(pl.Struct({"key": _maps_to_lists(kind.key), "value": _maps_to_lists(kind.value)}))
        case pl.List():
            return pl.List(_maps_to_lists(kind.inner))
        case pl.Struct():
            return pl.Struct({field.name: _maps_to_lists(field.dtype) for field in kind.fields})
        case _:
            return kind


def _validate(validator: Any, rows: pa.RecordBatch | pl.DataFrame) -> list[_Failure]:
    try:
        validator.validate(_without_maps(pl.DataFrame(rows)), lazy=True)
    except SchemaErrors as errors:
        return [_to_failure(error) for error in errors.schema_errors]
    return []


def _to_failure(error: Any) -> _Failure:
    reason, cases = error.reason_code.name, error.failure_cases
    names_column = reason in ("COLUMN_NOT_IN_DATAFRAME", "COLUMN_NOT_IN_SCHEMA", "COLUMN_NOT_ORDERED")
    check = getattr(error.check, "name", None) or str(error.check)
    return _Failure(reason, (cases if names_column else error.column_name) or "", check, _rows(cases))


def _rows(cases: Any) -> int:
    return 0 if isinstance(cases, str) else len(cases)


def _keys(validator: Any) -> list[tuple[str, ...]]:
    """The columns, or sets of columns, whose values must be unique."""
    single: list[tuple[str, ...]] = [
        (name,)
        for name, column in validator.columns.items()
        if column.unique or any(check.name in _REPEATED for check in column.checks)
    ]
    return [*single, tuple(validator.unique)] if validator.unique else single


def _find_repeated(
    engine: BatchSource, relation: str, validator: Any, *, key: tuple[str, ...], parts: int
) -> Iterator[_Failure]:
    """Find repeated values of a key; equal values are in the same part."""
    columns = {name: validator.columns[name] for name in key}
    key_schema = type(validator)(columns, unique=list(key) if len(key) > 1 else None, name=validator.name)
    for part in range(parts):
        with closing(engine.batches(relation, key)) as batches:
            frames = map(pl.DataFrame, batches)
            frame = pl.concat(frame.filter(frame.hash_rows() % parts == part) for frame in frames)
        failures = (one for one in _validate(key_schema, frame) if one.check in _REPEATED)
        yield from (replace(one, column=", ".join(key)) for one in failures)


# Spark


def _check_spark(frame: Any, validator: Any) -> tuple[Finding, ...]:
    errors = validator.validate(frame).pandera.errors
    columns = {check.error: check.name for check in validator.checks}
    failures = [
        _Failure(reason, _column(reason, item, validator, columns), item["check"])
        for reasons in errors.values()
        for reason, items in reasons.items()
        for item in items
    ]
    return _findings(failures)


def _column(reason: str, item: Mapping[str, str], validator: Any, columns: Mapping[str, str]) -> str:
    """The column of a pandera error, whose own text may quote a row."""
    if reason == "DUPLICATES":
        return ", ".join(validator.unique)
    return next((name for name in (item["column"], columns.get(item["check"], "")) if name in validator.columns), "")
