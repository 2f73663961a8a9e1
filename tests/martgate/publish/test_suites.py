"""Suites written by hand in `expectations/`: they gate beside the contract, in every command that a rule reaches."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call, martgate

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true}}
      - {{name: who, logicalType: string, physicalType: string, classification: personal}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
MODELS = {
    "made": "SELECT 7 AS n, 'Ann' AS who, :part_date AS day",
    "read": "SELECT i.n, i.who, i.day FROM s.lake AS i WHERE i.day = :part_date",
}
TABLES = ("lake", *MODELS)
BROKEN = {"id": "small", "type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 5}}
RULE = "n|small@more"
DAY = "2024-01-01"


def suite(*expectations, name="s.made.more", **keys):
    return json.dumps({"name": name, "expectations": list(expectations), "meta": {}, **keys}, indent=1)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two tables that models make, one of them from an upstream, and an empty folder of expectations."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models", "expectations"):
        (tmp_path / folder).mkdir()
    for name in TABLES:
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_text(CONTRACT.format(name=name))
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
    lake = tmp_path / "out" / "upstreams" / "s" / "lake" / f"day={DAY}"
    lake.mkdir(parents=True)
    pq.write_table(pa.table({"n": [7], "who": ["Ann"]}), lake / "rows.parquet")
    return tmp_path


@pytest.fixture
def martgate_json(project, capfd):
    """martgate_json(*arguments): exit code and the JSON object on stdout."""

    def run(*arguments):
        capfd.readouterr()
        code = call([*arguments, "--json"])
        return code, json.loads(capfd.readouterr().out)

    return run


def write(project, text, file="s.made.more.suite.json"):
    (project / "expectations" / file).write_text(text, encoding="utf-8")


def outcomes(told):
    return {verdict["rule"]: (verdict["outcome"], verdict["severity"]) for verdict in told["verdicts"]}


def test_every_command_that_reads_contracts_reads_suites_too():
    named = {name: {each.name for each in command.params} for name, command in martgate.commands.items()}
    reading = {name for name, keys in named.items() if "contracts" in keys}
    assert reading == {name for name, keys in named.items() if "expectations" in keys}


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "made", "--date", DAY],
        ["run", "--select", "made", "--date", DAY],
        ["backfill", "made", "--from", DAY, "--to", DAY],
        ["gate", "made", "--date", DAY],
        ["gate", "made", "--input", "out/upstreams/s/lake"],
    ],
    ids=" ".join,
)
def test_a_broken_expectation_refuses_the_day_by_name_and_file(project, capfd, arguments):
    write(project, suite(BROKEN))
    assert call(["build", "made", "--date", DAY]) == 0
    capfd.readouterr()
    assert call(arguments) == 1
    told = capfd.readouterr().out
    assert RULE in told
    if arguments[0] == "gate":
        assert "expectations/s.made.more.suite.json#expectations[0]" in told


def test_a_suite_about_an_upstream_refuses_the_table_that_is_made_from_it(project, capfd):
    write(project, suite(BROKEN, name="s.lake.more"), "s.lake.more.json")
    assert call(["run", "read", "--date", DAY]) == 1
    assert RULE in capfd.readouterr().out


def test_a_suite_that_is_added_later_refuses_the_next_run_and_takes_nothing_from_readers(project, martgate_json):
    assert martgate_json("run", "made", "--date", DAY)[0] == 0
    write(project, suite(BROKEN))
    code, told = martgate_json("run", "made", "--date", DAY)
    assert (code, told["decision"], outcomes(told)[RULE]) == (1, "refused", ("failed", "error"))
    assert martgate_json("verify", "made")[0] == 0  # readers still have what was judged by the rules of then


def test_its_rules_are_part_of_the_one_plan(project, capfd):
    assert call(["gate", "made", "--explain"]) == 0
    before = capfd.readouterr().out
    write(project, suite(BROKEN))
    assert call(["gate", "made", "--explain"]) == 0
    after = capfd.readouterr().out
    assert RULE in after
    assert before.count("SELECT") == after.count("SELECT")


@pytest.mark.parametrize(
    ("said", "severity", "code"),
    [("critical", "error", 1), ("warning", "warning", 0), ("info", "warning", 0), (None, "error", 1)],
)
def test_its_severity_says_what_a_failure_does(project, martgate_json, said, severity, code):
    write(project, suite({**BROKEN, **({"severity": said} if said else {})}))
    found, told = martgate_json("run", "made", "--date", DAY)
    assert (found, outcomes(told)[RULE]) == (code, ("failed", severity))


def test_a_suite_may_allow_that_nothing_was_there(project, martgate_json):
    (project / "models" / "made.sql").write_text("SELECT 7 AS n, CAST(NULL AS STRING) AS who, :part_date AS day")
    known = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "who", "value_set": ["Ann"]}}
    write(project, suite(known))
    assert martgate_json("run", "made", "--date", DAY)[0] == 1
    write(project, suite({**known, "meta": {"allow_vacuous": True}}))
    assert martgate_json("run", "made", "--date", DAY)[0] == 0


def test_values_of_protected_columns_are_shown_nowhere(project, capfd):
    write(
        project, suite({"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "who", "value_set": ["Bo"]}})
    )
    for arguments in (["run", "made", "--date", DAY, "--report", "fast"], ["run", "made", "--date", DAY, "--json"]):
        assert call(arguments) == 1
    told = "".join(capfd.readouterr())
    (page,) = (file for file in (project / "out" / "site" / "runs").glob("*.html"))
    assert "who|expect_column_values_to_be_in_set@more" in told
    assert "Ann" not in told + page.read_text(encoding="utf-8")


def test_the_page_says_which_suite_it_comes_from(project):
    write(project, suite(BROKEN))
    assert call(["run", "made", "--date", DAY, "--report", "fast"]) == 1
    (page,) = (project / "out" / "site" / "runs").glob("*.html")
    assert "Written by hand in the suite: <code>expectations/s.made.more.suite.json#expectations[0]</code>" in (
        page.read_text(encoding="utf-8")
    )


def test_its_rules_are_waived_as_all_others_are(project, martgate_json):
    write(project, suite(BROKEN))
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    reason = ["--owner", "data", "--reason", "known since the migration"]
    assert call(["waive", "made", RULE, "--until", until, *reason]) == 0
    code, told = martgate_json("run", "made", "--date", DAY)
    assert (code, told["decision"], told["waived"]) == (0, "approved", 1)


def test_coverage_has_a_section_of_what_suites_enforce(project, capfd, martgate_json):
    write(project, suite(BROKEN))
    code, told = martgate_json("coverage", "made")
    place = "expectations/s.made.more.suite.json#expectations[0]"
    assert (code, told["suites"]) == (0, [{"path": place, "rule": RULE}])
    assert call(["coverage", "made"]) == 0
    assert f"1 expectation of suites written by hand, all enforced\n  {place}  by {RULE}" in capfd.readouterr().out


def test_lint_counts_suites(project, capfd):
    assert call(["lint"]) == 0
    assert "in 3 files" in capfd.readouterr().out
    write(project, suite(BROKEN))
    assert call(["lint"]) == 0
    assert "in 4 files" in capfd.readouterr().out
    assert call(["lint", "contracts/made.odcs.yaml"]) == 0
    assert "in 2 files" in capfd.readouterr().out


def test_a_changed_suite_modifies_its_table_and_no_other(project, martgate_json):
    write(project, suite(BROKEN))
    assert call(["state", "--out", "martgate-state.json"]) == 0
    chosen = ["run", "--select", "state:modified", "--state", ".", "--date", DAY]
    assert martgate_json(*chosen)[1] == {"runs": []}
    write(project, suite({**BROKEN, "description": "Small numbers only."}))
    assert martgate_json(*chosen)[1] == {"runs": []}
    write(project, suite({**BROKEN, "kwargs": {"column": "n", "max_value": 9}}))
    assert [run["table"] for run in martgate_json(*chosen)[1]["runs"]] == ["s.made"]


def test_a_contract_that_is_given_alone_is_judged_alone(project, martgate_json):
    write(project, suite(BROKEN))
    code, told = martgate_json(
        "gate", "made", "--input", "out/upstreams/s/lake", "--contract", "contracts/made.odcs.yaml"
    )
    assert (code, RULE in outcomes(told)) == (0, False)


@pytest.mark.xdist_group("great_expectations")
def test_what_only_great_expectations_knows_is_judged_by_it(project, martgate_json):
    write(project, suite({"type": "expect_column_median_to_be_between", "kwargs": {"column": "n", "max_value": 5}}))
    told = martgate_json("run", "made", "--date", DAY)[1]
    assert outcomes(told)["n|expect_column_median_to_be_between@more"] == ("failed", "error")


SAVED = """
import great_expectations as gx
import great_expectations.expectations as known

