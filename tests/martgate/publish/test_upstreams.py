"""Inputs from outside are held to contracts of their own, and nothing that those say is passed over in silence."""

import json
import shutil
from pathlib import Path

import pytest

from martgate.cli.main import call

HERE = "we_mart.we_user.odcs.yaml"
ASKED = """    quality:
      - id: asked
        type: custom
        engine: martgate
        implementation: {rule: %s}
"""


@pytest.fixture
def run(tmp_path, contract_folder, mart_project, monkeypatch, capfd):
    """run(implementation): publish a day, where the contract of `we_user` states one more rule; code, stdout, stderr."""
    monkeypatch.chdir(mart_project(tmp_path))
    shutil.copytree(contract_folder, "contracts")
    shutil.copytree(contract_folder.parent / "expectations", "expectations")  # queries that the contracts name
    assert call(["sample", "--out", "out/upstreams", "--members", "200", "--date", "2024-01-01"]) == 0

    def _run(implementation):
        file = tmp_path / "contracts" / "upstream" / HERE
        file.write_text(file.read_text().replace("    quality:\n", ASKED % implementation, 1))
        capfd.readouterr()
        code = call(
            ["run", "wv_comm_user", "--date", "2024-01-01", "--contracts", "contracts", "--report", "none", "--json"]
        )
        return code, *capfd.readouterr()

    return _run


def test_a_rule_about_earlier_days_of_a_table_from_outside_is_unusable_since_nobody_keeps_those(run):
    code, out, _ = run("never_disappears, key: [wv_user_id]")
    (error,) = json.loads(out)["errors"]
    assert (code, Path(error["file"]).name) == (2, HERE)
    assert error["line"] > 0
    assert "table|asked looks at rows of earlier days, which are not kept for we_mart.we_user" in error["message"]


def test_a_table_that_a_rule_of_an_input_names_is_an_input_itself(run):
    code, out, _ = run("references, columns: [wv_user_id], to: we_mart.wv_post_view, to_columns: [wv_user_id]")
    (refused,) = json.loads(out)["verdicts"]
    assert code == 1
    assert refused["rule"] == "we_mart.we_user: table|asked"
    assert refused["failed"]


def test_a_mistake_in_the_contract_of_an_input_is_told_with_its_line(run):
    code, out, _ = run("holds, expression: no_such_column > 1")
    (error,) = json.loads(out)["errors"]
    assert (code, Path(error["file"]).name) == (2, HERE)
    assert error["line"] > 0
    assert "no_such_column" in error["message"]
