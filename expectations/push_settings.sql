-- The latest setting of each push type, side by side: of the entries of the latest instant, enabled wins.
SELECT
  c.wv_user_id,
  c.comm_id,
  MAX(CASE WHEN c.push_type = 'ARTIST_CHEERING_ME' THEN c.setting END) AS artist_cheering_me_push_enabled,
  MAX(CASE WHEN c.push_type = 'ARTIST_COMMENT' THEN c.setting END) AS artist_comment_push_enabled,
  MAX(CASE WHEN c.push_type = 'ARTIST_LIVE_ON_AIR' THEN c.setting END) AS artist_live_on_air_push_enabled,
  MAX(CASE WHEN c.push_type = 'ARTIST_LIVE_RESERVATION' THEN c.setting END) AS artist_live_reservation_push_enabled,
  MAX(CASE WHEN c.push_type = 'ARTIST_MOMENT' THEN c.setting END) AS artist_moment_push_enabled,
  MAX(CASE WHEN c.push_type = 'ARTIST_POST' THEN c.setting END) AS artist_post_push_enabled,
  MAX(CASE WHEN c.push_type = 'COMMENT' THEN c.setting END) AS comment_push_enabled,
  MAX(CASE WHEN c.push_type = 'COMMUNITY_ANNIVERSARY' THEN c.setting END) AS community_anniversary_push_enabled,
  MAX(CASE WHEN c.push_type = 'COMMUNITY_MEDIA' THEN c.setting END) AS community_media_push_enabled,
  MAX(CASE WHEN c.push_type = 'COMMUNITY_NOTICE' THEN c.setting END) AS community_notice_push_enabled,
  MAX(CASE WHEN c.push_type = 'FOLLOWING' THEN c.setting END) AS following_push_enabled
FROM (
  SELECT wv_user_id, comm_id, push_type, updated_at, MAX(CASE WHEN enabled THEN 1 ELSE 0 END) AS setting
  FROM weverse2.notification_push_config
  WHERE updated_at < CAST(:day_end AS TIMESTAMP)
  GROUP BY wv_user_id, comm_id, push_type, updated_at
) c
JOIN (
  SELECT wv_user_id, comm_id, push_type, MAX(updated_at) AS updated_at
  FROM weverse2.notification_push_config
  WHERE updated_at < CAST(:day_end AS TIMESTAMP)
  GROUP BY wv_user_id, comm_id, push_type
) latest
  ON latest.wv_user_id = c.wv_user_id AND latest.comm_id = c.comm_id
  AND latest.push_type = c.push_type AND latest.updated_at = c.updated_at
GROUP BY c.wv_user_id, c.comm_id
