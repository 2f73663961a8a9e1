"""Every leaf of a contract has exactly one status, and none of a shipped contract is left out."""

from collections import Counter
from pathlib import Path

import pytest

from martgate.contracts import odcs
from martgate.contracts.quality import Severity, Threshold
from martgate.expectations.coverage import CoverageItem, CoverageStatus, classify_leaves, find_comparisons
from martgate.expectations.derive import derive_with_problems
from martgate.expectations.kinds.conditions import Holds, Iff
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.recomputed import Recomputed
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.rules import Rule

SHIPPED = sorted((Path(__file__).parents[3] / "contracts").glob("*/*.odcs.yaml"))

SMALL = """
apiVersion: v3.2.0
kind: DataContract
id: small
version: 1.0.0
status: active
slaProperties:
  - {property: freshness, value: 1, unit: d, element: t.at, driver: operational}
  - {property: retention, value: 3, unit: y, element: t.at}
  - {property: endOfLife, value: "2030-01-01"}
  - {property: latency, value: 3, unit: d}
schema:
  - name: t
    description: A table.
    customProperties:
      - {property: publishPartition, value: day}
      - {property: owner, value: day}
    quality:
      - {id: prose, type: text, description: Nice.}
      - {id: rows, metric: rowCount, mustBeGreaterThan: 0, businessImpact: high}
    properties:
      - name: at
        logicalType: timestamp
        physicalType: timestamp
        required: true
        unique: false
        logicalTypeOptions: {timezone: true, minimum: "2020-01-01T00:00:00Z"}
        classification: internal
        tags: [a]
      - name: day
        logicalType: string
        physicalType: string
        partitioned: true
        partitionKeyPosition: 1
        primaryKeyPosition: -1
        enum:
          - {value: NO, label: Norway}
        examples: [x]
"""


def statuses(text, tmp_path):
    path = tmp_path / "small.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    loaded = odcs.read(path)
    rules = [rule for table in loaded.contract.tables for rule in derive_with_problems(table).rules]
    return {item.path: item for item in classify_leaves(loaded.contract, loaded.document.leaves(), rules)}


def test_each_leaf_names_the_rule_that_enforces_it(tmp_path):
    found = statuses(SMALL, tmp_path)
    enforced = {path: item.rule for path, item in found.items() if item.status is CoverageStatus.ENFORCED}
    column, day = "schema[0].properties[0]", "schema[0].properties[1]"
    assert enforced == {
        "slaProperties[0].property": "sla|freshness",
        "slaProperties[0].value": "sla|freshness",
        "slaProperties[0].unit": "sla|freshness",
        "slaProperties[0].element": "sla|freshness",
        "slaProperties[0].driver": "sla|freshness",
        "schema[0].customProperties[0].property": "table|partitions",
        "schema[0].customProperties[0].value": "table|partitions",
        "schema[0].quality[1].id": "table|rows",
        "schema[0].quality[1].metric": "table|rows",
        "schema[0].quality[1].mustBeGreaterThan": "table|rows",
        "schema[0].quality[1].businessImpact": "table|rows",
        f"{column}.name": "table|columns",
        f"{column}.logicalType": "at|type",
        f"{column}.physicalType": "at|type",
        f"{column}.required": "at|not_null",
        f"{column}.logicalTypeOptions.minimum": "at|minimum",
        f"{day}.name": "table|columns",
        f"{day}.logicalType": "day|type",
        f"{day}.physicalType": "day|type",
        f"{day}.partitioned": "table|partitions",
        f"{day}.partitionKeyPosition": "table|partitions",
        f"{day}.enum[0].value": "day|in_set",
        f"{day}.enum[0].label": "day|in_set",
    }


def test_monitored_documentation_and_unsupported_leaves_differ(tmp_path):
    found = statuses(SMALL, tmp_path)
    by_status = {status: {path for path, item in found.items() if item.status is status} for status in CoverageStatus}
    assert by_status[CoverageStatus.MONITORED] == {
        f"slaProperties[1].{key}" for key in ("property", "value", "unit", "element")
    }
    assert by_status[CoverageStatus.UNSUPPORTED] == {f"slaProperties[3].{key}" for key in ("property", "value", "unit")}
    assert {"id", "slaProperties[2].value", "schema[0].customProperties[1].value", "schema[0].quality[0].type"} <= (
        by_status[CoverageStatus.DOCUMENTATION]
    )
    assert {"schema[0].properties[0].unique", "schema[0].properties[1].primaryKeyPosition"} <= by_status[
        CoverageStatus.DOCUMENTATION
    ]


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        ("schema[0].properties[0].logicalTypeOptions.uniqueItems", True),
        ("schema[0].properties[0].properties[0].required", True),
        ("schema[0].properties[0].items.enum[0].value", "x"),
        ("schema[0].properties[0].unheardOf", "x"),
        ("schema[0].quality[7].mustBe", 0),
        ("schema[0].properties[0].primaryKeyPosition", 1),
        ("slaProperties[0].value", 1),
        ('custom["a.b"]', 1),
    ],
)
def test_a_clause_without_a_rule_is_unsupported(make, leaf, value):
    contract = make.contract(make.table(make.column("a")))
    assert classify_leaves(contract, [(leaf, value)], ()) == (CoverageItem(leaf, CoverageStatus.UNSUPPORTED),)


