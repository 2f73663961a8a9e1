"""The type checker refuses what the gate has not approved."""

import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[3]

SNIPPET = """
from martgate.gate.decision import Approved, judge
from martgate.gate.candidate import Candidate
from martgate.stores.ports import Store
from martgate.expectations.verdict import Audit

def publish(store: Store, candidate: Candidate, audit: Audit) -> None:
    decision = judge(candidate, audit)
    {line}
"""

ACCEPTED = "if isinstance(decision, Approved): store.promote(decision, {})"
REJECTED = {
    "store.promote(candidate, {})": '"promote" of "Store" has incompatible type "Candidate"; expected "Approved"',
    "store.promote(judge(candidate, audit), {})": 'has incompatible type "Approved | Refused"; expected "Approved"',
    "store.promote(audit, {})": 'has incompatible type "Audit"; expected "Approved"',
    "Approved(candidate, audit)": 'Missing positional argument "_seal"',
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What mypy says of every snippet, by the snippet's line; one run for all."""
    pytest.importorskip("mypy", reason="mypy is in the dependency group `types`")
    folder = tmp_path_factory.mktemp("snippets")
    lines = {f"snippet{number}.py": line for number, line in enumerate([ACCEPTED, *REJECTED])}
    for name, line in lines.items():
        (folder / name).write_text(SNIPPET.replace("{line}", line))
    files = [str(folder / name) for name in lines]
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--cache-dir",
        str(folder / "cache"),
    ]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False, cwd=HOUSE)
    assert done.returncode in (0, 1), done.stderr
    return {line: "\n".join(said for said in done.stdout.splitlines() if name in said) for name, line in lines.items()}


def test_an_approved_candidate_may_be_promoted(told):
    assert told[ACCEPTED] == ""


@pytest.mark.parametrize("line", REJECTED)
def test_nothing_else_may_be_promoted(told, line):
    assert REJECTED[line] in told[line]
