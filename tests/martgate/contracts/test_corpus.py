"""Contracts as the public writes them: each lints clean, and what it promises is derived."""

from pathlib import Path

import pyarrow as pa
import pytest

import martgate
from martgate.contracts.odcs import read
from martgate.expectations.coverage import CoverageStatus
from martgate.expectations.derive import derive
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.project.review import compute_coverage, find_contract_problems, find_contract_warnings

CORPUS = Path(__file__).parent / "corpus"
PLATFORMS = CORPUS / "platforms.odcs.yaml"
TYPES = CORPUS / "types.odcs.yaml"
QUALITY = CORPUS / "quality.odcs.yaml"


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


def test_a_type_that_nothing_judges_is_a_warning_and_never_called_enforced():
    contract_file = read(TYPES)
    (table,) = contract_file.contract.tables
    warned = [warning.message.split(" is not checked")[0] for warning in find_contract_warnings(contract_file)]
    unjudged = ["outline", "tags", "extras", "remarks"]
    assert warned[1:] == [f"the type of {name}" for name in unjudged]
    status = {item.path: item.status for item in compute_coverage(contract_file, table)}
    paths = [f"{column.path}.physicalType" for column in table.columns if column.name in unjudged]
    assert {status[path] for path in paths if path in status} == {CoverageStatus.UNENFORCED}
    assert {rule.name for rule in derive(table)} >= {"berth_no|type", "notes|type", "outline|not_null"}
    assert not {f"{name}|type" for name in unjudged} & {rule.name for rule in derive(table)}


PROMISES = """\
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
schema:
  - name: t
    physicalType: table
    properties:
      - {name: code, logicalType: string, physicalType: "varchar(3)", classification: public}
      - {name: sign, logicalType: string, physicalType: "char(2)", logicalTypeOptions: {maxLength: 5}}
      - {name: short, logicalType: string, physicalType: "varchar(9)", logicalTypeOptions: {maxLength: 4}}
      - {name: ref, logicalType: string, physicalType: uuid}
      - {name: body, logicalType: string, physicalType: json}
      - {name: tags, logicalType: array, physicalType: "array<string>", logicalTypeOptions: {minItems: 1, maxItems: 2}}
"""
UUID = "0b6ff04a-5d3f-4a2b-9a55-3e3f0f3d6c11"


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_the_length_and_the_form_that_a_type_promises_are_rules(tmp_path, request, engine):
    if engine == "spark":
        request.getfixturevalue("spark")  # the engine joins the session that is open
    (tmp_path / "t.odcs.yaml").write_text(PROMISES, encoding="utf-8")
    good = {
        "code": ["가나다", None],
        "sign": ["xy", None],
        "short": ["abcd", None],
        "ref": [UUID, None],
        "body": ["{}", None],
        "tags": [["a"], None],
    }
    bad = {
        "code": ["abcd", "ab"],
        "sign": ["xyz", "toolong"],
        "short": ["abcde", "a"],
        "ref": ["no uuid", UUID],
        "body": ["{no json", "{}"],
        "tags": [[], ["a", "b", "c"]],
    }
    results = [martgate.check(pa.table(rows), tmp_path / "t.odcs.yaml", engine=engine) for rows in (good, bad)]
    assert results[0].failed == ()
    assert {verdict.rule.name: verdict.failed for verdict in results[1].failed} == {
        "code|max_length": 1,
        "sign|max_length": 1,
        "sign|type_max_length": 2,
        "short|max_length": 1,
        "ref|format": 1,
        "tags|min_items": 1,
        "tags|max_items": 1,
    }


def test_a_form_that_nothing_judges_is_a_warning_and_never_called_enforced(tmp_path):
    (tmp_path / "t.odcs.yaml").write_text(PROMISES, encoding="utf-8")
    contract_file = read(tmp_path / "t.odcs.yaml")
    messages = [warning.message for warning in find_contract_warnings(contract_file) if "judges" in warning.message]
    assert messages == ["body: nothing here judges whether a text is JSON"]
    statuses = {item.path: item.status for item in compute_coverage(contract_file, contract_file.contract.tables[0])}
    assert statuses["schema[0].properties[4].physicalType"] is CoverageStatus.UNENFORCED
    assert statuses["schema[0].properties[3].physicalType"] is CoverageStatus.ENFORCED


