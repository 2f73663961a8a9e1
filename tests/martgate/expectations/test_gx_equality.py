"""Stock Great Expectations, given the suite that we export, counts what our audit counts: on defects planted one by one.

Each case of `CASES` is a check, rows that keep it, and ways to break it. Where the check is a core expectation, pandas
judges every way by itself, and all of them at once; a query (`UnexpectedRowsExpectation`) and a type need an engine that
speaks SQL or has types to the width, so those are Spark's alone. Spark judges every case in one wide table: clean, with
all ways at once, of nothing but null, and empty. Our audit is DuckDB's throughout.
"""

import dataclasses
import datetime as dt
import inspect
import json
import math
import re
from decimal import Decimal
from itertools import islice, repeat

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Threshold
from martgate.contracts.types import translate_type
from martgate.expectations.audit import Scope, audit
from martgate.expectations.gx.stock import validate_rules
from martgate.expectations.gx.suite import build_configuration, build_suite_json
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
from martgate.expectations.kinds.registry import load_kinds
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.rules import Rule
from martgate.expectations.untranslated import UNTRANSLATED
from martgate.expectations.verdict import Outcome
from martgate.text.numbers import ExactNumber

pytestmark = [
    pytest.mark.xdist_group("great_expectations"),
    # Great Expectations 1.24 imports and calls what Python and pandas deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

DAY = Day(dt.date(2024, 1, 1), "UTC")
NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
ARROW = {
    "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(), "float": pa.float32(),
    "double": pa.float64(), "decimal(10,2)": pa.decimal128(10, 2), "string": pa.string(), "boolean": pa.bool_(),
    "date": pa.date32(), "timestamp": pa.timestamp("us", "UTC"), "array<int>": pa.list_(pa.int32()),
}  # fmt: skip
VALUES = {
    "tinyint": 1, "smallint": 1, "int": 1, "bigint": 1, "float": 1.5, "double": 1.5, "decimal(10,2)": Decimal("1.50"),
    "string": "x", "boolean": True, "date": dt.date(2024, 1, 1), "timestamp": NOON, "array<int>": [1],
}  # fmt: skip
NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")
HEIGHT = 30
"""Rows of the wide table; a case that has fewer repeats its first good row, or the rows that `more` makes."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A check over columns x1, x2 .. of `kinds`, rows that keep it, and ways to break it, each a row or several."""

    check: Check
    kinds: tuple[str, ...]
    good: tuple[tuple[object, ...], ...]
    ways: tuple[tuple[tuple[object, ...], ...], ...]
    more: object = None

    def clean(self):
        return self.rows([])

    def broken(self):
        return self.rows(self.ways)

    def null(self):
        return [(None,) * len(self.kinds)] * HEIGHT

    def empty(self):
        return []

    def rows(self, ways):
        """The good rows, then those of the ways, as many in all as every other case has."""
        made = [*self.good, *(row for way in ways for row in way)]
        rest = (self.more(place) for place in range(HEIGHT)) if self.more else repeat(self.good[0])
        return [*made, *islice(rest, HEIGHT - len(made))]


def case(check, kinds, good, *ways, more=None):
    """A row of one column may stand as its only value, a way of one row as that row."""
    kinds = tuple(kinds.split(", "))

    def row(cells):
        return cells if isinstance(cells, tuple) else (cells,)

    return Case(
        check,
        kinds,
        tuple(map(row, good)),
        tuple(tuple(map(row, w if isinstance(w, list) else [w])) for w in ways),
        more,
    )


def metric(name, operator, *values, unit="rows", **more):
    columns = () if name == "rowCount" else ("x1",)
    return QualityMetric(name, columns, Threshold(operator, values), unit, **more)


def number(query, operator, *values):
    return SqlNumber(query, Threshold(operator, values))


def alone(place):
    """A row that is a group by itself."""
    return (100 + place, 1)


def at(hour):
    return NOON.replace(hour=hour)


def bounds(kind):
    """Each of the four bounds, held by 3 to 5, and what lies on its wrong side."""
    far = {"tinyint": 127, "smallint": 2**15 - 1, "int": 2**31 - 1, "bigint": 2**53}.get(kind, math.inf)
    within = [3, 5, None]
    yield case(Range("x1", "minimum", 3), kind, within, 2, 0, -1, -far)
    yield case(Range("x1", "maximum", 5), kind, within, 6, 7, 100, far)
    yield case(Range("x1", "exclusive_minimum", 2), kind, within, 2, 1, -100, -far)
    yield case(Range("x1", "exclusive_maximum", 6), kind, within, 6, 8, 99, far)


def lets_nan_pass(made):
    """Whether Great Expectations' own comparison would: NaN is greater than every bound for engines."""
    return made.check.bound.endswith("minimum") and set(made.kinds) <= {"float", "double"}


X = "x1"
CORE = [
    case(
        Foreign("expect_column_values_to_not_match_regex", '{"column": "x1", "regex": "z"}', (X,)),
        "string", ["a", "", None], "z", "az", ["z", "zz"],
    ),
    case(
        Foreign(
            "expect_column_pair_values_to_be_in_set",
            '{"column_A": "x1", "column_B": "x2", "value_pairs_set": [[1, 1], [2, 3]]}', (X, "x2"),
        ),
        "int, int", [(1, 1), (2, 3), (None, None)], (1, 2), (3, 2), (1, None), [(2, 2), (2, 2)],
    ),
    *(case(NotNull(X), kind, [value], None, [None, None]) for kind, value in VALUES.items()),
    case(InSet(X, ("A", "it's")), "string", ["A", "it's", None], "a", "", " A", "A ", "AA", "Ａ", "А", "its", "None"),
    case(InSet(X, ("",)), "string", ["", None], " ", "null", "0", "\n"),
    *(case(InSet(X, (0, 1)), kind, [0, 1, None], 2, -1, 127, -128) for kind in NUMBERS[:4]),
    case(InSet(X, (2**31 - 1, -(2**31))), "int", [2**31 - 1], 2**31 - 2, 0),
    case(InSet(X, (2**62,)), "bigint", [2**62], 2**62 + 1, 2**62 - 1),
    case(InSet(X, (True,)), "boolean", [True, None], False),
    case(InSet(X, tuple(range(50))), "int", [0, 49, None], 50, -1, [77, 77]),
    case(InSet(X, tuple(f"c{n}" for n in range(50))), "string", ["c0", "c49"], "c50", "C0", "c", ["x", "x", "y"]),
    case(Pattern(X, "^[A-Z]{2}$"), "string", ["NO", None], "no", "NOR", "N", "NO\n", "\nNO", " NO", "NO ", "", "N0", "ÑO", "NO\r"),
    case(Pattern(X, r"^\d{4}-\d{2}$"), "string", ["2024-01"], "2024-1", "2024-011", "x2024-01", "٢٠٢٤-٠١", "2024/01"),
    case(Pattern(X, "^(?:a|b)$"), "string", ["a", "b"], "ab", "ba", "c", "A", "a\n"),
    case(Pattern(X, "é.$"), "string", ["aéb", "éb"], "éa\n", "éab", "e"),
    case(Pattern(X, r"^.+@\w+\.(com|kr)$"), "string", ["é@x.kr"], "@x.kr", "a@x.krx", "a@x_kr", "a@é.kr", "a\n@x.kr"),
    case(Length(X, "minimum", 2), "string", ["ab", "한국", None], "", "a", "한", "😀", " "),
    case(Length(X, "maximum", 3), "string", ["", "abc", "😀😀😀"], "abcd", "한국어로", "😀😀😀😀", "    ", "x" * 999),
    *(made for kind in NUMBERS for made in bounds(kind) if not lets_nan_pass(made)),
    case(Unique((X,)), "string", ["a", "b"], ["c", "c"], ["d"] * 3, "a", ["", ""], more=lambda _: (None,)),
    case(Unique((X,)), "bigint", [1, 2, None], [3, 3], [2**53, 2**53], 1, [0, 0, 5, 5], more=lambda _: (None,)),
    case(
        Unique((X, "x2")), "int, string", [(1, "a"), (1, "b"), (2, "a")],
        (1, "a"), [(3, "c")] * 2, [(4, "d")] * 3, [(5, ""), (5, "")], more=lambda _: (1, None),
    ),
    case(
        Unique((X, "x2", "x3")), "int, string, date", [(1, "a", DAY.date), (1, "a", dt.date(2024, 1, 2))],
        (1, "a", DAY.date), [(2, "b", DAY.date)] * 3, more=lambda _: (None, None, None),
    ),
]  # fmt: skip
"""What is exported as a core expectation over values; pandas runs these, and Spark."""

QUERIES = [
    case(InSet(X, ("1", "2")), "int", [1, 2, None], 3, 0),
    case(InSet(X, ("2024-01-01",)), "date", [DAY.date], dt.date(2024, 1, 2), dt.date(1970, 1, 1)),
    case(InSet(X, (0.5,)), "double", [0.5], 0.25, math.nan, math.inf),
    case(Range(X, "minimum", "2024-01-01"), "date", [DAY.date, None], dt.date(2023, 12, 31), dt.date(1, 1, 1)),
    case(Range(X, "maximum", "2024-01-01T12:00:00Z"), "timestamp", [NOON], at(13), NOON.replace(microsecond=1)),
    case(Range(X, "exclusive_maximum", 2), "decimal(10,2)", [Decimal("1.99")], Decimal(2), Decimal("2.01")),
    case(Range(X, "maximum", 2**62), "bigint", [2**62], 2**62 + 1, 2**63 - 1),
    case(Range(X, "maximum", 5), "double", [5.0], math.nan),
    *(made for kind in NUMBERS for made in bounds(kind) if lets_nan_pass(made)),
    case(Range(X, "minimum", 5), "double", [5.0], math.nan, 4.0),
    case(Range(X, "exclusive_minimum", 0.5), "float", [1.0], math.nan, 0.5),
    case(Range(X, "minimum", ExactNumber("1.00000000000000000001")), "bigint", [2], 1, 0),
    case(MultipleOf(X, 5), "int", [0, -10, None], 7, 1, -3),
    case(MultipleOf(X, 0.05), "decimal(10,2)", [Decimal("0.15")], Decimal("0.16"), Decimal("0.01")),
    case(MultipleOf(X, 0.1), "double", [0.3, 0.7], 0.35, 0.11),
    case(
        InPartition((X, "x2"), "x2"), "bigint, string", [(1, "2024-01-01")],
        (None, "2024-01-01"), (1, "2024-01-02"), (1, ""), (1, None),
    ),
    case(InPartition((X,)), "string", ["kr"], "", None),
    case(Holds("x1 > x2"), "int, int", [(2, 1)], (1, 1), (1, 2), (None, 1), (1, None)),
    case(Holds("x1 > 1", null_passes=True), "int", [2, None], 1, -5),
    case(Holds("x1 <> '{x}'"), "string", ["x"], "{x}", None),
    case(Implies("x1 = 1", "x2 IS NOT NULL"), "int, int", [(1, 1), (0, None)], (1, None), [(1, None)] * 2),
    case(Implies("x1 = 1", "x2 > 0", null_passes=True), "int, int", [(1, 1), (1, None)], (1, 0), (1, -1)),
    case(Iff("x1 = 1", "x2 = 1"), "int, int", [(1, 1), (0, 0)], (1, 0), (0, 1), (None, 1), (1, None)),
    case(Iff("x1 = 1", "x2 = 1", null_passes=True), "int, int", [(1, 1), (None, 1)], (1, 0), (0, 1)),
    case(AllOrNone((X, "x2", "x3")), "int, string, date", [(1, "", DAY.date), (None,) * 3], (1, None, None), (None, "", DAY.date)),
    case(ConstantWithin(("x2",), (X,)), "int, string", [(1, "a"), (1, "a"), (None, "b")], (1, "b"), (1, None), [(2, "a"), (2, "b")]),
    case(CountMatches("x2", (X,)), "int, int", [(1, 2), (1, 2)], (2, 2), (3, None), [(4, 2), (4, 1)], more=alone),
    case(
        DenseSequence("x2", (X,), ("x3",)), "int, int, int", [(1, 1, 5), (1, 2, 6)],
        (1, 4, 7), [(2, 2, 1), (2, 1, 2)], (3, 0, 1), (4, None, 1), more=lambda n: (100 + n, 1, 1),
    ),
    case(
        DenseSequence("x2", (X,), ("x3",), "x4"), "int, int, int, int", [(1, 1, 5, 2), (1, 2, 6, 2)],
        (2, 1, 5, 2), [(3, 1, 1, 1), (3, 2, 2, 1)], more=lambda n: (100 + n, 1, 1, 1),
    ),
    case(ExtremeOf("x2", "x3", (X,), "min"), "int, int, int", [(1, 3, 3), (1, 3, 4)], (2, 5, 6), (3, None, 1), [(4, 1, 1), (4, 2, 2)]),
    case(ExactlyOne((X,), "x2", "x3 = 1"), "int, int, int", [(1, 7, 1), (1, 8, 0)], (2, 7, 0), [(3, 7, 1), (3, 8, 1)], (4, None, 1)),
    case(metric("nullValues", "mustBe", 0), "int", [1], None, [None, None]),
    case(metric("nullValues", "mustBeLessThan", 5, unit="percent"), "int", [1], [None, None]),
    case(metric("missingValues", "mustBe", 0, missing_values=(None, "", "N/A")), "string", ["x"], "", "N/A", None),
    case(metric("invalidValues", "mustBe", 0, valid_values=("x",)), "string", ["x", None], "y", ""),
    case(metric("invalidValues", "mustBeLessOrEqualTo", 1, pattern="^[a-z]$"), "string", ["x", None], ["yy", "X"]),
    case(metric("duplicateValues", "mustBe", 0), "int", [1, 2], [3, 3], 1, more=lambda _: (None,)),
    case(metric("duplicateValues", "mustBeLessThan", 10, unit="percent"), "int", [1, 2], [3, 3], more=lambda _: (None,)),
    case(metric("rowCount", "mustNotBe", 7), "int", [1]),
    case(metric("rowCount", "mustNotBe", HEIGHT), "int", [1], 1),
    case(metric("rowCount", "mustNotBeBetween", 1, HEIGHT), "int", [1], 1),
    case(number("SELECT MAX(x1) FROM {object}", "mustBeBetween", 1, 3), "int", [1, 3], 4, 99),
    case(number("SELECT AVG(x1) FROM {object} -- all", "mustBe", 2), "double", [2.0], 3.0),
    case(number("SELECT COUNT(*) FROM {object} WHERE x1 IS NULL", "mustBe", 0), "int", [1], None),
    case(Fresh(X, 100 * 365 * 86_400), "timestamp", [NOON]),
    case(Fresh(X, 3600), "timestamp", [NOON.replace(year=2000)], None),
    case(Happened(X), "timestamp", [NOON], NOON.replace(year=2000)),
    case(Happened(X, "x1 IS NOT NULL", HEIGHT + 1), "timestamp", [NOON], None),
    case(Happened(X), "date", [dt.date(2000, 1, 1)], None),
]  # fmt: skip
"""What is exported as a query; Spark runs these."""

COUNTED = [
    *(case(metric("rowCount", operator, *values), "int", [1]) for operator, *values in [
        ("mustBe", HEIGHT), ("mustBeGreaterThan", HEIGHT - 1), ("mustBeGreaterOrEqualTo", HEIGHT),
        ("mustBeLessThan", HEIGHT + 1), ("mustBeLessOrEqualTo", HEIGHT), ("mustBeBetween", HEIGHT, HEIGHT),
    ]),
    *(case(metric("rowCount", operator, *values), "int", [1], 1) for operator, *values in [
        ("mustBe", HEIGHT - 1), ("mustBeGreaterThan", HEIGHT), ("mustBeGreaterOrEqualTo", HEIGHT + 1),
        ("mustBeLessThan", HEIGHT), ("mustBeLessOrEqualTo", HEIGHT - 1), ("mustBeBetween", 1, HEIGHT - 1),
    ]),
]  # fmt: skip
"""Numbers of rows: the bound is what is wrong, so those with a way are broken in a clean table too."""

TYPED = [
    case(HasType(X, declared), actual, [VALUES[actual]], *([(VALUES[actual],)] if actual != declared else []))
    for declared in VALUES
    for actual in VALUES
    if actual == declared or (declared in NUMBERS) == (actual in NUMBERS)
]
"""Each type declared, each type of its sort found."""
CASES = [*CORE, *QUERIES, *COUNTED, *TYPED]

BROKEN_LAST = sorted(CASES, key=lambda one: bool(one.ways))
SOME = list({(type(c.check), getattr(c.check, "metric", ""), c in CORE, len(c.kinds)): c for c in BROKEN_LAST}.values())
"""One case of each kind; where it is exported in two ways, one of each."""

BEYOND = {
    References, SameSet, Reconciles, CopiedFrom, Recomputed,
    UnchangedSince, NeverDisappears, NeverFalls, NeverRises,
    VolumeBand, ShareShift, Churn,
}  # fmt: skip
"""Kinds that a suite leaves out by name: they compare with another table or with other days, and a suite sees one batch of one."""

ROWS = "unexpected_rows_expectation"
VACUOUS = {
    "empty": {
        "expect_column_values_to_not_be_null", "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex",
        "expect_column_value_lengths_to_be_between", "expect_column_values_to_be_between",
        "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique", ROWS,
        "expect_column_values_to_not_match_regex", "expect_column_pair_values_to_be_in_set",
    },
    "null": {
        "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex",
        "expect_column_value_lengths_to_be_between", "expect_column_values_to_be_between",
        "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique", ROWS,
        "expect_column_values_to_not_match_regex", "expect_column_pair_values_to_be_in_set",
    },
}  # fmt: skip
"""Where Great Expectations passes what had nothing to look at, and we tell it: the only differences there are."""


def placed(check, place):
    """The check over the columns of its case in a wide table: x1 is p7_x1 there."""

    def renamed(value):
        if isinstance(value, tuple):
            return tuple(map(renamed, value))
        return re.sub(r"\bx(?=[1-4]\b)", f"p{place}_x", value) if isinstance(value, str) else value

    fields = dataclasses.fields(check)
    return dataclasses.replace(check, **{field.name: renamed(getattr(check, field.name)) for field in fields})


class Wide:
    """Cases side by side in one table of so many rows each."""

    def __init__(self, cases, rows_of):
        self.rules, self.columns = [], {}
        for place, one in enumerate(cases):
            self.rules.append(Rule(name=f"{place} {one.check.kind}", check=placed(one.check, place), clauses=()))
            columns = zip(*rows_of(one), strict=True) if rows_of(one) else repeat(())
            for number, (kind, cells) in enumerate(zip(one.kinds, columns, strict=False), start=1):
                self.columns[f"p{place}_x{number}"] = kind, list(cells)

    @property
    def table(self):
        columns = tuple(
            Column(path="", name=name, logical_type=translate_type(kind).logical, physical_type=kind)
            for name, (kind, _) in self.columns.items()
        )
        return Table(path="", name="planted", qualified_name="s.planted", columns=columns)

    @property
    def arrow(self):
        return pa.table({name: pa.array(cells, ARROW[kind]) for name, (kind, cells) in self.columns.items()})

    @property
    def pandas(self):
        """Every cell as Python has it: whole numbers beside null would become fractions."""
        import pandas as pd

        return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, (_, cells) in self.columns.items()})


