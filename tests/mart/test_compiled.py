"""The compiled `expectations/` and `reports/` of the mart: equal to the contracts, and loadable by Great Expectations."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.contracts.catalog import Catalog

ROOT = Path(__file__).parents[2]
SUITES = sorted((ROOT / "expectations").glob("*.json"))
TABLES = [table.qualified_name for _, table in Catalog.load([ROOT / "contracts"]).tables()]

LOADED = """
import json, sys
import great_expectations as gx
for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as stream:
        document = json.load(stream)
    suite = gx.ExpectationSuite(**document)
    print(json.dumps([suite.name, len(suite.expectations)]))
"""
"""Great Expectations only logs the expectations that it cannot load, so they are counted."""


def test_every_file_equals_the_compiled_contract(capfd):
    assert call(["compile", "--check", "--project", str(ROOT)]) == 0, capfd.readouterr().out


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_its_suite_and_its_page(table):
    assert json.loads((ROOT / "expectations" / f"{table}.suite.json").read_text(encoding="utf-8"))["expectations"]
    assert f"\n{table}\n====" in (ROOT / "reports" / "pages" / f"{table}.md").read_text(encoding="utf-8")


def test_there_is_a_suite_written_by_hand():
    by_hand = [
        json.loads(file.read_text(encoding="utf-8"))["name"]
        for file in SUITES
        if "generated_by" not in file.read_text()
    ]
    assert "we_mart.wv_comm_user@1.community" in by_hand


@pytest.mark.xdist_group("great_expectations")
def test_great_expectations_loads_all_expectations_of_each_suite():
    command = [sys.executable, "-W", "ignore", "-c", LOADED, *map(str, SUITES)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in SUITES]
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        [document["name"], len(document["expectations"])] for document in documents
    ]
