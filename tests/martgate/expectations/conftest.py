"""A real engine, small tables, and one rule at a time."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Quality, QualityType
from martgate.expectations.audit import PreviousDay, Scope, audit
from martgate.expectations.measurement import InMemoryHistory
from martgate.expectations.rules import Rule

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAY = Day(date(2024, 1, 1), "Asia/Seoul")
BEFORE = date(2023, 12, 29)
ARROW = {
    "tinyint": pa.int8(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "decimal(10,2)": pa.decimal128(10, 2),
    "decimal(38,10)": pa.decimal128(38, 10),
    "decimal(38,0)": pa.decimal128(38, 0),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}


@pytest.fixture(scope="session")
def engine(request):
    """A real engine: DuckDB, or the one that a module's tests ask for by name."""
    if getattr(request, "param", "duckdb") == "spark":
        yield request.getfixturevalue("spark_engine")
        return
    from martgate.builders.engines.duckdb import DuckDBEngine

    with DuckDBEngine("512MB", threads=1) as opened:
        yield opened


@pytest.fixture
def quick_spark(spark):
    """Spark for tiny tables and hundreds of statements: what it does once a statement is what they cost."""
    settings = {
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    former = {key: spark.conf.get(key) for key in settings}
    for key, value in settings.items():
        spark.conf.set(key, value)
    yield spark
    for key, value in former.items():
        spark.conf.set(key, value)


@pytest.fixture
def register(engine, tmp_path):
    """register("name", {"column type": [values]}): a table that the engine can read; the column part may have spaces."""
    numbers = count()

    def _register(name, columns):
        split = {head.rpartition(" ")[0]: (ARROW[head.rpartition(" ")[2]], values) for head, values in columns.items()}
        arrays = {column: pa.array(values, kind) for column, (kind, values) in split.items()}
        path = tmp_path / f"{next(numbers)}.parquet"
        pq.write_table(pa.table(arrays), path)
        engine.register(name, Dataset(files=(str(path),)))
        return name

    return _register


@pytest.fixture
def find(engine, register):
    """find(check, columns, others={..}, earlier={..}, history={..}): the verdict on one check over hand-made rows."""

    def _find(check, columns, *, others=None, earlier=None, history=None, day=DAY, table=None, **rule):
        register("s.audited", columns)
        days = {} if earlier is None else {"previous_day": PreviousDay(register("earlier", earlier), BEFORE)}
        for name, rows in (others or {}).items():
            register(name, rows)
        rule = Rule(name="r", check=check, clauses=(), columns=check.columns_read, **rule)
        known = tuple(open_table(name, rows) for name, rows in (others or {}).items())
        if history:
            days["history"] = InMemoryHistory(history)
        scope = Scope(day, NOON + timedelta(hours=1), frozenset(others or {}), catalog_tables=known, **days)
        table = table or open_table("s.audited", columns)
        result = audit(engine, "s.audited", table=table, rules=[rule], scope=scope)
        (found,) = (*result.verdicts, *result.out_of_scope)
        return found

    return _find


def open_table(name, columns):
    """The contract of a table of which every column may be shown."""
    listed = tuple(column_of(head.rpartition(" ")[0], head.rpartition(" ")[2]) for head in columns)
    return contract_of(
        Table(path="schema[0]", name=name.rpartition(".")[2], qualified_name=name, columns=listed)
    ).tables[0]


def contract_of(*tables, **more):
    return Contract(file="small.odcs.yaml", id="small", version="1.2.3", api_version="v3.2.0", tables=tables, **more)


def column_of(name, physical="bigint", **more):
    logical = {"string": "string", "date": "date", "timestamp": "timestamp", "double": "number", "boolean": "boolean"}
    return Column(
        path=more.pop("path", f"schema[0].properties[{more.pop('at', 0)}]"),
        name=name,
        logical_type=more.pop("logical", logical.get(physical, "integer")),
        physical_type=physical,
        **more,
    )


def table_of(*columns, **more):
    return contract_of(Table(path="schema[0]", name="t", qualified_name="s.t", columns=columns, **more)).tables[0]


def martgate_quality(name, path="schema[0].quality[0]", *, severity=None, **implementation):
    more = {"severity": severity} if severity else {}
    return Quality(
        path=path, id=name, type=QualityType.CUSTOM, engine="martgate", implementation=implementation, **more
    )


@pytest.fixture
def make():
    """The makers of small contracts, for tests that read like one."""

    class Make:
        contract = staticmethod(contract_of)
        column = staticmethod(column_of)
        table = staticmethod(table_of)
        quality = staticmethod(martgate_quality)
        open_table = staticmethod(open_table)
        day = DAY
        noon = NOON

    return Make
