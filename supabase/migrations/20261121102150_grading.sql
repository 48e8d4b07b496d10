-- Grading: what an answer is worth, when an attempt is graded, what a person adds, what a corrected key changes, and what
-- follows for the quiz's figures. It all runs as the definer: nobody writes a point himself.
--
-- Partial credit, always rounded to cents of a point and never below 0 or above the points of the question:
--   multiple_choice, true_false, short_answer   all or nothing
--   multiple_answer   (right choices - wrong choices) / all right ones
--   matching          the share of the left side that is matched rightly
--   ordering          the share of things that stand in their place
--   fill_blank        the share of blanks that are right
-- Text is compared without case, accents and surplus spaces; case counts where the key says so. Numbers within tolerance.
-- Rollback: drop the functions and triggers below.

create function private.plain_answer(p_text text, p_case_sensitive boolean) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when p_case_sensitive then t.spaced else private.fold(t.spaced) end
    from (select btrim(regexp_replace(normalize(p_text, NFKC), '\s+', ' ', 'g')) as spaced) t
$$;
comment on function private.plain_answer(text, boolean) is 'Text as answers are compared: one space between words, and without case and accents unless they count.';

create function private.is_right_text(p_expected jsonb, p_given text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when p_expected ? 'numeric' then case
            -- Not \d: by some collations that is every script's digits, of which no number can be made.
            when btrim(p_given) ~ '^[+-]?[0-9]{1,15}([.,][0-9]{1,10})?$' then
                abs(replace(btrim(p_given), ',', '.')::numeric - (p_expected #>> '{numeric,value}')::numeric)
                    <= (p_expected #>> '{numeric,tolerance}')::numeric
        end
        else exists (
            select 1 from jsonb_array_elements_text(p_expected -> 'accepted') a
            where private.plain_answer(a, s.strict) = private.plain_answer(p_given, s.strict)
        )
    end, false)
    from (select coalesce((p_expected ->> 'case_sensitive')::boolean, false) as strict) s
$$;
comment on function private.is_right_text(jsonb, text) is 'Whether a text, or a number within its tolerance, is one of those expected.';

create function private.grade_share(p_type text, p_order jsonb, p_correct jsonb, p_answer jsonb) returns numeric
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case p_type
        when 'multiple_choice' then (private.option_at(p_order, p_answer ->> 'selected') = p_correct ->> 'selected')::integer::numeric
        when 'true_false' then (private.option_at(p_order, p_answer ->> 'selected') = p_correct ->> 'selected')::integer::numeric
        when 'short_answer' then private.is_right_text(p_correct, p_answer ->> 'text')::integer::numeric
        when 'multiple_answer' then (
            select greatest(0, sum(case when p_correct -> 'selected' ? private.option_at(p_order, i) then 1 else -1 end))::numeric
                / jsonb_array_length(p_correct -> 'selected')
            from jsonb_array_elements_text(p_answer -> 'selected') i
        )
        when 'matching' then (
            select count(*) filter (
                where p_correct #>> array['pairs', private.option_at(p_order -> 'left', p.key)] = private.option_at(p_order -> 'right', p.value)
            )::numeric / (select count(*) from jsonb_object_keys(p_correct -> 'pairs'))
            from jsonb_each_text(p_answer -> 'pairs') p
        )
        when 'ordering' then (
            select count(*) filter (where private.option_at(p_order, o.item) = p_correct -> 'order' ->> (o.n - 1)::integer)::numeric
                / jsonb_array_length(p_correct -> 'order')
            from jsonb_array_elements_text(p_answer -> 'order') with ordinality as o (item, n)
        )
        when 'fill_blank' then (
            select count(*) filter (where private.is_right_text(b.value, p_answer #>> array['blanks', b.key]))::numeric / count(*)
            from jsonb_each(p_correct -> 'blanks') b
        )
    end, 0)
$$;
comment on function private.grade_share(text, jsonb, jsonb, jsonb) is
    'What share of its points an answer earns, 0 to 1, by the rules at the head of this migration. Order of options shown, key and answer come as stored.';

create function private.automated_feedback(p_order jsonb, p_feedback jsonb, p_answer jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Never longer than its column: what an author wrote at length must not keep an attempt from being handed in.
    select left(string_agg(p_feedback ->> private.option_at(p_order, c.chosen), E'\n' order by c.n), 10000)
    from jsonb_array_elements_text(
        case jsonb_typeof(p_answer -> 'selected') when 'array' then p_answer -> 'selected'
            else jsonb_build_array(p_answer -> 'selected') end
    ) with ordinality as c (chosen, n)
$$;
comment on function private.automated_feedback(jsonb, jsonb, jsonb) is 'What the key has to say to the options that were chosen.';

create function private.is_blank_answer(p_answer jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select p_answer = '{}' or (p_answer ?| array['text', 'html'] and btrim(concat(p_answer ->> 'text', p_answer ->> 'html')) = '') $$;
comment on function private.is_blank_answer(jsonb) is 'Whether nothing was answered: no person need grade it.';

create function private.grade_answers(p_attempt uuid, p_version uuid default null)
returns table (answer_id uuid, place integer, points_before numeric, points_after numeric)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    with graded as (
        select w.id, w.position, w.points_earned as before, w.max_points, k.option_feedback, a.option_order, w.answer_data,
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
        automated_feedback = private.automated_feedback(g.option_order, g.option_feedback, g.answer_data),
        graded_at = now()
    from graded g
    where w.id = g.id and g.points is not null
    returning w.id, w.position, g.before, w.points_earned
$$;
comment on function private.grade_answers(uuid, uuid) is 'Grades the answers of an attempt that need no person, all or those to one version; answers what changed.';

-- N's trigger ----------------------------------------------------------------------------------------------

create function public.auto_grade_quiz_attempt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_points numeric;
    v_waiting bigint;
    v_answers bigint;
begin
    if old.status = 'in_progress' then
        perform private.grade_answers(new.id);
    end if;
    select coalesce(sum(w.points_earned), 0), count(*) filter (where w.points_earned is null), count(*)
    into v_points, v_waiting, v_answers
    from public.quiz_answers w where w.quiz_attempt_id = new.id;
    -- Until a person has graded the last answer there is no score: half of one would be a wrong one.
    if v_waiting = 0 then
        new.points_earned := v_points;
        new.score := case when new.total_points > 0 then round(v_points / new.total_points * 100, 2) else 0 end;
        new.passed := new.score >= new.passing_score;
        new.graded_at := now();
        new.status := case
            when old.status = 'archived' then 'archived'
            when v_answers = 0 and new.submitted_by = 'deadline' then 'expired'
            else 'graded'
        end;
    end if;
    return new;
end
$$;
comment on function public.auto_grade_quiz_attempt() is
    'Automatically grades quiz attempts on submission, and again when a grade in them changes. Total and pass mark are those of the start.';
-- A graded attempt is graded anew by being set to submitted.
create trigger trigger_auto_grade_quiz before update of status on public.quiz_attempts
    for each row when (new.status = 'submitted')
    execute function public.auto_grade_quiz_attempt();

create function private.settle_attempt(p_attempt uuid) returns public.quiz_attempts
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update public.quiz_attempts set status = 'submitted', score = null, points_earned = null, passed = null, graded_at = null
    where id = p_attempt and status <> 'in_progress'
    returning *
$$;
comment on function private.settle_attempt(uuid) is 'Adds up an attempt anew after one of its grades changed.';

create function private.follow_quiz_attempt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- First the quiz, then what completion locks.
    if tg_op = 'INSERT' then
        update public.quizzes set attempts_count = attempts_count + 1 where id = new.quiz_id;
        return null;
    end if;
    if (old.score, old.passed) is distinct from (new.score, new.passed) then
        update public.quizzes set
            graded_count = graded_count + (new.score is not null)::integer - (old.score is not null)::integer,
            passed_count = passed_count + coalesce(new.passed, false)::integer - coalesce(old.passed, false)::integer,
            score_sum = score_sum + coalesce(new.score, 0) - coalesce(old.score, 0)
        where id = new.quiz_id;
    end if;
    if new.score is not null then
        perform private.complete_after_quiz(new.id);
    end if;
    return null;
end
$$;
comment on function private.follow_quiz_attempt() is 'Trigger: moves a quiz''s figures by the difference and completes what a grade completes.';
create trigger trigger_count_quiz_attempts after insert on public.quiz_attempts
    for each row execute function private.follow_quiz_attempt();
create trigger trigger_follow_quiz_grade after update of status on public.quiz_attempts
    for each row when (old.score is distinct from new.score or old.passed is distinct from new.passed)
    execute function private.follow_quiz_attempt();

-- A person grades ------------------------------------------------------------------------------------------

create function private.hold_attempt(p_attempt uuid) returns public.quiz_attempts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt;
    if v_attempt.id is null or not (v_attempt.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt in a course that you teach.');
    elsif v_attempt.member_id = auth.uid() then
        perform private.refuse('CG403', 'own_work', 'You cannot grade your own work. Ask another instructor.');
    end if;
    perform private.hold_quiz(v_attempt.quiz_id, v_attempt.course_id);
    perform 1 from public.enrollments where id = v_attempt.enrollment_id for no key update;
    select * into v_attempt from public.quiz_attempts where id = p_attempt for no key update;
    if v_attempt.status = 'in_progress' then
        perform private.refuse('CG409', 'attempt_in_progress', 'This attempt has not been handed in yet.');
    end if;
    return v_attempt;
end
$$;
comment on function private.hold_attempt(uuid) is 'An attempt that the caller may grade, locked for it; raises CG403, CG404 or CG409.';

create function public.grade_quiz_answer(p_answer uuid, p_points numeric, p_feedback text default null, p_reason text default null)
returns public.quiz_attempts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts := private.hold_attempt((select quiz_attempt_id from public.quiz_answers where id = p_answer));
    v_after public.quiz_attempts;
    v_answer public.quiz_answers;
begin
    select * into v_answer from public.quiz_answers where id = p_answer for no key update;
    if p_points is null or p_points not between 0 and v_answer.max_points or p_points = 'NaN' then
        perform private.refuse('CG422', 'points_out_of_range', 'Give from 0 to ' || v_answer.max_points || ' points.');
    elsif length(p_feedback) > 10000 or length(p_reason) > 1000 then
        perform private.refuse('CG422', 'too_long', 'A feedback has at most 10000 characters, a reason 1000.');
    elsif v_answer.points_earned is not null and nullif(btrim(p_reason), '') is null then
        perform private.refuse('CG422', 'reason_needed', 'This answer has a grade. Say why you change it.');
    end if;
    update public.quiz_answers set
        points_earned = round(p_points, 2), is_correct = round(p_points, 2) = max_points,
        instructor_feedback = coalesce(p_feedback, instructor_feedback), graded_by = auth.uid(), graded_at = now()
    where id = p_answer;
    v_after := private.settle_attempt(v_attempt.id);
    update public.quiz_attempts set graded_by = auth.uid() where id = v_attempt.id returning * into v_after;
    insert into public.quiz_grade_changes (quiz_attempt_id, course_id, position, reason, changed_by,
        points_before, points_after, score_before, score_after, passed_before, passed_after)
    values (v_attempt.id, v_attempt.course_id, v_answer.position, coalesce(nullif(btrim(p_reason), ''), 'Graded.'), auth.uid(),
        v_answer.points_earned, round(p_points, 2), v_attempt.score, v_after.score, v_attempt.passed, v_after.passed);
    return v_after;
end
$$;
comment on function public.grade_quiz_answer(uuid, numeric, text, text) is
    'Grades one answer by hand. The attempt is graded when no answer waits any more. A grade that is there changes only for a reason.';

-- A key was corrected --------------------------------------------------------------------------------------

create function public.regrade_question(p_version uuid, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid;
    v_attempts uuid[];
    v_before public.quiz_attempts;
    v_after public.quiz_attempts;
    v_change record;
    v_changed integer := 0;
begin
    select k.course_id into v_course from public.question_keys k where k.question_version_id = p_version;
    if not found or not (coalesce(v_course in (select private.my_taught_course_ids()), false) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_key', 'This question has no key that you may change.');
    elsif coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the question is graded anew, in at most 1000 characters.');
    end if;
    v_attempts := array(
        select t.id from private.attempt_questions a join public.quiz_attempts t on t.id = a.quiz_attempt_id
        where a.question_version_id = p_version and t.status <> 'in_progress'
    );
    -- Everything is locked first, in the order in which learners lock it.
    perform 1 from public.quizzes z
    where z.id in (select t.quiz_id from public.quiz_attempts t where t.id = any (v_attempts)) order by z.id for no key update;
    perform private.hold_requirements(c.id, false) from (
        select distinct t.course_id as id from public.quiz_attempts t where t.id = any (v_attempts) order by 1
    ) c;
    perform 1 from public.enrollments e
    where e.id in (select t.enrollment_id from public.quiz_attempts t where t.id = any (v_attempts)) order by e.id for no key update;
    for v_before in select * from public.quiz_attempts t where t.id = any (v_attempts) order by t.id for no key update loop
        select * into v_change from private.grade_answers(v_before.id, p_version) g
        where g.points_before is distinct from g.points_after;
        if found then
            v_after := private.settle_attempt(v_before.id);
            v_changed := v_changed + 1;
            insert into public.quiz_grade_changes (quiz_attempt_id, course_id, position, reason, changed_by,
                points_before, points_after, score_before, score_after, passed_before, passed_after)
            values (v_before.id, v_before.course_id, v_change.place, btrim(p_reason), auth.uid(),
                v_change.points_before, v_change.points_after, v_before.score, v_after.score, v_before.passed, v_after.passed);
        end if;
    end loop;
    return v_changed;
end
$$;
comment on function public.regrade_question(uuid, text) is
    'Grades every answer to a version anew by its present key, except where a person graded; keeps what each was before. Answers how many changed.';

create function public.preview_regrade(p_version uuid)
returns table (quiz_attempt_id uuid, member_id uuid, points_before numeric, points_after numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select t.id, t.member_id, w.points_earned, c.points
    from public.question_keys k
    join public.question_versions v on v.id = k.question_version_id
    join private.attempt_questions a on a.question_version_id = v.id
    join public.quiz_attempts t on t.id = a.quiz_attempt_id and t.status <> 'in_progress'
    join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position and w.graded_by is null
    cross join lateral (
        select case when private.is_blank_answer(w.answer_data) then 0 else
            round(w.max_points * private.grade_share(v.question_type, a.option_order, k.correct_answer, w.answer_data), 2) end
    ) as c (points)
    where k.question_version_id = p_version and k.correct_answer is not null and w.points_earned is distinct from c.points
      and (k.course_id in (select private.my_taught_course_ids()) or private.is_admin())
$$;
comment on function public.preview_regrade(uuid) is 'Whose points regrade_question would change, and to what.';

grant execute on function public.grade_quiz_answer(uuid, numeric, text, text), public.regrade_question(uuid, text),
    public.preview_regrade(uuid) to authenticated;
