"""The seams of a builder: the frames that enter it, checked by pandera against the contracts of the upstreams.

A second opinion, by an independent library, on what the rules find in SQL. It is run by the very code that
`martgate export --to pandera` writes: names, order and types of columns, nulls, limits, keys. Relationships and
measures of a whole table are for the rules alone.

| | DuckDB | Spark |
|---|---|---|
| frames | polars, made of batches of rows | Spark's own, one for all rows |
| repeated values | among all rows: batches are cut anew, so that equal values meet in one | by Spark |
| rows that break a check | counted | not counted: pandera asks Spark only whether there is one |
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
"""How many rows of a key are looked at together where a table came in several batches."""

_REPEATED: Final = ("multiple_fields_uniqueness", "field_uniqueness", "unique")
_MISFITS: Final = ("COLUMN_NOT_IN_DATAFRAME", "WRONG_DATATYPE")


@runtime_checkable
class BatchSource(Protocol):
    """An engine that hands out its relations as Arrow."""

    def batches(self, relation: str, columns: Sequence[str] = ()) -> Generator[pa.RecordBatch]: ...


@runtime_checkable
class FrameSource(Protocol):
    """An engine that hands out its relations as Spark's frames."""

    def frame(self, relation: str) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check that a frame does not pass, in the contract's terms: no value of a row is in it.

    `column` names all columns of a key, and is empty where a check is about no single column. `rows` is None where
    pandera does not count, as with everything that is found on Spark.
    """

    column: str
    check: str
    rows: int | None = None

    def __str__(self) -> str:
        rows = "" if self.rows is None else f" in {self.rows:,} row{'s' * (self.rows != 1)}"
        check = self.check if len(self.check) <= 80 else f"{self.check[:80]}.."
        return f"{self.column or 'the table'} breaks {check}{rows}"


def check_frames(engine: Engine, relation: str, table: Table) -> tuple[Finding, ...]:
    """What pandera has to say against a registered relation; nothing where the relation keeps the table's schema.

    Raises:
        martgate.errors.InvalidInput: the contract states types or limits that there are not, or the engine has no frames.
        martgate.errors.CouldNotRun: a schema, or one of its checks, could not be run.
    """
    if isinstance(engine, BatchSource):
        source = engine
        return _fully(relation, lambda: _in_polars(source, relation, _executed(render_schema(table, flavour="polars"))))
    if isinstance(engine, FrameSource):
        frame = engine.frame(relation)
        return _fully(relation, lambda: _in_spark(frame, _executed(render_schema(table, flavour="pyspark"))))
    raise InvalidInput(f"the engine {engine.name} has no frames that pandera could check: set frames to none")


def _fully(relation: str, action: Callable[[], T]) -> T:
    """Have pandera check all there is, whatever its environment variables say, and quote no row when it breaks."""
    depth = ValidationDepth.SCHEMA_AND_DATA
    try:
        with warnings.catch_warnings(), config_context(validation_enabled=True, validation_depth=depth):
            warnings.simplefilter("ignore")
            return action()
    except MartgateError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - of three libraries; it may quote rows
        why = type(error).__name__
    raise CouldNotRun(f"pandera could not check {relation}: {why}")  # not in the handler, as in the engines


def _executed(code: str) -> Any:
    """The schema that an export defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "<pandera schema>", "exec"), names)  # noqa: S102 - our own export: contracts enter it as literals
    return names["schema"]


@dataclass(frozen=True, slots=True)
class _Told:
    """One complaint of pandera's, without the rows that it would quote."""

    reason: str
    column: str
    check: str
    rows: int = 0


def _findings(told: Sequence[_Told]) -> tuple[Finding, ...]:
    """One finding a check, its rows added up. A check that broke is one of a column that does not fit, or an error."""
    misfits = {one.column for one in told if one.reason in _MISFITS}
    rows: dict[tuple[str, str], int] = {}
    for one in told:
        if one.reason != "CHECK_ERROR":
            rows[one.column, one.check] = rows.get((one.column, one.check), 0) + one.rows
        elif one.column not in misfits:
            raise CouldNotRun(f"pandera could not run the check {clip(one.check)} of {one.column or 'the table'}")
    return tuple(Finding(column=column, check=check, rows=count or None) for (column, check), count in rows.items())


