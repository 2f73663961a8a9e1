"""Unusual texts and names in every kind of rule are quoted correctly on DuckDB and on Spark."""

import json
import re
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Threshold
from martgate.expectations.audit import PreviousDay, Scope, audit
from martgate.expectations.gx.stock import validate_rules
from martgate.expectations.kinds.all_or_none import AllOrNone
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
from martgate.expectations.measurement import InMemoryHistory
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome
from martgate.text.quoting import identifier, relation

pytestmark = pytest.mark.spark

TEXTS = ["${env:HOME}", '${java.version} ${spark.app.name} %s :x {object :y} -- "`/* */ ;']
NAMES = ["my-orders", "order", "we ird", "한국어", "1st", "q`u`ote", 'say "it\'s"', "semi;colon", ":part_date", "-- a"]
COLUMN_NAMES = [*NAMES, "with.dot", "{object}", "tab\tand\nline"]
DAY = Day(date(2024, 3, 31), "Asia/Seoul")
NOON = datetime(2024, 4, 1, tzinfo=UTC)
PLAIN = ("id", "text", "one", "flag", "low", "high", "part_date", "day")
"""The names of the columns of `rows`, in order."""


def rows(value, names=PLAIN):
    """Build two rows with a text, and one with the text without its last letter."""
    columns = {
        "id": pa.array([1, 2, 3]),
        "text": pa.array([value, value, value[:-1]]),
        "one": pa.array([1, 1, 1]),
        "flag": pa.array([1, 1, 0]),
        "low": pa.array([1, 1, 1]),
        "high": pa.array([2, 2, 2]),
        "part_date": pa.array(["2024-03-31"] * 3),
        "day": pa.array([date(2024, 3, 31)] * 3),
    }
    return pa.table(dict(zip(names, columns.values(), strict=True)))


@pytest.fixture
def register(engines, tmp_path):
    """Return a function that registers rows as a table on every engine."""

    def register(name, table, file):
        place = tmp_path / f"{file}.parquet"
        pq.write_table(table, place)
        for engine in engines.values():
            engine.register(name, Dataset(files=(str(place),)))

    return register


def verdicts(engine, checks, *, table, other="s.other", earlier="earlier"):
    """Audit a table and return the result."""
    named = [Rule(name=f"{n}", check=check, clauses=(), columns=check.columns_read) for n, check in enumerate(checks)]
    history = InMemoryHistory({})
    scope = Scope(
        DAY,
        NOON,
        frozenset({other}),
        PreviousDay(earlier, date(2024, 3, 30)),
        history=history,
        expectation_runner=validate_rules,
    )
    table = Contract(file="x.yaml", id="x", version="1.0.0", api_version="v3.2.0", tables=(table,)).tables[0]
    result = audit(engine, table.qualified_name, table=table, rules=named, scope=scope)
    assert all(outside.reason.startswith("learning: ") for outside in result.out_of_scope)
    return result


def table_of(name, columns):
    made = tuple(
        Column(
            path="",
            name=column,
            logical_type="string" if plain in ("text", "part_date") else "date" if plain == "day" else "integer",
            physical_type="string" if plain in ("text", "part_date") else "date" if plain == "day" else "bigint",
            primary_key_position=1 if plain == "id" else None,
            partition_position=1 if plain == "part_date" else None,
        )
        for plain, column in zip(PLAIN, columns, strict=True)
    )
    custom = {"publishPartition": columns[PLAIN.index("part_date")]}
    return Table(path="", name=name.rpartition(".")[2], qualified_name=name, columns=made, custom=custom)


# A text means itself.

NO_TEXT = {
    HasType: "its type is compared with the schema's, in no statement",
    Foreign: "Great Expectations judges it, on rows and without a statement",
}


def texts_of(kind):
    """List the fields of a kind with values or SQL from the contract, without names of columns and tables."""
    if kind in NO_TEXT:
        return set()
    names = {"column", "columns", "by", "order_by", "length", "key", "day_column", "to", "to_columns", "kind"}
    names |= {"from_table", "from_key"}
    return {one.name for one in fields(kind) if str in _parts(one.type)} - names


def _parts(annotation):
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def copied(column, **arguments):
    return CopiedFrom(((column, ""),), ("id",), "s.other", ("id",), **arguments)


