"""Every clause of a contract becomes the rule that enforces it, or is reported as a mistake."""

from dataclasses import replace
from pathlib import Path

import pytest

from martgate.contracts import odcs
from martgate.contracts.model import Relationship, Sla
from martgate.contracts.quality import Quality, QualityType, Severity, Threshold
from martgate.errors import InvalidInput
from martgate.expectations import formats
from martgate.expectations.derive import derive, derive_with_problems
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.copied_from import CopiedFrom
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
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.kinds.volume_band import VolumeBand

ROOM = Path(__file__).parents[3] / "contracts"
SHIPPED = sorted(ROOM.glob("*/*.odcs.yaml"))
MUST_BE_0 = Threshold("mustBe", (0,))


@pytest.fixture
def derived(make):
    """derived(column..): the rules of a table, by name."""

    def _derived(*columns, slas=(), **more):
        table = make.table(*columns, **more)
        return {rule.name: rule for rule in derive(make.contract(table, slas=slas).tables[0])}

    return _derived


@pytest.fixture
def mistakes(make):
    """mistakes(column..): the problems of a table that cannot be checked."""

    def _mistakes(*columns, slas=(), **more):
        table = make.table(*columns, **more)
        with pytest.raises(InvalidInput) as caught:
            derive(make.contract(table, slas=slas).tables[0])
        assert all(problem.file == "small.odcs.yaml" for problem in caught.value.problems)
        return {problem.path: f"{problem.message} ({problem.hint})" for problem in caught.value.problems}

    return _mistakes


def test_a_column_s_clauses_become_rules_that_name_their_leaves(derived, make):
    options = {
        "minLength": 1,
        "maxLength": 9,
        "pattern": "^[a-z]+$",
        "format": "email",
    }
    column = make.column("a", "string", required=True, unique=True, enum=("x", "y"), options=options)
    found = derived(column)
    assert {name: rule.check for name, rule in found.items()} == {
        "table|columns": HasColumns(("a",)),
        "a|type": HasType("a", "string"),
        "a|not_null": NotNull("a"),
        "a|unique": Unique(("a",)),
        "a|in_set": InSet("a", ("x", "y")),
        "a|min_length": Length("a", "minimum", 1),
        "a|max_length": Length("a", "maximum", 9),
        "a|pattern": Pattern("a", "^[a-z]+$"),
        "a|format": Pattern("a", f"^(?:{formats._TEXTS['email']})$"),
    }
    assert found["table|columns"].clauses == ("schema[0].properties[0].name",)
    assert found["a|not_null"].clauses == ("schema[0].properties[0].required",)
    assert found["a|pattern"].clauses == ("schema[0].properties[0].logicalTypeOptions.pattern",)
    assert {rule.columns for name, rule in found.items() if name != "table|columns"} == {("a",)}


def test_numeric_options_become_one_rule_a_bound(derived, make):
    options = {"minimum": 0, "maximum": 9, "exclusiveMinimum": -1, "exclusiveMaximum": 10, "multipleOf": 3}
    found = derived(make.column("a", options=options))
    assert [rule.check for name, rule in found.items() if name not in ("table|columns", "a|type")] == [
        Range("a", "minimum", 0),
        Range("a", "maximum", 9),
        Range("a", "exclusive_minimum", -1),
        Range("a", "exclusive_maximum", 10),
        MultipleOf("a", 3),
    ]
    names = ["a|minimum", "a|maximum", "a|exclusive_minimum", "a|exclusive_maximum", "a|multiple_of"]
    assert list(found)[2:] == names


def test_types_are_compared_in_spark_s_spelling(derived, make):
    found = derived(make.column("a", "VARCHAR(10)"), make.column("b", "LONG", at=1))
    assert (found["a|type"].check.type, found["b|type"].check.type) == ("string", "bigint")


def test_a_composite_key_is_one_rule_and_its_columns_are_never_null(derived, make):
    found = derived(
        make.column("b", at=0, primary_key_position=2),
        make.column("a", at=1, primary_key_position=1, required=True),
    )
    assert found["table|key"].check == Unique(("a", "b"))
    assert "schema[0].properties[0].primaryKeyPosition" in found["table|key"].clauses
    assert {"a|not_null", "b|not_null"} <= set(found)
    assert "b|unique" not in found


