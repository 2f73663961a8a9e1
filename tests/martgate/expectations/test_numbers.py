"""Numbers of contracts are read, compared and written to their last digit, on every engine."""

import copy
import json
import operator
import pickle
import re
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from random import Random
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.diff import rules
from martgate.contracts.digest import digest
from martgate.contracts.export.jsonschema import render_schema
from martgate.contracts.export.pandera import render_schema as render_pandera
from martgate.contracts.odcs.schema import find_violations
from martgate.contracts.quality import Operator, Threshold
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput
from martgate.expectations.kinds.copied_from import CopiedFrom
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.recomputed import Recomputed
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.registry import load_kinds
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.source import Source
from martgate.expectations.verdict import Outcome
from martgate.text.comparison import write_comparison, write_in_list
from martgate.text.numbers import ExactNumber, read_number, to_decimal

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]
SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
WHOLE = {"tinyint": (pa.int8(), 7), "int": (pa.int32(), 31), "bigint": (pa.int64(), 63)}
DECIMALS = {"decimal(38,10)": (38, 10), "decimal(38,0)": (38, 0), "decimal(38,38)": (38, 38), "decimal(10,2)": (10, 2)}


def cells(kind, random):
    """Values of a type: its ends, those about 0 and 2**53, and others; with the unit of its last digit."""
    if kind in WHOLE:
        greatest, unit = 2 ** WHOLE[kind][1] - 1, Decimal(1)
    else:
        precision, scale = DECIMALS[kind]
        greatest, unit = 10**precision - 1, Decimal(f"1E-{scale}")
    units = {-greatest, greatest, greatest - 1, 0, 1, -1, *(random.randint(-greatest, greatest) for _ in range(6))}
    units |= {each for each in (2**53, 2**53 + 1, 10**17 + 1) if each <= greatest}
    with localcontext(prec=80):
        return sorted(each * unit for each in units), unit


def bounds(values, unit):
    """Each value, its neighbours, a number between two values, and numbers that no type holds."""
    with localcontext(prec=200):
        near = [value + step for value in values for step in (0, unit, -unit, unit / 8, -unit / 8)]
        return [*near, Decimal(10) ** 38, -(Decimal(10) ** 60), Decimal("1E+300"), Decimal("1E-60")]


def as_written(number):
    """A number as YAML reads it."""
    text = format(number, "f")
    return int(text) if "." not in text else read_number(text)


def register(engine, tmp_path, kind, values):
    arrow = WHOLE[kind][0] if kind in WHOLE else pa.decimal128(*DECIMALS[kind])
    file = tmp_path / f"{kind}.parquet"
    pq.write_table(pa.table({"n": pa.array([*values, None], arrow)}), file)
    engine.register("s.numbers", Dataset(files=(str(file),)))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", [*WHOLE, *DECIMALS])
def test_each_sign_answers_as_decimals_do(request, tmp_path, name, kind):
    engine = request.getfixturevalue(f"{name}_engine")
    values, unit = cells(kind, Random(kind))
    register(engine, tmp_path, kind, map(int, values) if kind in WHOLE else values)
    listed = [(sign, bound) for bound in bounds(values, unit) for sign in SIGNS]
    written = [write_comparison("`n`", sign, as_written(bound), kind) for sign, bound in listed]
    rows = engine.fetch(
        f"SELECT n, {', '.join(f'{each} AS c{place}' for place, each in enumerate(written))} FROM s.numbers"
    )
    assert len(rows) == len(values) + 1
    for value, *answers in rows:
        for (sign, bound), answer in zip(listed, answers, strict=True):
            assert answer == (None if value is None else SIGNS[sign](Decimal(value), bound)), (value, sign, bound)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", [*WHOLE, *DECIMALS])
def test_a_list_has_each_of_its_values_and_no_neighbour(request, tmp_path, name, kind):
    engine = request.getfixturevalue(f"{name}_engine")
    values, unit = cells(kind, Random(kind))
    register(engine, tmp_path, kind, map(int, values) if kind in WHOLE else values)
    with localcontext(prec=200):
        lists = [values[::2], [value + unit / 8 for value in values], [*values[::3], unit / 2, Decimal(10) ** 50]]
    for members in lists:
        written = tuple(map(as_written, members))
        tests = [write_in_list("`n`", written, kind, negated=negated) for negated in (False, True)]
        for value, is_in, is_out in engine.fetch(f"SELECT n, {tests[0]}, {tests[1]} FROM s.numbers"):
            expected = None if value is None else Decimal(value) in members
            assert (is_in, is_out) == (expected, None if expected is None else not expected), (value, members)


BOUND = Decimal("1234567890123456789012345678.0123456789")
UNIT = Decimal("0.0000000001")
ABOVE = Decimal("1234567890123456789012345678.0123456790")


