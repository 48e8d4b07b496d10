-- The rating_total and total_reviews of every course equal a recount of its approved reviews.
select c.id, c.rating_total, c.total_reviews, coalesce(r.total, 0) as total, coalesce(r.reviews, 0) as reviews
from public.courses c
left join (
    select course_id, sum(rating) as total, count(*) as reviews from public.course_reviews where is_approved group by course_id
) r on r.course_id = c.id
where (c.rating_total, c.total_reviews) <> (coalesce(r.total, 0), coalesce(r.reviews, 0))