@pytest.mark.parametrize(("custom", "day"), [({"publishPartition": "d"}, "d"), ({}, None)])
def test_partitions_know_which_of_them_is_the_day(derived, make, custom, day):
    columns = [make.column(name, "string", at=n, partition_position=2 - n) for n, name in enumerate("dc")]
    assert derived(*columns, custom=custom)["table|partitions"].check == InPartition(("c", "d"), day)


def test_relationships_become_references(derived, make):
    to = Relationship(
        path="schema[0].properties[0].relationships[0]", columns=("a",), to_table="s.o", to_columns=("k",)
    )
    both = Relationship(path="schema[0].relationships[0]", columns=("a", "b"), to_table="s.o", to_columns=("k", "l"))
    again = replace(to, path="schema[0].properties[0].relationships[1]", to_table="s.p")
    found = derived(make.column("a", relationships=(to, again)), make.column("b", at=1), relationships=(both,))
    assert found["a|references"].check == References(("a",), "s.o", ("k",))
    assert found["a|references-2"].check == References(("a",), "s.p", ("k",))
    assert found["table|references"].check == References(("a", "b"), "s.o", ("k", "l"))
    assert found["table|references"].clauses == ("schema[0].relationships[0]",)


def test_allow_vacuous_comes_from_the_rule_the_column_or_the_table(derived, make):
    nullable = make.column("a", options={"minimum": 0}, custom={"allowVacuous": True})
    table_wide = make.quality("q", rule="holds", expression="b > 0", allow_vacuous=True)
    found = derived(nullable, make.column("b", at=1, required=True), quality=(table_wide,))
    assert {name for name, rule in found.items() if rule.allow_vacuous} == {"a|type", "a|minimum", "table|q"}
    every = derived(make.column("b"), custom={"allowVacuous": True})
    assert all(rule.allow_vacuous for rule in every.values())


def library(metric, threshold=MUST_BE_0, *, name="q", path="schema[0].quality[0]", **more):
    return Quality(path=path, id=name, type=QualityType.LIBRARY, metric=metric, threshold=threshold, **more)


def test_library_metrics_keep_their_words(derived, make):
    column = make.column(
        "a",
        "string",
        quality=(
            library("nullValues", name="n", unit="percent", severity=Severity.WARNING, dimension="completeness"),
            library("missingValues", name="m", arguments={"missingValues": [None, "", "N/A"]}),
            library("missingValues", name="m2"),
            library("invalidValues", name="i", arguments={"validValues": ["x", None], "pattern": "[a-z]"}),
            library("duplicateValues", name="d"),
        ),
    )
    keys = library("duplicateValues", name="keys", arguments={"properties": ["t.a", "b"]})
    found = derived(column, make.column("b", at=1), quality=(library("rowCount", name="rows"), keys))
    assert found["a|n"].check == QualityMetric("nullValues", ("a",), MUST_BE_0, "percent")
    assert (found["a|n"].severity, found["a|n"].dimension) == (Severity.WARNING, "completeness")
    assert found["a|m"].check.missing_values == (None, "", "N/A")
    assert found["a|m2"].check.missing_values == (None,)
    assert (found["a|i"].check.valid_values, found["a|i"].check.pattern) == (("x",), "[a-z]")
    assert found["table|keys"].check.columns == ("a", "b")
    assert found["table|rows"].check == QualityMetric("rowCount", (), MUST_BE_0)
    assert found["table|rows"].clauses == ("schema[0].quality[0]",)


def test_prose_is_no_rule(derived, make):
    prose = Quality(path="schema[0].quality[0]", id="p", type=QualityType.TEXT, description="Nice data.")
    assert set(derived(make.column("a"), quality=(prose,))) == {"table|columns", "a|type"}