@pytest.mark.parametrize("name", ENGINES)
def test_the_neighbour_of_a_bound_is_refused_and_the_bound_is_not(request, tmp_path, name):
    """One unit of `decimal(38,10)` from what the contract wrote, for each kind that compares with a number."""
    engine = request.getfixturevalue(f"{name}_engine")
    with localcontext(prec=60):
        below, above, double = BOUND - UNIT, BOUND + UNIT, 2 * BOUND
    number = as_written(BOUND)
    metric = {"threshold": None, "columns": ("n",)}
    expected = {
        Range("n", "minimum", number): {below},
        Range("n", "maximum", number): {above, double},
        Range("n", "exclusive_minimum", number): {below, BOUND},
        Range("n", "exclusive_maximum", number): {BOUND, above, double},
        InSet("n", (number, 7)): {below, above, double},
        InSet("n", (number, *map(int, range(40)))): {below, above, double},
        MultipleOf("n", number): {below, above},
        QualityMetric("invalidValues", valid_values=(number,), **metric): {below, above, double},
        QualityMetric("missingValues", missing_values=(number, 1), **metric): {BOUND},
    }
    kind = "decimal(38,10)"
    register(engine, tmp_path, kind, [below, BOUND, above, double])
    for check, offenders in expected.items():
        test = check._row_test({"n": kind}) if isinstance(check, QualityMetric) else check.row_test({"n": kind})
        found = engine.fetch(f"SELECT n FROM s.numbers WHERE {test.failure}")
        assert {row[0] for row in found} == offenders, check
        assert isinstance(check, QualityMetric) or str(BOUND) in check.sentence


TRIED = {"range", "in_set", "multiple_of", "metric", "sql", "copied_from", "recomputed", "reconciles"}
ESTIMATES = {"volume_band", "share_shift", "churn"}
"""Kinds whose numbers are chances and distances, computed in binary fractions."""


def test_every_kind_with_a_number_is_tried_here():
    hints = {name: repr(get_type_hints(kind)) for name, kind in load_kinds().items()}
    assert {name for name, hint in hints.items() if re.search(r"\bfloat\b|Threshold", hint)} == TRIED | ESTIMATES


NEAR = [
    (lambda number: Reconciles("MAX(n)", "SELECT 0 AS measure", (), number), BOUND, ABOVE),
    (lambda number: Recomputed(("n",), ("k",), "SELECT 1 AS k, 0 AS n FROM s.o", number), BOUND, ABOVE),
    (lambda number: CopiedFrom((("n", ""),), ("k",), "s.o", ("k",), default=(("n", number),)), BOUND, ABOVE),
]


@pytest.mark.parametrize(("make_check", "good", "bad"), NEAR)
def test_the_neighbour_of_a_number_between_tables_is_refused_and_the_number_is_not(find, make_check, good, bad):
    check = make_check(as_written(BOUND))
    others = {"s.o": {"k int": [2], "n decimal(38,10)": [UNIT]}}
    for value, outcome in ((good, Outcome.PASSED), (bad, Outcome.FAILED)):
        verdict = find(check, {"k int": [1, 2], "n decimal(38,10)": [value, UNIT]}, others=others)
        assert verdict.outcome is outcome, (check.kind, value, verdict.reason)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", ["float", "double"])
def test_no_bound_admits_a_value_that_is_no_number(request, tmp_path, name, kind):
    engine = request.getfixturevalue(f"{name}_engine")
    file = tmp_path / "n.parquet"
    arrow = pa.float32() if kind == "float" else pa.float64()
    pq.write_table(pa.table({"n": pa.array([float("nan"), 5.0, None], arrow)}), file)
    engine.register("s.numbers", Dataset(files=(str(file),)))
    for bound, value in (("minimum", 1), ("exclusive_minimum", 1), ("maximum", 9), ("exclusive_maximum", 9)):
        failure = Range("n", bound, value).row_test({"n": kind}).failure
        ((count,),) = engine.fetch(f"SELECT COUNT(*) FROM s.numbers WHERE {failure}")
        assert count == 1, bound


LATE = "0.12345678901234567890123456789"
ANSWERS = [
    (f"CAST('{LATE}' AS DECIMAL(38,29))", "mustBe", (LATE,), True),
    (f"CAST('{LATE}' AS DECIMAL(38,29))", "mustBe", (f"{LATE}1",), False),
    (f"CAST('{LATE}' AS DECIMAL(38,29))", "mustNotBe", (LATE,), False),
    (f"CAST('{LATE}' AS DECIMAL(38,29))", "mustBeLessThan", (f"{LATE}1",), True),
    (f"CAST('{LATE}' AS DECIMAL(38,29))", "mustBeBetween", (f"{LATE}1", "1"), False),
    ("CAST('0.12345678901234568' AS DOUBLE)", "mustBe", (LATE,), True),  # the nearest double
    ("CAST(9007199254740993 AS BIGINT)", "mustBe", ("9007199254740993.0",), True),
    ("CAST(9007199254740993 AS BIGINT)", "mustBeLessOrEqualTo", ("9007199254740992.9",), False),
    ("CAST(9007199254740993 AS DECIMAL(38,0))", "mustNotBe", ("9007199254740992",), True),
    *(("CAST('NaN' AS DOUBLE)", sign, ("1", "2")[: 1 + ("Between" in sign)], False) for sign in get_args(Operator)),
]


