"""Samples: of the requested size, reproducible, in the shape of the contracts, and with events at every edge of a day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.sample import SampleSpec, upstreams
from builders.sample.activity import report
from builders.sample.tables import UPSTREAMS
from builders.sample.world import draw_world
from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput

TABLES = {
    table.qualified_name: table for _, table in Catalog.load([(Path(__file__).parents[2] / "contracts")]).tables()
}
LAST = date(2024, 3, 31)
CUTOFFS = [datetime(2024, 3, day, 15, tzinfo=UTC) for day in (29, 30, 31)]
PROFILE = "we_mart.ods_wv_member_profile"
ARROW = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def draw(**arguments):
    return dict(upstreams(SampleSpec(**{"members": 500, "date": LAST} | arguments), TABLES))


def query(tables, sql, **parameters):
    """Query the tables by their short names."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, rows in tables.items():
            connection.register(name.split(".")[1], rows)
        return connection.execute(sql, parameters or None).fetchall()


@pytest.fixture(scope="module")
def dirty():
    return draw(members=3000, days=3, seed=5)


@pytest.fixture(scope="module")
def clean():
    return draw(members=3000, days=3, seed=5, clean=True)


@pytest.fixture(scope="module", params=["dirty", "clean"])
def sample(request):
    return request.getfixturevalue(request.param)


# Parameters


def test_every_upstream_is_drawn_once():
    names = [name for name, _ in upstreams(SampleSpec(10, LAST), TABLES)]
    assert names == list(UPSTREAMS)
    assert len(set(names)) == 15
    catalog = Catalog.load([(Path(__file__).parents[2] / "contracts") / "upstream"])
    assert set(names) == {table.qualified_name for _, table in catalog.tables()}


@pytest.mark.parametrize("clean", [True, False])
def test_the_same_spec_gives_the_same_rows_and_another_seed_gives_others(clean):
    first, again, other = (draw(members=300, seed=seed, clean=clean) for seed in (3, 3, 4))
    for name in UPSTREAMS:
        assert first[name].equals(again[name]), name
        assert not first[name].equals(other[name]), name


def test_a_table_is_the_same_whatever_else_is_drawn():
    spec = SampleSpec(300, LAST, seed=9)
    name = "weverse2.community_common_report"
    assert report(draw_world(spec), TABLES[name]).equals(draw(members=300, seed=9)[name])


@settings(max_examples=40)
@given(
    members=st.integers(1, 300),
    days=st.integers(1, 5),
    communities=st.none() | st.integers(1, 30),
    seed=st.integers(0, 2**63 - 1),
    clean=st.booleans(),
)
def test_the_last_day_has_exactly_the_requested_members(members, days, communities, seed, clean):
    spec = SampleSpec(members, LAST, days, seed, communities, clean)
    tables = dict(upstreams(spec, TABLES))
    profile = tables[PROFILE].filter(pc.equal(tables[PROFILE]["part_date"], "2024-03-31"))
    assert pc.sum(pc.less(profile["cre_dt"], CUTOFFS[-1])).as_py() == members
    assert len(set(profile["comm_user_id"].to_pylist())) == profile.num_rows
    assert len(set(profile["comm_id"].to_pylist())) <= spec.community_count
    for name in UPSTREAMS:
        assert tables[name].schema.names == list(TABLES[name].column_names)
    for name in (PROFILE, "we_mart.we_user"):
        assert len(set(tables[name]["part_date"].to_pylist())) == days, "every day has a snapshot with rows"


def test_days_are_consecutive_and_end_with_the_date(sample):
    for name in (PROFILE, "we_mart.we_user"):
        days = sorted(set(sample[name]["part_date"].to_pylist()))
        assert days == ["2024-03-29", "2024-03-30", "2024-03-31"]


def test_all_arguments_out_of_range_are_reported_at_once():
    with pytest.raises(InvalidInput) as caught:
        SampleSpec(0, date(1812, 1, 1), days=0, seed=-1, communities=0)
    assert str(caught.value).splitlines() == [
        "members is 0; expected a whole number from 1 to 20,000,000",
        "days is 0; expected a whole number from 1 to 366",
        "seed is -1; expected a whole number from 0 to 9,223,372,036,854,775,807",
        "communities is 0; expected a whole number from 1 to 10,000",
        "date is 1812-01-01; expected a day from 2000-01-01 to 2199-12-31",
    ]


