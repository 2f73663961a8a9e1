"""The suite, loaded and run by a stock Great Expectations."""

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Severity, Threshold
from martgate.contracts.types import translate_type
from martgate.expectations.derive import derive
from martgate.expectations.gx.suite import build_configuration, build_suite, build_suite_json
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.count_matches import CountMatches
from martgate.expectations.kinds.dense_sequence import DenseSequence
from martgate.expectations.kinds.exactly_one import ExactlyOne
from martgate.expectations.kinds.extreme_of import ExtremeOf
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.moves import NeverFalls, NeverRises
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.never_disappears import NeverDisappears
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.reconciles import Reconciles
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.same_set import SameSet
from martgate.expectations.kinds.share_shift import ShareShift
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.rules import Rule

pytestmark = [
    pytest.mark.xdist_group("great_expectations"),
    # Great Expectations 1.24 imports and calls what Python and pandas deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

DAY = Day(dt.date(2024, 1, 31), "Asia/Seoul")
SECRET = "hush-hush"


def column(name, kind, **fields):
    return Column(
        path=f"schema[0].{name}", name=name, logical_type=translate_type(kind).logical, physical_type=kind, **fields
    )


TABLE = Table(
    path="schema[0]",
    name="members",
    qualified_name="club.members",
    columns=(
        column("id", "bigint", primary_key_position=1),
        column("day", "string", primary_key_position=2, partition_position=1),
        column("person", "string", required=True, options={"minLength": 2}),
        column("seq", "int", options={"minimum": 1}),
        column("total", "int", options={"exclusiveMaximum": 3}),
        column("grade", "string", enum=("FAN", "NO", "it's {0}")),
        column("nick", "string", classification="personal", unique=True, options={"pattern": r"^[a-z\-]{3,}$"}),
        column("code", "string", options={"pattern": r"^[A-Z]{2}$"}),
        column("price", "decimal(9,2)", options={"multipleOf": 0.05, "maximum": 99.9}),
        column("joined", "timestamp"),
        column("first", "timestamp"),
        column("is_first", "tinyint", enum=(0, 1)),
    ),
)
CONTRACT = Contract(file="club.yaml", id="club", version="3.1.4", api_version="v3.2.0", tables=(TABLE,))
TABLE = CONTRACT.tables[0]


def rule(name, check, **fields):
    return Rule(name=name, check=check, clauses=(f"schema[0].quality.{name}",), **fields)


BY = ("person",)
WITHIN = (
    rule("holds", Holds("nick IS NULL OR nick <> 'admin {x}'"), description="Nobody is called admin."),
    rule("implies", Implies("seq > 1", "is_first = 0"), severity=Severity.WARNING),
    rule("iff", Iff("price IS NULL", "grade = 'NO'", null_passes=True)),
    rule("all_or_none", AllOrNone(("joined", "first"))),
    rule("constant", ConstantWithin(("total",), BY)),
    rule("dense", DenseSequence("seq", BY, ("joined",), "total")),
    rule("count", CountMatches("total", BY)),
    rule("extreme", ExtremeOf("first", "joined", BY, "min")),
    rule("exactly_one", ExactlyOne(BY, "id", "is_first = 1")),
    rule("multiple", MultipleOf("seq", 1)),
    rule("nulls", QualityMetric("nullValues", ("price",), Threshold("mustBeLessThan", (60,)), "percent")),
    rule("rows", QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (2,)))),
    rule("repeats", QualityMetric("duplicateValues", ("code",), Threshold("mustBe", (0,)))),
    rule("number", SqlNumber("SELECT MAX(seq) FROM {object} -- at most", Threshold("mustBeBetween", (1, 3)))),
    rule("counted", SqlNumber("SELECT COUNT(*) FROM {object}", Threshold("mustBe", (5,)))),
    rule("greatest", SqlNumber("SELECT LENGTH(MIN(NICK)) FROM {object}", Threshold("mustBe", (6,)))),
    rule("fresh", Fresh("joined", 100 * 365 * 86_400)),
)
OF_THE_DAY = (rule("cutoff", Holds("joined < CAST(:day_end AS TIMESTAMP)")),)
BEYOND = (
    rule("references", References(("person",), "club.people", ("id",))),
    rule("same_set", SameSet(("person",), "club.people", ("id",))),
    rule("reconciles", Reconciles("COUNT(*)", "SELECT COUNT(*) AS measure FROM club.people", ())),
    rule("elsewhere", SqlNumber("SELECT COUNT(*) FROM club.people", Threshold("mustBe", (0,)))),
    rule("gone", NeverDisappears(("id",))),
    rule("kept", UnchangedSince(("person", "nick"), ("id",))),
    rule("falls", NeverFalls("total", ("id",), "SELECT id, 1 AS measure FROM club.people")),
    rule("rises", NeverRises("first", ("id",))),
    rule("volume", VolumeBand(BY, 90, 1)),
    rule("shares", ShareShift(("grade", "nick"), 0.05)),
)
EVERY = (*derive(TABLE), *WITHIN, *OF_THE_DAY, *BEYOND)


