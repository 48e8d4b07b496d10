-- How far a person is in each piece of a lesson, and the seconds that the server's clock allows him for it.
-- The constraint added to content_blocks builds one index under a lock: that table is small (the body of the lessons).
-- Rollback: drop the tables and functions below and the constraint content_blocks_identity.

alter table public.content_blocks add constraint content_blocks_identity unique (id, lesson_id, course_id, type);

create table public.learning_progress (
    id uuid primary key default private.uuid_v7(),
    student_id uuid not null references public.profiles (id) on delete cascade,
    content_id uuid not null,
    lesson_id uuid not null,
    course_id uuid not null,
    content_type public.content_type not null,
    progress_data jsonb not null default '{}' check (jsonb_typeof(progress_data) = 'object' and length(progress_data::text) <= 4000),
    completed_at timestamptz,
    time_spent integer not null default 0 check (time_spent >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_progress_a_block unique (student_id, content_id),
    -- A convenience, not evidence: a block may be moved or removed whoever has read it.
    constraint learning_progress_content foreign key (content_id, lesson_id, course_id, content_type)
        references public.content_blocks (id, lesson_id, course_id, type) on update cascade on delete cascade
);
comment on table public.learning_progress is
    'How far somebody is in a piece of a lesson. Written by public.note_block_progress; completes no lesson.';
comment on column public.learning_progress.content_type is 'Follows from content_id, as lesson_id and course_id do; the composite foreign key keeps them true.';
comment on column public.learning_progress.progress_data is 'What the page wants to remember, such as where the reader was. The reader''s own word.';
comment on column public.learning_progress.time_spent is 'Seconds. Each second of a person counts once, whatever he has open.';
create index idx_learning_progress_content on public.learning_progress (content_id, lesson_id, course_id, content_type);
create index idx_learning_progress_lesson on public.learning_progress (student_id, lesson_id);
create index idx_learning_progress_course on public.learning_progress (course_id);
create trigger update_learning_progress_updated_at before update on public.learning_progress
    for each row execute function public.update_updated_at_column();

create table private.reading_clocks (
    student_id uuid primary key references public.profiles (id) on delete cascade,
    counted_until timestamptz not null
);
comment on table private.reading_clocks is 'Up to which instant a person''s time has been counted: one clock for all that he reads.';
alter table private.reading_clocks enable row level security;

create function public.note_block_progress(
    p_content uuid, p_seconds integer default 0, p_data jsonb default null, p_done boolean default false
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_block public.content_blocks;
    v_enrollment public.enrollments;
    v_opened timestamptz;
    v_from timestamptz;
    v_counted integer;
begin
    if coalesce(p_seconds not between 0 and 86400, true) then
        perform private.refuse('CG422', 'bad_seconds', 'The time spent is a number of seconds from 0 to 86400.');
    elsif jsonb_typeof(p_data) <> 'object' or length(p_data::text) > 4000 then
        perform private.refuse('CG422', 'bad_progress_data', 'What is remembered of a page is an object of at most 4000 characters.');
    end if;
    select * into v_block from public.content_blocks where id = p_content;
    if v_block.id is null then
        perform private.refuse('CG404', 'no_such_content', 'There is no such part of a lesson.');
    end if;
    v_enrollment := private.my_enrollment_for(v_block.lesson_id);
    perform private.start_lesson(v_enrollment, v_block.lesson_id);
    select started_at into v_opened from public.lesson_progress
    where enrollment_id = v_enrollment.id and lesson_id = v_block.lesson_id;
    -- The row stays locked: of two tabs, the second counts only what the first has left.
    insert into private.reading_clocks as c (student_id, counted_until) values (auth.uid(), v_opened)
    on conflict (student_id) do update set counted_until = c.counted_until
    returning counted_until into v_from;
    -- Nobody reads one piece for longer than half an hour without a sign of life, nor before its lesson was open.
    v_from := greatest(v_from, v_opened, clock_timestamp() - interval '30 minutes');
    v_counted := greatest(0, least(p_seconds, floor(extract(epoch from clock_timestamp() - v_from))::integer));
    update private.reading_clocks set counted_until = v_from + v_counted * interval '1 second' where student_id = auth.uid();
    insert into public.learning_progress as p (
        student_id, content_id, lesson_id, course_id, content_type, progress_data, time_spent, completed_at
    )
    values (
        auth.uid(), v_block.id, v_block.lesson_id, v_block.course_id, v_block.type, coalesce(p_data, '{}'), v_counted,
        case when p_done then now() end
    )
    on conflict (student_id, content_id) do update set
        progress_data = coalesce(p_data, p.progress_data),
        time_spent = p.time_spent + v_counted,
        completed_at = coalesce(p.completed_at, excluded.completed_at);
    return v_counted;
end
$$;
comment on function public.note_block_progress(uuid, integer, jsonb, boolean) is
    'Notes how far the caller is in a piece of a lesson that is open to him; answers how many of the seconds claimed the clock allows.';
grant execute on function public.note_block_progress(uuid, integer, jsonb, boolean) to authenticated;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.learning_progress enable row level security;
revoke all on public.learning_progress from anon, authenticated, service_role;
revoke all on private.reading_clocks from anon, authenticated, service_role;
grant select, insert, update, delete on public.learning_progress to service_role;
grant select on public.learning_progress to authenticated;
create policy "Students view own progress" on public.learning_progress for select to authenticated
    using (
        student_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or student_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
