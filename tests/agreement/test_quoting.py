"""Texts and names that hurt, in every kind of rule: a text means itself, and a name is a name, on DuckDB and on Spark."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.ports import Dataset
from contracts.day import Day
from contracts.model import Column, Contract, Table, Threshold
from contracts.quoting import identifier, relation
from expectations import rules
from expectations.audit import Earlier, Scope, audit
from expectations.gx.stock import judge
from expectations.measured import Remembered
from expectations.rules import Check, Rule, columns_of
from expectations.verdict import Outcome

pytestmark = pytest.mark.spark

TEXTS = ["${env:HOME}", '${java.version} ${spark.app.name} %s :x {object :y} -- "`/* */ ;']
NAMES = ["my-orders", "order", "we ird", "한국어", "1st", "q`u`ote", 'say "it\'s"', "semi;colon", ":part_date", "-- a"]
COLUMN_NAMES = [*NAMES, "with.dot", "{object}", "tab\tand\nline"]
DAY = Day(date(2024, 3, 31), "Asia/Seoul")
NOON = datetime(2024, 4, 1, tzinfo=UTC)
PLAIN = ("id", "text", "one", "flag", "low", "high", "part_date", "day")
"""The columns of the rows below, in order."""


def rows(value, names=PLAIN):
    """Two rows with a text, and one with another that lacks its last letter."""
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
    """register("name", rows): a table that every engine can read."""

    def register(name, table, file):
        place = tmp_path / f"{file}.parquet"
        pq.write_table(table, place)
        for engine in engines.values():
            engine.register(name, Dataset(files=(str(place),)))

    return register


def verdicts(engine, checks, *, table, other="s.other", earlier="earlier"):
    """What an audit says of each check."""
    named = [Rule(name=f"{n}", check=check, clauses=(), columns=columns_of(check)) for n, check in enumerate(checks)]
    history = Remembered({})
    scope = Scope(DAY, NOON, frozenset({other}), Earlier(earlier, date(2024, 3, 30)), history=history, foreign=judge)
    contract = Contract(file="x.yaml", id="x", version="1.0.0", api_version="v3.2.0", tables=(table,))
    found = audit(engine, table.qualified_name, contract=contract, table=table, rules=named, scope=scope)
    assert all(outside.reason.startswith("learning: ") for outside in found.out_of_scope)
    return found


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
    rules.HasType: "its type is compared with the schema's, in no statement",
    rules.Foreign: "Great Expectations judges it, on rows and without a statement",
}


def texts_of(kind):
    """The fields of a kind that carry a value or SQL of the contract's author; names of columns and tables are none."""
    if kind in NO_TEXT:
        return set()
    names = {"column", "columns", "by", "order_by", "length", "key", "day_column", "to", "to_columns", "kind"}
    return {one.name for one in fields(kind) if str in _parts(one.type)} - names


def _parts(annotation):
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def with_text(value):
    """For each kind and field that carries a text: a check with it, and how much it must find broken in `rows`."""
    written = "'" + value + "'"
    case = f"CASE WHEN text = {written} THEN 1 ELSE 0 END"
    allowance = f"SELECT id, {case} AS measure FROM s.other"
    pattern = "".join(f"\\{char}" if not char.isalnum() and char not in " \"'`:-%" else char for char in value)
    one, two = Threshold("mustBe", (1,)), Threshold("mustBe", (2,))
    metric = rules.QualityMetric
    return {
        (rules.InSet, "values"): (rules.InSet("text", (value,)), 1),
        (rules.Pattern, "pattern"): (rules.Pattern("text", pattern), 1),
        (rules.Range, "value"): (rules.Range("text", "minimum", value), 1),
        (rules.Holds, "expression"): (rules.Holds(f"text = {written}"), 1),
        (rules.Implies, "when"): (rules.Implies(f"text = {written}", "flag = 0"), 2),
        (rules.Implies, "then"): (rules.Implies("flag = 1", f"text <> {written}"), 2),
        (rules.Iff, "left"): (rules.Iff(f"text = {written}", "flag = 0"), 3),
        (rules.Iff, "right"): (rules.Iff("flag = 0", f"text = {written}"), 3),
        (rules.ExtremeOf, "of"): (rules.ExtremeOf("one", case, ("id",), "max"), 1),
        (rules.ExactlyOne, "where"): (rules.ExactlyOne(("id",), "one", f"text = {written}"), 1),
        (rules.ExactlyOne, "distinct"): (rules.ExactlyOne(("id",), f"NULLIF({case}, 0)", "TRUE"), 1),
        (rules.References, "where"): (rules.References(("id",), "s.other", ("id",), f"text = {written}"), 1),
        (rules.SameSet, "where"): (rules.SameSet(("id",), "s.other", ("id",), f"text = {written}"), 1),
        (rules.Reconciles, "measure"): (
            rules.Reconciles(f"SUM({case})", "SELECT id, one AS measure FROM s.other", ("id",)),
            1,
        ),
        (rules.Reconciles, "against"): (rules.Reconciles("SUM(one)", allowance, ("id",)), 1),
        (rules.NeverFalls, "allowance"): (rules.NeverFalls("low", ("id",), allowance), 1),
        (rules.NeverRises, "allowance"): (rules.NeverRises("high", ("id",), allowance), 1),
        (metric, "missing_values"): (metric("missingValues", ("text",), two, missing_values=(value,)), 0),
        (metric, "valid_values"): (metric("invalidValues", ("text",), one, valid_values=(value,)), 0),
        (metric, "pattern"): (metric("invalidValues", ("text",), one, pattern=pattern), 0),
        (rules.SqlNumber, "query"): (
            rules.SqlNumber(f"SELECT COUNT(*) FROM {{object}} WHERE text = {written}", two),
            0,
        ),
    }


