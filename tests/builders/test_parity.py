"""One text, two engines: the whole model on a dirty sample, on DuckDB and on a real Spark, row by row and type by type."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from builders.engines.duckdb import DuckDBEngine
from builders.model import typed
from builders.ports import Dataset
from builders.sample import SampleSpec
from builders.sample import upstreams as sample

DAY = {"part_date": "2024-03-31", "day_end": "2024-03-31T15:00:00Z", "run_timestamp": "2024-04-01T02:00:00Z"}


@pytest.fixture(scope="module")
def files(tmp_path_factory, upstreams):
    """A dirty sample as Parquet, by table; every table in two files, so that order is nobody's accident."""
    folder, spec = tmp_path_factory.mktemp("sample"), SampleSpec(members=1500, date=date(2024, 3, 31), seed=5)
    made = {}
    for name, rows in sample(spec, upstreams):
        half = rows.num_rows // 2
        (folder / name).mkdir()
        made[name] = tuple(str(folder / name / f"{part}.parquet") for part in (1, 2))
        pq.write_table(rows.slice(0, half), made[name][0])
        pq.write_table(rows.slice(half), made[name][1])
    return made


@pytest.fixture
def spark_tables(spark, files):
    databases = sorted({name.split(".")[0] for name in files})
    for database in databases:
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {database}")
    for name, (first, _) in files.items():
        location = first.rsplit("/", 1)[0]
        columns = ", ".join(
            f"`{field.name}` {field.dataType.simpleString()}" for field in spark.read.parquet(location).schema
        )
        spark.sql(f"CREATE TABLE {name} ({columns}) USING parquet LOCATION '{location}'")
    yield spark
    for database in databases:
        spark.sql(f"DROP DATABASE {database} CASCADE")


@pytest.mark.spark
def test_the_model_answers_alike_on_duckdb_and_on_spark(spark_tables, files, model, mart):
    sql = typed(model, mart)
    with DuckDBEngine("1GB", threads=1) as engine:
        for name, paths in files.items():
            engine.register(name, Dataset(files=paths))
        here = engine.fetch(sql, DAY)
    found = spark_tables.sql(sql, args=DAY)
    assert [(f.name, f.dataType.simpleString()) for f in found.schema] == [
        (c.name, c.physical_type) for c in mart.columns
    ]
    there = [tuple(row.values()) for row in found.toArrow().to_pylist()]
    key = mart.column_names.index("comm_user_id")
    mine, theirs = ({row[key]: row for row in rows} for rows in (here, there))
    assert len(here) == len(there) == len(mine) > 1000
    assert mine == theirs