suite = gx.ExpectationSuite(name="s.made@1.saved", expectations=[
    known.ExpectColumnValuesToBeBetween(column="n", max_value=5, notes="A note."),
    known.UnexpectedRowsExpectation(unexpected_rows_query="SELECT n FROM {batch} WHERE n < 0", severity="info"),
])
gx.get_context(mode="file", project_root_dir="stock").suites.add(suite)
"""


@pytest.mark.xdist_group("great_expectations")
def test_a_suite_that_great_expectations_saved_gates_as_it_is(project, martgate_json):
    subprocess.run([sys.executable, "-W", "ignore", "-c", SAVED], check=True, capture_output=True)
    (saved,) = (project / "stock").rglob("saved.json")
    saved.rename(project / "expectations" / "saved.json")
    told = outcomes(martgate_json("run", "made", "--date", DAY)[1])
    assert told["n|expect_column_values_to_be_between@saved"] == ("failed", "error")
    assert told["table|unexpected_rows_expectation@saved"] == ("passed", "warning")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("{", 1, "is not JSON"),
        ("[1, 2]", 1, "expected a suite with a list of expectations"),
        (suite(), 3, "the suite has no expectations"),
        (suite(BROKEN, expectation_suite_name="x"), 0, "'expectation_suite_name' is not a key"),
        (suite(7), 4, "expected an expectation {type, kwargs}"),
        (suite({"kwargs": {}}), 4, "an expectation needs a type"),
        (suite({**BROKEN, "kwargs": [1]}), 7, "expected an object"),
        (suite({**BROKEN, "severity": "fatal"}), 11, "expected critical, warning or info"),
        (suite({**BROKEN, "severty": "info"}), 11, "Did you mean 'severity'?"),
        (suite({**BROKEN, "type": "expect_column_values_to_be_betwen"}), 4, "Did you mean"),
        (suite({**BROKEN, "kwargs": {"column": "m", "max_value": 5}}), 7, "made has no column 'm'"),
        (suite(BROKEN, meta={"table": "s.mode"}), 0, "Did you mean 's.made'?"),
        (suite(BROKEN, name="s.made@2.more"), 2, "versions are 1.0.0"),
        (suite(BROKEN, meta={"generated_by": "martgate compile"}), 0, "is marked as compiled"),
    ],
)
def test_a_mistake_in_a_suite_is_an_error_with_its_file_and_line(project, capfd, text, line, told):
    write(project, text)
    assert call(["lint"]) == 2
    said = capfd.readouterr().out
    assert told in said
    assert f"s.made.more.suite.json:{line or ''}" in said


def test_a_suite_of_a_table_that_has_no_contract_stops_every_run(project, capfd):
    write(project, suite(BROKEN, name="s.mode"), "mode.json")
    assert call(["run", "made", "--date", DAY]) == 2
    assert "Did you mean 's.made'?" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "file", "meta", "rule"),
    [
        ("anything", "s.made.json", {}, "n|small@suite"),
        ("anything", "made.more.suite.json", {}, "n|small@more"),
        ("s.made", "rules.json", {}, "n|small@rules"),
        ("s.made@1", "rules.json", {}, "n|small@rules"),
        ("anything", "rules.json", {"table": "s.made"}, "n|small@rules"),
    ],
)
def test_meta_the_name_or_the_file_says_which_table(project, martgate_json, name, file, meta, rule):
    write(project, suite(BROKEN, name=name, meta=meta), file)
    assert rule in outcomes(martgate_json("run", "made", "--date", DAY)[1])


def test_two_of_a_kind_have_two_names_and_numbers_given_by_great_expectations_none(project, martgate_json):
    kind = BROKEN["type"]
    numbered = {**BROKEN, "id": "3f2b8f3e-7a53-4c9c-9a52-1f6f0a2b9a11"}
    write(project, suite(numbered, {**numbered, "kwargs": {"column": "n", "min_value": 1}}))
    told = outcomes(martgate_json("run", "made", "--date", DAY)[1])
    assert {f"n|{kind}@more", f"n|{kind}-2@more"} <= told.keys()


def test_escaped_characters_of_any_plane_are_read(project, martgate_json):
    write(project, suite({**BROKEN, "description": "Small \U0001f600 numbers \\ud83d."}))
    assert martgate_json("run", "made", "--date", DAY)[0] == 1


def test_a_folder_that_is_named_and_not_there_is_an_error(project, capfd):
    assert call(["run", "made", "--date", DAY, "--expectations", "nowhere"]) == 2
    assert "nowhere: there is no such folder" in capfd.readouterr().err


def test_a_suite_is_about_the_version_that_it_names(project, martgate_json):
    text = CONTRACT.format(name="made").replace("1.0.0", "2.0.0")
    text += "customProperties: [{property: validFrom, value: 2024-02-01}]\n"
    (project / "contracts" / "made2.odcs.yaml").write_text(text)
    write(project, suite(BROKEN, name="s.made@2.more"))
    assert martgate_json("run", "made", "--date", DAY)[0] == 0
    assert martgate_json("run", "made", "--date", "2024-02-01")[0] == 1