def test_every_field_with_a_text_is_tried():
    assert {(kind, name) for kind in get_args(Check) for name in texts_of(kind)} == with_text("x").keys()


@pytest.mark.parametrize("value", TEXTS)
def test_a_text_means_itself_in_every_kind(engines, register, value):
    register("s.audited", rows(value), "audited")
    register("s.other", rows(value), "other")
    earlier = rows(value)
    earlier = earlier.set_column(4, "low", pa.array([2, 2, 2])).set_column(5, "high", pa.array([1, 1, 1]))
    register("earlier", earlier, "earlier")
    checks = with_text(value)
    for name, engine in engines.items():
        found = verdicts(engine, [check for check, _ in checks.values()], table=table_of("s.audited", PLAIN))
        wrong = {
            place: (verdict.failed, verdict.outcome, verdict.observed)
            for (place, (_, broken)), verdict in zip(checks.items(), found.verdicts, strict=True)
            if broken != (0 if verdict.outcome is Outcome.PASSED else verdict.failed)
        }
        assert wrong == {}, name


# A name is a name.


def of_every_kind(columns, other):
    """A check of every kind, each broken by `rows`, over columns and a table of these names."""
    key, text, one, flag, low, high, part_date, day = columns
    q = {plain: identifier(name) for plain, name in zip(PLAIN, columns, strict=True)}
    against = f"SELECT {q['id']}, {q['flag']} AS measure FROM {relation(other)}"
    never = Threshold("mustBe", (99,))
    arguments = f'{{"column": {json.dumps(key)}, "min_value": 7, "max_value": 8}}'
    return [
        rules.HasColumns(columns),
        rules.HasType(key, "string"),
        rules.NotNull(key),
        rules.InSet(text, ("none",)),
        rules.Pattern(text, "[0-9]"),
        rules.Length(text, "maximum", 1),
        rules.Range(key, "minimum", 2),
        rules.MultipleOf(key, 2),
        rules.InPartition((part_date,), part_date),
        rules.Holds(f"{q['id']} < 2"),
        rules.Implies(f"{q['id']} > 1", f"{q['text']} = 'none'"),
        rules.Iff(f"{q['id']} > 1", f"{q['flag']} = 0"),
        rules.AllOrNone((key, text)),
        rules.Unique((one, low)),
        rules.ConstantWithin((text,), (one,)),
        rules.DenseSequence(one, (high,), (key,), flag),
        rules.CountMatches(flag, (one,)),
        rules.ExtremeOf(flag, f"{q['id']}", (one,), "max"),
        rules.ExactlyOne((one,), q["id"], f"{q['id']} > 1"),
        rules.References((flag,), other, (one,), f"{q['id']} > 1"),
        rules.SameSet((flag,), other, (key,), f"{q['id']} > 1"),
        rules.Reconciles(f"SUM({q['id']})", against, (key,)),
        rules.UnchangedSince((text,), (key,)),
        rules.NeverDisappears((key,)),
        rules.NeverFalls(flag, (key,), against),
        rules.NeverRises(high, (key,), against),
        rules.VolumeBand((one,), 30, 1),
        rules.ShareShift((flag,), 0.1, (one,)),
        rules.QualityMetric("duplicateValues", (one, low), never),
        rules.SqlNumber(f"SELECT SUM({q['id']}) FROM {{object}}", never),
        rules.SqlNumber(f"SELECT COUNT(*) FROM {{object}} JOIN {relation(other)} AS o USING ({q['id']})", never),
        rules.Fresh(day, 60),
        rules.Foreign("expect_column_sum_to_be_between", arguments, (key,)),
    ]


def test_a_check_of_every_kind_is_tried():
    assert {type(check) for check in of_every_kind(PLAIN, "s.other")} == set(get_args(Check))


def shown(found, other):
    """What an audit says, but for the names."""
    verdicts = [(one.rule.name, one.outcome, one.failed, one.total, one.unit, one.observed) for one in found.verdicts]
    examples = [
        [value.replace(other, "other") for value in each.values()] for v in found.verdicts for each in v.examples
    ]
    measured = [(one.group, one.rows, one.value) for one in found.measurements]
    return verdicts, examples, measured, [outside.reason for outside in found.out_of_scope]


@pytest.mark.parametrize("turn", [0, 6])
def test_names_change_nothing_in_any_kind(engines, register, turn):
    columns = tuple(COLUMN_NAMES[(turn + place) % len(COLUMN_NAMES)] for place in range(len(PLAIN)))
    audited, other = (f"{NAMES[turn]}.{NAMES[turn + 1]}", f"{NAMES[turn + 2]}.{NAMES[turn + 3]}")
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
        assert shown(odd, other) == shown(plain, "s.other"), name
        assert {verdict.outcome for verdict in odd.verdicts} == {Outcome.PASSED, Outcome.FAILED}
