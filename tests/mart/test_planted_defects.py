"""Each defect, planted alone in a good candidate, is refused by a rule whose name says it."""

from pathlib import Path

import duckdb
import pytest

from martgate.gate.decision import list_refusal_reasons

ONE = "comm_user_id = (SELECT min(comm_user_id) FROM good WHERE {where})"


def one(where: str = "true") -> str:
    """The condition that picks a single row of those where `where` holds."""
    return ONE.format(where=where)


def replaced(column: str, value: str, where: str) -> str:
    return f"SELECT * REPLACE (CASE WHEN {where} THEN {value} ELSE {column} END AS {column}) FROM good"


def planted(column: str, value: str, where: str = "true") -> str:
    return replaced(column, value, one(where))


REJOINED = "cnt_comm_user_id > 1"
AT_HOME_ALONE = "wv_user_id IN (SELECT wv_user_id FROM good GROUP BY 1 HAVING count(DISTINCT comm_id) = 1)"
ABROAD = "wv_user_id IN (SELECT wv_user_id FROM good GROUP BY 1 HAVING count(DISTINCT comm_id) > 1)"
FLAGS = [
    "is_fc",
    "is_first_user_comm",
    "is_profile_created",
    "is_profile_private",
    "is_upload_profile_img",
    "is_upload_profile_background_img",
    "is_official",
    "is_v_user",
    "like_on_comment_alarm",
    "after_receiving_artist_comment_alarm",
    "artist_cheering_me_push_enabled",
    "following_push_enabled",
]

DEFECTS = {
    "a null key": (planted("comm_user_id", "NULL"), "comm_user_id|not_null"),
    "a duplicated row": (f"FROM good UNION ALL FROM good WHERE {one()}", "table|key"),
    "a key twice, in two communities": (
        f"FROM good UNION ALL SELECT * REPLACE (comm_id + 1 AS comm_id, part_comm_id + 1 AS part_comm_id) "
        f"FROM good WHERE {one()}",
        "table|key",
    ),
    "a partition of another community": (planted("part_comm_id", "part_comm_id + 1"), "part_comm_id|equals_comm_id"),
    "a partition of another day": (planted("part_date", "'2024-01-02'"), "table|partitions"),
    "a key_date of another day": (planted("key_date", "DATE '2023-12-31'"), "key_date|equals_part_date"),
    "a fan club flag without a fan club": (planted("fc_id", "NULL", "is_fc = 1"), "is_fc|iff_fc_id"),
    "an unknown status": (planted("comm_user_status", "'SLEEPING'"), "comm_user_status|in_set"),
    "an unknown user status": (planted("wv_user_status", "'normal'"), "wv_user_status|in_set"),
    "a lower-case country": (planted("ip_ctry", "'kr'"), "ip_ctry|in_set"),
    "an unknown country": (planted("ip_ctry", "'XX'"), "ip_ctry|in_set"),
    "a gap in the sequence": (planted("comm_user_seq", "comm_user_seq + 1"), "comm_user_seq|dense"),
    "a sequence against time": (
        replaced("comm_user_seq", "cnt_comm_user_id::INT + 1 - comm_user_seq", REJOINED),
        "comm_user_seq|dense",
    ),
    "a wrong count": (planted("cnt_comm_user_id", "cnt_comm_user_id + 1"), "cnt_comm_user_id|counts_memberships"),
    "a first join after creation": (
        planted("comm_user_first_dt", "comm_user_cre_dt + INTERVAL 1 SECOND"),
        "comm_user_first_dt|not_after_creation",
    ),
    "two first joins of one pair": (
        planted("comm_user_first_dt", "comm_user_first_dt - INTERVAL 1 SECOND", REJOINED),
        "comm_user_first_dt|constant_per_pair",
    ),
    "a total first that is not the minimum": (
        replaced("tot_comm_user_first_dt", "tot_comm_user_first_dt - INTERVAL 1 SECOND", one(AT_HOME_ALONE)),
        "tot_comm_user_first_dt|minimum_of_user",
    ),
    "two totals of one user": (
        planted("tot_comm_user_first_dt", "tot_comm_user_first_dt - INTERVAL 1 SECOND", ABROAD),
        "tot_comm_user_first_dt|constant_per_user",
    ),
    "no first community": (
        planted("is_first_user_comm", "0", f"{AT_HOME_ALONE} AND cnt_comm_user_id = 1"),
        "is_first_user_comm|one_first_community",
    ),
    "two first communities": (
        planted("is_first_user_comm", "1", f"{ABROAD} AND is_first_user_comm = 0"),
        "is_first_user_comm|one_first_community",
    ),
    "an end without LEAVE": (
        planted("comm_user_end_dt", "comm_user_cre_dt", "comm_user_status = 'NORMAL'"),
        "comm_user_end_dt|iff_leave",
    ),
    "half an artist": (planted("art_indi_name", "NULL", "art_indi_id IS NOT NULL"), "table|art_indi_all_or_none"),
    "a creation after the cutoff": (
        planted("comm_user_cre_dt", "TIMESTAMPTZ '2024-01-01 15:00:00+00'"),
        "comm_user_cre_dt|before_cutoff",
    ),
    "two run timestamps": (planted("run_timestamp", "run_timestamp + INTERVAL 1 SECOND"), "run_timestamp|one_per_day"),
    "two names for one artist": (
        planted("we_art_name", "'somebody else'", "we_art_id IS NOT NULL"),
        "we_art_name|constant_per_community",
    ),
    "an int widened to bigint": ("SELECT * REPLACE (is_fc::BIGINT AS is_fc) FROM good", "is_fc|type"),
    "a tinyint widened to int": (
        "SELECT * REPLACE (hot_post_alarm::INT AS hot_post_alarm) FROM good",
        "hot_post_alarm|type",
    ),
    "a column lost": ("SELECT * EXCLUDE (fc_id) FROM good", "table|columns"),
    "a column added": ("SELECT *, 1 AS extra FROM good", "table|columns"),
    "a column moved": ("SELECT run_timestamp, * EXCLUDE (run_timestamp) FROM good", "table|columns"),
    "no rows": ("FROM good WHERE false", "table|not_empty"),
    "a membership lost": (f"FROM good WHERE NOT {one()}", "table|same_members_as_profile"),
    "a membership invented": (
        f"FROM good UNION ALL SELECT * REPLACE ('ghost' AS comm_user_id) FROM good WHERE {one()}",
        "table|same_members_as_profile",
    ),
    "a report too many": (planted("sum_report_count", "sum_report_count + 1"), "sum_report_count|adds_up_to_reports"),
    "a report too few": (
        planted("sum_report_count", "sum_report_count - 1", "sum_report_count > 0"),
        "sum_report_count|adds_up_to_reports",
    ),
    **{f"a flag of 2 in {flag}": (planted(flag, "2::TINYINT"), f"{flag}|in_set") for flag in FLAGS},
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_refused_by_the_rule_that_names_it(defect: str, workshop: object, tmp_path: Path) -> None:
    query, rule = DEFECTS[defect]
    spoiled = tmp_path / "spoiled.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW good AS FROM '{workshop.good}'")
        connection.execute(f"COPY ({query}) TO '{spoiled}' (FORMAT parquet)")
    found = workshop.audit(spoiled)
    assert rule in {verdict.rule.name for verdict in found.blocking}
    assert any(rule in reason for reason in list_refusal_reasons(found))


def test_the_good_candidate_itself_is_approved_by_at_least_150_rules(workshop: object) -> None:
    found = workshop.audit(workshop.good)
    assert list_refusal_reasons(found) == ()
    assert found.rules >= 150
