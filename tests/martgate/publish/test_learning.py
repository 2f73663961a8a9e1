"""Rules that learn, through real runs: silent while they know too little, then in the way of a broken day."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
schema:
  - name: base
    physicalName: s.base
    customProperties: [{property: publishPartition, value: day}]
    quality:
      - id: volume
        type: custom
        engine: martgate
        implementation: {rule: volume_band, by: [c], history_days: 60, false_alarms_per_year: 1}
      - id: shares
        type: custom
        engine: martgate
        implementation: {rule: share_shift, columns: [flag], by: [c], max_distance: 0.2}
    properties:
      - {name: c, logicalType: integer, physicalType: int, required: true}
      - {name: flag, logicalType: integer, physicalType: int, enum: [{value: 0}, {value: 1}]}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""
DIGITS = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
MODEL = f"""
WITH digits AS ({DIGITS}),
numbers AS (SELECT 100 * a.d + 10 * b.d + c.d AS n FROM digits a CROSS JOIN digits b CROSS JOIN digits c)
SELECT n % 2 AS c, CASE WHEN n % 10 < {{tenths}} THEN 1 ELSE 0 END AS flag, :part_date AS day
FROM numbers WHERE n < {{rows}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "contracts" / "base.odcs.yaml").write_text(CONTRACT)
    return tmp_path


@pytest.fixture
def publish(project, capsys, call):
    """publish(first, last, rows, tenths): the exit code, and what was told of each day."""

    def _publish(first, last, *, rows=1000, tenths=3):
        (project / "models" / "base.sql").write_text(MODEL.format(rows=rows, tenths=tenths))
        capsys.readouterr()
        days = ["--from", f"2024-01-{first:02}", "--to", f"2024-01-{last:02}"]
        code = call(["backfill", "base", *days, "--json", "--again"])
        told = capsys.readouterr()
        assert "runs" in told.out, told.err
        return code, json.loads(told.out)["runs"]

    return _publish


def learning(run):
    return {item["rule"]: item["reason"] for item in run["out_of_scope"]}


def outcomes(run):
    return {verdict["rule"]: verdict["outcome"] for verdict in run["verdicts"] if verdict["rule"].startswith("table|")}


def test_a_rule_learns_for_fourteen_days_and_judges_from_then_on(publish):
    code, runs = publish(1, 15)
    assert code == 0
    assert learning(runs[0])["table|volume"] == "learning: 0 of 14 days published and measured"
    assert learning(runs[0])["table|shares"] == "learning: 0 of 1 day published and measured"
    assert learning(runs[13]) == {"table|volume": "learning: 13 of 14 days published and measured"}
    assert learning(runs[14]) == {}
    assert outcomes(runs[14])["table|volume"] == "passed"

    code, (refused,) = publish(16, 16, rows=500)
    assert code == 1
    assert refused["reasons"] == ["1 failed: table|volume"]
    (verdict,) = [each for each in refused["verdicts"] if each["outcome"] == "failed"]
    assert (verdict["failed"], verdict["total"], verdict["unit"]) == (2, 2, "groups")
    assert [(example["c"], example["(found)"]) for example in verdict["examples"]] == [("0", "250"), ("1", "250")]

    code, (refused,) = publish(16, 16, tenths=8)
    assert (code, refused["reasons"]) == (1, ["1 failed: table|shares"])

    code, (approved,) = publish(16, 16)
    assert (code, outcomes(approved)["table|volume"], outcomes(approved)["table|shares"]) == (0, "passed", "passed")


def test_a_change_that_is_there_to_stay_is_waived_until_the_band_has_learned_it(publish, clock, call):
    publish(1, 15)
    assert publish(16, 16, rows=500)[1][0]["reasons"] == ["1 failed: table|volume"]
    clock.set("2024-01-17T03:00")
    request = ["--until", "2024-02-15", "--owner", "ana", "--reason", "the tour ended", "--max-failed", "2"]
    assert call(["waive", "base", "table|volume", *request]) == 0
    clock.set("2024-01-25T03:00")
    code, runs = publish(16, 24, rows=500)
    assert (code, outcomes(runs[0])["table|volume"], runs[0]["waived"]) == (0, "failed", 1)
    assert (outcomes(runs[-1])["table|volume"], runs[-1]["waived"], runs[-1]["waivers"][0]["effect"]) == (
        "passed",
        0,
        "unused",
    )


def test_what_is_learned_yet_is_told_in_the_terminal(publish, capsys, call):
    publish(1, 1)
    assert call(["run", "base", "--date", "2024-01-02"]) == 0
    told = capsys.readouterr().out
    assert "1 rule out of scope: learning: 1 of 14 days published and measured" in told


def test_data_that_lie_elsewhere_have_no_history(publish, project, capsys, call):
    publish(1, 1)
    capsys.readouterr()
    places = ["--input", str(project / "out" / "warehouse" / "s" / "base"), "--date", "2024-01-01"]
    assert call(["gate", "base", *places, "--json"]) == 0
    reason = "it learns from the table's history, which is not part of this audit"
    assert learning(json.loads(capsys.readouterr().out)) == {"table|volume": reason, "table|shares": reason}