@pytest.fixture
def ours(engine, tmp_path):
    """ours(wide): the result of our audit, as Great Expectations' result, and its verdicts."""

    def audit_as_result(wide):
        from martgate.expectations.gx.result import build_suite_result

        path = tmp_path / "planted.parquet"
        pq.write_table(wide.arrow, path)
        engine.register("s.planted", Dataset(files=(str(path),)))
        table, scope = wide.table, Scope(DAY, NOON, expectation_runner=validate_rules)
        table = Contract(file="", id="planted", version="1.0.0", api_version="v3.2.0", tables=(table,)).tables[0]
        found = audit(engine, "s.planted", table=table, rules=wide.rules, scope=scope)
        configurations = [build_configuration(rule, table, day=DAY) for rule in wide.rules]
        return build_suite_result(found, configurations, suite_name="s", run_name="r"), found.verdicts

    return audit_as_result


def theirs(wide, frame, engine):
    """What stock Great Expectations says of the suite that we export."""
    import great_expectations as gx

    table = Contract(file="", id="planted", version="1.0.0", api_version="v3.2.0", tables=(wide.table,)).tables[0]
    made = gx.ExpectationSuite(**json.loads(build_suite_json(table, wide.rules, day=DAY)))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = getattr(context.data_sources, f"add_{engine}")("source")
    whole = source.add_dataframe_asset("asset").add_batch_definition_whole_dataframe("batch")
    results = whole.get_batch({"dataframe": frame}).validate(made, result_format="BASIC").results
    return [{one.expectation_config.meta["rule"]: one for one in results}[rule.name] for rule in wide.rules]