def at(hour):
    return dt.datetime(2024, 1, 1, hour)  # noqa: DTZ001 (as Spark and pandas take them)


GOOD = [
    {
        "id": place, "day": "2024-01-31", "person": person, "seq": seq, "total": total, "grade": "it's {0}",
        "nick": f"nick-{chr(96 + place)}", "code": f"A{chr(64 + place)}", "price": Decimal("0.15"), "joined": at(seq),
        "first": at(1), "is_first": int(seq == 1),
    }
    for place, (person, seq, total) in enumerate([("ann", 1, 2), ("ann", 2, 2), ("bob", 1, 1), ("cy", 1, 1), ("di", 1, 1)], 1)
]  # fmt: skip


def batch(frame, engine):
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    source = getattr(context.data_sources, f"add_{engine}")("source")
    definition = source.add_dataframe_asset("asset").add_batch_definition_whole_dataframe("batch")
    return definition.get_batch({"dataframe": frame})


def failed(batch, made, **asked):
    """The rules whose expectations failed; none may have ended in an error."""
    result = batch.validate(made, **asked)
    for one in result.results:
        assert not any(info.get("raised_exception") for info in exceptions(one)), one.exception_info
    return {one.expectation_config.meta["rule"] for one in result.results if not one.success}, result


def exceptions(one):
    info = one.exception_info or {}
    return [info, *(value for value in info.values() if isinstance(value, dict))]


# Without Great Expectations


