-- How a quiz does: scores, time, and of each question how hard it is, whether it tells apart, and which options are chosen by whom.
-- Counted by a job when the figures of the quiz have moved, so that nobody who grades or takes it waits, and read from a few rows.
-- Rollback: drop the tables and the functions below.

create table public.quiz_insights (
    quiz_id uuid primary key,
    of_course_id uuid not null,
    attempts integer not null check (attempts >= 0),
    passed integer not null check (passed between 0 and attempts),
    average numeric(5, 2) check (average between 0 and 100),
    score_bins integer[] not null check (cardinality(score_bins) = 20),
    seconds_quarter integer check (seconds_quarter >= 0),
    seconds_median integer check (seconds_median >= 0),
    seconds_three_quarters integer check (seconds_three_quarters >= 0),
    graded_count integer not null,
    passed_count integer not null,
    score_sum numeric(14, 2) not null check (score_sum <> 'NaN'),
    computed_at timestamptz not null default now(),
    took interval not null,
    constraint quiz_insights_quiz foreign key (quiz_id, of_course_id) references public.quizzes (id, of_course_id) on delete cascade
);
comment on table public.quiz_insights is 'How the graded attempts at a quiz came out, as counted last.';
comment on column public.quiz_insights.score_bins is 'How many attempts scored 0 to under 5 percent, 5 to under 10, …, 95 to 100.';
comment on column public.quiz_insights.seconds_median is 'Seconds from start to handing in, of half of the attempts at most; beside it the quarters.';
comment on column public.quiz_insights.graded_count is 'With passed_count and score_sum the figures of the quiz when this was counted: where they moved, it is counted anew.';
create index idx_quiz_insights_quiz on public.quiz_insights (quiz_id, of_course_id);
create index idx_quiz_insights_course on public.quiz_insights (of_course_id);

create table public.quiz_question_insights (
    quiz_id uuid not null references public.quiz_insights (quiz_id) on delete cascade,
    question_version_id uuid not null references public.question_versions (id) on delete cascade,
    of_course_id uuid not null references public.courses (id) on delete cascade,
    place integer not null check (place > 0),
    asked integer not null check (asked >= 0),
    answered integer not null check (answered between 0 and asked),
    full_points integer not null check (full_points between 0 and asked),
    share numeric(5, 4) not null check (share between 0 and 1),
    discrimination numeric(5, 4) check (discrimination between -1 and 1),
    options jsonb not null default '{}' check (jsonb_typeof(options) = 'object' and length(options::text) <= 10000),
    primary key (quiz_id, question_version_id)
);
comment on table public.quiz_question_insights is 'How each version that a quiz asked came out in its graded attempts, as counted last.';
comment on column public.quiz_question_insights.place is 'Where it stood in the attempts on average, for the order.';
comment on column public.quiz_question_insights.share is 'Of its points the share that was earned on average: 1 is easy.';
comment on column public.quiz_question_insights.discrimination is
    'Correlation of what was earned here with what was earned in the rest of the attempt; null where either is always the same.';
comment on column public.quiz_question_insights.options is 'Option id → how many of the lowest, middle and best third of the attempts chose it.';
create index idx_quiz_question_insights_version on public.quiz_question_insights (question_version_id);
create index idx_quiz_question_insights_course on public.quiz_question_insights (of_course_id);

alter table public.quiz_insights enable row level security;
alter table public.quiz_question_insights enable row level security;
revoke all on public.quiz_insights, public.quiz_question_insights from anon, authenticated, service_role;
grant select on public.quiz_insights, public.quiz_question_insights to authenticated;
grant select, insert, update, delete on public.quiz_insights, public.quiz_question_insights to service_role;
create policy "Instructors view figures of quizzes" on public.quiz_insights for select to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view figures of questions" on public.quiz_question_insights for select to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
insert into private.audit_exempt (table_name, reason) values
    ('quiz_insights', 'Counted from attempts, which are logged themselves.'),
    ('quiz_question_insights', 'Counted from answers, which are logged themselves.');

