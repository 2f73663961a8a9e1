-- we_mart.stats_wv_m_comm_engage_usr: how many users joined each community within one month, and how many of those
-- were engaged in it: actions on at least 3 days of it, or at least 10 actions.
--
-- :part_date is the first day of a month; users are those of the snapshot of its last day.
-- Communities are those of that snapshot; one that nobody joined has zeros. Days are Seoul's. Views, comments and likes
-- are actions alike; one that was recorded twice counts once. The thresholds are the contract's `engagement`.

WITH

member AS (
  SELECT
    wv_user_id,
    comm_id,
    we_art_id,
    we_art_name,
    CAST(CONVERT_TIMEZONE('Asia/Seoul', comm_user_first_dt) AS DATE) AS first_day
  FROM we_mart.wv_comm_user
  WHERE part_date = DATE_FORMAT(LAST_DAY(CAST(:part_date AS DATE)), 'yyyy-MM-dd')
),

-- Every row of the snapshot, with the user only where the first join was within the month.
joined AS (
  SELECT
    comm_id,
    we_art_id,
    we_art_name,
    CASE
      WHEN first_day BETWEEN CAST(:part_date AS DATE) AND LAST_DAY(CAST(:part_date AS DATE)) THEN wv_user_id
    END AS wv_user_id
  FROM member
),

-- UNION, not UNION ALL: what was recorded twice is there once.
action AS (
  SELECT wv_user_id, comm_id, post_id, 'VIEW' AS kind, occurred_at
  FROM we_mart.wv_post_view
  UNION
  SELECT wv_user_id, comm_id, post_id, reaction_type AS kind, occurred_at
  FROM we_mart.wv_post_reaction
),

active AS (
  SELECT wv_user_id, comm_id, CAST(CONVERT_TIMEZONE('Asia/Seoul', occurred_at) AS DATE) AS day
  FROM action
),

engaged AS (
  SELECT wv_user_id, comm_id
  FROM active
  WHERE day BETWEEN CAST(:part_date AS DATE) AND LAST_DAY(CAST(:part_date AS DATE))
  GROUP BY wv_user_id, comm_id
  HAVING COUNT(DISTINCT day) >= 3 OR COUNT(*) >= 10
)

SELECT
  CAST(:part_date AS DATE) AS key_date,
  joined.comm_id,
  joined.we_art_id,
  joined.we_art_name,
  COUNT(DISTINCT joined.wv_user_id) AS join_usr_cnt,
  COUNT(DISTINCT engaged.wv_user_id) AS engage_usr_cnt,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM joined
LEFT JOIN engaged
  ON engaged.wv_user_id = joined.wv_user_id AND engaged.comm_id = joined.comm_id
GROUP BY joined.comm_id, joined.we_art_id, joined.we_art_name
