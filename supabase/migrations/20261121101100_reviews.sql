-- Reviews: what learners say of a course, and whether others found it helpful. Learners write through functions; only
-- administrators approve, so that an instructor can hide no criticism. Visitors read approved ones without whose they are.
-- Rollback: drop the tables and functions below, and the three columns of courses.

-- The table of courses is small, so that the generated column may rewrite it.
alter table public.courses
    add column rating_total integer not null default 0,
    add column total_reviews integer not null default 0,
    add column avg_rating numeric(3, 2) generated always as (
        case when total_reviews > 0 then round(rating_total::numeric / total_reviews, 2) end
    ) stored,
    add constraint ratings_are_one_to_five check (rating_total between total_reviews and 5 * total_reviews) not valid;
alter table public.courses validate constraint ratings_are_one_to_five;
comment on column public.courses.rating_total is 'Sum of the ratings of approved reviews; with total_reviews kept by trigger_update_course_rating.';
comment on column public.courses.avg_rating is 'Mean rating of approved reviews, 1 to 5; null without any.';

create function private.are_tags(p_tags text[]) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select cardinality(p_tags) <= 20 and coalesce(bool_and(coalesce(t ~ '^[a-z0-9_]{1,50}$', false)), true) from unnest(p_tags) t
$$;
comment on function private.are_tags(text[]) is 'Whether an array holds at most twenty words such as clear_explanations.';
grant execute on function private.are_tags(text[]) to authenticated, service_role;

create function private.public_name(p_person uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (
            select nullif(btrim(p.first_name || case when p.last_name <> '' then ' ' || upper(left(p.last_name, 1)) || '.' else '' end), '')
            from public.profiles p where p.id = p_person
        ),
        'Somebody'
    )
$$;
comment on function private.public_name(uuid) is 'What others may know of who wrote something: the first name and an initial.';

-- course_reviews -------------------------------------------------------------------------------------------

