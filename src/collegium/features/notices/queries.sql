-- name: my_notices
-- One's own notices, the newest first, after the place where the last page ended.
select n.id, n.kind, n.title, n.body, n.link, n.created_at, n.read_at
from public.notifications n
where n.member_id = (select auth.uid()) and ($1::timestamptz is null or (n.created_at, n.id) < ($1, $2::uuid))
order by n.created_at desc, n.id desc
limit $3;

-- name: mark_read
-- Marks all of one's own notices as read; answers how many were new.
select public.mark_notifications_read();
