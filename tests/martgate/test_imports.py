"""What importing the framework costs, and which part of Airflow it may use."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import martgate

HEAVY = (
    "duckdb",
    "pyspark",
    "great_expectations",
    "pandas",
    "deltalake",
    "pyarrow",
    "sqlalchemy",
    "pydantic",
    "rich",
    "openlineage",
    "requests",
)


PROBE = (
    "import sys; from martgate.cli.main import call; found = sys.argv.pop(1).split(','); code = call(sys.argv[1:]); "
    "heavy = [name for name in found if name in sys.modules]; sys.exit(str(heavy) if heavy else code)"
)
"""Runs a command; its exit code, or on stderr those of some libraries that it imported."""

CONTRACT = """
{apiVersion: v3.2.0, kind: DataContract, id: t, name: t, version: 1.0.0, status: active, schema: [
  {name: t, properties: [{name: a, logicalType: integer, physicalType: bigint, required: true}]}]}
"""


def probe(forbidden: Sequence[str], arguments: Sequence[str], folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", PROBE, ",".join(forbidden), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["", *sorted(martgate.commands)])
def test_help_imports_no_heavy_library(name: str, tmp_path: Path) -> None:
    assert probe(HEAVY, [name, "--help"] if name else ["--help"], tmp_path) == (0, "")


@pytest.mark.parametrize("arguments", [["sample", "--help"], ["demo", "--help"], ["config"]])
def test_in_this_project_help_and_settings_import_no_heavy_library(arguments: list[str]) -> None:
    assert probe(HEAVY, arguments, Path(__file__).parents[2]) == (0, "")


@pytest.mark.parametrize("source", ["t.parquet", "delta"])
@pytest.mark.parametrize(
    ("report", "forbidden"),
    [
        (
            "none",
            (
                "great_expectations",
                "pandas",
                "pyspark",
                "rich",
                "marshmallow",
                "jinja2",
                "pyarrow",
                "numpy",
                "openlineage",
            ),
        ),
        ("fast", ("great_expectations", "pandas", "pyspark", "rich", "marshmallow", "pyarrow", "numpy", "openlineage")),
    ],
)
def test_a_gate_imports_no_library_that_it_does_not_need(
    report: str, forbidden: list[str], source: str, tmp_path: Path
) -> None:
    (tmp_path / "t.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "t.parquet")
    deltalake.write_deltalake(tmp_path / "delta", pa.table({"a": [1]}))
    arguments = ["gate", "t", "--input", source, "--contract", "t.odcs.yaml", "--report", report]
    assert probe(forbidden, arguments, tmp_path) == (0, "")


@pytest.mark.parametrize("folder", ["src/martgate/airflow", "dags"])
def test_airflow_is_asked_for_what_its_task_sdk_promises_and_nothing_else(folder: str) -> None:
    modules = {
        node.module or ""
        for file in (Path(__file__).parents[2] / folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert {name for name in modules if name.startswith("airflow")} <= {"airflow.sdk", "airflow.sdk.exceptions"}
    assert "airflow.sdk" in modules
