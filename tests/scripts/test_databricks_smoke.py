"""The smoke run of a workspace: its project is sound, and its checks hold, and fail, where there is no workspace."""

import importlib.util
import sys
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
def lab(smoke, tmp_path):
    """The throw-away project on DuckDB and delta-rs."""
    from builders.engines.duckdb import DuckDBEngine
    from builders.ports import WriteTarget
    from martgate.config import load
    from martgate.wiring import house

    folder = tmp_path / "upstreams" / "smoke" / "visits_raw"
    folder.mkdir(parents=True)
    with DuckDBEngine() as engine:
        engine.write(smoke.raw(), WriteTarget(root=str(folder), partition_by=("part_date",), prefix="raw"))
    flags = smoke.project(tmp_path, "smoke") | {"upstreams": str(tmp_path / "upstreams")}
    settings = load(flags=flags, environment={})
    with house(settings) as rooms:
        yield smoke.Lab(schema="smoke", settings=settings, rooms=rooms)


def test_what_holds_for_every_store_holds_here(smoke, lab):
    found = smoke.perform(smoke.ANYWHERE, lab)
    assert [wrong for _, wrong in found] == [""] * 5


def test_a_check_that_fails_is_told_and_the_others_are_still_run(smoke, lab, monkeypatch):
    monkeypatch.setattr(smoke, "BAD", smoke.GOOD)
    checks = [smoke.a_defect_is_refused, smoke.the_session_is_in_utc, smoke.publishing_again_does_nothing]
    found = smoke.perform(checks, lab)
    assert found[0][1].startswith("found ('approved', 1), expected ('refused', None)")
    assert found[1][1] == "this check needs a catalog"
    assert found[2][1] == ""
    assert smoke.report(found).splitlines()[2] == "ok      publishing again does nothing"


def test_a_dry_run_says_what_it_would_do_and_imports_no_spark(smoke, capsys):
    assert smoke.main(["--catalog", "main", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("would create the schema main.martgate_smoke_")
    assert all(smoke.title(check) in told for check in smoke.IN_A_CATALOG)
    assert told.endswith("and drop it with all that is in it\n")


def test_the_script_is_typed(tmp_path):
    from mypy import api

    out, _, code = api.run(["--strict", "--cache-dir", str(tmp_path), "--follow-imports=silent", str(SCRIPT)])
    assert code == 0, out
