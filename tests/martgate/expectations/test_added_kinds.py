"""A kind from outside: the one that CONTRIBUTING shows, in a package of its own, added by entry point and nothing else."""

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.errors import InvalidInput
from martgate.expectations.kinds import registry

ROOT = Path(__file__).parents[3]
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    physicalName: s.people
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, classification: public}
      - name: nick
        logicalType: string
        physicalType: string
        classification: public
        quality:
          - {id: trimmed, type: custom, engine: martgate, implementation: {rule: trimmed}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder on the path of Python in which the package is installed as an installer leaves it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"<!-- kind -->\n```python\n(.*?)```", text, re.DOTALL)
    assert 'trimmed = "our_rules.trimmed:Trimmed"' in text
    folder = tmp_path_factory.mktemp("installed")
    wheel = folder / "our_rules-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("our_rules/__init__.py", "")
        packed.writestr("our_rules/trimmed.py", code)
        packed.writestr(
            "our_rules-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: our-rules\nVersion: 1.0.0\n"
        )
        packed.writestr(
            "our_rules-1.0.0.dist-info/entry_points.txt", "[martgate.kinds]\ntrimmed = our_rules.trimmed:Trimmed\n"
        )
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


@pytest.fixture
def martgate(installed, tmp_path):
    """martgate(*arguments): what the command prints, and its exit code, in a folder with the contract and two tables."""
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\n', encoding="utf-8")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "people.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    for name, nicks in {"good": ["Ann", "Bo B", None], "bad": ["Ann", " Bo", "Cy "]}.items():
        pq.write_table(pa.table({"id": range(3), "nick": nicks}), tmp_path / f"{name}.parquet")

    def run(*arguments, path=installed):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(path or ""), str(ROOT)]))}
        done = subprocess.run(
            [sys.executable, "-m", "martgate", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr, done.returncode

    return run


def test_it_is_linted_and_planned_like_a_built_in_kind(martgate):
    assert martgate("lint")[1] == 0
    output, code = martgate("gate", "people", "--input", "good.parquet", "--explain")
    assert code == 0
    assert "nick|trimmed" in output
    assert "COUNT_IF(`nick` <> TRIM(`nick`))" in output
    assert "nick|trimmed" in martgate("coverage", "people")[0]


def test_it_fails_rows_and_shows_them(martgate):
    assert martgate("gate", "people", "--input", "good.parquet", "--report", "fast")[1] == 0
    output, code = martgate("gate", "people", "--input", "bad.parquet", "--report", "fast", "--json")
    assert code == 1
    (broken,) = [rule for rule in json.loads(output)["verdicts"] if rule["outcome"] == "failed"]
    assert (broken["rule"], broken["failed"], broken["total"]) == ("nick|trimmed", 2, 3)
    assert [example["nick"] for example in broken["examples"]] == [" Bo", "Cy "]


def test_its_run_is_recorded_and_rendered(martgate, tmp_path):
    martgate("gate", "people", "--input", "bad.parquet", "--report", "fast")
    pages = [page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")]
    assert any("nick neither begins nor ends with a space" in page for page in pages)


def test_its_expectation_is_a_query_that_means_the_same(martgate):
    suite = json.loads(martgate("export", "people", "--to", "gx")[0])
    (query,) = [one["kwargs"] for one in suite["expectations"] if one["meta"]["rule"] == "nick|trimmed"]
    assert query["unexpected_rows_query"] == "SELECT `id`, `nick`\nFROM {batch}\nWHERE `nick` <> TRIM(`nick`)"


def test_without_its_package_the_contract_is_refused_by_name(martgate):
    output, code = martgate("lint", path=None)
    assert code == 2
    assert "rule 'trimmed' is not known" in output


def entry(name, value):
    return EntryPoint(name, value, registry.GROUP)


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (
            [("in_set", "some.where:InSet")],
            "kind 'in_set' is martgate.expectations.kinds.in_set:InSet and some.where:InSet",
        ),
        ([("mine", "no.such.module:Mine")], "kind 'mine', no.such.module:Mine, cannot be used: No module named 'no'"),
        ([("mine", "json:JSONDecoder")], "cannot be used: expected a class below Check"),
        (
            [("mine", "martgate.expectations.kinds.rows:ValueCheck")],
            "cannot be used: it lacks failure_condition, sentence",
        ),
        ([("mine", "martgate.expectations.kinds.in_set:InSet")], "cannot be used: its class calls itself 'in_set'"),
    ],
)
def test_a_kind_that_cannot_be_used_is_refused_with_all_others(monkeypatch, added, message):
    entries = [entry(*each) for each in [*added, ("other", "no.such.module:Other")]]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == registry.GROUP else [])
    registry.load_kinds.cache_clear()
    try:
        with pytest.raises(InvalidInput, match=re.escape(message)) as caught:
            registry.load_kinds()
    finally:
        registry.load_kinds.cache_clear()
    assert len(caught.value.problems) == 2


def test_a_broken_kind_ends_a_command_before_the_audit(martgate, tmp_path):
    broken = tmp_path / "broken" / "broken-1.0.0.dist-info"
    broken.mkdir(parents=True)
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0.0\n", encoding="utf-8")
    (broken / "entry_points.txt").write_text("[martgate.kinds]\nnever = broken.never:Never\n", encoding="utf-8")
    output, code = martgate("gate", "people", "--input", "good.parquet", path=broken.parent)
    assert code == 2
    assert "kind 'never', broken.never:Never of package broken, cannot be used" in output
