-- Figures of quizzes without a queue: each attempt adds a row of differences, a job folds these rows into the quiz. Attempts at
-- one quiz then begin and end side by side; they share the quiz's key and the requirements of its course.
-- Rollback: drop the table, the view and the new functions; restore the others of the earlier migrations.

create table public.quiz_count_moves (
    id uuid primary key default private.uuid_v7(),
    quiz_id uuid not null,
    course_id uuid not null,
    attempts integer not null default 0,
    graded integer not null default 0,
    passed integer not null default 0,
    score numeric(14, 2) not null default 0 check (score <> 'NaN'),
    constraint quiz_moves_move_something check (attempts <> 0 or graded <> 0 or passed <> 0 or score <> 0),
    constraint quiz_count_moves_quiz foreign key (quiz_id, course_id) references public.quizzes (id, of_course_id) on delete cascade
);
comment on table public.quiz_count_moves is
    'Differences of a quiz''s figures that are not folded yet: added by each attempt that begins or is graded, never changed.';
create index idx_quiz_count_moves_quiz on public.quiz_count_moves (quiz_id, course_id);
create index idx_quiz_count_moves_course on public.quiz_count_moves (course_id);
alter table public.quiz_count_moves enable row level security;
revoke all on public.quiz_count_moves from anon, authenticated, service_role;
grant select on public.quiz_count_moves to authenticated, service_role;
create policy "Instructors view the moves of their quizzes" on public.quiz_count_moves for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
insert into private.audit_exempt (table_name, reason) values
    ('quiz_count_moves', 'Differences that follow from attempts, which are written down themselves; folded into the quiz.');

create view public.quiz_counters with (security_invoker = true) as
select z.id as quiz_id, z.of_course_id as course_id,
    z.attempts_count + coalesce(m.attempts, 0) as attempts_count,
    z.graded_count + coalesce(m.graded, 0) as graded_count,
    z.passed_count + coalesce(m.passed, 0) as passed_count,
    z.score_sum + coalesce(m.score, 0) as score_sum,
    round((z.score_sum + coalesce(m.score, 0)) / nullif(z.graded_count + coalesce(m.graded, 0), 0), 2) as avg_score,
    round((z.passed_count + coalesce(m.passed, 0)) * 100.0 / nullif(z.graded_count + coalesce(m.graded, 0), 0), 2) as pass_rate
from public.quizzes z
left join lateral (
    select sum(v.attempts)::integer as attempts, sum(v.graded)::integer as graded, sum(v.passed)::integer as passed, sum(v.score) as score
    from public.quiz_count_moves v where v.quiz_id = z.id
) m on true;
comment on view public.quiz_counters is
    'How many attempts a quiz has, how many are graded and passed, average and pass rate; exact at every moment. On quizzes they are as of the last fold.';
revoke all on public.quiz_counters from anon, authenticated, service_role;
grant select on public.quiz_counters to authenticated, service_role;

comment on table public.quizzes is
    'Assessment configuration with passing criteria, time limits, and retry policies. Its counters are as of the last fold of quiz_count_moves; '
    'the view quiz_counters is exact.';

create or replace function private.follow_quiz_attempt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.quiz_count_moves (quiz_id, course_id, attempts) values (new.quiz_id, new.course_id, 1);
        return null;
    end if;
    insert into public.quiz_count_moves (quiz_id, course_id, graded, passed, score)
    select new.quiz_id, new.course_id, m.graded, m.passed, m.score
    from (select
        (new.score is not null)::integer - (old.score is not null)::integer,
        coalesce(new.passed, false)::integer - coalesce(old.passed, false)::integer,
        coalesce(new.score, 0) - coalesce(old.score, 0)
    ) as m (graded, passed, score)
    where m.graded <> 0 or m.passed <> 0 or m.score <> 0;
    if new.score is not null then
        perform private.complete_after_quiz(new.id);
    end if;
    return null;
end
$$;
comment on function private.follow_quiz_attempt() is
    'Trigger: adds what an attempt moves in its quiz''s figures and completes what a grade completes.';

create function private.fold_quiz_counts() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quizzes uuid[];
    v_folded integer;
begin
    -- Of two workers at once, one is enough; a quiz that somebody is changing is folded next time.
    if not pg_try_advisory_xact_lock(hashtextextended('fold_quiz_counts', 0)) then
        return 0;
    end if;
    v_quizzes := array(
        select z.id from public.quizzes z
        where z.id in (select m.quiz_id from public.quiz_count_moves m)
        order by z.id for no key update skip locked
    );
    with gone as (
        delete from public.quiz_count_moves m where m.quiz_id = any (v_quizzes)
        returning m.quiz_id, m.attempts, m.graded, m.passed, m.score
    ), sums as (
        select quiz_id, sum(attempts) as attempts, sum(graded) as graded, sum(passed) as passed, sum(score) as score
        from gone group by quiz_id
    ), folded as (
        update public.quizzes z set attempts_count = z.attempts_count + s.attempts, graded_count = z.graded_count + s.graded,
            passed_count = z.passed_count + s.passed, score_sum = z.score_sum + s.score
        from sums s where z.id = s.quiz_id
    )
    select count(*) into v_folded from gone;
    return v_folded;
end
$$;
comment on function private.fold_quiz_counts() is 'Gathers the moves in the quizzes; answers how many there were. What the view says does not change.';
grant execute on function private.fold_quiz_counts() to service_role;

create or replace function private.hold_quiz(p_quiz uuid, p_course uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The quiz first, as whoever changes or removes it has its row before he waits for the requirements. Shared: attempts do
    -- not wait for each other, nor for an instructor who changes words; only for a removal.
    perform 1 from public.quizzes where id = p_quiz for key share;
    perform private.hold_requirements(p_course, false);
end
$$;
comment on function private.hold_quiz(uuid, uuid) is
    'Shares a quiz and then the requirements of its course. Before any row of enrollments, attempts or courses.';