def counts(result):
    """All that a result says in numbers, in Great Expectations' own words; the shape of a table has none."""
    kind, found = result.expectation_config.type, result.result
    if kind in ("expect_column_values_to_be_of_type", "expect_table_columns_to_match_ordered_list"):
        return {}
    if "missing_count" in found or kind == "expect_column_values_to_not_be_null":
        numbers = [key for key in found if key.endswith(("_count", "percent", "_total", "_nonmissing"))]
        return {key: found[key] or 0 for key in numbers}  # Spark's count over no rows is null
    return {"observed_value": found["observed_value"]}


def find_differences(ours, theirs):
    """Every difference between the results of a rule, and the types of vacuous rules that pass there."""
    apart, vacuous = [], set()
    result, verdicts = ours
    for mine, verdict, other in zip(result.results, verdicts, theirs, strict=True):
        both = [(one.success, counts(one)) for one in (mine, other)]
        raised = '"raised_exception": true' in json.dumps(other.exception_info)
        if raised or both[0][1] != both[1][1] or verdict.outcome is Outcome.ERROR:
            apart.append((verdict.rule.sentence, *both, verdict.reason, other.exception_info if raised else ""))
        elif verdict.outcome is Outcome.VACUOUS and other.success:
            vacuous.add(mine.expectation_config.type)
        elif mine.success != other.success:
            apart.append((verdict.rule.sentence, *both))
    return apart, vacuous


