"""Soda 4: one contract in its YAML, verified on a view over the files; rules without a check are `failed_rows`."""

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
    verdicts: Verdicts = {}
    for one in result.check_results:
        if one.check.type == "schema":
            verdicts |= shape(job, one)
        else:
            assert one.outcome in (CheckOutcome.PASSED, CheckOutcome.FAILED), (one.check.name, session.get_errors())
            verdicts[one.check.name] = one.outcome is CheckOutcome.PASSED
    return verdicts


def shape(job: Job, result: Any) -> Verdicts:
    """Split the one check about all columns into verdicts by column."""
    mistyped = {
        one.column if isinstance(one.column, str) else one.column.name for one in result.column_data_type_mismatches
    }
    differing = result.expected_column_names_not_actual or result.actual_column_names_not_expected
    verdicts = {rule["name"]: rule["column"] not in mistyped for rule in job.of("type")}
    return verdicts | {
        rule["name"]: not differing and not result.are_columns_out_of_order for rule in job.of("columns")
    }


def contract_of(job: Job) -> dict[str, Any]:
    table = [{"schema": {}}, *(soda_check for rule in job.rules if (soda_check := table_check(rule)))]
    columns = [
        {
            "name": column,
            "data_type": TYPES[kind],
            "checks": [
                soda_check for rule in job.rules if rule.get("column") == column and (soda_check := column_check(rule))
            ],
        }
        for column, kind in job.types.items()
    ]
    for column in columns:
        if not column["checks"]:
            del column["checks"]
    return {"dataset": "files/main/audited", "columns": columns, "checks": table}


def column_check(rule: Rule) -> dict[str, Any] | None:
    identity = {"name": rule["name"], "qualifier": rule["name"].replace("|", "_")}
    match rule:
        case {"kind": "not_null"}:
            return {"missing": identity}
        case {"kind": "in_set", "values": values}:
            return {"invalid": {**identity, "valid_values": values}}
        case {"kind": "range", "value": value}:
            return {"invalid": {**identity, "valid_min": value}}
        case {"kind": "length", "value": value}:
            return {"invalid": {**identity, "valid_min_length": value}}
        case {"kind": "pattern", "pattern": pattern}:
            return {"invalid": {**identity, "valid_format": {"name": "day", "regex": pattern}}}
    return None


def table_check(rule: Rule) -> dict[str, Any] | None:
    identity = {"name": rule["name"], "qualifier": rule["name"].replace("|", "_")}
    if rule["kind"] == "unique":
        return {"duplicate": {**identity, "columns": rule["columns"]}}
    if rule["kind"] == "metric":
        return {"row_count": identity}
    if rule["kind"] == "fresh":
        hours = {"unit": "hour", "must_be_less_than_or_equal": rule["seconds"] / 3600}
        return {"freshness": {**identity, "column": rule["column"], "threshold": hours}}
    if rule["kind"] in ("not_null", "in_set", "range", "length", "pattern", "type", "columns"):
        return None
    if rule["broken"] and not rule["by"]:
        return {"failed_rows": {**identity, "expression": rule["broken"]["duckdb"]}}
    return {
        "failed_rows": {**identity, "query": rule["failures"]["duckdb"].replace("FROM audited", "FROM main.audited")}
    }


run(check)
