-- What people have seen of discussions, so that a forum shows where something is new; and documents that were taken away no
-- longer count as something to read.
-- Rollback: drop the table and the two functions below; restore private.has_document from 20261121120040_moving.sql.

create table public.discussion_reading (
    member_id uuid not null references public.profiles (id) on delete cascade,
    discussion_id uuid not null,
    course_id uuid not null references public.courses (id) on delete cascade,
    seen_at timestamptz not null default now(),
    primary key (member_id, discussion_id),
    constraint discussion_reading_discussion foreign key (discussion_id, course_id)
        references public.discussions (id, course_id) on delete cascade
);
comment on table public.discussion_reading is 'When each person last saw the end of a discussion. What was said later is new to him.';
create index idx_discussion_reading_discussion on public.discussion_reading (discussion_id, course_id);
create index idx_discussion_reading_course on public.discussion_reading (course_id);

alter table public.discussion_reading enable row level security;
revoke all on public.discussion_reading from anon, authenticated, service_role;
grant select, insert, update, delete on public.discussion_reading to service_role;
grant select on public.discussion_reading to authenticated;
create policy "People view what they have seen" on public.discussion_reading for select to authenticated
    using (member_id = (select auth.uid()));
insert into private.audit_exempt (table_name, reason) values
    ('discussion_reading', 'What somebody has read; it changes at every look.');

create function public.see_posts(p_discussion uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_discussion public.discussions;
begin
    select * into v_discussion from public.discussions d where d.id = p_discussion;
    perform private.enter_forum(v_discussion.course_id, v_discussion.lesson_id);
    insert into public.discussion_reading as r (member_id, discussion_id, course_id)
    values (auth.uid(), p_discussion, v_discussion.course_id)
    on conflict (member_id, discussion_id) do update set seen_at = now()
    where r.seen_at < v_discussion.last_post_at;
end
$$;
comment on function public.see_posts(uuid) is 'Notes that the caller saw everything that a discussion holds now. Raises CG404.';
grant execute on function public.see_posts(uuid) to authenticated;

create function public.see_all_posts(p_course uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text := private.enter_forum(p_course, null);
    v_open uuid[] := array(select private.my_open_lesson_ids());
begin
    insert into public.discussion_reading as r (member_id, discussion_id, course_id)
    select auth.uid(), d.id, d.course_id
    from public.discussions d
    left join public.discussion_reading s on s.discussion_id = d.id and s.member_id = auth.uid()
    where d.course_id = p_course and (v_part = 'moderator' or d.lesson_id is null or d.lesson_id = any (v_open))
      and (s.seen_at is null or s.seen_at < d.last_post_at)
    order by d.id
    on conflict (member_id, discussion_id) do update set seen_at = now();
end
$$;
comment on function public.see_all_posts(uuid) is 'Notes that nothing in the forum of a course is new to the caller. Raises CG404.';
grant execute on function public.see_all_posts(uuid) to authenticated;

create or replace function private.has_document(p_lesson uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (select 1 from public.lesson_documents d where d.lesson_id = p_lesson)
        or exists (select 1 from public.lesson_attachments a where a.lesson_id = p_lesson and a.removed_at is null)
        or exists (select 1 from public.content_blocks b where b.lesson_id = p_lesson and b.type = 'file')
$$;
