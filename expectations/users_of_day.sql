-- People of each artist on the day, and those of them in its fan club.
SELECT we_art_id, we_art_name, COUNT(*) AS tot_user_cnt, SUM(is_fc) AS fc_user_cnt
FROM (
  SELECT we_art_id, we_art_name, wv_user_id, MAX(is_fc) AS is_fc
  FROM we_mart.wv_comm_user
  WHERE part_date = :part_date
  GROUP BY we_art_id, we_art_name, wv_user_id
) people
GROUP BY we_art_id, we_art_name