# polars


def _in_polars(engine: BatchSource, relation: str, checked: Any) -> tuple[Finding, ...]:
    keys, checked.unique = _keys(checked), None  # of a key that comes twice, pandera would show whole rows
    told: list[_Told] = []
    rows, columns = 0, frozenset[str]()
    with closing(engine.batches(relation)) as found:
        for batch in found:
            told += (one for one in _refusals(checked, batch) if one.check not in _REPEATED)
            rows, columns = rows + batch.num_rows, frozenset(batch.schema.names)
    for key in keys:
        if columns.issuperset(key):
            told += _repeated(engine, relation, checked, key=key, parts=rows // KEYS_AT_ONCE + 1)
    return _findings(told)


def _without_maps(frame: pl.DataFrame) -> pl.DataFrame:
    """Maps as lists of entries: pandera does not know polars' own type for them yet, and the export says lists."""
    return frame.cast({name: _listed(kind) for name, kind in frame.schema.items() if _listed(kind) != kind})


def _listed(kind: Any) -> Any:
    match kind:
        case pl.Map():
            return pl.List(pl.Struct({"key": _listed(kind.key), "value": _listed(kind.value)}))
        case pl.List():
            return pl.List(_listed(kind.inner))
        case pl.Struct():
            return pl.Struct({field.name: _listed(field.dtype) for field in kind.fields})
        case _:
            return kind


def _refusals(checked: Any, rows: pa.RecordBatch | pl.DataFrame) -> list[_Told]:
    try:
        checked.validate(_without_maps(pl.DataFrame(rows)), lazy=True)
    except SchemaErrors as errors:
        return [_told(error) for error in errors.schema_errors]
    return []


def _told(error: Any) -> _Told:
    reason, cases = error.reason_code.name, error.failure_cases
    names_column = reason in ("COLUMN_NOT_IN_DATAFRAME", "COLUMN_NOT_IN_SCHEMA", "COLUMN_NOT_ORDERED")
    check = getattr(error.check, "name", None) or str(error.check)
    return _Told(reason, (cases if names_column else error.column_name) or "", check, _rows(cases))


def _rows(cases: Any) -> int:
    return 0 if isinstance(cases, str) else len(cases)


def _keys(checked: Any) -> list[tuple[str, ...]]:
    """The columns, or sets of columns, whose values must not come twice."""
    single: list[tuple[str, ...]] = [
        (name,)
        for name, column in checked.columns.items()
        if column.unique or any(check.name in _REPEATED for check in column.checks)
    ]
    return [*single, tuple(checked.unique)] if checked.unique else single


def _repeated(engine: BatchSource, relation: str, checked: Any, *, key: tuple[str, ...], parts: int) -> Iterator[_Told]:
    """What comes twice among all rows: those with equal values are in the same part."""
    columns = {name: checked.columns[name] for name in key}
    alone = type(checked)(columns, unique=list(key) if len(key) > 1 else None, name=checked.name)
    for part in range(parts):
        with closing(engine.batches(relation, key)) as found:
            frames = map(pl.DataFrame, found)
            frame = pl.concat(frame.filter(frame.hash_rows() % parts == part) for frame in frames)
        told = (one for one in _refusals(alone, frame) if one.check in _REPEATED)
        yield from (replace(one, column=", ".join(key)) for one in told)


# Spark


def _in_spark(frame: Any, checked: Any) -> tuple[Finding, ...]:
    found = checked.validate(frame).pandera.errors
    columns = {check.error: check.name for check in checked.checks}
    told = [
        _Told(reason, _column(reason, item, checked, columns), item["check"])
        for reasons in found.values()
        for reason, items in reasons.items()
        for item in items
    ]
    return _findings(told)


def _column(reason: str, item: Mapping[str, str], checked: Any, columns: Mapping[str, str]) -> str:
    """The column that an error of pandera's is about; its own text is not shown, for it quotes a row at times."""
    if reason == "DUPLICATES":
        return ", ".join(checked.unique)
    return next((name for name in (item["column"], columns.get(item["check"], "")) if name in checked.columns), "")
