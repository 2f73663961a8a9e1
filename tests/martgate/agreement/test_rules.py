"""Every kind of rule has the same verdict on DuckDB and on Spark, over a file of edge cases.

Most rules are only counted, hundreds in one pass; some of every kind are also compared by their examples.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Threshold
from martgate.errors import QueryFailed
from martgate.expectations.audit import PreviousDay, Scope, audit
from martgate.expectations.kinds.all_or_none import AllOrNone
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
from martgate.expectations.kinds.registry import load_kinds
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.offenders import MAX_EXAMPLES
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome

pytestmark = pytest.mark.spark

DAY = Day(date(2024, 3, 31), "Asia/Seoul")
KEY = Column(path="", name="id", logical_type="integer", physical_type="bigint", primary_key_position=1)
TABLE = Table(path="", name="cells", qualified_name="s.cells", columns=(KEY,))
CONTRACT = Contract(file="cells.yaml", id="cells", version="1.0.0", api_version="v3.2.0", tables=(TABLE,))
TABLE = CONTRACT.tables[0]
PATTERNS = [
    r"[A-Z]{2}",
    r".",
    r".*",
    r"\S+",
    r"\s*",
    r"\w+",
    r"\W+",
    r"\d+",
    r"\D+",
    r"[^a]*",
    r"KR$",
    r"a|b|",
    r"^$",
    r"\.",
]
PATTERNS += [
    r"\p{L}+",
    r"\p{Lu}.*",
    r"\P{L}*",
    r"\p{Zs}+",
    r"(a|é)+",
    r"[가-힣]+",
    r"[-\w]+",
    r"[\x00-\x1f]*",
    r"\u{1F600}+",
]
PATTERNS += [r".{1,2}", r"[^\n]+", r"[a-c&&b]", r"[\s\d]+", r"a\x00b|\\", r"K(?:R|\n)+"]
STEPS = [1, 2, 3, 7, 10, 0.1, 0.05, 0.01, 0.3, 2.5, 1_000_000, 1e10]
BOUNDS = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum")
GROUPED = ("int", "bigint", "float", "double", "decimal(38,18)", "string", "boolean", "date", "timestamp", "binary")
"""Types to group rows by, at a few statements each; other types are compared by row only."""
NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


class CountingEngine:
    """An engine that returns no examples, which are slow when every rule fails."""

    def __init__(self, engine):
        self.engine, self.columns = engine, engine.columns
        self.prefers_one_statement = engine.prefers_one_statement

    def fetch(self, sql, parameters):
        if sql.endswith(f"LIMIT {MAX_EXAMPLES}"):
            raise QueryFailed("no examples")
        return self.engine.fetch(sql, parameters)


def open_table(engine, relation):
    """Build a contract of a relation without protected columns, so that examples can be compared."""
    columns = (
        Column(path="", name=name, logical_type="", physical_type=kind) for name, kind in engine.columns(relation)
    )
    others = tuple(column for column in columns if column.name != KEY.name)
    table = Table(path="", name=relation.partition(".")[2], qualified_name=relation, columns=(KEY, *others))
    return replace(CONTRACT, tables=(table,)).tables[0]


def audit_checks(engine, checks, relation="s.cells"):
    """Audit a relation and return the verdict of each check."""
    rules = [Rule(name=f"{n}", check=check, clauses=(), columns=check.columns_read) for n, check in enumerate(checks)]
    earlier = PreviousDay("s.other", DAY.date - timedelta(days=1))
    known = (open_table(engine, "s.other"),)
    scope = Scope(DAY, datetime(2024, 4, 1, tzinfo=UTC), frozenset({"s.other"}), earlier, catalog_tables=known)
    result = audit(engine, relation, table=open_table(engine, relation), rules=rules, scope=scope)
    return result.verdicts


def differences(engines, checks, *, counted=False):
    """Return the checks with different verdicts, and the verdicts of one engine."""
    here, there = (audit_checks(CountingEngine(engine) if counted else engine, checks) for engine in engines.values())
    pairs = [
        [(v.outcome, v.failed, v.total, v.observed, sorted(map(str, v.examples))) for v in (one, other)]
        for one, other in zip(here, there, strict=True)
    ]
    reasons = [f"{one.reason}{other.reason}" for one, other in zip(here, there, strict=True)]
    compared = zip(reasons, checks, pairs, strict=True)
    return [(reason, check, *pair) for reason, check, pair in compared if pair[0] != pair[1]], here


class Draw:
    """Rules with random parameters, the same in every run."""

    def __init__(self, cells, seed=7):
        self.cells, self.random = cells, random.Random(seed)

    def values(self, column, most):
        """Draw values of a column as a contract writes them, which fit the type."""
        kind = self.cells.kinds[column]
        values = [self._as_written(cell, kind) for cell in self.cells.edges(column)]
        finite = [value for value in values if not isinstance(value, float) or abs(value) < float("inf")]
        return tuple(self.random.sample(finite, min(most, len(finite))))

    def _as_written(self, cell, kind):
        match cell:
            case datetime() | date():
                return cell.isoformat().replace("+00:00", "Z")
            case Decimal():
                return self.random.choice([str(cell), int(cell)]) if kind == "decimal(38,0)" else str(cell)
            case _:
                return cell

    def rows(self):
        """Yield checks about rows, of every column."""
        for column, kind in self.cells.kinds.items():
            yield NotNull(column)
            yield from (HasType(column, kind), HasType(column, "int"))
            yield from (AllOrNone((column, "few")), InPartition((column,)))
            yield metric("nullValues", column, "mustBe", 0)
            yield Implies(f"`{column}` IS NULL", "few > 1")
            yield Iff(f"`{column}` IS NULL", "few IS NULL")
            if kind != "binary":
                yield from self._compared(column)
            if kind.startswith(NUMBERS):
                yield from (MultipleOf(column, step) for step in STEPS)
            if kind in ("string", "date"):
                yield InPartition((column,), column)
            if kind == "string":
                yield from (Pattern(column, pattern) for pattern in PATTERNS)
                yield from (Length(column, bound, n) for bound in BOUNDS[:2] for n in (0, 1, 2, 3, 5, 900))
                yield metric("invalidValues", column, "mustBe", 3, pattern="[A-Z]+")

    def _compared(self, column):
        twin = f"{column[:-1]}{1 - int(column[-1])}"
        yield from (Range(column, bound, value) for bound in BOUNDS for value in self.values(column, 4))
        yield from (InSet(column, self.values(column, most)) for most in (1, 3, 20))
        yield from (Holds(f"`{column}` {sign} `{twin}`", null_passes=True) for sign in ("<", "=", "<=>"))
        missing = (None, *self.values(column, 3))
        yield metric("missingValues", column, "mustBeLessThan", 30, unit="percent", missing_values=missing)
        yield metric("invalidValues", column, "mustBeLessThan", 30, unit="percent", valid_values=self.values(column, 3))

    def statements(self):
        """Yield checks about groups and other tables."""
        yield from (HasColumns(("id",)), metric("rowCount", None, "mustBe", 1))
        for kind in GROUPED:
            column, twin = (name for name, its in self.cells.kinds.items() if its == kind)
            yield from self._grouped(column, twin, kind)
            yield Unique((column, "few"))
            yield References((column,), "s.other", (twin,), "few > 0")
            yield SameSet((column,), "s.other", (column,))
            for more in ({}, {"where": "few > 0"}, {"latest_by": ("few", "place")}, {"earliest_by": ("place",)}):
                yield CopiedFrom(((column, ""), (twin, "")), ("id",), "s.other", ("id",), **more)
            yield from self._across_days(column, kind)
            if kind in ("string", "date", "timestamp"):
                yield Fresh(column, 3600)
            if kind in ("date", "timestamp"):
                yield from (Happened(column, at_least=least) for least in (1, 3))
        yield metric("duplicateValues", "string_0", "mustBeLessThan", 50, unit="percent")
        yield from self._measured()

    def _grouped(self, column, twin, kind):
        for by, other in (("few", column), (column, twin)):
            yield ConstantWithin((other,), (by,))
            yield ExactlyOne((by,), other, "place = 1")
            if kind != "binary":
                yield from (ExtremeOf(twin, other, (by,), extreme) for extreme in ("min", "max"))
        yield from (CountMatches("place", (column,)), DenseSequence("place", (column,), ("id",)))
        yield DenseSequence("place", ("few",), (column,), "place")

    def _across_days(self, column, kind):
        yield from (NeverDisappears((column, "id")), UnchangedSince((column, "few"), ("id",)))
        yield from (moves(column, ("id",)) for moves in (NeverFalls, NeverRises))
        if kind in ("int", "float", "double"):  # the edges of the others leave no room for an allowance
            yield NeverFalls(column, ("id",), "SELECT id, few AS measure FROM s.other")

    def _measured(self):
        for measure, slack in (("COUNT(*)", 0), ("SUM(int_0)", 2), ("SUM(bigint_0)", 0), ("MIN(bigint_0)", 0.5)):
            against = f"SELECT few, {measure} AS measure FROM s.other GROUP BY few"
            yield Reconciles(measure, against, ("few",), slack)
        for slack in (0, 2):
            formula = "SELECT few, SUM(int_0) AS int_0, MAX(bigint_0) AS bigint_0 FROM s.other GROUP BY few"
            yield Recomputed(("int_0", "bigint_0"), ("few",), formula, slack)
        for query in ("SUM(bigint_0)", "SUM(int_0)", "AVG(double_0)", "MAX(decimal_10_2_0)", "COUNT(DISTINCT float_0)"):
            yield SqlNumber(f"SELECT {query} FROM {{object}}", Threshold("mustBe", (0,)))


def metric(name, column, operator, *bounds, **more):
    return QualityMetric(name, (column,) if column else (), Threshold(operator, bounds), **more)


def one_of_each(checks):
    """Select one check per kind and type of column."""
    return list({(type(check), *check.columns_read[:1]): check for check in checks}.values())


def test_rules_about_rows_have_the_same_counts(cells, engines):
    checks = list(Draw(cells).rows())
    different, verdicts = differences(engines, checks, counted=True)
    assert different == []
    assert cells.count >= 100_000
    assert sum(verdict.total for verdict in verdicts) >= 2_000_000
    assert not [verdict.rule.check for verdict in verdicts if verdict.outcome is Outcome.ERROR]


def test_rules_about_groups_and_other_tables_have_the_same_counts(cells, engines):
    different, verdicts = differences(engines, list(Draw(cells).statements()), counted=True)
    assert different == []
    allowed = {
        Fresh,
        Reconciles,
        Recomputed,
        SqlNumber,
    }  # sums of the greatest numbers overflow, and few texts are days
    assert {type(each.rule.check) for each in verdicts if each.outcome is Outcome.ERROR} <= allowed


def test_examples_are_the_same_rows(cells, engines):
    draw = Draw(cells)
    some = [*one_of_each(draw.rows()), *one_of_each(draw.statements())]
    chosen = draw.random.sample(some, 30)
    different, verdicts = differences(engines, chosen)
    assert different == []
    assert sum(bool(verdict.examples) for verdict in verdicts) > 15


def test_dates_outside_the_years_1_to_9999_are_counted_and_not_shown(engines, tmp_path):
    days = pa.array([-(10**6), 0, 2_932_897, 10**8], pa.int32()).cast(pa.date32())
    instants = pa.array([-(10**17), 0, 253_402_300_800_000_000, 10**18], pa.int64()).cast(pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"id": range(4), "day": days, "at": instants}), tmp_path / "beyond.parquet")
    checks = [Range(name, bound, "1970-01-01") for name in ("day", "at") for bound in BOUNDS]
    checks += [Unique(("day",)), Fresh("day", 60), Fresh("at", 60)]
    for engine in engines.values():
        engine.register("s.beyond", Dataset(files=(str(tmp_path / "beyond.parquet"),)))
        verdicts = audit_checks(engine, checks, "s.beyond")
        assert [v.failed for v in verdicts[:-2]] == [1, 2, 2, 3, 1, 2, 2, 3, 0]
        assert [v.outcome for v in verdicts[-2:]] == [
            Outcome.FAILED
        ] * 2  # all that is left is in the future or too old
        assert not any(verdict.examples for verdict in verdicts)


def test_every_kind_of_rule_is_drawn(cells):
    draw = Draw(cells)
    drawn = {type(check) for check in (*draw.rows(), *draw.statements())}
    elsewhere = {
        *(kind for kind in load_kinds().values() if kind.is_learned),
        Foreign,
    }  # on both engines in test_learned.py and test_gx_stock.py
    assert drawn | elsewhere == set(load_kinds().values())
