-- we_mart.stats_wv_d_comm_user_cnt: how many people each artist's communities ever had, and how many of them hold a
-- fan-club membership, on one day.
--
-- The page's own query, held to one day, with the run's instant in place of the clock.
SELECT
  DATE(a.part_date) AS key_date,
  a.we_art_id,
  a.we_art_name,
  COUNT(DISTINCT a.wv_user_id) AS tot_user_cnt,
  COUNT(DISTINCT CASE WHEN a.is_fc = 1 THEN a.wv_user_id END) AS fc_user_cnt,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM we_mart.wv_comm_user a
WHERE a.part_date = :part_date
GROUP BY 1, 2, 3
