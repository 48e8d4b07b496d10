-- Discussions: a forum for each course that has one (courses.enable_discussion_forum), for its learners, its instructors and
-- administrators. Everything is written and read through functions: they show names, never profiles, and no words that were
-- hidden or taken back.
-- Rollback: drop the tables and functions below.

create table public.discussions (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    lesson_id uuid,
    member_id uuid references public.profiles (id) on delete set null,
    title text not null check (length(title) between 1 and 200),
    is_pinned boolean not null default false,
    is_locked boolean not null default false,
    posts_count integer not null default 0 check (posts_count >= 0),
    last_post_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint discussions_id_course unique (id, course_id),
    constraint discussions_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete set null (lesson_id)
);
comment on table public.discussions is 'A conversation about a course, or about one of its lessons.';
comment on column public.discussions.is_locked is 'Learners may read it and not write in it.';
comment on column public.discussions.posts_count is 'Posts that can be read; kept by trigger_count_discussion_posts.';
create index idx_discussions_course on public.discussions (course_id, is_pinned desc, last_post_at desc, id);
create index idx_discussions_lesson on public.discussions (lesson_id, course_id);
create index idx_discussions_member on public.discussions (member_id);
create trigger update_discussions_updated_at before update of title, is_pinned, is_locked on public.discussions
    for each row execute function public.update_updated_at_column();

create table public.discussion_posts (
    id uuid primary key default private.uuid_v7(),
    discussion_id uuid not null,
    course_id uuid not null,
    parent_id uuid,
    member_id uuid references public.profiles (id) on delete set null,
    body text check (length(body) between 1 and 10000),
    created_at timestamptz not null default now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    hidden_at timestamptz,
    hidden_by uuid references public.profiles (id) on delete set null,
    hidden_reason text check (length(hidden_reason) between 1 and 500),
    constraint discussion_posts_id_discussion unique (id, discussion_id),
    constraint discussion_posts_discussion foreign key (discussion_id, course_id)
        references public.discussions (id, course_id) on delete cascade,
    constraint discussion_posts_parent foreign key (parent_id, discussion_id)
        references public.discussion_posts (id, discussion_id) on delete set null (parent_id),
    constraint posts_answer_another check (parent_id <> id),
    constraint deleted_posts_say_nothing check ((deleted_at is null) = (body is not null)),
    constraint hidden_posts_have_a_reason check ((hidden_at is null) = (hidden_reason is null))
);
comment on table public.discussion_posts is
    'What was said. A post that its author took back loses its words and keeps its place; one that was hidden keeps both.';
create index idx_discussion_posts_discussion on public.discussion_posts (discussion_id, course_id, id);
create index idx_discussion_posts_course on public.discussion_posts (course_id);
create index idx_discussion_posts_parent on public.discussion_posts (parent_id, discussion_id);
create index idx_discussion_posts_member on public.discussion_posts (member_id, created_at);
create index idx_discussion_posts_hidden_by on public.discussion_posts (hidden_by);

create function private.count_discussion_posts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_change integer := 0;
begin
    if tg_op <> 'INSERT' then
        v_change := v_change - (old.deleted_at is null and old.hidden_at is null)::integer;
    end if;
    if tg_op <> 'DELETE' then
        v_change := v_change + (new.deleted_at is null and new.hidden_at is null)::integer;
    end if;
    if v_change <> 0 then
        update public.discussions set
            posts_count = posts_count + v_change,
            last_post_at = case when tg_op = 'INSERT' then greatest(last_post_at, new.created_at) else last_post_at end
        where id = coalesce(new.discussion_id, old.discussion_id);
    end if;
    return null;
end
$$;
comment on function private.count_discussion_posts() is 'Trigger: moves a discussion''s counter by the difference.';
create trigger trigger_count_discussion_posts after insert or delete on public.discussion_posts
    for each row execute function private.count_discussion_posts();
create trigger trigger_count_discussion_posts_on_change after update of deleted_at, hidden_at on public.discussion_posts
    for each row execute function private.count_discussion_posts();

-- Who may do what ------------------------------------------------------------------------------------------

