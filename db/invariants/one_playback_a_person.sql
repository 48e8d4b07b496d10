-- A person has one playback at most that may report: one clock, however many tabs.
select user_id, count(*) as playbacks
from public.video_analytics
where playback_id is not null
group by user_id
having count(*) > 1
