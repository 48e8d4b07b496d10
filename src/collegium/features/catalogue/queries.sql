-- name: list_courses as anon
-- One page of the published courses that match a query, after a cursor: the same for everybody, whoever asks.
with found as materialized (
    select s.course_id, s.rank from public.search_courses($1) s where $1 <> ''
), described as (
    select
        c.*,
        f.rank,
        case when c.ce_credits >= 10 then 'ten' when c.ce_credits >= 5 then 'five'
            when c.ce_credits > 0 then 'some' else 'none' end as credit_band,
        case c.pricing_type when 'member_only' then 'members' when 'premium' then 'paid' else c.pricing_type end as price_kind,
        case when c.estimated_duration_minutes < 30 then 'short' when c.estimated_duration_minutes < 60 then 'medium'
            when c.estimated_duration_minutes <= 180 then 'long' when c.estimated_duration_minutes > 180 then 'longer' end as length_band
    from public.courses c
    left join found f on f.course_id = c.id
    where c.status = 'published' and ($1 = '' or f.course_id is not null)
), ordered as (
    select
        d.*,
        -- One column for every order. Without the casts all of them would be rounded to the kind of the rank.
        case $8::text
            when 'relevance' then - coalesce(d.rank, 0)::double precision
            when 'newest' then - extract(epoch from d.published_at)::double precision
            when 'credits' then - d.ce_credits::double precision
            when 'price' then case d.price_kind when 'paid' then d.price else 0 end::double precision
            when 'length' then coalesce(d.estimated_duration_minutes, 1000000)::double precision
            when 'taken' then - d.total_enrollments::double precision
            else 0
        end as order_number,
        private.fold(d.title) as order_text
    from described d
    where (cardinality($2::text[]) = 0 or d.category = any ($2))
        and (cardinality($3::text[]) = 0 or d.difficulty_level = any ($3))
        and (cardinality($4::text[]) = 0 or d.delivery_format = any ($4))
        and (cardinality($5::text[]) = 0 or d.credit_band = any ($5))
        and (cardinality($6::text[]) = 0 or d.price_kind = any ($6))
        and (cardinality($7::text[]) = 0 or d.length_band = any ($7))
), page as (
    select * from ordered o
    where $9::double precision is null or (o.order_number, o.order_text, o.id) > ($9, $10::text, $11::uuid)
    order by o.order_number, o.order_text, o.id
    limit $12
)
select
    p.id, p.slug, p.title, coalesce(p.short_description, '') as short_description, p.category, p.difficulty_level,
    p.delivery_format, p.estimated_duration_minutes, p.ce_credits, p.pricing_type, p.price, p.member_price, p.currency, p.thumbnail_url,
    array(
        select i.display_name
        from (
            select p.instructor_id as profile_id, 0 as position
            union all
            select t.profile_id, t.position from public.course_instructors t
            where t.course_id = p.id and t.profile_id is distinct from p.instructor_id
        ) who
        join public.instructor_profiles i on i.profile_id = who.profile_id
        order by who.position, i.display_name
    ) as instructors,
    p.order_number, p.order_text
from page p
order by p.order_number, p.order_text, p.id;

-- name: count_courses as anon
-- How many published courses match, and for each facet how many each value would show under the other facets.
with found as materialized (
    select s.course_id from public.search_courses($1) s where $1 <> ''
), described as (
    select
        c.category, c.difficulty_level as level, c.delivery_format as format,
        case when c.ce_credits >= 10 then 'ten' when c.ce_credits >= 5 then 'five'
            when c.ce_credits > 0 then 'some' else 'none' end as credits,
        case c.pricing_type when 'member_only' then 'members' when 'premium' then 'paid' else c.pricing_type end as price,
        case when c.estimated_duration_minutes < 30 then 'short' when c.estimated_duration_minutes < 60 then 'medium'
            when c.estimated_duration_minutes <= 180 then 'long' when c.estimated_duration_minutes > 180 then 'longer'
            else '' end as length
    from public.courses c
    where c.status = 'published' and ($1 = '' or c.id in (select found.course_id from found))
), judged as (
    -- Each facet that a course does not fit is one miss. A value is counted where nothing else misses.
    select
        d.*,
        (cardinality($2::text[]) > 0 and d.category <> all ($2))::integer as category_miss,
        (cardinality($3::text[]) > 0 and d.level <> all ($3))::integer as level_miss,
        (cardinality($4::text[]) > 0 and d.format <> all ($4))::integer as format_miss,
        (cardinality($5::text[]) > 0 and d.credits <> all ($5))::integer as credits_miss,
        (cardinality($6::text[]) > 0 and d.price <> all ($6))::integer as price_miss,
        (cardinality($7::text[]) > 0 and d.length <> all ($7))::integer as length_miss
    from described d
), totalled as (
    select j.*, category_miss + level_miss + format_miss + credits_miss + price_miss + length_miss as misses from judged j
)
select
    case grouping(category, level, format, credits, price, length)
        when 31 then 'category' when 47 then 'level' when 55 then 'format' when 59 then 'credits'
        when 61 then 'price' when 62 then 'length' else 'all'
    end as facet,
    coalesce(category, level, format, credits, price, length, '') as value,
    case grouping(category, level, format, credits, price, length)
        when 31 then count(*) filter (where misses = category_miss)
        when 47 then count(*) filter (where misses = level_miss)
        when 55 then count(*) filter (where misses = format_miss)
        when 59 then count(*) filter (where misses = credits_miss)
        when 61 then count(*) filter (where misses = price_miss)
        when 62 then count(*) filter (where misses = length_miss)
        else count(*) filter (where misses = 0)
    end::integer as courses
