"""Contracts as the public writes them: each lints clean, and what it promises is derived."""

from pathlib import Path

import pytest

from martgate.contracts.odcs import read
from martgate.expectations.coverage import CoverageStatus
from martgate.expectations.derive import derive
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.project.review import compute_coverage, find_contract_problems

CORPUS = Path(__file__).parent / "corpus"
PLATFORMS = CORPUS / "platforms.odcs.yaml"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.odcs.yaml")), ids=lambda path: path.name)
def test_a_contract_of_the_corpus_has_no_problem(path):
    assert find_contract_problems(read(path), None) == []


def test_placeholders_of_other_tools_stand_for_the_table_and_the_column():
    rules = derive(read(PLATFORMS).contract.tables[0])
    assert [rule.check.query for rule in rules if isinstance(rule.check, SqlNumber)] == [
        "SELECT COUNT(*) FROM {object} WHERE `draught` < 0",
        "SELECT COUNT(*) FROM {object} WHERE `draught` > 40",
        "SELECT COUNT(*) FROM {object} WHERE `draught` IS NULL",
    ]


def test_a_key_column_is_not_null_whatever_required_says():
    assert "call_no|not_null" in {rule.name for rule in derive(read(PLATFORMS).contract.tables[0])}


def test_an_sla_of_ones_own_is_documentation():
    contract_file = read(PLATFORMS)
    items = compute_coverage(contract_file, contract_file.contract.tables[0])
    assert {item.status for item in items if item.path.startswith("slaProperties")} == {CoverageStatus.DOCUMENTATION}


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ("pilotOnCall", "freshnes"),
        ("pilotOnCall", "Retention"),
        ("apiVersion: v3.0.2", "apiVersion: v3.1.0"),
        ("{table}", "berths"),
        ("timestamp_tz", "timestamp_xyz"),
    ],
)
def test_a_true_fault_is_still_refused(tmp_path, found, wrong):
    path = tmp_path / "wrong.odcs.yaml"
    path.write_text(PLATFORMS.read_text(encoding="utf-8").replace(found, wrong, 1), encoding="utf-8")
    assert find_contract_problems(read(path), None) != []
