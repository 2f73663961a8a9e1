"""No kind of rule shows a value of a protected column: of its own table or of another one, in whatever letters it is named.

Each kind that the code knows has cases here. All of them stand in one contract, which a run of real data breaks; then
everything that the run left is searched. A twin without a classification shows that the search finds what is shown.
"""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.contracts.quality import Metric
from martgate.expectations.kinds.registry import load_declarable_kinds
from martgate.expectations.translation import EXPECTATIONS

pytestmark = pytest.mark.xdist_group("great_expectations")

EVE, DAY = "2024-01-01", "2024-01-02"
TEXTS, THEIR_TEXTS = ("canary-own-1", "canary-own-2"), ("canary-other-1", "canary-other-2")
NUMBERS, THEIR_NUMBERS = (7654321, 7654327), (8765432, 8765438)
EARLIER = (NUMBERS[0] - 9, NUMBERS[0] - 1)
MADE = [*NUMBERS, *THEIR_NUMBERS, *EARLIER, sum(NUMBERS) + NUMBERS[0], sum(THEIR_NUMBERS), NUMBERS[1] + 1]
"""The numbers themselves, and what rules make of them."""

FORMS = ["canary-o", "1931-05-0", *(form for n in MADE for form in (str(n), f"{n:.6g}", f"{n:.5e}"))]
"""Every form in which a value, or a number made from them, could be shown; thousands are written without commas."""

