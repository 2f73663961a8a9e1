"""Stage, promote, read and discard on real Delta tables."""

import dataclasses
import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from martgate.errors import CouldNotRun
from martgate.gate.promotion import Promotion
from martgate.stores.delta import DeltaStore
from martgate.stores.delta_commit import build_add_action
from martgate.stores.shape import get_physical_types

DAY, NEXT = "2024-01-01", "2024-01-02"
DATE = date.fromisoformat(DAY)


def test_staging_creates_the_table_as_the_contract_says_and_shows_nothing(shop):
    candidate = shop.stage((1, 7), (2, 8))

    fields = {field.name: field for field in shop.delta.schema().fields}
    assert [(name, field.type.type, field.nullable) for name, field in fields.items()] == [
        ("id", "long", False),
        ("comm_id", "long", False),
        ("grade", "byte", True),
        ("score", "decimal(18,4)", True),
        ("seen", "timestamp", True),
        ("nick", "string", True),
        ("part_comm_id", "long", False),
        ("part_date", "string", False),
    ]
    assert fields["id"].metadata == {"comment": "커뮤니티 회원 id"}
    assert shop.delta.metadata().partition_columns == ["part_comm_id", "part_date"]
    assert (candidate.rows, candidate.root, candidate.day_column) == (2, str(shop.root), "part_date")
    assert shop.store.read(shop.table) is None


def test_an_unpublished_candidate_is_readable_through_its_own_files(shop):
    candidate = shop.stage((1, 7), (2, 8))
    shop.engine.register("staged", shop.store.read_candidate(candidate, shop.table))
    assert sorted(shop.engine.fetch("SELECT id, part_comm_id, part_date FROM staged")) == [(1, 7, DAY), (2, 8, DAY)]
    assert shop.engine.columns("staged") == tuple(get_physical_types(shop.table).items())
    assert not shop.store.find_changes(candidate)


def test_the_first_publish_shows_exactly_the_candidate(shop):
    candidate = shop.stage((1, 7), (2, 8))
    published = shop.store.promote(shop.approve(candidate), {})
    assert (published.promotion, published.version) == (Promotion.PUBLISHED, 1)
    assert shop.seen() == [(1, 7, DAY), (2, 8, DAY)]
    assert shop.engine.columns("published") == tuple(get_physical_types(shop.table).items())


def test_publishing_a_candidate_again_changes_nothing(shop):
    candidate = shop.publish((1, 7))
    again = shop.store.promote(shop.approve(candidate), {})
    assert (again.promotion, again.version, shop.delta.version()) == (Promotion.ALREADY, 1, 1)


def test_a_candidate_older_than_the_published_one_is_superseded(shop):
    older, newer = shop.stage((1, 7)), shop.stage((2, 7))
    shop.store.promote(shop.approve(newer), {})
    late = shop.store.promote(shop.approve(older), {})
    assert (late.promotion, late.version) == (Promotion.SUPERSEDED, 1)
    assert shop.seen() == [(2, 7, DAY)]


def test_another_candidate_of_the_same_sequence_does_not_pass_for_the_published_one(shop):
    shop.publish((1, 7))
    shop.sequence -= 1
    twin = dataclasses.replace(shop.stage((2, 7)), id="twin")
    assert shop.store.promote(shop.approve(twin), {}).promotion is Promotion.SUPERSEDED
    assert shop.seen() == [(1, 7, DAY)]


def test_a_rebuild_replaces_its_day_whole_and_leaves_no_community_behind(shop):
    shop.publish((1, 7), (2, 8), (3, 9))
    shop.publish((1, 7), (4, 10))
    assert shop.seen() == [(1, 7, DAY), (4, 10, DAY)]


def test_other_days_keep_their_files(shop):
    first = shop.publish((1, 7), (2, 8))
    shop.publish((1, 8), day=NEXT)
    shop.publish((1, 9), day=NEXT)
    assert shop.seen() == [(1, 7, DAY), (1, 9, NEXT), (2, 8, DAY)]
    assert shop.seen(NEXT) == [(1, 9, NEXT)]
    assert {Path(file).name for file in shop.store.read(shop.table, DATE).files} == {
        Path(f.path).name for f in first.files
    }


def test_the_days_that_are_there_are_those_of_the_log(shop):
    assert shop.store.list_partition_values(shop.table) == set()
    shop.stage((1, 7))
    assert shop.store.list_partition_values(shop.table) == set()
    shop.publish((1, 7), (2, 8))
    shop.publish((1, 7), day="2024-01-02")
    assert shop.store.list_partition_values(shop.table) == {DAY, "2024-01-02"}


def test_a_day_without_rows_reads_as_an_empty_table_of_the_right_columns(shop):
    shop.publish((1, 7))
    assert shop.seen("2030-01-01") == []
    assert shop.engine.columns("published") == tuple(get_physical_types(shop.table).items())


def test_the_commit_carries_the_metadata_and_names_the_candidate(shop):
    candidate = shop.stage((1, 7))
    shop.store.promote(shop.approve(candidate), {"contract_version": "1.0.0", "gate": {"rules": 1}})
    (entry,) = shop.delta.history(1)
    assert entry["martgate"] == {
        "contract_version": "1.0.0",
        "gate": {"rules": 1},
        "candidate": "c1",
        "transaction": "we_mart.wv_comm_user/part_date=2024-01-01",
        "sequence": 1,
        "fingerprint": candidate.fingerprint,
        "rows": 1,
    }


