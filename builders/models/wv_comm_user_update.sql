-- we_mart.wv_comm_user_update: the current membership of every user in every community on one day, and what happened to
-- it since the day before.
--
-- The current membership of a pair is its last one. JOIN: the pair is new. REJOIN: it has another membership than the
-- day before. LEAVE and CHANGE: it has the same one, in another status. NONE: nothing happened to its status. Where
-- wv_comm_user has no day before, what happened is not known, and the event is null.

WITH

today AS (
  SELECT
    wv_user_id,
    comm_id,
    comm_user_id,
    comm_user_status,
    comm_user_first_dt,
    comm_user_cre_dt,
    comm_user_end_dt,
    cnt_comm_user_id
  FROM we_mart.wv_comm_user
  WHERE part_date = :part_date
    AND comm_user_seq = cnt_comm_user_id
),

day_before AS (
  SELECT wv_user_id, comm_id, comm_user_id, comm_user_status
  FROM we_mart.wv_comm_user
  WHERE part_date = DATE_FORMAT(DATE_SUB(:part_date, 1), 'yyyy-MM-dd')
    AND comm_user_seq = cnt_comm_user_id
),

-- One row, always: how much is known of the day before.
known AS (
  SELECT COUNT(*) AS pairs
  FROM day_before
)

SELECT
  today.wv_user_id,
  today.comm_id,
  CASE
    WHEN known.pairs = 0 THEN NULL
    WHEN day_before.comm_user_id IS NULL THEN 'JOIN'
    WHEN day_before.comm_user_id <> today.comm_user_id THEN 'REJOIN'
    WHEN day_before.comm_user_status = today.comm_user_status THEN 'NONE'
    WHEN today.comm_user_status = 'LEAVE' THEN 'LEAVE'
    ELSE 'CHANGE'
  END AS event,
  today.comm_user_status,
  day_before.comm_user_status AS prev_comm_user_status,
  today.comm_user_id,
  day_before.comm_user_id AS prev_comm_user_id,
  today.comm_user_first_dt,
  today.comm_user_cre_dt,
  today.comm_user_end_dt,
  today.cnt_comm_user_id,
  :part_date AS part_date,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM today
CROSS JOIN known
LEFT JOIN day_before
  ON day_before.wv_user_id = today.wv_user_id AND day_before.comm_id = today.comm_id
