"""Defects of samples: each occurs from 500 members on, and none in a clean sample."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from builders.sample import SampleSpec, upstreams
from martgate.contracts.catalog import Catalog

CUTOFF = datetime(2024, 3, 31, 15, tzinfo=UTC)

DIRT = {
    "another status at the same instant": """
        SELECT 1 FROM log GROUP BY comm_user_id, changed_at HAVING count(DISTINCT status) > 1""",
    "overlapping countries": """
        SELECT 1 FROM country a JOIN country b USING (wv_user_id)
        WHERE a.valid_from < b.valid_from AND b.valid_from < coalesce(a.valid_to, 'infinity') AND a.ip_ctry <> b.ip_ctry""",
    "two countries from the same instant on": """
        SELECT 1 FROM country GROUP BY wv_user_id, valid_from HAVING count(DISTINCT ip_ctry) > 1""",
    "overlapping fan club memberships": """
        SELECT 1 FROM fan_club a JOIN fan_club b USING (we_member_id, we_art_id)
        WHERE a.start_dt < b.start_dt AND b.start_dt < $cutoff AND a.end_dt >= $cutoff AND b.end_dt >= $cutoff""",
    "two fan club memberships from the same instant on": """
        SELECT 1 FROM fan_club WHERE start_dt < $cutoff AND end_dt >= $cutoff
        GROUP BY we_member_id, we_art_id, start_dt HAVING count(DISTINCT fc_id) > 1""",
    "several active special-member rows": """
        SELECT 1 FROM special WHERE registered_at < $cutoff AND removed_at IS NULL
        GROUP BY comm_user_id HAVING count(DISTINCT registered_at) > 1""",
    "several special-member rows of the same instant": """
        SELECT 1 FROM special GROUP BY comm_user_id, registered_at HAVING count(DISTINCT art_indi_id) > 1""",
    "a push config at once enabled and not": """
        SELECT 1 FROM push GROUP BY wv_user_id, comm_id, push_type, updated_at HAVING count(DISTINCT enabled) > 1""",
    "a community of several channels": "SELECT 1 FROM channel GROUP BY comm_id HAVING count(*) > 2",
    "a member from several channels": """
        SELECT 1 FROM migration JOIN channel USING (v_channel_id) SEMI JOIN member USING (wv_user_id, comm_id)
        GROUP BY wv_user_id, comm_id HAVING count(DISTINCT v_ch_join_dt) > 1""",
    "a member who is no user": "SELECT 1 FROM member ANTI JOIN we_user USING (wv_user_id)",
    "a community without an artist": "SELECT 1 FROM member ANTI JOIN we_artist USING (comm_id)",
    "a status of an unknown membership": "SELECT 1 FROM log ANTI JOIN member USING (comm_user_id)",
    "an unknown artist": "SELECT 1 FROM special ANTI JOIN member USING (comm_user_id)",
    "a report against an unknown membership": """
        SELECT 1 FROM report ANTI JOIN member ON target_comm_user_id = comm_user_id""",
    "a push config of an unknown pair": "SELECT 1 FROM push ANTI JOIN member USING (wv_user_id, comm_id)",
    "a WV1 join of an unknown pair": "SELECT 1 FROM wv1 ANTI JOIN member USING (wv_user_id, comm_id)",
    "a view recorded twice": """
        SELECT 1 FROM view GROUP BY wv_user_id, comm_id, post_id, occurred_at HAVING count(*) > 1""",
    "a reaction recorded twice": """
        SELECT 1 FROM reaction GROUP BY wv_user_id, comm_id, post_id, reaction_type, occurred_at HAVING count(*) > 1""",
    "a view of an unknown pair": "SELECT 1 FROM view ANTI JOIN member USING (wv_user_id, comm_id)",
    "a reaction of an unknown pair": "SELECT 1 FROM reaction ANTI JOIN member USING (wv_user_id, comm_id)",
    "a subscription of an unknown pair": "SELECT 1 FROM subscription ANTI JOIN member USING (wv_user_id, comm_id)",
    "an empty image url": "SELECT 1 FROM member WHERE '' IN (profile_img_url, profile_background_img_url)",
    "an image url of spaces": "SELECT 1 FROM member WHERE '  ' IN (profile_img_url, profile_background_img_url)",
    "a membership of tomorrow": "SELECT 1 FROM member WHERE cre_dt >= $cutoff",
}  # fmt: skip
VIEWS = """
    WITH member AS (FROM ods_wv_member_profile), log AS (FROM community_log_member_status_log),
    special AS (FROM community_member_special_member), report AS (FROM community_common_report),
    push AS (FROM notification_push_config), country AS (FROM wv_user_ctry_history),
    fan_club AS (FROM ws_fc_user_history), wv1 AS (FROM wv1_join_info), channel AS (FROM v_to_wv_comm_mapping),
    migration AS (FROM community_log_v_member_migration),
    view AS (FROM wv_post_view), reaction AS (FROM wv_post_reaction), subscription AS (FROM wdm_subscription)