def test_the_log_holds_statistics_of_the_keys_and_of_nothing_personal(shop):
    candidate = shop.publish((3, 7), (1, 7))
    log = (shop.root / "_delta_log" / f"{1:020}.json").read_text()
    (add,) = [json.loads(line)["add"] for line in log.splitlines() if '"add"' in line]
    assert json.loads(add["stats"]) == {
        "numRecords": 2,
        "nullCount": {"id": 0},
        "minValues": {"id": 1},
        "maxValues": {"id": 3},
    }
    assert "secret" not in log
    assert [set(file.minimum) for file in candidate.files] == [{"id"}]


def test_odd_partition_values_survive_the_round_trip(shop):
    odd = dataclasses.replace(
        shop.table,
        columns=tuple(
            dataclasses.replace(c, physical_type="string") if c.name == "part_comm_id" else c
            for c in shop.table.columns
        ),
    )
    sql = shop.rows((1, 7)).replace("CAST(c AS BIGINT) AS part_comm_id", "'a b/é%=?' AS part_comm_id")
    candidate = shop.store.stage(
        odd, DATE, candidate_id="c", sequence=1, write=lambda target: shop.engine.write(sql, target)
    )
    shop.store.promote(shop.approve(candidate), {})
    shop.engine.register("published", shop.store.read(odd))
    assert shop.engine.fetch("SELECT part_comm_id FROM published") == [("a b/é%=?",)]


def test_the_table_is_plain_delta_that_others_read(shop):
    shop.publish((1, 7), (2, 8))
    assert shop.delta.count() == 2
    assert sorted(pa.table(shop.delta.scan(columns=["id"])).column("id").to_pylist()) == [1, 2]


def test_a_copied_table_is_a_table_of_its_own_warehouse(shop, tmp_path):
    shop.publish((1, 7))
    shutil.copytree(shop.folder, tmp_path / "copy")
    found = DeltaStore(str(tmp_path / "copy")).read(shop.table)
    assert all(Path(file).is_relative_to(tmp_path / "copy") for file in found.files)


def test_a_published_candidate_is_recognised_after_the_log_was_cleaned(shop):
    candidate = shop.publish((1, 7))
    shop.delta.create_checkpoint()
    for old in (shop.root / "_delta_log").glob("*.json"):
        old.unlink()
    assert shop.store.promote(shop.approve(candidate), {}).promotion is Promotion.ALREADY


def test_a_refused_candidate_stays_until_it_is_discarded(shop):
    refused, kept = shop.stage((1, 7)), shop.publish((2, 8))
    assert shop.seen() == [(2, 8, DAY)]
    shop.store.discard(refused)
    assert not any((shop.root / file.path).exists() for file in refused.files)
    assert all((shop.root / file.path).exists() for file in kept.files)


def test_a_candidate_that_was_ever_published_is_not_discarded(shop):
    replaced, live = shop.publish((1, 7)), shop.publish((2, 7))
    for candidate in (replaced, live):
        with pytest.raises(CouldNotRun, match="was published"):
            shop.store.discard(candidate)
        assert not shop.store.find_changes(candidate)


def test_a_day_as_it_stood_can_be_read_after_it_was_replaced(shop):
    shop.publish((1, 7), (2, 8))
    published = shop.store.read_published_state(shop.table, DATE)
    shop.publish((3, 7))
    shop.engine.register("day", published.source)
    assert (published.version, sorted(shop.engine.fetch("SELECT id FROM day"))) == (1, [(1,), (2,)])


def test_the_state_of_an_unpublished_day_is_empty(shop):
    shop.publish((1, 7), day=NEXT)
    published = shop.store.read_published_state(shop.table, DATE)
    assert (published.state, published.source) == ("", None)


def test_a_day_in_another_state_is_not_replaced(shop):
    shop.publish((1, 7))
    seen = shop.store.read_published_state(shop.table, DATE)
    shop.publish((2, 7))
    approved = shop.approve(shop.stage((3, 7)))
    assert shop.store.promote(approved, {}, onto=seen.state).promotion is Promotion.MOVED
    assert shop.seen() == [(2, 7, DAY)]
    now = shop.store.read_published_state(shop.table, DATE)
    outcomes = [shop.store.promote(approved, {}, onto=now.state).promotion for _ in range(2)]
    assert outcomes == [Promotion.PUBLISHED, Promotion.ALREADY]


def test_another_day_that_moved_is_of_no_account(shop):
    shop.publish((1, 7))
    candidate, seen = shop.stage((1, 7)), shop.store.read_published_state(shop.table, DATE)
    shop.publish((2, 7), day=NEXT)
    candidate = dataclasses.replace(candidate, sequence=9)
    assert shop.store.promote(shop.approve(candidate), {}, onto=seen.state).promotion is Promotion.PUBLISHED


def test_a_published_file_that_another_writer_moved_is_read_by_the_log(shop):
    candidate = shop.publish((1, 7))
    shutil.move(shop.root / candidate.files[0].path, shop.root / "elsewhere.parquet")
    moved = dataclasses.replace(candidate.files[0], path="elsewhere.parquet")
    shop.delta.create_write_transaction(
        [build_add_action(shop.root, moved)],
        mode="overwrite",
        schema=shop.delta.schema(),
        partition_by=shop.delta.metadata().partition_columns,
    )
    published = shop.store.read_published_state(shop.table, DATE)
    shop.engine.register("moved", published.source)
    assert shop.engine.fetch("SELECT id, part_comm_id, part_date FROM moved") == [(1, 7, DATE.isoformat())]


def test_only_the_candidate_that_readers_see_is_published(shop):
    early, late = shop.publish((1, 7)), shop.stage((2, 7))
    assert [shop.store.is_published(candidate) for candidate in (early, late)] == [True, False]
    shop.store.promote(shop.approve(late), {})
    assert [shop.store.is_published(candidate) for candidate in (early, late)] == [False, True]
