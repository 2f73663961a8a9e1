-- we_mart.wv_comm_user: every membership that existed at the end of one day, one row each.
--
-- Spark SQL; runs as it stands on Databricks with the session in UTC:
--   spark.sql(text, args={"part_date": "2024-03-31", "day_end": "2024-03-31T15:00:00Z", "run_timestamp": "..."})
-- :day_end is the first instant of the next day in Asia/Seoul. Whatever happened at that instant or later has not
-- happened yet, so that building an old day again gives the rows of the first time.
--
-- A CTE holds at most one row for each key it is joined by, and every join is a LEFT JOIN: nothing is dropped, nothing
-- is doubled. we_user and wv1_join_info are joined by the keys that their contracts promise.

WITH

-- The rows of the table. Counting a user's memberships of one community is done here, where nothing has been joined yet.
membership AS (
  SELECT
    comm_user_id,
    wv_user_id,
    comm_id,
    member_grade,
    cre_dt,
    profile_name,
    CASE WHEN profile_created_dt < CAST(:day_end AS TIMESTAMP) THEN 1 ELSE 0 END AS is_profile_created,
    CASE WHEN is_private THEN 1 ELSE 0 END AS is_profile_private,
    CASE WHEN TRIM(profile_img_url) <> '' THEN 1 ELSE 0 END AS is_upload_profile_img,
    CASE WHEN TRIM(profile_background_img_url) <> '' THEN 1 ELSE 0 END AS is_upload_profile_background_img,
    CASE WHEN is_official THEN 1 ELSE 0 END AS is_official,
    COUNT(*) OVER (PARTITION BY wv_user_id, comm_id) AS cnt_comm_user_id,
    ROW_NUMBER() OVER (PARTITION BY wv_user_id, comm_id ORDER BY cre_dt, comm_user_id) AS comm_user_seq
  FROM we_mart.ods_wv_member_profile
  WHERE part_date = :part_date
    AND cre_dt < CAST(:day_end AS TIMESTAMP)
),

-- Weverse 1 accounts: their join counts as the first one of the community, their alarm settings are kept as they were.
wv1 AS (
  SELECT
    wv_user_id,
    comm_id,
    wv1_join_dt,
    notification_type,
    CAST(like_on_comment_alarm AS TINYINT) AS like_on_comment_alarm,
    CAST(hot_post_alarm AS TINYINT) AS hot_post_alarm,
    CAST(new_fc_alarm AS TINYINT) AS new_fc_alarm,
    CAST(new_media_alarm AS TINYINT) AS new_media_alarm,
    CAST(new_community_notice_alarm AS TINYINT) AS new_community_notice_alarm,
    CAST(artist_to_fans_post_alarm AS TINYINT) AS artist_to_fans_post_alarm,
    CAST(artist_post_alarm AS TINYINT) AS artist_post_alarm,
    CAST(artist_like_on_my_post_alarm AS TINYINT) AS artist_like_on_my_post_alarm,
    CAST(artist_comment_on_my_post_alarm AS TINYINT) AS artist_comment_on_my_post_alarm,
    CAST(like_on_my_post_alarm AS TINYINT) AS like_on_my_post_alarm,
    CAST(comment_on_my_post_alarm AS TINYINT) AS comment_on_my_post_alarm,
    CAST(after_receiving_artist_comment_alarm AS TINYINT) AS after_receiving_artist_comment_alarm
  FROM we_mart.wv1_join_info
  WHERE wv1_join_dt < CAST(:day_end AS TIMESTAMP)
),

-- When a user first joined a community, in whichever membership; LEAST looks past a missing WV1 account.
first_join AS (
  SELECT
    membership.wv_user_id,
    membership.comm_id,
    LEAST(MIN(membership.cre_dt), MIN(wv1.wv1_join_dt)) AS comm_user_first_dt
  FROM membership
  LEFT JOIN wv1
    ON wv1.wv_user_id = membership.wv_user_id AND wv1.comm_id = membership.comm_id
  GROUP BY membership.wv_user_id, membership.comm_id
),

-- The community where a user started: earliest first join, smallest comm_id at a tie.
first_community AS (
  SELECT
    wv_user_id,
    MIN(comm_user_first_dt) AS tot_comm_user_first_dt,
    MIN(STRUCT(comm_user_first_dt, comm_id)).comm_id AS first_comm_id
  FROM first_join
  GROUP BY wv_user_id
),

-- The latest status of a membership. The log repeats itself within an instant: the greater log_id is the later entry.
status AS (
  SELECT comm_user_id, status, changed_at
  FROM (
    SELECT
      comm_user_id,
      status,
      changed_at,
      ROW_NUMBER() OVER (PARTITION BY comm_user_id ORDER BY changed_at DESC, log_id DESC) AS rn
    FROM weverse2.community_log_member_status_log
    WHERE changed_at < CAST(:day_end AS TIMESTAMP)
  ) ranked
  WHERE rn = 1
),