create table public.course_reviews (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    member_id uuid not null references public.profiles (id) on delete cascade,
    enrollment_id uuid not null,
    rating integer not null check (rating between 1 and 5),
    title text check (length(title) between 1 and 200),
    review_text text check (length(review_text) between 1 and 5000),
    liked_aspects text[] not null default '{}' check (private.are_tags(liked_aspects)),
    improvement_areas text[] not null default '{}' check (private.are_tags(improvement_areas)),
    is_approved boolean not null default false,
    is_featured boolean not null default false,
    moderated_by uuid references public.profiles (id) on delete set null,
    moderated_at timestamptz,
    helpful_count integer not null default 0 check (helpful_count >= 0),
    not_helpful_count integer not null default 0 check (not_helpful_count >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_member_course_review unique (member_id, course_id),
    constraint course_reviews_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade,
    constraint featured_reviews_are_approved check (is_approved or not is_featured),
    constraint approved_reviews_are_moderated check (not is_approved or moderated_at is not null)
);
comment on table public.course_reviews is 'What a learner says of a course, once a person and course. Written by public.write_review(), shown by public.read_reviews().';
comment on column public.course_reviews.moderated_at is 'Null: it waits for an administrator. Set without is_approved: it was turned down.';
comment on column public.course_reviews.helpful_count is 'With not_helpful_count kept by trigger_count_review_votes.';
create index idx_course_reviews_course on public.course_reviews (course_id, created_at desc);
create index idx_course_reviews_member on public.course_reviews (member_id);
create index idx_course_reviews_enrollment on public.course_reviews (enrollment_id, course_id);
create index idx_course_reviews_approved on public.course_reviews (course_id, is_featured desc, helpful_count desc, id) where is_approved;
create index idx_course_reviews_waiting on public.course_reviews (created_at) where moderated_at is null;
create index idx_course_reviews_moderated_by on public.course_reviews (moderated_by);
-- Not at each vote.
create trigger update_course_reviews_updated_at
    before update of rating, title, review_text, liked_aspects, improvement_areas, is_approved, is_featured on public.course_reviews
    for each row execute function public.update_updated_at_column();

create function public.update_course_rating() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_sum integer := 0;
    v_count integer := 0;
begin
    if tg_op <> 'INSERT' and old.is_approved then
        v_sum := v_sum - old.rating;
        v_count := v_count - 1;
    end if;
    if tg_op <> 'DELETE' and new.is_approved then
        v_sum := v_sum + new.rating;
        v_count := v_count + 1;
    end if;
    if v_sum <> 0 or v_count <> 0 then
        update public.courses set rating_total = rating_total + v_sum, total_reviews = total_reviews + v_count
        where id = coalesce(new.course_id, old.course_id);
    end if;
    return null;
end
$$;
comment on function public.update_course_rating() is 'Trigger: moves a course''s rating by the difference when an approved review comes, goes or changes.';
create trigger trigger_update_course_rating after insert or delete on public.course_reviews
    for each row execute function public.update_course_rating();
create trigger trigger_update_course_rating_on_change after update of rating, is_approved on public.course_reviews
    for each row when (old.rating <> new.rating or old.is_approved <> new.is_approved)
    execute function public.update_course_rating();

create function public.write_review(
    p_course uuid, p_rating integer, p_title text default null, p_text text default null,
    p_liked text[] default '{}', p_improve text[] default '{}'
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid;
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
    end if;
    select e.id into v_enrollment from public.enrollments e
    where e.member_id = auth.uid() and e.course_id = p_course
      and (e.status in ('enrolled', 'in_progress', 'completed') or e.completed_at is not null)
    order by e.completed_at desc nulls last, e.enrolled_at desc limit 1;
    if v_enrollment is null then
        perform private.refuse('CG403', 'not_enrolled', 'Only those who take or took this course can review it.');
    end if;
    insert into public.course_reviews as r
        (course_id, member_id, enrollment_id, rating, title, review_text, liked_aspects, improvement_areas)
    values (p_course, auth.uid(), v_enrollment, p_rating, v_title, v_text, coalesce(p_liked, '{}'), coalesce(p_improve, '{}'))
    on conflict on constraint unique_member_course_review do update set
        rating = excluded.rating, title = excluded.title, review_text = excluded.review_text,
        liked_aspects = excluded.liked_aspects, improvement_areas = excluded.improvement_areas,
        -- What an administrator has read is not what stands there now.
        is_approved = false, is_featured = false, moderated_by = null, moderated_at = null
        where (r.rating, r.title, r.review_text, r.liked_aspects, r.improvement_areas) is distinct from
            (excluded.rating, excluded.title, excluded.review_text, excluded.liked_aspects, excluded.improvement_areas)
    returning r.id into v_review;
    return coalesce(v_review, (select id from public.course_reviews where member_id = auth.uid() and course_id = p_course));
end
$$;
comment on function public.write_review(uuid, integer, text, text, text[], text[]) is
    'Reviews a course that the caller takes or took, or changes his review, which then waits for approval again. Raises CG403, CG422.';

create function public.moderate_review(p_review uuid, p_approved boolean, p_featured boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not coalesce(private.is_admin(), false) then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can approve reviews.');
    elsif p_approved is null or (coalesce(p_featured, false) and not p_approved) then
        perform private.refuse('CG422', 'approve_first', 'A review must be approved before it can be featured.');
    end if;
    update public.course_reviews set
        is_approved = p_approved, is_featured = coalesce(p_featured, false), moderated_by = auth.uid(), moderated_at = now()
    where id = p_review;
    if not found then
        perform private.refuse('CG404', 'no_such_review', 'This review is not there any more.');
    end if;
end
$$;
comment on function public.moderate_review(uuid, boolean, boolean) is 'Approves a review, turns it down, or features it. Administrators only. Raises CG403, CG404, CG422.';

-- review_votes ---------------------------------------------------------------------------------------------

create table public.review_votes (
    review_id uuid not null references public.course_reviews (id) on delete cascade,
    member_id uuid not null references public.profiles (id) on delete cascade,
    is_helpful boolean not null,
    created_at timestamptz not null default now(),
    primary key (review_id, member_id)
);
comment on table public.review_votes is 'Whether somebody found a review helpful: one vote a person and review, never on one''s own.';
create index idx_review_votes_member on public.review_votes (member_id);

create function private.count_review_votes() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_helpful integer := 0;
    v_not_helpful integer := 0;
begin
    if tg_op <> 'INSERT' then
        v_helpful := v_helpful - old.is_helpful::integer;
        v_not_helpful := v_not_helpful - (not old.is_helpful)::integer;
    end if;
    if tg_op <> 'DELETE' then
        v_helpful := v_helpful + new.is_helpful::integer;
        v_not_helpful := v_not_helpful + (not new.is_helpful)::integer;
    end if;
    update public.course_reviews
    set helpful_count = helpful_count + v_helpful, not_helpful_count = not_helpful_count + v_not_helpful
    where id = coalesce(new.review_id, old.review_id);
    return null;
end
$$;
comment on function private.count_review_votes() is 'Trigger: moves a review''s counters by the difference.';
create trigger trigger_count_review_votes after insert or delete on public.review_votes
    for each row execute function private.count_review_votes();
create trigger trigger_count_review_votes_on_change after update of is_helpful on public.review_votes
    for each row when (old.is_helpful <> new.is_helpful) execute function private.count_review_votes();

create function private.sees_course(p_course uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (select 1 from public.courses c where c.id = p_course and c.status = 'published')
        or p_course in (select private.my_enrolled_course_ids())
        or p_course in (select private.my_taught_course_ids())
        or coalesce(private.is_admin(), false)
$$;
comment on function private.sees_course(uuid) is 'Whether the person who asks, or a visitor, can see a course.';

create function public.vote_on_review(p_review uuid, p_helpful boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_author uuid;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to vote.');
    end if;
    select r.member_id into v_author from public.course_reviews r
    where r.id = p_review and r.is_approved and private.sees_course(r.course_id);
    if v_author is null then
        perform private.refuse('CG404', 'no_such_review', 'This review is not there any more.');
    elsif v_author = auth.uid() then
        perform private.refuse('CG403', 'own_review', 'You cannot vote on your own review.');
    elsif p_helpful is null then
        delete from public.review_votes where review_id = p_review and member_id = auth.uid();
    else
        insert into public.review_votes as v (review_id, member_id, is_helpful) values (p_review, auth.uid(), p_helpful)
        on conflict (review_id, member_id) do update set is_helpful = excluded.is_helpful
            where v.is_helpful <> excluded.is_helpful;
    end if;
end
$$;
comment on function public.vote_on_review(uuid, boolean) is
    'Says that a review is helpful or not, or takes it back (null). One vote a person. Raises CG403, CG404.';

create function public.read_reviews(p_course uuid, p_limit integer default 20, p_offset integer default 0)
returns table (
    id uuid, author text, rating integer, title text, review_text text, liked_aspects text[], improvement_areas text[],
    is_featured boolean, helpful_count integer, not_helpful_count integer, created_at timestamptz, mine boolean, my_vote boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id, private.public_name(r.member_id), r.rating, r.title, r.review_text, r.liked_aspects, r.improvement_areas,
        r.is_featured, r.helpful_count, r.not_helpful_count, r.created_at, coalesce(r.member_id = auth.uid(), false), v.is_helpful
    from public.course_reviews r
    left join public.review_votes v on v.review_id = r.id and v.member_id = auth.uid()
    where r.course_id = p_course and r.is_approved and private.sees_course(p_course)
    order by r.is_featured desc, r.helpful_count desc, r.id
    limit least(greatest(p_limit, 1), 100) offset greatest(p_offset, 0)
$$;
comment on function public.read_reviews(uuid, integer, integer) is
    'Approved reviews of a course, the most helpful first, with the first name and initial of who wrote each. For everybody who sees the course.';

grant execute on function public.write_review(uuid, integer, text, text, text[], text[]), public.vote_on_review(uuid, boolean),
    public.moderate_review(uuid, boolean, boolean) to authenticated;
grant execute on function public.read_reviews(uuid, integer, integer) to anon, authenticated;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.course_reviews enable row level security;
alter table public.review_votes enable row level security;
revoke all on public.course_reviews, public.review_votes from anon, authenticated, service_role;
grant select, insert, update, delete on public.course_reviews, public.review_votes to service_role;
grant select, delete on public.course_reviews to authenticated;
grant select on public.review_votes to authenticated;

create policy "Members view own reviews" on public.course_reviews for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Members take own reviews back" on public.course_reviews for delete to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
create policy "Members view own votes" on public.review_votes for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
