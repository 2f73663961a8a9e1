-- The first join of each user in the V channels that became each community.
SELECT l.wv_user_id, m.comm_id, MIN(l.v_ch_join_dt) AS v_ch_join_dt, 1 AS is_v_user
FROM weverse2.community_log_v_member_migration l
JOIN we_meta.v_to_wv_comm_mapping m ON m.v_channel_id = l.v_channel_id
WHERE l.migrated_at < CAST(:day_end AS TIMESTAMP)
GROUP BY l.wv_user_id, m.comm_id
