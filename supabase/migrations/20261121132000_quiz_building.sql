-- Building quizzes: sections with instructions, an order that is written by the difference, a number that counts
-- arrangements, so that two who arrange at once do not write over each other unseen, and answers that are graded without a name.
-- Rollback: drop the table and the functions below, and the two columns of quizzes; bring back public.arrange_quiz of
-- 20261121102050_quiz_access.sql.

alter table public.quizzes
    add column revision integer not null default 1 check (revision > 0),
    add column anonymous_grading boolean not null default false;
comment on column public.quizzes.revision is 'Counts how often what is asked was arranged; who arranges names the one that he saw.';
comment on column public.quizzes.anonymous_grading is 'Whoever grades by hand does not see whose answer it is.';
grant insert (anonymous_grading), update (anonymous_grading) on public.quizzes to authenticated;

-- Sections -------------------------------------------------------------------------------------------------

create table public.quiz_sections (
    quiz_id uuid not null,
    title text not null check (length(title) between 1 and 200),
    of_course_id uuid not null references public.courses (id) on delete cascade,
    section_order integer not null check (section_order > 0),
    instructions text not null default '' check (length(instructions) <= 5000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (quiz_id, title),
    constraint quiz_sections_quiz foreign key (quiz_id, of_course_id) references public.quizzes (id, of_course_id) on delete cascade
);
comment on table public.quiz_sections is
    'Sections of a quiz, by their title, which quiz_questions.section names; also those in which nothing stands yet.';
comment on column public.quiz_sections.instructions is 'Plain text above the questions of the section.';
create index idx_quiz_sections_quiz on public.quiz_sections (quiz_id, of_course_id);
create index idx_quiz_sections_course on public.quiz_sections (of_course_id);
create trigger update_quiz_sections_updated_at before update on public.quiz_sections
    for each row execute function public.update_updated_at_column();
alter table public.quiz_sections enable row level security;
revoke all on public.quiz_sections from anon, authenticated, service_role;
grant select on public.quiz_sections to authenticated;
grant select, insert, update, delete on public.quiz_sections to service_role;
create policy "Instructors view sections" on public.quiz_sections for select to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('quiz_sections', 'log_quiz_section_changes');

-- What a quiz asks, in order -------------------------------------------------------------------------------

create function private.hold_edited_quiz(p_quiz uuid) returns public.quizzes
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
begin
    select * into v_quiz from public.quizzes where id = p_quiz for no key update;
    if v_quiz.id is null or not (v_quiz.of_course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_quiz', 'There is no such quiz, or you do not teach its course.');
    end if;
    return v_quiz;
end
$$;
comment on function private.hold_edited_quiz(uuid) is 'A quiz that the caller may edit, locked for it; raises CG404.';

create function private.wished_places(p_quiz uuid, p_places jsonb) returns table (
    n integer, id uuid, question_version_id uuid, draw_tag text, draw_count integer, draw_from text, section text, points numeric(5, 2)
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- A place that was there stays the same row, so that the log tells what changed and not that all was written anew.
    select p.n::integer, q.id, r.question_version_id, r.draw_tag, r.draw_count, coalesce(r.draw_from, 'course'), r.section,
        coalesce(r.points, v.points, 1)
    from jsonb_array_elements(p_places) with ordinality as p (place, n)
    cross join lateral jsonb_to_record(p.place) as r (
        id uuid, question_version_id uuid, draw_tag text, draw_count integer, draw_from text, section text, points numeric(5, 2)
    )
    left join public.question_versions v on v.id = r.question_version_id
    left join public.quiz_questions q on q.quiz_id = p_quiz
        and (q.question_version_id = r.question_version_id or (q.draw_tag is not null and r.draw_tag is not null and q.id = r.id))
$$;
comment on function private.wished_places(uuid, jsonb) is 'An arrangement as rows, each with the id of the place that it is already.';

create function private.place_questions(p_quiz uuid, p_places jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(p_places) is distinct from 'array' or jsonb_array_length(p_places) > 500 then
        perform private.refuse('CG422', 'no_such_arrangement', 'Give the questions as a list of at most 500 places.');
    elsif exists (
        select 1 from jsonb_array_elements(p_places) p where p ->> 'question_version_id' is not null
        group by p ->> 'question_version_id' having count(*) > 1
    ) then
        perform private.refuse('CG422', 'question_twice', 'A question can stand in a quiz once.');
    end if;
    set constraints public.unique_quiz_question_order deferred;
    delete from public.quiz_questions q
    where q.quiz_id = p_quiz and q.id not in (select p.id from private.wished_places(p_quiz, p_places) p where p.id is not null);
    update public.quiz_questions q set
        question_order = p.n, draw_tag = p.draw_tag, draw_count = p.draw_count, draw_from = p.draw_from, section = p.section, points = p.points
    from private.wished_places(p_quiz, p_places) p
    where q.id = p.id
      and (q.question_order, q.draw_tag, q.draw_count, q.draw_from, q.section, q.points)
          is distinct from (p.n, p.draw_tag, p.draw_count, p.draw_from, p.section, p.points);
    insert into public.quiz_questions (quiz_id, question_order, question_version_id, draw_tag, draw_count, draw_from, section, points)
    select p_quiz, p.n, p.question_version_id, p.draw_tag, p.draw_count, p.draw_from, p.section, p.points
    from private.wished_places(p_quiz, p_places) p where p.id is null;
    set constraints public.unique_quiz_question_order immediate;
end
$$;
comment on function private.place_questions(uuid, jsonb) is 'Writes what a quiz asks, in order, by the difference; raises CG422.';

create or replace function public.arrange_quiz(p_quiz uuid, p_places jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes := private.hold_edited_quiz(p_quiz);
begin
    perform private.place_questions(p_quiz, p_places);
    update public.quizzes set revision = revision + 1 where id = p_quiz;
    return jsonb_array_length(p_places);
end
$$;

create function public.save_quiz_places(p_quiz uuid, p_places jsonb, p_sections jsonb, p_revision integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes := private.hold_edited_quiz(p_quiz);
begin
    if v_quiz.revision is distinct from p_revision then
        perform private.refuse('CG409', 'quiz_changed', 'Somebody else changed this quiz while you had it open. Nothing of yours is lost.');
    elsif jsonb_typeof(p_sections) is distinct from 'array' or jsonb_array_length(p_sections) > 100 then
        perform private.refuse('CG422', 'no_such_arrangement', 'Give the sections as a list of at most 100.');
    elsif (select count(distinct s ->> 'title') <> count(*) from jsonb_array_elements(p_sections) s) then
        perform private.refuse('CG422', 'section_twice', 'Two sections have the same title. Give one of them another.');
    end if;
    perform private.place_questions(p_quiz, p_places);
    delete from public.quiz_sections where quiz_id = p_quiz and title not in (select s ->> 'title' from jsonb_array_elements(p_sections) s);
    insert into public.quiz_sections as q (quiz_id, title, of_course_id, section_order, instructions)
    select p_quiz, s.section ->> 'title', v_quiz.of_course_id, s.n, coalesce(s.section ->> 'instructions', '')
    from jsonb_array_elements(p_sections) with ordinality as s (section, n)
    on conflict (quiz_id, title) do update set section_order = excluded.section_order, instructions = excluded.instructions
        where (q.section_order, q.instructions) is distinct from (excluded.section_order, excluded.instructions);
    update public.quizzes set revision = revision + 1 where id = p_quiz returning * into v_quiz;
    return v_quiz.revision;
end
$$;
comment on function public.save_quiz_places(uuid, jsonb, jsonb, integer) is
    'Writes all that a quiz asks, in order, with its sections [{title, instructions}]; answers the new revision. A place that has its id stays '
    'the same row. Raises CG409 when p_revision is not the quiz''s any more. Attempts that have begun keep what they were asked.';

create function public.place_quiz(p_quiz uuid, p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes := private.hold_edited_quiz(p_quiz);
begin
    if v_quiz.lesson_id is not distinct from p_lesson then
        return;
    elsif v_quiz.status <> 'draft' then
        perform private.refuse('CG409', 'quiz_published', 'Where a quiz belongs can be changed while it is a draft.');
    elsif p_lesson is not null and not exists (select 1 from public.lessons l where l.id = p_lesson and l.course_id = v_quiz.of_course_id) then
        perform private.refuse('CG422', 'no_such_lesson', 'There is no such lesson in this course.');
    end if;
    update public.quizzes set lesson_id = p_lesson, course_id = case when p_lesson is null then v_quiz.of_course_id end where id = p_quiz;
end
$$;
comment on function public.place_quiz(uuid, uuid) is
    'Has a draft belong to a lesson of its course, or with null to the course itself. Raises CG404, CG409, CG422.';
grant execute on function public.save_quiz_places(uuid, jsonb, jsonb, integer), public.place_quiz(uuid, uuid) to authenticated;

-- A quiz that is called like its lesson stays called like it -----------------------------------------------

create function private.name_quiz_of_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.quizzes set title = new.title where lesson_id = new.id and title = old.title;
    return null;
end
$$;
comment on function private.name_quiz_of_lesson() is 'Trigger: a lesson''s quiz that has its title takes its new one.';
create trigger name_quiz_of_lesson after update of title on public.lessons
    for each row when (new.lesson_type = 'quiz' and old.title <> new.title and length(new.title) <= 200)
    execute function private.name_quiz_of_lesson();
