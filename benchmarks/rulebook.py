"""The rules of `wv_comm_user` as one list for every tool: what its contract says, and each rule's failures in SQL.

Rules that compare with other tables, or with earlier days, are left out for all alike. `broken` is true on the rows that break a rule, or, where
`by` is not empty, on the groups; `failures` returns one row for each of them. Both are given in Spark's SQL and DuckDB's,
over a relation named `audited`.
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
    """Each rule as JSON has it, by its kind's own fields and `name`, `kind`, `by`, `broken`, `failures`."""
    loaded, table = Catalog.load([Path(__file__).parent.parent / "contracts"]).find(TABLE)
    scope = Scope(day=Day(day, loaded.contract.zone), audited_at=datetime.now(UTC))
    types = {column.name.casefold(): column.physical_type for column in table.columns}
    asked = derive(table)
    judged, _ = scope.split_rules(asked, scope.resolve_tables(asked, table, TABLE), TABLE)
    return [_told(rule, types, scope.parameters) for rule in judged]


def _told(rule: Rule, types: Mapping[str, str], parameters: Mapping[str, str]) -> dict[str, Any]:
    check = rule.check
    by = getattr(check, "by", ())
    broken = check.group_test() if isinstance(check, GroupCheck) else ""
    broken = _bound(check.row_test(types).broken if isinstance(check, RowCheck) else broken, parameters)
    failures = _failures(check, broken, by)
    return {
        **asdict(check),
        "kind": check.kind,
        "name": rule.name,
        "by": by,
        "broken": _both(f"SELECT {broken}", cut="SELECT ") if broken else None,
        "failures": _both(failures) if failures else None,
    }


def _bound(sql: str, parameters: Mapping[str, str]) -> str:
    for name, value in parameters.items():
        sql = sql.replace(f":{name}", f"'{value}'")
    return sql


def _both(spark: str, cut: str = "") -> dict[str, str]:
    return {"spark": spark.removeprefix(cut), "duckdb": translate(spark).sql.removeprefix(cut)}


def _failures(check: Check, broken: str, by: tuple[str, ...]) -> str:  # noqa: PLR0911 - one answer a kind
    match check:
        case Unique(columns):
            filled = " AND ".join(f"{name} IS NOT NULL" for name in columns)
            listed = identifiers(columns)
            return f"SELECT {listed} FROM audited WHERE {filled} GROUP BY {listed} HAVING COUNT(*) > 1"
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