-- The artist behind a membership. Several registrations may be active at once: the latest one wins.
special_member AS (
  SELECT comm_user_id, art_indi_id, art_indi_type, art_indi_name
  FROM (
    SELECT
      comm_user_id,
      art_indi_id,
      art_indi_type,
      art_indi_name,
      ROW_NUMBER() OVER (
        PARTITION BY comm_user_id
        ORDER BY registered_at DESC, art_indi_id DESC, art_indi_type DESC, art_indi_name DESC
      ) AS rn
    FROM weverse2.community_member_special_member
    WHERE registered_at < CAST(:day_end AS TIMESTAMP)
      AND (removed_at IS NULL OR removed_at >= CAST(:day_end AS TIMESTAMP))
  ) ranked
  WHERE rn = 1
),

-- Reports that stood at the end of the day; one cancelled later counts until then.
report AS (
  SELECT target_comm_user_id AS comm_user_id, COUNT(report_id) AS sum_report_count
  FROM weverse2.community_common_report
  WHERE created_at < CAST(:day_end AS TIMESTAMP)
    AND (canceled_at IS NULL OR canceled_at >= CAST(:day_end AS TIMESTAMP))
  GROUP BY target_comm_user_id
),

-- The account behind the user, as the day's snapshot has it.
account AS (
  SELECT wv_user_id, we_member_id, wv_user_status
  FROM we_mart.we_user
  WHERE part_date = :part_date
),

-- Where the user was last seen. Intervals overlap: the latest start wins, then the greater country code.
country AS (
  SELECT wv_user_id, ip_ctry
  FROM (
    SELECT
      wv_user_id,
      ip_ctry,
      ROW_NUMBER() OVER (PARTITION BY wv_user_id ORDER BY valid_from DESC, ip_ctry DESC) AS rn
    FROM we_mart.wv_user_ctry_history
    WHERE valid_from < CAST(:day_end AS TIMESTAMP)
      AND (valid_to IS NULL OR valid_to >= CAST(:day_end AS TIMESTAMP))
  ) ranked
  WHERE rn = 1
),

-- The artist of a community; should two share one, the smaller id stands for it.
artist AS (
  SELECT comm_id, we_art_id, we_art_name
  FROM (
    SELECT
      comm_id,
      we_art_id,
      we_art_name,
      ROW_NUMBER() OVER (PARTITION BY comm_id ORDER BY we_art_id) AS rn
    FROM we_mart.we_artist
  ) ranked
  WHERE rn = 1
),

-- The fan-club membership that holds the last instant of the day. Renewals overlap: the latest start wins, then the
-- greater fc_id.
fanclub AS (
  SELECT we_member_id, we_art_id, fc_id
  FROM (
    SELECT
      we_member_id,
      we_art_id,
      fc_id,
      ROW_NUMBER() OVER (PARTITION BY we_member_id, we_art_id ORDER BY start_dt DESC, fc_id DESC) AS rn
    FROM we_mart.ws_fc_user_history
    WHERE start_dt < CAST(:day_end AS TIMESTAMP)
      AND end_dt >= CAST(:day_end AS TIMESTAMP)
  ) ranked
  WHERE rn = 1
),

-- The latest setting of each push type. One instant may say both: enabled wins.
push_setting AS (
  SELECT wv_user_id, comm_id, push_type, CAST(enabled AS TINYINT) AS enabled
  FROM (
    SELECT
      wv_user_id,
      comm_id,
      push_type,
      enabled,
      ROW_NUMBER() OVER (PARTITION BY wv_user_id, comm_id, push_type ORDER BY updated_at DESC, enabled DESC) AS rn
    FROM weverse2.notification_push_config
    WHERE updated_at < CAST(:day_end AS TIMESTAMP)
  ) ranked
  WHERE rn = 1
),

-- Push types side by side; one never set is null.
push AS (
  SELECT
    wv_user_id,
    comm_id,
    MAX(CASE WHEN push_type = 'ARTIST_CHEERING_ME' THEN enabled END) AS artist_cheering_me_push_enabled,
    MAX(CASE WHEN push_type = 'ARTIST_COMMENT' THEN enabled END) AS artist_comment_push_enabled,
    MAX(CASE WHEN push_type = 'ARTIST_LIVE_ON_AIR' THEN enabled END) AS artist_live_on_air_push_enabled,
    MAX(CASE WHEN push_type = 'ARTIST_LIVE_RESERVATION' THEN enabled END) AS artist_live_reservation_push_enabled,
    MAX(CASE WHEN push_type = 'ARTIST_MOMENT' THEN enabled END) AS artist_moment_push_enabled,
    MAX(CASE WHEN push_type = 'ARTIST_POST' THEN enabled END) AS artist_post_push_enabled,
    MAX(CASE WHEN push_type = 'COMMENT' THEN enabled END) AS comment_push_enabled,
    MAX(CASE WHEN push_type = 'COMMUNITY_ANNIVERSARY' THEN enabled END) AS community_anniversary_push_enabled,
    MAX(CASE WHEN push_type = 'COMMUNITY_MEDIA' THEN enabled END) AS community_media_push_enabled,
    MAX(CASE WHEN push_type = 'COMMUNITY_NOTICE' THEN enabled END) AS community_notice_push_enabled,
    MAX(CASE WHEN push_type = 'FOLLOWING' THEN enabled END) AS following_push_enabled
  FROM push_setting
  GROUP BY wv_user_id, comm_id
),

