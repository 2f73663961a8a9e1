"""`martgate init`: a project that runs as it is, or contracts drafted from data, and nothing written over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call
from martgate.project.starter import STARTER


@pytest.fixture
def data(tmp_path):
    pq.write_table(pa.table({"id": [1, 2], "name": ["x", None]}), tmp_path / "Daily Orders.parquet")
    return tmp_path / "Daily Orders.parquet"


def test_the_project_is_sound_and_its_own_tests_pass(tmp_path, capsys):
    folder = tmp_path / "shop"
    assert call(["init", str(folder)]) == 0
    output = capsys.readouterr().out
    assert "  noxfile.py\n" in output
    assert f"next: cd {folder} && martgate lint" in output
    assert call(["lint", "--project", str(folder)]) == 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_each_contract_tells_editors_its_schema():
    contracts = sorted((STARTER / "contracts").glob("*.yaml"))
    assert contracts
    for contract in contracts:
        assert contract.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=https://")


def test_a_file_that_exists_is_kept(tmp_path, capsys):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    assert call(["init", str(tmp_path), "--json"]) == 0
    assert "README.md" not in json.loads(capsys.readouterr().out)["files"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    assert call(["init", str(tmp_path)]) == 0
    assert "nothing was written" in capsys.readouterr().out


def test_contracts_are_drafted_from_data_and_hold_for_them(tmp_path, data, capsys):
    folder = tmp_path / "drafts"
    assert call(["init", str(folder), "--from", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["contracts/daily_orders.odcs.yaml", "martgate.toml"]
    assert call(["lint", "--project", str(folder)]) == 0
    project = ["--project", str(folder), "--report", "none"]
    assert call(["gate", "daily_orders", "--input", str(data), *project]) == 0


def test_a_draft_is_never_written_over_and_nothing_is_half_written(tmp_path, data, capsys):
    (tmp_path / "martgate.toml").write_text("mine", encoding="utf-8")
    assert call(["init", str(tmp_path), "--from", str(data)]) == 2
    assert "martgate.toml exists already, and is not overwritten" in capsys.readouterr().err
    assert not (tmp_path / "contracts").exists()


@pytest.mark.parametrize("sources", [("gone.parquet",), ("a/x.parquet", "b/x.parquet")])
def test_sources_that_cannot_be_drafted_leave_nothing(tmp_path, monkeypatch, sources, capsys):
    monkeypatch.chdir(tmp_path)
    folder = Path("project")
    assert call(["init", str(folder), *(word for source in sources for word in ("--from", source))]) in (2, 3)
    assert capsys.readouterr().err
    assert not folder.exists()
