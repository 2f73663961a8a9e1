"""Soda 4: one contract in its own YAML, verified on a view over the files; what has no check of its own is a `failed_rows`."""

import json
from pathlib import Path
from typing import Any

import duckdb
from job import Job, Rule, Verdicts, read_parquet, run
from soda_core.contracts.api import verify_contract_locally
from soda_core.contracts.contract_verification import CheckOutcome
from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

TYPES = {"tinyint": "tinyint", "int": "integer", "bigint": "bigint", "string": "varchar", "date": "date"}
TYPES |= {"timestamp": "timestamp with time zone"}


def check(job: Job, _: str) -> Verdicts:
    contract = Path(job.spill) / "audited.yaml"
    contract.write_text(json.dumps(contract_of(job)), encoding="utf-8")  # JSON is YAML
    with duckdb.connect(config={"memory_limit": job.memory_limit, "temp_directory": job.spill}) as database:
        database.execute("SET TimeZone = 'UTC'")
        with job.checking():
            database.execute(f"CREATE VIEW audited AS {read_parquet(job)[1:-1]}")
            source = DuckDBDataSourceImpl.from_existing_cursor(database, name="files")
            session = verify_contract_locally(data_sources=[source], contract_file_path=str(contract))
        (result,) = session.contract_verification_results
    found: Verdicts = {}
    for one in result.check_results:
        if one.check.type == "schema":
            found |= shape(job, one)
        else:
            assert one.outcome in (CheckOutcome.PASSED, CheckOutcome.FAILED), (one.check.name, session.get_errors())
            found[one.check.name] = one.outcome is CheckOutcome.PASSED
    return found


def shape(job: Job, result: Any) -> Verdicts:
    """One check tells of all columns at once; here each is told for itself."""
    wrong = {
        one.column if isinstance(one.column, str) else one.column.name for one in result.column_data_type_mismatches
    }
    lost = result.expected_column_names_not_actual or result.actual_column_names_not_expected
    found = {rule["name"]: rule["column"] not in wrong for rule in job.of("type")}
    return found | {rule["name"]: not lost and not result.are_columns_out_of_order for rule in job.of("columns")}


def contract_of(job: Job) -> dict[str, Any]:
    table = [{"schema": {}}, *(made for rule in job.rules if (made := table_check(rule)))]
    columns = [
        {
            "name": column,
            "data_type": TYPES[kind],
            "checks": [made for rule in job.rules if rule.get("column") == column and (made := column_check(rule))],
        }
        for column, kind in job.types.items()
    ]
    for column in columns:
        if not column["checks"]:
            del column["checks"]
    return {"dataset": "files/main/audited", "columns": columns, "checks": table}


def column_check(rule: Rule) -> dict[str, Any] | None:
    named = {"name": rule["name"], "qualifier": rule["name"].replace("|", "_")}
    match rule:
        case {"kind": "not_null"}:
            return {"missing": named}
        case {"kind": "in_set", "values": values}:
            return {"invalid": {**named, "valid_values": values}}
        case {"kind": "range", "value": value}:
            return {"invalid": {**named, "valid_min": value}}
        case {"kind": "length", "value": value}:
            return {"invalid": {**named, "valid_min_length": value}}
        case {"kind": "pattern", "pattern": pattern}:
            return {"invalid": {**named, "valid_format": {"name": "day", "regex": pattern}}}
    return None


def table_check(rule: Rule) -> dict[str, Any] | None:
    named = {"name": rule["name"], "qualifier": rule["name"].replace("|", "_")}
    if rule["kind"] == "unique":
        return {"duplicate": {**named, "columns": rule["columns"]}}
    if rule["kind"] == "metric":
        return {"row_count": named}
    if rule["kind"] == "fresh":
        hours = {"unit": "hour", "must_be_less_than_or_equal": rule["seconds"] / 3600}
        return {"freshness": {**named, "column": rule["column"], "threshold": hours}}
    if rule["kind"] in ("not_null", "in_set", "range", "length", "pattern", "type", "columns"):
        return None
    if rule["broken"] and not rule["by"]:
        return {"failed_rows": {**named, "expression": rule["broken"]["duckdb"]}}
    return {"failed_rows": {**named, "query": rule["failures"]["duckdb"].replace("FROM audited", "FROM main.audited")}}


run(check)
