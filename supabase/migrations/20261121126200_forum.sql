-- The forum: answers that a team marks, posts that are reported, search, notices of replies, and reading page by page.
-- Rollback: drop the table, functions, triggers, indexes and the column below; make the functions of
-- 20261121101300_discussions.sql again.

alter table public.discussions add column answer_id uuid;
alter table public.discussions
    add constraint discussions_answer foreign key (answer_id, id)
        references public.discussion_posts (id, discussion_id) on delete set null (answer_id) not valid;
alter table public.discussions validate constraint discussions_answer;
comment on column public.discussions.answer_id is 'The post that the course''s team marked as the answer.';
create index idx_discussions_answer on public.discussions (answer_id, id);
create index idx_discussions_unanswered on public.discussions (course_id, is_pinned desc, last_post_at desc, id desc)
    where posts_count <= 1 and answer_id is null;
-- The same with the identities the other way round, so that one comparison of a row says where a page begins.
drop index public.idx_discussions_course;
create index idx_discussions_course on public.discussions (course_id, is_pinned desc, last_post_at desc, id desc);
create index idx_discussions_words on public.discussions using gin (to_tsvector('simple', private.fold(title)));
create index idx_discussion_posts_in_order on public.discussion_posts (discussion_id, created_at, id);
create index idx_discussion_posts_words on public.discussion_posts using gin (to_tsvector('simple', private.fold(body)));

-- post_reports ---------------------------------------------------------------------------------------------

create table public.post_reports (
    id uuid primary key default private.uuid_v7(),
    post_id uuid not null references public.discussion_posts (id) on delete cascade,
    course_id uuid not null references public.courses (id) on delete cascade,
    member_id uuid references public.profiles (id) on delete set null,
    reason text not null check (length(reason) between 1 and 500),
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    settled_by uuid references public.profiles (id) on delete set null,
    outcome text check (outcome in ('hidden', 'kept')),
    constraint post_reports_one_a_person unique (post_id, member_id),
    constraint settled_reports_have_an_outcome check ((settled_at is null) = (outcome is null))
);
comment on table public.post_reports is 'Posts that somebody asks the course''s team to look at, and what came of it.';
comment on column public.post_reports.member_id is 'Who reported it; the post''s author never learns it.';
create index idx_post_reports_course on public.post_reports (course_id, created_at desc, id desc);
create index idx_post_reports_open on public.post_reports (course_id, created_at desc, id desc) where settled_at is null;
create index idx_post_reports_member on public.post_reports (member_id);
create index idx_post_reports_settled_by on public.post_reports (settled_by);

alter table public.post_reports enable row level security;
revoke all on public.post_reports from anon, authenticated, service_role;
grant select, insert, update, delete on public.post_reports to service_role;
grant select on public.post_reports to authenticated;
create policy "People view own reports, moderators those of their courses" on public.post_reports for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
select private.audit_table('post_reports', 'log_post_report_changes', 'member_id', p_personal => '{reason}');

