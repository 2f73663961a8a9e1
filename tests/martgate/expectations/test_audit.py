"""An audit as a whole: nothing lost, nothing leaked, nothing taken along by a neighbour that cannot run."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from martgate.contracts.model import Sla
from martgate.contracts.quality import QualityType, Severity, Threshold
from martgate.errors import QueryFailed
from martgate.expectations.audit import Scope, audit
from martgate.expectations.derive import derive
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome


class Hurried:
    """The same engine, which prefers one statement."""

    prefers_one_statement = True

    def __init__(self, engine):
        self.columns, self.fetch = engine.columns, engine.fetch


@pytest.fixture
def run(engine, register, make):
    """run(table, columns): the audit of hand-made rows by everything that the table's contract states."""

    def _run(table, columns, *, rules=None, slas=(), others=None, day=make.day, engine=engine):
        table = make.contract(table, slas=slas).tables[0]
        register("s.t", columns)
        for name, rows in (others or {}).items():
            register(name, rows)
        known = tuple(make.open_table(name, rows) for name, rows in (others or {}).items())
        scope = Scope(day, make.noon, frozenset(others or {}), catalog_tables=known)
        rules = derive(table) if rules is None else rules
        return audit(engine, "s.t", table=table, rules=rules, scope=scope)

    return _run


def outcomes(result):
    return {verdict.rule.name: verdict.outcome.value for verdict in result.verdicts}


def rule(name, check, **more):
    return Rule(name=name, check=check, clauses=(), columns=check.columns_read, **more)


@pytest.fixture
def members(make):
    """A table with one clause of most sorts."""
    return make.table(
        make.column("id", at=0, required=True, primary_key_position=1),
        make.column("pair", at=1, required=True),
        make.column(
            "seq", "int", at=2, quality=(make.quality("dense", rule="dense_sequence", by=["pair"], order_by="id"),)
        ),
        make.column("country", "string", at=3, enum=("NO", "KR")),
        make.column("part_date", "string", at=4, required=True, partition_position=1),
        quality=(make.quality("ids_fit", rule="holds", expression="id < 100 OR pair < 0"),),
    )


GOOD = {
    "id bigint": [1, 2, 3],
    "pair bigint": [1, 1, 2],
    "seq int": [1, 2, 1],
    "country string": ["NO", "KR", None],
    "part_date string": ["2024-01-01"] * 3,
}


def test_good_rows_pass_every_rule_with_evidence(run, members):
    result = run(members, GOOD)
    assert set(outcomes(result).values()) == {"passed"}
    assert all(verdict.total > 0 for verdict in result.verdicts)
    assert (result.rows, result.rules, len(result.verdicts)) == (3, 14, 14)
    assert (result.table, result.contract, result.contract_version) == ("s.t", "small", "1.2.3")
    assert (result.part_date, result.blocking) == (date(2024, 1, 1), ())


def test_verdicts_come_in_the_order_of_the_rules(run, members, make):
    rules = derive(make.contract(members).tables[0])[::-1]
    assert tuple(verdict.rule for verdict in run(members, GOOD, rules=rules).verdicts) == rules


def test_questions_asked_at_once_are_answered_as_one_by_one(run, members, engine):
    rules = [
        rule("sums", Reconciles("SUM(seq)", "SELECT pair, 3 AS measure FROM s.o", ("pair",))),
        rule("dense", DenseSequence("seq", ("pair",), ("id",))),
        rule("guilty", ExtremeOf("id", "CAST(country AS BIGINT)", ("pair",), "min")),
        rule("key", Unique(("country", "part_date"))),
        rule("one", SqlNumber("SELECT 1.5", Threshold("mustBe", (1.5,)))),
        rule("long", InSet("pair", tuple(range(2, 50)))),
        rule("row", NotNull("country")),
    ]
    others = {"s.o": {"pair bigint": [1, 3]}}
    one_by_one = run(members, GOOD, rules=rules, others=others)
    at_once = run(members, GOOD, rules=rules, others=others, engine=Hurried(engine))
    assert at_once.verdicts == one_by_one.verdicts
    assert outcomes(at_once) | {"guilty": "error", "key": "passed", "sums": "failed", "long": "failed"} == outcomes(
        at_once
    )
    innocent = [each for each in rules if each.name != "guilty"]
    assert (
        run(members, GOOD, rules=innocent[:2], others=others, engine=Hurried(engine)).queries == 3
    )  # one for examples