@pytest.mark.parametrize("name", ENGINES)
def test_the_number_of_a_query_keeps_its_digits(request, tmp_path, name):
    """The verdict, and the query of the exported suite, which finds a row where the verdict is not passed."""
    engine = request.getfixturevalue(f"{name}_engine")
    register(engine, tmp_path, "int", [1])
    source = Source("s.numbers", {"n": "int"})
    for expression, sign, written, passes in ANSWERS:
        values = tuple(int(each) if each.isdigit() else read_number(each) for each in written)
        check = SqlNumber(f"SELECT {expression} FROM {{object}} LIMIT 1", Threshold(sign, values))
        (numbers,) = engine.fetch(check.evaluation(source).sql)
        result = check.result(numbers, datetime(2024, 1, 1, tzinfo=UTC))
        assert (result.outcome is Outcome.PASSED) is passes, (expression, sign, written, numbers)
        if LATE in expression:
            assert result.observed == LATE
        is_rounded = name == "spark" and f"{LATE}1" in written  # to 38 digits, where the query of a suite compares
        if not is_rounded and ("DOUBLE" not in expression or "NaN" in expression):
            rows = engine.fetch(f"SELECT COUNT(*) {check.unexpected_rows(source, ()).from_clause}")
            assert rows == [(int(not passes),)], (expression, sign, written)


def test_two_values_that_differ_in_a_late_digit_are_two():
    enum = f"[{{value: {LATE}1}}, {{value: {LATE}2}}]"
    column = f"{{name: n, logicalType: number, physicalType: 'decimal(38,30)', classification: public, enum: {enum}}}"
    text = "apiVersion: v3.2.0\nkind: DataContract\nid: t\nname: t\nversion: 1.0.0\nstatus: active\nschema:\n"
    text += f"  - {{name: t, logicalType: object, physicalType: table, properties: [{column}]}}\n"
    data = Document.parse(text, file="c.yaml").data
    assert find_violations(data, "v3.2.0") == ()


def test_a_bound_is_exported_with_its_digits(make):
    options = {"minimum": read_number(LATE), "maximum": 5, "multipleOf": 0.5}
    table = make.table(make.column("n", "decimal(38,30)", logical="number", options=options))
    limits = json.loads(render_schema(table), parse_float=Decimal)["properties"]["n"]
    assert (limits["minimum"], limits["maximum"], limits["multipleOf"]) == (Decimal(LATE), 5, Decimal("0.5"))
    assert f'"{LATE}"' in render_pandera(table)


def test_a_threshold_that_differs_in_a_late_digit_is_narrower():
    wide, narrow = (Threshold("mustBeLessThan", (read_number(f"{LATE}{last}"),)) for last in (9, 1))
    assert rules._is_within(narrow, wide)
    assert not rules._is_within(wide, narrow)


def test_yaml_keeps_every_digit():
    text = "a: 0.1\nb: 0.12345678901234567890123\nc: 1e3\nd: 9007199254740993.0\ne: 0x1F\nf: 0o17\ng: -123456789.1234567890123\n"
    data = Document.parse(text, file="c.yaml").data
    exact = {key: to_decimal(value) for key, value in data.items()}
    written = ("0.1", "0.12345678901234567890123", "1000", "9007199254740993", "31", "15", "-123456789.1234567890123")
    assert exact == dict(zip("abcdefg", map(Decimal, written), strict=True))
    assert [type(data[key]) is float for key in "abcdg"] == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("number", "problem"), [("1e-400", "too near to 0"), ("1e400", "not a finite"), ("0." + "1" * 99, "101 digits")]
)
def test_a_number_that_cannot_be_kept_is_refused(number, problem):
    with pytest.raises(InvalidInput, match=problem):
        Document.parse(f"a: {number}\n", file="c.yaml")


def test_an_exact_number_is_a_value():
    number, other = ExactNumber("0.10000000000000000000001"), ExactNumber("0.10000000000000000000002")
    comparisons = [number != other, number < other, 0.1 < number, other >= number, number <= other, other > number]  # noqa: SIM300
    assert all(comparisons)
    assert len({number, other, 0.1, ExactNumber("0.10000000000000000000001")}) == 3
    assert number != "0.1"
    for copied in (pickle.loads(pickle.dumps(number)), copy.deepcopy(number)):
        assert repr(copied) == str(copied) == f"{copied}" == "0.10000000000000000000001"
    negative = -number
    assert (abs(negative), -negative, int(ExactNumber("9007199254740993.5"))) == (number, number, 9007199254740993)
    assert [ExactNumber(f"9007199254740993.{tenth}").is_integer() for tenth in (0, 5)] == [True, False]
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(TypeError):
            compare(number, "0.1")


def test_contracts_that_differ_in_a_late_digit_have_other_digests(make):
    def table(number):
        return make.table(make.column("n", "decimal(38,30)", options={"minimum": ExactNumber(number)}))

    assert digest(table("0.10000000000000000000001")) != digest(table("0.10000000000000000000002"))
    assert digest(table("0.10000000000000000000001")) == digest(table("0.10000000000000000000001"))
