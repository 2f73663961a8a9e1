"""The smoke script for Databricks: its project is valid, and its checks pass and fail as expected without a workspace."""

import importlib.util
import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "databricks_smoke.py"


@pytest.fixture(scope="module")
def smoke():
    spec = importlib.util.spec_from_file_location("databricks_smoke", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def project(smoke, tmp_path):
    """The temporary project on DuckDB and delta-rs."""
    from martgate.builders.engines.duckdb import DuckDBEngine
    from martgate.builders.ports import WriteTarget
    from martgate.project.settings import load_settings
    from martgate.project.wiring import open_context

    folder = tmp_path / "upstreams" / "smoke" / "visits_raw"
    folder.mkdir(parents=True)
    with DuckDBEngine() as engine:
        engine.write(smoke.raw_rows_query(), WriteTarget(root=str(folder), partition_by=("part_date",), prefix="raw"))
    flags = smoke.write_project(tmp_path, "smoke") | {"upstreams": str(tmp_path / "upstreams")}
    settings = load_settings(flags=flags, environment={})
    with open_context(settings) as context:
        yield smoke.Project(schema="smoke", settings=settings, context=context)


def test_the_checks_of_every_store_pass_on_a_local_store(smoke, project):
    results = smoke.run_checks(smoke.STORE_CHECKS, project)
    assert [wrong for _, wrong in results] == [""] * 5


def test_a_failed_check_is_reported_and_the_others_run(smoke, project, monkeypatch):
    monkeypatch.setattr(smoke, "BAD", smoke.GOOD)
    checks = [smoke.a_defect_is_refused, smoke.the_session_is_in_utc, smoke.publishing_again_does_nothing]
    results = smoke.run_checks(checks, project)
    assert results[0][1].startswith("found ('approved', 1), expected ('refused', None)")
    assert results[1][1] == "this check needs a catalog"
    assert results[2][1] == ""
    assert smoke.format_results(results).splitlines()[2] == "ok      publishing again does nothing"


@pytest.fixture
def in_parquet(smoke, tmp_path, spark):
    """The temporary project in the catalog of a local Spark, with Parquet instead of Delta, and the history in memory."""
    from martgate.builders.engines.spark import SparkEngine
    from martgate.builders.ports import CatalogTable, TableTarget
    from martgate.contracts.export.spark import render_delta_table
    from martgate.project.settings import load_settings
    from martgate.project.wiring import open_context
    from martgate.stores.databricks import DatabricksStore
    from martgate.stores.upstreams import Upstreams
    from martgate.text.quoting import relation

    class ParquetEngine(SparkEngine):
        def __init__(self):
            super().__init__()
            self.history = {}

        def execute(self, sql, parameters=None):
            name = ".".join(re.findall(r"`([^`]+)`", sql.partition("(\n")[0])[:3])
            if sql.startswith("DESCRIBE HISTORY"):
                return [
                    {"version": version, "userMetadata": output} for version, output in enumerate(self.history[name])
                ]
            if sql.startswith("DESCRIBE DETAIL"):
                return [{"id": name, "numFiles": 1, "sizeInBytes": 1, "partitionColumns": ["part_date"]}]
            if sql.startswith("CREATE TABLE"):
                self.history.setdefault(name, [None])
            if sql.startswith("INSERT INTO"):
                self.history[name].append(None)
            plain = re.sub(r" VERSION AS OF \d+", "", sql).replace("USING DELTA", "USING PARQUET")
            return super().execute(plain, parameters or {})

        def register(self, relation, source):
            super().register(relation, replace(source, version=None) if isinstance(source, CatalogTable) else source)

        def write(self, sql, target, parameters):
            assert isinstance(target, TableTarget)
            self.history[target.name] = [None]
            return super().write(sql, replace(target, format="parquet"), parameters)

        def overwrite(self, table, source, options):
            day = re.search("= ('.+')", options["replaceWhere"])[1]
            super().execute(f"ALTER TABLE {relation(table)} DROP IF EXISTS PARTITION (part_date = {day})")
            super().execute(f"INSERT INTO {relation(table)} SELECT * FROM {relation(source.name)}")
            self.history[table].append(options["userMetadata"])

    place = "catalog://spark_catalog"
    settings = load_settings(flags=smoke.write_project(tmp_path, "smoke"), environment={})
    spark.sql("CREATE DATABASE smoke")
    with ParquetEngine() as engine, open_context(settings) as context:
        engine.execute(
            f"CREATE TABLE {relation('spark_catalog.smoke.visits_raw')} USING DELTA PARTITIONED BY (part_date) AS {smoke.raw_rows_query()}"
        )
        store = DatabricksStore(place, lambda: engine, lambda table, name: render_delta_table(table, name))
        inside = replace(
            context, engine=lambda: nullcontext(engine), store=store, upstreams=Upstreams(place, {}, lambda: engine)
        )
        settings = replace(settings, warehouse=place)
        yield smoke.Project(schema="smoke", settings=settings, context=inside, session=lambda: engine)
    spark.sql("DROP DATABASE smoke CASCADE")


@pytest.mark.spark
def test_the_checks_that_do_not_need_delta_pass_on_a_local_spark(smoke, in_parquet):
    only_delta = {
        smoke.racing_publishers_double_no_row,
        smoke.delta_skips_a_sequence_that_it_has_seen,
        smoke.a_row_of_another_day_is_refused,
    }
    checks = [check for check in smoke.CATALOG_CHECKS if check not in only_delta]
    assert [output for output in smoke.run_checks(checks, in_parquet) if output[1]] == []
    assert len(checks) == 8


def test_a_dry_run_lists_the_checks_and_does_not_import_spark(smoke, capsys):
    assert smoke.main(["--catalog", "main", "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("would create the schema main.martgate_smoke_")
    assert all(smoke.title(check) in output for check in smoke.CATALOG_CHECKS)
    assert output.endswith("and drop it with all that is in it\n")


def test_the_script_is_typed(tmp_path):
    from mypy import api

    out, _, code = api.run(["--strict", "--cache-dir", str(tmp_path), "--follow-imports=silent", str(SCRIPT)])
    assert code == 0, out