create function private.count_quiz_insight(p_quiz uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_began timestamptz := clock_timestamp();
begin
    insert into public.quiz_insights as i (quiz_id, of_course_id, attempts, passed, average, score_bins, seconds_quarter, seconds_median,
        seconds_three_quarters, graded_count, passed_count, score_sum, computed_at, took)
    select z.id, z.of_course_id, s.attempts, s.passed, s.average, s.bins, s.quarters[1], s.quarters[2], s.quarters[3],
        z.graded_count, z.passed_count, z.score_sum, now(), interval '0'
    from public.quizzes z
    cross join lateral (
        select count(*) as attempts, count(*) filter (where t.passed) as passed, round(avg(t.score), 2) as average,
            array(select count(*) filter (where least(19, floor(b.score / 5)) = n)::integer
                from generate_series(0, 19) n left join public.quiz_attempts b on b.quiz_id = z.id and b.score is not null
                group by n order by n) as bins,
            percentile_cont(array[0.25, 0.5, 0.75]) within group (order by t.time_spent_seconds)::integer[] as quarters
        from public.quiz_attempts t where t.quiz_id = z.id and t.score is not null
    ) s
    where z.id = p_quiz
    on conflict (quiz_id) do update set attempts = excluded.attempts, passed = excluded.passed, average = excluded.average,
        score_bins = excluded.score_bins, seconds_quarter = excluded.seconds_quarter, seconds_median = excluded.seconds_median,
        seconds_three_quarters = excluded.seconds_three_quarters, graded_count = excluded.graded_count,
        passed_count = excluded.passed_count, score_sum = excluded.score_sum, computed_at = excluded.computed_at;
    delete from public.quiz_question_insights where quiz_id = p_quiz;
    insert into public.quiz_question_insights (quiz_id, question_version_id, of_course_id, place, asked, answered, full_points, share,
        discrimination, options)
    with attempts as materialized (
        select t.id, t.course_id, t.points_earned, t.total_points, ntile(3) over (order by t.score, t.id) as third
        from public.quiz_attempts t where t.quiz_id = p_quiz and t.score is not null
    ), items as materialized (
        select a.question_version_id, a.position, a.option_order, t.course_id, t.third, w.answer_data,
            w.id is not null and not private.is_blank_answer(w.answer_data) as answered,
            case when a.points > 0 then coalesce(w.points_earned, 0) / a.points else 0 end as share,
            case when t.total_points > a.points then (t.points_earned - coalesce(w.points_earned, 0)) / (t.total_points - a.points) end as rest
        from attempts t
        join private.attempt_questions a on a.quiz_attempt_id = t.id
        left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
    ), chosen as (
        select c.question_version_id, c.option_id, array[
            count(*) filter (where c.third = 1), count(*) filter (where c.third = 2), count(*) filter (where c.third = 3)
        ] as thirds
        from (
            select i.question_version_id, i.third, private.option_at(i.option_order, s.shown) as option_id
            from items i
            join public.question_versions v on v.id = i.question_version_id
                and v.question_type in ('multiple_choice', 'true_false', 'multiple_answer')
            cross join lateral jsonb_array_elements_text(
                case jsonb_typeof(i.answer_data -> 'selected') when 'array' then i.answer_data -> 'selected'
                    when 'string' then jsonb_build_array(i.answer_data -> 'selected') else '[]' end
            ) as s (shown)
        ) c
        where c.option_id is not null
        group by 1, 2
    )
    select p_quiz, i.question_version_id, min(i.course_id::text)::uuid, greatest(1, round(avg(i.position)))::integer, count(*),
        count(*) filter (where i.answered), count(*) filter (where i.share >= 1), round(avg(i.share), 4),
        round(corr(i.share::double precision, i.rest::double precision)::numeric, 4),
        coalesce((select jsonb_object_agg(c.option_id, to_jsonb(c.thirds)) from chosen c where c.question_version_id = i.question_version_id), '{}')
    from items i group by i.question_version_id;
    update public.quiz_insights set took = clock_timestamp() - v_began where quiz_id = p_quiz;
end
$$;
comment on function private.count_quiz_insight(uuid) is 'Counts how a quiz does, from all its graded attempts.';

create function private.count_quiz_insights() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz uuid;
begin
    -- One a call, the longest uncounted first. What takes long is counted seldom: a hundredth of the time at most goes into it.
    select z.id into v_quiz
    from public.quizzes z left join public.quiz_insights i on i.quiz_id = z.id
    where z.graded_count > 0
      and (i.quiz_id is null or (z.graded_count, z.passed_count, z.score_sum) is distinct from (i.graded_count, i.passed_count, i.score_sum))
      and (i.quiz_id is null or i.computed_at + i.took * 100 < clock_timestamp())
    order by i.computed_at nulls first, z.id limit 1;
    if v_quiz is null or not pg_try_advisory_xact_lock(hashtextextended('count_quiz_insights', 0)) then
        return 0;
    end if;
    perform private.count_quiz_insight(v_quiz);
    return 1;
end
$$;
comment on function private.count_quiz_insights() is 'Counts anew how the next quiz does whose figures have moved; 0 when there is none. To be called until it answers 0.';
grant execute on function private.count_quiz_insights() to service_role;
