-- The posts_count of every discussion equals a recount of its posts that can be read.
select d.id, d.posts_count, count(p.id) as recounted
from public.discussions d
left join public.discussion_posts p on p.discussion_id = d.id and p.deleted_at is null and p.hidden_at is null
group by d.id
having d.posts_count <> count(p.id)
