"""Plans: few statements, each of which records its rules and can be split."""

from dataclasses import replace

import pytest
from sqlglot import exp, parse_one

from martgate.builders.ports import WrittenFile
from martgate.contracts.quality import Threshold
from martgate.expectations.explain import explain
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.moves import NeverFalls, NeverRises
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.never_disappears import NeverDisappears
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.plan import build_plan, merge_statements
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source

SOURCE = Source(
    "we_mart.t",
    {
        "id": "bigint",
        "pair": "bigint",
        "seq": "int",
        "n": "int",
        "flag": "tinyint",
        "code": "string",
        "at": "timestamp",
    },
    {"s.o": "s.o"},
    "s.earlier",
)
CHECKS = {
    "table|columns": HasColumns(("id",)),
    "id|type": HasType("id", "bigint"),
    "id|not_null": NotNull("id"),
    "flag|in_set": InSet("flag", (0, 1)),
    "code|in_set": InSet("code", tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg")),
    "code|pattern": Pattern("code", r"^[A-Z]\d$"),
    "code|max_length": Length("code", "maximum", 2),
    "at|minimum": Range("at", "minimum", "2020-01-01T00:00:00Z"),
    "n|multiple_of": MultipleOf("n", 0.5),
    "table|partitions": InPartition(("id", "code"), "code"),
    "flag|iff": Iff("flag = 1", "code IS NOT NULL"),
    "flag|implies": Implies("flag = 1", "at < CAST(:day_end AS TIMESTAMP)"),
    "table|holds": Holds("id > 0 OR flag = 1", null_passes=True),
    "table|all_or_none": AllOrNone(("code", "at")),
    "id|nulls": QualityMetric("nullValues", ("id",), Threshold("mustBeLessThan", (5,)), "percent"),
    "table|rows": QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (0,))),
    "sla|freshness": Fresh("at", 3600),
    "seq|dense": DenseSequence("seq", ("pair",), ("at", "id"), "n"),
    "n|counts": CountMatches("n", ("pair",)),
    "code|constant": ConstantWithin(("code",), ("pair",)),
    "at|least": ExtremeOf("at", "at", ("pair",), "min"),
    "flag|one": ExactlyOne(("id",), "pair", "flag = 1"),
    "table|key": Unique(("id", "pair")),
    "id|duplicates": QualityMetric("duplicateValues", ("id",), Threshold("mustBe", (0,))),
    "id|references": References(("id",), "s.o", ("k",), "w > 0"),
    "table|same": SameSet(("id", "pair"), "s.o", ("k", "l")),
    "table|sums": Reconciles("SUM(n)", "SELECT l AS pair, COUNT(*) AS measure FROM s.o GROUP BY l", ("pair",), 0.5),
    "id|gone": NeverDisappears(("id",)),
    "n|falls": NeverFalls("n", ("id",), "SELECT k AS id, w AS measure FROM s.o"),
    "table|kept": UnchangedSince(("pair", "seq"), ("id",)),
    "pair|rises": NeverRises("pair", ("seq",)),
    "table|volume": VolumeBand(("pair",), 90, 1),
    "table|shares": ShareShift(("flag", "code"), 0.05, ("pair",)),
    "table|number": SqlNumber("SELECT COUNT(*) FROM {object} WHERE n > 9", Threshold("mustBe", (0,))),
}
RULES = tuple(Rule(name=name, check=check, clauses=()) for name, check in CHECKS.items())
TOGETHER = merge_statements(build_plan(RULES, SOURCE)).statements


def test_the_plan_reads_as_sql_under_the_names_of_its_rules(snapshot):
    assert explain(build_plan(RULES, SOURCE), [*SOURCE.types, "idle"]) == snapshot


def test_every_rule_is_evaluated_once():
    plan = build_plan(RULES, SOURCE)
    counted = [rule for each in plan.measurement_plans for rule in each.rules]
    answered = [*plan.schema_checks, *(rule for query in plan.statements for rule in query.rules), *counted]
    assert sorted(rule.name for rule in answered) == sorted(CHECKS)


def test_one_scan_evaluates_all_rules_about_rows_and_one_grouping_or_join_all_that_share_it():
    plan = build_plan(RULES, SOURCE)
    assert [len(query.rules) for query in plan.statements] == [14, 4, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1]
    assert [rule.name for rule in plan.schema_checks] == ["table|columns", "id|type"]


def test_all_statements_but_scans_and_queries_of_the_contract_can_be_merged():
    assert [query.rules[0].name for query in TOGETHER] == ["id|not_null", "seq|dense", "table|number"]
    assert sorted(rule.name for query in TOGETHER for rule in query.rules) == sorted(
        rule.name for query in build_plan(RULES, SOURCE).statements for rule in query.rules
    )


def test_a_column_with_one_value_is_left_out_of_groupings():
    file = WrittenFile(path="", rows=9, bytes=1, partition={"code": "KR"}, null_count={"id": 0})
    proven = replace(SOURCE, statistics=StatisticsProofs([file], SOURCE.types))
    rules = {
        "all": ConstantWithin(("n",), ("code",)),
        "pair": ConstantWithin(("n",), ("pair", "code")),
        "same": CountMatches("n", ("pair",)),
        "key": Unique(("code", "id")),
        "place": DenseSequence("seq", ("code",), ("at",)),
    }
    plan = build_plan([Rule(name=name, check=check, clauses=()) for name, check in rules.items()], proven)
    assert [[rule.name for rule in query.rules] for query in plan.statements] == [
        ["all"],
        ["pair", "same"],
        ["place"],
        ["key"],
    ]
    assert "code" not in plan.statements[1].sql + plan.statements[3].sql


def test_an_expression_is_computed_once_however_many_rules_need_it():
    rules = [Rule(name=f"{n}", check=Holds(f"id > {n}"), clauses=()) for n in range(9)]
    (query,) = build_plan(rules, SOURCE).statements
    assert len(parse_one(query.sql, dialect="databricks").selects) == 10


def test_rows_are_counted_without_any_rule():
    (query,) = build_plan([], SOURCE).statements
    assert (query.row_count_position, query.columns) == (0, ())


@pytest.mark.parametrize("query", build_plan(RULES, SOURCE).statements, ids=lambda query: query.rules[0].name)
def test_every_statement_is_one_query_over_known_tables(query):
    tree = parse_one(query.sql, dialect="databricks")
    assert isinstance(tree, exp.Select)
    assert {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table)} <= {"we_mart.t", "s.o", "s.earlier"}
    assert max(each.width for each in query.columns) <= len(tree.selects)


@pytest.mark.parametrize(
    "query", [*build_plan(RULES, SOURCE).statements, TOGETHER[1]], ids=lambda query: query.rules[0].name
)
def test_a_statement_can_be_split_down_to_single_rules(query):
    whole = query.rules
    parts = [query]
    while any(part.split() for part in parts):
        parts = [half for part in parts for half in (part.split() or (part,))]
    assert [part.rules for part in parts] == [(rule,) for rule in whole]
