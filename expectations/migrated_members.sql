-- Members who came from V LIVE, per community, as the log of the migration has them at the end of the day.
SELECT p.comm_id, COUNT(*) AS measure
FROM we_mart.ods_wv_member_profile p
JOIN (
  SELECT DISTINCT l.wv_user_id, m.comm_id
  FROM weverse2.community_log_v_member_migration l
  JOIN we_meta.v_to_wv_comm_mapping m ON m.v_channel_id = l.v_channel_id
  WHERE l.migrated_at < CAST(:day_end AS TIMESTAMP)
) v ON v.wv_user_id = p.wv_user_id AND v.comm_id = p.comm_id
WHERE p.part_date = :part_date AND p.cre_dt < CAST(:day_end AS TIMESTAMP)
GROUP BY p.comm_id
