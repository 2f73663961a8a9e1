-- Members of a fan club, per community, as its history has them at the end of the day.
SELECT p.comm_id, COUNT(*) AS measure
FROM we_mart.ods_wv_member_profile p
JOIN we_mart.we_user u ON u.wv_user_id = p.wv_user_id AND u.part_date = :part_date
JOIN we_mart.we_artist a ON a.comm_id = p.comm_id
JOIN (
  SELECT DISTINCT h.we_member_id, h.we_art_id
  FROM we_mart.ws_fc_user_history h
  WHERE h.start_dt < CAST(:day_end AS TIMESTAMP) AND h.end_dt >= CAST(:day_end AS TIMESTAMP)
) f ON f.we_member_id = u.we_member_id AND f.we_art_id = a.we_art_id
WHERE p.part_date = :part_date AND p.cre_dt < CAST(:day_end AS TIMESTAMP)
GROUP BY p.comm_id
