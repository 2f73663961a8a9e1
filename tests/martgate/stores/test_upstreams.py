"""Finding input tables wherever they lie, and laying samples down."""

import dataclasses
from datetime import date
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.contracts.model import Column, Table
from martgate.errors import CouldNotRun, InvalidInput, MissingUpstream
from martgate.stores.upstreams import Upstreams

ONE, TWO = "2024-01-01", "2024-01-02"


def column(name: str, kind: str, **more) -> Column:
    return Column(path=name, name=name, logical_type="string", physical_type=kind, **more)


USERS = Table(
    path="schema[0]",
    name="we_user",
    qualified_name="we_mart.we_user",
    custom={"publishPartition": "part_date"},
    columns=(
        column("user_id", "bigint", required=True, description="회원"),
        column("country", "string"),
        column("part_date", "string", partition_position=1),
    ),
)
PLAIN = dataclasses.replace(
    USERS, custom={}, columns=(*USERS.columns[:2], dataclasses.replace(USERS.columns[2], partition_position=None))
)
ROWS = pa.table({"user_id": [1, 2, 3], "country": ["KR", None, "NO"], "part_date": [ONE, ONE, TWO]})


@pytest.fixture
def upstreams(tmp_path):
    return Upstreams(str(tmp_path / "up streams"))


@pytest.fixture
def place(tmp_path):
    """Where the layout puts the table."""
    found = tmp_path / "up streams" / "we_mart" / "we_user"
    found.parent.mkdir(parents=True)
    return found


@pytest.fixture
def read(engine):
    def rows(dataset):
        engine.register("found", dataset)
        return sorted(engine.fetch("SELECT user_id, country, part_date FROM found"), key=lambda row: row[0])

    return rows


BOTH = [(1, "KR", ONE), (2, None, ONE), (3, "NO", TWO)]


def hive(place: Path, rows: pa.Table = ROWS) -> None:
    """The rows as a folder of Parquet files, one folder a day."""
    for day in (ONE, TWO):
        folder = place / f"part_date={day}"
        folder.mkdir(parents=True)
        kept = rows.filter(pa.compute.equal(rows.column("part_date"), day))
        pq.write_table(kept.drop_columns(["part_date"]), folder / "part-0.parquet")


def test_a_written_table_is_read_by_day_or_whole(upstreams, read):
    assert upstreams.replace_table(USERS, ROWS) == 3
    assert read(upstreams.find_dataset(USERS)) == BOTH
    assert read(upstreams.find_dataset(USERS, date.fromisoformat(TWO))) == BOTH[2:]
    assert [Path(file).parent.name for file in upstreams.find_dataset(USERS, date.fromisoformat(TWO)).files] == [
        f"part_date={TWO}"
    ]


def test_a_saved_table_is_delta_as_the_contract_says(upstreams, place):
    upstreams.replace_table(USERS, ROWS)
    table = deltalake.DeltaTable(str(place))
    assert table.metadata().partition_columns == ["part_date"]
    assert [(f.name, f.type.type, f.nullable, f.metadata) for f in table.schema().fields] == [
        ("user_id", "long", False, {"comment": "회원"}),
        ("country", "string", True, {}),
        ("part_date", "string", True, {}),
    ]


def test_saving_again_replaces_the_table_and_its_columns(upstreams, read, place):
    upstreams.replace_table(PLAIN, ROWS)
    upstreams.replace_table(USERS, ROWS.slice(2))
    assert read(upstreams.find_dataset(USERS)) == BOTH[2:]
    wider = dataclasses.replace(USERS, columns=(*USERS.columns, column("more", "int")))
    upstreams.replace_table(wider, ROWS.append_column("more", pa.array([1, 2, 3], pa.int32())))
    assert [f.name for f in deltalake.DeltaTable(str(place)).schema().fields] == [*USERS.column_names, "more"]


def test_a_stream_of_batches_is_saved_as_well_as_a_table(upstreams, read):
    batches = ROWS.to_batches(max_chunksize=1)
    assert upstreams.replace_table(USERS, pa.RecordBatchReader.from_batches(ROWS.schema, iter(batches))) == 3
    assert read(upstreams.find_dataset(USERS)) == BOTH


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            ROWS.set_column(0, "user_id", ROWS.column(0).cast(pa.int32())),
            "user_id: int was given, the contract says bigint",
        ),
        (ROWS.drop_columns(["country"]), "country: nothing was given, the contract says string"),
        (ROWS.append_column("x", pa.array([1, 2, 3])), "x: bigint was given, the contract says nothing"),
        (ROWS.select(["country", "user_id", "part_date"]), "columns were given as country, user_id"),
    ],
    ids=["type", "lost", "added", "moved"],
)
def test_rows_that_are_not_the_contracts_are_not_saved(upstreams, place, rows, why):
    with pytest.raises(InvalidInput, match=why):
        upstreams.replace_table(USERS, rows)
    assert not place.exists()


def test_saving_over_a_file_is_refused(upstreams, place):
    place.write_text("mine")
    with pytest.raises(InvalidInput, match="is a file"):
        upstreams.replace_table(USERS, ROWS)
    assert place.read_text() == "mine"


def test_a_folder_of_parquet_is_found_with_its_hive_days_in_the_contracts_types(upstreams, place, read):
    hive(place)
    (place / "_SUCCESS").touch()
    (place / ".hidden.parquet").touch()
    (place / "_temporary").mkdir()
    (place / "_temporary" / "half.parquet").touch()
    assert read(upstreams.find_dataset(USERS)) == BOTH
    assert read(upstreams.find_dataset(USERS, date.fromisoformat(ONE))) == BOTH[:2]