def columns_found(found):
    """A table of columns a, b, c as promised, and those that are found instead."""
    wide = Wide([], Case.clean)
    wide.rules = [Rule(name="table|columns", check=HasColumns(("a", "b", "c")), clauses=())]
    wide.columns = {name: ("int", [1]) for name in found}
    return wide


COLUMNS = [columns_found(found) for found in ("abc", "ab", "bc", "abcd", "acb", "cab", "abd", "Abc")]
"""Columns kept, lost, added, moved and renamed."""


def test_hundreds_of_defects_are_planted_and_no_expectation_that_we_export_escapes():
    everywhere = Wide(CASES, Case.clean)
    exported = {build_configuration(rule, everywhere.table, day=DAY)["type"] for rule in everywhere.rules}
    assert sum(len(one.ways) for one in CASES) + len(COLUMNS) - 1 > 350
    assert {type(one.check) for one in CASES} | BEYOND | {HasColumns} == set(load_kinds().values())
    written = set(re.findall(r'"(expect_\w+)"', "".join(inspect.getsource(kind) for kind in load_kinds().values())))
    assert exported - UNTRANSLATED == written - {"expect_table_columns_to_match_ordered_list"} | {ROWS}


def test_pandas_counts_every_defect_by_itself_as_we_do(ours):
    for one in [*CORE, *COUNTED]:
        for ways in [[], *([way] for way in one.ways), one.ways]:
            wide = Wide([one], lambda one, ways=ways: one.rows(ways))
            assert find_differences(ours(wide), theirs(wide, wide.pandas, "pandas")) == ([], set())
    for wide in COLUMNS:
        assert find_differences(ours(wide), theirs(wide, wide.pandas, "pandas")) == ([], set())


