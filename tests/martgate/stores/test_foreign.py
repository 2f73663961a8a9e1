"""Tables that others changed, other writers in between, and commits that fail."""

import json
from collections.abc import Callable
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from martgate.errors import CouldNotRun, PublishConflict
from martgate.gate.promotion import Promotion

DAY, NEXT = "2024-01-01", "2024-01-02"


def edit_log(root: Path, change: Callable[[dict], None]) -> None:
    """Rewrite the actions of the table's first commit."""
    log = root / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        change(action)
    log.write_text("\n".join(map(json.dumps, actions)))


def raise_protocol(root: Path, **protocol: object) -> None:
    """Make the table ask for more than it did."""
    edit_log(root, lambda action: action.update(protocol=protocol) if "protocol" in action else None)


def map_columns(action: dict) -> None:
    if "metaData" not in action:
        return
    action["metaData"]["configuration"] = {"delta.columnMapping.mode": "name"}
    schema = json.loads(action["metaData"]["schemaString"])
    for number, field in enumerate(schema["fields"]):
        field["metadata"] = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": field["name"]}
    action["metaData"]["schemaString"] = json.dumps(schema)


def test_a_table_with_deletion_vectors_is_neither_read_nor_written(shop):
    candidate = shop.publish((1, 7))
    raise_protocol(
        shop.root,
        minReaderVersion=3,
        minWriterVersion=7,
        readerFeatures=["deletionVectors"],
        writerFeatures=["deletionVectors"],
    )
    for attempt in (lambda: shop.store.read(shop.table), lambda: shop.store.promote(shop.approve(candidate), {})):
        with pytest.raises(CouldNotRun, match="needs deletionVectors"):
            attempt()


def test_a_table_whose_constraints_a_commit_would_not_check_is_not_written(shop):
    candidate = shop.stage((1, 7))
    raise_protocol(shop.root, minReaderVersion=1, minWriterVersion=7, writerFeatures=["checkConstraints"])
    with pytest.raises(CouldNotRun, match="needs checkConstraints"):
        shop.store.promote(shop.approve(candidate), {})
    assert shop.delta.version() == 0


def test_a_table_with_mapped_columns_is_not_read(shop):
    shop.publish((1, 7))
    edit_log(shop.root, map_columns)
    raise_protocol(shop.root, minReaderVersion=2, minWriterVersion=5)
    with pytest.raises(CouldNotRun, match="maps its columns by name"):
        shop.store.read(shop.table)


def test_a_foreign_writer_in_between_costs_a_retry_and_nothing_else(shop, monkeypatch):
    shop.publish((9, 7), day=NEXT)
    candidate = shop.stage((1, 7))
    commit = deltalake.DeltaTable.create_write_transaction
    calls = []

    def slow(self, *arguments, **named):
        if not calls:
            foreign = pa.table({"id": [5], "comm_id": [7], "part_comm_id": [7], "part_date": [DAY]})
            deltalake.write_deltalake(str(shop.root), foreign, mode="append", schema_mode="merge")
        calls.append(self.version())
        return commit(self, *arguments, **named)

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", slow)
    published = shop.store.promote(shop.approve(candidate), {})
    assert (published.promotion, published.version, calls) == (Promotion.PUBLISHED, 3, [1, 2])
    assert shop.seen() == [(1, 7, DAY), (9, 7, NEXT)]


def test_writers_who_never_stop_are_a_conflict_and_nothing_is_published(shop, monkeypatch):
    candidate = shop.stage((1, 7))
    commit = deltalake.DeltaTable.create_write_transaction

    def beaten(self, *arguments, **named):
        deltalake.DeltaTable(str(shop.root)).alter.set_table_description("theirs")
        return commit(self, *arguments, **named)

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", beaten)
    monkeypatch.setattr("martgate.stores.delta.time.sleep", lambda seconds: None)
    with pytest.raises(PublishConflict, match="nothing was published"):
        shop.store.promote(shop.approve(candidate), {})
    assert shop.store.read(shop.table) is None


def test_a_commit_that_landed_and_then_raised_counts_as_published(shop, monkeypatch):
    candidate = shop.stage((1, 7))
    commit = deltalake.DeltaTable.create_write_transaction

    def fails_afterwards(self, *arguments, **named):
        commit(self, *arguments, **named)
        raise deltalake.exceptions.DeltaError("checkpoint failed")

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", fails_afterwards)
    published = shop.store.promote(shop.approve(candidate), {})
    assert (published.promotion, published.version) == (Promotion.PUBLISHED, 1)
    assert shop.seen() == [(1, 7, DAY)]


def test_a_commit_that_raised_and_did_not_land_says_so(shop, monkeypatch):
    candidate = shop.stage((1, 7))

    def fails(self, *arguments, **named):
        raise OSError("no space left on device")

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", fails)
    with pytest.raises(CouldNotRun, match="nothing was published: no space left"):
        shop.store.promote(shop.approve(candidate), {})


def test_a_publish_that_cannot_be_confirmed_says_that_it_is_there_and_the_next_try_confirms_it(shop, monkeypatch):
    candidate = shop.stage((1, 7))
    with monkeypatch.context() as patched:
        patched.setattr(
            "martgate.stores.delta_files.os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("I/O error"))
        )
        with pytest.raises(CouldNotRun, match="was published as version 1, which could not be confirmed"):
            shop.store.promote(shop.approve(candidate), {})
    assert shop.store.promote(shop.approve(candidate), {}).promotion is Promotion.ALREADY
    assert shop.seen() == [(1, 7, DAY)]