def with_text(value):
    """Build a check for each kind and field with text, and the expected number of failures in `rows`."""
    written = "'" + value + "'"
    case = f"CASE WHEN text = {written} THEN 1 ELSE 0 END"
    allowance = f"SELECT id, {case} AS measure FROM s.other"
    pattern = "".join(f"\\{char}" if not char.isalnum() and char not in " \"'`:-%" else char for char in value)
    one, two = Threshold("mustBe", (1,)), Threshold("mustBe", (2,))
    metric = QualityMetric
    return {
        (InSet, "values"): (InSet("text", (value,)), 1),
        (Pattern, "pattern"): (Pattern("text", pattern), 1),
        (Range, "value"): (Range("text", "minimum", value), 1),
        (Holds, "expression"): (Holds(f"text = {written}"), 1),
        (Implies, "when"): (Implies(f"text = {written}", "flag = 0"), 2),
        (Implies, "then"): (Implies("flag = 1", f"text <> {written}"), 2),
        (Iff, "left"): (Iff(f"text = {written}", "flag = 0"), 3),
        (Iff, "right"): (Iff("flag = 0", f"text = {written}"), 3),
        (ExtremeOf, "of"): (ExtremeOf("one", case, ("id",), "max"), 1),
        (ExactlyOne, "where"): (ExactlyOne(("id",), "one", f"text = {written}"), 1),
        (ExactlyOne, "distinct"): (ExactlyOne(("id",), f"NULLIF({case}, 0)", "TRUE"), 1),
        (References, "where"): (References(("id",), "s.other", ("id",), f"text = {written}"), 1),
        (SameSet, "where"): (SameSet(("id",), "s.other", ("id",), f"text = {written}"), 1),
        (Reconciles, "measure"): (
            Reconciles(f"SUM({case})", "SELECT id, one AS measure FROM s.other", ("id",)),
            1,
        ),
        (Reconciles, "against"): (Reconciles("SUM(one)", allowance, ("id",)), 1),
        (CopiedFrom, "where"): (copied("one", where=f"text = {written}"), 1),
        (CopiedFrom, "latest_by"): (copied("one", latest_by=(f"text = {written}",)), 0),
        (CopiedFrom, "earliest_by"): (copied("one", earliest_by=(f"text = {written}",)), 0),
        (CopiedFrom, "default"): (copied("text", where="FALSE", default=(("text", value),)), 1),
        (CopiedFrom, "against"): (
            CopiedFrom((("one", ""),), ("id",), against=f"SELECT id, {case} AS one FROM s.other"),
            1,
        ),
        (Recomputed, "formula"): (Recomputed(("one",), ("id",), f"SELECT id, {case} AS one FROM s.other"), 1),
        (Happened, "where"): (Happened("day", f"text = {written}", 3), 1),
        (NeverFalls, "allowance"): (NeverFalls("low", ("id",), allowance), 1),
        (NeverRises, "allowance"): (NeverRises("high", ("id",), allowance), 1),
        (metric, "missing_values"): (metric("missingValues", ("text",), two, missing_values=(value,)), 0),
        (metric, "valid_values"): (metric("invalidValues", ("text",), one, valid_values=(value,)), 0),
        (metric, "pattern"): (metric("invalidValues", ("text",), one, pattern=pattern), 0),
        (SqlNumber, "query"): (
            SqlNumber(f"SELECT COUNT(*) FROM {{object}} WHERE text = {written}", two),
            0,
        ),
    }


def test_every_field_with_a_text_is_tried():
    assert {(kind, name) for kind in load_kinds().values() for name in texts_of(kind)} == with_text("x").keys()


@pytest.mark.parametrize("value", TEXTS)
def test_a_text_means_itself_in_every_kind(engines, register, value):
    register("s.audited", rows(value), "audited")
    register("s.other", rows(value), "other")
    earlier = rows(value)
    earlier = earlier.set_column(4, "low", pa.array([2, 2, 2])).set_column(5, "high", pa.array([1, 1, 1]))
    register("earlier", earlier, "earlier")
    checks = with_text(value)
    for name, engine in engines.items():
        result = verdicts(engine, [check for check, _ in checks.values()], table=table_of("s.audited", PLAIN))
        differences = {
            place: (verdict.failed, verdict.outcome, verdict.observed)
            for (place, (_, broken)), verdict in zip(checks.items(), result.verdicts, strict=True)
            if broken != (0 if verdict.outcome is Outcome.PASSED else verdict.failed)
        }
        assert differences == {}, name


# A name is a name.