create function private.forum_part(p_course uuid, p_lesson uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case
        when not exists (select 1 from public.courses c where c.id = p_course and c.enable_discussion_forum) then null
        when p_course in (select private.my_taught_course_ids()) or coalesce(private.is_admin(), false) then 'moderator'
        -- What is said of a lesson tells what it teaches.
        when p_course in (select private.my_enrolled_course_ids())
            and (p_lesson is null or p_lesson in (select private.my_open_lesson_ids())) then 'learner'
    end
$$;
comment on function private.forum_part(uuid, uuid) is
    'What the person who asks is in the forum of a course, and of a lesson that is named: moderator, learner, or null for nobody.';

create function private.enter_forum(p_course uuid, p_lesson uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text := private.forum_part(p_course, p_lesson);
begin
    if v_part is null then
        perform private.refuse('CG404', 'no_forum', 'There is no discussion here that you take part in. Enrol in the course first.');
    end if;
    return v_part;
end
$$;
comment on function private.enter_forum(uuid, uuid) is 'private.forum_part(), or CG404 for who has none.';

create function private.check_body(p_body text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(length(btrim(p_body, E' \n\r\t')), 0) not between 1 and 10000 then
        perform private.refuse('CG422', 'body_length', 'Write something, in at most 10000 characters.');
    end if;
    return btrim(p_body, E' \n\r\t');
end
$$;
comment on function private.check_body(text) is 'The words of a post without blanks around them; CG422 when there are none or too many.';

create function private.my_post(p_post uuid) returns public.discussion_posts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_post public.discussion_posts;
    v_discussion public.discussions;
begin
    select * into v_post from public.discussion_posts where id = p_post and member_id = auth.uid() and deleted_at is null for no key update;
    if v_post.id is null then
        perform private.refuse('CG404', 'no_such_post', 'This post is not there any more, or is not yours.');
    end if;
    select * into v_discussion from public.discussions where id = v_post.discussion_id;
    if private.enter_forum(v_discussion.course_id, v_discussion.lesson_id) = 'learner' and v_discussion.is_locked then
        perform private.refuse('CG409', 'discussion_locked', 'This discussion is closed.');
    elsif v_post.hidden_at is not null then
        perform private.refuse('CG409', 'post_hidden', 'This post was hidden by an instructor and cannot be changed.');
    end if;
    return v_post;
end
$$;
comment on function private.my_post(uuid) is 'A post of the caller that he may still change. Raises CG404, CG409.';

-- Writing --------------------------------------------------------------------------------------------------

create function public.start_discussion(p_course uuid, p_title text, p_body text, p_lesson uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion uuid;
    v_body text := private.check_body(p_body);
begin
    perform private.enter_forum(p_course, p_lesson);
    if coalesce(length(btrim(p_title, E' \n\r\t')), 0) not between 1 and 200 then
        perform private.refuse('CG422', 'title_length', 'Give the discussion a title of at most 200 characters.');
    elsif p_lesson is not null and not exists (select 1 from public.lessons l where l.id = p_lesson and l.course_id = p_course) then
        perform private.refuse('CG404', 'no_such_lesson', 'This lesson is not part of the course.');
    end if;
    insert into public.discussions (course_id, lesson_id, member_id, title) values (p_course, p_lesson, auth.uid(), btrim(p_title, E' \n\r\t'))
    returning id into v_discussion;
    insert into public.discussion_posts (discussion_id, course_id, member_id, body) values (v_discussion, p_course, auth.uid(), v_body);
    return v_discussion;
end
$$;
comment on function public.start_discussion(uuid, text, text, uuid) is 'Starts a discussion with its first post. Raises CG404, CG422.';

create function public.post_reply(p_discussion uuid, p_body text, p_parent uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
    v_post uuid;
    v_body text := private.check_body(p_body);
begin
    -- Its counter is about to move; a discussion that is being locked takes no more posts.
    select * into v_discussion from public.discussions where id = p_discussion for no key update;
    if private.enter_forum(v_discussion.course_id, v_discussion.lesson_id) = 'learner' and v_discussion.is_locked then
        perform private.refuse('CG409', 'discussion_locked', 'This discussion is closed.');
    elsif p_parent is not null and not exists (
        select 1 from public.discussion_posts p
        where p.id = p_parent and p.discussion_id = p_discussion and p.deleted_at is null and p.hidden_at is null
    ) then
        perform private.refuse('CG409', 'no_such_post', 'The post that you answer is not there any more.');
    end if;
    insert into public.discussion_posts (discussion_id, course_id, parent_id, member_id, body)
    values (p_discussion, v_discussion.course_id, p_parent, auth.uid(), v_body)
    returning id into v_post;
    return v_post;
end
$$;
comment on function public.post_reply(uuid, text, uuid) is 'Adds a post to a discussion, or an answer to one of its posts. Raises CG404, CG409, CG422.';

create function public.edit_post(p_post uuid, p_body text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_body text := private.check_body(p_body);
    v_post public.discussion_posts := private.my_post(p_post);
begin
    update public.discussion_posts set body = v_body, edited_at = now() where id = v_post.id and body <> v_body;
end
$$;
comment on function public.edit_post(uuid, text) is 'Changes the words of the caller''s own post; that it was edited is shown. Raises CG404, CG409, CG422.';

create function public.delete_post(p_post uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_post public.discussion_posts := private.my_post(p_post);
begin
    update public.discussion_posts set deleted_at = now(), body = null where id = v_post.id;
end
$$;
comment on function public.delete_post(uuid) is 'Takes the caller''s own post back: its words are gone, its place among the answers stays. Raises CG404, CG409.';

create function public.hide_post(p_post uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_post public.discussion_posts;
    v_reason text := nullif(btrim(p_reason, E' \n\r\t'), '');
begin
    select * into v_post from public.discussion_posts where id = p_post for no key update;
    if private.enter_forum(v_post.course_id, null) <> 'moderator' then
        perform private.refuse('CG403', 'moderators_only', 'Only the course''s instructors can hide a post.');
    elsif p_reason is not null and coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the post is hidden, in at most 500 characters.');
    end if;
    update public.discussion_posts set
        hidden_at = case when v_reason is not null then coalesce(hidden_at, now()) end,
        hidden_by = case when v_reason is not null then auth.uid() end,
        hidden_reason = v_reason
    where id = p_post;
end
$$;
comment on function public.hide_post(uuid, text) is 'Hides a post for a stated reason, or shows it again (null). Instructors of the course and administrators. Raises CG403, CG404, CG422.';

create function public.moderate_discussion(p_discussion uuid, p_pinned boolean, p_locked boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
begin
    select * into v_discussion from public.discussions where id = p_discussion for no key update;
    if private.enter_forum(v_discussion.course_id, v_discussion.lesson_id) <> 'moderator' then
        perform private.refuse('CG403', 'moderators_only', 'Only the course''s instructors can pin or close a discussion.');
    end if;
    update public.discussions set is_pinned = coalesce(p_pinned, is_pinned), is_locked = coalesce(p_locked, is_locked) where id = p_discussion;
end
$$;
comment on function public.moderate_discussion(uuid, boolean, boolean) is
    'Pins or closes a discussion; null leaves as it is. Instructors of the course and administrators. Raises CG403, CG404.';

-- Reading --------------------------------------------------------------------------------------------------

create function public.list_discussions(p_course uuid, p_limit integer default 20, p_offset integer default 0)
returns table (
    id uuid, lesson_id uuid, title text, author text, mine boolean, is_pinned boolean, is_locked boolean, posts_count integer,
    last_post_at timestamptz, created_at timestamptz
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text := private.enter_forum(p_course, null);
    v_open uuid[] := array(select private.my_open_lesson_ids());
begin
    return query
    select d.id, d.lesson_id, d.title, private.public_name(d.member_id), coalesce(d.member_id = auth.uid(), false),
        d.is_pinned, d.is_locked, d.posts_count, d.last_post_at, d.created_at
    from public.discussions d
    where d.course_id = p_course and (v_part = 'moderator' or d.lesson_id is null or d.lesson_id = any (v_open))
    order by d.is_pinned desc, d.last_post_at desc, d.id
    limit least(greatest(p_limit, 1), 100) offset greatest(p_offset, 0);
end
$$;
comment on function public.list_discussions(uuid, integer, integer) is 'Discussions of a course, pinned ones first, then those where something was said last. Raises CG404.';

create function public.read_discussion(p_discussion uuid, p_limit integer default 100, p_offset integer default 0)
returns table (
    id uuid, parent_id uuid, author text, mine boolean, body text, created_at timestamptz, edited_at timestamptz,
    deleted boolean, hidden boolean, hidden_reason text
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
        case when p.hidden_at is null or p.member_id = auth.uid() or v_part = 'moderator' then p.body end,
        p.created_at, p.edited_at, p.deleted_at is not null, p.hidden_at is not null,
        case when p.member_id = auth.uid() or v_part = 'moderator' then p.hidden_reason end
    from public.discussion_posts p
    where p.discussion_id = p_discussion
    order by p.created_at, p.id
    limit least(greatest(p_limit, 1), 500) offset greatest(p_offset, 0);
end
$$;
comment on function public.read_discussion(uuid, integer, integer) is
    'Posts of a discussion in the order in which they were written, each with the post that it answers. Hidden words for their author and moderators only. Raises CG404.';

grant execute on function public.start_discussion(uuid, text, text, uuid), public.post_reply(uuid, text, uuid), public.edit_post(uuid, text),
    public.delete_post(uuid), public.hide_post(uuid, text), public.moderate_discussion(uuid, boolean, boolean),
    public.list_discussions(uuid, integer, integer), public.read_discussion(uuid, integer, integer) to authenticated;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.discussions enable row level security;
alter table public.discussion_posts enable row level security;
revoke all on public.discussions, public.discussion_posts from anon, authenticated, service_role;
grant select, insert, update, delete on public.discussions, public.discussion_posts to service_role;
grant select on public.discussions, public.discussion_posts to authenticated;

create policy "People view own discussions, moderators those of their courses" on public.discussions for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "People view own posts, moderators those of their courses" on public.discussion_posts for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
