-- Reviewing: a review may be written after a share of the course, a team decides about what waits and says why it turns one
-- down, and reviews are read page by page from where the last page ended.
-- Rollback: drop the functions below and the columns courses.review_after_percent and course_reviews.moderation_reason;
-- make the functions of 20261121101100_reviews.sql again.

alter table public.courses add column review_after_percent integer not null default 25;
alter table public.courses
    add constraint reviews_come_after_a_share check (review_after_percent between 0 and 100) not valid;
alter table public.courses validate constraint reviews_come_after_a_share;
comment on column public.courses.review_after_percent is 'How much of the course somebody has done before he can review it, in percent.';
grant update (review_after_percent) on public.courses to authenticated;

alter table public.course_reviews add column moderation_reason text;
alter table public.course_reviews
    add constraint reasons_have_a_length check (length(moderation_reason) between 1 and 500) not valid,
    add constraint reasons_are_of_reviews_turned_down
        check (moderation_reason is null or (moderated_at is not null and not is_approved)) not valid;
alter table public.course_reviews validate constraint reasons_have_a_length;
alter table public.course_reviews validate constraint reasons_are_of_reviews_turned_down;
comment on column public.course_reviews.moderation_reason is 'Why it was turned down, for its author.';

create index idx_course_reviews_newest on public.course_reviews (course_id, created_at desc, id desc) where is_approved;
create index idx_course_reviews_rating on public.course_reviews (course_id, rating, created_at, id) where is_approved;
create index idx_course_reviews_age on public.course_reviews (created_at desc, id desc);

-- Writing --------------------------------------------------------------------------------------------------

create function private.share_of_course_done(p_enrollment uuid) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case
        when e.completed_at is not null or coalesce(v.required_lessons, c.required_lessons) = 0 then 100
        else least(100, e.lessons_completed * 100 / coalesce(v.required_lessons, c.required_lessons))
    end
    from public.enrollments e join public.courses c on c.id = e.course_id
    left join public.course_versions v on v.id = e.course_version_id
    where e.id = p_enrollment
$$;
comment on function private.share_of_course_done(uuid) is 'How much of the version that was begun is done, in whole percent, rounded down.';