create function public.report_post(p_post uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_post public.discussion_posts;
    v_lesson uuid;
    v_reason text := nullif(btrim(p_reason, E' \n\r\t'), '');
begin
    select * into v_post from public.discussion_posts where id = p_post and deleted_at is null and hidden_at is null;
    select d.lesson_id into v_lesson from public.discussions d where d.id = v_post.discussion_id;
    perform private.enter_forum(v_post.course_id, v_lesson);
    if v_post.member_id = auth.uid() then
        perform private.refuse('CG409', 'own_post', 'This is your own post. You can change it or take it back.');
    elsif coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say what is wrong with the post, in at most 500 characters.');
    end if;
    insert into public.post_reports as r (post_id, course_id, member_id, reason)
    values (p_post, v_post.course_id, auth.uid(), v_reason)
    on conflict on constraint post_reports_one_a_person do update
        set reason = excluded.reason, created_at = now(), settled_at = null, settled_by = null, outcome = null;
end
$$;
comment on function public.report_post(uuid, text) is 'Asks the team of a course to look at a post. Once a person and post; again opens it again. Raises CG404, CG409, CG422.';

create function public.settle_reports(p_post uuid, p_reason text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid;
begin
    select p.course_id into v_course from public.discussion_posts p where p.id = p_post;
    if private.enter_forum(v_course, null) <> 'moderator' then
        perform private.refuse('CG403', 'moderators_only', 'Only the course''s instructors decide about reports.');
    end if;
    if p_reason is not null then
        perform public.hide_post(p_post, p_reason);
    end if;
    update public.post_reports set
        settled_at = now(), settled_by = auth.uid(), outcome = case when p_reason is null then 'kept' else 'hidden' end
    where post_id = p_post and settled_at is null;
end
$$;
comment on function public.settle_reports(uuid, text) is
    'Settles every open report of a post: with a reason the post is hidden, without one it is kept. Instructors of the course and administrators. Raises CG403, CG404, CG422.';

create function public.list_reports(
    p_course uuid, p_open boolean default true, p_limit integer default 20, p_after_at timestamptz default null, p_after_id uuid default null
) returns table (
    id uuid, post_id uuid, discussion_id uuid, discussion_title text, author text, body text, post_state text, reported_by text, reason text,
    created_at timestamptz, settled_at timestamptz, outcome text
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id, p.id, d.id, d.title, private.public_name(p.member_id), p.body,
        case when p.deleted_at is not null then 'taken back' when p.hidden_at is not null then 'hidden' else 'shown' end,
        private.public_name(r.member_id), r.reason, r.created_at, r.settled_at, r.outcome
    from public.post_reports r
    join public.discussion_posts p on p.id = r.post_id
    join public.discussions d on d.id = p.discussion_id
    where r.course_id = p_course
      and (p_course in (select private.my_taught_course_ids()) or coalesce(private.is_admin(), false))
      and (r.settled_at is null) = p_open
      and (p_after_at is null or (r.created_at, r.id) < (p_after_at, p_after_id))
    order by r.created_at desc, r.id desc
    limit least(greatest(p_limit, 1), 100)
$$;
comment on function public.list_reports(uuid, boolean, integer, timestamptz, uuid) is
    'Reports of posts of a course, open or settled, the newest first, after a place. For its instructors and administrators; no row for others.';

-- Writing --------------------------------------------------------------------------------------------------

create function private.keep_pace() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if auth.uid() is not null and (
        select count(*) from public.discussion_posts p where p.member_id = auth.uid() and p.created_at > now() - interval '1 minute'
    ) >= 10 then
        perform private.refuse('CG429', 'too_many_posts', 'That was very much in a short time. Wait a minute; then send this again.');
    end if;
    return new;
end
$$;
comment on function private.keep_pace() is 'Trigger: nobody posts more than ten times a minute. Raises CG429.';
create trigger keep_pace before insert on public.discussion_posts for each row execute function private.keep_pace();

create function private.tell_of_reply() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Who began the discussion and who is answered, where they can still read it.
    perform private.notify(
        w.member_id, 'discussion_reply', left('New reply: ' || d.title, 200),
        left(private.public_name(new.member_id) || ': ' || new.body, 300), '/learn/' || c.slug || '/discussions/' || d.id::text
    )
    from public.discussions d
    join public.courses c on c.id = d.course_id and c.enable_discussion_forum
    cross join lateral (
        select d.member_id union select a.member_id from public.discussion_posts a where a.id = new.parent_id
    ) w
    where d.id = new.discussion_id and w.member_id <> new.member_id
      and exists (select 1 from public.discussion_posts o where o.discussion_id = d.id and o.id <> new.id)
      and (
          c.instructor_id = w.member_id
          or exists (select 1 from public.course_instructors t where t.course_id = c.id and t.profile_id = w.member_id)
          or exists (
              select 1 from public.enrollments e
              where e.course_id = c.id and e.member_id = w.member_id and e.status in ('enrolled', 'in_progress', 'completed')
          )
      );
    return null;
end
$$;
comment on function private.tell_of_reply() is 'Trigger: tells who began a discussion, and who is answered, that somebody replied.';
create trigger tell_of_reply after insert on public.discussion_posts for each row execute function private.tell_of_reply();

create function private.drop_hidden_answer() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.discussions set answer_id = null where id = new.discussion_id and answer_id = new.id;
    return null;
end
$$;
comment on function private.drop_hidden_answer() is 'Trigger: what is hidden or taken back is no answer any more.';
create trigger drop_hidden_answer after update of deleted_at, hidden_at on public.discussion_posts
    for each row when (new.deleted_at is not null or new.hidden_at is not null) execute function private.drop_hidden_answer();

create function public.mark_answer(p_discussion uuid, p_post uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
begin
    select * into v_discussion from public.discussions where id = p_discussion for no key update;
    if private.enter_forum(v_discussion.course_id, v_discussion.lesson_id) <> 'moderator' then
        perform private.refuse('CG403', 'moderators_only', 'Only the course''s instructors mark an answer.');
    elsif p_post is not null and not exists (
        select 1 from public.discussion_posts p
        where p.id = p_post and p.discussion_id = p_discussion and p.deleted_at is null and p.hidden_at is null
          and exists (
              select 1 from public.discussion_posts o where o.discussion_id = p_discussion and (o.created_at, o.id) < (p.created_at, p.id)
          )
    ) then
        perform private.refuse('CG409', 'no_such_reply', 'Only a reply that is shown can be the answer.');
    end if;
    update public.discussions set answer_id = p_post where id = p_discussion;
end
$$;
comment on function public.mark_answer(uuid, uuid) is
    'Marks a reply as the answer of its discussion, or none (null). Instructors of the course and administrators. Raises CG403, CG404, CG409.';

create function public.rename_discussion(p_discussion uuid, p_title text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
    v_part text;
begin
    select * into v_discussion from public.discussions where id = p_discussion for no key update;
    v_part := private.enter_forum(v_discussion.course_id, v_discussion.lesson_id);
    if v_part <> 'moderator' and v_discussion.member_id is distinct from auth.uid() then
        perform private.refuse('CG403', 'not_your_discussion', 'Only who began a discussion, or an instructor, can rename it.');
    elsif v_part <> 'moderator' and v_discussion.is_locked then
        perform private.refuse('CG409', 'discussion_locked', 'This discussion is closed.');
    elsif coalesce(length(btrim(p_title, E' \n\r\t')), 0) not between 1 and 200 then
        perform private.refuse('CG422', 'title_length', 'Give the discussion a title of at most 200 characters.');
    end if;
    update public.discussions set title = btrim(p_title, E' \n\r\t') where id = p_discussion;
end
$$;
comment on function public.rename_discussion(uuid, text) is 'Gives a discussion another title: who began it, instructors, administrators. Raises CG403, CG404, CG409, CG422.';

-- Reading --------------------------------------------------------------------------------------------------

create function public.see_forum(p_slug text)
returns table (course_id uuid, slug text, title text, part text, open_reports bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course public.courses;
    v_part text;
begin
    select * into v_course from public.courses c where c.slug = p_slug;
    v_part := private.enter_forum(v_course.id, null);
    return query select v_course.id, v_course.slug, v_course.title, v_part,
        case when v_part = 'moderator'
            then (select count(*) from public.post_reports r where r.course_id = v_course.id and r.settled_at is null) else 0 end;
end
$$;
comment on function public.see_forum(text) is 'The forum of a course, and what the caller is in it: moderator or learner. Raises CG404.';

drop function public.list_discussions(uuid, integer, integer);
create function public.list_discussions(
    p_course uuid, p_limit integer default 20, p_words text default null, p_unanswered boolean default false,
    p_after_pinned boolean default null, p_after_at timestamptz default null, p_after_id uuid default null
) returns table (
    id uuid, lesson_id uuid, lesson_title text, title text, author text, mine boolean, is_pinned boolean, is_locked boolean,
    is_answered boolean, posts_count integer, last_post_at timestamptz, created_at timestamptz
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text := private.enter_forum(p_course, null);
    v_open uuid[] := array(select private.my_open_lesson_ids());
    v_words text := (
        select string_agg(quote_literal(w) || ':*', ' & ')
        from regexp_split_to_table(private.fold(left(p_words, 200)), '[^[:alnum:]]+') w where w <> ''
    );
    v_query tsquery := case when v_words is not null then to_tsquery('simple', v_words) end;
    v_all boolean := coalesce(btrim(p_words), '') = '';
    v_pinned boolean := coalesce(p_after_pinned, true);
    v_at timestamptz := coalesce(p_after_at, 'infinity');
    v_id uuid := coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
    return query
    select d.id, d.lesson_id, l.title, d.title, private.public_name(d.member_id), coalesce(d.member_id = auth.uid(), false),
        d.is_pinned, d.is_locked, d.answer_id is not null, d.posts_count, d.last_post_at, d.created_at
    from public.discussions d
    left join public.lessons l on l.id = d.lesson_id
    where d.course_id = p_course and (v_part = 'moderator' or d.lesson_id is null or d.lesson_id = any (v_open))
      and (d.is_pinned, d.last_post_at, d.id) < (v_pinned, v_at, v_id)
      and (not coalesce(p_unanswered, false) or (d.posts_count <= 1 and d.answer_id is null))
      and (
          v_all or to_tsvector('simple', private.fold(d.title)) @@ v_query
          or d.id in (
              select p.discussion_id from public.discussion_posts p
              where p.course_id = p_course and p.deleted_at is null and p.hidden_at is null
                and to_tsvector('simple', private.fold(p.body)) @@ v_query
          )
      )
    order by d.is_pinned desc, d.last_post_at desc, d.id desc
    limit least(greatest(p_limit, 1), 100);
end
$$;
comment on function public.list_discussions(uuid, integer, text, boolean, boolean, timestamptz, uuid) is
    'Discussions of a course, pinned ones first, then those where something was said last, after a place; of some words, or without a reply yet. Raises CG404.';

create function public.see_discussion(p_discussion uuid)
returns table (
    id uuid, course_id uuid, slug text, course_title text, lesson_id uuid, lesson_title text, title text, mine boolean,
    is_pinned boolean, is_locked boolean, answer_id uuid, posts_count integer, part text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
    v_part text;
begin
    select * into v_discussion from public.discussions d where d.id = p_discussion;
    v_part := private.enter_forum(v_discussion.course_id, v_discussion.lesson_id);
    return query
    select v_discussion.id, c.id, c.slug, c.title, l.id, l.title, v_discussion.title,
        coalesce(v_discussion.member_id = auth.uid(), false), v_discussion.is_pinned, v_discussion.is_locked,
        v_discussion.answer_id, v_discussion.posts_count, v_part
    from public.courses c left join public.lessons l on l.id = v_discussion.lesson_id
    where c.id = v_discussion.course_id;
end
$$;
comment on function public.see_discussion(uuid) is 'A discussion without its posts, and what the caller is in its forum. Raises CG404.';

drop function public.read_discussion(uuid, integer, integer);
create function public.read_discussion(
    p_discussion uuid, p_limit integer default 100, p_after_at timestamptz default null, p_after_id uuid default null
) returns table (
    id uuid, parent_id uuid, author text, mine boolean, by_team boolean, is_answer boolean, body text, created_at timestamptz,
    edited_at timestamptz, deleted boolean, hidden boolean, hidden_reason text, reported boolean, open_reports bigint
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
    v_part text;
begin
    select * into v_discussion from public.discussions d where d.id = p_discussion;
    v_part := private.enter_forum(v_discussion.course_id, v_discussion.lesson_id);
    return query
    select p.id, p.parent_id,
        case when p.deleted_at is null then private.public_name(p.member_id) end,
        coalesce(p.member_id = auth.uid(), false),
        exists (select 1 from public.courses c where c.id = p.course_id and c.instructor_id = p.member_id)
            or exists (select 1 from public.course_instructors t where t.course_id = p.course_id and t.profile_id = p.member_id),
        coalesce(p.id = v_discussion.answer_id, false),
        case when p.hidden_at is null or p.member_id = auth.uid() or v_part = 'moderator' then p.body end,
        p.created_at, p.edited_at, p.deleted_at is not null, p.hidden_at is not null,
        case when p.member_id = auth.uid() or v_part = 'moderator' then p.hidden_reason end,
        exists (select 1 from public.post_reports r where r.post_id = p.id and r.member_id = auth.uid() and r.settled_at is null),
        case when v_part = 'moderator'
            then (select count(*) from public.post_reports r where r.post_id = p.id and r.settled_at is null) else 0 end
    from public.discussion_posts p
    where p.discussion_id = p_discussion
      and (p.created_at, p.id) > (coalesce(p_after_at, '-infinity'), coalesce(p_after_id, '00000000-0000-0000-0000-000000000000'))
    order by p.created_at, p.id
    limit least(greatest(p_limit, 1), 500);
end
$$;
comment on function public.read_discussion(uuid, integer, timestamptz, uuid) is
    'Posts of a discussion in the order in which they were written, after a place, each with the post that it answers. '
    'Hidden words for their author and moderators only. Raises CG404.';

grant execute on function public.report_post(uuid, text), public.settle_reports(uuid, text),
    public.list_reports(uuid, boolean, integer, timestamptz, uuid), public.mark_answer(uuid, uuid), public.rename_discussion(uuid, text),
    public.see_forum(text), public.list_discussions(uuid, integer, text, boolean, boolean, timestamptz, uuid),
    public.see_discussion(uuid), public.read_discussion(uuid, integer, timestamptz, uuid) to authenticated;