IMPLEMENTATIONS = [
    ({"rule": "holds", "expression": "a > 0", None: "pass"}, Holds("a > 0", null_passes=True)),
    ({"rule": "holds", "expression": "a > 0", "null": "fail"}, Holds("a > 0")),
    ({"rule": "implies", "when": "a = 1", "then": "b > 0"}, Implies("a = 1", "b > 0")),
    ({"rule": "iff", "left": "a = 1", "right": "b > 0"}, Iff("a = 1", "b > 0")),
    ({"rule": "all_or_none", "columns": ["a", "b"]}, AllOrNone(("a", "b"))),
    ({"rule": "constant_within", "columns": ["a"], "by": "b"}, ConstantWithin(("a",), ("b",))),
    (
        {"rule": "dense_sequence", "column": "a", "by": ["b"], "order_by": ["b"], "length": "b"},
        DenseSequence("a", ("b",), ("b",), "b"),
    ),
    ({"rule": "count_matches", "column": "a", "by": ["b"]}, CountMatches("a", ("b",))),
    (
        {"rule": "extreme_of", "column": "a", "of": "b", "by": ["b"], "extreme": "max"},
        ExtremeOf("a", "b", ("b",), "max"),
    ),
    ({"rule": "exactly_one", "by": ["a"], "distinct": "b", "where": "b > 0"}, ExactlyOne(("a",), "b", "b > 0")),
    (
        {"rule": "references", "columns": ["a"], "to": "s.o", "where": "anything = 1"},
        References(("a",), "s.o", ("a",), "anything = 1"),
    ),
    ({"rule": "same_set", "columns": "a", "to": "s.o", "to_columns": "k"}, SameSet(("a",), "s.o", ("k",))),
    (
        {"rule": "reconciles", "measure": "SUM(a)", "against": "SELECT 1 AS measure", "by": [], "tolerance": 0.5},
        Reconciles("SUM(a)", "SELECT 1 AS measure", (), 0.5),
    ),
    (
        {
            "rule": "copied_from",
            "columns": {"b": "UPPER(v)"},
            "key": "a",
            "from": "s.o",
            "from_key": "k",
            "where": "w > 0",
            "latest_by": ["n", "m"],
            "default": {"b": "x"},
        },
        CopiedFrom((("b", "UPPER(v)"),), ("a",), "s.o", ("k",), "w > 0", ("n", "m"), default=(("b", "x"),)),
    ),
    (
        {"rule": "copied_from", "columns": ["B"], "key": ["a"], "from": "s.o"},
        CopiedFrom((("b", ""),), ("a",), "s.o", ("a",)),
    ),
    (
        {"rule": "copied_from", "columns": "b", "key": ["a"], "against": "SELECT a, b FROM s.o"},
        CopiedFrom((("b", ""),), ("a",), against="SELECT a, b FROM s.o"),
    ),
    ({"rule": "fresh", "column": "a", "seconds": 60}, Fresh("a", 60)),
    ({"rule": "unique", "columns": ["A"]}, Unique(("a",))),
    ({"rule": "in_set", "column": "a", "values": [1, 2]}, InSet("a", (1, 2))),
    ({"rule": "range", "column": "a", "bound": "minimum", "value": 1}, Range("a", "minimum", 1)),
]


@pytest.mark.parametrize(("implementation", "check"), IMPLEMENTATIONS, ids=lambda value: getattr(value, "kind", ""))
def test_an_implementation_is_read_into_its_kind(derived, make, implementation, check):
    quality = replace(make.quality("q"), implementation=implementation)
    assert derived(make.column("a"), make.column("b", at=1), quality=(quality,))["table|q"].check == check


def test_the_column_that_a_rule_stands_on_goes_without_saying(derived, make):
    found = derived(
        make.column("a", quality=(make.quality("counts", rule="count_matches", by=["b"]),)),
        make.column("b", at=1, quality=(make.quality("constant", rule="constant_within", by=["a"]),)),
    )
    assert found["a|counts"].check == CountMatches("a", ("b",))
    assert found["b|constant"].check == ConstantWithin(("b",), ("a",))