from totalled
group by grouping sets ((category), (level), (format), (credits), (price), (length), ());

-- name: catalogue_version as anon
-- The number that cached pages of the catalogue are kept under.
select private.current_catalogue_version();

-- name: my_marks
-- The catalogue's version, and the courses that the person who asks has taken with how far each went.
select
    private.current_catalogue_version() as version,
    coalesce((
        -- Of several in a course the one that counts comes last and stays: begun, under way, the newest.
        select jsonb_object_agg(e.course_id, e.status order by
            coalesce(e.cohort_start_date <= now(), true), e.completed_at nulls last, e.enrolled_at)
        from public.enrollments e
        where e.member_id = (select auth.uid()) and e.status in ('enrolled', 'in_progress', 'completed')
    ), '{}') as courses;

-- name: course as anon
-- A course with its outline and its instructors, for everybody who may see it.
select
    c.id, c.slug, c.title, coalesce(c.short_description, '') as short_description, c.description,
    array(select o.text from jsonb_array_elements_text(c.learning_objectives) as o (text) where o.text <> '') as learning_objectives,
    coalesce(c.target_audience, '') as target_audience, c.tags, c.category, c.difficulty_level, c.delivery_format, c.language,
    c.estimated_duration_minutes, c.ce_credits, c.pricing_type, c.price, c.member_price, c.currency,
    c.completion_certificate, c.course_start_date, c.course_end_date, c.published_at, c.updated_at, c.thumbnail_url,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'id', m.id, 'title', m.title, 'description', m.description, 'unlock_date', m.unlock_date, 'after', b.title,
            'lessons', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'id', l.id, 'title', l.title, 'lesson_type', l.lesson_type, 'is_preview', l.is_preview,
                    'require_completion', l.require_completion,
                    'estimated_duration_minutes', l.estimated_duration_minutes,
                    'unlock_date', l.unlock_date, 'after', w.title
                ) order by l.lesson_order)
                from public.lessons l
                left join public.lessons w on w.id = l.unlock_after_lesson_id and w.state = 'live'
                where l.module_id = m.id and l.state = 'live'
            ), '[]')
        ) order by m.module_order)
        from public.course_modules m
        left join public.course_modules b on b.id = m.unlock_after_module_id and b.state = 'live'
        where m.course_id = c.id and m.state = 'live'
    ), '[]') as modules,
    coalesce((
        select jsonb_agg(jsonb_build_object('display_name', i.display_name, 'headline', i.headline, 'bio', i.bio)
            order by who.position, i.display_name)
        from (
            select c.instructor_id as profile_id, 0 as position
            union all
            select t.profile_id, t.position from public.course_instructors t
            where t.course_id = c.id and t.profile_id is distinct from c.instructor_id
        ) who
        join public.instructor_profiles i on i.profile_id = who.profile_id
    ), '[]') as instructors
from public.courses c
where c.id = $1;

