"""Properties of we_mart.wv_comm_user on arbitrary upstreams: no row lost, duplicated, or from a later day."""

from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.builders.model import cast_to_contract
from martgate.builders.ports import Dataset, WriteTarget

CUTOFF = datetime(2024, 3, 31, 15, tzinfo=UTC)
INSTANTS = st.sampled_from(
    [CUTOFF + timedelta(microseconds=offset) for offset in (-(10**12), -(10**12) + 1, -1, 0, 1, 10**12)]
)
USERS, COMMUNITIES, MEMBERSHIPS = st.integers(1, 3), st.integers(10, 12), st.sampled_from("abcdefgh")


def rows_of(unique_by=None, **columns):
    """Draw up to 8 rows; `unique_by` are the columns of the key in the upstream's contract."""
    key = (lambda row: tuple(row[name] for name in unique_by)) if unique_by else None
    return st.lists(st.fixed_dictionaries(columns), max_size=8, unique_by=key)


MEMBERS = rows_of(["comm_user_id"], comm_user_id=MEMBERSHIPS, wv_user_id=USERS, comm_id=COMMUNITIES, cre_dt=INSTANTS)
OTHERS = st.fixed_dictionaries(
    {
        "status": rows_of(
            ["log_id"],
            log_id=st.integers(1, 99),
            comm_user_id=MEMBERSHIPS,
            status=st.sampled_from(["NORMAL", "LEAVE"]),
            changed_at=INSTANTS,
        ),
        "special": rows_of(
            comm_user_id=MEMBERSHIPS,
            art_indi_id=st.sampled_from("xy"),
            registered_at=INSTANTS,
            removed_at=st.none() | INSTANTS,
        ),
        "report": rows_of(
            ["report_id"],
            report_id=st.integers(1, 99),
            target_comm_user_id=MEMBERSHIPS,
            created_at=INSTANTS,
            canceled_at=st.none() | INSTANTS,
        ),
        "user": rows_of(["wv_user_id"], wv_user_id=USERS, we_member_id=st.none() | USERS),
        "push": rows_of(wv_user_id=USERS, comm_id=COMMUNITIES, enabled=st.booleans(), updated_at=INSTANTS),
        "country": rows_of(
            wv_user_id=USERS, ip_ctry=st.sampled_from(["KR", "NO"]), valid_from=INSTANTS, valid_to=st.none() | INSTANTS
        ),
        "artist": rows_of(["we_art_id"], we_art_id=st.integers(1, 5), comm_id=COMMUNITIES),
        "fanclub": rows_of(
            we_member_id=USERS, we_art_id=st.integers(1, 5), fc_id=st.integers(1, 3), start_dt=INSTANTS, end_dt=INSTANTS
        ),
        "wv1": rows_of(["wv_user_id", "comm_id"], wv_user_id=USERS, comm_id=COMMUNITIES, wv1_join_dt=INSTANTS),
        "migration": rows_of(
            wv_user_id=USERS, v_channel_id=st.integers(1, 3), v_ch_join_dt=INSTANTS, migrated_at=INSTANTS
        ),
        "channel": rows_of(v_channel_id=st.integers(1, 3), comm_id=COMMUNITIES),
    }
)
FEW = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(world, tables):
    world.rows.clear()
    for table, rows in tables.items():
        for row in rows:
            world.add(table, **row)


@FEW
@given(members=MEMBERS, others=OTHERS)
def test_the_table_has_exactly_the_memberships_of_the_profile(world, members, others):
    fill(world, {"member": members, **others})
    rows = world.build()
    assert rows.keys() == {m["comm_user_id"] for m in members if m["cre_dt"] < CUTOFF}
    for row in rows.values():
        pair = [r for r in rows.values() if (r["wv_user_id"], r["comm_id"]) == (row["wv_user_id"], row["comm_id"])]
        mine = [r for r in rows.values() if r["wv_user_id"] == row["wv_user_id"]]
        assert sorted(r["comm_user_seq"] for r in pair) == list(range(1, row["cnt_comm_user_id"] + 1))
        assert row["tot_comm_user_first_dt"] == min(r["comm_user_first_dt"] for r in mine)
        assert row["tot_comm_user_first_dt"] <= row["comm_user_first_dt"] <= row["comm_user_cre_dt"] < CUTOFF
        assert len({r["comm_id"] for r in mine if r["is_first_user_comm"] == 1}) == 1
        assert (row["comm_user_status"] == "LEAVE") == (row["comm_user_end_dt"] is not None)
        assert (row["is_fc"] == 1) == (row["fc_id"] is not None)


