-- No stretch of a video was seen more than it was played, and nothing was played less than never.
select w.video_id, b.bucket
from public.video_watching w
cross join lateral unnest(w.played, w.seen, w.skipped) with ordinality as b (played, seen, skipped, bucket)
where b.seen > b.played or b.seen < 0 or b.skipped < 0
