-- 특정 기간 동안 특정 국가에서 커뮤니티에 가입한 유저 수를 계산
-- :ip_ctry country: the country, in two capital letters
-- :from_date day: the first day
-- :to_date day: the last day
select count(distinct wv_user_id) as user_cnt
from wev_prod.we_mart.wv_comm_user
where part_date between :from_date and :to_date
and ip_ctry = :ip_ctry
and comm_user_status = 'NORMAL'
and wv_user_status = 'NORMAL'
;