"""
TABLES = {
    table.qualified_name: table for _, table in Catalog.load([(Path(__file__).parents[2] / "contracts")]).tables()
}


def lake(**arguments):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, rows in upstreams(SampleSpec(**{"members": 500, "date": date(2024, 3, 31)} | arguments), TABLES):
        connection.register(name.split(".")[1], rows)
    return connection


@pytest.fixture(scope="module")
def lakes():
    """One clean sample and several dirty ones, queried by short names."""
    samples = {"clean": [lake(members=2000, clean=True)], "dirty": [lake(seed=seed) for seed in range(6)]}
    yield samples
    for connection in (*samples["clean"], *samples["dirty"]):
        connection.close()


def count(connection, kind):
    parameters = {"cutoff": CUTOFF} if "$" in DIRT[kind] else None
    return connection.execute(f"{VIEWS} SELECT count(*) FROM ({DIRT[kind]})", parameters).fetchone()[0]


@pytest.mark.parametrize("kind", DIRT)
def test_a_dirty_sample_has(kind, lakes):
    for seed, connection in enumerate(lakes["dirty"]):
        assert count(connection, kind) > 0, f"seed {seed}"


@pytest.mark.parametrize("kind", DIRT)
def test_a_clean_sample_has_no(kind, lakes):
    assert count(lakes["clean"][0], kind) == 0


def test_dirt_is_the_exception():
    connection = lake(members=5000)
    for kind in DIRT:
        assert count(connection, kind) < 400, kind
    connection.close()


def test_a_tie_with_a_welcome_is_won_by_either_status():
    connection = lake(members=30_000)
    winners = connection.execute("""
        SELECT max_by(status, log_id) = 'NORMAL' AS welcome, count(*)
        FROM community_log_member_status_log SEMI JOIN ods_wv_member_profile AS member
        ON changed_at = cre_dt AND community_log_member_status_log.comm_user_id = member.comm_user_id
        GROUP BY comm_user_id, changed_at HAVING count(DISTINCT status) > 1
    """).fetchall()
    connection.close()
    assert {welcome for welcome, _ in winners} == {True, False}


def test_every_snapshot_was_taken_too_late():
    connection = lake(members=1000, days=3)
    late = connection.execute("""
        SELECT part_date, count(*), max(cre_dt) < min(day_end) + INTERVAL 5 MINUTE
        FROM (SELECT *, (CAST(part_date AS TIMESTAMP) + INTERVAL 15 HOUR) AT TIME ZONE 'UTC' AS day_end
              FROM ods_wv_member_profile)
        WHERE cre_dt >= day_end GROUP BY part_date ORDER BY part_date
    """).fetchall()
    connection.close()
    assert [(day, within) for day, _, within in late] == [
        ("2024-03-29", True),
        ("2024-03-30", True),
        ("2024-03-31", True),
    ]
    assert all(0 < rows < 20 for _, rows, _ in late)
