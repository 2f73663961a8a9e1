-- Of the users who joined each community within the week, those who reached the contract's engagement in it.
SELECT pairs.comm_id, COUNT(engaged.wv_user_id) AS engage_usr_cnt
FROM (
  SELECT wv_user_id, comm_id
  FROM we_mart.wv_comm_user
  WHERE part_date = DATE_FORMAT(DATE_ADD(:part_date, 6), 'yyyy-MM-dd')
    AND comm_user_first_dt >= CAST(CONCAT(DATE_FORMAT(CAST(:part_date AS DATE), 'yyyy-MM-dd'), 'T00:00:00+09:00') AS TIMESTAMP)
    AND comm_user_first_dt < CAST(CONCAT(DATE_FORMAT(DATE_ADD(:part_date, 7), 'yyyy-MM-dd'), 'T00:00:00+09:00') AS TIMESTAMP)
  GROUP BY wv_user_id, comm_id
) pairs
LEFT JOIN (
  SELECT wv_user_id, comm_id
  FROM (
    SELECT DISTINCT wv_user_id, comm_id, post_id, kind, occurred_at, CAST(CONVERT_TIMEZONE('Asia/Seoul', occurred_at) AS DATE) AS day
    FROM (
      SELECT wv_user_id, comm_id, post_id, 'VIEW' AS kind, occurred_at FROM we_mart.wv_post_view
      UNION ALL
      SELECT wv_user_id, comm_id, post_id, reaction_type AS kind, occurred_at FROM we_mart.wv_post_reaction
    ) every
    WHERE occurred_at >= CAST(CONCAT(DATE_FORMAT(CAST(:part_date AS DATE), 'yyyy-MM-dd'), 'T00:00:00+09:00') AS TIMESTAMP)
      AND occurred_at < CAST(CONCAT(DATE_FORMAT(DATE_ADD(:part_date, 7), 'yyyy-MM-dd'), 'T00:00:00+09:00') AS TIMESTAMP)
  ) actions
  GROUP BY wv_user_id, comm_id
  HAVING COUNT(*) >= {engagement.actions} OR COUNT(DISTINCT day) >= {engagement.activeDays}
) engaged
  ON engaged.wv_user_id = pairs.wv_user_id AND engaged.comm_id = pairs.comm_id
GROUP BY pairs.comm_id