I = "schema[0].quality[0].implementation"  # noqa: E741 (it stands in every line below)
BAD = [
    ({}, "schema[0].quality[0].implementation", "expected an object"),
    ({"expression": "a > 0"}, I, "names no rule"),
    ({"rule": "hold"}, f"{I}.rule", "Did you mean 'holds'? known kinds are all_or_none, churn, constant_within"),
    ({"rule": "never_moves", "column": "a"}, f"{I}.rule", "rule 'never_moves' is not known"),
    ({"rule": "never_falls", "column": "a", "key": ["b"]}, f"{I}.rule", "it is published whole"),
    ({"rule": "never_falls", "column": "a"}, I, "rule never_falls needs 'key'"),
    ({"rule": "columns", "columns": ["a"]}, f"{I}.rule", "rule 'columns' is not known"),
    ({"rule": "holds"}, I, "rule holds needs 'expression'"),
    ({"rule": "holds", "expression": "a > 0", "colum": "a"}, f"{I}.colum", "rule holds has no 'colum'"),
    ({"rule": "holds", "expression": "a > 0", "a.b": 1}, f'{I}["a.b"]', "rule holds has no 'a.b'"),
    ({"rule": "holds", "expression": "a > 0", "null": "maybe"}, f"{I}.null", "expected pass or fail"),
    ({"rule": "holds", "expression": "a > 0; DROP TABLE t"}, f"{I}.expression", "without `;`"),
    ({"rule": "holds", "expression": "a > 0) OR (1 = 1"}, f"{I}.expression", "not readable as Spark SQL"),
    ({"rule": "holds", "expression": "a > 0 -- sure"}, f"{I}.expression", "a fragment has no comments"),
    ({"rule": "holds", "expression": "a > 0, b > 0"}, f"{I}.expression", "not readable as Spark SQL"),
    ({"rule": "holds", "expression": "SUM(a) > 0"}, f"{I}.expression", "no aggregates"),
    ({"rule": "holds", "expression": "a IN (SELECT 1)"}, f"{I}.expression", "not other tables"),
    ({"rule": "holds", "expression": "ROW_NUMBER() OVER (ORDER BY a) = 1"}, f"{I}.expression", "no window functions"),
    ({"rule": "holds", "expression": "a > :day"}, f"{I}.expression", "unknown parameter :day; known are :audited_at"),
    ({"rule": "holds", "expression": "bb > 0"}, f"{I}.expression", "t has no column 'bb'"),
    ({"rule": "holds", "expression": 7}, f"{I}.expression", "found 7, expected text"),
    ({"rule": "reconciles", "measure": "a", "against": "SELECT 1", "by": []}, f"{I}.measure", "expected an aggregate"),
    ({"rule": "reconciles", "measure": "COUNT(*)", "against": "DROP TABLE t", "by": []}, f"{I}.against", "one SELECT"),
    ({"rule": "unique", "columns": ["a", "x"]}, f"{I}.columns", "t has no column 'x'"),
    ({"rule": "unique", "columns": ["a", "a"]}, f"{I}.columns", "'a' is listed twice"),
    ({"rule": "unique", "columns": []}, f"{I}.columns", "at least 1"),
    ({"rule": "unique", "columns": [1]}, f"{I}.columns", "a list of column names"),
    ({"rule": "all_or_none", "columns": ["a"]}, f"{I}.columns", "at least 2 columns, found 1"),
    ({"rule": "same_set", "columns": ["a"], "to": "s.o", "by": ["a"]}, f"{I}.by", "rule same_set has no 'by'"),
    ({"rule": "references", "columns": ["a", "b"], "to": "s.o", "to_columns": ["k"]}, f"{I}.to_columns", "do not pair"),
    ({"rule": "fresh", "column": "a", "seconds": 1.5}, f"{I}.seconds", "a whole number"),
    ({"rule": "fresh", "column": "a", "seconds": -1}, f"{I}.seconds", "0 or more"),
    ({"rule": "extreme_of", "column": "a", "of": "b", "by": "b", "extreme": "avg"}, f"{I}.extreme", "one of min, max"),
    ({"rule": "pattern", "column": "a", "pattern": "("}, f"{I}.pattern", "not a regular expression"),
    ({"rule": "in_set", "column": "a", "values": [float("inf")]}, f"{I}.values", "expected a text, a number"),
    ({"rule": "holds", "expression": "a > 0", "allow_vacuous": "yes"}, f"{I}.allow_vacuous", "expected true or false"),
]


@pytest.mark.parametrize(("implementation", "path", "message"), BAD)
def test_a_wrong_implementation_is_told_with_its_place(mistakes, make, implementation, path, message):
    quality = replace(make.quality("q"), implementation=implementation)
    problems = mistakes(make.column("a"), make.column("b", at=1), quality=(quality,))
    assert list(problems) == [path]
    assert message in problems[path]


