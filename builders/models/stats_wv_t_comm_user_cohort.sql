-- we_mart.stats_wv_t_comm_user_cohort: people by the quarter in which they first joined a community, over all days that
-- wv_comm_user has, and how many of them held a fan-club membership on any of those days.
--
-- The page's own query, with the run's instant in place of the clock. Quarters are those of the session's zone, UTC.
-- Engines divide and round in types of their own; whole numbers round to four decimals, halves up, alike in each.
SELECT
  CONCAT(YEAR(comm_user_first_dt), '/', QUARTER(comm_user_first_dt), 'Q') AS cohort,
  we_art_id,
  we_art_name,
  COUNT(DISTINCT wv_user_id) AS tot_user_cnt,
  COUNT(DISTINCT CASE WHEN is_fc = 1 THEN wv_user_id END) AS fc_user_cnt,
  CAST(
    (COUNT(DISTINCT CASE WHEN is_fc = 1 THEN wv_user_id END) * 20000 + COUNT(DISTINCT wv_user_id))
    DIV (COUNT(DISTINCT wv_user_id) * 2)
    AS DOUBLE
  ) / 10000 AS fc_ratio,
  CAST(:run_timestamp AS TIMESTAMP) AS run_timestamp
FROM we_mart.wv_comm_user
GROUP BY 1, 2, 3
