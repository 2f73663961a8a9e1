"""Every kind of check that the registry knows, through one table of examples: a kind without an entry fails here."""

import ast
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from martgate.contracts.quality import Threshold
from martgate.expectations.audit import PreviousDay, Scope, audit
from martgate.expectations.gx.stock import validate_rules
from martgate.expectations.gx.suite import build_suite_json
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.churn import Churn
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.foreign import Foreign
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.happened import Happened
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
from martgate.expectations.kinds.recomputed import Recomputed
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.registry import BUILT_IN, load_kinds
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.measurement import InMemoryHistory, Measurement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome
from martgate.gate.run import RunRecord

pytestmark = [
    pytest.mark.xdist_group("great_expectations"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # of Great Expectations
]

FRAMEWORK = Path(__file__).parents[3] / "src" / "martgate"
DAYS = [date(2023, 12, 1) + timedelta(each) for each in range(20)]
LAST_DAYS = [date(2023, 12, 31) - timedelta(each) for each in range(20)]
OTHER = {"s.o": {"k int": [1, 2], "v int": [7, 8]}}


@dataclass
class Example:
    """Rows that keep a check, rows that break it so many times among so many, and rows with nothing to look at.

    `nothing` is None where there is always something; `shows` says whether it has examples of what broke it.
    """

    check: Check
    good: dict
    bad: dict
    counts: tuple[int, int]
    nothing: dict | None
    shows: bool = True
    others: dict = field(default_factory=dict)
    earlier: dict | None = None
    history: dict | None = None


def sizes(*more):
    """A past of 100 rows a day in one group of `c`, and what else was measured on each of them."""
    return {day: [Measurement(("c",), ("1",), 100), *more] for day in DAYS}


def rows(number, **columns):
    return {f"{name.replace('_', ' ')}": [value] * number for name, value in columns.items()}


def at(hour):
    return datetime(2024, 1, 1, hour, tzinfo=UTC)


PAIR = {"g int": [1, 1, 2], "a int": [5, 5, 6]}
EMPTY_PAIR = {"g int": [], "a int": []}
THEN = {"g int": [1, 2, 3], "a int": [5, 5, 5]}
EXAMPLES = [
    Example(HasColumns(("a",)), {"a int": [1]}, {"a int": [1], "b int": [1]}, (1, 1), None, shows=False),
    Example(HasType("a", "int"), {"a int": [1]}, {"a bigint": [1]}, (1, 1), None, shows=False),
    Example(NotNull("a"), {"a int": [1]}, {"a int": [1, None]}, (1, 2), {"a int": []}),
    Example(InSet("a", (1, 2)), {"a int": [1, None]}, {"a int": [1, 3, 4]}, (2, 3), {"a int": [None]}),
    Example(Pattern("a", "^[A-Z]+$"), {"a string": ["A"]}, {"a string": ["A", "b"]}, (1, 2), {"a string": [None]}),
    Example(Length("a", "maximum", 1), {"a string": ["한"]}, {"a string": ["a", "ab"]}, (1, 2), {"a string": [None]}),
    Example(Range("a", "minimum", 2), {"a int": [2]}, {"a int": [1, 2]}, (1, 2), {"a int": [None]}),
    Example(MultipleOf("a", 5), {"a int": [5]}, {"a int": [5, 7]}, (1, 2), {"a int": [None]}),
    Example(
        InPartition(("d",), "d"), {"d string": ["2024-01-01"]}, {"d string": ["2024-01-01", "x", None]}, (2, 3), {"d string": []},
    ),
    Example(Holds("a > 1"), {"a int": [2]}, {"a int": [2, 1, None]}, (2, 3), {"a int": []}),
    Example(Implies("g = 1", "a > 1"), {"g int": [1, 0], "a int": [2, 0]}, {"g int": [1, 1, 0], "a int": [2, 1, 0]}, (1, 2), {"g int": [0], "a int": [0]}),
    Example(Iff("g = 1", "a > 1"), {"g int": [1, 0], "a int": [2, 0]}, {"g int": [1, 0], "a int": [2, 2]}, (1, 2), EMPTY_PAIR),
    Example(AllOrNone(("g", "a")), {"g int": [1, None], "a int": [1, None]}, {"g int": [1, 1], "a int": [1, None]}, (1, 2), EMPTY_PAIR),
    Example(Unique(("a",)), {"a int": [1, 2, None]}, {"a int": [1, 1, 2]}, (2, 3), {"a int": [None]}),
    Example(ConstantWithin(("a",), ("g",)), PAIR, {"g int": [1, 1, 2], "a int": [5, 6, 6]}, (1, 2), EMPTY_PAIR),
    Example(DenseSequence("a", ("g",), ("a",)), {"g int": [1, 1], "a int": [1, 2]}, {"g int": [1, 1], "a int": [1, 3]}, (1, 2), EMPTY_PAIR),
    Example(CountMatches("a", ("g",)), {"g int": [1, 1], "a int": [2, 2]}, {"g int": [1, 1, 2], "a int": [2, 2, 2]}, (1, 2), EMPTY_PAIR),
    Example(
        ExtremeOf("a", "b", ("g",), "max"), {"g int": [1, 1], "a int": [3, 3], "b int": [2, 3]},
        {"g int": [1, 1, 2], "a int": [2, 2, 1], "b int": [2, 3, 1]}, (1, 2), {"g int": [], "a int": [], "b int": []},
    ),
    Example(ExactlyOne(("g",), "a", "a > 5"), {"g int": [1, 1], "a int": [5, 6]}, PAIR, (1, 2), EMPTY_PAIR),
    Example(References(("a",), "s.o", ("k",)), {"a int": [1, None]}, {"a int": [1, 3, 3]}, (2, 3), {"a int": [None]}, others=OTHER),
    Example(SameSet(("a",), "s.o", ("k",)), {"a int": [1, 2]}, {"a int": [1, 3]}, (2, 3), None, others=OTHER),
    Example(
        CopiedFrom((("a", "v"),), ("g",), "s.o", ("k",)), {"g int": [1, 9], "a int": [7, None]}, {"g int": [1, 2, 9], "a int": [7, 9, 5]}, (2, 3),
        {"g int": [9], "a int": [None]}, others=OTHER,
    ),
    Example(
        Recomputed(("a",), ("g",), "SELECT k AS g, v AS a FROM s.o"), {"g int": [1, 2], "a int": [7, 8]}, {"g int": [1, 3], "a int": [6, 1]}, (3, 3),
        None, others=OTHER,
    ),
    Example(
        Reconciles("COUNT(*)", "SELECT k AS a, 1 AS measure FROM s.o", ("a",)), {"a int": [1, 2]}, {"a int": [1, 1]}, (2, 2), None, others=OTHER,
    ),
    Example(UnchangedSince(("a",), ("g",)), THEN, {"g int": [1, 2], "a int": [5, 6]}, (1, 2), EMPTY_PAIR, earlier=THEN),
    Example(NeverDisappears(("g",)), THEN, {"g int": [1, 4], "a int": [5, 5]}, (2, 3), None, earlier=THEN),
    Example(NeverFalls("a", ("g",)), THEN, {"g int": [1, 2], "a int": [4, 5]}, (1, 2), EMPTY_PAIR, earlier=THEN),
    Example(NeverRises("a", ("g",)), THEN, {"g int": [1, 2], "a int": [6, 5]}, (1, 2), EMPTY_PAIR, earlier=THEN),
    Example(
        VolumeBand(("c",), 60, 1), rows(100, c_int=1), rows(5, c_int=1), (1, 1), None, history=sizes(),
    ),
    Example(
        ShareShift(("a",), 0.1, ("c",)), rows(100, c_int=1, a_int=1), {"c int": [1] * 100, "a int": [1, None] * 50}, (1, 1),
        rows(100, c_int=2, a_int=1), history=sizes(Measurement(("c",), ("1",), 0, "a", None)),
    ),
    Example(
        QualityMetric("nullValues", ("a",), Threshold("mustBeLessThan", (2,))), {"a int": [1, None]}, {"a int": [1, None, None]}, (2, 3), {"a int": []},
    ),
    Example(
        SqlNumber("SELECT MAX(a) FROM {object}", Threshold("mustBe", (1,))), {"a int": [1]}, {"a int": [2]}, (1, 1), {"a int": [None]}, shows=False,
    ),
    Example(
        Churn(("a",), ("g",)), {"g int": [*range(20)], "a int": [1] * 12 + [2] * 8}, {"g int": [*range(20)], "a int": [2] * 9 + [1] * 11}, (1, 1), None,
        earlier={"g int": [*range(20)], "a int": [1] * 20}, history={day: [Measurement((), (), 1, "a", counts="changes")] for day in LAST_DAYS},
    ),
    Example(Happened("a"), {"a timestamp": [at(12)]}, {"a timestamp": [at(12) - timedelta(days=1), None]}, (1, 1), None, shows=False),
    Example(Fresh("a", 7200), {"a timestamp": [at(12)]}, {"a timestamp": [at(1)]}, (1, 1), {"a timestamp": [None]}, shows=False),
    Example(
        Foreign("expect_column_values_to_not_match_regex", '{"column": "a", "regex": "z"}', ("a",)),
        {"a string": ["a"]}, {"a string": ["a", "z"]}, (1, 2), {"a string": [None]},
    ),
]  # fmt: skip
BY_KIND = {example.check.kind: example for example in EXAMPLES}
ENGINES = pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)], indirect=True, scope="session"
)
EVERY_KIND = pytest.mark.parametrize("kind", BUILT_IN)