# In the shape of the contracts


@pytest.mark.parametrize("name", UPSTREAMS)
def test_columns_types_nulls_values_and_keys_are_the_contracts(name, sample):
    rows, table = sample[name], TABLES[name]
    assert rows.num_rows > 0
    assert rows.schema.names == [column.name for column in table.columns]
    assert rows.schema.types == [ARROW[column.physical_type] for column in table.columns]
    for column in table.columns:
        if column.required:
            assert rows[column.name].null_count == 0, column.name
        if column.enum:
            assert set(rows[column.name].drop_null().to_pylist()) == set(column.enum), column.name
        if column.unique:
            assert pc.count_distinct(rows[column.name]).as_py() == rows.num_rows, column.name
    keys = rows.select(list(table.primary_key)).to_pylist()
    assert len({tuple(key.values()) for key in keys}) == (len(keys) if table.primary_key else 1)
    rows.validate(full=True)


def test_columns_that_may_be_null_are_null_somewhere(sample):
    for name, table in TABLES.items():
        for column in table.columns:
            if name in sample and not column.required:
                assert 0 < sample[name][column.name].null_count < sample[name].num_rows, f"{name}.{column.name}"


def test_intervals_end_after_they_begin_and_nothing_is_undone_before_it_is_done(sample):
    wrong = """
        SELECT count(*) FROM wv_user_ctry_history WHERE valid_to <= valid_from UNION ALL
        SELECT count(*) FROM ws_fc_user_history WHERE end_dt <= start_dt UNION ALL
        SELECT count(*) FROM community_common_report WHERE canceled_at <= created_at UNION ALL
        SELECT count(*) FROM community_member_special_member WHERE removed_at <= registered_at
    """
    assert query(sample, wrong) == [(0,)] * 4


def test_countries_are_real_and_no_is_norway(sample):
    real = set(TABLES["we_mart.wv_comm_user"].column("ip_ctry").enum)
    drawn = sample["we_mart.wv_user_ctry_history"]["ip_ctry"].to_pylist()
    assert set(drawn) <= real
    assert "NO" in drawn


def test_a_contract_that_adds_an_alarm_or_a_push_type_gets_it():
    wv1, push = TABLES["we_mart.wv1_join_info"], TABLES["weverse2.notification_push_config"]
    alarm = replace(wv1.column("hot_post_alarm"), name="new_alarm")
    types = replace(push.column("push_type"), enum=("POST", "DM"))
    others = {
        wv1.qualified_name: replace(wv1, columns=(*wv1.columns, alarm)),
        push.qualified_name: replace(push, columns=tuple(types if c.name == "push_type" else c for c in push.columns)),
    }
    tables = dict(upstreams(SampleSpec(500, LAST), TABLES | others))
    assert set(tables[wv1.qualified_name]["new_alarm"].to_pylist()) == {True, False, None}
    assert set(tables[push.qualified_name]["push_type"].to_pylist()) == {"POST", "DM"}


