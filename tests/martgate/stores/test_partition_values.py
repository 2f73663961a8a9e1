"""Partition values: the log of a Delta table says them, in every type and wherever the files lie, on every engine."""

import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.catalog import Catalog
from martgate.contracts.type_names import SCALARS
from martgate.contracts.types import canonical_type
from martgate.errors import CouldNotRun, InvalidInput, QueryFailed
from martgate.project.review import review
from martgate.stores.delta_files import ensure_table
from martgate.stores.upstreams import Upstreams

VALUES = {
    "boolean": (pa.bool_(), True, False),
    "tinyint": (pa.int8(), -1, 127),
    "bigint": (pa.int64(), -(2**63), 2**63 - 1),
    "float": (pa.float32(), 0.5, float("inf")),
    "double": (pa.float64(), 1e20, -1e-7),
    "decimal(38,10)": (pa.decimal128(38, 10), Decimal("1E-10"), Decimal("9999999999999999999999999999.0000000001")),
    "date": (pa.date32(), date(1, 1, 1), date(9999, 12, 31)),
    "timestamp": (
        pa.timestamp("us", "UTC"),
        datetime(2024, 1, 1, 10, 30, tzinfo=UTC),
        datetime(1969, 1, 1, tzinfo=UTC),
    ),
    "timestamp_ntz": (
        pa.timestamp("us"),
        datetime.fromisoformat("2024-01-01T10:30:00.000001"),
        datetime.fromisoformat("1969-01-01T00:00:00"),
    ),
    "string": (pa.string(), "é=/% '\\ 100%25", "007"),
}


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def read(engine):
    def rows(dataset, columns="id, p"):
        engine.register("by_log", dataset)
        return engine.fetch(f"SELECT {columns} FROM by_log ORDER BY id")

    return rows


def find(path) -> Dataset:
    return Upstreams(str(path.parent)).find_dataset_at(path)


@pytest.mark.parametrize("kind", VALUES)
def test_a_partition_column_of_any_type_has_the_values_of_the_log(kind, tmp_path, engine, read):
    arrow, one, two = VALUES[kind]
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "p": pa.array([one, two, None], arrow)})
    deltalake.write_deltalake(str(tmp_path / "t"), rows, partition_by=["p"])
    dataset = find(tmp_path / "t")
    assert read(dataset) == [(1, one), (2, two), (3, None)]
    assert dict(engine.columns("by_log"))["p"] == kind


def test_a_table_partitioned_by_bytes_is_refused(tmp_path):
    rows = pa.table({"id": [1], "p": pa.array([b"\xff"])})
    deltalake.write_deltalake(str(tmp_path / "t"), rows, partition_by=["p"])
    with pytest.raises(CouldNotRun, match="partitioned by p of type binary, which is not read here"):
        find(tmp_path / "t")


@pytest.fixture
def table(tmp_path):
    """A Delta table of two days, in two files."""
    rows = pa.table({"id": pa.array([1, 2], pa.int64()), "p": pa.array(["2024-01-01", "2024-01-02"])})
    deltalake.write_deltalake(str(tmp_path / "t"), rows, partition_by=["p"])
    return tmp_path / "t"


def move_files(table, put) -> None:
    """Move each file of a table to another place, and write that into its log."""
    entry = table / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in entry.read_text("utf-8").splitlines()]
    for action in actions:
        if "add" in action:
            old = table / action["add"]["path"]
            new, action["add"]["path"] = put(old)
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(old, new)
    entry.write_text("\n".join(map(json.dumps, actions)), "utf-8")


def test_files_beside_each_other_have_the_values_of_the_log(table, read):
    move_files(table, lambda old: (table / old.name, old.name))
    assert read(find(table)) == [(1, "2024-01-01"), (2, "2024-01-02")]


def test_a_folder_of_another_day_does_not_change_the_value_of_the_log(table, read):
    days = {"p=2024-01-01": "p=2030-01-01", "p=2024-01-02": "p=2030-01-02"}
    move_files(table, lambda old: (table / (place := f"{days[old.parent.name]}/{old.name}"), place))
    assert read(find(table)) == [(1, "2024-01-01"), (2, "2024-01-02")]


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_files_of_a_shallow_clone_are_read_where_they_are(table, tmp_path, read, scheme):
    away = tmp_path / "elsewhere"
    move_files(table, lambda old: (away / old.name, f"{scheme}{away / old.name}"))
    assert read(find(table)) == [(1, "2024-01-01"), (2, "2024-01-02")]


def test_a_table_with_a_file_on_another_server_is_refused(table):
    move_files(table, lambda old: (old, f"s3://user:secret@bucket/{old.name}"))
    with pytest.raises(CouldNotRun, match="a file of the table is in s3://bucket; give a full copy") as refused:
        find(table)
    assert "secret" not in str(refused.value)


def test_folders_named_in_any_letters_are_read_alike(tmp_path, read):
    for number, name in enumerate(("%C3%A9t%C3%A9", "été", "a%20b", "__HIVE_DEFAULT_PARTITION__"), start=1):
        folder = tmp_path / "loose" / f"p={name}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"id": pa.array([number], pa.int64())}), folder / "x.parquet")
    assert read(find(tmp_path / "loose")) == [(1, "été"), (2, "été"), (3, "a b"), (4, None)]


def test_a_row_can_say_its_file_beside_the_values_of_the_log(table, read):
    move_files(table, lambda old: (table / f"100% é+ {old.name}", f"100%25%20%C3%A9+%20{old.name}"))
    dataset = find(table)
    placed = Dataset(
        files=dataset.files,
        partitions=dataset.partitions,
        partition_values=dataset.partition_values,
        columns=dataset.columns,
        file_column="place",
    )
    found = {place: day for _, day, place in read(placed, "id, p, place")}
    assert found == {file: values[0] for file, values in dataset.partition_values.items()}


def test_a_file_without_partition_values_is_an_error(tmp_path, read):
    for name in ("a", "b"):
        pq.write_table(pa.table({"id": pa.array([1], pa.int64())}), tmp_path / f"{name}.parquet")
    files = tuple(str(tmp_path / f"{name}.parquet") for name in ("a", "b"))
    with pytest.raises(QueryFailed):
        read(Dataset(files=files, partitions={"p": "string"}, partition_values={files[0]: ("x",)}))


@pytest.mark.parametrize("kind", [*SCALARS, "decimal(9,2)"])
def test_lint_warns_of_exactly_the_partition_columns_with_which_no_table_is_published(kind, tmp_path):
    (tmp_path / "t.odcs.yaml").write_text(CONTRACT.format(kind=kind), "utf-8")
    found = review([tmp_path / "t.odcs.yaml"], known=[])
    _, table = Catalog.load([tmp_path / "t.odcs.yaml"]).find("t")
    assert found.problems == ()
    if found.warnings:
        (warning,) = found.warnings
        assert f"t is partitioned by p of type {canonical_type(kind)}" in warning.message
        assert (warning.path, warning.line) == ("schema[0].properties[1].physicalType", 12)
        with pytest.raises(InvalidInput, match="the partition column p is of type"):
            ensure_table(tmp_path / "warehouse" / "t", table)
    else:
        ensure_table(tmp_path / "warehouse" / "t", table)


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
schema:
  - name: t
    physicalType: table
    customProperties: [{{property: publishPartition, value: day}}]
    properties:
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true, partitionKeyPosition: 1}}
      - {{name: p, physicalType: "{kind}", required: true, partitioned: true, partitionKeyPosition: 2}}
"""
