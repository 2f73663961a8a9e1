"""Every model on samples has the same rows and types on DuckDB and on a real Spark."""

from datetime import date, timedelta
from graphlib import TopologicalSorter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.sample import SampleSpec
from builders.sample import upstreams as sample
from martgate.builders.model import cast_to_contract
from martgate.builders.ports import Dataset, WriteTarget
from martgate.contracts.day import Day
from martgate.contracts.types import translate_type

pytestmark = pytest.mark.spark

LAST = date(2024, 3, 31)
"""The end of a day, a week and a month."""

PERIODS = {"w": date(2024, 3, 25), "m": date(2024, 3, 1)}
"""The first day of a table's week or month, by the letter in its name."""

SAMPLES = {
    **{f"dirty, seed {seed}": SampleSpec(members=400, date=LAST, days=2, seed=seed) for seed in (5, 17, 29, 41, 53)},
    "dirty, few communities": SampleSpec(members=300, date=LAST, days=2, seed=11, communities=2),
    "clean": SampleSpec(members=300, date=LAST, days=2, seed=23, clean=True),
}


@pytest.fixture(params=SAMPLES)
def files(request, tmp_path, upstreams):
    """Write a sample as Parquet, each table in two files, so that results must not depend on their order."""
    paths = {}
    for name, rows in sample(SAMPLES[request.param], upstreams):
        half = rows.num_rows // 2
        paths[name] = tuple(str(tmp_path / f"{name}-{part}.parquet") for part in (1, 2))
        pq.write_table(rows.slice(0, half), paths[name][0])
        pq.write_table(rows.slice(half), paths[name][1])
    return paths


def in_order(models, tables):
    """Sort the tables with a model, each after those that it reads."""
    by_table = {f"we_mart.{name}": model for name, model in models.items()}
    graph = {
        name: [read for read in model.inputs if read in by_table and read != name] for name, model in by_table.items()
    }
    assert graph.keys() <= tables.keys()
    return [(by_table[name], tables[name]) for name in TopologicalSorter(graph).static_order()]


def build(engine, root, files, steps):
    """Build every table and return the rows that the engine wrote: two days if other models read the table, else one."""
    for name, paths in files.items():
        engine.register(name, Dataset(files=paths))
    read = {read for model, _ in steps for read in model.inputs}
    built = {}
    for model, table in steps:
        last = PERIODS.get(model.name.split("_")[2], LAST)
        days = (last - timedelta(days=1), last) if table.qualified_name in read else (last,)
        paths = [
            path for day in days for path in write(engine, Path(root) / model.name, cast_to_contract(model, table), day)
        ]
        columns = tuple((column.name, column.physical_type) for column in table.columns)
        engine.register(table.qualified_name, Dataset(files=tuple(paths), columns=columns))
        built[table.qualified_name] = pa.concat_tables(pq.read_table(path) for path in paths)
    return built


def write(engine, root, sql, day):
    parameters = {**Day(day, "Asia/Seoul").parameters, "run_timestamp": "2024-04-01T02:00:00Z"}
    target = WriteTarget(root=str(root), partition_by=(), prefix=day.isoformat())
    return [str(root / file.path) for file in engine.write(sql, target, parameters)]


def rows(table):
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True), key=repr)


def test_every_model_has_the_same_rows_on_duckdb_and_on_spark(
    duckdb_engine, spark_engine, files, models, tables, tmp_path
):
    steps = in_order(models, tables)
    here = build(duckdb_engine, tmp_path / "duckdb", files, steps)
    there = build(spark_engine, tmp_path / "spark", files, steps)
    for _, table in steps:
        mine, other = here[table.qualified_name], there[table.qualified_name]
        expected = [(column.name, translate_type(column.physical_type).arrow) for column in table.columns]
        assert [(field.name, str(field.type)) for field in mine.schema] == expected
        assert [(field.name, str(field.type)) for field in other.schema] == expected
        assert mine.num_rows > 0, table.qualified_name
        assert rows(mine) == rows(other), table.qualified_name