def of_every_kind(columns, other):
    """Build a failing check of every kind over `rows`, with these names of columns and table."""
    key, text, one, flag, low, high, part_date, day = columns
    q = {plain: identifier(name) for plain, name in zip(PLAIN, columns, strict=True)}
    against = f"SELECT {q['id']}, {q['flag']} AS measure FROM {relation(other)}"
    never = Threshold("mustBe", (99,))
    arguments = f'{{"column": {json.dumps(key)}, "min_value": 7, "max_value": 8}}'
    return [
        HasColumns(columns),
        HasType(key, "string"),
        NotNull(key),
        InSet(text, ("none",)),
        Pattern(text, "[0-9]"),
        Length(text, "maximum", 1),
        Range(key, "minimum", 2),
        MultipleOf(key, 2),
        InPartition((part_date,), part_date),
        Holds(f"{q['id']} < 2"),
        Implies(f"{q['id']} > 1", f"{q['text']} = 'none'"),
        Iff(f"{q['id']} > 1", f"{q['flag']} = 0"),
        AllOrNone((key, text)),
        Unique((one, low)),
        ConstantWithin((text,), (one,)),
        DenseSequence(one, (high,), (key,), flag),
        CountMatches(flag, (one,)),
        ExtremeOf(flag, f"{q['id']}", (one,), "max"),
        ExactlyOne((one,), q["id"], f"{q['id']} > 1"),
        References((flag,), other, (one,), f"{q['id']} > 1"),
        SameSet((flag,), other, (key,), f"{q['id']} > 1"),
        Reconciles(f"SUM({q['id']})", against, (key,)),
        CopiedFrom(
            ((flag, ""), (text, q["text"])), (key,), other, (one,), f"{q['id']} > 1", (q["day"],), default=((flag, 7),)
        ),
        Recomputed((flag,), (key,), f"SELECT {q['id']}, 9 AS {q['flag']} FROM {relation(other)}"),
        Churn((text,), (key,)),
        Happened(day, f"{q['id']} < 0"),
        UnchangedSince((text,), (key,)),
        NeverDisappears((key,)),
        NeverFalls(flag, (key,), against),
        NeverRises(high, (key,), against),
        VolumeBand((one,), 30, 1),
        ShareShift((flag,), 0.1, (one,)),
        QualityMetric("duplicateValues", (one, low), never),
        SqlNumber(f"SELECT SUM({q['id']}) FROM {{object}}", never),
        SqlNumber(f"SELECT COUNT(*) FROM {{object}} JOIN {relation(other)} AS o USING ({q['id']})", never),
        Fresh(day, 60),
        Foreign("expect_column_sum_to_be_between", arguments, (key,)),
    ]


def test_a_check_of_every_kind_is_tried():
    assert {type(check) for check in of_every_kind(PLAIN, "s.other")} == set(load_kinds().values())


def without_names(result, other, columns):
    """Extract the parts of an audit that do not depend on names, with the names of `rows` in place of its own."""
    plain = {other: "other", **dict(zip(columns, PLAIN, strict=True))}
    names = re.compile("|".join(sorted(map(re.escape, plain), key=len, reverse=True)))

    def rename(said):
        return names.sub(lambda found: plain[found[0]], said)

    verdicts = [
        (one.rule.name, one.outcome, one.failed, one.total, one.unit, rename(one.observed)) for one in result.verdicts
    ]
    examples = [[rename(value) for value in each.values()] for v in result.verdicts for each in v.examples]
    measured = sorted((one.group, one.rows, str(one.value)) for one in result.measurements)
    return verdicts, examples, measured, [outside.reason for outside in result.out_of_scope]


@pytest.mark.parametrize("offset", [0, 6])
def test_verdicts_do_not_depend_on_names(engines, register, offset):
    columns = tuple(COLUMN_NAMES[(offset + place) % len(COLUMN_NAMES)] for place in range(len(PLAIN)))
    audited, other = (f"{NAMES[offset]}.{NAMES[offset + 1]}", f"{NAMES[offset + 2]}.{NAMES[offset + 3]}")
    for names, table, file in ((PLAIN, "s.audited", "plain"), (columns, audited, "odd")):
        register(table, rows("text", names), file)
    register("s.other", rows("text")[1:], "other")
    register(other, rows("text", columns)[1:], "odd_other")
    earlier = rows("TEXT").set_column(3, "flag", pa.array([5, 5, 5])).set_column(5, "high", pa.array([0, 0, 0]))
    register("earlier", earlier, "earlier")
    register("odd earlier", earlier.rename_columns(columns), "odd_earlier")
    for name, engine in engines.items():
        plain = verdicts(engine, of_every_kind(PLAIN, "s.other"), table=table_of("s.audited", PLAIN))
        table = table_of(audited, columns)
        odd = verdicts(engine, of_every_kind(columns, other), table=table, other=other, earlier="odd earlier")
        assert without_names(odd, other, columns) == without_names(plain, "s.other", PLAIN), name
        assert {verdict.outcome for verdict in odd.verdicts} == {Outcome.PASSED, Outcome.FAILED}
