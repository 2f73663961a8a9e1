"""The text of a plan: its statements, their rules, and the columns that they read."""

from martgate.builders.ports import WrittenFile
from martgate.contracts.quality import Threshold
from martgate.expectations.explain import explain
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.plan import build_plan
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source

TYPES = {"id": "bigint", "flag": "tinyint", "code": "string", "Idle": "string", "part_date": "string"}
CHECKS = {
    "table|columns": HasColumns(tuple(TYPES)),
    "id|not_null": NotNull("id"),
    "flag|in_set": InSet("flag", (0, 1)),
    "code|max_length": Length("code", "maximum", 2),
    "code|constant": ConstantWithin(("code",), ("part_date",)),
    "table|key": Unique(("id", "part_date")),
}
FILE = WrittenFile(
    path="part_date=2024-01-01/part-0.parquet",
    rows=9,
    bytes=999,
    partition={"part_date": "2024-01-01"},
    minimum={"flag": 0},
    maximum={"flag": 1},
    null_count={"id": 0, "flag": 0, "code": 0},
)
SIZES = {"id": 1000, "flag": 10, "code": 200, "idle": 12345}


def explain_checks(checks, statistics, sizes=None):
    rules = [Rule(name=name, check=check, clauses=()) for name, check in checks.items()]
    return explain(build_plan(rules, Source("s.t", TYPES, statistics=statistics)), list(TYPES), sizes)


def test_a_plan_names_the_rules_columns_and_bytes_of_each_statement_and_the_rules_without_one(snapshot):
    assert explain_checks(CHECKS, StatisticsProofs([FILE], TYPES), SIZES) == snapshot


def test_without_files_there_are_no_bytes_and_no_proofs():
    text = explain_checks(CHECKS, StatisticsProofs())
    assert "bytes" not in text
    assert "statistics" not in text
    assert "-- no statement reads 1 column (Idle)" in text


def test_a_query_of_the_contract_may_read_anything():
    query = SqlNumber("SELECT COUNT(*) FROM {object}", Threshold("mustBe", (1,)))
    text = explain_checks({"own": query}, StatisticsProofs())
    assert "may read any column" in text
    assert "no statement" not in text