def test_a_version_of_another_scheme_is_a_warning():
    (first, *_) = find_contract_warnings(read(TYPES))
    assert first.message.startswith("'2024-05' is not a semantic version")
    assert first.line == 4


def test_data_with_a_type_that_nothing_judges_is_gated_by_the_other_clauses():
    rows = {
        "berth_no": pa.array([1, 2], pa.int64()),
        "built_at": pa.array([None, None], pa.timestamp("us")),
        "seen_at": pa.array([None, None], pa.timestamp("us", "UTC")),
        "depth": pa.array([1.5, None], pa.float64()),
        "notes": pa.array(["deep", None]),
        "outline": pa.array([{"x": 1}, None], pa.struct([("x", pa.int32())])),
        "tags": pa.array([["a"], None], pa.list_(pa.string())),
        "extras": pa.array([b"x", None], pa.binary()),
        "remarks": pa.array([True, None], pa.bool_()),
    }
    result = martgate.check(pa.table(rows), TYPES)
    assert {verdict.rule.name: verdict.failed for verdict in result.failed} == {"outline|not_null": 1}


def test_a_rule_for_the_engine_of_another_tool_is_a_warning_and_never_called_enforced():
    contract_file = read(QUALITY)
    (table,) = contract_file.contract.tables
    warned = [warning.message for warning in find_contract_warnings(contract_file) if "engine" in warning.message]
    assert warned == [
        "soda_rows is for the engine 'soda', and is not enforced here",
        "dqx_null is for the engine 'dqx', and is not enforced here",
    ]
    items = compute_coverage(contract_file, table)
    statuses = {
        item.status for item in items if item.path.startswith(("schema[0].quality[0].", "schema[0].quality[1]."))
    }
    assert statuses == {CoverageStatus.UNENFORCED}
    assert not {"table|soda_rows", "table|dqx_null"} & {rule.name for rule in derive(table)}


@pytest.mark.parametrize("engine", ["greatExpectation", "martgat", "great expectations"])
def test_a_misspelt_engine_of_ours_is_refused(tmp_path, engine):
    path = tmp_path / "wrong.odcs.yaml"
    path.write_text(QUALITY.read_text(encoding="utf-8").replace("engine: soda", f"engine: {engine}"), encoding="utf-8")
    assert "is not supported" in find_contract_problems(read(path), None)[0].message


def test_the_severity_info_warns_and_a_table_may_be_named_in_its_own_query():
    rules = {rule.name: rule for rule in derive(read(QUALITY).contract.tables[0])}
    assert rules["table|few"].severity.value == "warning"
    assert rules["table|own_name"].check.query == (
        "SELECT COUNT(*) FROM {object} t JOIN {object} u ON t.tug_no = u.tug_no WHERE t.tug_no < 0"
    )


@pytest.mark.parametrize("other", ["tugs_old", "harbour.tugs_old", "other.tugs", "tug"])
def test_a_query_about_another_table_is_still_refused(tmp_path, other):
    path = tmp_path / "wrong.odcs.yaml"
    text = QUALITY.read_text(encoding="utf-8").replace(
        "FROM tugs t JOIN `harbour`.`tugs` u", f"FROM {other} t JOIN {other} u"
    )
    path.write_text(text, encoding="utf-8")
    messages = [problem.message for problem in find_contract_problems(read(path), None)]
    assert any("does not read {object}" in message for message in messages)


def test_a_duration_of_iso_8601_is_a_promise_like_any_other():
    contract = read(QUALITY).contract
    assert [(sla.value, sla.unit) for sla in contract.slas] == [(36, "h"), (1, "y"), (1, "d")]
    (latency,) = [rule.check for rule in derive(contract.tables[0]) if rule.name == "sla|latency"]
    assert latency.seconds == 36 * 3600
