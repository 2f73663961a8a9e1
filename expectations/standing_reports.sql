-- Reports against each membership that stood at the end of the day.
SELECT target_comm_user_id AS comm_user_id, SUM(CASE WHEN canceled_at < CAST(:day_end AS TIMESTAMP) THEN 0 ELSE 1 END) AS sum_report_count
FROM weverse2.community_common_report
WHERE created_at < CAST(:day_end AS TIMESTAMP)
GROUP BY target_comm_user_id