def test_a_backtest_tells_what_rules_learned_alarmed_and_would_catch(publish, capsys, snapshot, call):
    publish(1, 16)
    capsys.readouterr()
    assert call(["backtest", "base"]) == 0
    assert capsys.readouterr().out == snapshot
    assert call(["backtest", "s.base", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["table"] == "s.base"
    volume, shares = told["rules"]
    assert (volume["rule"], volume["kind"], volume["learning"], volume["judged"]) == (
        "table|volume",
        "volume_band",
        14,
        2,
    )
    assert (len(volume["days"]), volume["numbers"], volume["alarms"]) == (16, 4, [])
    assert volume["power"][0] == {"change": "halved", "caught": 4, "planted": 4}
    assert (shares["rule"], shares["learning"], shares["judged"]) == ("table|shares", 1, 15)


def test_a_day_that_was_refused_is_not_learned_from(publish, capsys, call):
    publish(1, 15)
    assert publish(16, 16, rows=100)[0] == 1
    capsys.readouterr()
    assert call(["backtest", "base", "--json"]) == 0
    assert "2024-01-16" not in capsys.readouterr().out


def test_a_backtest_before_anything_was_published_says_so(project, capsys, call):
    assert call(["backtest", "base"]) == 0
    assert capsys.readouterr().out.count("no published day has measurements for this rule yet") == 2


def test_a_table_without_rules_that_learn_cannot_be_backtested(project, capsys, call):
    without = CONTRACT.partition("    quality:")[0] + "    properties:" + CONTRACT.partition("    properties:")[2]
    (project / "contracts" / "base.odcs.yaml").write_text(without)
    assert call(["backtest", "base"]) == 2
    assert "s.base has no rule that learns" in capsys.readouterr().err
    assert call(["backtest", "bose"]) == 2
    assert "base" in capsys.readouterr().err


OUTSIDE = """
apiVersion: v3.2.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
schema:
  - name: visits
    physicalName: s.visits
    customProperties: [{property: publishPartition, value: day}]
    quality:
      - id: volume
        type: custom
        engine: martgate
        implementation: {rule: volume_band, by: [c], history_days: 60, false_alarms_per_year: 1}
    properties:
      - {name: c, logicalType: integer, physicalType: int, required: true}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""
MADE_OF_VISITS = """
apiVersion: v3.2.0
kind: DataContract
id: made
name: made
version: 1.0.0
status: active
schema:
  - name: made
    physicalName: s.made
    customProperties: [{property: publishPartition, value: day}]
    quality: [{metric: rowCount, mustBeLessThan: 900, severity: error}]
    properties:
      - {name: c, logicalType: integer, physicalType: int}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""


@pytest.fixture
def publish_visits(project, capsys, call):
    """publish_visits(first, last, rows): publish days of a table that is made of visits, of which each day has so many."""
    (project / "contracts" / "visits.odcs.yaml").write_text(OUTSIDE)
    (project / "contracts" / "made.odcs.yaml").write_text(MADE_OF_VISITS)
    (project / "models" / "made.sql").write_text("SELECT c, day FROM s.visits WHERE day = :part_date")

    def _publish(first, last, *, rows=600, command=("backfill", "--again", "--json")):
        for day in range(first, last + 1):
            folder = project / "out" / "upstreams" / "s" / "visits" / f"day=2024-01-{day:02}"
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table({"c": pa.array([n % 2 for n in range(rows)], pa.int32())}), folder / "0.parquet")
        capsys.readouterr()
        days = ["--from", f"2024-01-{first:02}", "--to", f"2024-01-{last:02}"]
        code = call([command[0], "made", *days, *command[1:]])
        told = capsys.readouterr()
        assert "runs" in told.out, told.err
        return code, json.loads(told.out)["runs"]

    return _publish


def test_a_rule_of_an_input_learns_from_what_earlier_runs_measured_of_it(publish_visits):
    code, runs = publish_visits(1, 15)
    assert code == 0
    reasons = [run["out_of_scope"][0]["reason"] if run["out_of_scope"] else "" for run in runs]
    assert reasons == [*(f"learning: {days} of 14 days published and measured" for days in range(14)), ""]
    code, (refused,) = publish_visits(16, 16, rows=300)
    assert (code, refused["reasons"]) == (1, ["upstream s.visits: 1 failed: table|volume"])
    assert publish_visits(16, 16)[0] == 0


def test_what_was_measured_of_the_input_of_a_refused_day_is_not_learned_from(publish_visits):
    assert publish_visits(1, 1, rows=1000)[0] == 1  # more rows than the table may have
    _, (run,) = publish_visits(2, 2)
    assert learning(run) == {"s.visits: table|volume": "learning: 0 of 14 days published and measured"}


def test_the_steps_of_a_run_leave_what_was_measured_of_its_inputs_as_well(publish_visits, capsys, call):
    publish_visits(1, 1)
    for step in ("build", "gate", "publish"):
        assert call([step, "made", "--date", "2024-01-01"]) == 0
    _, (run,) = publish_visits(2, 2)
    assert learning(run) == {"s.visits: table|volume": "learning: 1 of 14 days published and measured"}


def test_days_run_one_after_another_where_a_rule_of_an_input_learns(publish_visits, capsys, call):
    publish_visits(1, 2)
    assert call(["backfill", "made", "--from", "2024-01-01", "--to", "2024-01-02", "--jobs", "2", "--again"]) == 0
    assert "the days run one after another: table|volume looks back at the day before" in capsys.readouterr().err
