-- Of the users who joined each community within the day, those who reached the contract's engagement in it.
SELECT pairs.comm_id, COUNT(engaged.wv_user_id) AS engage_usr_cnt
FROM (
  SELECT wv_user_id, comm_id
  FROM we_mart.wv_comm_user
  WHERE part_date = :part_date
    AND comm_user_first_dt >= CAST(:day_start AS TIMESTAMP)
    AND comm_user_first_dt < CAST(:day_end AS TIMESTAMP)
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
    WHERE occurred_at >= CAST(:day_start AS TIMESTAMP)
      AND occurred_at < CAST(:day_end AS TIMESTAMP)
  ) actions
  GROUP BY wv_user_id, comm_id
  HAVING COUNT(*) >= {engagement.actions}
) engaged
  ON engaged.wv_user_id = pairs.wv_user_id AND engaged.comm_id = pairs.comm_id
GROUP BY pairs.comm_id