def test_a_single_file_is_found_and_holds_every_day(upstreams, place, read):
    pq.write_table(ROWS, place.with_name("we_user.parquet"))
    assert read(upstreams.find_dataset(USERS, date.fromisoformat(ONE))) == BOTH


def test_a_location_of_its_own_wins_over_the_layout(tmp_path, place, read):
    hive(place)
    pq.write_table(ROWS.slice(0, 1), tmp_path / "elsewhere.parquet")
    for name in ("we_mart.we_user", "we_user"):
        upstreams = Upstreams(str(tmp_path / "up streams"), {name: str(tmp_path / "elsewhere.parquet")})
        assert read(upstreams.find_dataset(USERS)) == BOTH[:1]


def test_a_missing_table_names_the_missing_place_and_what_exists(upstreams, place):
    place.with_name("we_users").mkdir()
    with pytest.raises(
        MissingUpstream, match=r"we_mart.we_user: there is no .*we_mart/we_user .*Did you mean .*we_mart/we_users\?"
    ):
        upstreams.find_dataset(USERS)


def test_a_missing_schema_names_the_nearest_folder_that_exists(tmp_path):
    (tmp_path / "weverse2").mkdir()
    with pytest.raises(MissingUpstream, match=f"{tmp_path} holds weverse2"):
        Upstreams(str(tmp_path)).find_dataset(USERS)


@pytest.mark.parametrize(
    "lay", [lambda u, p: u.replace_table(USERS, ROWS), lambda u, p: hive(p)], ids=["delta", "parquet"]
)
def test_a_missing_day_names_the_days_there_are(upstreams, place, lay):
    lay(upstreams, place)
    with pytest.raises(MissingUpstream, match=f"no part_date=2024-01-09 in .*; it has {ONE}, {TWO}"):
        upstreams.find_dataset(USERS, date(2024, 1, 9))


def test_an_empty_folder_is_a_missing_table(upstreams, place):
    place.mkdir()
    (place / "a.csv").touch()
    with pytest.raises(MissingUpstream, match=r"no Delta log and no Parquet file in it; it holds a\.csv"):
        upstreams.find_dataset(USERS)


def test_an_emptied_delta_table_is_a_table_without_rows(upstreams, read, engine):
    upstreams.replace_table(PLAIN, ROWS.slice(0, 0))
    assert read(upstreams.find_dataset(PLAIN)) == []
    assert engine.columns("found") == (("user_id", "bigint"), ("country", "string"), ("part_date", "string"))


def test_a_table_with_deletion_vectors_is_not_read(upstreams, place):
    upstreams.replace_table(USERS, ROWS)
    deltalake.DeltaTable(str(place)).alter.add_feature(
        deltalake.TableFeatures.DeletionVectors, allow_protocol_versions_increase=True
    )
    with pytest.raises(CouldNotRun, match="needs deletionVectors"):
        upstreams.find_dataset(USERS)


def test_folders_partitioned_in_two_ways_are_not_read(upstreams, place):
    hive(place)
    pq.write_table(ROWS, place / "all.parquet")
    with pytest.raises(CouldNotRun, match="partitioned in different ways: by no folder and part_date"):
        upstreams.find_dataset(USERS)


def test_any_data_is_found_by_its_path(upstreams, place, tmp_path, read):
    upstreams.replace_table(USERS, ROWS)
    hive(tmp_path / "hive")
    pq.write_table(ROWS, tmp_path / "one.data")
    for path in (place, tmp_path / "hive", str(tmp_path / "one.data")):
        assert read(upstreams.find_dataset_at(path)) == BOTH


def test_a_folder_named_as_a_column_in_other_letters_is_refused(upstreams, tmp_path):
    (tmp_path / "t" / "COUNTRY=KR").mkdir(parents=True)
    pq.write_table(ROWS, tmp_path / "t" / "COUNTRY=KR" / "rows.parquet")
    with pytest.raises(CouldNotRun, match="COUNTRY= and country; rename one of both"):
        upstreams.find_dataset_at(tmp_path / "t", USERS)


def test_hive_columns_that_no_contract_knows_are_whole_numbers_or_text(upstreams, tmp_path):
    for value in ("1", "-20"):
        folder = tmp_path / "any" / f"n={value}" / "t=1x"
        folder.mkdir(parents=True)
        pq.write_table(ROWS, folder / "f.parquet")
    assert upstreams.find_dataset_at(tmp_path / "any").partitions == {"n": "bigint", "t": "string"}
    numbered = dataclasses.replace(USERS, columns=(*USERS.columns, column("n", "STRING")))
    assert upstreams.find_dataset_at(tmp_path / "any", numbered).partitions == {"n": "string", "t": "string"}


def test_data_that_is_not_there_names_the_nearest(upstreams, tmp_path):
    pq.write_table(ROWS, tmp_path / "flights.parquet")
    with pytest.raises(MissingUpstream, match=r"there is no such file or folder. Did you mean .*flights\.parquet\?"):
        upstreams.find_dataset_at(tmp_path / "flight.parquet")


@pytest.mark.parametrize("content", [b"", b"PA", b"year,month\n2013,1\n"], ids=["empty", "short", "csv"])
def test_a_file_that_is_not_parquet_is_refused(upstreams, tmp_path, content):
    (tmp_path / "data.parquet").write_bytes(content)
    with pytest.raises(CouldNotRun, match="is not a Parquet file"):
        upstreams.find_dataset_at(tmp_path / "data.parquet")
