-- Taking a quiz for half the work: the answers that arrive together are checked and saved by one statement, small rules are
-- taken into the statements that ask them, and what is graded is graded and counted by statements, not by rows.
-- Rollback: drop what is new; restore the others of the earlier migrations.

-- Small rules without a search path of their own: written so, their names are fixed when they are made, and the statement
-- that asks them takes them in.

create or replace function private.uuid_v7() returns uuid
language sql volatile parallel safe
-- RFC 9562 section 5.7: 48 bits of milliseconds, version 7, 12 bits of the fraction of the millisecond (section 6.2, method 3),
-- then randomness with the variant that a version 4 value already carries in the same place. The time is read once: 4096 parts
-- of a millisecond as fifteen digits, with the version put in after the twelfth.
return (
    overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0') placing '7' from 13 for 0)
    || substr(encode(uuid_send(gen_random_uuid()), 'hex'), 17)
)::uuid;

create or replace function private.option_at(p_order jsonb, p_shown text) returns text
language sql immutable parallel safe
return case when p_shown ~ '^[1-9][0-9]?$' then p_order ->> (p_shown::integer - 1) end;

create or replace function private.is_blank_answer(p_answer jsonb) returns boolean
language sql immutable parallel safe
return p_answer = '{}' or (p_answer ?| array['text', 'html'] and btrim(concat(p_answer ->> 'text', p_answer ->> 'html')) = '')
    or (p_answer ? 'number' and btrim(concat(p_answer ->> 'number', p_answer ->> 'unit')) = '');