-- name: standing_of_guest as anon
-- What decides whether a course can be entered, for somebody who is not signed in.
select
    private.current_catalogue_version() as version, c.id, c.slug, c.title, c.status, c.pricing_type, c.price, c.member_price,
    c.currency, c.allow_enrollment, c.enrollment_start_date, c.enrollment_end_date, c.max_enrollments,
    case when c.pricing_type in ('paid', 'premium') then (select o.amount from public.price_for_me(c.id) o) else 0 end as price_now,
    c.active_enrollments + c.completion_count as seats_taken, c.required_lessons, c.avg_rating, c.total_reviews,
    c.cohorts_only, k.any_there as has_cohorts, k.any_open as has_open_cohort
from public.courses c
cross join lateral (
    select count(*) > 0 as any_there, coalesce(bool_or(
        public.cohort_state(o) = 'open' and (o.capacity is null or o.seats_taken < o.capacity)
    ), false) as any_open
    from public.course_cohorts o where o.course_id = c.id
) k
where c.slug = $1;

-- name: standing
-- What decides whether a person can enter a course, the enrollment in it, and where each lesson stands.
select
    private.current_catalogue_version() as version, c.id, c.slug, c.title, c.status, c.pricing_type, c.price, c.member_price,
    c.currency, c.allow_enrollment, c.enrollment_start_date, c.enrollment_end_date, c.max_enrollments,
    case when c.pricing_type in ('paid', 'premium') then (select o.amount from public.price_for_me(c.id) o) else 0 end as price_now,
    c.active_enrollments + c.completion_count as seats_taken, coalesce(v.required_lessons, c.required_lessons) as required_lessons,
    c.avg_rating, c.total_reviews, c.enable_discussion_forum,
    c.cohorts_only, o.any_there as has_cohorts, o.any_open as has_open_cohort,
    e.cohort_name, e.cohort_start_date as cohort_starts_at, e.cohort_end_date as cohort_ends_at,
    true as signed_in,
    c.pricing_type <> 'free' and public.am_i_member() as is_member,
    $2::boolean and c.id = any (array(select private.my_taught_course_ids())) as teaches,
    c.pricing_type in ('paid', 'premium') and e.id is null and public.have_i_paid(c.id) as has_paid,
    e.id as enrollment_id, e.status as enrollment_status, coalesce(e.lessons_completed, 0) as lessons_completed,
    k.number as certificate_number, v.number as version_number,
    case when e.status in ('enrolled', 'in_progress') and v.number < private.newest_version(c.id)
        then private.newest_version(c.id) end as newer_version,
    coalesce((
        select jsonb_object_agg(p.lesson_id, p.status) from public.lesson_progress p where p.enrollment_id = e.id
    ), '{}') as lessons
from public.courses c
left join lateral (
    select n.id, n.status, n.lessons_completed, n.course_version_id, n.cohort_name, n.cohort_start_date, n.cohort_end_date
    from public.enrollments n
    where n.course_id = c.id and n.member_id = (select auth.uid())
    order by n.status in ('enrolled', 'in_progress', 'completed') desc, coalesce(n.cohort_start_date <= now(), true) desc,
        n.completed_at desc nulls first, n.enrolled_at desc
    limit 1
) e on true
cross join lateral (
    select count(*) > 0 as any_there, coalesce(bool_or(
        public.cohort_state(o) = 'open' and (o.capacity is null or o.seats_taken < o.capacity)
    ), false) as any_open
    from public.course_cohorts o where o.course_id = c.id
) o
left join public.course_versions v on v.id = e.course_version_id
left join public.certificates k on k.enrollment_id = e.id and k.revoked_at is null
where c.slug = $1;

-- name: my_locks
-- What is still shut for the person who asks in some courses, and why.
select c.id as course_id, k.lesson_id, k.lock_reason, k.waits_for, k.opens_at
from unnest($1::uuid[]) as c (id)
cross join lateral public.my_lesson_locks(c.id) k;

-- name: paths as anon
-- The lessons of some courses in their order, and whether any of them opens by a rule.
select
    c.id as course_id,
    jsonb_agg(jsonb_build_object(
        'id', l.id, 'title', l.title, 'lesson_type', l.lesson_type, 'estimated_duration_minutes', l.estimated_duration_minutes
    ) order by m.module_order, l.lesson_order) as lessons,
    bool_or(coalesce(l.unlock_after_lesson_id, m.unlock_after_module_id) is not null
        or coalesce(l.unlock_date, m.unlock_date) is not null
        or exists (select 1 from public.lesson_prerequisites n where n.lesson_id = l.id)) as has_rules
from public.courses c
join public.course_modules m on m.course_id = c.id
join public.lessons l on l.module_id = m.id and l.state = 'live'
where c.id = any ($1::uuid[])
group by c.id;
