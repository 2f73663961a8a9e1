"""Staging that fails, and warehouses in which nothing could be staged."""

import dataclasses
from datetime import date

import pytest

from martgate.builders.ports import WrittenFile
from martgate.errors import CouldNotRun, InvalidInput
from martgate.stores.delta import DeltaStore

DAY, NEXT = "2024-01-01", "2024-01-02"
DATE = date.fromisoformat(DAY)


def test_a_write_that_fails_leaves_no_file(shop):
    kept = shop.stage((1, 7))

    def write(target):
        shop.engine.write(shop.rows((5, 7)), target)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        shop.store.stage(shop.table, DATE, candidate_id="broken", sequence=9, write=write)
    found = {str(path.relative_to(shop.root)) for path in shop.root.rglob("*.parquet")}
    assert found == {file.path for file in kept.files}


def test_an_engine_that_did_not_write_its_files_is_refused(shop):
    def write(target):
        return (WrittenFile(path="part-x-1.parquet", rows=1, bytes=1, partition={}),)

    with pytest.raises(CouldNotRun, match="the engine did not write what it said"):
        shop.store.stage(shop.table, DATE, candidate_id="x", sequence=1, write=write)


def test_a_table_unlike_its_contract_is_refused_before_a_write(shop):
    shop.stage((1, 7))
    columns = tuple(
        dataclasses.replace(c, physical_type="int") if c.name == "grade" else c
        for c in shop.table.columns
        if c.name != "nick"
    )
    changed = dataclasses.replace(shop.table, columns=columns)
    with pytest.raises(
        InvalidInput, match=r"grade tinyint in the table, grade int in the contract; nick string .* nothing in"
    ):
        shop.store.stage(changed, DATE, candidate_id="c", sequence=5, write=lambda target: pytest.fail("written"))


def test_a_table_without_a_day_to_publish_by_is_unusable(shop):
    timeless = dataclasses.replace(shop.table, custom={})
    with pytest.raises(InvalidInput, match="publishPartition is not given, and its partition columns are part_comm_id"):
        shop.store.stage(timeless, DATE, candidate_id="c", sequence=5, write=lambda target: ())


@pytest.mark.parametrize("folder", ["100%", "ware#1", "a?b", "a:b"])
def test_a_warehouse_where_readers_would_lose_files_is_unusable(tmp_path, folder):
    with pytest.raises(InvalidInput, match="cannot be in the path of a Delta table"):
        DeltaStore(str(tmp_path / folder))


def test_a_warehouse_elsewhere_than_in_a_folder_is_unusable():
    with pytest.raises(InvalidInput, match="give the path of one"):
        DeltaStore("s3://bucket/lake")


@pytest.mark.parametrize("name", ["..", "../up.t", "a..b", ""])
def test_a_table_name_never_leads_out_of_the_warehouse(shop, name):
    with pytest.raises(InvalidInput):
        shop.store.read(dataclasses.replace(shop.table, qualified_name=name))


def test_a_candidate_of_another_warehouse_is_refused(shop, tmp_path):
    candidate = shop.stage((1, 7))
    with pytest.raises(CouldNotRun, match="was staged in"):
        DeltaStore(str(tmp_path / "other")).promote(shop.approve(candidate), {})
