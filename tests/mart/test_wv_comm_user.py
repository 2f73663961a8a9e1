"""we_mart.wv_comm_user, rule by rule: rows and expected results by hand. Times are local times in Seoul."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

LAST_INSTANT = "2024-03-31 23:59:59.999999"
CUTOFF = "2024-04-01 00:00:00"


def seoul(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Seoul")).astimezone(UTC)


# The rows of the table


def test_a_membership_with_nothing_around_it_has_every_default(world):
    world.member("m1", cre_dt="2023-01-01 12:00:00", profile_name="Nari")
    row = world.build()["m1"]
    defaults = {
        "key_date": date(2024, 3, 31),
        "wv_user_id": 1,
        "comm_id": 10,
        "is_fc": 0,
        "comm_user_first_dt": seoul("2023-01-01 12:00:00"),
        "tot_comm_user_first_dt": seoul("2023-01-01 12:00:00"),
        "is_first_user_comm": 1,
        "comm_user_status": "NORMAL",
        "comm_user_grade": "FAN",
        "comm_user_cre_dt": seoul("2023-01-01 12:00:00"),
        "is_profile_created": 0,
        "profile_name": "Nari",
        "is_profile_private": 0,
        "is_upload_profile_img": 0,
        "is_upload_profile_background_img": 0,
        "is_official": 0,
        "comm_user_id": "m1",
        "cnt_comm_user_id": 1,
        "sum_report_count": 0,
        "comm_user_seq": 1,
        "is_v_user": 0,
        "part_comm_id": 10,
        "part_date": "2024-03-31",
        "run_timestamp": datetime(2024, 4, 1, 2, tzinfo=UTC),
    }
    assert {name: value for name, value in row.items() if value is not None} == defaults


def test_a_membership_belongs_to_the_day_of_its_last_instant_in_seoul(world):
    world.member("in_time", cre_dt=LAST_INSTANT)
    world.member("too_late", cre_dt=CUTOFF)
    assert world.build().keys() == {"in_time"}


def test_only_the_snapshot_of_the_day_is_read(world):
    world.member("today")
    world.member("today", part_date="2024-03-30")
    world.member("gone", part_date="2024-03-30")
    world.member("tomorrow", part_date="2024-04-01")
    assert world.build().keys() == {"today"}


def test_no_membership_is_no_row(world):
    world.add("user")
    assert world.build() == {}


def test_a_membership_that_has_ended_stays(world):
    world.member("m1")
    world.add("status", log_id=1, comm_user_id="m1", status="LEAVE", changed_at="2023-06-01 00:00:00")
    assert world.build().keys() == {"m1"}


# Who: we_user, artist, fan club


def test_the_account_is_that_of_the_days_snapshot(world):
    world.member("m1")
    world.add("user", we_member_id=1001, wv_user_status="BLOCKED")
    world.add("user", we_member_id=9, wv_user_status="LEAVE", part_date="2024-03-30")
    row = world.build()["m1"]
    assert (row["we_member_id"], row["wv_user_status"]) == (1001, "BLOCKED")


def test_a_user_unknown_to_we_user_is_kept_without_an_account(world):
    world.member("m1", wv_user_id=404)
    world.add("artist")
    world.add("fanclub")
    row = world.build()["m1"]
    assert (row["we_member_id"], row["wv_user_status"], row["is_fc"], row["fc_id"]) == (None, None, 0, None)


def test_a_community_unknown_to_we_artist_is_kept_without_an_artist(world):
    world.member("m1", comm_id=404)
    world.add("user")
    world.add("fanclub")
    row = world.build()["m1"]
    assert (row["we_art_id"], row["we_art_name"], row["is_fc"]) == (None, None, 0)


def test_a_community_shared_by_two_artists_takes_the_smaller_id_for_everyone(world):
    world.member("m1")
    world.member("m2", wv_user_id=2)
    world.add("artist", we_art_id=8, we_art_name="EIGHT")
    world.add("artist", we_art_id=7, we_art_name="SEVEN")
    assert {(r["we_art_id"], r["we_art_name"]) for r in world.build().values()} == {(7, "SEVEN")}


@pytest.mark.parametrize(
    ("start", "end", "fc_id"),
    [
        (LAST_INSTANT, "2025-01-01 00:00:00", 5),
        (CUTOFF, "2025-01-01 00:00:00", None),
        ("2023-01-01 00:00:00", CUTOFF, 5),
        ("2023-01-01 00:00:00", LAST_INSTANT, None),
    ],
)
def test_a_fan_club_counts_where_it_holds_the_days_last_instant(world, start, end, fc_id):
    world.member("m1")
    world.add("user")
    world.add("artist")
    world.add("fanclub", fc_id=5, start_dt=start, end_dt=end)
    row = world.build()["m1"]
    assert (row["is_fc"], row["fc_id"]) == (int(fc_id is not None), fc_id)


def test_of_overlapping_fan_clubs_the_latest_start_wins_then_the_greater_id(world):
    world.member("m1")
    world.add("user")
    world.add("artist")
    world.add("fanclub", fc_id=99, start_dt="2023-01-01 00:00:00")
    world.add("fanclub", fc_id=5, start_dt="2024-01-01 00:00:00")
    world.add("fanclub", fc_id=6, start_dt="2024-01-01 00:00:00")
    assert world.build()["m1"]["fc_id"] == 6


def test_a_fan_club_of_another_artist_or_another_member_is_not_taken(world):
    world.member("m1")
    world.add("user")
    world.add("artist")
    world.add("fanclub", we_art_id=8)
    world.add("fanclub", we_member_id=1002)
    assert world.build()["m1"]["is_fc"] == 0


# Artists themselves


def test_of_several_active_registrations_the_latest_wins_then_the_greatest_id(world):
    world.member("m1")
    world.add("special", comm_user_id="m1", art_indi_id="z", registered_at="2022-01-01 00:00:00")
    world.add("special", comm_user_id="m1", art_indi_id="a", registered_at="2023-01-01 00:00:00")
    world.add(
        "special",
        comm_user_id="m1",
        art_indi_id="b",
        art_indi_type="SOLO",
        art_indi_name="Bora",
        registered_at="2023-01-01 00:00:00",
    )
    row = world.build()["m1"]
    assert (row["art_indi_id"], row["art_indi_type"], row["art_indi_name"]) == ("b", "SOLO", "Bora")


@pytest.mark.parametrize(
    ("registered", "removed", "art_indi_id"),
    [
        (LAST_INSTANT, None, "a"),
        (CUTOFF, None, None),
        ("2023-01-01 00:00:00", CUTOFF, "a"),
        ("2023-01-01 00:00:00", LAST_INSTANT, None),
    ],
)
def test_a_registration_counts_while_it_is_active(world, registered, removed, art_indi_id):
    world.member("m1")
    world.add("special", comm_user_id="m1", art_indi_id="a", registered_at=registered, removed_at=removed)
    assert world.build()["m1"]["art_indi_id"] == art_indi_id


def test_a_registration_removed_gives_way_to_an_older_one_still_active(world):
    world.member("m1")
    world.add("special", comm_user_id="m1", art_indi_id="old", registered_at="2021-01-01 00:00:00")
    world.add(
        "special",
        comm_user_id="m1",
        art_indi_id="new",
        registered_at="2023-01-01 00:00:00",
        removed_at="2024-01-01 00:00:00",
    )
    assert world.build()["m1"]["art_indi_id"] == "old"


# Where


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "country"),
    [
        (LAST_INSTANT, None, "NO"),
        (CUTOFF, None, None),
        ("2023-01-01 00:00:00", CUTOFF, "NO"),
        ("2023-01-01 00:00:00", LAST_INSTANT, None),
    ],
)
def test_a_country_counts_where_it_holds_the_days_last_instant(world, valid_from, valid_to, country):
    world.member("m1")
    world.add("country", ip_ctry="NO", valid_from=valid_from, valid_to=valid_to)
    assert world.build()["m1"]["ip_ctry"] == country


def test_of_overlapping_countries_the_latest_start_wins_then_the_greater_code(world):
    world.member("m1")
    world.add("country", ip_ctry="US", valid_from="2022-01-01 00:00:00")
    world.add("country", ip_ctry="JP", valid_from="2023-01-01 00:00:00")
    world.add("country", ip_ctry="KR", valid_from="2023-01-01 00:00:00")
    assert world.build()["m1"]["ip_ctry"] == "KR"


# First joins, sequences


def test_rejoining_counts_up_and_keeps_the_first_join(world):
    world.member("third", cre_dt="2023-03-01 00:00:00")
    world.member("first", cre_dt="2021-01-01 00:00:00")
    world.member("second", cre_dt="2022-02-01 00:00:00")
    rows = world.build()
    assert {name: row["comm_user_seq"] for name, row in rows.items()} == {"first": 1, "second": 2, "third": 3}
    assert {row["cnt_comm_user_id"] for row in rows.values()} == {3}
    assert {row["comm_user_first_dt"] for row in rows.values()} == {seoul("2021-01-01 00:00:00")}


def test_memberships_created_at_one_instant_are_counted_in_order_of_their_ids(world):
    for name in ("b", "c", "a"):
        world.member(name, cre_dt="2023-01-01 00:00:00")
    assert {name: row["comm_user_seq"] for name, row in world.build().items()} == {"a": 1, "b": 2, "c": 3}


def test_sequences_are_of_one_user_in_one_community(world):
    world.member("m1", wv_user_id=1, comm_id=10, cre_dt="2021-01-01 00:00:00")
    world.member("m2", wv_user_id=1, comm_id=11, cre_dt="2022-01-01 00:00:00")
    world.member("m3", wv_user_id=2, comm_id=10, cre_dt="2023-01-01 00:00:00")
    assert {(row["comm_user_seq"], row["cnt_comm_user_id"]) for row in world.build().values()} == {(1, 1)}


def test_a_membership_created_after_the_day_does_not_count_yet(world):
    world.member("m1", cre_dt="2023-01-01 00:00:00")
    world.member("m2", cre_dt=CUTOFF)
    assert world.build()["m1"]["cnt_comm_user_id"] == 1


def test_a_weverse_1_account_makes_the_first_join_earlier_and_never_later(world):
    world.member("m1", wv_user_id=1, cre_dt="2022-01-01 00:00:00")
    world.member("m2", wv_user_id=2, cre_dt="2022-01-01 00:00:00")
    world.add("wv1", wv_user_id=1, wv1_join_dt="2019-06-10 00:00:00")
    world.add("wv1", wv_user_id=2, wv1_join_dt="2023-06-10 00:00:00")
    rows = world.build()
    assert rows["m1"]["comm_user_first_dt"] == seoul("2019-06-10 00:00:00")
    assert rows["m2"]["comm_user_first_dt"] == seoul("2022-01-01 00:00:00")


def test_a_weverse_1_account_of_another_community_does_not_count(world):
    world.member("m1", comm_id=10, cre_dt="2022-01-01 00:00:00")
    world.add("wv1", comm_id=11, wv1_join_dt="2019-06-10 00:00:00", hot_post_alarm=True)
    row = world.build()["m1"]
    assert row["comm_user_first_dt"] == row["tot_comm_user_first_dt"] == seoul("2022-01-01 00:00:00")
    assert row["hot_post_alarm"] is None


def test_a_weverse_1_account_from_after_the_day_does_not_count(world):
    world.member("m1", cre_dt="2022-01-01 00:00:00")
    world.add("wv1", wv1_join_dt=CUTOFF, notification_type="ALL", hot_post_alarm=True)
    row = world.build()["m1"]
    assert (row["notification_type"], row["hot_post_alarm"]) == (None, None)


def test_the_first_community_is_the_one_joined_first_on_every_row_of_the_user_there(world):
    world.member("m1", comm_id=10, cre_dt="2022-01-01 00:00:00")
    world.member("m2", comm_id=11, cre_dt="2021-01-01 00:00:00")
    world.member("m3", comm_id=11, cre_dt="2023-01-01 00:00:00")
    rows = world.build()
    assert {name: row["is_first_user_comm"] for name, row in rows.items()} == {"m1": 0, "m2": 1, "m3": 1}
    assert {row["tot_comm_user_first_dt"] for row in rows.values()} == {seoul("2021-01-01 00:00:00")}


def test_of_communities_joined_at_one_instant_the_smallest_id_is_the_first(world):
    for comm_id in (30, 10, 20):
        world.member(f"m{comm_id}", comm_id=comm_id, cre_dt="2021-01-01 00:00:00")
    rows = world.build()
    assert {name: row["is_first_user_comm"] for name, row in rows.items()} == {"m30": 0, "m10": 1, "m20": 0}


def test_a_weverse_1_account_can_make_a_later_membership_the_first_community(world):
    world.member("m1", comm_id=10, cre_dt="2021-01-01 00:00:00")
    world.member("m2", comm_id=11, cre_dt="2022-01-01 00:00:00")
    world.add("wv1", comm_id=11, wv1_join_dt="2019-06-10 00:00:00")
    rows = world.build()
    assert [rows[name]["is_first_user_comm"] for name in ("m1", "m2")] == [0, 1]


# Status


def test_of_status_logs_at_one_instant_the_greater_log_id_wins(world):
    world.member("m1")
    for log_id, status in ((11, "INACTIVE"), (13, "BLOCKED"), (12, "LEAVE")):
        world.add("status", log_id=log_id, comm_user_id="m1", status=status, changed_at="2024-01-01 00:00:00")
    world.add("status", log_id=99, comm_user_id="m1", status="NORMAL", changed_at="2023-01-01 00:00:00")
    row = world.build()["m1"]
    assert (row["comm_user_status"], row["comm_user_end_dt"]) == ("BLOCKED", None)


def test_a_membership_ends_at_the_instant_of_its_leave(world):
    world.member("m1")
    world.add("status", log_id=1, comm_user_id="m1", status="BLOCKED", changed_at="2024-01-01 00:00:00")
    world.add("status", log_id=2, comm_user_id="m1", status="LEAVE", changed_at=LAST_INSTANT)
    row = world.build()["m1"]
    assert (row["comm_user_status"], row["comm_user_end_dt"]) == ("LEAVE", seoul(LAST_INSTANT))


def test_a_leave_after_the_day_has_not_happened_yet(world):
    world.member("m1")
    world.add("status", log_id=1, comm_user_id="m1", status="INACTIVE", changed_at="2024-01-01 00:00:00")
    world.add("status", log_id=2, comm_user_id="m1", status="LEAVE", changed_at=CUTOFF)
    row = world.build()["m1"]
    assert (row["comm_user_status"], row["comm_user_end_dt"]) == ("INACTIVE", None)


# Profile


def test_a_profile_counts_as_created_before_the_end_of_the_day(world):
    world.member("in_time", profile_created_dt=LAST_INSTANT)
    world.member("too_late", wv_user_id=2, profile_created_dt=CUTOFF)
    world.member("never", wv_user_id=3)
    assert {k: r["is_profile_created"] for k, r in world.build().items()} == {"in_time": 1, "too_late": 0, "never": 0}


@pytest.mark.parametrize(("url", "uploaded"), [("https://img/1.png", 1), ("", 0), ("   ", 0), (None, 0)])
def test_an_image_is_uploaded_where_its_url_is_set_and_not_blank(world, url, uploaded):
    world.member("m1", profile_img_url=url, profile_background_img_url="https://img/other.png")
    world.member("m2", wv_user_id=2, profile_img_url="https://img/other.png", profile_background_img_url=url)
    rows = world.build()
    assert rows["m1"]["is_upload_profile_img"] == rows["m2"]["is_upload_profile_background_img"] == uploaded
    assert rows["m2"]["is_upload_profile_img"] == rows["m1"]["is_upload_profile_background_img"] == 1


def test_flags_and_grade_of_the_profile_are_carried_over(world):
    world.member("m1", member_grade="OFFICIAL", is_private=True, is_official=True, profile_name="<b>'Q'</b>")
    row = world.build()["m1"]
    expected = {"comm_user_grade": "OFFICIAL", "is_profile_private": 1, "is_official": 1, "profile_name": "<b>'Q'</b>"}
    assert {name: row[name] for name in expected} == expected


# Reports


def test_reports_that_stand_at_the_end_of_the_day_are_counted(world):
    world.member("m1")
    world.add("report", report_id=1, target_comm_user_id="m1", created_at=LAST_INSTANT)
    world.add("report", report_id=2, target_comm_user_id="m1", created_at=CUTOFF)
    world.add("report", report_id=3, target_comm_user_id="m1", canceled_at=LAST_INSTANT)
    world.add("report", report_id=4, target_comm_user_id="m1", canceled_at=CUTOFF)
    world.add("report", report_id=5, target_comm_user_id="m1")
    assert world.build()["m1"]["sum_report_count"] == 3


# Settings


WV1_ALARMS = (
    "like_on_comment_alarm",
    "hot_post_alarm",
    "new_fc_alarm",
    "new_media_alarm",
    "new_community_notice_alarm",
    "artist_to_fans_post_alarm",
    "artist_post_alarm",
    "artist_like_on_my_post_alarm",
    "artist_comment_on_my_post_alarm",
    "like_on_my_post_alarm",
    "comment_on_my_post_alarm",
    "after_receiving_artist_comment_alarm",
)
PUSH_TYPES = (
    "ARTIST_CHEERING_ME",
    "ARTIST_COMMENT",
    "ARTIST_LIVE_ON_AIR",
    "ARTIST_LIVE_RESERVATION",
    "ARTIST_MOMENT",
    "ARTIST_POST",
    "COMMENT",
    "COMMUNITY_ANNIVERSARY",
    "COMMUNITY_MEDIA",
    "COMMUNITY_NOTICE",
    "FOLLOWING",
)


@pytest.mark.parametrize(("position", "value"), [(n, v) for n in range(0, 12, 5) for v in (True, False)])
def test_a_weverse_1_alarm_lands_in_its_own_column_as_1_or_0(world, position, value):
    world.member("m1")
    alarm = WV1_ALARMS[position]
    world.add("wv1", notification_type="ARTIST", **{alarm: value})
    row = world.build()["m1"]
    assert {name: row[name] for name in WV1_ALARMS} == dict.fromkeys(WV1_ALARMS) | {alarm: int(value)}
    assert row["notification_type"] == "ARTIST"


def test_each_weverse_1_alarm_is_read_from_the_column_of_its_name(world):
    for user, alarm in enumerate(WV1_ALARMS, 1):
        world.member(alarm, wv_user_id=user)
        world.add("wv1", wv_user_id=user, **{name: name == alarm for name in WV1_ALARMS})
    rows = world.build()
    assert {alarm: [a for a in WV1_ALARMS if rows[alarm][a] == 1] for alarm in WV1_ALARMS} == {
        alarm: [alarm] for alarm in WV1_ALARMS
    }


def test_each_push_type_lands_in_the_column_of_its_name_and_what_was_never_set_is_null(world):
    columns = [f"{push_type.lower()}_push_enabled" for push_type in PUSH_TYPES]
    for user, push_type in enumerate(PUSH_TYPES, 1):
        world.member(push_type, wv_user_id=user)
        world.add("push", wv_user_id=user, push_type=push_type, enabled=user % 2 == 0)
    rows = world.build()
    for user, (push_type, column) in enumerate(zip(PUSH_TYPES, columns, strict=True), 1):
        assert {c: rows[push_type][c] for c in columns} == dict.fromkeys(columns) | {column: int(user % 2 == 0)}


def test_the_latest_push_setting_of_the_day_wins(world):
    world.member("m1")
    world.add("push", enabled=True, updated_at="2024-01-01 00:00:00")
    world.add("push", enabled=False, updated_at=LAST_INSTANT)
    world.add("push", enabled=True, updated_at=CUTOFF)
    assert world.build()["m1"]["comment_push_enabled"] == 0


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_push_settings_at_one_instant_enabled_wins(world, order):
    world.member("m1")
    for enabled in order:
        world.add("push", enabled=enabled, updated_at="2024-01-01 00:00:00")
    assert world.build()["m1"]["comment_push_enabled"] == 1


def test_every_membership_of_the_pair_has_the_pairs_settings(world):
    world.member("m1", cre_dt="2021-01-01 00:00:00")
    world.member("m2", cre_dt="2022-01-01 00:00:00")
    world.add("push")
    world.add("wv1", hot_post_alarm=True)
    rows = world.build().values()
    assert [(row["comment_push_enabled"], row["hot_post_alarm"]) for row in rows] == [(1, 1), (1, 1)]


# V


def test_of_several_channels_of_one_community_the_earliest_join_counts(world):
    world.member("m1")
    for channel, joined in ((3, "2018-05-05 00:00:00"), (4, "2016-05-05 00:00:00"), (5, "2017-05-05 00:00:00")):
        world.add("channel", v_channel_id=channel)
        world.add("migration", v_channel_id=channel, v_ch_join_dt=joined)
    row = world.build()["m1"]
    assert (row["v_ch_join_dt"], row["is_v_user"]) == (seoul("2016-05-05 00:00:00"), 1)


def test_a_migration_after_the_day_or_to_another_community_does_not_count(world):
    world.member("m1")
    world.add("channel", v_channel_id=3, comm_id=10)
    world.add("channel", v_channel_id=4, comm_id=11)
    world.add("migration", v_channel_id=3, migrated_at=CUTOFF)
    world.add("migration", v_channel_id=4)
    world.add("migration", v_channel_id=404)
    row = world.build()["m1"]
    assert (row["v_ch_join_dt"], row["is_v_user"]) == (None, 0)


def test_a_migration_of_the_days_last_instant_counts(world):
    world.member("m1")
    world.add("channel")
    world.add("migration", migrated_at=LAST_INSTANT)
    assert world.build()["m1"]["is_v_user"] == 1


# Unknown memberships


def test_rows_of_unknown_memberships_are_ignored(world):
    world.member("m1")
    alone = world.build()
    world.add("status", log_id=1, comm_user_id="stranger", status="LEAVE", changed_at="2024-01-01 00:00:00")
    world.add("special", comm_user_id="stranger", art_indi_id="a")
    world.add("report", report_id=1, target_comm_user_id="stranger")
    world.add("push", wv_user_id=77)
    world.add("push", comm_id=77)
    world.add("wv1", wv_user_id=77)
    world.add("country", wv_user_id=77, ip_ctry="KR")
    world.add("user", wv_user_id=77)
    assert world.build() == alone
