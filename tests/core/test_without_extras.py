"""What works where no extra is installed, and what is refused there with the command that installs it."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.exits import ExitCode
from martgate.extras import EXTRAS, install_command, is_installed

pytestmark = pytest.mark.core

DAY = ["--date", "2024-01-02"]
TABLE = "wv_comm_user"

COMMANDS = {
    "gx": ["run", TABLE, *DAY, "--report", "full"],
    "lineage": ["run", TABLE, *DAY, "--lineage", "file:runs"],
    "pandera": ["run", TABLE, *DAY, "--frames", "pandera"],
    "postgres": ["run", TABLE, *DAY, "--ledger", "postgresql+psycopg://host/ledger"],
    "spark": ["run", TABLE, *DAY, "--engine", "spark"],
}
"""By extra, a command that needs it."""

CONTRACT = """
{apiVersion: v3.2.0, kind: DataContract, id: visits, name: visits, version: 1.0.0, status: active, schema: [
  {name: visits, properties: [
    {name: pages, logicalType: integer, physicalType: int, quality: [
      {id: usual, type: custom, engine: greatExpectations,
       implementation: {type: expect_column_median_to_be_between, kwargs: {max_value: 2}}}]}]}]}
"""


@pytest.fixture(autouse=True)
def no_extra_is_installed() -> None:
    there = [extra for extra in EXTRAS if is_installed(extra)]
    if there:
        told = f"installed: {', '.join(there)}; run `uvx nox -s core`"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, mart_project: Callable[[Path], Path]) -> tuple[Path, str, str]:
    """The folder in which `martgate demo` was run, its stdout and its stderr."""
    folder = mart_project(tmp_path_factory.mktemp("demo"))
    command = [str(Path(sys.executable).with_name("martgate")), "demo", "--members", "600"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder, done.stdout, done.stderr


@pytest.fixture
def project(
    demo: tuple[Path, str, str], tmp_path: Path, mart_project: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project without data of its own, whose upstreams are those of the demo."""
    monkeypatch.chdir(mart_project(tmp_path))
    monkeypatch.setenv("MARTGATE_UPSTREAMS", str(demo[0] / "out" / "demo" / "upstreams"))
    return tmp_path


def test_the_demo_draws_a_site_without_data_docs_and_says_how_to_get_them(demo: tuple[Path, str, str]) -> None:
    folder, out, err = demo
    site = folder / "out" / "demo" / "site"
    assert str(site / "index.html") in out.splitlines()[-1]
    assert [line for line in err.splitlines() if install_command("gx") in line] == err.splitlines()[-1:]
    pages = sorted(path.relative_to(site).parts[0] for path in site.rglob("*.html"))
    assert pages == ["index.html", "promises.html", "runs", "runs", "suites"]
    for page in site.rglob("*.html"):
        drawn = page.read_text(encoding="utf-8")
        assert "Great Expectations" not in drawn
        assert "All rules" in drawn or page.parent == site


@pytest.mark.parametrize(
    "arguments",
    [
        ["lint"],
        ["coverage", TABLE],
        ["export", TABLE, "--to", "pandera"],
        ["export", TABLE, "--to", "spark"],
        ["export", TABLE, "--to", "sqlalchemy"],
        ["gate", TABLE, "--explain"],
        ["history", TABLE],
        ["docs"],
        ["config"],
    ],
    ids=" ".join,
)
def test_a_command_works(arguments: list[str], project: Path) -> None:
    assert call(arguments) == ExitCode.DONE


def test_two_versions_are_compared(project: Path) -> None:
    Path("visits.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    assert call(["diff", "visits.odcs.yaml", "visits.odcs.yaml"]) == ExitCode.DONE


def test_a_suite_is_exported_with_the_version_that_it_is_written_for(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(["export", TABLE, "--to", "gx"]) == ExitCode.DONE
    suite = json.loads(capfd.readouterr().out)
    assert suite["meta"]["great_expectations_version"]
    assert len(suite["expectations"]) > 100


def test_a_run_in_one_go_or_in_steps_publishes_and_draws_its_page(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(["run", TABLE, "--date", "2024-01-01"]) == ExitCode.DONE
    assert capfd.readouterr().err.splitlines()[-1].count(install_command("gx")) == 1
    for step in ("build", "gate", "publish"):
        assert call([step, TABLE, *DAY, "--json"]) == ExitCode.DONE
        out, err = capfd.readouterr()
        told = json.loads(out)
        assert install_command("gx") not in err
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")


def test_a_report_that_was_chosen_is_drawn_without_advice(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["run", TABLE, *DAY, "--report", "fast"]) == ExitCode.DONE
    assert install_command("gx") not in capfd.readouterr().err


def test_every_extra_that_a_command_can_need_has_one_here() -> None:
    assert COMMANDS.keys() == EXTRAS.keys() - {"airflow"}


@pytest.mark.parametrize("extra", sorted(COMMANDS))
def test_what_needs_an_extra_is_refused_before_anything_is_written(
    extra: str, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(COMMANDS[extra]) == ExitCode.UNUSABLE
    err = capfd.readouterr().err
    assert install_command(extra) in err
    assert EXTRAS[extra].library in err
    assert not (project / "out" / "warehouse").exists()


def test_airflow_tasks_cannot_be_imported_and_say_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"pip install 'martgate\[airflow\]'"):
        importlib.import_module("martgate.airflow")


def test_lint_accepts_an_expectation_that_only_great_expectations_judges_and_says_what_it_did_not_check(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("visits.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    assert call(["lint", "visits.odcs.yaml"]) == ExitCode.DONE
    out = capfd.readouterr().out
    assert "visits.odcs.yaml:5:7: warning" in out
    assert install_command("gx") in out


def test_a_gate_refuses_a_rule_that_nothing_can_judge_with_its_place(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    Path("visits.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    pq.write_table(pa.table({"pages": pa.array([1, 2], pa.int32())}), "visits.parquet")
    gate = ["gate", "visits", "--input", "visits.parquet", "--contract", "visits.odcs.yaml", "--json"]
    assert call(gate) == ExitCode.UNUSABLE
    (error,) = json.loads(capfd.readouterr().out)["errors"]
    assert (error["file"], error["line"]) == ("visits.odcs.yaml", 5)
    assert "pages|usual" in error["message"]
    assert install_command("gx") in error["message"]


def test_no_module_of_the_core_imports_a_library_of_an_extra(demo: tuple[Path, str, str]) -> None:
    """Whatever the demo imported came with the core, and the core brings none of these."""
    for module in ("pandas", "scipy", "marshmallow", *(extra.module for extra in EXTRAS.values())):
        done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False)
        assert done.returncode == 1, module
