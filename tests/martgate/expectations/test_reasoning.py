"""What is said about rules before data is read, against an engine that tries every value."""

from itertools import combinations, permutations

import pytest

from martgate.contracts.quality import Severity, Threshold
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.moves import NeverFalls, NeverRises
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.reasoning import find_contradictions, find_idle_rules
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source

NONE_ONLY = Threshold("mustBe", (0,))


def invalid(**what):
    return QualityMetric(metric="invalidValues", columns=("x",), threshold=NONE_ONLY, **what)


def missing(*values):
    return QualityMetric(metric="missingValues", columns=("x",), threshold=NONE_ONLY, missing_values=values)


NULLS = QualityMetric(metric="nullValues", columns=("x",), threshold=NONE_ONLY)

WHOLE = [
    NotNull("x"),
    NULLS,
    InSet("x", (1, 2, 3)),
    InSet("x", (0, 4, 8)),
    InSet("x", (0, 4)),
    InSet("x", (200,)),
    Range("x", "minimum", 0),
    Range("x", "minimum", -128),
    Range("x", "exclusive_minimum", 3),
    Range("x", "maximum", 3),
    Range("x", "maximum", 500),
    Range("x", "exclusive_maximum", 0),
    Range("x", "exclusive_maximum", 1.5),
    MultipleOf("x", 1),
    MultipleOf("x", 4),
    MultipleOf("x", 0.5),
    invalid(valid_values=(2, 3)),
    missing(None, -1),
    missing(1, 2),
    Holds("x > 2"),
    Holds("x >= 3 AND x < 6", null_passes=True),
    Holds("x IS NULL"),
    Holds("x IS NOT NULL"),
    Holds("NOT x IN (0, 4)", null_passes=True),
    Holds("x <> 2"),
    Holds("3 < x"),
    Holds("x BETWEEN -5 AND -1", null_passes=True),
    Holds("x = 2 OR x = 3"),
    Holds("x + 0 > 2 AND x < 9"),
    Holds("x = -7 AND x IS NOT NULL", null_passes=True),
]
TEXTS = [
    NotNull("x"),
    InSet("x", ("A", "B")),
    InSet("x", ("BB", "CC", "")),
    InSet("x", ("a", "b1")),
    Length("x", "minimum", 0),
    Length("x", "minimum", 1),
    Length("x", "minimum", 2),
    Length("x", "maximum", 1),
    Length("x", "maximum", 0),
    Pattern("x", "^[A-Z]$"),
    Pattern("x", "^[A-Z]{2,3}$"),
    Pattern("x", "^(BB|CC)$"),
    Pattern("x", "[0-9]"),
    Pattern("x", "^a|b$"),
    Pattern("x", ".*"),
    Pattern("x", r"^[\s\S]*$"),
    Pattern("x", "^(a?b*)+$"),
    Pattern("x", "^$"),
    invalid(valid_values=("B", "BB")),
    invalid(pattern="^B"),
    invalid(valid_values=("B", "AB"), pattern="^B"),
    missing(None, ""),
    missing("A"),
    Holds("x = 'A'"),
    Holds("x IN ('A', 'B', 'C')", null_passes=True),
    Holds("LENGTH(x) < 2"),
    Holds("2 <= LENGTH(x)", null_passes=True),
    Holds("x <> ''", null_passes=True),
]
POOL = ["", "a", "b", "A", "B", "C", "Z", "AB", "BB", "CC", "ab", "b1", "1", "é", "AAA", "ABCD", "\n", "a\nb", None]


def rule(check, number=0, **more):
    return Rule(name=f"{check.kind}{number}", check=check, clauses=(f"schema[0].quality[{number}]",), **more)


def clauses(*checks, kind="tinyint"):
    typed = Rule(name="x|type", check=HasType("x", kind), clauses=("schema[0].properties[0].physicalType",))
    return [typed, *(rule(check, number) for number, check in enumerate(checks))]


def contradictions(*checks, kind="tinyint", others=()):
    return list(find_contradictions(clauses(*checks, kind=kind), lambda name: list(others)))


def idle(*checks, kind="tinyint"):
    return [
        (each.rule.check, [other.check for other in each.others])
        for each in find_idle_rules(clauses(*checks, kind=kind))
    ]