-- By cases, each of which is worked out without a statement of its own where that can be.
create or replace function private.is_answer(p_type text, p_order jsonb, p_answer jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text := case p_type
        when 'ordering' then 'order' when 'short_answer' then 'text' when 'matching' then 'pairs' when 'fill_blank' then 'blanks'
        else 'selected' end;
    v_said boolean;
begin
    -- An empty object takes an answer back.
    if coalesce(jsonb_typeof(p_answer), '') <> 'object' then
        return false;
    elsif p_answer = '{}' then
        return true;
    elsif p_type not in ('numeric', 'essay') and p_answer - v_name <> '{}' then
        return false;
    elsif p_type in ('multiple_choice', 'true_false') then
        return private.option_at(p_order, p_answer ->> 'selected') is not null;
    elsif p_type = 'short_answer' then
        v_said := jsonb_typeof(p_answer -> 'text') = 'string' and length(p_answer ->> 'text') <= 2000;
    elsif p_type = 'numeric' then
        -- As typed: half a number is saved too, and is a number or none when it is graded.
        v_said := p_answer - array['number', 'unit'] = '{}' and p_answer ? 'number' and jsonb_typeof(p_answer -> 'number') = 'string'
            and length(p_answer ->> 'number') <= 100 and private.is_brief_text(p_answer -> 'unit', 40);
    elsif p_type = 'essay' then
        v_said := p_answer - array['html', 'text'] = '{}' and length(p_answer::text) <= 60000
            and coalesce(jsonb_typeof(p_answer -> 'html'), 'string') = 'string'
            and coalesce(jsonb_typeof(p_answer -> 'text'), 'string') = 'string';
    elsif p_type in ('multiple_answer', 'ordering') and jsonb_typeof(p_answer -> v_name) = 'array' then
        select count(distinct i) = count(*) and coalesce(bool_and(private.option_at(p_order, i) is not null), true)
            and (p_type <> 'ordering' or count(*) = jsonb_array_length(p_order)) into v_said
        from jsonb_array_elements_text(p_answer -> v_name) i;
    elsif p_type = 'matching' and jsonb_typeof(p_answer -> 'pairs') = 'object' then
        select coalesce(bool_and(private.option_at(p_order -> 'left', p.key) is not null
            and private.option_at(p_order -> 'right', p.value) is not null), true) into v_said
        from jsonb_each_text(p_answer -> 'pairs') p;
    elsif p_type = 'fill_blank' and jsonb_typeof(p_answer -> 'blanks') = 'object' then
        select coalesce(bool_and(private.option_at(p_order, b.key) is not null
            and jsonb_typeof(b.value) = 'string' and length(b.value #>> '{}') <= 500), true) into v_said
        from jsonb_each(p_answer -> 'blanks') b;
    end if;
    return coalesce(v_said, false);
end
$$;

create or replace function private.option_order(p_type text, p_options jsonb, p_shuffle boolean) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    v_order jsonb;
begin
    if p_type = 'true_false' then
        return '["true", "false"]';
    -- Things to order and the right side of a matching are always shuffled: as written they may be the answer.
    elsif p_type = 'matching' then
        return jsonb_build_object(
            'left', (
                select jsonb_agg(i.id order by case when p_shuffle then random() end, i.n)
                from unnest(private.option_ids(p_options -> 'left')) with ordinality as i (id, n)
            ),
            'right', (select jsonb_agg(i order by random()) from unnest(private.option_ids(p_options -> 'right')) i)
        );
    elsif p_type = 'ordering' or (p_shuffle and p_type in ('multiple_choice', 'multiple_answer')) then
        select jsonb_agg(i.id order by random(), i.n) into v_order
        from unnest(private.option_ids(p_options)) with ordinality as i (id, n);
        return coalesce(v_order, '[]');
    elsif jsonb_typeof(p_options) = 'array' then
        return jsonb_path_query_array(p_options, '$[*].id');
    end if;
    return '[]';
end
$$;

create or replace function private.shown_key(p_type text, p_order jsonb, p_correct jsonb) returns jsonb
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text := case p_type when 'ordering' then 'order' else 'selected' end;
    v_shown jsonb;
begin
    if p_correct is null then
        return null;
    elsif p_type = 'short_answer' then
        return private.shown_text(p_correct);
    elsif p_type = 'fill_blank' then
        return jsonb_build_object('blanks', (
            select jsonb_object_agg(b.key, private.shown_text(b.value)) from jsonb_each(p_correct -> 'blanks') b
        ));
    elsif p_type = 'numeric' then
        return p_correct || jsonb_build_object('answers', (
            select jsonb_agg(e.entry - array['share', 'feedback'] order by e.n)
            from (
                select a.entry, a.n, rank() over (order by coalesce((a.entry ->> 'share')::numeric, 1) desc) as place
                from jsonb_array_elements(p_correct -> 'answers') with ordinality as a (entry, n)
            ) e where e.place = 1
        ));
    elsif p_type in ('multiple_choice', 'true_false') then
        for n in 0 .. jsonb_array_length(p_order) - 1 loop
            if p_order ->> n = p_correct ->> 'selected' then
                return jsonb_build_object('selected', (n + 1)::text);
            end if;
        end loop;
        return '{"selected": null}';
    elsif p_type in ('multiple_answer', 'ordering') then
        select jsonb_build_object(v_name, jsonb_agg(s.n::text order by case when p_type = 'ordering' then c.n else s.n end)) into v_shown
        from jsonb_array_elements_text(p_correct -> v_name) with ordinality as c (id, n)
        join lateral jsonb_array_elements_text(p_order) with ordinality as s (id, n) on s.id = c.id
        having count(*) > 0;
        return v_shown;
    elsif p_type = 'matching' then
        return jsonb_build_object('pairs', (
            select jsonb_object_agg(l.n::text, r.n::text)
            from jsonb_each_text(p_correct -> 'pairs') p
            join lateral jsonb_array_elements_text(p_order -> 'left') with ordinality as l (id, n) on l.id = p.key
            join lateral jsonb_array_elements_text(p_order -> 'right') with ordinality as r (id, n) on r.id = p.value
        ));
    end if;
    return null;
end
$$;

-- Answers -------------------------------------------------------------------------------------------------------

create function private.is_open_enrollment(p_enrollment public.enrollments) returns boolean
language sql stable
return p_enrollment.status in ('enrolled', 'in_progress', 'completed')
    and (p_enrollment.expires_at is null or p_enrollment.expires_at > now())
    and (p_enrollment.cohort_start_date is null or p_enrollment.cohort_start_date <= now())
    and (p_enrollment.transaction_id is null or not private.is_refunded(p_enrollment.transaction_id));
comment on function private.is_open_enrollment(public.enrollments) is
    'Whether one may learn under an enrollment now: not left, suspended, expired or given back, and the cohort has begun.';

create or replace function private.my_open_enrollments() returns setof public.enrollments
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.* from public.enrollments e where e.member_id = auth.uid() and private.is_open_enrollment(e)
$$;

create or replace function private.save_quiz_answers(
    p_members uuid[], p_sessions uuid[], p_attempts uuid[], p_positions integer[], p_answers jsonb[], p_seqs bigint[]
)
returns table (
    n integer, saved boolean, seq bigint, answer jsonb, deadline_at timestamptz, server_time timestamptz,
    state text, code text, words text
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
    -- One row by its key at a time, however few the rows were when it was planned.
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan set jit = off
as $$
#variable_conflict use_column
begin
    -- Shared: answers to several questions may come at once, but handing in waits for them and they for it.
    perform 1 from public.quiz_attempts t
    where (t.id, t.member_id) in (select g.attempt, g.member from unnest(p_attempts, p_members) as g (attempt, member))
    order by t.id for share;
    return query
    with looked as materialized (
        select g.n, g.attempt, g.place, g.answer, g.seq, t.course_id, t.deadline_at, a.points, v.question_id,
            case
                when t.id is null then 'no_such_attempt'
                when t.status <> 'in_progress' then 'attempt_ended'
                when not coalesce((
                    select private.is_open_enrollment(e) from public.enrollments e where e.id = t.enrollment_id
                ), false) then 'not_enrolled'
                when clock_timestamp() > t.deadline_at + private.answer_grace() then 'time_is_up'
                when v.id is null then 'no_such_question'
                when g.answer is null or not private.is_answer(v.question_type, a.option_order, g.answer) then 'no_such_answer'
                when coalesce(g.seq, -1) < 0 then 'no_seq'
            end as code
        from unnest(p_members, p_attempts, p_positions, p_answers, p_seqs) with ordinality
            as g (member, attempt, place, answer, seq, n)
        left join public.quiz_attempts t on t.id = g.attempt and t.member_id = g.member
        left join private.attempt_questions a on a.quiz_attempt_id = t.id and a.position = g.place
        left join public.question_versions v on v.id = a.question_version_id
    ), kept as (
        insert into public.quiz_answers as w
            (quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points, answered_at)
        select k.attempt, k.place, k.question_id, k.course_id, k.answer, k.seq, k.points, clock_timestamp()
        from looked k where k.code is null order by k.n
        on conflict (quiz_attempt_id, position) do update
            set answer_data = excluded.answer_data, seq = excluded.seq, answered_at = excluded.answered_at
            where excluded.seq > w.seq and w.revealed_at is null
        returning w.quiz_attempt_id, w.position
    )
    select k.n::integer, case when k.code is null then s.position is not null end,
        case when s.position is not null then k.seq else w.seq end,
        case when s.position is null then w.answer_data end,
        case when k.code is null then k.deadline_at end, clock_timestamp(), r.state, k.code, r.words
    from looked k
    left join kept s on s.quiz_attempt_id = k.attempt and s.position = k.place
    -- What is there instead, of one that was not saved.
    left join lateral (
        select o.seq, o.answer_data from public.quiz_answers o
        where k.code is null and s.position is null and o.quiz_attempt_id = k.attempt and o.position = k.place
    ) w on true
    left join (values
        ('no_such_attempt', 'CG404', 'There is no such attempt of yours.'),
        ('attempt_ended', 'CG409', 'This attempt has been handed in. Its answers cannot be changed.'),
        ('not_enrolled', 'CG403', 'You are not enrolled in this course any more. Ask the association''s office.'),
        ('time_is_up', 'CG409', 'The time for this attempt is over.'),
        ('no_such_question', 'CG404', 'This attempt has no such question.'),
        ('no_such_answer', 'CG422', 'This is not an answer that the question can take.'),
        ('no_seq', 'CG422', 'Number the saves of an answer from 0 upwards.')
    ) as r (code, state, words) on r.code = k.code
    order by k.n;
end
$$;
comment on function private.save_quiz_answers(uuid[], uuid[], uuid[], integer[], jsonb[], bigint[]) is
    'The rules of saving an answer, for many people in one statement: whoever calls knows who they are. A refusal comes back as state, code '
    'and words of its row; answer and seq are what is there instead of one that was not saved. No place of an attempt twice in one call.';

create or replace function public.save_quiz_answer(p_attempt uuid, p_position integer, p_answer jsonb, p_seq bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_done record;
begin
    select s.saved, s.state, s.code, s.words into v_done
    from private.save_quiz_answers(array[auth.uid()], array[null::uuid], array[p_attempt], array[p_position], array[p_answer], array[p_seq]) s;
    if v_done.code is not null then
        perform private.refuse(v_done.state, v_done.code, v_done.words);
    end if;
    return v_done.saved;
end
$$;

-- Grading -------------------------------------------------------------------------------------------------------

create or replace function private.automated_feedback(p_type text, p_order jsonb, p_correct jsonb, p_feedback jsonb, p_answer jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_share numeric;
    v_said text;
begin
    if private.is_blank_answer(p_answer) then
        return null;
    elsif p_type in ('short_answer', 'numeric', 'fill_blank') then
        v_said := case p_type
            when 'short_answer' then (private.match_text(p_correct, p_answer ->> 'text')).feedback
            when 'numeric' then (private.match_number(p_correct, p_answer)).feedback
            else (
                select string_agg(f.said, E'\n' order by f.blank)
                from (
                    select b.key::integer as blank, (private.match_text(b.value, p_answer #>> array['blanks', b.key])).feedback as said
                    from jsonb_each(p_correct -> 'blanks') b
                ) f where f.said is not null
            )
        end;
    -- Most questions with options have nothing to say to any of them.
    elsif p_feedback <> '{}' and p_type in ('multiple_choice', 'multiple_answer', 'true_false') then
        v_said := private.automated_feedback(p_order, p_feedback, p_answer);
    end if;
    -- And what is said to everybody whose answer is right, wrong, or right in part.
    if p_correct is not null and p_feedback ?| array['right', 'wrong', 'partly'] then
        v_share := private.grade_share(p_type, p_order, p_correct, p_answer);
        v_said := concat_ws(E'\n', v_said, p_feedback ->> case v_share when 1 then 'right' when 0 then 'wrong' else 'partly' end);
    end if;
    -- Never longer than its column: what an author wrote at length must not keep an attempt from being handed in.
    return nullif(left(v_said, 10000), '');
end
$$;

create or replace function private.grade_answers(p_attempt uuid, p_version uuid default null)
returns table (answer_id uuid, place integer, points_before numeric, points_after numeric)
language sql volatile security definer set search_path = pg_catalog, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
    -- Materialized: each answer is graded once, however often its points are read.
    with graded as materialized (
        select w.id, w.position, w.points_earned as before, w.max_points, v.question_type, k.correct_answer, k.option_feedback,
            a.option_order, w.answer_data,
            case
                when private.is_blank_answer(w.answer_data) then 0
                when k.correct_answer is not null then
                    round(w.max_points * private.grade_share(v.question_type, a.option_order, k.correct_answer, w.answer_data), 2)
            end as points
        from public.quiz_answers w
        join private.attempt_questions a on a.quiz_attempt_id = w.quiz_attempt_id and a.position = w.position
        join public.question_versions v on v.id = a.question_version_id
        left join public.question_keys k on k.question_version_id = v.id
        -- What a person graded stays as he graded it.
        where w.quiz_attempt_id = p_attempt and w.graded_by is null and (p_version is null or a.question_version_id = p_version)
    )
    update public.quiz_answers w set
        points_earned = g.points,
        is_correct = g.points = g.max_points,
        automated_feedback = private.automated_feedback(g.question_type, g.option_order, g.correct_answer, g.option_feedback, g.answer_data),
        graded_at = now()
    from graded g
    where w.id = g.id and g.points is not null
    returning w.id, w.position, g.before, w.points_earned
$$;

-- The answers of a statement are counted together.
create function private.note_graded_answers() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    -- Nearly every answer that is saved is graded later.
    if not exists (select 1 from changed c where c.points_earned is not null)
        and not exists (select 1 from former f where f.points_earned is not null) then
        return null;
    end if;
    insert into private.question_moves (question_version_id, answered, full_points, share_sum)
    select a.question_version_id, sum(m.sign), coalesce(sum(m.sign) filter (where m.points_earned = m.max_points), 0),
        coalesce(sum(m.sign * m.points_earned / nullif(m.max_points, 0)), 0)
    from (
        select c.quiz_attempt_id, c.position, c.points_earned, c.max_points, 1 as sign from changed c
        union all
        select f.quiz_attempt_id, f.position, f.points_earned, f.max_points, -1 from former f
    ) m
    join private.attempt_questions a on a.quiz_attempt_id = m.quiz_attempt_id and a.position = m.position
    where m.points_earned is not null
    group by a.question_version_id
    having sum(m.sign) <> 0 or coalesce(sum(m.sign * m.points_earned), 0) <> 0;
    return null;
end
$$;
comment on function private.note_graded_answers() is
    'Trigger: moves the figures of versions by the difference when grades are given or change, once a version and statement.';
drop trigger note_graded_answer on public.quiz_answers;
create trigger note_graded_answers after update on public.quiz_answers
    referencing old table as former new table as changed for each statement execute function private.note_graded_answers();

-- Completing ----------------------------------------------------------------------------------------------------

create or replace function private.complete_enrollment_when_met(p_enrollment uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_met boolean;
begin
    -- The row is locked first: of two lessons that are completed at once, the second sees the first. Not "for update":
    -- rows of progress that refer to the enrollment share its key until they commit.
    perform 1 from public.enrollments where id = p_enrollment and status in ('enrolled', 'in_progress') for no key update;
    if not found then
        return false;
    end if;
    -- The first lesson that is missing answers it.
    perform 1
    from public.enrollments e
    left join public.course_versions b on b.id = e.course_version_id
    join public.lessons l on l.course_id = e.course_id and case
        when b.id is null then l.require_completion and l.state = 'live'
        else l.id = any (b.required_lesson_ids) and l.id <> all (b.released_lesson_ids) end
    where e.id = p_enrollment
      and not exists (
          select 1 from public.lesson_progress p where p.enrollment_id = e.id and p.lesson_id = l.id and p.status = 'completed'
      )
    limit 1;
    if found then
        return false;
    end if;
    select bool_and(met) and bool_or(requirement = 'lesson') into v_met from private.completion_requirements(p_enrollment);
    if not coalesce(v_met, false) then
        return false;
    end if;
    update public.enrollments set status = 'completed', completed_at = now() where id = p_enrollment;
    return true;
end
$$;

-- Plans ---------------------------------------------------------------------------------------------------------

-- What a learner calls finds rows by their keys, so one plan is right for everybody. A connection makes it once; left to
-- itself it plans each of some hundred statements five times before it keeps the plan.
alter function public.start_quiz_attempt(uuid) set plan_cache_mode = force_generic_plan;
alter function public.begin_quiz(uuid) set plan_cache_mode = force_generic_plan;
alter function public.quiz_attempt_view(uuid) set plan_cache_mode = force_generic_plan;
alter function public.submit_quiz_attempt(uuid) set plan_cache_mode = force_generic_plan;
alter function public.quiz_attempt_result(uuid) set plan_cache_mode = force_generic_plan;