def rule_of(check):
    return Rule(name=f"table|{check.kind}", check=check, clauses=("schema[0]",), columns=check.columns_read)


@pytest.fixture
def look(engine, register, make):
    """look(example, rows): the audit of one check over hand-made rows, with all that it may look at."""

    def _look(example, columns):
        register("s.t", columns)
        for name, others in example.others.items():
            register(name, others)
        before = (
            {}
            if example.earlier is None
            else {"previous_day": PreviousDay(register("earlier", example.earlier), DAYS[-1])}
        )
        scope = Scope(
            make.day,
            make.noon + timedelta(hours=1),
            frozenset(example.others),
            history=InMemoryHistory(example.history) if example.history else None,
            expectation_runner=validate_rules,
            **before,
        )
        names = [head.split() for head in example.good]
        table = make.table(*(make.column(*each, at=at, classification="public") for at, each in enumerate(names)))
        rule = rule_of(example.check)
        return audit(engine, "s.t", table=table, rules=[rule], scope=scope)

    return _look


def test_every_kind_of_the_registry_has_an_example_and_none_has_two():
    assert list(BY_KIND) == list(BUILT_IN)
    assert len(EXAMPLES) == len(BY_KIND)
    assert {kind: type(BY_KIND[kind].check) for kind in BUILT_IN} == dict(load_kinds())


