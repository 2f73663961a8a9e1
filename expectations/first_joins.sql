-- The first join of each user in each community, counting Weverse 1, and the community where the user started.
SELECT
  wv_user_id,
  comm_id,
  joined_at AS comm_user_first_dt,
  MIN(joined_at) OVER (PARTITION BY wv_user_id) AS tot_comm_user_first_dt,
  CASE WHEN ROW_NUMBER() OVER (PARTITION BY wv_user_id ORDER BY joined_at, comm_id) = 1 THEN 1 ELSE 0 END
    AS is_first_user_comm
FROM (
  SELECT wv_user_id, comm_id, MIN(joined_at) AS joined_at
  FROM (
    SELECT wv_user_id, comm_id, cre_dt AS joined_at, 1 AS is_membership
    FROM we_mart.ods_wv_member_profile
    WHERE part_date = :part_date AND cre_dt < CAST(:day_end AS TIMESTAMP)
    UNION ALL
    SELECT wv_user_id, comm_id, wv1_join_dt AS joined_at, 0 AS is_membership
    FROM we_mart.wv1_join_info
    WHERE wv1_join_dt < CAST(:day_end AS TIMESTAMP)
  ) joins
  GROUP BY wv_user_id, comm_id
  HAVING MAX(is_membership) = 1
) pairs
