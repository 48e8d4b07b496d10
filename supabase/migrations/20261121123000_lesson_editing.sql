-- Writing lessons: which state of the text somebody works on, the states before, and who is at work.
-- content_blocks is small (the body of the lessons), so that validating its new constraint reads little.
-- Rollback: drop the tables and functions below, the triggers content_moves_its_revision_… and the constraint
-- content_has_a_length, and empty secret_columns of content_blocks in private.audit_tables.

alter table public.content_blocks add constraint content_has_a_length
    check (length(content::text) <= 1000000 and length(metadata::text) <= 20000) not valid;
alter table public.content_blocks validate constraint content_has_a_length;

-- Each autosave would write the whole text twice into the log; lesson_revisions keeps the text itself.
update private.audit_tables set secret_columns = '{content}' where table_name = 'content_blocks';

create table public.lesson_contents (
    lesson_id uuid primary key,
    course_id uuid not null,
    revision integer not null default 1 check (revision > 0),
    saved_at timestamptz not null default now(),
    saved_by uuid references public.profiles (id) on delete set null,
    saved_editor uuid,
    constraint lesson_contents_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_contents is
    'Which state the blocks of a lesson are in. Apart from lessons: whose rows change, changes the catalogue for everybody.';
comment on column public.lesson_contents.revision is 'Moves with every change of the blocks, whoever makes it. Who saves says which one he began with.';
comment on column public.lesson_contents.saved_editor is
    'The open page that saved last; null when somebody changed blocks in another way. A page goes on from what it saved itself.';
create index idx_lesson_contents_lesson on public.lesson_contents (lesson_id, course_id);
create index idx_lesson_contents_course on public.lesson_contents (course_id);
create index idx_lesson_contents_saved_by on public.lesson_contents (saved_by);

create table public.lesson_revisions (
    id uuid primary key default private.uuid_v7(),
    lesson_id uuid not null,
    course_id uuid not null,
    revision integer not null check (revision > 0),
    reason text not null check (reason in ('saved', 'conflict', 'restored')),
    blocks jsonb not null check (jsonb_typeof(blocks) = 'array' and length(blocks::text) <= 3000000),
    author_id uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint lesson_revisions_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_revisions is
    'The states that the blocks of a lesson were in, and what somebody wrote that met a newer state (conflict): nothing that was saved is lost.';
comment on column public.lesson_revisions.revision is 'The state''s number; of a conflict the one that its writer began with.';
comment on column public.lesson_revisions.blocks is 'All blocks in their order: [{id, type, content, metadata}].';
create index idx_lesson_revisions_lesson on public.lesson_revisions (lesson_id, id desc);
create index idx_lesson_revisions_course on public.lesson_revisions (course_id);
create index idx_lesson_revisions_parent on public.lesson_revisions (lesson_id, course_id);
create index idx_lesson_revisions_author on public.lesson_revisions (author_id);
create index idx_lesson_revisions_created on public.lesson_revisions (created_at);
create trigger update_lesson_revisions_updated_at before update on public.lesson_revisions
    for each row execute function public.update_updated_at_column();

create table public.lesson_editors (
    lesson_id uuid not null,
    user_id uuid not null references public.profiles (id) on delete cascade,
    course_id uuid not null,
    seen_at timestamptz not null default now(),
    primary key (lesson_id, user_id),
    constraint lesson_editors_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_editors is 'Who has a lesson open to write it. Their pages say so every 15 seconds; after 45 nobody is there.';
create index idx_lesson_editors_lesson on public.lesson_editors (lesson_id, course_id);
create index idx_lesson_editors_user on public.lesson_editors (user_id);
create index idx_lesson_editors_course on public.lesson_editors (course_id);
create index idx_lesson_editors_seen on public.lesson_editors (seen_at);

insert into private.audit_exempt (table_name, reason) values
    ('lesson_contents', 'Counts the changes of content_blocks, which are logged.'),
    ('lesson_revisions', 'A history of its own: who wrote what and when.'),
    ('lesson_editors', 'Who has a page open, for a minute.');

-- The number moves with the blocks ---------------------------------------------------------------------------

create function private.move_content_revision() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- In one order, so that two writers of several lessons wait for each other and not in a circle.
    insert into public.lesson_contents as c (lesson_id, course_id, saved_by)
    select l.id, l.course_id, auth.uid() from public.lessons l
    where l.id in (select lesson_id from moved) order by l.id
    on conflict (lesson_id) do update set
        revision = c.revision + 1, saved_at = now(), saved_by = excluded.saved_by, saved_editor = null;
    return null;
end
$$;
comment on function private.move_content_revision() is 'Trigger: a change of a lesson''s blocks moves its number, whoever makes it.';
create trigger content_moves_its_revision_insert after insert on public.content_blocks
    referencing new table as moved for each statement execute function private.move_content_revision();
create trigger content_moves_its_revision_update after update on public.content_blocks
    referencing new table as moved for each statement execute function private.move_content_revision();
create trigger content_moves_its_revision_delete after delete on public.content_blocks
    referencing old table as moved for each statement execute function private.move_content_revision();
insert into public.lesson_contents (lesson_id, course_id)
select distinct lesson_id, course_id from public.content_blocks;

create function private.lesson_blocks(p_lesson uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(jsonb_build_object('id', id, 'type', type, 'content', content, 'metadata', metadata) order by order_index), '[]'
    )
    from public.content_blocks where lesson_id = p_lesson
$$;
comment on function private.lesson_blocks(uuid) is 'All blocks of a lesson as lesson_revisions keeps them.';

create function private.writable_lesson(p_lesson uuid) returns public.lessons
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons;
begin
    select * into v_lesson from public.lessons l
    where l.id = p_lesson and (l.course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if v_lesson.id is null then
        perform private.refuse('CG404', 'no_such_lesson', 'There is no such lesson in a course that you teach.');
    end if;
    return v_lesson;
end
$$;
comment on function private.writable_lesson(uuid) is 'A lesson that the person who asks may write. Raises CG404.';

create function private.checked_blocks(p_lesson uuid, p_blocks jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_block jsonb;
    v_place integer := 0;
    v_blocks jsonb := '[]';
begin
    if coalesce(jsonb_typeof(p_blocks) <> 'array' or jsonb_array_length(p_blocks) > 300 or length(p_blocks::text) > 3000000, true) then
        perform private.refuse('CG422', 'too_much_content', 'A lesson holds at most 300 parts and 3 million characters. Divide it into two lessons.');
    end if;
    for v_block in select * from jsonb_array_elements(p_blocks) loop
        v_place := v_place + 1;
        if coalesce(
            v_block ->> 'type' not in ('rich_text', 'image', 'video', 'file', 'youtube')
            or v_block ->> 'id' !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            or length(v_block ->> 'content') > 1000000
            or length(v_block ->> 'metadata') > 20000
            or jsonb_typeof(v_block -> 'metadata') <> 'object', true)
        then
            perform private.refuse('CG422', 'bad_block', format('Part %s of the lesson is not whole. Nothing was saved.', v_place));
        end if;
        if not coalesce(private.is_content((v_block ->> 'type')::public.content_type, v_block -> 'content'), false) then
            perform private.refuse('CG422', 'bad_block', format('Part %s of the lesson is not whole. Nothing was saved.', v_place));
        end if;
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object(
            'id', v_block -> 'id', 'type', v_block -> 'type', 'content', v_block -> 'content', 'metadata', v_block -> 'metadata'));
    end loop;
    if (select count(distinct b ->> 'id') from jsonb_array_elements(v_blocks) b) <> v_place or exists (
        select 1 from public.content_blocks c
        where c.id in (select (b ->> 'id')::uuid from jsonb_array_elements(v_blocks) b) and c.lesson_id <> p_lesson
    ) then
        perform private.refuse('CG422', 'foreign_block', 'A part of the lesson stands twice, or in another lesson. Nothing was saved.');
    end if;
    return v_blocks;
end
$$;
comment on function private.checked_blocks(uuid, jsonb) is 'Blocks in the form that is kept; raises CG422 with the number of the one that is not whole.';

-- Saving -----------------------------------------------------------------------------------------------------

create function private.write_blocks(p_lesson public.lessons, p_blocks jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.content_blocks c
    where c.lesson_id = p_lesson.id and c.id not in (select (b ->> 'id')::uuid from jsonb_array_elements(p_blocks) b);
    -- What did not change is not touched: readers keep their place in it, and the log stays short.
    with given as (
        select (b ->> 'id')::uuid as id, (b ->> 'type')::public.content_type as type, b -> 'content' as content,
            b -> 'metadata' as metadata, place::integer as place
        from jsonb_array_elements(p_blocks) with ordinality e (b, place)
    )
    insert into public.content_blocks as c (id, lesson_id, course_id, type, content, metadata, order_index)
    select id, p_lesson.id, p_lesson.course_id, type, content, metadata, place from given
    on conflict (id) do update set
        type = excluded.type, content = excluded.content, metadata = excluded.metadata, order_index = excluded.order_index
    where (c.type, c.content, c.metadata, c.order_index)
        is distinct from (excluded.type, excluded.content, excluded.metadata, excluded.order_index);
end
$$;
comment on function private.write_blocks(public.lessons, jsonb) is 'Makes the blocks of a lesson be these, in this order.';

create function private.keep_revision(p_lesson public.lessons, p_revision integer, p_reason text, p_blocks jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_last public.lesson_revisions;
begin
    select * into v_last from public.lesson_revisions where lesson_id = p_lesson.id and reason <> 'conflict' order by id desc limit 1;
    -- Who types on replaces what he saved in the same minute; whatever takes something away begins a new state.
    if p_reason = 'saved' and v_last.reason = 'saved' and v_last.author_id = auth.uid()
        and v_last.created_at > now() - interval '1 minute' and length(p_blocks::text) >= length(v_last.blocks::text)
    then
        update public.lesson_revisions set blocks = p_blocks, revision = p_revision where id = v_last.id;
    else
        insert into public.lesson_revisions (lesson_id, course_id, revision, reason, blocks, author_id)
        values (p_lesson.id, p_lesson.course_id, p_revision, p_reason, p_blocks, auth.uid());
    end if;
end
$$;
comment on function private.keep_revision(public.lessons, integer, text, jsonb) is 'Keeps a state of a lesson''s blocks in its history.';

create function public.save_lesson_content(
    p_lesson uuid, p_base integer, p_blocks jsonb, p_editor uuid default null, p_reason text default 'saved'
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.writable_lesson(p_lesson);
    v_blocks jsonb := private.checked_blocks(p_lesson, p_blocks);
    v_now public.lesson_contents;
    v_before jsonb;
begin
    if p_reason not in ('saved', 'restored') or p_reason is null then
        perform private.refuse('CG422', 'bad_reason', 'Content is saved or restored.');
    end if;
    insert into public.lesson_contents (lesson_id, course_id) values (v_lesson.id, v_lesson.course_id) on conflict do nothing;
    select * into v_now from public.lesson_contents where lesson_id = p_lesson for update;
    v_before := private.lesson_blocks(p_lesson);
    if v_before = v_blocks then
        -- Also the answer to who sends again what arrived the first time.
        return v_now.revision;
    end if;
    if p_base is distinct from v_now.revision and (p_editor is null or p_editor is distinct from v_now.saved_editor) then
        perform private.refuse('CG409', 'edited_meanwhile',
            'Somebody else has changed this lesson since you opened it. What you wrote is not lost: compare both, and choose.');
    end if;
    if v_before <> '[]' and not exists (
        select 1 from public.lesson_revisions r where r.lesson_id = p_lesson and r.revision = v_now.revision and r.reason <> 'conflict'
    ) then
        -- What stood there before anybody saved in this way can be brought back too.
        insert into public.lesson_revisions (lesson_id, course_id, revision, reason, blocks, author_id, created_at)
        values (v_lesson.id, v_lesson.course_id, v_now.revision, 'saved', v_before, v_now.saved_by, v_now.saved_at);
    end if;
    perform private.write_blocks(v_lesson, v_blocks);
    update public.lesson_contents set saved_editor = p_editor, saved_by = auth.uid(), saved_at = now()
    where lesson_id = p_lesson returning * into v_now;
    perform private.keep_revision(v_lesson, v_now.revision, p_reason, v_blocks);
    return v_now.revision;
end
$$;
comment on function public.save_lesson_content(uuid, integer, jsonb, uuid, text) is
    'Makes the blocks of a lesson be these and answers the new state''s number. p_base is the state that they were made from; raises CG409 edited_meanwhile when there is a newer one that p_editor did not save itself: keep them with keep_lesson_conflict then.';
grant execute on function public.save_lesson_content(uuid, integer, jsonb, uuid, text) to authenticated;

create function public.keep_lesson_conflict(p_lesson uuid, p_base integer, p_blocks jsonb) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.writable_lesson(p_lesson);
    v_blocks jsonb := private.checked_blocks(p_lesson, p_blocks);
    v_last public.lesson_revisions;
    v_id uuid;
begin
    -- Who sends it twice at once is waited for.
    perform 1 from public.lesson_contents where lesson_id = p_lesson for update;
    select * into v_last from public.lesson_revisions
    where lesson_id = p_lesson and reason = 'conflict' and author_id = auth.uid() order by id desc limit 1;
    if v_last.blocks = v_blocks then
        return v_last.id;
    end if;
    insert into public.lesson_revisions (lesson_id, course_id, revision, reason, blocks, author_id)
    values (v_lesson.id, v_lesson.course_id, greatest(p_base, 1), 'conflict', v_blocks, auth.uid()) returning id into v_id;
    return v_id;
end
$$;
comment on function public.keep_lesson_conflict(uuid, integer, jsonb) is
    'Keeps in the history what somebody wrote that met a newer state of the lesson; the lesson itself stays. The same twice is kept once.';
grant execute on function public.keep_lesson_conflict(uuid, integer, jsonb) to authenticated;

create function public.note_editing(p_lesson uuid, p_here boolean default true)
returns table (user_id uuid, name text, seen_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.writable_lesson(p_lesson);
begin
    if p_here then
        insert into public.lesson_editors as e (lesson_id, user_id, course_id) values (p_lesson, auth.uid(), v_lesson.course_id)
        on conflict on constraint lesson_editors_pkey do update set seen_at = now();
    else
        delete from public.lesson_editors e where e.lesson_id = p_lesson and e.user_id = auth.uid();
    end if;
    return query
        select e.user_id, coalesce(nullif(btrim(concat_ws(' ', p.first_name, p.last_name)), ''), 'Somebody'), e.seen_at
        from public.lesson_editors e join public.profiles p on p.id = e.user_id
        where e.lesson_id = p_lesson and e.user_id <> auth.uid() and e.seen_at > now() - interval '45 seconds'
        order by 2;
end
$$;
comment on function public.note_editing(uuid, boolean) is
    'Says that the person who asks has a lesson open to write it (or has closed it), and answers who else has.';
grant execute on function public.note_editing(uuid, boolean) to authenticated;

create function private.thin_lesson_revisions(p_most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_done integer;
begin
    delete from public.lesson_revisions r where r.id in (
        select o.id from public.lesson_revisions o
        where (o.reason = 'conflict' and o.created_at < now() - interval '90 days')
           or (o.reason <> 'conflict' and o.created_at < now() - interval '1 day' and exists (
                select 1 from public.lesson_revisions n
                where n.lesson_id = o.lesson_id and n.reason <> 'conflict' and n.id > o.id
                  and n.created_at < (date_trunc('day', o.created_at at time zone 'UTC') + interval '1 day') at time zone 'UTC'
           ))
        order by o.id limit p_most
    );
    get diagnostics v_done = row_count;
    delete from public.lesson_editors e where e.seen_at < now() - interval '1 day';
    return v_done;
end
$$;
comment on function private.thin_lesson_revisions(integer) is
    'Removes old states of lessons: all of the last day stay, of each day before it the last, and conflicts for 90 days. Answers how many went.';
grant execute on function private.thin_lesson_revisions(integer) to service_role;

-- Access -----------------------------------------------------------------------------------------------------

alter table public.lesson_contents enable row level security;
alter table public.lesson_revisions enable row level security;
alter table public.lesson_editors enable row level security;
revoke all on public.lesson_contents, public.lesson_revisions, public.lesson_editors from anon, authenticated, service_role;
grant select on public.lesson_contents, public.lesson_revisions, public.lesson_editors to authenticated;
grant select, insert, update, delete on public.lesson_contents, public.lesson_revisions, public.lesson_editors to service_role;

create policy "Instructors view states of own lessons" on public.lesson_contents for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view the history of own lessons" on public.lesson_revisions for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view who writes own lessons" on public.lesson_editors for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