create function private.reviewing_enrollment(p_course uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.id from public.enrollments e
    where e.member_id = auth.uid() and e.course_id = p_course
      and (e.status in ('enrolled', 'in_progress', 'completed') or e.completed_at is not null)
    order by e.completed_at desc nulls last, e.enrolled_at desc limit 1
$$;
comment on function private.reviewing_enrollment(uuid) is 'The enrollment by which the person who asks may review a course; null without one.';

create or replace function public.write_review(
    p_course uuid, p_rating integer, p_title text default null, p_text text default null,
    p_liked text[] default '{}', p_improve text[] default '{}'
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid := private.reviewing_enrollment(p_course);
    v_needed integer;
    v_done integer;
    v_review uuid;
    v_title text := nullif(btrim(p_title, E' \n\r\t'), '');
    v_text text := nullif(btrim(p_text, E' \n\r\t'), '');
begin
    if coalesce(p_rating not between 1 and 5, true) then
        perform private.refuse('CG422', 'rating_needed', 'Give between one and five stars.');
    elsif length(v_title) > 200 or length(v_text) > 5000 then
        perform private.refuse('CG422', 'too_long', 'A title has at most 200 characters and a review at most 5000.');
    elsif not private.are_tags(coalesce(p_liked, '{}')) or not private.are_tags(coalesce(p_improve, '{}')) then
        perform private.refuse('CG422', 'no_such_aspect', 'Choose at most twenty aspects of those offered.');
    elsif p_course in (select private.my_taught_course_ids()) then
        perform private.refuse('CG403', 'own_course', 'You teach this course, so you cannot review it.');
    elsif v_enrollment is null then
        perform private.refuse('CG403', 'not_enrolled', 'Only those who take or took this course can review it.');
    end if;
    select c.review_after_percent, private.share_of_course_done(v_enrollment) into v_needed, v_done
    from public.courses c where c.id = p_course;
    -- Who has reviewed may change what he said, even if more is asked now.
    if v_done < v_needed
        and not exists (select 1 from public.course_reviews r where r.member_id = auth.uid() and r.course_id = p_course)
    then
        perform private.refuse('CG409', 'review_too_early',
            format('You can review this course when you have done %s percent of it. So far you have done %s percent.', v_needed, v_done));
    end if;
    insert into public.course_reviews as r
        (course_id, member_id, enrollment_id, rating, title, review_text, liked_aspects, improvement_areas)
    values (p_course, auth.uid(), v_enrollment, p_rating, v_title, v_text, coalesce(p_liked, '{}'), coalesce(p_improve, '{}'))
    on conflict on constraint unique_member_course_review do update set
        rating = excluded.rating, title = excluded.title, review_text = excluded.review_text,
        liked_aspects = excluded.liked_aspects, improvement_areas = excluded.improvement_areas,
        -- What was read is not what stands there now.
        is_approved = false, is_featured = false, moderated_by = null, moderated_at = null, moderation_reason = null
        where (r.rating, r.title, r.review_text, r.liked_aspects, r.improvement_areas) is distinct from
            (excluded.rating, excluded.title, excluded.review_text, excluded.liked_aspects, excluded.improvement_areas)
    returning r.id into v_review;
    return coalesce(v_review, (select id from public.course_reviews where member_id = auth.uid() and course_id = p_course));
end
$$;
comment on function public.write_review(uuid, integer, text, text, text[], text[]) is
    'Reviews a course of which the caller has done enough, or changes his review, which then waits for approval again. Raises CG403, CG409, CG422.';

create function public.my_review(p_course uuid)
returns table (
    id uuid, rating integer, title text, review_text text, is_approved boolean, moderated_at timestamptz, moderation_reason text,
    created_at timestamptz, enrolled boolean, teaches boolean, done integer, needed integer
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id, r.rating, r.title, r.review_text, r.is_approved, r.moderated_at, r.moderation_reason, r.created_at,
        e.id is not null, c.id in (select private.my_taught_course_ids()),
        coalesce(private.share_of_course_done(e.id), 0), c.review_after_percent
    from public.courses c
    left join lateral (select private.reviewing_enrollment(c.id) as id) e on true
    left join public.course_reviews r on r.course_id = c.id and r.member_id = auth.uid()
    where c.id = p_course and auth.uid() is not null and private.sees_course(p_course)
$$;
comment on function public.my_review(uuid) is
    'The caller''s review of a course, if any, and what decides whether he can write one: what is done of the course and what is needed, in percent.';

-- Deciding -------------------------------------------------------------------------------------------------

drop function public.moderate_review(uuid, boolean, boolean);
create function public.moderate_review(p_review uuid, p_approved boolean, p_featured boolean default false, p_reason text default null)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.course_reviews;
    v_office boolean := coalesce(private.is_admin(), false);
    v_reason text := nullif(btrim(p_reason, E' \n\r\t'), '');
    v_same boolean;
begin
    select * into v_review from public.course_reviews where id = p_review for no key update;
    if not v_office and (v_review.id is null or v_review.course_id not in (select private.my_taught_course_ids())) then
        perform private.refuse('CG403', 'moderators_only', 'Only the course''s instructors and administrators decide about reviews.');
    elsif v_review.id is null then
        perform private.refuse('CG404', 'no_such_review', 'This review is not there any more.');
    elsif p_approved is null or (coalesce(p_featured, false) and not p_approved) then
        perform private.refuse('CG422', 'approve_first', 'A review must be approved before it can be featured.');
    elsif not p_approved and coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the review is turned down, in at most 500 characters. Its author reads it.');
    end if;
    v_same := v_review.moderated_at is not null and v_review.is_approved = p_approved;
    -- An instructor takes down no criticism that stands, and changes nothing that an administrator has decided.
    if not v_office and not v_same and v_review.moderated_at is not null and (
        v_review.is_approved or v_review.moderated_by is null
        or exists (select 1 from public.profiles p where p.id = v_review.moderated_by and p.role in ('admin', 'super_admin'))
    ) then
        perform private.refuse('CG403', 'office_decides', 'This has been decided. Ask an administrator to look at it again.');
    end if;
    update public.course_reviews set
        is_approved = p_approved, is_featured = coalesce(p_featured, false),
        moderation_reason = case when not p_approved then v_reason end,
        moderated_by = case when v_same then moderated_by else auth.uid() end,
        moderated_at = case when v_same then moderated_at else now() end
    where id = p_review;
    if not v_same then
        perform private.notify(
            v_review.member_id, case when p_approved then 'review_published' else 'review_turned_down' end,
            left(case when p_approved then 'Your review is published: ' else 'Your review was not published: ' end || c.title, 200),
            case when p_approved then '' else v_reason end, '/courses/' || c.slug || '/reviews'
        )
        from public.courses c where c.id = v_review.course_id;
    end if;
end
$$;
comment on function public.moderate_review(uuid, boolean, boolean, text) is
    'Approves a review, turns it down for a reason that its author reads, or features it. Administrators; instructors of the course what waits, '
    'what they turned down themselves, and what is featured. Raises CG403, CG404, CG422.';

create function public.list_reviews_to_moderate(
    p_course uuid default null, p_state text default 'waiting', p_limit integer default 20,
    p_after_at timestamptz default null, p_after_id uuid default null
) returns table (
    id uuid, course_id uuid, course_title text, slug text, author text, rating integer, title text, review_text text,
    created_at timestamptz, moderated_at timestamptz, is_approved boolean, is_featured boolean, moderation_reason text,
    helpful_count integer, by_office boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id, c.id, c.title, c.slug, private.public_name(r.member_id), r.rating, r.title, r.review_text,
        r.created_at, r.moderated_at, r.is_approved, r.is_featured, r.moderation_reason, r.helpful_count,
        r.moderated_at is not null and coalesce(m.role in ('admin', 'super_admin'), true)
    from public.course_reviews r
    join public.courses c on c.id = r.course_id
    left join public.profiles m on m.id = r.moderated_by
    where (p_course is null or r.course_id = p_course)
      and ((select private.is_admin()) or r.course_id = any (array(select private.my_taught_course_ids())))
      and case p_state
          when 'waiting' then r.moderated_at is null
          when 'approved' then r.is_approved
          when 'turned_down' then r.moderated_at is not null and not r.is_approved
          else false
      end
      and (p_after_at is null or (r.created_at, r.id) < (p_after_at, p_after_id))
    order by r.created_at desc, r.id desc
    limit least(greatest(p_limit, 1), 100)
$$;
comment on function public.list_reviews_to_moderate(uuid, text, integer, timestamptz, uuid) is
    'Reviews about which the caller decides, of a course or of all: waiting, approved or turned_down, the newest first, after a place. No row for others.';

-- Reading --------------------------------------------------------------------------------------------------

drop function public.read_reviews(uuid, integer, integer);
create function public.read_reviews(
    p_course uuid, p_limit integer default 20, p_sort text default 'helpful', p_stars integer default null,
    p_after_featured boolean default null, p_after_helpful integer default null, p_after_rating integer default null,
    p_after_at timestamptz default null, p_after_id uuid default null
) returns table (
    id uuid, author text, rating integer, title text, review_text text, liked_aspects text[], improvement_areas text[],
    is_featured boolean, helpful_count integer, not_helpful_count integer, created_at timestamptz, mine boolean, my_vote boolean
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit integer := least(greatest(p_limit, 1), 100);
    v_featured boolean := coalesce(p_after_featured, true);
    v_helpful integer := coalesce(p_after_helpful, 2147483647);
    v_at timestamptz := coalesce(p_after_at, 'infinity');
    v_id uuid := coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_found uuid[];
begin
    if not private.sees_course(p_course) then
        return;
    end if;
    -- Each order goes along an index of its own, and begins where the last page ended.
    if p_sort = 'newest' then
        v_found := array(
            select r.id from public.course_reviews r
            where r.course_id = p_course and r.is_approved and (p_stars is null or r.rating = p_stars) and (r.created_at, r.id) < (v_at, v_id)
            order by r.created_at desc, r.id desc limit v_limit
        );
    elsif p_sort = 'highest' then
        v_found := array(
            select r.id from public.course_reviews r
            where r.course_id = p_course and r.is_approved and (p_stars is null or r.rating = p_stars)
              and (r.rating, r.created_at, r.id) < (coalesce(p_after_rating, 6), v_at, v_id)
            order by r.rating desc, r.created_at desc, r.id desc limit v_limit
        );
    elsif p_sort = 'lowest' then
        v_found := array(
            select r.id from public.course_reviews r
            where r.course_id = p_course and r.is_approved and (p_stars is null or r.rating = p_stars)
              and (r.rating, r.created_at, r.id) > (coalesce(p_after_rating, 0), coalesce(p_after_at, '-infinity'), coalesce(p_after_id, '00000000-0000-0000-0000-000000000000'))
            order by r.rating, r.created_at, r.id limit v_limit
        );
    else
        v_found := array(
            select r.id from public.course_reviews r
            where r.course_id = p_course and r.is_approved and (p_stars is null or r.rating = p_stars)
              and (r.is_featured, r.helpful_count) <= (v_featured, v_helpful)
              and (p_after_id is null or (r.is_featured, r.helpful_count) <> (v_featured, v_helpful) or r.id > p_after_id)
            order by r.is_featured desc, r.helpful_count desc, r.id limit v_limit
        );
    end if;
    return query
    select r.id, private.public_name(r.member_id), r.rating, r.title, r.review_text, r.liked_aspects, r.improvement_areas,
        r.is_featured, r.helpful_count, r.not_helpful_count, r.created_at, coalesce(r.member_id = auth.uid(), false), v.is_helpful
    from unnest(v_found) with ordinality as f (review, place)
    join public.course_reviews r on r.id = f.review
    left join public.review_votes v on v.review_id = r.id and v.member_id = auth.uid()
    order by f.place;
end
$$;
comment on function public.read_reviews(uuid, integer, text, integer, boolean, integer, integer, timestamptz, uuid) is
    'Approved reviews of a course: helpful (featured ones first), newest, highest or lowest first, of some stars or of all, after the place that the last '
    'page ended at. With the first name and initial of who wrote each. For everybody who sees the course.';

create function public.count_ratings(p_course uuid) returns table (rating integer, reviews bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.rating, count(*) from public.course_reviews r
    where r.course_id = p_course and r.is_approved and private.sees_course(p_course)
    group by r.rating order by r.rating desc
$$;
comment on function public.count_ratings(uuid) is 'How many approved reviews gave how many stars. For everybody who sees the course.';

grant execute on function public.my_review(uuid), public.moderate_review(uuid, boolean, boolean, text),
    public.list_reviews_to_moderate(uuid, text, integer, timestamptz, uuid) to authenticated;
grant execute on function public.read_reviews(uuid, integer, text, integer, boolean, integer, integer, timestamptz, uuid),
    public.count_ratings(uuid) to anon, authenticated;