def test_every_mistake_is_told_at_once(mistakes, make):
    problems = mistakes(
        make.column("a", "strin", options={"pattern": "(", "multipleOf": 0, "minLength": -1, "format": "zip"}),
        quality=(
            make.quality("q", rule="implies", when="x", then="y)"),
            make.quality("r", path="schema[0].quality[1]", rule="nope"),
            replace(make.quality("s", path="schema[0].quality[2]"), engine="martgat"),
        ),
        slas=(Sla(path="slaProperties[0]", property="freshness", value=1, unit="fortnight", element="t.a"),),
        relationships=(
            Relationship(path="schema[0].relationships[0]", columns=("z",), to_table="o", to_columns=("k",)),
        ),
    )
    assert set(problems) == {
        "schema[0].properties[0].physicalType",
        "schema[0].properties[0].logicalTypeOptions.pattern",
        "schema[0].properties[0].logicalTypeOptions.multipleOf",
        "schema[0].properties[0].logicalTypeOptions.minLength",
        "schema[0].properties[0].logicalTypeOptions.format",
        "schema[0].relationships[0]",
        "schema[0].quality[0].implementation.when",
        "schema[0].quality[0].implementation.then",
        "schema[0].quality[1].implementation.rule",
        "schema[0].quality[2].engine",
        "slaProperties[0].unit",
    }


QUALITIES = [
    (library("nullValues"), "schema[0].quality[0]", "move it to a column"),
    (library("duplicateValues"), "schema[0].quality[0]", "list them as arguments.properties"),
    (library("duplicateValues", arguments={"properties": ["x"]}), "schema[0].quality[0].arguments.properties", "'x'"),
    (library("rowCount", unit="percent"), "schema[0].quality[0].unit", "no percentage"),
    (library("rowCount", None), "schema[0].quality[0]", "has no operator"),
    (library("rowCount", arguments={"x": 1}), "schema[0].quality[0].arguments.x", "has no argument 'x'"),
    (library(None), "schema[0].quality[0]", "has no metric"),
]


@pytest.mark.parametrize(("quality", "path", "message"), QUALITIES)
def test_a_metric_that_says_too_little_is_told(mistakes, make, quality, path, message):
    problems = mistakes(make.column("a"), quality=(quality,))
    assert list(problems) == [path]
    assert message in problems[path]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT COUNT(*) FROM others", "the query does not read {object}"),
        ("DELETE FROM {object}", "expected one SELECT"),
        ("SELECT COUNT({property}) FROM {object}", "{property} stands for a column"),
        ("SELECT COUNT(*) FROM {object} WHERE", "not readable as Spark SQL"),
        ("SELECT 1 FROM {object}; SELECT 2", "without `;`"),
    ],
)
def test_a_query_that_cannot_answer_is_told(mistakes, make, query, message):
    quality = Quality(path="schema[0].quality[0]", id="q", type=QualityType.SQL, query=query, threshold=MUST_BE_0)
    assert message in mistakes(make.column("a"), quality=(quality,))["schema[0].quality[0].query"]


def test_two_rules_of_one_name_are_a_mistake(mistakes, make):
    twice = [make.quality("not_null", path=f"p.quality[{n}]", rule="holds", expression="a > 0") for n in range(2)]
    problems = mistakes(make.column("a", required=True, quality=tuple(twice)))
    assert list(problems) == ["p.quality[0]", "p.quality[1]"]
    assert "another rule is already named a|not_null" in problems["p.quality[0]"]


def test_promises_about_time_become_rules_where_they_name_a_column_of_the_table(derived, make):
    def sla(number, name, value, unit, element):
        return Sla(path=f"slaProperties[{number}]", property=name, value=value, unit=unit, element=element)

    slas = (
        sla(0, "freshness", 26, "h", "t.a"),
        sla(1, "latency", 1.5, "days", "s.t.b"),
        sla(2, "freshness", 1, "h", "elsewhere.a"),
        sla(3, "retention", 3, "y", "t.a"),
        sla(4, "frequency", 1, "d", "t.a"),
    )
    found = derived(make.column("a", "timestamp"), make.column("b", "timestamp", at=1), slas=slas)
    timed = {name: (rule.check, rule.clauses) for name, rule in found.items() if name.startswith("sla|")}
    assert timed == {
        "sla|freshness": (Fresh("a", 93_600), ("slaProperties[0]",)),
        "sla|latency": (Fresh("b", 129_600), ("slaProperties[1]",)),
    }


