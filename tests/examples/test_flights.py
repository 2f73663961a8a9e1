"""The example over public data: the gate finds its real defects, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"

DEFECTS = {
    "dep_time|maximum": 29,
    "arr_time|maximum": 150,
    "tailnum|pattern": 22754,
    "distance|minimum": 1,
    "table|one_distance_a_route": 2,
    "table|flight_number_once_a_day": 48,
    "table|landed_has_air_time": 717,
    "table|flyable_speed": 2,
    "table|departed_arrives": 458,
}


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("flights")
    data = folder / "flights.parquet"
    subprocess.run([sys.executable, str(EXAMPLE / "prepare.py"), str(data)], check=True)
    martgate = str(Path(sys.executable).with_name("martgate"))
    places = ["--out", str(folder / "out"), "--ledger", f"sqlite:///{folder / 'ledger.db'}", "--report", "none"]
    command = [martgate, "gate", "flights", "--input", str(data), "--project", str(EXAMPLE), "--json", *places]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    return json.loads(done.stdout)


def test_all_flights_are_looked_at_and_refused(verdict: dict) -> None:
    assert verdict["rows"] == 336_776
    assert verdict["decision"] == "refused"


def test_each_real_defect_is_found_and_nothing_else(verdict: dict) -> None:
    found = {v["rule"]: v["failed"] for v in verdict["verdicts"] if v["outcome"] != "passed"}
    assert found == DEFECTS


def test_what_one_file_cannot_tell_is_out_of_scope_and_does_not_count(verdict: dict) -> None:
    assert [each["rule"] for each in verdict["out_of_scope"]] == ["dest|references"]
    assert verdict["rules"] == len(verdict["verdicts"])


def test_the_readme_explains_each_defect_with_its_count() -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for rule, count in DEFECTS.items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{rule.replace('|', chr(92) + '|')}`"))
        assert row.split(" | ")[1].split()[0] == f"{count:,}"