@pytest.mark.parametrize("what", VACUOUS)
def test_pandas_passes_what_had_nothing_to_look_at_and_we_do_not(ours, what):
    wide = Wide([*CORE, *COUNTED], getattr(Case, what))
    assert find_differences(ours(wide), theirs(wide, wide.pandas, "pandas")) == ([], VACUOUS[what] - {ROWS})


@pytest.mark.parametrize("what", ["clean", "broken", *VACUOUS])
def test_its_own_store_keeps_every_result_and_its_own_renderers_draw_it(ours, tmp_path, what, caplog):
    import great_expectations as gx
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    wide = Wide(CASES, getattr(Case, what))
    wide.rules.append(Rule(name="gone", check=NotNull("gone"), clauses=()))
    wide.rules += columns_found("abc").rules
    result, verdicts = ours(wide)
    assert [one for one in verdicts if one.outcome is Outcome.ERROR] == [verdicts[-2]]
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier("s"), result.meta["run_id"], "batch")
    store = gx.get_context(mode="file", project_root_dir=tmp_path).validation_results_store
    store.set(key, result)
    assert store.get(key).to_json_dict() == result.to_json_dict()
    caplog.set_level("ERROR", "great_expectations")
    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result))
    assert "gone" in page
    assert not caplog.records


@pytest.mark.spark
@pytest.mark.parametrize("what", ["clean", "broken", *VACUOUS])
def test_spark_counts_every_case_as_we_do(ours, quick_spark, tmp_path, what):
    wide = Wide(CASES if what == "broken" else SOME, getattr(Case, what))
    mine = ours(wide)
    assert find_differences(
        mine, theirs(wide, quick_spark.read.parquet(str(tmp_path / "planted.parquet")), "spark")
    ) == (
        [],
        VACUOUS.get(what, set()),
    )


@pytest.mark.spark
def test_spark_sees_columns_lost_added_and_moved_as_we_do(ours, quick_spark, tmp_path):
    for wide in COLUMNS:
        mine = ours(wide)
        assert find_differences(
            mine, theirs(wide, quick_spark.read.parquet(str(tmp_path / "planted.parquet")), "spark")
        ) == (
            [],
            set(),
        )