def test_places_looked_up_for_few_rows_are_those_looked_up_for_all(run, members, engine):
    draw, mixed, outcomes_seen = random.Random(7), 0, set()
    dense = rule("dense", DenseSequence("seq", ("pair", "country"), ("at", "id"), "n"))
    for _ in range(60):
        size = draw.randint(1, 8)
        columns = {
            "id bigint": list(range(size)),
            "pair bigint": [draw.choice([None, 1, 2, 3, 4, 5]) for _ in range(size)],
            "country string": [draw.choice(["KR", "KR", None]) for _ in range(size)],
            "at int": [draw.randint(1, 2) for _ in range(size)],
            "seq int": [draw.choice([1, 1, 1, 2, 3, None]) for _ in range(size)],
            "n int": [draw.choice([1, 1, 1, 2, 3, None]) for _ in range(size)],
        }
        few, all_ = run(members, columns, rules=[dense]), run(members, columns, rules=[dense], engine=Hurried(engine))
        assert few.verdicts == all_.verdicts
        mixed += few.queries > all_.queries
        outcomes_seen |= set(outcomes(few).values())
    assert mixed > 10
    assert outcomes_seen == {"passed", "failed"}


@pytest.mark.parametrize("kind", ["tinyint", "bigint"])
def test_sets_told_by_their_bounds_are_counted_exactly_once_they_are_broken(run, make, engine, kind):
    """A range of numbers is checked by its bounds, any other set value by value, with the same result in one statement."""
    chance = random.Random(3)
    sets = [(0, 1), (1, 0, 1), (-2, -1, 0), (3,), (0, 2), (0, 1.0), ("0", "1")]
    rules = [rule(f"n|{place}", InSet("n", values)) for place, values in enumerate(sets)]
    table = make.table(make.column("n", kind))
    broken = 0
    for _ in range(40):
        few = chance.sample([None, -2, -1, 0, 1, 2, 3, 100], chance.randint(1, 4))
        columns = {f"n {kind}": chance.choices(few, k=chance.randint(1, 6))}
        one_by_one, at_once = (run(table, columns, rules=rules, engine=each) for each in (engine, Hurried(engine)))
        assert one_by_one.verdicts == at_once.verdicts
        broken += sum(verdict.failed > 1 for verdict in one_by_one.verdicts)
    assert broken > 20
    assert run(table, {f"n {kind}": [0, None, 1]}, rules=rules[:1]).queries == 1


def test_few_statements_answer_many_rules(run, members):
    assert run(members, GOOD).queries == 3  # one pass, one grouping by pair, one uniqueness