OF_KIND = {
    "not_null": [{"column": "gone"}],
    "in_set": [{"column": "E_MAIL", "values": ["known"]}, {"column": "Pay", "values": [1]}],
    "pattern": [{"column": "E_Mail", "pattern": "^[0-9]+$"}],
    "length": [{"column": "E_MAIL", "bound": "maximum", "value": 3}],
    "range": [{"column": "PAY", "bound": "maximum", "value": 3}, {"column": "Born", "bound": "minimum", "value": "2000-01-01T00:00:00Z"}],
    "multiple_of": [{"column": "PAY", "value": 1000}],
    "holds": [{"expression": "LENGTH(E_MAIL) < 3"}, {"expression": "Pay < 3"}, {"expression": "CAST(E_Mail AS INT) > 0"}],
    "implies": [{"when": "id > 0", "then": "LENGTH(E_MAIL) < 3"}, {"when": "PAY > 0", "then": "id < 0"}],
    "iff": [{"left": "E_MAIL = 'known'", "right": "PAY > 3"}],
    "all_or_none": [{"columns": ["E_MAIL", "gone"]}],
    "unique": [{"columns": ["E_GROUP"]}, {"columns": ["PAY_GROUP"]}],
    "constant_within": [{"columns": ["E_MAIL", "PAY"], "by": ["grp"]}, {"columns": ["id"], "by": ["E_GROUP"]}],
    "dense_sequence": [{"column": "PAY", "by": ["grp"], "order_by": ["E_MAIL"]}],
    "count_matches": [{"column": "PAY", "by": ["grp"]}, {"column": "id", "by": ["E_GROUP"]}],
    "extreme_of": [
        {"column": "id", "of": "PAY", "by": ["grp"], "extreme": "max"},
        {"column": "note", "of": "E_MAIL", "by": ["grp"], "extreme": "min"},
    ],
    "exactly_one": [{"by": ["grp"], "distinct": "E_MAIL", "where": "PAY > 0"}],
    "references": [
        {"columns": ["E_MAIL"], "to": "s.staff", "to_columns": ["area"]},
        {"columns": ["note"], "to": "s.staff", "to_columns": ["PHONE"], "where": "WAGE > 0"},
    ],
    "same_set": [
        {"columns": ["note"], "to": "s.staff", "to_columns": ["PHONE"]},
        {"columns": ["id"], "to": "staff", "to_columns": ["WAGE"]},
        {"columns": ["E_MAIL"], "to": "s.staff", "to_columns": ["area"]},
    ],
    "reconciles": [
        {"measure": "SUM(PAY)", "against": "SELECT SUM(code) AS measure FROM s.staff", "by": []},
        {"measure": "SUM(id)", "against": "SELECT SUM(wage) AS measure FROM s.staff", "by": []},
        {"measure": "SUM(id)", "against": "SELECT MAX(v) AS measure FROM (SELECT wage AS v FROM s.staff) AS x", "by": []},
        {"measure": "COUNT(*)", "against": "SELECT phone AS note, 1 AS measure FROM s.staff", "by": ["note"]},
        {"measure": "COUNT(*)", "against": "SELECT WAGE AS id, 1 AS measure FROM s.staff", "by": ["id"]},
        {"measure": "MAX(PAY)", "against": "SELECT area AS note, 1 AS measure FROM s.staff", "by": ["note"]},
        {"measure": "COUNT(*)", "against": "SELECT area AS e_group, 1 AS measure FROM s.staff", "by": ["E_GROUP"]},
    ],
    "copied_from": [
        {"columns": {"note": "PHONE"}, "from": "s.staff", "key": ["id"], "from_key": ["code"]},
        {"columns": {"E_MAIL": "area"}, "from": "s.staff", "key": ["id"], "from_key": ["code"], "where": "WAGE > 0"},
        {"columns": {"id": "WAGE"}, "from": "s.staff", "key": ["note"], "from_key": ["area"], "default": {"id": 9}},
        {"columns": {"note": "area"}, "from": "s.staff", "key": ["E_MAIL"], "from_key": ["PHONE"], "latest_by": ["WAGE"]},
        {"columns": ["note"], "key": ["id"], "against": "SELECT code AS id, phone AS note FROM s.staff"},
    ],
    "recomputed": [
        {"columns": ["PAY"], "by": ["grp"], "formula": "SELECT code AS grp, 1 AS pay FROM s.staff"},
        {"columns": ["id"], "by": ["grp"], "formula": "SELECT code AS grp, wage AS id FROM s.staff"},
        {"columns": ["id"], "by": ["note"], "formula": "SELECT phone AS note, 1 AS id FROM s.staff"},
        {"columns": ["id"], "by": ["E_GROUP"], "formula": "SELECT area AS e_group, 1 AS id FROM s.staff"},
    ],
    "churn": [{"columns": ["E_MAIL", "PAY"], "key": ["id"]}],
    "happened": [{"column": "BORN", "where": "PAY > 0"}],
    "unchanged_since": [{"columns": ["PAY", "E_MAIL"], "key": ["id"]}, {"columns": ["moved"], "key": ["E_GROUP", "id"]}],
    "never_disappears": [{"key": ["PAY"]}, {"key": ["id", "E_MAIL"]}],
    "never_falls": [
        {"column": "PAY_DOWN", "key": ["id"], "allowance": "SELECT code AS id, wage AS measure FROM s.staff WHERE wage < 0"},
    ],
    "never_rises": [{"column": "PAY", "key": ["id"]}],
    "volume_band": [{"by": ["grp"], "history_days": 60, "false_alarms_per_year": 1}],
    "share_shift": [{"columns": ["E_MAIL", "PAY"], "max_distance": 0.01}],
    "fresh": [{"column": "BORN", "seconds": 60}],
}  # fmt: skip
OF_METRIC = {
    "nullValues": [{"column": "e_mail", "mustBe": 1}, {"column": "pay", "mustBe": 1}],
    "missingValues": [{"column": "e_mail", "mustBe": 1, "arguments": {"missingValues": ["n/a"]}}],
    "invalidValues": [
        {"column": "e_mail", "mustBe": 0, "arguments": {"validValues": ["known"]}},
        {"column": "pay", "mustBe": 0, "arguments": {"validValues": [1]}},
        {"column": "e_mail", "mustBe": 0, "arguments": {"pattern": "^[0-9]+$"}},
    ],
    "duplicateValues": [
        {"column": "e_group", "mustBe": 0},
        {"mustBe": 0, "arguments": {"properties": ["pay_group", "grp"]}},
    ],
    "rowCount": [{"mustBe": 99}],
}
QUERIES = [
    "SELECT MAX(PAY) FROM {object}",
    "SELECT MAX(`Pay`) + 1 FROM {object} AS x",
    "SELECT MAX(v) FROM (SELECT * FROM {object}) AS x (i, a, b, c, v, f, g, h, j, k, l, m)",
    "WITH x AS (SELECT pay AS n FROM {object}) SELECT MAX(n) FROM x",
    "SELECT MAX(wage) FROM {object} CROSS JOIN s.staff",
    "SELECT MAX(o.wage) FROM {object} AS t JOIN s.staff AS o ON o.code = t.id",
    "SELECT MAX(n) FROM (SELECT id AS n FROM {object} UNION ALL SELECT wage FROM s.staff) AS u",
    "SELECT MAX(id) FROM (SELECT id FROM {object} UNION ALL SELECT v FROM (SELECT * FROM s.staff) AS x (c, p, v, a, d)) AS u",
    "WITH x AS (SELECT wage AS n FROM s.staff) SELECT MAX(x.n) FROM x CROSS JOIN {object}",
    "SELECT (SELECT MAX(wage) FROM s.staff) + 0 * COUNT(*) FROM {object}",
    "SELECT MAX(E_MAIL) FROM {object}",
    "SELECT SUM(CAST(phone AS INT)) FROM s.staff CROSS JOIN {object}",
]
TEXT, NUMBER, PAIR = {"column": "e_mail"}, {"column": "pay"}, {"column_list": ["e_mail", "note"]}
BETWEEN = {"min_value": 1, "max_value": 2}
QUANTILES = {"quantiles": [0.5], "value_ranges": [[1, 2]]}
NULLS_OF = {"row_condition": 'col("PAY") > 0', "condition_parser": "great_expectations"}
OF_EXPECTATION = {
    "expect_column_to_exist": TEXT,
    "expect_column_type_to_be": None,
    "expect_column_values_to_be_in_type_list": TEXT | {"type_list": ["Other"]},
    "expect_table_column_count_to_be_between": BETWEEN,
    "expect_table_column_count_to_equal": {"value": 1},
    "expect_table_columns_to_match_set": {"column_set": ["other"]},
    "expect_table_columns_to_match_ordered_list": {"column_list": ["e_mail"]},
    "expect_table_row_count_to_be_between": {"min_value": 90, "max_value": 99},
    "expect_table_row_count_to_equal": {"value": 99},
    "expect_column_distinct_values_to_contain_set": TEXT | {"value_set": ["known"]},
    "expect_column_distinct_values_to_equal_set": TEXT | {"value_set": ["known"]},
    "expect_column_distinct_values_to_be_in_set": TEXT | {"value_set": ["known"]},
    "expect_column_kl_divergence_to_be_less_than": TEXT | {"partition_object": {"values": ["known", "x"], "weights": [0.5, 0.5]}, "threshold": 0.1},
    "expect_column_median_to_be_between": NUMBER | BETWEEN,
    "expect_column_most_common_value_to_be_in_set": TEXT | {"value_set": ["known"]},
    "expect_column_pair_values_to_be_in_set": {"column_A": "e_mail", "column_B": "note", "value_pairs_set": [["a", "b"]]},
    "expect_column_pair_values_to_be_equal": {"column_A": "E_MAIL", "column_B": "note"},
    "expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "id", "column_B": "PAY"},
    "expect_column_proportion_of_non_null_values_to_be_between": TEXT | {"min_value": 0, "max_value": 0.5},
    "expect_column_proportion_of_unique_values_to_be_between": TEXT | {"min_value": 0, "max_value": 0.1},
    "expect_column_quantile_values_to_be_between": NUMBER | {"quantile_ranges": QUANTILES},
    "expect_column_stdev_to_be_between": NUMBER | BETWEEN,
    "expect_column_value_z_scores_to_be_less_than": NUMBER | {"threshold": 0.1, "double_sided": True},
    "expect_column_values_to_be_dateutil_parseable": TEXT,
    "expect_column_values_to_be_decreasing": NUMBER,
    "expect_column_values_to_be_increasing": {"column": "pay_down"},
    "expect_column_values_to_be_json_parseable": TEXT,
    "expect_column_values_to_match_json_schema": TEXT | {"json_schema": {"type": "object"}},
    "expect_column_values_to_match_regex_list": TEXT | {"regex_list": ["^[0-9]+$"]},
    "expect_column_values_to_match_strftime_format": TEXT | {"strftime_format": "%Y"},
    "expect_column_values_to_not_be_outliers": NUMBER,
    "expect_column_values_to_not_match_regex": TEXT | {"regex": "^c"},
    "expect_column_values_to_not_match_regex_list": TEXT | {"regex_list": ["^c"]},
    "expect_multicolumn_values_to_be_equal": PAIR,
    "expect_select_column_values_to_be_unique_within_record": {"column_list": ["pay", "pay_group"]},
    "expect_column_values_to_not_be_null": {"column": "gone", "mostly": 0.9} | NULLS_OF,
    "expect_column_values_to_be_null": TEXT,
    "expect_column_values_to_be_in_set": TEXT | {"value_set": ["known"], "mostly": 0.9} | NULLS_OF,
    "expect_column_values_to_not_be_in_set": {"column": "e_mail", "value_set": ["x"], "mostly": 0.9},
    "expect_column_values_to_be_between": {"column": "PAY", **BETWEEN},
    "expect_column_values_to_match_regex": {"column": "E_MAIL", "regex": "^[0-9]+$"},
    "expect_column_values_to_match_like_pattern": {"column": "E_MAIL", "like_pattern": "x%"},
    "expect_column_values_to_match_like_pattern_list": {"column": "E_MAIL", "like_pattern_list": ["x%"]},
    "expect_column_values_to_not_match_like_pattern": {"column": "E_MAIL", "like_pattern": "c%"},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "E_MAIL", "like_pattern_list": ["c%"]},
    "expect_column_value_lengths_to_be_between": {"column": "E_MAIL", "max_value": 2},
    "expect_column_value_lengths_to_equal": {"column": "E_MAIL", "value": 2},
    "expect_column_values_to_be_unique": {"column": "E_GROUP"},
    "expect_column_values_to_be_of_type": {"column": "E_MAIL", "type_": "int"},
    "expect_compound_columns_to_be_unique": {"column_list": ["E_GROUP", "grp"]},
    "expect_multicolumn_sum_to_equal": {"column_list": ["PAY", "id"], "sum_total": 3},
    "expect_column_min_to_be_between": {"column": "PAY", **BETWEEN},
    "expect_column_max_to_be_between": {"column": "PAY", **BETWEEN},
    "expect_column_sum_to_be_between": {"column": "PAY", **BETWEEN},
    "expect_column_mean_to_be_between": {"column": "PAY", **BETWEEN},
    "expect_column_unique_value_count_to_be_between": {"column": "PAY", "min_value": 90, "max_value": 99},
    "unexpected_rows_expectation": {"unexpected_rows_query": "SELECT PAY FROM {batch}"},
}  # fmt: skip
UNDRAWN = ("gx-expect_column_kl_divergence_to_be_less_than", "gx-expect_column_quantile_values_to_be_between")
"""Great Expectations draws a graph or a table of these, for which Data Docs have no place; no page of them is written."""