def changed(name, column=None, /, **changes):
    """Return all tables, one with a changed column, or with an additional one if `column` is None."""
    table = TABLES[name]
    new = replace(table.column(column or table.column_names[0]), **changes)
    columns = tuple(new if c.name == column else c for c in table.columns) if column else (*table.columns, new)
    return TABLES | {name: replace(table, columns=columns)}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {name: table for name, table in TABLES.items() if "we_user" not in name},
            "we_mart.we_user: the sample needs the contract of this table, and none was found",
        ),
        (
            changed("we_mart.we_user", name="shoe_size"),
            "we_mart.we_user.shoe_size: the sample cannot draw this column",
        ),
        (
            changed("we_mart.we_user", "we_member_id", name="member"),
            "we_mart.we_user.member: the sample cannot draw this column\n"
            "we_mart.we_user.we_member_id: the sample draws this column, which the contract does not have",
        ),
        (
            changed("we_mart.we_user", "we_member_id", physical_type="decimal(9,2)"),
            "we_mart.we_user.we_member_id: physicalType is 'decimal(9,2)'; "
            "the sample supports bigint, int, tinyint, boolean, string, date, timestamp",
        ),
        (
            changed("weverse2.community_log_member_status_log", "status", enum=("NORMAL", "GONE")),
            "weverse2.community_log_member_status_log.status: the sample needs the value LEAVE; "
            "the contract's enum has NORMAL, GONE",
        ),
        (
            changed("weverse2.notification_push_config", "push_type", enum=()),
            "weverse2.notification_push_config.push_type: the contract has no enum, from which the sample draws values",
        ),
        (
            changed("we_meta.v_to_wv_comm_mapping", "comm_id", name="community"),
            "we_meta.v_to_wv_comm_mapping.community: the sample cannot draw this column\n"
            "we_meta.v_to_wv_comm_mapping.comm_id: the sample draws this column, which the contract does not have",
        ),
    ],
    ids=["missing", "one more", "renamed", "type", "status", "no enum", "mapping"],
)
def test_a_contract_that_a_sample_does_not_support_is_refused(tables, message):
    with pytest.raises(InvalidInput) as caught:
        dict(upstreams(SampleSpec(20, LAST), tables))
    assert str(caught.value) == message


def test_missing_contracts_are_reported_before_anything_is_drawn():
    with pytest.raises(InvalidInput) as caught:
        upstreams(SampleSpec(20, LAST), {})
    assert len(caught.value.problems) == 15


# Activity


def test_communities_are_as_unequal_as_zipf_says():
    tables = draw(members=5000, communities=20, clean=True)
    sizes = np.sort(np.unique(tables[PROFILE]["comm_id"].to_numpy(), return_counts=True)[1])[::-1]
    assert sizes.size == 20
    slope = np.polyfit(np.log(np.arange(1, 21)), np.log(sizes), 1)[0]
    assert -1.2 < slope < -0.7
    assert 8 < sizes[0] / sizes[-1] < 40


def test_artist_1_has_the_largest_community(sample):
    largest = "SELECT mode(comm_id) FROM ods_wv_member_profile"
    assert query(sample, f"SELECT we_art_id FROM we_artist WHERE comm_id = ({largest})") == [(1,)]


def test_a_later_snapshot_has_every_membership_of_an_earlier_one_unchanged(sample):
    lost = """
        SELECT count(*) FROM ods_wv_member_profile AS a
        WHERE part_date < '2024-03-31' AND NOT EXISTS (
            SELECT 1 FROM ods_wv_member_profile AS b
            WHERE b.comm_user_id = a.comm_user_id AND b.part_date = CAST(CAST(a.part_date AS DATE) + 1 AS DATE)::VARCHAR
              AND (b.wv_user_id, b.comm_id, b.cre_dt, b.member_grade) = (a.wv_user_id, a.comm_id, a.cre_dt, a.member_grade)
              AND (a.profile_created_dt IS NULL OR (b.profile_created_dt, b.profile_img_url, b.profile_name)
                   IS NOT DISTINCT FROM (a.profile_created_dt, a.profile_img_url, a.profile_name))
        )
    """
    assert query(sample, lost) == [(0,)]
    sizes = query(sample, "SELECT count(*) FROM ods_wv_member_profile GROUP BY part_date ORDER BY part_date")
    assert sizes == sorted(set(sizes)), "every day somebody joins"


def test_some_profiles_are_made_between_two_snapshots(dirty):
    made_later = """
        SELECT count(*) FROM ods_wv_member_profile AS a JOIN ods_wv_member_profile AS b USING (comm_user_id)
        WHERE a.part_date = '2024-03-29' AND b.part_date = '2024-03-31'
          AND a.profile_created_dt IS NULL AND a.profile_name IS NULL AND b.profile_created_dt IS NOT NULL
    """
    assert query(dirty, made_later)[0][0] > 0


def test_some_users_change_their_status_between_two_snapshots(sample):
    pairs = """
        SELECT count(*) FROM we_user AS a JOIN we_user AS b USING (wv_user_id)
        WHERE a.part_date = '2024-03-29' AND b.part_date = '2024-03-31' AND a.wv_user_status <> b.wv_user_status
    """
    assert query(sample, pairs)[0][0] > 0


