-- The counters of every review equal a recount of its votes, and nobody voted on his own.
select r.id, r.helpful_count, r.not_helpful_count
from public.course_reviews r
left join public.review_votes v on v.review_id = r.id
group by r.id
having (r.helpful_count, r.not_helpful_count) <> (count(*) filter (where v.is_helpful), count(*) filter (where not v.is_helpful))
    or bool_or(v.member_id = r.member_id)