def test_a_broken_quality_is_unsupported_not_silent(tmp_path):
    broken = SMALL.replace("{id: rows, metric: rowCount", "{id: rows, metric: rowCount, unit: percent")
    found = statuses(broken, tmp_path)
    assert found["schema[0].quality[1].mustBeGreaterThan"].status is CoverageStatus.UNSUPPORTED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_leaf_of_a_shipped_contract_is_unsupported(path):
    loaded = odcs.read(path)
    rules = [rule for table in loaded.contract.tables for rule in derive_with_problems(table).rules]
    leaves = list(loaded.document.leaves())
    items = classify_leaves(loaded.contract, leaves, rules)
    assert [item.path for item in items] == [path for path, _ in leaves]
    assert [item.path for item in items if item.status is CoverageStatus.UNSUPPORTED] == []
    assert Counter(item.status for item in items)[CoverageStatus.ENFORCED] > 0
    assert {item.rule for item in items if item.rule} == {rule.name for rule in rules}


NO_ROW = Threshold("mustBe", (0,))
COMPARISONS = [
    (CopiedFrom(columns=(("a", ""), ("b", "x + 1")), key=("k",), from_table="s.o", from_key=("k",)), {"a", "b"}),
    (Recomputed(("a",), ("k",), "SELECT 1"), {"a", "k"}),
    (Reconciles("SUM(a)", "SELECT 1", ("k",)), {"a", "k"}),
    (SameSet(("a", "k"), "s.o", ("x", "k")), {"a", "k"}),
    (DenseSequence("a", ("k",), ("b",)), {"a"}),
    (DenseSequence("a", ("k",), ("c",), "b"), {"a", "b"}),
    (CountMatches("a", ("k",)), {"a"}),
    (ExtremeOf("a", "b", ("k",), "min"), {"a"}),
    (InPartition(("k", "a"), "a"), {"a"}),
    (Holds("a = b * 2"), {"a"}),
    (Holds("a <=> b"), {"a"}),
    (Holds("ABS(a * k - b) <= 0.01 * k"), {"a"}),
    (Holds("a = 2"), set()),
    (Holds("a <= b"), set()),
    (Holds("ABS(a) <= b"), set()),
    (Iff("a = 1", "b = 1"), set()),
    (InSet("a", (1,)), set()),
    (References(("a",), "s.o", ("a",)), set()),
    (UnchangedSince(("a",), ("k",)), set()),
    (SqlNumber("SELECT COUNT(*) FROM {object} t JOIN s.o o ON t.k = o.k WHERE t.a <> o.x + 1", NO_ROW), {"a", "k"}),
    (SqlNumber("SELECT COUNT(*) FROM (SELECT a FROM {object} EXCEPT SELECT x FROM s.o) d", NO_ROW), {"a"}),
    (SqlNumber("SELECT COUNT(*) FROM {object} WHERE a <> b", NO_ROW), set()),
    (SqlNumber("SELECT COUNT(*) FROM {object} WHERE a > 1 AND EXISTS (SELECT 1 FROM s.o)", NO_ROW), set()),
]


@pytest.mark.parametrize(("check", "names"), COMPARISONS)
def test_a_column_is_compared_by_a_rule_that_knows_its_value(make, check, names):
    """A rule that only limits a value, or looks whether it exists elsewhere, does not know it."""
    table = make.table(*(make.column(name) for name in "abck"))
    rule = Rule(name="a|rule", check=check, clauses=())
    assert set(find_comparisons(table, [rule])) == names
    assert find_comparisons(table, [Rule(name="a|rule", check=check, clauses=(), severity=Severity.WARNING)]) == {}


SOURCES = """
apiVersion: v3.2.0
kind: DataContract
id: small
version: 1.0.0
status: active
schema:
  - name: t
    quality:
      - {id: copied, type: custom, engine: martgate, implementation: {rule: copied_from, from: s.o, key: [k], columns: [a]}}
    properties:
      - {name: k, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, transformLogic: o.k}
      - {name: a, logicalType: integer, transformSourceObjects: [s.o.a, s.o.b], transformLogic: o.a + o.b}
      - {name: b, logicalType: integer, transformSourceObjects: [s.o.b]}
"""


def test_the_origin_of_a_column_is_unenforced_until_a_rule_compares_it(tmp_path):
    found = statuses(SOURCES, tmp_path)
    column = "schema[0].properties"
    origins = {path: (item.status, item.rule) for path, item in found.items() if ".transform" in path}
    assert origins == {
        f"{column}[0].transformLogic": (CoverageStatus.UNENFORCED, ""),
        f"{column}[1].transformSourceObjects[0]": (CoverageStatus.ENFORCED, "table|copied"),
        f"{column}[1].transformSourceObjects[1]": (CoverageStatus.ENFORCED, "table|copied"),
        f"{column}[1].transformLogic": (CoverageStatus.ENFORCED, "table|copied"),
        f"{column}[2].transformSourceObjects[0]": (CoverageStatus.UNENFORCED, ""),
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_column_of_the_mart_with_a_source_is_compared_with_it(path):
    for table in odcs.read(path).contract.tables:
        comparisons = find_comparisons(table, derive_with_problems(table).rules)
        assert [column.name for column in table.columns if column.sources and column.name not in comparisons] == []
