"""Values of a classified column reach no page, no record, no ledger, no terminal: not even when everything fails."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call

CANARIES = [f"canary-{n}@secret.example" for n in range(40)]

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
schema:
  - name: people
    quality:
      - {id: cast, type: custom, engine: martgate, implementation: {rule: holds, expression: "LENGTH(email) > CAST(id AS INT)"}}
      - {id: breaks, type: sql, query: "SELECT SUM(CAST(email AS INT)) FROM {object}", mustBe: 0}
      - {id: tells, type: sql, query: "SELECT MAX(email) FROM {object}", mustBe: 0}
      - {id: constant, type: custom, engine: martgate, implementation: {rule: constant_within, columns: [email], by: [email_group]}}
      - {id: pair, metric: duplicateValues, arguments: {properties: [email, email_group]}, mustBe: 0}
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: email_group, logicalType: integer, physicalType: bigint, required: true}
      - name: email
        logicalType: string
        physicalType: string
        classification: personal
        required: true
        unique: true
        enum: [{value: known}]
        logicalTypeOptions: {pattern: "^[a-z]+$", maxLength: 5}
"""


@pytest.mark.xdist_group("great_expectations")
@pytest.mark.parametrize("report", ["full", "fast"])
def test_no_value_of_a_classified_column_is_found_in_anything_that_a_run_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], report: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    rows = {"id": list(range(80)), "email_group": [1] * 80, "email": CANARIES * 2}
    pq.write_table(pa.table(rows), "people.parquet")
    arguments = ["gate", "people", "--input", "people.parquet", "--contract", "people.odcs.yaml", "--report", report]
    assert call(arguments) == 1
    assert call([*arguments, "--json"]) == 1
    out, err = capfd.readouterr()
    assert "email|pattern" in out
    left = [file for file in tmp_path.joinpath("out").rglob("*") if file.is_file()]
    assert {file.suffix for file in left} >= {".html", ".json", ".db"}
    for place, content in [("stdout", out), ("stderr", err), *((str(file), file.read_bytes()) for file in left)]:
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        assert "canary" not in text, place
