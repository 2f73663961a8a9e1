"""What must never become visible: every one of these leaves the table as it was."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from martgate.errors import CouldNotRun
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.stores.files import add_digests, compute_fingerprint

DAY, NEXT = "2024-01-01", "2024-01-02"


def rewritten(candidate: Candidate, change: Callable[[pa.Table], pa.Table]) -> Candidate:
    """The candidate as if its first file had been written otherwise from the start."""
    first, *others = candidate.files
    path = Path(candidate.root) / first.path
    content = change(pq.ParquetFile(path).read())
    pq.write_table(content, path)
    changed = dataclasses.replace(first, rows=content.num_rows, bytes=path.stat().st_size)
    files = add_digests(Path(candidate.root), (changed, *others))
    return dataclasses.replace(candidate, files=files, fingerprint=compute_fingerprint(files))


def recast(name: str, kind: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    def change(content: pa.Table) -> pa.Table:
        place = content.column_names.index(name)
        return content.set_column(place, name, content.column(name).cast(kind))

    return change


def without_value(name: str) -> Callable[[pa.Table], pa.Table]:
    def change(content: pa.Table) -> pa.Table:
        place, values = content.column_names.index(name), content.column(name)
        return content.set_column(place, name, pc.if_else(pc.equal(values, values[0]), None, values))

    return change


MISFITS = {
    "wider type": (recast("grade", pa.int32()), "grade is int, the table has tinyint"),
    "bigint widened to decimal": (recast("comm_id", pa.decimal128(20, 0)), r"comm_id is decimal\(20,0\)"),
    "naive instant": (recast("seen", pa.timestamp("us")), "seen is timestamp_ntz, the table has timestamp"),
    "nanoseconds": (recast("seen", pa.timestamp("ns", "UTC")), "seen is timestamp"),
    "other scale": (recast("score", pa.decimal128(18, 2)), r"decimal\(18,2\), the table has decimal\(18,4\)"),
    "null key": (without_value("id"), "1 rows without id, which the table requires"),
    "column lost": (lambda t: t.drop_columns(["nick"]), "without nick"),
    "column added": (lambda t: t.append_column("more", pa.array([1] * len(t))), "with more too many"),
    "columns moved": (lambda t: t.select(["comm_id", "id", *t.column_names[2:]]), "another order"),
}


@pytest.mark.parametrize(("change", "why"), MISFITS.values(), ids=MISFITS)
def test_a_file_that_does_not_fit_the_table_is_refused_before_the_commit(shop, change, why):
    shop.publish((9, 7))
    candidate = rewritten(shop.stage((1, 7), (2, 8)), change)
    with pytest.raises(CouldNotRun, match=why) as refused:
        shop.store.promote(shop.approve(candidate), {})
    assert "secret" not in str(refused.value)
    assert (shop.delta.version(), shop.seen()) == (1, [(9, 7, DAY)])


def test_null_keys_are_detected_without_the_writers_statistics(shop):
    candidate = shop.stage((1, 7))
    (file,) = candidate.files
    path = Path(candidate.root) / file.path
    content = without_value("comm_id")(pq.ParquetFile(path).read())
    pq.write_table(content, path, write_statistics=False)
    files = add_digests(shop.root, (dataclasses.replace(file, bytes=path.stat().st_size),))
    forged = dataclasses.replace(candidate, files=files, fingerprint=compute_fingerprint(files))
    with pytest.raises(CouldNotRun, match="1 rows without comm_id"):
        shop.store.promote(shop.approve(forged), {})


MANIFESTS = {
    "wrong community": ({"partition": {"part_comm_id": "8", "part_date": DAY}}, "another folder"),
    "other date": ({"partition": {"part_comm_id": "7", "part_date": NEXT}}, f"belongs to {NEXT}"),
    "no community": ({"partition": {"part_date": DAY}}, "partitioned by part_date, the table by"),
    "community that is no number": ({"partition": {"part_comm_id": "x", "part_date": DAY}}, "not a bigint"),
    "null community": ({"partition": {"part_comm_id": None, "part_date": DAY}}, "part_comm_id is null"),
    "lying row count": ({"rows": 5}, "1 rows, 5 were written"),
}


@pytest.mark.parametrize(("lie", "why"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_lies_about_its_files_is_refused(shop, lie, why):
    candidate = shop.stage((1, 7))
    lying = dataclasses.replace(candidate, files=(dataclasses.replace(candidate.files[0], **lie),))
    with pytest.raises(CouldNotRun, match=why):
        shop.store.promote(shop.approve(lying), {})
    assert shop.delta.version() == 0


def test_files_of_another_day_are_refused(shop):
    candidate = shop.stage((1, 7), sql=shop.rows((1, 7), day=NEXT))
    with pytest.raises(CouldNotRun, match=f"belongs to {NEXT}, the candidate to {DAY}"):
        shop.store.promote(shop.approve(candidate), {})
    assert shop.store.read(shop.table) is None


def test_a_missing_file_is_refused_by_audit_and_publish(shop):
    candidate = shop.stage((1, 7), (2, 8))
    (shop.root / candidate.files[1].path).unlink()
    for attempt in (
        lambda: shop.store.read_candidate(candidate, shop.table),
        lambda: shop.store.promote(shop.approve(candidate), {}),
    ):
        with pytest.raises(CouldNotRun, match="the file is missing"):
            attempt()
    assert shop.store.find_changes(candidate)
    assert shop.delta.version() == 0


def test_one_altered_byte_is_refused(shop):
    candidate = shop.stage((1, 7), (2, 8))
    path = shop.root / candidate.files[0].path
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    with pytest.raises(CouldNotRun, match="bytes are not those that were staged"):
        shop.store.promote(shop.approve(candidate), {})
    assert shop.store.find_changes(candidate)
    assert shop.delta.version() == 0


def test_a_candidate_that_names_a_file_twice_is_refused(shop):
    candidate = shop.stage((1, 7))
    doubled = dataclasses.replace(candidate, files=candidate.files * 2)
    with pytest.raises(CouldNotRun, match="named twice"):
        shop.store.promote(shop.approve(doubled), {})


def test_only_an_approved_candidate_is_promoted(shop):
    candidate = shop.stage((1, 7))
    with pytest.raises(TypeError, match="not a Candidate"):
        shop.store.promote(candidate, {})
    with pytest.raises(TypeError, match=r"only judge\(\) makes"):
        Approved(candidate, shop.approve(candidate).audit, object())