@FEW
@given(members=MEMBERS, others=OTHERS)
def test_a_day_rebuilt_later_has_the_rows_of_the_first_time(world, members, others):
    """Events at or after the cutoff, including cancellations and ends, do not change an earlier day."""
    fill(world, {"member": members, **others})
    later = world.build()
    starts = ("cre_dt", "changed_at", "registered_at", "created_at", "updated_at", "valid_from", "start_dt")
    ends = {"removed_at", "canceled_at", "valid_to"}
    for table, rows in {"member": members, **others}.items():
        known = [r for r in rows if all(r[s] < CUTOFF for s in (*starts, "wv1_join_dt", "migrated_at") if s in r)]
        world.rows[table].clear()
        for row in known:
            world.add(table, **{n: None if n in ends and v and v >= CUTOFF else v for n, v in row.items()})
    assert world.build() == later


def test_rows_do_not_depend_on_the_order_of_the_upstreams(world):
    for number in range(6):
        world.member(f"m{number}", wv_user_id=number % 2, comm_id=10 + number % 3, cre_dt=CUTOFF - timedelta(hours=1))
        for log_id in range(3):
            world.add(
                "status",
                log_id=10 * number + log_id,
                comm_user_id=f"m{number}",
                status=("NORMAL", "LEAVE", "BLOCKED")[(number + log_id) % 3],
                changed_at=CUTOFF - timedelta(days=1),
            )
        world.add("country", wv_user_id=number % 2, ip_ctry=("KR", "NO", "JP")[number % 3])
        world.add("push", wv_user_id=number % 2, enabled=number % 3 == 0)
    forward = world.build()
    for rows in world.rows.values():
        rows.reverse()
    assert world.build() == forward


def test_names_types_and_order_are_the_contracts(world, model, mart, engine, tmp_path):
    world.member("m1")
    world.register()
    target = WriteTarget(root=str(tmp_path / "mart"), partition_by=("part_comm_id", "part_date"), prefix="part-run")
    parameters = {
        "part_date": "2024-03-31",
        "day_end": "2024-03-31T15:00:00Z",
        "run_timestamp": "2024-04-01T02:00:00+00:00",
    }
    (file,) = engine.write(cast_to_contract(model, mart), target, parameters)
    columns = tuple((column.name, column.physical_type) for column in mart.columns)
    partitions = {"part_comm_id": "bigint", "part_date": "string"}
    engine.register("mart", Dataset(files=(f"{target.root}/{file.path}",), partitions=partitions, columns=columns))
    assert engine.columns("mart") == columns
    stored = pq.read_schema(f"{target.root}/{file.path}")
    assert stored.names == [name for name, _ in columns if name not in partitions]
    assert str(stored.field("comm_user_cre_dt").type) == "timestamp[us, tz=UTC]"
    assert str(stored.field("hot_post_alarm").type) == "int8"


def test_lineage_equals_that_of_the_contract(model, mart):
    assert model.lineage() == {column.name: frozenset(column.sources) for column in mart.columns}


def test_the_twelve_upstreams_are_its_inputs(model, upstreams):
    of_others = {"we_mart.wv_post_view", "we_mart.wv_post_reaction", "weverse2.wdm_subscription"}
    assert set(model.inputs) == set(upstreams) - of_others
    assert len(model.inputs) == 12
    assert model.parameters == {"part_date", "day_end", "run_timestamp"}