PLANTED = {
    "id|not_null": {"id bigint": [1, 2, None]},
    "country|in_set": {"country string": ["NO", "kr", None]},
    "seq|dense": {"seq int": [1, 3, 1]},
    "table|ids_fit": {"id bigint": [1, 2, 300]},
    "table|partitions": {"part_date string": ["2024-01-01", "2024-01-01", "2024-01-02"]},
    "table|key": {"id bigint": [1, 2, 2]},
    "seq|type": {"seq bigint": [1, 2, 1]},
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found_by_the_rule_that_names_it(run, members, name):
    planted = {head.split()[0]: (head, values) for head, values in PLANTED[name].items()}
    columns = dict(planted.get(head.split()[0], (head, values)) for head, values in GOOD.items())
    result = outcomes(run(members, columns))
    broken = {rule for rule, outcome in result.items() if outcome == "failed"}
    assert broken == {name} | ({"table|ids_fit"} if name == "id|not_null" else set())


def test_a_lost_column_fails_the_shape_and_leaves_its_rules_unanswered(run, members):
    result = run(members, {head: values for head, values in GOOD.items() if not head.startswith("seq ")})
    by_name = {verdict.rule.name: verdict for verdict in result.verdicts}
    assert by_name["table|columns"].observed == "lost: seq"
    assert by_name["seq|type"].outcome is by_name["seq|dense"].outcome is Outcome.ERROR
    assert by_name["seq|dense"].reason.startswith("the data have no column seq; known")
    assert by_name["id|not_null"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("columns", "failed", "observed"),
    [
        (["id", "pair", "seq", "country", "extra", "part_date"], 1, "added: extra"),
        (["pair", "seq", "country", "id", "part_date"], 1, "moved: id"),
        (["country", "pair", "seq", "id", "part_date"], 2, "moved: id and country"),
        (["id", "pair", "part_date", "seq", "country"], 1, "moved: part_date"),
        (["ID", "pair", "seq", "country", "part_date"], 2, "lost: id; added: ID"),
    ],
)
def test_columns_lost_added_and_moved_are_counted(run, members, columns, failed, observed):
    kinds = dict(head.split() for head in GOOD)
    data = {
        f"{name} {kinds.get(name.lower(), 'bigint')}": GOOD.get(f"{name} {kinds.get(name)}", [1, 2, 3])
        for name in columns
    }
    verdict = run(members, data).verdicts[0]
    assert (verdict.failed, verdict.total) == (failed, 5)
    assert set(verdict.observed.replace(":", "").split()) == set(observed.replace(":", "").split())


def test_partition_columns_may_come_last_as_files_keep_them_in_their_paths(run, make):
    table = make.table(
        make.column("day", "string", at=0, partition_position=1),
        make.column("region", "string", at=1, partition_position=2),
        make.column("a", at=2),
        custom={"publishPartition": "day"},
    )
    data = {"a bigint": [1], "region string": ["x"], "day string": ["2024-01-01"]}
    assert run(table, data).verdicts[0].outcome is Outcome.PASSED


def test_no_rows_are_vacuous_except_for_the_shape(run, members):
    result = run(members, {head: [] for head in GOOD})
    shape = {name for name in outcomes(result) if name.endswith(("|type", "|columns"))}
    assert {name for name, outcome in outcomes(result).items() if outcome == "passed"} == shape
    assert set(outcomes(result).values()) == {"passed", "vacuous"}
    assert result.rows == 0
    assert {verdict.rule.name for verdict in result.blocking} == set(outcomes(result)) - shape


def test_an_all_null_column_is_vacuous_and_blocks_unless_its_contract_allows_it(run, make):
    strict = make.column("a", at=0, options={"minimum": 0})
    data = {"a bigint": [None, None]}
    (verdict,) = [v for v in run(make.table(strict), data).verdicts if v.rule.name == "a|minimum"]
    assert (verdict.outcome, verdict.blocks) == (Outcome.VACUOUS, True)
    lenient = replace(strict, custom={"allowVacuous": True})
    (verdict,) = [v for v in run(make.table(lenient), data).verdicts if v.rule.name == "a|minimum"]
    assert (verdict.outcome, verdict.blocks) == (Outcome.VACUOUS, False)


def test_only_the_guilty_rule_is_left_without_an_answer(run, make):
    table = make.table(*(make.column(f"c{n}", at=n) for n in range(9)))
    rules = [rule(f"c{n}|positive", Holds(f"c{n} > 0")) for n in range(9)]
    rules[4] = rule("guilty", Holds("no_such_function(c4) > 0"))
    result = run(table, {f"c{n} bigint": [1, 0] for n in range(9)}, rules=rules)
    assert [verdict.outcome.value for verdict in result.verdicts] == ["failed"] * 4 + ["error"] + ["failed"] * 4
    assert "no_such_function" in result.verdicts[4].reason.lower()
    assert (result.rows, result.rules, len(result.verdicts)) == (2, 9, 9)


def test_the_guilty_rule_of_a_grouping_is_found_too(run, make):
    table = make.table(make.column("a", at=0), make.column("b", at=1))
    rules = [
        rule("constant", ConstantWithin(("b",), ("a",))),
        rule("guilty", ExtremeOf("b", "no_such_function(b)", ("a",), "min")),
        rule("counted", CountMatches("b", ("a",))),
    ]
    result = run(table, {"a bigint": [1, 1], "b bigint": [2, 2]}, rules=rules)
    assert list(outcomes(result).values()) == ["passed", "error", "passed"]


def test_a_lone_guilty_rule_does_not_hide_how_many_rows_there_are(run, make):
    result = run(make.table(make.column("a")), {"a bigint": [1, 2]}, rules=[rule("guilty", Holds("nope(a)"))])
    assert (result.rows, result.verdicts[0].outcome) == (2, Outcome.ERROR)


def test_a_relation_that_cannot_be_read_is_no_verdict(engine, members, make):
    with pytest.raises(QueryFailed, match=r"s\.nowhere"):
        audit(
            engine, "s.nowhere", table=members, rules=derive(members),
            scope=Scope(make.day, make.noon, frozenset()),
        )  # fmt: skip


def test_rules_about_absent_tables_and_days_are_out_of_scope_and_do_not_count(run, make):
    rules = [
        rule("fits", Holds("a > 0")),
        rule("day", Holds("a < :part_date")),
        rule("in_day", InPartition(("a",), "a")),
        rule("reference", References(("a",), "s.other", ("a",))),
        rule("set", SameSet(("a",), "s.other", ("a",), "a < CAST(:day_end AS TIMESTAMP)")),
        rule("sum", Reconciles("COUNT(*)", "SELECT COUNT(*) AS measure FROM x.far, s.other", ())),
        rule("query", SqlNumber("SELECT COUNT(*) FROM {object} JOIN s.other USING (a)", Threshold("mustBe", (0,)))),
    ]
    result = run(make.table(make.column("a")), {"a bigint": [1]}, rules=rules, day=None)
    assert [verdict.rule.name for verdict in result.verdicts] == ["fits", "in_day"]
    assert result.part_date is None
    reasons = {outside.rule.name: outside.reason for outside in result.out_of_scope}
    assert reasons == {
        "day": "it is about a day, and no day was given",
        "in_day": "in part: whether a is the day under audit is not checked, since no day was given",
        "reference": "it looks at s.other, which is not part of this audit",
        "set": "it is about a day, and no day was given",
        "sum": "it looks at x.far and s.other, which are not part of this audit",
        "query": "it looks at s.other, which is not part of this audit",
    }


def test_another_schema_s_table_of_the_same_name_is_not_taken_for_it(run, make):
    rules = [rule("reference", References(("a",), "s.other", ("a",)))]
    result = run(make.table(make.column("a")), {"a bigint": [1]}, rules=rules, others={"x.other": {"a bigint": [1]}})
    assert (result.rules, len(result.out_of_scope)) == (0, 1)


def test_warnings_are_told_and_do_not_block(run, make):
    rules = [rule("w", Holds("a > 1"), severity=Severity.WARNING)]
    result = run(make.table(make.column("a")), {"a bigint": [1]}, rules=rules)
    assert (outcomes(result), result.blocking) == ({"w": "failed"}, ())


HOSTILE = ["we`ird", 'do"uble', "it's", "semi;colon", "-- comment", "{object}", ":part_date", "sel ect", "한글", "a\\b"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(run, make, name):
    table = make.table(
        make.column(name, "string", at=0, required=True, unique=True, enum=("x", "y"), options={"maxLength": 1}),
        make.column("g", at=1, primary_key_position=1),
    )
    rules = [
        *derive(make.contract(table).tables[0]),
        rule("constant", ConstantWithin((name,), ("g",))),
        rule("partition", InPartition((name,), name)),
        rule("reference", References((name,), "t", (name,))),
    ]
    result = run(table, {f"{name} string": ["x", "zz", None], "g bigint": [1, 1, 2]}, rules=rules)
    assert outcomes(result) == {
        "table|columns": "passed",
        f"{name}|type": "passed",
        f"{name}|not_null": "failed",
        f"{name}|unique": "passed",
        f"{name}|in_set": "failed",
        f"{name}|max_length": "failed",
        "g|type": "passed",
        "g|not_null": "passed",
        "table|key": "failed",
        "constant": "failed",
        "partition": "failed",
        "reference": "passed",
    }
    shown = {verdict.rule.name: verdict.examples for verdict in result.verdicts}
    assert shown[f"{name}|in_set"] == ({"g": "1", name: "zz"},)


SECRET = "s3cret-somebody"


@pytest.fixture
def people(make):
    """A table whose every rule reads a protected column, keys and grouping included."""
    name = make.column(
        "name",
        "string",
        at=0,
        classification="personal",
        required=True,
        unique=True,
        primary_key_position=1,
        enum=("x",),
        options={"pattern": "^[a-z]$", "maxLength": 3, "minLength": 99, "minimum": "zzz"},
    )
    born = make.column(
        "born", "timestamp", at=1, classification="restricted", options={"maximum": "1990-01-01T00:00:00Z"}
    )
    reference = References(("name",), "s.known", ("name",))
    return make.table(name, born), [
        rule("holds", Holds("name = 'x' AND born IS NULL")),
        rule("number", SqlNumber("SELECT LENGTH(MAX(name)) FROM {object}", Threshold("mustBe", (0,)))),
        rule("cast", Holds("CAST(name AS INT) > 0")),
        rule("cast_number", SqlNumber("SELECT MAX(CAST(name AS INT)) FROM {object}", Threshold("mustBe", (0,)))),
        rule("text_number", SqlNumber("SELECT MAX(name) FROM {object}", Threshold("mustBe", (0,)))),
        rule("constant", ConstantWithin(("born",), ("name",))),
        rule("counted", CountMatches("born", ("name",))),
        rule("first", ExtremeOf("born", "born + INTERVAL 1 DAY", ("name",), "min")),
        rule("one", ExactlyOne(("name",), "born", "born IS NULL")),
        rule("dense", DenseSequence("name", ("born",), ("name",))),
        rule("reference", reference),
        rule("same", SameSet(("name",), "s.known", ("name",))),
        rule("sums", Reconciles("COUNT(*)", "SELECT name, 7 AS measure FROM s.known", ("name",))),
        rule("invalid", QualityMetric("invalidValues", ("name",), Threshold("mustBe", (0,)), valid_values=("x",))),
        rule("fresh", Fresh("born", 60)),
        rule("fresh_text", Fresh("name", 60)),
    ]


def test_protected_values_never_reach_a_verdict(run, people, make):
    table, more = people
    rules = [*derive(make.contract(table).tables[0]), *more]
    born = datetime(1999, 12, 31, 23, 59, 58, tzinfo=UTC)
    data = {"name string": [SECRET, SECRET, None], "born timestamp": [born, None, born + timedelta(days=1)]}
    result = run(table, data, rules=rules, others={"s.known": {"name string": ["other-" + SECRET]}})
    text = repr(result)
    assert SECRET not in text
    assert "1999-12-31" not in text
    assert "23:59:58" not in text
    assert "[protected]" in text
    failed = {name for name, outcome in outcomes(result).items() if outcome == "failed"}
    assert {"holds", "number", "constant", "reference", "same", "sums", "invalid", "fresh", "name|pattern"} <= failed
    (cast,) = [verdict for verdict in result.verdicts if verdict.rule.name == "cast"]
    assert cast.reason == "the engine's message is hidden, because the rule reads protected values"
    assert all(v.observed in ("", "[protected]") for v in result.verdicts if v.rule.name in ("number", "fresh"))
    assert {name for name, outcome in outcomes(result).items() if outcome == "error"} >= {
        "cast",
        "cast_number",
        "fresh_text",
    }


def test_examples_are_few_and_short_and_tell_null_from_text(run, make):
    table = make.table(make.column("id", at=0, primary_key_position=1), make.column("a", "string", at=1))
    data = {"id bigint": list(range(9)), "a string": [None, "x" * 200, *["null"] * 7]}
    result = run(table, data, rules=[rule("r", Holds("a = 'ok'"))])
    examples = result.verdicts[0].examples
    assert [example["id"] for example in examples] == ["0", "1", "2", "3", "4"]
    assert examples[0] == {"id": "0", "a": "null"}
    assert (len(examples[1]["a"]), examples[1]["a"][-1]) == (80, "…")


def test_examples_are_looked_up_only_for_what_failed(run, members):
    clean, broken = run(members, GOOD), run(members, GOOD | {"country string": ["NO", "xx", None]})
    assert broken.queries == clean.queries + 2
    assert not any(verdict.examples for verdict in clean.verdicts)
    (failed,) = [verdict for verdict in broken.verdicts if verdict.examples]
    assert failed.examples == ({"id": "2", "country": "xx"},)


def test_the_values_that_most_offenders_have_are_counted_unless_they_are_protected(run, make):
    data = {"code string": ["xx"] * 3 + ["yy"] * 2 + ["KR", None, *"abcdef"], "size bigint": [-9] * 13}
    columns = {"code": make.column("code", "string", at=0, enum=("KR",)), "size": make.column("size", at=1)}
    rules = [rule("in_set", InSet("code", ("KR",))), rule("size", Range("size", "minimum", 0))]
    result = run(make.table(*columns.values()), data, rules=rules)
    assert result.verdicts[0].values == (("xx", 3), ("yy", 2), ("a", 1), ("b", 1), ("c", 1))
    assert result.verdicts[1].values == (("-9", 13),)
    protected = replace(columns["code"], classification="restricted")
    hidden = run(make.table(protected, columns["size"]), data, rules=rules)
    assert [verdict.values for verdict in hidden.verdicts] == [(), (("-9", 13),)]


def test_offenders_against_other_tables_are_named_by_side(run, make):
    rules = [
        rule("same", SameSet(("a",), "s.o", ("k",))),
        rule("sums", Reconciles("COUNT(*)", "SELECT k AS a, 1 AS measure FROM s.o", ("a",))),
    ]
    result = run(make.table(make.column("a")), {"a bigint": [1, 2]}, rules=rules, others={"s.o": {"k bigint": [2, 3]}})
    assert result.verdicts[0].examples == (
        {"a": "1", "(difference)": "only in this table"},
        {"a": "3", "(difference)": "only in s.o"},
    )
    assert result.verdicts[1].examples == (
        {"a": "1", "(found)": "1", "(expected)": "0"},
        {"a": "3", "(found)": "0", "(expected)": "1"},
    )


def test_freshness_is_judged_against_the_audit_s_own_time(run, make):
    table = make.table(make.column("at", "timestamp", at=0))
    slas = (Sla(path="slaProperties[0]", property="freshness", value=1, unit="h", element="t.at"),)
    result = run(table, {"at timestamp": [make.noon - timedelta(hours=2)]}, slas=slas)
    assert [(v.rule.name, v.observed) for v in result.blocking] == [("sla|freshness", "2.0 hours old")]


def test_a_sql_quality_reads_the_data_under_audit(run, make):
    column = make.column(
        "a",
        quality=(
            replace(
                make.quality("few", path="schema[0].properties[0].quality[0]"),
                type=QualityType.SQL,
                query="SELECT COUNT({property}) FROM {object} WHERE {object}.{property} > 1",
                threshold=Threshold("mustBe", (0,)),
            ),
        ),
    )
    result = run(make.table(column), {"a bigint": [1, 2, 3]})
    assert [(v.rule.name, v.observed) for v in result.blocking] == [("a|few", "2")]


def test_a_day_is_found_whatever_type_its_column_has(run, make):
    table = make.table(make.column("d", "date", partition_position=1))
    result = run(table, {"d date": [date(2024, 1, 1), date(2024, 1, 2)]})
    assert [(v.rule.name, v.failed) for v in result.blocking] == [("table|partitions", 1)]
