"""`martgate import`: a draft holds for the data that it came from, and has no value of theirs that was not asked for."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.cli.main import call

NOW = datetime(2024, 1, 1, 12, 30, tzinfo=UTC)
ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "Small Name": pa.array([1, None, 1], pa.int8()),
        'we`ird "n.ame" 한': pa.array(["x", "x", None]),
        "price": pa.array([Decimal("1.50"), None, Decimal("2.00")], pa.decimal128(9, 2)),
        "ratio": pa.array([1.5, float("nan"), None], pa.float32()),
        "double": pa.array([1.5, float("inf"), 0.0], pa.float64()),
        "flag": pa.array([True, False, True]),
        "day": pa.array([date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 2)]),
        "seen": pa.array([NOW, NOW, None], pa.timestamp("us", "UTC")),
        "wall": pa.array([NOW.replace(tzinfo=None), None, None], pa.timestamp("us")),
        "raw": pa.array([b"a", None, b"\x00"], pa.binary()),
        "tags": pa.array([["a"], [], None], pa.list_(pa.string())),
        "place": pa.array([{"x": 1, "y": 0.5}, None, {"x": None, "y": 1.0}], pa.struct([("x", pa.int32()), ("y", pa.float64())])),
        "counts": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
        "nothing": pa.array([None, None, None], pa.string()),
        "secret": pa.array(["SECRET-1", "SECRET-2", "SECRET-3"]),
        "part": pa.array(["a", "b", "b"]),
    }
)  # fmt: skip
KINDS = [
    "bigint",
    "tinyint",
    "string",
    "decimal(9,2)",
    "float",
    "double",
    "boolean",
    "date",
    "timestamp",
    "timestamp_ntz",
    "binary",
    "array<string>",
    "struct<x:int,y:double>",
    "map<string,int>",
    "string",
    "string",
    "string",
]


@pytest.fixture
def martgate(tmp_path, mart_project, monkeypatch, capfd):
    """Run one command in a project without data: exit code, stdout, stderr."""
    monkeypatch.chdir(mart_project(tmp_path))

    def run(*arguments):
        capfd.readouterr()
        return call([str(argument) for argument in arguments]), *capfd.readouterr()

    return run


def written(folder: Path, layout: str, rows: pa.Table = ROWS) -> Path:
    place = folder / "data"
    match layout:
        case "file":
            place = folder / "data.parquet"
            pq.write_table(rows, place)
        case "folder":
            place.mkdir()
            pq.write_table(rows[:2], place / "1.parquet")
            pq.write_table(rows[2:], place / "2.parquet")
        case "hive":
            pq.write_to_dataset(rows, place, partition_cols=["part"])
        case "delta":
            write_deltalake(place, rows)
        case _:
            write_deltalake(place, rows, partition_by=["day", "part"])
    return place


def properties(text):
    return {column["name"]: column for column in yaml.safe_load(text)["schema"][0]["properties"]}


def holds(martgate, place, file="draft.odcs.yaml", table="shop.things"):
    """The draft is sound, and the gate approves the data by it."""
    code, out, err = martgate("lint", file)
    assert code == 0, out + err
    code, out, err = martgate("gate", table, "--input", place, "--contract", file, "--report", "none", "--json")
    assert code == 0, out + err
    return json.loads(out)


LAYOUTS = ["file", "folder", "hive", "delta", "delta by day"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_draft_of_every_type_is_sound_and_holds_for_its_data(martgate, tmp_path, layout):
    place = written(tmp_path, layout)
    assert martgate("import", place, "--name", "shop.things", "--out", "draft.odcs.yaml")[0] == 0
    drafted = properties(Path("draft.odcs.yaml").read_text(encoding="utf-8"))
    kinds = {name: column["physicalType"] for name, column in drafted.items()}
    assert kinds == dict(zip(ROWS.column_names, KINDS, strict=True))
    assert [name for name, column in drafted.items() if column.get("partitioned")] == {
        "hive": ["part"],
        "delta by day": ["day", "part"],
    }.get(layout, [])
    assert holds(martgate, place)["failed"] == 0


def test_only_what_every_row_keeps_is_asked_and_is_marked_as_inferred(martgate, tmp_path):
    _, out, _ = martgate("import", written(tmp_path, "file"), "--name", "things")
    drafted = properties(out)
    required = {name for name, column in drafted.items() if column.get("required")}
    assert required == {"id", "double", "flag", "day", "secret", "part"}
    assert {name for name, column in drafted.items() if column.get("unique")} == {"id", "secret"}
    assert {name for name, column in drafted.items() if "customProperties" in column} == required
    document = yaml.safe_load(out)
    assert (document["status"], document["version"]) == ("draft", "0.1.0")


def test_no_value_is_written_and_every_column_is_confidential_but_for_those_that_are_asked_for(martgate, tmp_path):
    place = written(tmp_path, "delta")
    _, out, _ = martgate("import", place, "--name", "things")
    assert {column["classification"] for column in properties(out).values()} == {"confidential"}
    assert "enum" not in out
    for value in ("SECRET", "2024", "1.5", "minimum"):
        assert value not in out
    code, out, _ = martgate(
        "import", place, "--name", "shop.things", "--values", "part", "--values", "day", "--out", "d.odcs.yaml"
    )
    assert code == 0
    text = Path("d.odcs.yaml").read_text(encoding="utf-8")
    drafted = properties(text)
    assert drafted["part"]["enum"] == [{"value": "a"}, {"value": "b"}]
    assert drafted["day"]["logicalTypeOptions"] == {"minimum": "2024-01-01", "maximum": "2024-01-02"}
    assert {name for name, column in drafted.items() if column["classification"] == "internal"} == {"part", "day"}
    assert "SECRET" not in text
    holds(martgate, place, "d.odcs.yaml")


def test_of_many_values_only_the_ends_of_numbers_are_written(martgate, tmp_path):
    rows = pa.table({"n": list(range(5, 50)), "t": [f"v{n}" for n in range(45)], "zip": ["007"] * 45})
    place = written(tmp_path, "file", rows)
    asked = [word for name in rows.column_names for word in ("--values", name)]
    martgate("import", place, "--name", "shop.things", *asked, "--out", "draft.odcs.yaml")
    drafted = properties(Path("draft.odcs.yaml").read_text(encoding="utf-8"))
    assert drafted["n"]["logicalTypeOptions"] == {"minimum": 5, "maximum": 49}
    assert "enum" not in drafted["n"]
    assert "enum" not in drafted["t"]
    assert drafted["zip"]["enum"] == [{"value": "007"}]
    holds(martgate, place)


def test_of_data_without_a_row_only_columns_and_types_are_drafted(martgate, tmp_path):
    place = written(tmp_path, "file", ROWS[:0])
    code, out, _ = martgate("import", place, "--name", "things")
    assert code == 0
    assert [column["physicalType"] for column in properties(out).values()] == KINDS
    assert not any("required" in column or "unique" in column for column in properties(out).values())
    assert "quality" not in yaml.safe_load(out)["schema"][0]


def test_a_key_whose_first_repetition_lies_far_behind_is_none(martgate, tmp_path):
    rows = pa.table({"n": [*range(20_000), 0], "k": list(range(20_001))})
    _, out, _ = martgate("import", written(tmp_path, "file", rows), "--name", "things")
    assert [name for name, column in properties(out).items() if column.get("unique")] == ["k"]


TEXTS = ["1e3", "0o17", "0x1F", "+1", ".5", "1.", "12:30:00", "12e5", "1_0", "012", "yes", "no", "on", "null", "~", "=", "<<",
         "2024-01-01", "true", "1E-2", ".inf", "-.INF", ".nan", "- a", "# b", "k: v", "'", '"', " x", "a\tb", "!t", "&a", "*a", "9" * 200]  # fmt: skip
"""Texts that YAML reads as something else, if they are written without quotes."""


@pytest.mark.parametrize("some", [TEXTS[start : start + 8] for start in range(0, len(TEXTS), 8)])
def test_texts_that_look_like_something_else_stay_texts(martgate, tmp_path, some):
    pq.write_table(pa.table({"code": some}), tmp_path / "data.parquet")
    martgate("import", "data.parquet", "--name", "shop.things", "--values", "code", "--out", "draft.odcs.yaml")
    drafted = properties(Path("draft.odcs.yaml").read_text(encoding="utf-8"))
    assert {each["value"] for each in drafted["code"]["enum"]} == set(some)
    holds(martgate, "data.parquet")


def test_of_hive_folders_codes_stay_text_and_a_nameless_partition_is_none(martgate, tmp_path):
    rows = pa.table({"a": [1, 2, 3], "year": [2023, 2024, None], "month": ["01", "02", "03"]})
    pq.write_to_dataset(rows, tmp_path / "data", partition_cols=["year", "month"])
    martgate("import", "data", "--name", "shop.things", "--values", "month", "--out", "draft.odcs.yaml")
    drafted = properties(Path("draft.odcs.yaml").read_text(encoding="utf-8"))
    assert (drafted["year"]["physicalType"], drafted["month"]["physicalType"]) == ("bigint", "string")
    assert drafted["month"]["enum"] == [{"value": "01"}, {"value": "02"}, {"value": "03"}]
    assert {name: column.get("partitionKeyPosition") for name, column in drafted.items()} == {
        "a": None,
        "year": None,
        "month": 1,
    }
    holds(martgate, "data")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere.parquet", "--name", "t"], 3, "there is no such file or folder"),
        (["empty", "--name", "t"], 3, "no Parquet file in it"),
        (["text.parquet", "--name", "t"], 3, "is not a Parquet file"),
        (["good.parquet"], 2, "--name"),
        (["good.parquet", "--name", "a b"], 2, "is not a table name"),
        (["good.parquet", "--name", "t", "--values", "idd"], 2, "Did you mean 'id'?"),
        (["good.parquet", "--name", "t", "--out", "text.parquet"], 2, "--force"),
        (["odd.parquet", "--name", "t"], 2, "t.clock"),
        (["", "--name", "t"], 2, "PATH is empty"),
    ],
)
def test_what_cannot_be_drafted_is_told_with_its_exit_code(martgate, arguments, code, told):
    Path("empty").mkdir()
    Path("text.parquet").write_text("no Parquet", encoding="utf-8")
    pq.write_table(ROWS, "good.parquet")
    pq.write_table(pa.table({"id": [1], "clock": pa.array([1], pa.time64("us"))}), "odd.parquet")
    got, out, err = martgate("import", *arguments)
    assert (got, told in out + err) == (code, True), out + err
    assert Path("text.parquet").read_text(encoding="utf-8") == "no Parquet"
    assert "Traceback" not in out + err


def test_a_file_is_written_over_where_that_is_asked_for(martgate, tmp_path):
    place = written(tmp_path, "file")
    Path("there.yaml").write_text("old", encoding="utf-8")
    code, out, _ = martgate("import", place, "--name", "t", "--out", "there.yaml", "--force", "--json")
    answer = json.loads(out)
    assert (code, answer["table"], answer["out"]) == (0, "t", "there.yaml")
    assert Path("there.yaml").read_text(encoding="utf-8") == answer["text"]


def test_the_published_mart_is_drafted_with_the_columns_and_types_of_its_contract(martgate, shipped):
    martgate("sample", "--out", "out/upstreams", "--members", "300", "--date", "2024-01-01", "--clean")
    code, out, err = martgate("run", "wv_comm_user", "--date", "2024-01-01", "--report", "none")
    assert code == 0, out + err
    place = "out/warehouse/we_mart/wv_comm_user"
    martgate("import", place, "--name", "we_mart.wv_comm_user", "--out", "draft.odcs.yaml")
    drafted = properties(Path("draft.odcs.yaml").read_text(encoding="utf-8"))
    kinds = {name: column["physicalType"] for name, column in drafted.items()}
    _, table = shipped
    assert kinds == {column.name: column.physical_type for column in table.columns}
    assert len(kinds) == 59
    parts = {column.get("partitionKeyPosition"): name for name, column in drafted.items() if column.get("partitioned")}
    assert parts == dict(enumerate(table.partition_columns, start=1))
    holds(martgate, place, table="we_mart.wv_comm_user")


@pytest.mark.spark
@pytest.mark.parametrize("layout", ["file", "delta by day"])
def test_both_engines_draft_the_same(spark_engine, tmp_path, layout):
    from martgate.builders.engines.duckdb import DuckDBEngine
    from martgate.publish.drafts import draft_contract
    from martgate.stores.upstreams import Upstreams

    dataset = Upstreams("unused").find_dataset_at(written(tmp_path, layout))
    shown = ("part", "day", "id")
    with DuckDBEngine() as engine:
        expected = draft_contract(engine, dataset, "shop.things", value_columns=shown)
    assert draft_contract(spark_engine, dataset, "shop.things", value_columns=shown) == expected


VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.int8(): st.integers(-3, 3),
    pa.string(): st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    pa.decimal128(9, 2): st.decimals(-1000, 1000, places=2, allow_nan=False),
    pa.binary(): st.binary(max_size=4),
}
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8)


@st.composite
def tables(draw):
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.casefold))
    number = draw(st.integers(1, 6))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(list(VALUES)))
        values = VALUES[kind] if draw(st.booleans()) else st.none() | VALUES[kind]
        columns[name] = pa.array(draw(st.lists(values, min_size=number, max_size=number)), kind)
    return pa.table(columns), draw(st.sets(st.sampled_from(names)))


@given(tables())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_the_data_their_draft_holds_for_them(martgate, drawn):
    rows, shown = drawn
    pq.write_table(rows, "drawn.parquet")
    asked = [word for name in sorted(shown) for word in (f"--values={name}",)]
    code, _, err = martgate(
        "import", "drawn.parquet", "--name", "shop.things", "--out", "draft.odcs.yaml", "--force", *asked
    )
    assert code == 0, err
    holds(martgate, "drawn.parquet")