@ENGINES
@EVERY_KIND
def test_a_kind_passes_fails_with_exact_counts_and_tells_when_there_is_nothing_to_look_at(look, kind):
    example = BY_KIND[kind]
    (good,) = look(example, example.good).verdicts
    assert (good.outcome, good.failed, good.examples) == (Outcome.PASSED, 0, ()), good.reason
    (bad,) = look(example, example.bad).verdicts
    assert (bad.outcome, bad.failed, bad.total) == (Outcome.FAILED, *example.counts), bad.reason
    assert bool(bad.examples) == example.shows
    if example.nothing is not None:
        (nothing,) = look(example, example.nothing).verdicts
        assert (nothing.outcome, nothing.failed) == (Outcome.VACUOUS, 0), nothing.reason


@EVERY_KIND
def test_a_verdict_is_kept_as_it_was(look, kind):
    example = BY_KIND[kind]
    result = look(example, example.bad)
    record = RunRecord(table="s.t", date=date(2024, 1, 1), candidate="c", decision="refused", audit=result)
    assert RunRecord.from_json(record.to_json()) == record
    assert f'"kind": "{kind}"' in record.to_json()


@EVERY_KIND
def test_a_check_is_one_sentence_that_names_what_it_reads(kind):
    check = BY_KIND[kind].check
    assert check.sentence.strip() == check.sentence
    assert not {"\n", "."} & {check.sentence[-1]}
    assert all(name in check.sentence for name in check.columns_read)


@EVERY_KIND
def test_a_suite_says_the_same_or_says_why_not(make, kind):
    check = BY_KIND[kind].check
    heads = [head.split() for head in BY_KIND[kind].good]
    table = make.table(*(make.column(*each, classification="public") for each in heads))
    suite = build_suite_json(make.contract(table).tables[0], [rule_of(check)], day=make.day)
    reads_beyond = check.needs_previous_days or check.tables or check.queried_tables
    assert ('"out_of_scope": []' in suite) != bool(reads_beyond)
    assert (f'"kind": "{kind}"' in suite) != bool(reads_beyond)


CONSTRUCTORS = {"derive", "formats", "options", "quality", "translation", "untranslated"}
"""The modules of `expectations` that make checks from what a contract says, and so name kinds."""


def modules():
    """All modules of the framework but the kinds themselves and those that construct them."""
    rules = FRAMEWORK / "expectations"
    constructors = {rules / f"{name}.py" for name in CONSTRUCTORS}
    assert all(path.is_file() for path in constructors)
    return [
        path
        for path in FRAMEWORK.rglob("*.py")
        if path not in constructors and not path.is_relative_to(rules / "kinds")
    ]


def kinds_named_in(tree):
    """What a module imports of the classes of kinds, and where it asks a check for its name."""
    homes = {kind.__module__ for kind in load_kinds().values()}
    classes = {kind.__name__ for kind in load_kinds().values()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in homes:
            yield from (f"{node.module}.{name.name}" for name in node.names if name.name in classes)
        if isinstance(node, ast.ImportFrom) and node.module == "martgate.expectations.kinds":
            yield from (name.name for name in node.names if f"martgate.expectations.kinds.{name.name}" in homes)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in homes)
        if isinstance(node, ast.Compare | ast.Match):
            compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.subject]
            attributes = (each for each in compared if isinstance(each, ast.Attribute) and each.attr == "kind")
            yield from (ast.unparse(each) for each in attributes if ast.unparse(each.value).endswith("check"))


def test_no_module_but_those_that_make_checks_knows_a_kind():
    named = {path: list(kinds_named_in(ast.parse(path.read_text(encoding="utf-8")))) for path in modules()}
    assert {str(path): names for path, names in named.items() if names} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "from martgate.expectations.kinds.in_set import InSet",
        "from martgate.expectations.kinds import in_set",
        "import martgate.expectations.kinds.in_set",
        "rule.check.kind == 'in_set'",
        "match check.kind:\n  case 'in_set': pass",
    ],
)
def test_a_module_that_knows_a_kind_is_found(planted):
    assert list(kinds_named_in(ast.parse(planted)))
