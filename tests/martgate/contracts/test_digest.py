"""What changes a contract's digest is what changes what is built or checked, and nothing else."""

from pathlib import Path

import pytest

from martgate.contracts.digest import digest
from martgate.contracts.odcs import read

SOUND = (Path(__file__).parent / "data" / "sound.odcs.yaml").read_text(encoding="utf-8")


@pytest.fixture
def digested(tmp_path):
    """digested((old, new), ..): the digest of orders in the sound contract with these replacements."""

    def _digested(*replacements):
        text = SOUND
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "c.odcs.yaml"
        file.write_text(text, encoding="utf-8")
        contract = read(file).contract
        return digest(contract.table("orders"))

    return _digested


@pytest.mark.parametrize(
    "replacement",
    [
        ("version: 1.2.0", "version: 1.2.1"),
        ("status: active", "status: deprecated"),
        ("- {username: ann, role: owner}", "- {username: bo, role: owner}"),
        ("      - name: order_id\n", "      - name: order_id\n        description: What was ordered.\n"),
        ("      - name: order_id\n", "      - name: order_id\n        businessName: Order\n        tags: [key]\n"),
        ("slaProperties:\n", "\n# Promises about time.\nslaProperties:\n"),
    ],
    ids=["version", "status", "team", "description", "business name", "comment"],
)
def test_documentation_does_not_count(digested, replacement):
    assert digested(replacement) == digested()


@pytest.mark.parametrize(
    "replacement",
    [
        ("required: true", "required: false"),
        ("physicalType: decimal(18,2)", "physicalType: decimal(18,4)"),
        ("{minimum: 1, exclusiveMaximum: 1000}", "{minimum: 1, exclusiveMaximum: 1001}"),
        ("{value: NO}, {value: SE}", "{value: NO}, {value: DK}"),
        ("mustBeGreaterThan: 0", "mustBeGreaterThan: 1"),
        ("value: 26, unit: h", "value: 27, unit: h"),
        ("dayBoundary, value: Asia/Seoul", "dayBoundary, value: UTC"),
        ("- name: note\n", "- name: remark\n"),
        ("classification: public", "classification: restricted"),
    ],
)
def test_whatever_is_built_or_checked_counts(digested, replacement):
    assert digested(replacement) != digested()


def test_tables_of_one_contract_have_digests_of_their_own(tmp_path):
    file = tmp_path / "c.odcs.yaml"
    file.write_text(SOUND, encoding="utf-8")
    contract = read(file).contract
    assert len({digest(table) for table in contract.tables}) == len(contract.tables) > 1
