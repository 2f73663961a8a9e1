"""One text, two engines: every model on samples, built in order by DuckDB and by a real Spark, row by row, type by type."""

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
"""The first day of what a table tells, by the letter in its name."""

SAMPLES = {
    **{f"dirty, seed {seed}": SampleSpec(members=400, date=LAST, days=2, seed=seed) for seed in (5, 17, 29, 41, 53)},
    "dirty, few communities": SampleSpec(members=300, date=LAST, days=2, seed=11, communities=2),
    "clean": SampleSpec(members=300, date=LAST, days=2, seed=23, clean=True),
}


@pytest.fixture(params=SAMPLES)
def files(request, tmp_path, upstreams):
    """A sample as Parquet, by table; every table in two files, so that order is nobody's accident."""
    made = {}
    for name, rows in sample(SAMPLES[request.param], upstreams):
        half = rows.num_rows // 2
        made[name] = tuple(str(tmp_path / f"{name}-{part}.parquet") for part in (1, 2))
        pq.write_table(rows.slice(0, half), made[name][0])
        pq.write_table(rows.slice(half), made[name][1])
    return made


def in_order(models, tables):
    """Tables with a model, each after those that it reads."""
    made = {f"we_mart.{name}": model for name, model in models.items()}
    graph = {
        name: [needed for needed in model.inputs if needed in made and needed != name] for name, model in made.items()
    }
    assert graph.keys() <= tables.keys()
    return [(made[name], tables[name]) for name in TopologicalSorter(graph).static_order()]


def build(engine, root, files, steps):
    """The rows of every table as the engine wrote them; who is read by others has two days, all others the last."""
    for name, paths in files.items():
        engine.register(name, Dataset(files=paths))
    read = {needed for model, _ in steps for needed in model.inputs}
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


def test_every_model_answers_alike_on_duckdb_and_on_spark(duckdb_engine, spark_engine, files, models, tables, tmp_path):
    steps = in_order(models, tables)
    here = build(duckdb_engine, tmp_path / "duckdb", files, steps)
    there = build(spark_engine, tmp_path / "spark", files, steps)
    for _, table in steps:
        mine, other = here[table.qualified_name], there[table.qualified_name]
        promised = [(column.name, translate_type(column.physical_type).arrow) for column in table.columns]
        assert [(field.name, str(field.type)) for field in mine.schema] == promised
        assert [(field.name, str(field.type)) for field in other.schema] == promised
        assert mine.num_rows > 0, table.qualified_name
        assert rows(mine) == rows(other), table.qualified_name
