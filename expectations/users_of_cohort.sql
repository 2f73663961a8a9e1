-- People of each artist by the quarter of their first join, and those of them in its fan club on any day.
SELECT cohort, we_art_id, we_art_name, COUNT(*) AS tot_user_cnt, SUM(is_fc) AS fc_user_cnt
FROM (
  SELECT
    CONCAT(YEAR(comm_user_first_dt), '/', QUARTER(comm_user_first_dt), 'Q') AS cohort,
    we_art_id,
    we_art_name,
    wv_user_id,
    MAX(is_fc) AS is_fc
  FROM we_mart.wv_comm_user
  GROUP BY CONCAT(YEAR(comm_user_first_dt), '/', QUARTER(comm_user_first_dt), 'Q'), we_art_id, we_art_name, wv_user_id
) people
GROUP BY cohort, we_art_id, we_art_name
