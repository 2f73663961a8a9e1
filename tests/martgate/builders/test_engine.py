"""Every engine: files in, rows and files out, and nothing personal in its errors."""

import logging
import subprocess
import sys
import traceback
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.ports import CatalogTable, Dataset, WriteTarget
from martgate.errors import InvalidInput, QueryFailed


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    return request.getfixturevalue(f"{request.param}_engine")


def parquet(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return str(path)


def rows(engine, relation, order="1"):
    return engine.fetch(f"SELECT * FROM {relation} ORDER BY {order}")


# Reading


def test_files_are_read_under_the_name_they_were_registered_by(engine, tmp_path):
    files = (parquet(tmp_path / "1.parquet", a=[1]), parquet(tmp_path / "2.parquet", a=[2]))
    engine.register("some_schema.some_table", Dataset(files=files))
    assert rows(engine, "some_schema.some_table") == [(1,), (2,)]
    assert rows(engine, "`SOME_SCHEMA`.Some_Table") == [(1,), (2,)]


def test_a_name_can_be_registered_again(engine, tmp_path):
    for number in (1, 2):
        engine.register("again", Dataset(files=(parquet(tmp_path / f"{number}.parquet", a=[number]),)))
    assert rows(engine, "again") == [(2,)]


def test_only_the_named_files_are_read_whatever_their_names_look_like(engine, tmp_path):
    wanted = parquet(tmp_path / "odd [1]*?'" / "a*.parquet", a=[1])
    parquet(tmp_path / "odd [1]*?'" / "ab.parquet", a=[2])
    engine.register("odd", Dataset(files=(wanted,)))
    assert rows(engine, "odd") == [(1,)]


def test_hive_columns_have_the_declared_types_and_places(engine, tmp_path):
    file = parquet(tmp_path / "part_comm_id=7" / "part_date=2024-03-31" / "x.parquet", a=[1], z=["z"])
    engine.register(
        "hive",
        Dataset(
            files=(file,),
            partitions={"part_comm_id": "bigint", "part_date": "string"},
            columns=(("a", "bigint"), ("part_comm_id", "bigint"), ("part_date", "string"), ("z", "string")),
        ),
    )
    assert rows(engine, "hive") == [(1, 7, "2024-03-31", "z")]
    assert [name for name, _ in engine.columns("hive")] == ["a", "part_comm_id", "part_date", "z"]


def test_a_column_that_has_moved_in_the_file_is_seen_to_have_moved(engine, tmp_path):
    file = parquet(tmp_path / "p=1" / "x.parquet", b=[2], a=[1])
    declared = (("a", "bigint"), ("b", "bigint"), ("p", "string"))
    engine.register("moved", Dataset(files=(file,), partitions={"p": "string"}, columns=declared))
    assert [name for name, _ in engine.columns("moved")] == ["b", "a", "p"]


def test_a_column_can_say_in_which_file_a_row_lies(engine, tmp_path):
    odd = tmp_path / "100% é+[1]*?'"
    files = tuple(parquet(odd / f"p={number}" / "x y.parquet", filename=[number]) for number in (1, 2))
    engine.register("placed", Dataset(files=files, partitions={"p": "bigint"}, file_column="__file"))
    found = engine.fetch("SELECT filename, p, __file FROM placed ORDER BY p")
    assert found == [(number, number, file) for number, file in enumerate(files, start=1)]


def test_a_null_partition_is_null(engine, tmp_path):
    file = parquet(tmp_path / "p=__HIVE_DEFAULT_PARTITION__" / "x.parquet", a=[1])
    engine.register("nulls", Dataset(files=(file,), partitions={"p": "bigint"}))
    assert rows(engine, "nulls") == [(1, None)]


def test_a_table_without_files_is_empty_and_typed(engine):
    columns = (("id", "bigint"), ("at", "timestamp"), ("tags", "array<struct<n:int,t:timestamp_ntz>>"))
    engine.register("nobody", Dataset(files=(), columns=columns))
    assert engine.columns("nobody") == columns
    assert rows(engine, "nobody") == []


def test_types_come_back_in_sparks_spelling(engine, tmp_path):
    arrow = {
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "decimal(18,2)": pa.decimal128(18, 2),
        "string": pa.string(),
        "binary": pa.binary(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "timestamp_ntz": pa.timestamp("us"),
        "array<int>": pa.list_(pa.int32()),
        "map<string,bigint>": pa.map_(pa.string(), pa.int64()),
        "struct<a:int,b:string>": pa.struct({"a": pa.int32(), "b": pa.string()}),
    }
    table = pa.table({f"c{n}": pa.array([], type_) for n, type_ in enumerate(arrow.values())})
    pq.write_table(table, tmp_path / "types.parquet")
    engine.register("types", Dataset(files=(str(tmp_path / "types.parquet"),)))
    assert [type_ for _, type_ in engine.columns("types")] == list(arrow)


def test_files_of_different_widths_show_the_wider_type_not_the_first_ones(engine, tmp_path):
    files = (
        parquet(tmp_path / "1.parquet", a=pa.array([1], pa.int32())),
        parquet(tmp_path / "2.parquet", a=pa.array([2**40], pa.int64())),
    )
    engine.register("widths", Dataset(files=files, columns=(("a", "int"),)))
    assert engine.columns("widths") == (("a", "bigint"),)
    assert rows(engine, "widths") == [(1,), (2**40,)]


@pytest.mark.parametrize(
    "other",
    [
        {"a": pa.array([1], pa.int64()), "b": ["x"]},
        {"b": ["x"], "a": pa.array([1], pa.int32())},
        {"a": pa.array([1], pa.int32())},
    ],
    ids=["wider", "moved", "lost"],
)
def test_files_without_declared_columns_must_have_the_same_columns(engine, tmp_path, other):
    files = (
        parquet(tmp_path / "1.parquet", a=pa.array([1], pa.int32()), b=["x"]),
        parquet(tmp_path / "2.parquet", **other),
    )
    with pytest.raises(QueryFailed, match=r"1\.parquet has .* where .*2\.parquet has"):
        engine.register("two", Dataset(files=files))


@pytest.mark.parametrize("aggregate", ["MAX(x)", "COUNT_IF(x > 1) + 6"])
def test_rows_are_read_though_the_footer_of_a_single_file_is_wrong(duckdb_engine, tmp_path, aggregate):
    file = tmp_path / "lying.parquet"
    parquet(file, x=pa.array([0, 1, 7], pa.int32()))
    written = file.read_bytes()
    length = int.from_bytes(written[-8:-4], "little") + 8
    rows, footer = written[:-length], written[-length:]
    assert (7).to_bytes(4, "little") in footer
    file.write_bytes(rows + footer.replace((7).to_bytes(4, "little"), (1).to_bytes(4, "little")))
    assert pq.read_metadata(file).row_group(0).column(0).statistics.max == 1
    duckdb_engine.register("lying", Dataset(files=(str(file),)))
    assert duckdb_engine.fetch(f"SELECT {aggregate} FROM lying") == [(7,)]


@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
def test_nan_is_seen_though_parquet_statistics_leave_it_out(engine, tmp_path, type_):
    file = parquet(tmp_path / "nan.parquet", x=pa.array([1, 2, float("nan"), None], type_))
    engine.register("nan", Dataset(files=(file,)))
    assert engine.columns("nan") == (("x", "double" if type_ == pa.float64() else "float"),)
    assert engine.fetch("SELECT COUNT_IF(x > 5), COUNT_IF(x <= 5), COUNT(x) FROM nan") == [(1, 2, 3)]
    assert engine.fetch("SELECT COUNT(*) FROM nan WHERE x > 5") == [(1,)]


@pytest.mark.parametrize("broken", ["missing", "not_parquet"])
def test_the_file_that_cannot_be_read_is_named_at_once(engine, tmp_path, broken):
    good, bad = parquet(tmp_path / "good.parquet", a=[1]), tmp_path / "bad.parquet"
    if broken == "not_parquet":
        bad.write_text("no, this is not Parquet")
    with pytest.raises(QueryFailed, match=r"w\.t cannot be read.*bad\.parquet"):
        engine.register("w.t", Dataset(files=(good, str(bad))))


def test_no_file_and_no_columns_is_not_a_table(engine):
    with pytest.raises(QueryFailed, match="no file"):
        engine.register("void", Dataset(files=()))


def test_an_unknown_table_is_reported_with_the_nearest_name(engine):
    engine.register("we_mart.neighbour", Dataset(files=(), columns=(("a", "int"),)))
    for ask in (lambda: engine.fetch("SELECT 1 FROM we_mart.neighbor"), lambda: engine.columns("we_mart.neighbor")):
        with pytest.raises(QueryFailed, match=r"no table we_mart\.neighbor\. Did you mean we_mart\.neighbour\?"):
            ask()


@pytest.mark.parametrize("source", ["`{file}`", "parquet.`{file}`", "read_parquet('{file}')", "frame"])
def test_nothing_is_read_that_was_not_registered(engine, tmp_path, source):
    frame = pa.table({"secret": [1]})  # a Python variable of that name is no table either
    assert frame.num_rows
    file = parquet(tmp_path / "secret.parquet", secret=[1])
    with pytest.raises(QueryFailed, match="there is no table"):
        engine.fetch(f"SELECT * FROM {source.format(file=file)}")


# Asking


def test_instants_come_as_utc_datetimes_whatever_zone_the_machine_is_in(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    with DuckDBEngine("100MB") as engine:
        ((instant, day),) = engine.fetch(
            "SELECT CAST('2024-03-31T15:00:00Z' AS TIMESTAMP), CAST(CAST('2024-03-31 23:59:59' AS TIMESTAMP) AS DATE)"
        )
    assert instant == datetime(2024, 3, 31, 15, tzinfo=UTC)
    assert instant.utcoffset().total_seconds() == 0
    assert day == date(2024, 3, 31)


def test_only_the_parameters_that_are_named_are_bound(engine):
    assert engine.fetch("SELECT :a, :a", {"a": "x';--", "b": "unused"}) == [("x';--", "x';--")]


def test_a_parameter_without_a_value_is_an_error(engine):
    with pytest.raises(QueryFailed, match=r"no value for the parameter :day_end \(values exist for part_date\)"):
        engine.fetch("SELECT CAST(:day_end AS TIMESTAMP)", {"part_date": "2024-03-31"})


def test_a_syntax_error_says_where(engine):
    with pytest.raises(QueryFailed, match=r"SQL:2:\d+: "):
        engine.fetch("SELECT 1\n FROM t WHERE (")


SECRET = "Min-ji 010-1234"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(name AS INT) FROM people",
        "SELECT CAST(name AS DATE) FROM people",
        "SELECT CAST(name AS TIMESTAMP) FROM people",
        "SELECT CAST(name AS DECIMAL(9, 2)) FROM people",
        "SELECT CAST(name AS BOOLEAN) FROM people",
        "SELECT CAST(id AS TINYINT) FROM people",
        "SELECT id * 1000000000000 * 1000000000000 FROM people",
        "SELECT id % (id - id) FROM people",
        "SELECT CASE WHEN name RLIKE '^x' THEN 1 ELSE 1 / (id - id) END FROM people",
        "SELECT (SELECT name FROM people) FROM people",
        "SELECT nothing FROM people",
        "SELECT name + 1 FROM people",
    ],
)
def test_no_error_carries_a_value_of_a_row(engine, tmp_path, caplog, sql):
    engine.register("people", Dataset(files=(parquet(tmp_path / "p.parquet", id=[987654, 987655], name=[SECRET] * 2),)))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(QueryFailed) as caught:
        engine.fetch(sql)
    output = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert str(caught.value)
    assert "987654" not in output
    assert "Min-ji" not in output
    assert caught.value.__cause__ is caught.value.__context__ is None
    with pytest.raises(QueryFailed) as caught:
        engine.write(sql, WriteTarget(root=str(tmp_path / "out"), partition_by=(), prefix="x"))
    output = "".join(traceback.format_exception(caught.value))
    assert "987654" not in output
    assert "Min-ji" not in output
    assert caught.value.__cause__ is caught.value.__context__ is None


# Writing


def test_write_returns_what_it_wrote(engine, tmp_path):
    sql = """SELECT * FROM VALUES
        (10, DATE '2024-03-31', 'a', '2024-03-31'), (11, DATE '2024-03-30', NULL, '2024-03-31'),
        (20, NULL, 'z', '2024-03-30') AS t(id, day, name, part_date)"""
    written = engine.write(sql, WriteTarget(root=str(tmp_path), partition_by=("part_date",), prefix="part-run1"))
    by_day = {file.partition["part_date"]: file for file in written}
    assert len(written) == 2
    file = by_day["2024-03-31"]
    assert (file.rows, file.minimum, file.maximum, file.null_count) == (
        2,
        {"id": 10, "day": "2024-03-30"},
        {"id": 11, "day": "2024-03-31"},
        {"id": 0, "day": 0, "name": 1},
    )
    on_disk = {str(path.relative_to(tmp_path)): path.stat().st_size for path in tmp_path.rglob("*.parquet")}
    assert {f.path: f.bytes for f in written} == on_disk
    assert all(Path(path).name.startswith("part-run1-") for path in on_disk)
    assert pq.read_schema(tmp_path / file.path).names == ["id", "day", "name"]


def test_a_second_write_touches_nothing_of_the_first(engine, tmp_path):
    target = WriteTarget(root=str(tmp_path / "new" / "table"), partition_by=("p",), prefix="part-a")
    before = engine.write("SELECT 1 AS a, 'x' AS p", target)
    kept = {path: path.read_bytes() for path in Path(target.root).rglob("*.parquet")}
    after = engine.write("SELECT 2 AS a, 'x' AS p", target)
    assert {file.path for file in before}.isdisjoint(file.path for file in after)
    assert {path: path.read_bytes() for path in kept} == kept


def test_no_row_is_no_file_in_a_partitioned_table(engine, tmp_path):
    target = WriteTarget(root=str(tmp_path), partition_by=("p",), prefix="part-a")
    assert engine.write("SELECT 1 AS a, 'x' AS p WHERE 1 = 0", target) == ()


def test_a_table_without_partitions_is_one_file(engine, tmp_path):
    (file,) = engine.write("SELECT 1 AS a", WriteTarget(root=str(tmp_path), partition_by=(), prefix="part-a"))
    assert (file.rows, file.partition, "/" in file.path) == (1, {}, False)


def test_odd_partition_values_come_back_as_they_were(engine, tmp_path):
    values = ["a b", "a%b", "a/b", "a=b", "é"]
    sql = "SELECT 1 AS a, p FROM VALUES " + ", ".join(f"('{value}')" for value in values) + " AS t(p)"
    written = engine.write(sql, WriteTarget(root=str(tmp_path), partition_by=("p",), prefix="x"))
    assert {file.partition["p"] for file in written} == set(values)
    engine.register(
        "odd_back", Dataset(files=tuple(f"{tmp_path}/{f.path}" for f in written), partitions={"p": "string"})
    )
    assert {p for _, p in engine.fetch("SELECT * FROM odd_back")} == set(values)


def test_an_empty_partition_value_is_no_value_like_others(engine, tmp_path):
    (file,) = engine.write("SELECT 1 AS a, '' AS p", WriteTarget(root=str(tmp_path), partition_by=("p",), prefix="x"))
    assert file.partition["p"] in ("", "__HIVE_DEFAULT_PARTITION__")  # Spark takes empty text for null here


def test_a_write_error_of_the_disk_is_reported(engine, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QueryFailed, match=r"cannot write to .*file/table"):
        engine.write("SELECT 1 AS a", WriteTarget(root=f"{tmp_path}/file/table", partition_by=(), prefix="x"))


# Life


@pytest.mark.spark
def test_a_table_of_sparks_own_catalog_is_read_by_its_name(spark, spark_engine):
    spark.sql("CREATE DATABASE own")
    spark.sql("CREATE TABLE own.t USING parquet AS SELECT * FROM VALUES (1, 'x'), (2, 'y') AS t(a, day)")
    spark_engine.register("we_mart.ours", CatalogTable(name="own.t", only={"day": "y"}))
    assert rows(spark_engine, "we_mart.ours") == [(2, "y")]
    with pytest.raises(QueryFailed, match=r"we_mart\.ours cannot be read: .*TABLE_OR_VIEW_NOT_FOUND.*own.*nope"):
        spark_engine.register("we_mart.ours", CatalogTable(name="own.nope"))
    spark.sql("DROP DATABASE own CASCADE")


def test_duckdb_has_no_catalog(duckdb_engine):
    with pytest.raises(QueryFailed, match="only Spark can read"):
        duckdb_engine.register("we_mart.ours", CatalogTable(name="own.t"))


def test_spill_files_go_to_the_configured_folder_and_are_removed(tmp_path):
    with DuckDBEngine("60MB", tmp_path, threads=1) as engine:
        sql = "SELECT MD5(CAST(i AS STRING)) AS m FROM (SELECT EXPLODE(SEQUENCE(1, 1000000)) AS i) ORDER BY m"
        engine.write(sql, WriteTarget(root=str(tmp_path / "out"), partition_by=(), prefix="x"))
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("martgate-spill-")]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "settings", [{"memory_limit": "lots"}, {"threads": 0}, {"temp_directory": Path("/dev/null/such")}]
)
def test_invalid_settings_are_refused(settings):
    with pytest.raises(InvalidInput), DuckDBEngine(**settings):
        pass


@pytest.mark.spark
def test_after_the_engine_pyspark_logs_its_errors_as_before():
    code = (
        "import logging; from martgate.builders.engines.spark_text import silence_loggers\n"
        "with silence_loggers(): pass\n"
        "logging.getLogger('SQLQueryContextLogger').warning('an error', errorClass='OVERFLOW')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