FORMATS = [
    ("string", "string", "email", "someone@example.org", "someone@example"),
    ("string", "string", "uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
    ("string", "string", "uri", "https://example.org/x", "example.org"),
    ("string", "string", "hostname", "mail.example.org", "-x.org"),
    ("string", "string", "ipv4", "192.168.0.1", "192.168.0.256"),
    ("string", "string", "ipv6", "2001:db8::1", "2001-db8"),
    ("string", "string", "byte", "TWFu", "TWF"),
    ("string", "string", "date", "2024-02-29", "2024-2-29"),
    ("string", "string", "time", "23:59:59", "24:00:00"),
    ("string", "string", "date-time", "2024-02-29T23:59:59Z", "2024-02-29 25:00:00"),
    ("date", "string", "dd.MM.yyyy", "29.02.2024", "2024-02-29"),
    ("timestamp", "string", "yyyy-MM-dd'T'HH:mm:ss.SSS", "2024-02-29T00:00:00.000", "2024-02-29T00:00:00"),
]


@pytest.mark.parametrize(("logical", "physical", "name", "good", "bad"), FORMATS)
def test_a_format_tells_good_from_bad(derived, find, make, logical, physical, name, good, bad):
    column = make.column("a", physical, logical=logical, options={"format": name})
    verdict = find(derived(column)["a|format"].check, {"a string": [good, bad]})
    assert (verdict.failed, verdict.examples) == (1, ({"a": bad},))


@pytest.mark.parametrize(("name", "low", "high"), [("i8", -128, 127), ("u16", 0, 65_535), ("i32", -(2**31), 2**31 - 1)])
def test_a_whole_number_s_format_is_its_range(derived, find, make, name, low, high):
    check = derived(make.column("a", options={"format": name}))["a|format"].check
    assert find(check, {"a bigint": [low, high, low - 1, high + 1, None]}).failed == 2


@pytest.mark.parametrize(
    ("logical", "physical", "name"), [("date", "date", "yyyy-MM-dd"), ("string", "string", "password")]
)
def test_a_format_that_only_describes_is_no_rule(derived, make, logical, physical, name):
    assert "a|format" not in derived(make.column("a", physical, logical=logical, options={"format": name}))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_contract_becomes_rules_of_unique_names(path):
    contract = odcs.load(path)
    for table in contract.tables:
        found = derive_with_problems(table)
        assert found.problems == ()
        names = [rule.name for rule in found.rules]
        assert len(names) == len(set(names)) > len(table.columns)
        assert all(rule.clauses and rule.sentence for rule in found.rules)


def test_the_community_members_mart_is_held_by_at_least_150_rules(snapshot):
    contract = odcs.load(ROOM / "mart" / "wv_comm_user.odcs.yaml")
    found = derive(contract.table("wv_comm_user"))
    assert len(found) >= 150
    lines = [
        f"{rule.name} [{rule.severity}{', may be vacuous' if rule.allow_vacuous else ''}]: {rule.sentence}"
        for rule in found
    ]
    assert "\n".join(lines) == snapshot


def test_numbers_that_no_engine_can_hold_are_told(mistakes, make):
    inf = float("inf")
    problems = mistakes(
        make.column("a", enum=(1, inf), options={"maximum": inf, "multipleOf": float("nan")}),
        quality=(library("rowCount", Threshold("mustBe", (inf,))),),
        slas=(Sla(path="slaProperties[0]", property="freshness", value=inf, unit="h", element="t.a"),),
    )
    assert set(problems) == {
        "schema[0].properties[0].enum",
        "schema[0].properties[0].logicalTypeOptions.maximum",
        "schema[0].properties[0].logicalTypeOptions.multipleOf",
        "schema[0].quality[0].mustBe",
        "slaProperties[0].value",
    }


@pytest.fixture
def of_days(make):
    """of_days(implementation): a table with days and a quality of that implementation."""

    def _of_days(implementation):
        columns = [
            make.column("id", at=0, primary_key_position=1),
            make.column("d", "string", at=1, primary_key_position=2, partition_position=1),
            make.column("n", at=2),
            make.column("at", "timestamp", at=3),
        ]
        return columns, (replace(make.quality("q"), implementation=implementation),)

    return _of_days


ACROSS_DAYS = [
    ({"rule": "never_disappears"}, NeverDisappears(("id",))),
    ({"rule": "unchanged_since", "columns": ["n", "AT"]}, UnchangedSince(("n", "at"), ("id",))),
    ({"rule": "never_falls", "column": "n", "key": "at"}, NeverFalls("n", ("at",))),
    (
        {"rule": "never_rises", "column": "n", "allowance": "SELECT id, 1 AS measure FROM s.o"},
        NeverRises("n", ("id",), "SELECT id, 1 AS measure FROM s.o"),
    ),
]


@pytest.mark.parametrize(("implementation", "check"), ACROSS_DAYS, ids=lambda value: getattr(value, "kind", ""))
def test_the_key_across_days_is_that_of_the_table_without_the_day(derived, of_days, implementation, check):
    columns, quality = of_days(implementation)
    assert derived(*columns, quality=quality)["table|q"].check == check


@pytest.mark.parametrize(
    ("implementation", "path", "message"),
    [
        ({"rule": "never_disappears", "key": ["id", "d"]}, f"{I}.key", "d is the day itself"),
        ({"rule": "never_disappears", "key": ["nope"]}, f"{I}.key", "no column 'nope'"),
        ({"rule": "unchanged_since", "columns": ["id"]}, f"{I}.columns", "id is part of the key"),
        ({"rule": "never_rises", "column": "id"}, f"{I}.column", "id is part of the key"),
        ({"rule": "never_falls", "column": "n", "allowance": "n > 1"}, f"{I}.allowance", "expected one SELECT"),
        ({"rule": "never_falls", "column": "n", "allowance": "SELECT :nope"}, f"{I}.allowance", "parameter :nope"),
        ({"rule": "never_falls", "column": "at", "allowance": "SELECT 1"}, f"{I}.allowance", "is a number"),
        ({"rule": "never_falls", "columns": ["n"]}, f"{I}.columns", "rule never_falls has no 'columns'"),
    ],
)
def test_a_wrong_rule_across_days_is_told_with_its_place(mistakes, of_days, implementation, path, message):
    columns, quality = of_days(implementation)
    problems = mistakes(*columns, quality=quality)
    assert message in problems[path]


@pytest.fixture
def learning(make):
    """learning(implementation): a table of groups, one of them protected, with a quality of that implementation."""

    def _learning(implementation):
        columns = [make.column("c", at=0), make.column("who", "string", at=1, classification="personal")]
        return columns, (replace(make.quality("q"), implementation=implementation),)

    return _learning


VOLUME = {"rule": "volume_band", "by": ["c"], "history_days": 60, "false_alarms_per_year": 2}
SHARES = {"rule": "share_shift", "columns": ["c", "who"], "max_distance": 0.05}


@pytest.mark.parametrize(
    ("implementation", "check"),
    [
        (VOLUME, VolumeBand(("c",), 60, 2)),
        (VOLUME | {"by": []}, VolumeBand((), 60, 2)),
        (SHARES, ShareShift(("c", "who"), 0.05)),
        (
            SHARES | {"by": "C", "false_alarms_per_year": 0.5, "history_days": 30},
            ShareShift(("c", "who"), 0.05, ("c",), 0.5, 30),
        ),
    ],
)
def test_rules_that_learn_are_read_with_their_groups(derived, learning, implementation, check):
    columns, quality = learning(implementation)
    assert derived(*columns, quality=quality)["table|q"].check == check


@pytest.mark.parametrize(
    ("implementation", "path", "message"),
    [
        (VOLUME | {"by": ["c", "who"]}, f"{I}.by", "who is protected, and the values of by are kept and shown"),
        (SHARES | {"by": ["who"]}, f"{I}.by", "who is protected, and the values of by are kept and shown"),
        (VOLUME | {"history_days": 13}, f"{I}.history_days", "nothing is learned from 13 days"),
        (VOLUME | {"history_days": 60.5}, f"{I}.history_days", "expected a whole number"),
        (VOLUME | {"false_alarms_per_year": 0}, f"{I}.false_alarms_per_year", "there never is an alarm"),
        (SHARES | {"false_alarms_per_year": 0}, f"{I}.false_alarms_per_year", "there never is an alarm"),
        (SHARES | {"history_days": 7}, f"{I}.history_days", "nothing is learned from 7 days"),
        (SHARES | {"max_distance": 5}, f"{I}.max_distance", "expected a share between 0 and 1"),
        (SHARES | {"max_distance": 0}, f"{I}.max_distance", "expected a share between 0 and 1"),
        ({"rule": "volume_band", "history_days": 60}, I, "rule volume_band needs 'false_alarms_per_year'"),
        (SHARES | {"columns": ["nope"]}, f"{I}.columns", "no column 'nope'"),
    ],
)
def test_a_rule_that_cannot_learn_is_told_with_its_place(mistakes, learning, implementation, path, message):
    columns, quality = learning(implementation)
    problems = mistakes(*columns, quality=quality)
    assert message in problems[path]
