-- 특정 아티스트의 커뮤니티에서 특정 기간 동안 멤버십을 유지한 유저 수를 계산
-- :we_art_id number: the artist
-- :from_date day: the first day
-- :to_date day: the last day
select count(distinct we_member_id) as fc_user_cnt
from wev_prod.we_mart.wv_comm_user
where we_art_id = cast(:we_art_id as int)
and part_date between :from_date and :to_date
and is_fc = 1
and comm_user_status = 'NORMAL'
and wv_user_status = 'NORMAL'
;
