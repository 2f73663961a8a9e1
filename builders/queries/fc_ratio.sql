-- 특정 날짜의 커뮤니티 가입 유저 중 멤버십 유저 비율을 계산
-- :part_date day: the day
select
count(distinct case when is_fc = 1 then wv_user_id end) * 1.0 / count(distinct wv_user_id) as fc_ratio
from wev_prod.we_mart.wv_comm_user
where part_date = :part_date
and comm_user_status = 'NORMAL'
and wv_user_status = 'NORMAL'
;