SAMPLE = {f"gx-{name}" for name in list(OF_EXPECTATION)[::12]}
"""A few of the expectations, for an engine on which each of them takes seconds."""

OWN = ("id", "e_mail", "e_group", "pay", "pay_group", "pay_down", "born", "grp", "note", "moved", "gone", "day")
SECRET = {"e_mail", "e_group", "pay", "pay_group", "pay_down", "born", "phone", "wage"}
TYPES = {"e_mail": "string", "e_group": "string", "born": "timestamp", "note": "string", "gone": "string",
         "phone": "string", "area": "string", "day": "string"}  # fmt: skip


def test_every_kind_that_the_code_knows_has_a_case():
    assert set(OF_KIND) == set(load_declarable_kinds())
    assert set(OF_METRIC) == set(get_args(Metric))
    assert set(OF_EXPECTATION) == EXPECTATIONS


def qualities():
    """Every case as a quality of the table, of its own name."""
    for kind, cases in OF_KIND.items():
        for number, case in enumerate(cases):
            yield custom(f"{kind}-{number}", "martgate", {"rule": kind} | case)
    for number, query in enumerate(QUERIES):
        yield {"id": f"sql-{number}", "type": "sql", "query": query, "mustBe": 0}
    for name, kwargs in OF_EXPECTATION.items():
        yield custom(f"gx-{name}", "greatExpectations", {"type": name, "kwargs": kwargs or TEXT | {"type_": "Other"}})


