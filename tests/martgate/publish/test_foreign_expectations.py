"""A contract that names expectations which only Great Expectations knows, from lint to page."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call

pytestmark = pytest.mark.xdist_group("great_expectations")

CONTRACT = """
{apiVersion: v3.2.0, kind: DataContract, id: visits, name: visits, version: 1.0.0, status: active, schema: [
  {name: visits, properties: [
    {name: pages, logicalType: integer, physicalType: int, quality: [
      {id: usual, type: custom, engine: greatExpectations, severity: SEVERITY,
       implementation: {type: expect_column_median_to_be_between, kwargs: {max_value: 2}}},
      {id: settled, type: custom, engine: greatExpectations,
       implementation: {type: expect_column_values_to_be_increasing, allow_vacuous: VACUOUS, kwargs: {}}}]},
    {name: month, logicalType: string, physicalType: string, quality: [
      {id: monthly, type: custom, engine: greatExpectations, severity: warning,
       implementation: {type: expect_column_values_to_match_strftime_format, kwargs: {strftime_format: "%Y-%m"}}}]}]}]}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(pages, severity=.., vacuous=..): a folder with a contract and its data."""
    monkeypatch.chdir(tmp_path)

    def make(pages, *, severity="error", vacuous="false", contract=CONTRACT):
        text = contract.replace("SEVERITY", severity).replace("VACUOUS", vacuous)
        Path("visits.odcs.yaml").write_text(text, encoding="utf-8")
        months = pa.array(["2024-01", "2024-1x", None, "2024-02"][: len(pages)], pa.string())
        pq.write_table(pa.table({"pages": pa.array(pages, pa.int32()), "month": months}), "visits.parquet")

    return make


def gate(capfd, *more):
    capfd.readouterr()
    arguments = ["gate", "visits", "--input", "visits.parquet", "--contract", "visits.odcs.yaml", *more]
    code = call([*arguments, "--json"])
    return code, json.loads(capfd.readouterr()[0])


def outcomes(told):
    return {one["rule"]: one["outcome"] for one in told["verdicts"] if one["kind"] == "foreign"}


def test_its_verdicts_stand_among_ours_and_weigh_what_their_severity_says(project, capfd):
    project([1, 2, 3, 4])
    code, told = gate(capfd, "--report", "none")
    assert (code, told["decision"]) == (1, "refused")
    assert outcomes(told) == {"pages|usual": "failed", "pages|settled": "passed", "month|monthly": "failed"}
    (reason,) = told["reasons"]
    assert "pages|usual" in reason
    project([1, 2, 3, 4], severity="warning")
    assert gate(capfd, "--report", "none")[0] == 0


def test_what_it_passes_because_nothing_was_there_is_refused_unless_the_contract_says_otherwise(project, capfd):
    project([None, None], severity="warning")
    code, told = gate(capfd, "--report", "none")
    assert (code, outcomes(told)["pages|settled"]) == (1, "vacuous")
    project([None, None], severity="warning", vacuous="true")
    assert gate(capfd, "--report", "none")[0] == 0


def test_the_page_and_the_result_beside_it_tell_it(project, capfd):
    project([1, 2, 3, 4])
    told = gate(capfd)[1]
    page = Path(told["report"])
    assert "expect_column_median_to_be_between" in page.read_text(encoding="utf-8")
    result = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    found = {one["expectation_config"]["meta"]["rule"]: one for one in result["results"]}
    assert found["pages|usual"]["result"]["observed_value"] == "2.5"
    monthly = found["month|monthly"]["result"]
    assert (monthly["element_count"], monthly["missing_count"], monthly["unexpected_count"]) == (4, 1, 1)
    assert monthly["partial_unexpected_list"] == ["2024-1x"]


def test_lint_holds_arguments_against_the_expectations_own_class_and_says_where(project, capfd):
    project([1], contract=CONTRACT.replace("max_value: 2", "max_valu: 2"))
    assert call(["lint", "visits.odcs.yaml"]) == 2
    said = capfd.readouterr()[0]
    assert "has no argument 'max_valu'" in said
    assert "Did you mean 'max_value'?" in said
    assert "visits.odcs.yaml:6:" in said


def test_coverage_plan_and_exported_suite_know_it(project, capfd):
    project([1])
    Path("martgate.toml").write_text('contracts = ["."]', encoding="utf-8")
    assert call(["coverage", "visits"]) == 0
    assert "pages|usual" in capfd.readouterr()[0]
    assert call(["gate", "visits", "--explain"]) == 0
    assert "then by Great Expectations itself" in capfd.readouterr()[0]
    assert call(["export", "visits", "--to", "gx"]) == 0
    suite = json.loads(capfd.readouterr()[0])
    kinds = {one["meta"]["rule"]: (one["type"], one["kwargs"]) for one in suite["expectations"]}
    assert kinds["pages|usual"] == ("expect_column_median_to_be_between", {"column": "pages", "max_value": 2})


def test_a_suite_leaves_out_what_would_show_protected_values(project, capfd):
    project([1], contract=CONTRACT.replace("{name: pages,", "{name: pages, classification: personal,"))
    Path("martgate.toml").write_text('contracts = ["."]', encoding="utf-8")
    assert call(["export", "visits", "--to", "gx"]) == 0
    suite = json.loads(capfd.readouterr()[0])
    left_out = {one["rule"]: one["reason"] for one in suite["meta"]["out_of_scope"]}
    assert left_out.keys() == {"pages|usual", "pages|settled"}
    assert "protected" in left_out["pages|usual"]


def test_what_the_plan_knows_costs_no_import(project, tmp_path):
    known = CONTRACT.replace("expect_column_median_to_be_between", "expect_column_values_to_be_between")
    known = known.replace("values_to_be_increasing", "values_to_be_unique")
    known = known.replace(
        'match_strftime_format, kwargs: {strftime_format: "%Y-%m"}', "match_like_pattern, kwargs: {like_pattern: '%'}"
    )
    project([1], contract=known)
    program = (
        "import sys; from martgate.cli.main import call; code = call(sys.argv[1:]); "
        "sys.exit(code or 'great_expectations' in sys.modules)"
    )
    arguments = ["gate", "visits", "--input", "visits.parquet", "--contract", "visits.odcs.yaml", "--report", "none"]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, cwd=tmp_path)
