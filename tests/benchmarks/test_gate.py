"""The benchmark of the gate: its rules and defects match the contract, and its table is correct."""

import importlib
from datetime import date
from pathlib import Path

import duckdb
import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """Import one of the benchmark's scripts, which are not a package."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module


@pytest.fixture
def rules(script):
    return script("rulebook").rulebook(date(2024, 1, 1))


def test_every_planted_defect_breaks_a_rule_of_the_contract(script, rules):
    plant = script("plant")
    planted = [*(defect.rule for defect in plant.PLANTED), plant.DUPLICATE_RULE]
    assert len(set(planted)) == len(planted)
    assert set(planted) <= {rule["name"] for rule in rules}


def test_every_rule_but_those_of_the_schema_has_its_failures_in_sql(rules):
    without = {rule["kind"] for rule in rules if not rule["failures"]}
    assert without == {"type", "columns", "happened"}  # of the last, the failure is that there is no row


def test_failures_are_one_row_for_each_row_that_breaks_a_rule(rules):
    (rule,) = [rule for rule in rules if rule["name"] == "comm_user_seq|dense"]
    rows = [(1, 1, 1, 1, "a"), (2, 1, 1, 2, "b"), (2, 1, 3, 2, "c")]  # the last should be the second of its pair
    with duckdb.connect() as database:
        columns = "wv_user_id, comm_id, comm_user_seq, cnt_comm_user_id, comm_user_id, comm_user_cre_dt"
        values = ", ".join(f"{row[:-1]}"[:-1] + f", '{row[-1]}', TIMESTAMP '2024-01-01')" for row in rows)
        database.execute(f"CREATE VIEW audited AS SELECT * FROM (VALUES {values}) AS t({columns})")
        assert database.execute(rule["failures"]["duckdb"]).fetchall() == [(3,)]


def run(peer: str, data: str, verdicts: dict[str, bool], **others: object) -> dict[str, object]:
    plain = {"rows": 10, "wall": 2.0, "cpu": 2.0, "peak_memory": 3e6, "check_wall": 1.0, "check_cpu": 1.0}
    return plain | {"peer": peer, "data": data, "verdicts": verdicts, "notes": {}, "trouble": "", **others}


def test_the_table_shows_defects_found_rules_missed_and_wrong_verdicts(script):
    found = script("standings").render_standings(
        [
            run("ours-duckdb", "clean", {"table|key": True}),
            run("limit-duckdb", "clean", {"table|key": True, "is_fc|in_set": True}),
            run("limit-duckdb", "defective", {"table|key": False, "is_fc|in_set": True}),
            run("soda", "clean", {"table|key": True}, cpu=5.0),
            run("soda", "defective", {"table|key": True}),
            run("dqx", "clean", {}, trouble="stopped: memory"),
        ],
        {"table|key": "unique", "is_fc|in_set": "in_set"},
    )
    (soda,) = [line for line in found.splitlines() if line.startswith("| soda")]
    assert "2.5x" in soda
    assert "1 in_set | 0 of 24 | table\\|key (defective)" in soda
    assert "stopped: memory" in next(line for line in found.splitlines() if line.startswith("| dqx"))


def test_a_goal_is_met_if_the_peer_costs_at_least_that_many_times_as_much(script):
    runs = [run("ours-duckdb", "clean", {}), run("soda", "clean", {}, cpu=5.0), run("gx-duckdb", "clean", {}, cpu=11.9)]
    lines = script("standings").render_standings(runs, {}).splitlines()
    assert "| process CPU of soda / ours-duckdb | 2x | 2.50x | yes |" in lines
    assert "| process CPU of gx-duckdb / ours-duckdb | 6x | 5.95x | no |" in lines