def test_a_membership_ends_before_the_next_one_of_its_pair_begins():
    crowded = {"members": 3000, "communities": 6}  # so that many users are in all of them
    for seed, more in [*((seed, {}) for seed in range(20)), (0, crowded)]:
        tables = draw(seed=seed, **more)
        ((wrong, rejoins),) = query(
            tables,
            """
            WITH member AS (
                SELECT *, lead(cre_dt) OVER (PARTITION BY wv_user_id, comm_id ORDER BY cre_dt) AS next
                FROM (SELECT DISTINCT comm_user_id, wv_user_id, comm_id, cre_dt FROM ods_wv_member_profile)
            ), last AS (
                SELECT comm_user_id, max_by(status, (changed_at, log_id)) AS status, max(changed_at) AS changed
                FROM community_log_member_status_log GROUP BY comm_user_id
            )
            SELECT count(*) FILTER (
                changed < cre_dt OR next <= cre_dt
                OR next IS NOT NULL AND NOT coalesce(status = 'LEAVE' AND changed < next, false)
            ), count(next)
            FROM member LEFT JOIN last USING (comm_user_id)
            """,
        )
        assert wrong == 0, f"seed {seed}"
        assert rejoins > 10


def test_nothing_follows_a_leave(clean):
    followed = """
        SELECT count(*) FROM community_log_member_status_log AS a JOIN community_log_member_status_log AS b
        USING (comm_user_id) WHERE a.status = 'LEAVE' AND b.changed_at >= a.changed_at AND b.log_id <> a.log_id
    """
    assert query(clean, followed) == [(0,)]


@pytest.mark.parametrize(
    ("what", "sql"),
    [
        ("a third membership", "SELECT 1 FROM member GROUP BY wv_user_id, comm_id HAVING count(*) > 2"),
        ("a user of several communities", "SELECT 1 FROM member GROUP BY wv_user_id HAVING count(DISTINCT comm_id) > 2"),
        ("a status before a LEAVE", "SELECT 1 FROM log GROUP BY comm_user_id HAVING count(*) > 1 AND max(status) = 'NORMAL'"),
        ("a later log_id of an earlier change", "SELECT 1 FROM log a JOIN log b ON a.log_id > b.log_id AND a.changed_at < b.changed_at - INTERVAL 1 DAY"),
        ("an official account", "SELECT 1 FROM member WHERE is_official AND member_grade = 'OFFICIAL'"),
        ("a removed artist", "SELECT 1 FROM special WHERE removed_at < $day_end"),
        ("an artist who came back", "SELECT 1 FROM special a JOIN special b USING (comm_user_id, art_indi_id) WHERE b.registered_at >= a.removed_at"),
        ("a fan club membership that is over", "SELECT 1 FROM fan_club WHERE end_dt < $day_end"),
        ("a current fan club membership", "SELECT 1 FROM fan_club WHERE start_dt < $day_end AND end_dt > $day_end"),
        ("a fan club membership to come", "SELECT 1 FROM fan_club WHERE start_dt > $day_end + INTERVAL 3 DAY"),
        ("a renewal without a gap", "SELECT 1 FROM fan_club a JOIN fan_club b USING (we_member_id, we_art_id) WHERE a.end_dt = b.start_dt"),
        ("a cancelled report", "SELECT 1 FROM report WHERE canceled_at < $day_end"),
        ("a report cancelled later", "SELECT 1 FROM report WHERE created_at < $day_end AND canceled_at >= $day_end"),
        ("a member reported twice", "SELECT 1 FROM report GROUP BY target_comm_user_id HAVING count(*) > 1"),
        ("a push set, and later set otherwise", "SELECT 1 FROM push GROUP BY wv_user_id, comm_id, push_type HAVING count(DISTINCT enabled) = 2 AND count(DISTINCT updated_at) > 1"),
        ("a user who moved countries", "SELECT 1 FROM country a JOIN country b USING (wv_user_id) WHERE a.valid_to = b.valid_from AND a.ip_ctry <> b.ip_ctry"),
        ("a user without a country", "SELECT 1 FROM member ANTI JOIN country USING (wv_user_id)"),
        ("a user who is nowhere any more", "SELECT 1 FROM country GROUP BY wv_user_id HAVING max(coalesce(valid_to, 'infinity')) < $day_end"),
        ("a WV1 join before the first one here", "SELECT 1 FROM wv1 JOIN member USING (wv_user_id, comm_id) WHERE wv1_join_dt < cre_dt"),
        ("a WV1 join after the first one here", "SELECT 1 FROM wv1 JOIN member USING (wv_user_id, comm_id) WHERE wv1_join_dt > cre_dt"),
        ("a member who moved from V", "SELECT 1 FROM migration JOIN channel USING (v_channel_id) JOIN member USING (wv_user_id, comm_id)"),
        ("a move into a community never joined", "SELECT 1 FROM migration JOIN channel USING (v_channel_id) ANTI JOIN member USING (wv_user_id, comm_id)"),
        ("a channel that became no community", "SELECT 1 FROM migration ANTI JOIN channel USING (v_channel_id)"),
        ("a user without memberships", "SELECT 1 FROM we_user ANTI JOIN member USING (wv_user_id)"),
    ],
)  # fmt: skip
def test_a_sample_contains(what, sql, sample):
    views = """
        WITH member AS (SELECT * FROM ods_wv_member_profile WHERE part_date = '2024-03-31'),
        log AS (FROM community_log_member_status_log), special AS (FROM community_member_special_member),
        report AS (FROM community_common_report), push AS (FROM notification_push_config),
        country AS (FROM wv_user_ctry_history), fan_club AS (FROM ws_fc_user_history), wv1 AS (FROM wv1_join_info),
        migration AS (FROM community_log_v_member_migration), channel AS (FROM v_to_wv_comm_mapping)
    """
    parameters = {"day_end": CUTOFFS[-1]} if "$" in sql else {}
    assert query(sample, f"{views} SELECT count(*) FROM ({sql})", **parameters)[0][0] > 0, what


