-- we_mart.wv_dm_subscr: every subscription to an artist's direct messages that holds the last instant of one day, with
-- the subscriber's current membership of the community: the last one, whatever its status. Nothing is dropped: where
-- there is no membership, its columns are null.

WITH

subscription AS (
  SELECT subscr_id, wv_user_id, comm_id, artist_member_id, start_dt, end_dt
  FROM weverse2.wdm_subscription
  WHERE start_dt < CAST(:day_end AS TIMESTAMP)
    AND (end_dt IS NULL OR end_dt >= CAST(:day_end AS TIMESTAMP))
),

membership AS (
  SELECT wv_user_id, comm_id, comm_user_id, comm_user_status, comm_user_grade, we_art_id, is_fc
  FROM we_mart.wv_comm_user
  WHERE part_date = :part_date
    AND comm_user_seq = cnt_comm_user_id
)

SELECT
  subscription.subscr_id,
  subscription.wv_user_id,
  subscription.comm_id,
  subscription.artist_member_id,
  subscription.start_dt,
  subscription.end_dt,
  membership.comm_user_id,
  membership.comm_user_status,
  membership.comm_user_grade,
  membership.we_art_id,
  membership.is_fc,
  :part_date AS part_date,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM subscription
LEFT JOIN membership
  ON membership.wv_user_id = subscription.wv_user_id AND membership.comm_id = subscription.comm_id
