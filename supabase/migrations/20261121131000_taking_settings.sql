-- What taking a quiz needs to know: which result counts, whether questions come together or one by one, the section that a
-- question stands in, and what the learner marked to look at again.
-- Rollback: drop the columns, functions and triggers below; restore the others of the earlier migrations.

alter table public.quizzes
    add column grading_policy text not null default 'best',
    add column layout text not null default 'all';
alter table public.quizzes
    add constraint quizzes_grading_policy check (grading_policy in ('best', 'last', 'average')) not valid,
    add constraint quizzes_layout check (layout in ('all', 'one')) not valid;
alter table public.quizzes validate constraint quizzes_grading_policy;
alter table public.quizzes validate constraint quizzes_layout;
comment on column public.quizzes.grading_policy is 'Which result counts when there are several: the best, the last that is graded, or their average.';
comment on column public.quizzes.layout is 'all: every question on one page. one: a page for each question.';
grant insert (grading_policy, layout), update (grading_policy, layout) on public.quizzes to authenticated;

alter table private.attempt_questions
    add column section text,
    add column flagged_at timestamptz;
alter table private.attempt_questions add constraint attempt_questions_section check (length(section) between 1 and 200) not valid;
alter table private.attempt_questions validate constraint attempt_questions_section;
comment on column private.attempt_questions.section is 'The section of the quiz that it stood in when the attempt began.';
comment on column private.attempt_questions.flagged_at is 'When its learner marked it to look at again; null when it is not marked.';

-- Starting: sections are fixed with the rest ----------------------------------------------------------------

drop function private.choose_questions(public.quizzes);
create function private.choose_questions(p_quiz public.quizzes)
returns table (n bigint, version_id uuid, points numeric, section text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_place public.quiz_questions;
    v_found uuid[] := '{}';
    v_points numeric[] := '{}';
    v_place_of integer[] := '{}';
    v_drawn uuid[];
begin
    -- Those by name first and together: a draw never brings one of them again, nor one that another draw brought.
    select coalesce(array_agg(p.question_version_id order by p.question_order), '{}'),
        coalesce(array_agg(p.points order by p.question_order), '{}'),
        coalesce(array_agg(p.question_order order by p.question_order), '{}')
    into v_found, v_points, v_place_of
    from public.quiz_questions p where p.quiz_id = p_quiz.id and p.draw_tag is null;
    for v_place in
        select p.* from public.quiz_questions p where p.quiz_id = p_quiz.id and p.draw_tag is not null order by p.question_order
    loop
        v_drawn := array(
            select v.id from public.questions q
            cross join lateral (
                select w.id from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
            ) v
            where q.status = 'active' and v_place.draw_tag = any (q.tags)
              and q.course_id is not distinct from case v_place.draw_from when 'course' then p_quiz.of_course_id end
              -- What an organisation keeps for its own courses is placed by name.
              and q.organisation_id is null
              and q.id not in (select u.question_id from public.question_versions u where u.id = any (v_found))
            order by random() limit v_place.draw_count
        );
        v_found := v_found || v_drawn;
        v_points := v_points || array_fill(v_place.points, array[cardinality(v_drawn)]);
        v_place_of := v_place_of || array_fill(v_place.question_order, array[cardinality(v_drawn)]);
    end loop;
    return query
    -- Sections keep their order; a shuffle is within them.
    select row_number() over (
            order by case when p_quiz.shuffle_questions then g.first_of_section else p.question_order end,
                case when p_quiz.shuffle_questions then random() end, f.i
        ), f.id, f.worth, p.section
    from unnest(v_found, v_points, v_place_of) with ordinality as f (id, worth, place, i)
    join public.quiz_questions p on p.quiz_id = p_quiz.id and p.question_order = f.place
    join (
        select s.section, min(s.question_order) as first_of_section
        from public.quiz_questions s where s.quiz_id = p_quiz.id group by s.section
    ) g on g.section is not distinct from p.section;
end
$$;
comment on function private.choose_questions(public.quizzes) is
    'What an attempt that begins now asks, in its order and sections: draws are drawn and shuffles shuffled.';

create or replace function private.put_questions(p_attempt uuid, p_quiz public.quizzes) returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_versions uuid[];
    v_points numeric[];
    v_sections text[];
begin
    select array_agg(c.version_id order by c.n), array_agg(c.points order by c.n), array_agg(c.section order by c.n)
    into v_versions, v_points, v_sections
    from private.choose_questions(p_quiz) c;
    if v_versions is null then
        perform private.refuse('CG409', 'quiz_empty', 'This quiz has no questions yet.');
    end if;
    -- Marked before it is read: from here on nobody changes the options.
    if exists (select 1 from public.question_versions v where v.id = any (v_versions) and v.used_at is null) then
        perform 1 from public.question_versions v where v.id = any (v_versions) and v.used_at is null order by v.id for no key update;
        update public.question_versions set used_at = now() where id = any (v_versions) and used_at is null;
    end if;
    insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, section, option_order)
    select p_attempt, c.n, v.id, c.points, c.section,
        private.option_order(v.question_type, v.answer_options, p_quiz.shuffle_answers)
    from unnest(v_versions, v_points, v_sections) with ordinality as c (id, points, section, n)
    join public.question_versions v on v.id = c.id;
    return (select sum(p) from unnest(v_points) p);
end
$$;

-- Marking a question to look at again -----------------------------------------------------------------------

create function public.flag_attempt_question(p_attempt uuid, p_position integer, p_flagged boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from public.quiz_attempts t
    where t.id = p_attempt and t.member_id = auth.uid() and t.status = 'in_progress' for share;
    if not found then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours in progress.');
    end if;
    update private.attempt_questions set flagged_at = case when coalesce(p_flagged, false) then coalesce(flagged_at, now()) end
    where quiz_attempt_id = p_attempt and position = p_position;
    if not found then
        perform private.refuse('CG404', 'no_such_question', 'This attempt has no such question.');
    end if;
    return coalesce(p_flagged, false);
end
$$;
comment on function public.flag_attempt_question(uuid, integer, boolean) is
    'Marks a question of the caller''s attempt in progress to look at again, or takes the mark away.';
