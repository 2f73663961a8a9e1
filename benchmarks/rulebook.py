"""Derives the rules of `wv_comm_user` from its contract as JSON for every tool, with SQL for the failing rows.

Rules that compare with other tables or earlier days are left out for all tools. `broken` is true for rows that break a
rule, or for groups if `by` is not empty; `failures` returns one row for each of them. Both are in the SQL of Spark and of
DuckDB, over a relation named `audited`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from martgate.builders.dialect import translate
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.expectations.derive import derive
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.groups import GroupCheck
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.rows import RowCheck
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.rules import Rule
from martgate.expectations.scope import Scope
from martgate.text.quoting import identifiers

__all__ = ["rulebook"]

TABLE = "we_mart.wv_comm_user"


def rulebook(day: date) -> list[dict[str, Any]]:
    """Return each rule as JSON: the fields of its kind, and `name`, `kind`, `by`, `broken`, `failures`."""
    loaded, table = Catalog.load([Path(__file__).parent.parent / "contracts"]).find(TABLE)
    scope = Scope(day=Day(day, loaded.contract.zone), audited_at=datetime.now(UTC))
    types = {column.name.casefold(): column.physical_type for column in table.columns}
    derived = derive(table)
    runnable, _ = scope.split_rules(derived, scope.resolve_tables(derived, table, TABLE), TABLE)
    return [_as_json(rule, types, scope.parameters) for rule in runnable]


def _as_json(rule: Rule, types: Mapping[str, str], parameters: Mapping[str, str]) -> dict[str, Any]:
    check = rule.check
    by = getattr(check, "by", ())
    broken = check.failure_condition() if isinstance(check, GroupCheck) else ""
    broken = _inline_parameters(check.row_test(types).failure if isinstance(check, RowCheck) else broken, parameters)
    failures = _failures_query(check, broken, by)
    return {
        **asdict(check),
        "kind": check.kind,
        "name": rule.name,
        "by": by,
        "broken": _translate(f"SELECT {broken}", cut="SELECT ") if broken else None,
        "failures": _translate(failures) if failures else None,
    }


def _inline_parameters(sql: str, parameters: Mapping[str, str]) -> str:
    for name, value in parameters.items():
        sql = sql.replace(f":{name}", f"'{value}'")
    return sql


def _translate(spark: str, cut: str = "") -> dict[str, str]:
    return {"spark": spark.removeprefix(cut), "duckdb": translate(spark).sql.removeprefix(cut)}


def _failures_query(check: Check, broken: str, by: tuple[str, ...]) -> str:  # noqa: PLR0911 - one return per kind
    match check:
        case Unique(columns):
            has_key = " AND ".join(f"{name} IS NOT NULL" for name in columns)
            key = identifiers(columns)
            return f"SELECT {key} FROM audited WHERE {has_key} GROUP BY {key} HAVING COUNT(*) > 1"
        case DenseSequence(column, _, order_by, length):
            over = f"PARTITION BY {identifiers(by)}"
            return (
                f"SELECT {column} FROM (SELECT *, ROW_NUMBER() OVER ({over} ORDER BY {identifiers(order_by)}) AS place, "
                f"COUNT(*) OVER ({over}) AS length FROM audited) AS placed "
                f"WHERE NOT ({column} <=> place) OR NOT ({length} <=> length)"
            )
        case Fresh(column, seconds):
            since = f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
            recent = f"MAX({column}) >= CAST('{since}' AS TIMESTAMP)"
            return f"SELECT MAX({column}) FROM audited HAVING NOT COALESCE({recent}, FALSE)"
        case QualityMetric(metric) if metric == "rowCount":
            return "SELECT COUNT(*) FROM audited HAVING COUNT(*) = 0"
        case _ if by:
            return f"SELECT {identifiers(by)} FROM audited GROUP BY {identifiers(by)} HAVING {broken}"
        case _ if broken:
            return f"SELECT * FROM audited WHERE {broken}"
        case _:
            return ""