def custom(name, engine, implementation):
    return {"id": name, "type": "custom", "engine": engine, "implementation": implementation, "severity": "warning"}


def metrics(column):
    """The cases of library metrics that stand on a column, or on the table itself."""
    for metric, cases in OF_METRIC.items():
        for number, case in enumerate(cases):
            if case.get("column") == column:
                given = {key: value for key, value in case.items() if key != "column"}
                yield {"id": f"{metric}-{number}", "metric": metric, "severity": "warning"} | given


def contract(name, columns, *, is_protected, quality=(), key=()):
    properties = []
    for column in columns:
        kind = TYPES.get(column, "bigint")
        made = {"name": column, "logicalType": {"bigint": "integer"}.get(kind, kind), "physicalType": kind}
        if is_protected and column in SECRET:
            made["classification"] = "personal"
        if column in key:
            made |= {"primaryKey": True, "primaryKeyPosition": key.index(column) + 1, "required": True}
        if column == "day":
            made |= {"partitioned": True, "required": True}
        if quality:
            made["quality"] = list(metrics(column))
        properties.append({key: value for key, value in made.items() if value != []})
    table = {"name": name, "physicalName": f"s.{name}", "properties": properties}
    if name == "people":
        table["customProperties"] = [{"property": "publishPartition", "value": "day"}]
    if quality:
        table["quality"] = [*quality, *metrics(None)]
    document = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": name, "name": name, "version": "1.0.0"}
    return json.dumps(document | {"status": "active", "schema": [table]})


