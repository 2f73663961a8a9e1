"""The rows of a lakehouse table are those of its log: its folders and files are never read as loose Parquet."""

import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call
from martgate.errors import CouldNotRun, InvalidInput, MissingUpstream
from martgate.stores.upstreams import Upstreams

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
schema:
  - name: t
    physicalName: s.t
    properties:
      - {name: n, logicalType: integer, physicalType: bigint, required: true}
      - {name: day, logicalType: string, physicalType: string, partitioned: true}
"""


def delta(root):
    rows = pa.table({"n": [1, 2, 3], "day": ["a", "a", "b"]})
    deltalake.write_deltalake(root, rows, partition_by=["day"])
    return root


def loose(root):
    (root / "day=a").mkdir(parents=True)
    pq.write_table(pa.table({"n": [1, 2]}), root / "day=a" / "rows.parquet")
    return root


def iceberg(root):
    loose(root / "data")
    (root / "metadata").mkdir()
    (root / "metadata" / "v2.metadata.json").write_text("{}")
    return root


def hudi(root):
    loose(root)
    (root / ".hoodie").mkdir()
    return root


def files_of(path):
    return Upstreams("upstreams").find_dataset_at(path).files


def below(root):
    """Every folder and file of a table that holds Parquet."""
    files = [path for path in sorted(root.rglob("*.parquet")) if "_delta_log" not in path.parts]
    return list(dict.fromkeys([root, *(path.parent for path in files), *files]))


@pytest.mark.parametrize("made", [iceberg, hudi])
def test_no_part_of_a_table_of_another_format_is_read(tmp_path, made):
    root = made(tmp_path / "t")
    for path in below(root):
        with pytest.raises(InvalidInput, match="whose files are not its rows"):
            files_of(path)


def test_a_part_of_a_delta_table_is_that_of_its_newest_version(tmp_path):
    root = delta(tmp_path / "t")
    (file_of_b,) = (root / "day=b").glob("*.parquet")
    assert len(files_of(root)) == 2
    assert files_of(root / "day=b") == files_of(file_of_b) == (str(file_of_b),)
    deltalake.DeltaTable(root).delete("day = 'b'")
    for path in (root / "day=b", file_of_b):
        with pytest.raises(MissingUpstream, match="has no rows there in its version 1"):
            files_of(path)


def test_a_file_that_was_never_committed_is_no_part_of_a_delta_table(tmp_path):
    root = delta(tmp_path / "t")
    pq.write_table(pa.table({"n": [9]}), root / "day=b" / "stray.parquet")
    with pytest.raises(MissingUpstream, match="never committed"):
        files_of(root / "day=b" / "stray.parquet")
    assert len(files_of(root / "day=b")) == 1


@pytest.mark.parametrize("made", [delta, iceberg, hudi])
def test_a_folder_of_tables_is_no_table(tmp_path, made):
    made(tmp_path / "all" / "t")
    with pytest.raises(InvalidInput, match="give the path of the table itself"):
        files_of(tmp_path / "all")


@pytest.mark.parametrize("made", [iceberg, hudi])
@pytest.mark.parametrize("command", ["gate", "import", "run"])
def test_every_command_that_reads_data_refuses_it_and_says_what_to_do(tmp_path, monkeypatch, capfd, command, made):
    monkeypatch.chdir(tmp_path)
    root = made(Path("upstreams/s/t"))
    for folder in ("contracts", "models"):
        Path(folder).mkdir()
    Path("martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nupstreams = "upstreams"\n')
    Path("contracts/t.odcs.yaml").write_text(CONTRACT)
    Path("contracts/made.odcs.yaml").write_text(CONTRACT.replace("s.t", "s.made").replace(" t\n", " made\n"))
    Path("models/made.sql").write_text("SELECT n, day FROM s.t")
    arguments = {
        "gate": ["t", "--input", str(root), "--report", "none", "--json"],
        "import": [str(root), "--name", "s.t"],
        "run": ["made", "--date", "2024-01-01", "--json"],
    }
    assert call([command, *arguments[command]]) == 2
    out, err = capfd.readouterr()
    assert "whose files are not its rows" in out + err
    assert "catalog://" in out + err


def test_an_emptied_table_is_not_approved_on_its_deleted_rows(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    root = delta(tmp_path / "t")
    Path("t.odcs.yaml").write_text(CONTRACT)
    deltalake.DeltaTable(root).delete()
    gate = ["gate", "t", "--contract", "t.odcs.yaml", "--report", "none", "--json", "--input"]
    assert call([*gate, str(root / "day=a")]) == 3
    capfd.readouterr()
    call([*gate, str(root)])
    assert json.loads(capfd.readouterr().out)["rows"] == 0


def test_partition_columns_of_types_that_readers_spell_in_different_ways_are_refused(tmp_path):
    for kind in ("timestamp", "boolean", "double", "float", "decimal(10,2)", "binary"):
        with pytest.raises(InvalidInput, match="partition by"):
            stage(tmp_path / kind, kind)
    for kind in ("string", "date", "bigint", "int"):
        with pytest.raises(CouldNotRun, match="stop here"):
            stage(tmp_path / kind, kind)


def stage(root, kind):
    from datetime import date

    from martgate.contracts.model import Column, Table
    from martgate.stores.delta import DeltaStore

    def column(name, physical, position):
        return Column(path="", name=name, logical_type="", physical_type=physical, partition_position=position)

    columns = (column("n", "bigint", None), column("area", kind, 1), column("day", "string", 2))
    table = Table(path="", name="t", qualified_name="s.t", columns=columns, custom={"publishPartition": "day"})

    def write(target):
        raise CouldNotRun("stop here")

    DeltaStore(str(root)).stage(table, date(2024, 1, 1), candidate_id="c", sequence=1, write=write)