-- Users who came over from V. Several channels may have become one community: the earliest join counts.
v_migration AS (
  SELECT
    migration.wv_user_id,
    channel.comm_id,
    MIN(migration.v_ch_join_dt) AS v_ch_join_dt
  FROM weverse2.community_log_v_member_migration AS migration
  LEFT JOIN we_meta.v_to_wv_comm_mapping AS channel
    ON channel.v_channel_id = migration.v_channel_id
  WHERE migration.migrated_at < CAST(:day_end AS TIMESTAMP)
  GROUP BY migration.wv_user_id, channel.comm_id
)

SELECT
  CAST(:part_date AS DATE) AS key_date,
  membership.wv_user_id,
  account.we_member_id,
  membership.comm_id,
  artist.we_art_id,
  artist.we_art_name,
  CASE WHEN fanclub.fc_id IS NOT NULL THEN 1 ELSE 0 END AS is_fc,
  fanclub.fc_id,
  special_member.art_indi_id,
  special_member.art_indi_type,
  special_member.art_indi_name,
  country.ip_ctry,
  account.wv_user_status,
  first_join.comm_user_first_dt,
  first_community.tot_comm_user_first_dt,
  CASE WHEN membership.comm_id = first_community.first_comm_id THEN 1 ELSE 0 END AS is_first_user_comm,
  COALESCE(status.status, 'NORMAL') AS comm_user_status,
  membership.member_grade AS comm_user_grade,
  membership.cre_dt AS comm_user_cre_dt,
  CASE WHEN status.status = 'LEAVE' THEN status.changed_at END AS comm_user_end_dt,
  membership.is_profile_created,
  membership.profile_name,
  membership.is_profile_private,
  membership.is_upload_profile_img,
  membership.is_upload_profile_background_img,
  membership.is_official,
  membership.comm_user_id,
  membership.cnt_comm_user_id,
  COALESCE(report.sum_report_count, 0) AS sum_report_count,
  membership.comm_user_seq,
  wv1.notification_type,
  wv1.like_on_comment_alarm,
  wv1.hot_post_alarm,
  wv1.new_fc_alarm,
  wv1.new_media_alarm,
  wv1.new_community_notice_alarm,
  wv1.artist_to_fans_post_alarm,
  wv1.artist_post_alarm,
  wv1.artist_like_on_my_post_alarm,
  wv1.artist_comment_on_my_post_alarm,
  wv1.like_on_my_post_alarm,
  wv1.comment_on_my_post_alarm,
  wv1.after_receiving_artist_comment_alarm,
  push.artist_cheering_me_push_enabled,
  push.artist_comment_push_enabled,
  push.artist_live_on_air_push_enabled,
  push.artist_live_reservation_push_enabled,
  push.artist_moment_push_enabled,
  push.artist_post_push_enabled,
  push.comment_push_enabled,
  push.community_anniversary_push_enabled,
  push.community_media_push_enabled,
  push.community_notice_push_enabled,
  push.following_push_enabled,
  v_migration.v_ch_join_dt,
  CASE WHEN v_migration.v_ch_join_dt IS NOT NULL THEN 1 ELSE 0 END AS is_v_user,
  membership.comm_id AS part_comm_id,
  :part_date AS part_date,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM membership
LEFT JOIN first_join
  ON first_join.wv_user_id = membership.wv_user_id AND first_join.comm_id = membership.comm_id
LEFT JOIN first_community
  ON first_community.wv_user_id = membership.wv_user_id
LEFT JOIN status
  ON status.comm_user_id = membership.comm_user_id
LEFT JOIN special_member
  ON special_member.comm_user_id = membership.comm_user_id
LEFT JOIN report
  ON report.comm_user_id = membership.comm_user_id
LEFT JOIN account
  ON account.wv_user_id = membership.wv_user_id
LEFT JOIN country
  ON country.wv_user_id = membership.wv_user_id
LEFT JOIN artist
  ON artist.comm_id = membership.comm_id
LEFT JOIN fanclub
  ON fanclub.we_member_id = account.we_member_id AND fanclub.we_art_id = artist.we_art_id
LEFT JOIN wv1
  ON wv1.wv_user_id = membership.wv_user_id AND wv1.comm_id = membership.comm_id
LEFT JOIN push
  ON push.wv_user_id = membership.wv_user_id AND push.comm_id = membership.comm_id
LEFT JOIN v_migration
  ON v_migration.wv_user_id = membership.wv_user_id AND v_migration.comm_id = membership.comm_id