def rows(day):
    """What an upstream has of a day. On the second, numbers have moved, and two people have come in place of others."""
    later = day == DAY
    texts, numbers = (TEXTS, NUMBERS) if later else (tuple(f"{text}-eve" for text in TEXTS), EARLIER)
    born = [datetime(1931, 5, 7, tzinfo=UTC), datetime(1931, 5, 8, tzinfo=UTC)]
    made = {
        "id": [1, 2, 3], "e_mail": [*texts, texts[0]], "e_group": [TEXTS[0]] * 3, "pay": [*numbers, numbers[0]],
        "pay_group": [NUMBERS[0]] * 3, "pay_down": [NUMBERS[0] - later, NUMBERS[1] - later, NUMBERS[0] - later],
        "born": pa.array([*born, born[0]], pa.timestamp("us", "UTC")), "grp": [1, 1, 2], "note": ["x", "y", "z"],
        "moved": [int(later)] * 3, "gone": pa.array([None] * 3, pa.string()),
    }  # fmt: skip
    return pa.table(made)


STAFF = {"code": [1, 2], "phone": list(THEIR_TEXTS), "wage": list(THEIR_NUMBERS), "area": ["n", "s"]}
MODEL = f"""
SELECT {", ".join(f"r.{name}" for name in OWN)}
FROM s.raw r WHERE r.day = :part_date AND EXISTS (SELECT 1 FROM s.staff o WHERE o.code > 0)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(is_protected=.., quality=..): a folder with two upstreams, and a model and contracts of `s.people`."""
    monkeypatch.chdir(tmp_path)
    for folder in ("contracts", "models"):
        Path(folder).mkdir()
    Path("martgate.toml").write_text(
        'contracts = ["contracts"]\nmodels = ["models"]\nupstreams = "upstreams"\nlineage = "file:out/lineage.ndjson"\n'
    )
    Path("models/people.sql").write_text(MODEL)
    for day in (EVE, DAY):
        for name, table in (("raw", rows(day)), ("staff", pa.table(STAFF))):
            folder = Path(f"upstreams/s/{name}/day={day}")
            folder.mkdir(parents=True)
            pq.write_table(table, folder / "rows.parquet")

    def state(*, is_protected, quality=()):
        for name, columns, asked in (
            ("raw", OWN, ()),
            ("staff", (*STAFF, "day"), ()),
            ("people", OWN, quality),
        ):
            text = contract(name, columns, is_protected=is_protected, quality=asked, key=("id",) if asked else ())
            Path(f"contracts/{name}.odcs.yaml").write_text(text)

    return state