@pytest.fixture(scope="module")
def passing(engine, tmp_path_factory):
    """passing(check, kind): the values of the pool that pass a check, as an engine says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from martgate.builders.ports import Dataset

    pools = {"tinyint": [*range(-128, 128), None], "string": POOL}
    folder = tmp_path_factory.mktemp("pools")
    for kind, values in pools.items():
        path = folder / f"{kind}.parquet"
        numbers = pa.array(range(len(values)))
        pq.write_table(
            pa.table({"x": pa.array(values, {"tinyint": pa.int8(), "string": pa.string()}[kind]), "n": numbers}), path
        )
        engine.register(f"pool_{kind}", Dataset(files=(str(path),)))
    known = {}

    def _passing(check, kind):
        if (check, kind) not in known:
            offenders = check.offenders(Source(f"pool_{kind}", {"x": kind, "n": "bigint"}), ("n",))
            failed = {number for (number,) in engine.fetch(f"SELECT `n` {offenders.from_clause}")}
            known[check, kind] = {value for number, value in enumerate(pools[kind]) if number not in failed}
        return known[check, kind]

    return _passing


PAIRS = [(*pair, "tinyint") for pair in combinations(WHOLE, 2)] + [(*pair, "string") for pair in combinations(TEXTS, 2)]


def test_two_clauses_are_said_to_contradict_only_where_no_value_passes_both(passing):
    for one, two, kind in PAIRS:
        both = passing(one, kind) & passing(two, kind)
        for found in contradictions(one, two, kind=kind):
            involved = [found.rule.check, *(each.check for each in found.others)]
            if found.value is not None:
                (other,) = (each for each in involved[1:])
                assert found.value not in (passing(other, kind) if not isinstance(other, HasType) else range(-128, 128))
            elif any(isinstance(each, HasType) for each in involved):
                assert not passing(found.rule.check, kind) - {None}
            else:
                assert both <= {None}, (one, two)
                assert found.is_null_left == (None in both)


def test_every_pair_of_clauses_that_no_number_passes_is_found(passing):
    """A tinyint has 256 values, and the engine tried each of them."""
    for one, two in combinations([check for check in WHOLE if not contradictions(check)], 2):
        each = [passing(check, "tinyint") for check in (one, two)]
        asks_for_null = any(values == {None} for values in each) and None in each[0] & each[1]
        is_known = all(check.requirements({"x": "tinyint"}).is_exact for check in (one, two))
        if is_known and not asks_for_null and each[0] & each[1] <= {None}:
            assert contradictions(one, two), (one, two)


def test_a_clause_is_said_to_be_idle_only_where_no_value_that_passes_the_other_fails(passing):
    for one, two, kind in PAIRS:
        for check, others in idle(one, two, kind=kind):
            everything = set(POOL) if kind == "string" else {*range(-128, 128), None}
            premises = [passing(other, kind) for other in others if not isinstance(other, HasType)]
            assert set.intersection(everything, *premises) <= passing(check, kind), (one, two)


def test_every_clause_that_the_other_makes_needless_is_found(passing):
    exact = [check for check in WHOLE if check.requirements({"x": "tinyint"}).is_exact and passing(check, "tinyint")]
    for one, two in permutations(exact, 2):
        if passing(one, "tinyint") <= passing(two, "tinyint") and passing(one, "tinyint") - {None}:
            assert {check for check, _ in idle(one, two)} & {one, two}, (one, two)


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (Range("x", "maximum", 127), "tinyint"),
        (MultipleOf("x", 1), "bigint"),
        (MultipleOf("x", 0.01), "decimal(10,2)"),
        (InSet("x", (True, False)), "boolean"),
        (Length("x", "minimum", 0), "string"),
        (Pattern("x", "a*"), "string"),
        (QualityMetric("nullValues", ("x",), Threshold("mustBeLessOrEqualTo", (100,)), unit="percent"), "string"),
        (QualityMetric("rowCount", (), Threshold("mustBeGreaterOrEqualTo", (0,))), "string"),
        (Holds("1 = 1"), "string"),
        (Implies("x = 'a'", "TRUE"), "string"),
        (Implies("x = 'a'", "x  = 'a'"), "string"),
        (Iff("x = 'a'", "x = 'a'", null_passes=True), "string"),
        (ConstantWithin(("x",), ("x", "y")), "string"),
    ],
)
def test_what_no_data_can_break_is_idle_by_itself_or_by_its_type(check, kind):
    ((found, others),) = idle(check, kind=kind)
    assert found == check
    assert all(isinstance(other, HasType) for other in others)


KEY = [NotNull("x"), Unique(("x",))]


@pytest.mark.parametrize(
    ("check", "premises"),
    [
        (Unique(("x", "y")), [Unique(("x",))]),
        (QualityMetric("duplicateValues", ("x",), NONE_ONLY), [Unique(("x",))]),
        (ConstantWithin(("y",), ("x", "z")), [ConstantWithin(("y", "w"), ("x",))]),
        (ConstantWithin(("y",), ("x",)), KEY),
        (NeverFalls("x", ("y",)), [UnchangedSince(("x",), ("y",))]),
        (NeverRises("x", ("y",)), [UnchangedSince(("w", "x"), ("y",))]),
        (AllOrNone(("x", "y")), [NotNull("x"), NotNull("y")]),
        (Range("x", "minimum", 1), [DenseSequence("x", ("y",), ("z",))]),
        (Implies("x = 9", "y > 1"), [InSet("x", (1, 2))]),
        (Implies("x IS NULL", "y > 1"), [NotNull("x")]),
        (SqlNumber("SELECT 1 FROM {object}", Threshold("mustBeLessThan", (9,))),
         [SqlNumber("SELECT 1 FROM {object}", Threshold("mustBe", (3,)))]),
        (References(("x",), "s.other", ("y",)), [References(("x",), "s.other", ("y",))]),
        (InSet("x", (1, 2, 3, 4)), [Range("x", "minimum", 1), Range("x", "maximum", 4)]),
    ],
)  # fmt: skip
def test_what_follows_from_others_is_idle(check, premises):
    assert [found for found, _ in idle(*premises, check)] == [check]


@pytest.mark.parametrize(
    ("check", "premises"),
    [
        (Unique(("x",)), [Unique(("x", "y"))]),
        (ConstantWithin(("y",), ("x",)), [Unique(("x",))]),
        (NeverFalls("x", ("y",)), [UnchangedSince(("x",), ("z",))]),
        (AllOrNone(("x", "y")), [NotNull("x")]),
        (Range("x", "minimum", 2), [DenseSequence("x", ("y",), ("z",))]),
        (Implies("x = 2", "y > 1"), [InSet("x", (1, 2))]),
        (Iff("x = 1", "x = 1"), []),
        (References(("x",), "s.other", ("y",)), [References(("x",), "s.other", ("y",), "z > 1")]),
        (Holds("x = 0.1"), [InSet("x", (0.1,))]),
    ],
)
def test_what_data_can_break_is_not_idle(check, premises):
    assert check not in [found for found, _ in idle(*premises, check, kind="float")]


def test_a_rule_that_only_warns_makes_no_error_needless():
    strict, lax = Range("x", "minimum", 5), Range("x", "minimum", 1)
    [typed, *_] = clauses()
    warns = [typed, rule(strict, 0, severity=Severity.WARNING), rule(lax, 1)]
    assert list(find_idle_rules(warns)) == []
    blocks = [typed, rule(strict, 0), rule(lax, 1, severity=Severity.WARNING)]
    assert [each.rule.check for each in find_idle_rules(blocks)] == [lax]


def test_of_two_rules_that_say_the_same_the_later_one_is_idle():
    assert idle(Range("x", "minimum", 5), Holds("x >= 5", null_passes=True)) == [
        (Holds("x >= 5", null_passes=True), [Range("x", "minimum", 5)])
    ]


def test_three_clauses_contradict_where_no_two_do():
    (found,) = contradictions(MultipleOf("x", 10), Range("x", "minimum", 1), Range("x", "maximum", 9))
    assert {found.rule.check.kind, *(each.check.kind for each in found.others)} == {"multiple_of", "range"}
    assert len(found.others) == 2


def test_thresholds_on_one_number_contradict():
    least = QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (0,)))
    none = QualityMetric("rowCount", (), Threshold("mustBe", (0,)))
    assert [found.rule.check for found in contradictions(least, none)] == [none]
    percent = QualityMetric("nullValues", ("x",), Threshold("mustBeLessThan", (5,)), unit="percent")
    rows = QualityMetric("nullValues", ("x",), Threshold("mustBeGreaterThan", (5,)))
    assert contradictions(percent, rows) == []


@pytest.mark.parametrize(
    "source",
    [
        References(("x",), "s.other", ("y",)),
        CopiedFrom(columns=(("x", ""),), key=("k",), from_table="s.other", from_key=("k",)),
    ],
)
def test_values_of_another_table_contradict_a_list_without_any_of_them(source):
    name = "y" if isinstance(source, References) else "x"
    typed = Rule(name="type", check=HasType(name, "string"), clauses=("schema[0].properties[0].physicalType",))
    listed = Rule(name="in_set", check=InSet(name, ("A", "B")), clauses=("schema[0].properties[0].enum",))
    (found,) = contradictions(InSet("x", ("C",)), source, kind="string", others=[typed, listed])
    assert (found.rule.check, found.source.table, found.others) == (InSet("x", ("C",)), "s.other", (listed,))
    assert contradictions(InSet("x", ("C", "A")), source, kind="string", others=[typed, listed]) == []
    assert contradictions(InSet("x", ("C",)), source, kind="string") == []


def test_a_bound_of_a_short_fraction_is_compared_as_the_engines_round_it():
    """0.1 and the number after it are one and the same FLOAT."""
    bounds = Range("x", "minimum", 0.10000000000000002), Range("x", "maximum", 0.1)
    assert contradictions(*bounds, kind="float") == []
    assert len(contradictions(*bounds, kind="double")) == 1


@pytest.mark.parametrize(
    ("kind", "low", "high", "is_empty"),
    [
        ("date", "2024-01-02", "2024-01-01", True),
        ("date", "2024-01-01", "2024-01-01", False),
        ("timestamp", "2024-01-01T09:00:00+09:00", "2024-01-01T00:00:00", False),
        ("timestamp", "2024-01-01T09:00:01+09:00", "2024-01-01T00:00:00Z", True),
        ("timestamp_ntz", "2024-01-02T00:00:00", "2024-01-01T00:00:00Z", False),
        ("decimal(10,2)", 0.011, 0.019, True),
        ("decimal(10,2)", 0.011, 0.02, False),
        ("string", "b", "a", True),
    ],
)
def test_bounds_are_compared_by_the_type_of_the_column(kind, low, high, is_empty):
    assert bool(contradictions(Range("x", "minimum", low), Range("x", "maximum", high), kind=kind)) is is_empty


def test_the_type_of_a_column_is_that_of_its_contract_and_not_one_that_a_suite_expects():
    for expected in (HasType("x", "tinyint"), DenseSequence("x", ("y",), ("z",))):
        rules = [*clauses(InSet("x", ("A",)), Length("x", "minimum", 2), kind="string"), rule(expected, 9)]
        assert [found.value for found in find_contradictions(rules, lambda name: [])] == ["A"]
        assert list(find_idle_rules(rules)) == []


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (MultipleOf("x", 0), "tinyint"),
        (MultipleOf("x", 20240101), "date"),
        (Range("x", "minimum", "a"), "tinyint"),
        (InSet("x", (1, "b")), "string"),
        (Length("x", "minimum", 3), "tinyint"),
        (Pattern("x", "^a$"), "bigint"),
        (Holds("x = 'a'"), "bigint"),
        (Holds("x.y = 1 OR"), "bigint"),
        (Range("x", "maximum", "2024-01-01"), "array<string>"),
    ],
)
def test_nothing_is_known_of_a_value_that_is_not_of_the_type_of_its_column(check, kind):
    other = Range("x", "maximum", {"date": "2023-01-01"}.get(kind, -1))
    assert contradictions(check, other, kind=kind) == []
    assert idle(check, other, kind=kind) == []


@pytest.mark.parametrize("kind", ["float", "double"])
def test_no_bound_follows_from_a_condition_that_what_is_no_number_passes(kind):
    """NaN is greater than every number to SQL, and no bound of a contract lets it pass."""
    assert idle(Holds("x >= 5", null_passes=True), Range("x", "minimum", 3), kind=kind) == []