def test_the_json_needs_no_great_expectations():
    """Its import costs seconds that an export does not have to pay."""
    program = (
        "import sys; from martgate.expectations.gx import suite; from martgate.contracts.model import *;"
        "t = Table(path='s', name='t', qualified_name='t', columns=());"
        "suite.build_suite_json(Contract(file='', id='t', version='1', api_version='', tables=(t,)).tables[0], ());"
        "assert not {'great_expectations', 'pandas', 'sqlglot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_same_contract_gives_the_same_bytes():
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import test_gx_suite as here;"
        "sys.stdout.write(here.build_suite_json(here.TABLE, here.EVERY))"
    )
    folder = os.path.dirname(__file__)  # noqa: PTH120 (text for another process)
    runs = [
        subprocess.run(
            [sys.executable, "-c", program, folder],
            check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] == build_suite_json(TABLE, EVERY).encode()
    assert json.loads(runs[0])["name"] == "club.members@3"


def test_what_one_batch_cannot_answer_is_left_out_by_name_and_reason():
    without_day = json.loads(build_suite_json(TABLE, EVERY))
    left_out = {one["rule"]: one["reason"] for one in without_day["meta"]["out_of_scope"]}
    assert set(left_out) == {one.name for one in BEYOND} | {"cutoff", "table|partitions"}
    assert "club.people" in left_out["references"]
    assert "an earlier day" in left_out["gone"]
    assert "no day was given" in left_out["cutoff"]
    assert left_out["table|partitions"].startswith("in part")
    names = [one["meta"]["rule"] for one in without_day["expectations"]]
    assert names == [one.name for one in EVERY if one.name not in left_out or one.name == "table|partitions"]
    with_day = json.loads(build_suite_json(TABLE, EVERY, day=DAY))
    assert {one["rule"] for one in with_day["meta"]["out_of_scope"]} == {one.name for one in BEYOND}
    queries = [one["kwargs"].get("unexpected_rows_query", "") for one in with_day["expectations"]]
    assert any("CAST('2024-01-31T15:00:00Z' AS TIMESTAMP)" in query for query in queries)


def test_a_rule_across_days_asks_the_table_for_its_newest_earlier_day_and_shows_nothing_protected():
    found = [
        build_configuration(one, TABLE, day=DAY) for one in BEYOND if one.name in ("gone", "kept", "falls", "rises")
    ]
    queries = {one["meta"]["rule"]: one["kwargs"]["unexpected_rows_query"] for one in found}
    newest = "(SELECT MAX(`day`) FROM `club`.`members` WHERE `day` < '2024-01-31')"
    assert all(newest in query and "{batch}" in query for query in queries.values())
    listed = queries["kept"].partition("\n")[0]
    assert listed == "SELECT earlier.`id`, earlier.`person` AS `person (earlier)`, here.`person`"


def test_severity_words_and_addresses_travel_along():
    made = {one["meta"]["rule"]: one for one in json.loads(build_suite_json(TABLE, EVERY))["expectations"]}
    assert made["implies"]["severity"] == "warning"
    assert made["holds"]["severity"] == "critical"
    assert made["holds"]["description"] == "Nobody is called admin."
    assert made["person|not_null"]["description"] == "person is never null"
    assert made["holds"]["meta"] == {
        "rule": "holds",
        "kind": "holds",
        "dimension": "",
        "clauses": ["schema[0].quality.holds"],
        "contract": "club",
        "version": "3.1.4",
    }


def test_braces_of_the_contract_survive_the_placing_of_the_batch():
    """Great Expectations formats queries as Python does; only `{batch}` may be a place in them."""
    for one in EVERY:
        query = build_configuration(one, TABLE)["kwargs"].get("unexpected_rows_query")
        if one.name != "elsewhere" and query is not None:
            assert "`b`" in query.format(batch="`b`")
    holds = next(one for one in EVERY if one.name == "holds")
    assert "'admin {x}'" in build_configuration(holds, TABLE)["kwargs"]["unexpected_rows_query"].format(batch="`b`")


def test_a_querys_number_is_shown_unless_it_may_come_from_a_protected_column():
    shown = {
        one.name: build_configuration(one, TABLE)["kwargs"]["unexpected_rows_query"].partition("\n")[0]
        for one in WITHIN[-4:-1]
    }
    assert shown == {"number": "SELECT `number`", "counted": "SELECT `number`", "greatest": "SELECT 1 AS `offending`"}


def test_core_expectations_are_used_where_there_are_any():
    made = {one.name: build_configuration(one, TABLE) for one in EVERY}
    kinds = {name: one["type"] for name, one in made.items()}
    assert kinds["table|columns"] == "expect_table_columns_to_match_ordered_list"
    assert kinds["id|type"] == "expect_column_values_to_be_of_type"
    assert made["is_first|type"]["kwargs"]["type_"] == "ByteType"
    assert kinds["grade|in_set"] == "expect_column_values_to_be_in_set"
    assert kinds["code|pattern"] == "expect_column_values_to_match_regex"
    assert kinds["person|min_length"] == "expect_column_value_lengths_to_be_between"
    assert kinds["seq|minimum"] == "expect_column_values_to_be_between"
    assert kinds["table|key"] == "expect_compound_columns_to_be_unique"
    assert kinds["rows"] == "expect_table_row_count_to_be_between"


def test_no_query_over_a_protected_column_selects_it_and_no_core_expectation_would_show_it():
    for one in EVERY:
        made = build_configuration(one, TABLE)
        if "nick" not in (*one.columns, *one.check.columns_read):
            continue
        if made["type"] == "unexpected_rows_expectation":
            selected = made["kwargs"]["unexpected_rows_query"].partition("FROM")[0]
            assert "nick" not in selected
            assert "*" not in selected
        else:
            assert made["type"] in {"expect_column_values_to_be_of_type", "expect_column_values_to_not_be_null"}


# Loaded and run


def test_great_expectations_reads_the_json_as_the_suite_itself(shipped):
    """Of the shipped mart: every configuration as it would have been written by Great Expectations."""
    _, table = shipped
    derived = derive(table)
    mine = json.loads(build_suite_json(table, derived))
    theirs = json.loads(json.dumps(build_suite(table, derived).to_json_dict(), default=str))
    assert mine["expectations"] == theirs["expectations"]
    assert mine["meta"] == theirs["meta"]
    assert len(derived) == len(mine["expectations"]) + len(
        {one["rule"] for one in mine["meta"]["out_of_scope"]} - {"table|partitions"}
    )


def test_pandas_runs_the_core_expectations():
    import great_expectations as gx
    import pandas as pd

    foreign = ("unexpected_rows_expectation", "expect_column_values_to_be_of_type")
    core = [one for one in EVERY if build_configuration(one, TABLE)["type"] not in foreign]
    made = gx.ExpectationSuite(**json.loads(build_suite_json(TABLE, core)))
    assert failed(batch(pd.DataFrame(GOOD), "pandas"), made)[0] == set()
    bad = pd.DataFrame(GOOD)
    bad.loc[0, ["person", "seq", "total", "grade", "code"]] = ["x", 0, 3, "no", "AB\n"]
    bad.loc[[1, 2], ["id", "is_first"]] = [9, 2]
    bad["more"] = 1
    assert failed(batch(bad, "pandas"), made)[0] == {
        "table|columns", "person|min_length", "seq|minimum", "total|exclusive_maximum", "grade|in_set", "code|pattern",
        "is_first|in_set", "table|key",
    }  # fmt: skip
    bad["person"] = None
    assert "person|not_null" in failed(batch(bad.head(2), "pandas"), made)[0]
    assert "rows" in failed(batch(bad.head(2), "pandas"), made)[0]


@pytest.fixture(scope="module")
def spark_frame(spark):
    from pyspark.sql import types as T  # noqa: N812 (as everyone calls it)

    kinds = {c.name: eval(translate_type(c.physical_type).pyspark, {"T": T}) for c in TABLE.columns}
    fields = T.StructType([T.StructField(name, kind) for name, kind in kinds.items()])
    return lambda rows: spark.createDataFrame([tuple(row[name] for name in kinds) for row in rows], fields)


@pytest.mark.spark
def test_spark_runs_the_whole_suite_and_good_rows_pass(spark_frame):
    import great_expectations as gx

    made = gx.ExpectationSuite(**json.loads(build_suite_json(TABLE, EVERY, day=DAY)))
    found, result = failed(batch(spark_frame(GOOD), "spark"), made)
    assert found == set()
    assert len(result.results) == len(EVERY) - len(BEYOND)


@pytest.mark.spark
def test_spark_finds_planted_defects_and_shows_no_protected_value(spark_frame):
    import great_expectations as gx

    ann, again, bob, cy, di = GOOD
    rows = [
        ann | {"first": at(0), "price": Decimal("0.16")},
        again | {"is_first": 1, "total": 3, "nick": SECRET},
        bob | {"id": 5, "code": "ab", "grade": "NO", "nick": SECRET},
        cy | {"id": 5, "day": "2024-02-01", "joined": None, "seq": 4, "nick": f"{SECRET}!"},
        di | {"id": 5, "grade": "?", "price": None, "nick": "admin {x}"},
        di | {"id": None, "person": None, "is_first": 2, "price": Decimal("100.05"), "joined": at(23).replace(day=31)},
        di | {"id": 7, "person": "x", "seq": 0, "nick": None, "price": None},
    ]
    made = gx.ExpectationSuite(**json.loads(build_suite_json(TABLE, EVERY, day=DAY)))
    found, result = failed(batch(spark_frame(rows), "spark"), made, result_format="COMPLETE")
    assert found == {
        "id|not_null", "person|not_null", "person|min_length", "seq|minimum", "grade|in_set", "nick|unique", "nick|pattern",
        "code|pattern", "price|multiple_of", "price|maximum", "is_first|in_set", "table|key", "table|partitions", "holds",
        "implies", "total|exclusive_maximum", "iff", "all_or_none", "constant", "dense", "count", "extreme", "exactly_one", "repeats", "number", "counted", "greatest", "cutoff",
    }  # fmt: skip
    said = json.dumps(result.to_json_dict(), default=str)
    assert SECRET not in said
    assert "2024-02-01" in said, "other values are shown"


def test_the_version_that_suites_are_written_for_is_the_one_that_the_extra_pins():
    from importlib.metadata import requires

    from martgate.expectations.gx.suite import GREAT_EXPECTATIONS

    (pin,) = [each for each in requires("martgate") or () if each.startswith("great-expectations")]
    assert pin.partition(";")[0].strip() == f"great-expectations=={GREAT_EXPECTATIONS}"