def martgate(*arguments):
    """A command in a process of its own: exit code and everything that it said."""
    few = (
        "--conf spark.sql.shuffle.partitions=2 --conf spark.ui.enabled=false pyspark-shell"  # every task has its price
    )
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "PYSPARK_SUBMIT_ARGS": few, "TZ": "UTC"}
    run = subprocess.run(
        [sys.executable, "-m", "martgate", *arguments], capture_output=True, text=True, env=environment, check=False
    )
    return run.returncode, run.stdout, run.stderr


def everything_left(said):
    yield from said.items()
    for file in (file for file in Path("out").rglob("*") if file.is_file()):
        if "warehouse" not in file.parts:
            yield str(file), file.read_bytes().decode("utf-8", "replace")


def canaries(text):
    plain = re.sub(r"(?<=\d)[,_](?=\d{3})", "", text)
    return sorted({form for form in FORMS if form in plain})


def run_both_days(project, engine, *, is_protected, drawn="full"):
    """What was said and found of the second day, by everything that a contract can state."""
    project(is_protected=is_protected)
    code, out, err = martgate("run", "people", "--date", EVE, "--engine", engine, "--report", "none")
    assert code == 0, out + err
    every, said = list(qualities()), {}
    if engine == "spark":  # Great Expectations is asked in the same way on both, which test_gx_stock.py holds
        every = [quality for quality in every if quality["id"] in SAMPLE or not quality["id"].startswith("gx-")]
    drawable = [quality for quality in every if quality["id"] not in UNDRAWN]
    first, second = ("terminal", drawable, "--report", drawn), ("json", every, "--json", "--report", "fast")
    # The first draws a page of every run until then; what draws it knows no engine.
    for place, asked, *more in (first, second) if engine == "duckdb" else (second,):
        project(is_protected=is_protected, quality=asked)
        code, out, err = martgate("run", "people", "--date", DAY, "--engine", engine, *more)
        assert code == 1, out + err
        said |= {place: out, f"{place} (stderr)": err}
    said["suite"] = martgate("export", "people", "--to", "gx", "--date", DAY)[1]
    return said


ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_kind_of_rule_shows_a_protected_value_anywhere(project, engine):
    said = run_both_days(project, engine, is_protected=True)
    found = json.loads(said["json"])["verdicts"]
    leaks = [(verdict["rule"], canaries(json.dumps(verdict))) for verdict in found]
    assert [(rule, shown) for rule, shown in leaks if shown] == []
    places = {place: canaries(text) for place, text in everything_left(said)}
    assert {Path(place).suffix for place in places} >= {".html", ".json", ".db", ".ndjson"}
    assert [(place, shown) for place, shown in places.items() if shown] == []


SILENT = {"not_null", "fresh", "volume_band", "share_shift", "churn", "happened"}
"""Kinds whose verdicts on these rows say no value, protected or not."""


def test_without_a_classification_the_same_search_finds_values_of_every_kind(project):
    said = run_both_days(project, "duckdb", is_protected=False, drawn="fast")
    shown = [verdict["rule"] for verdict in json.loads(said["json"])["verdicts"] if canaries(json.dumps(verdict))]
    kinds = {rule.rpartition("|")[2].rpartition("-")[0] for rule in shown}
    assert {*OF_KIND, "sql", "invalidValues", "duplicateValues"} - kinds == SILENT
    assert sum("|gx-" in rule for rule in shown) > 30
    places = {Path(place).suffix or place for place, text in everything_left(said) if canaries(text)}
    assert {"json", "terminal", ".html", ".json", ".db"} <= places