def test_names_are_hangul_and_latin_and_emoji_and_markup(sample):
    names = "\n".join(filter(None, sample[PROFILE]["profile_name"].unique().to_pylist()))
    for piece in ("토끼", "moon", "💜", "<b>", "<script>", '"', "'", "&amp;", "ゆき"):
        assert piece in names


# Edges

MOMENTS = [
    (PROFILE, "cre_dt"),
    ("weverse2.community_log_member_status_log", "changed_at"),
    ("weverse2.community_member_special_member", "registered_at"),
    ("weverse2.community_member_special_member", "removed_at"),
    ("weverse2.community_common_report", "created_at"),
    ("weverse2.community_common_report", "canceled_at"),
    ("weverse2.notification_push_config", "updated_at"),
    ("we_mart.wv_user_ctry_history", "valid_from"),
    ("we_mart.wv_user_ctry_history", "valid_to"),
    ("we_mart.ws_fc_user_history", "start_dt"),
    ("we_mart.ws_fc_user_history", "end_dt"),
    ("we_mart.wv1_join_info", "wv1_join_dt"),
    ("weverse2.community_log_v_member_migration", "migrated_at"),
    ("we_mart.wv_post_view", "occurred_at"),
    ("we_mart.wv_post_reaction", "occurred_at"),
    ("weverse2.wdm_subscription", "start_dt"),
    ("weverse2.wdm_subscription", "end_dt"),
]


@pytest.mark.parametrize(("name", "column"), MOMENTS)
def test_events_occur_in_the_last_instant_of_a_day_and_in_the_first_of_the_next(name, column, dirty):
    moments = set(dirty[name][column].to_pylist())
    for cutoff in CUTOFFS:
        assert cutoff - timedelta(microseconds=1) in moments, cutoff
        assert cutoff in moments, cutoff


@pytest.mark.parametrize(("name", "column"), [moment for moment in MOMENTS if moment[0] != PROFILE])
def test_events_occur_after_the_last_day(name, column, sample):
    moments = sample[name][column]
    assert pc.any(pc.greater_equal(moments, CUTOFFS[-1])).as_py()
    assert pc.any(pc.less(moments, CUTOFFS[0])).as_py()
