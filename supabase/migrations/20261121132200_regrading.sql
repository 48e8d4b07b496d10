-- Grading a question anew after its key was corrected: whose score changes is shown first; then it is done in portions, each of which
-- locks only the attempts that change, for as long as it takes. Nobody who takes the quiz meanwhile waits for the whole.
--
-- What is right when somebody hands in in the middle: an attempt that is graded after the key was corrected is graded by the corrected
-- key. One whose grading had begun before may still be uncommitted when the first portion looks; so the work begins only when every
-- transaction that was under way at its start has ended. From then on each attempt is either seen as handed in, or grades itself right.
-- Rollback: drop the table, the functions and the three columns regrade below, with the triggers log_… as 20261121109100 and 131200 make them; bring back public.regrade_question and public.preview_regrade of 20261121102150.

create table public.regrades (
    id uuid primary key default private.uuid_v7(),
    question_version_id uuid not null references public.question_versions (id) on delete cascade,
    course_id uuid references public.courses (id) on delete cascade,
    reason text not null check (length(btrim(reason)) between 1 and 1000),
    tell boolean not null default true,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done')),
    horizon text check (horizon ~ '^[0-9]{1,20}$'),
    attempts integer not null default 0 check (attempts >= 0),
    seen integer not null default 0 check (seen >= 0),
    changed integer not null default 0 check (changed >= 0),
    now_passed integer not null default 0 check (now_passed >= 0),
    now_failed integer not null default 0 check (now_failed >= 0),
    requested_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint done_regrades_are_dated check ((state = 'done') = (finished_at is not null))
);
comment on table public.regrades is 'Questions that are graded anew by a corrected key: why, how far, what changed. Each changed grade is in quiz_grade_changes.';
comment on column public.regrades.course_id is 'The course of the question; null for one of the shared bank.';
comment on column public.regrades.tell is 'Whether those whose score changes get a notice.';
comment on column public.regrades.horizon is 'The transaction that looked at the work first; it starts when all that had begun before it have ended.';
comment on column public.regrades.seen is 'How many attempts of its list were looked at: where the work goes on after a stop.';
create unique index idx_regrades_one_at_a_time on public.regrades (question_version_id) where state <> 'done';
create index idx_regrades_version on public.regrades (question_version_id, created_at desc);
create index idx_regrades_course on public.regrades (course_id);
create index idx_regrades_requested_by on public.regrades (requested_by);
create trigger update_regrades_updated_at before update on public.regrades
    for each row execute function public.update_updated_at_column();
alter table public.regrades enable row level security;
revoke all on public.regrades from anon, authenticated, service_role;
grant select on public.regrades to authenticated;
grant select, insert, update, delete on public.regrades to service_role;
create policy "Instructors view regrades" on public.regrades for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('regrades', 'log_regrade_changes', p_ignored => '{horizon,attempts,seen,changed,now_passed,now_failed}');

create table private.regrade_lists (
    regrade_id uuid primary key references public.regrades (id) on delete cascade,
    attempt_ids uuid[] not null
);
comment on table private.regrade_lists is 'The attempts that a regrade under way looks at, in their order; made when it begins and gone when it is done.';
alter table private.regrade_lists enable row level security;
revoke all on private.regrade_lists from anon, authenticated, service_role;

-- What would change -----------------------------------------------------------------------------------------

create function private.regraded(p_version uuid, p_attempts uuid[])
returns table (attempt_id uuid, place integer, answer_id uuid, points_before numeric, points_after numeric, feedback text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with asked as materialized (
        select w.quiz_attempt_id, w.position, w.id, w.answer_data, w.max_points, w.points_earned, w.automated_feedback, a.option_order
        from private.attempt_questions a
        join public.quiz_attempts t on t.id = a.quiz_attempt_id and t.status <> 'in_progress'
        join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position and w.graded_by is null
        where a.question_version_id = p_version and a.quiz_attempt_id = any (p_attempts)
    -- Many give the same answer to the same order of options: each is graded once.
    ), given as materialized (
        select d.option_order, d.answer_data,
            case when private.is_blank_answer(d.answer_data) then 0
                else private.grade_share(v.question_type, d.option_order, k.correct_answer, d.answer_data) end as share,
            private.automated_feedback(v.question_type, d.option_order, k.correct_answer, k.option_feedback, d.answer_data) as feedback
        from (select distinct s.option_order, s.answer_data from asked s) d
        join public.question_versions v on v.id = p_version
        join public.question_keys k on k.question_version_id = v.id and k.correct_answer is not null
    )
    select s.quiz_attempt_id, s.position, s.id, s.points_earned, round(s.max_points * g.share, 2), g.feedback
    from asked s join given g on g.option_order = s.option_order and g.answer_data = s.answer_data
    where s.points_earned is distinct from round(s.max_points * g.share, 2) or s.automated_feedback is distinct from g.feedback
$$;
comment on function private.regraded(uuid, uuid[]) is
    'Answers to a version in some attempts that its present key grades otherwise, in points or in feedback; not those that a person graded.';

create function private.hold_regraded_key(p_version uuid) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key public.question_keys;
begin
    select * into v_key from public.question_keys k where k.question_version_id = p_version;
    if v_key.question_version_id is null
        or not (coalesce(v_key.course_id in (select private.my_taught_course_ids()), false) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_key', 'This question has no key that you may change.');
    end if;
    return v_key.course_id;
end
$$;
comment on function private.hold_regraded_key(uuid) is 'The course of a key that the caller may change; raises CG404.';

create function public.regrade_preview(p_version uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempts uuid[];
    v_found jsonb;
begin
    perform private.hold_regraded_key(p_version);
    v_attempts := array(
        select t.id from private.attempt_questions a join public.quiz_attempts t on t.id = a.quiz_attempt_id
        where a.question_version_id = p_version and t.status <> 'in_progress'
    );
    with changed as materialized (
        select t.id, t.member_id, t.quiz_id, t.score as score_before, t.passed as passed_before, r.points_before, r.points_after,
            case when t.score is null then null when t.total_points > 0
                then round((t.points_earned + r.points_after - coalesce(r.points_before, 0)) / t.total_points * 100, 2) else 0 end as score_after,
            t.passing_score
        from private.regraded(p_version, v_attempts) r join public.quiz_attempts t on t.id = r.attempt_id
        where r.points_before is distinct from r.points_after
    )
    select jsonb_build_object(
        'attempts', cardinality(v_attempts), 'changed', count(*),
        'rise', count(*) filter (where c.points_after > coalesce(c.points_before, 0)),
        'fall', count(*) filter (where c.points_after < coalesce(c.points_before, 0)),
        'now_passed', count(*) filter (where c.score_after >= c.passing_score and not c.passed_before),
        'now_failed', count(*) filter (where c.score_after < c.passing_score and c.passed_before),
        'shown', coalesce((
            select jsonb_agg(to_jsonb(s) order by s.flips desc, s.difference desc, s.name)
            from (
                select c.id, concat_ws(' ', p.first_name, p.last_name) as name, z.title as quiz, c.points_before, c.points_after,
                    c.score_before, c.score_after, c.passed_before, c.score_after >= c.passing_score as passed_after,
                    (c.score_after >= c.passing_score) is distinct from c.passed_before as flips,
                    abs(c.points_after - coalesce(c.points_before, 0)) as difference
                from changed c
                join public.profiles p on p.id = c.member_id
                join public.quizzes z on z.id = c.quiz_id
                order by 10 desc, 11 desc, 2
                limit 100
            ) s
        ), '[]')
    ) into v_found from changed c;
    return v_found;
end
$$;
comment on function public.regrade_preview(uuid) is
    'What grading a question anew would change: how many rise, fall, pass now or no longer, and the hundred that it concerns most. Raises CG404.';

-- Doing it --------------------------------------------------------------------------------------------------

create function private.move_quiz_figures(p_quiz uuid, p_course uuid, p_passed integer, p_score numeric) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_passed = 0 and p_score = 0 then
        return;
    end if;
    insert into public.quiz_count_moves (quiz_id, course_id, passed, score) values (p_quiz, p_course, p_passed, p_score);
end
$$;
comment on function private.move_quiz_figures(uuid, uuid, integer, numeric) is 'Moves how many passed a quiz and the sum of its scores.';

-- Everything in the log, once. A grade that changes touches an answer, its attempt, and the record of the change, which says of both
-- what was before and after, and why: of a regrade this record is what the log keeps, written for a portion at once. The two columns
-- can be written by nobody but the functions below, so no other change goes by the log.
alter table public.quiz_answers add column regrade uuid;
alter table public.quiz_attempts add column regrade uuid;
alter table public.quiz_grade_changes add column regrade uuid;
comment on column public.quiz_answers.regrade is 'The last of public.regrades that changed it; its quiz_grade_changes stand in the log for it.';
comment on column public.quiz_attempts.regrade is 'The last of public.regrades that changed it; its quiz_grade_changes stand in the log for it.';
comment on column public.quiz_grade_changes.regrade is 'The one of public.regrades that made it; null where a person graded one answer.';

drop trigger log_quiz_answer_changes on public.quiz_answers;
create trigger log_quiz_answer_changes after update on public.quiz_answers
    for each row when (
        new.graded_at is not null and (old.graded_at is not null or new.graded_by is not null)
        and new.regrade is not distinct from old.regrade
    )
    execute function public.log_audit_trail('quiz_answers', 'whole');
drop trigger log_quiz_attempt_changes on public.quiz_attempts;
create trigger log_quiz_attempt_changes after insert or delete on public.quiz_attempts
    for each row execute function public.log_audit_trail('quiz_attempts');
create trigger log_quiz_attempt_updates after update on public.quiz_attempts
    for each row when (new.regrade is not distinct from old.regrade) execute function public.log_audit_trail('quiz_attempts');
drop trigger log_quiz_grade_change_changes on public.quiz_grade_changes;
create trigger log_quiz_grade_change_changes after update or delete on public.quiz_grade_changes
    for each row execute function public.log_audit_trail('quiz_grade_changes');
create trigger log_quiz_grade_change_inserts after insert on public.quiz_grade_changes
    for each row when (new.regrade is null) execute function public.log_audit_trail('quiz_grade_changes');

create function private.log_grade_changes(p_changes uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
    -- As public.log_audit_trail writes each row of an insert, with the personal values apart.
    with changes as materialized (
        select c.id, t.member_id, to_jsonb(c) as written, to_jsonb(c.reason) as reason,
            uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt
        from public.quiz_grade_changes c join public.quiz_attempts t on t.id = c.quiz_attempt_id
        where c.id = any (p_changes)
    ), logged as (
        insert into public.audit_logs (txid, actor, actor_role, request_id, table_name, record_id, operation, subject, personal, after)
        select pg_current_xact_id()::text::bigint, auth.uid(), a.role, left(auth.jwt() ->> 'request_id', 64), 'quiz_grade_changes',
            c.id::text, 'INSERT', c.member_id, array['reason'],
            c.written || jsonb_build_object('reason', 'sha256:' || encode(sha256(c.salt || convert_to(
                '5:after,6:reason,' || octet_length(convert_to(c.reason::text, 'UTF8')) || ':' || c.reason::text || ',', 'UTF8'
            )), 'hex'))
        from changes c cross join (select private.audit_actor_role(auth.uid()) offset 0) as a (role)
        returning id, record_id
    )
    insert into public.audit_personal_values (audit_id, subject, salt, after)
    select l.id, c.member_id, c.salt, jsonb_build_object('reason', c.reason)
    from logged l join changes c on c.id::text = l.record_id where c.member_id is not null;
end
$$;
comment on function private.log_grade_changes(uuid[]) is 'Writes the changes of grades that a regrade made to the audit log, as the trigger writes those of a person.';

create type private.regraded_attempt as (
    attempt_id uuid, quiz_id uuid, course_id uuid, member_id uuid, place integer, points_before numeric, points_after numeric,
    score_before numeric, score_after numeric, passed_before boolean, passed_after boolean
);
comment on type private.regraded_attempt is 'What grading a question anew changed in one attempt.';

create function private.regrade_attempts(
    p_version uuid, p_attempts uuid[], p_reason text, p_by uuid, p_tell boolean, p_regrade uuid,
    out changed integer, out now_passed integer, out now_failed integer
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_hit uuid[] := array(select r.attempt_id from private.regraded(p_version, p_attempts) r);
    v_rows private.regraded_attempt[];
    v_after public.quiz_attempts;
    v_written uuid[];
    v_row record;
begin
    changed := 0; now_passed := 0; now_failed := 0;
    if cardinality(v_hit) = 0 then
        return;
    end if;
    -- Only what changes is locked, in the order in which learners lock it.
    perform private.hold_quiz(q.quiz_id, q.course_id) from (
        select distinct t.quiz_id, t.course_id from public.quiz_attempts t where t.id = any (v_hit) order by 1, 2
    ) q;
    perform 1 from public.enrollments e
    where e.id in (select t.enrollment_id from public.quiz_attempts t where t.id = any (v_hit)) order by e.id for no key update;
    perform 1 from public.quiz_attempts t where t.id = any (v_hit) order by t.id for no key update;
    -- Read again under the locks: a person may have graded one meanwhile.
    with fresh as materialized (
        select * from private.regraded(p_version, v_hit)
    ), graded as (
        update public.quiz_answers w set points_earned = f.points_after, is_correct = f.points_after = w.max_points,
            automated_feedback = f.feedback, graded_at = now(), regrade = coalesce(p_regrade, w.regrade)
        from fresh f where w.id = f.answer_id
        returning w.id
    ), counted as materialized (
        select t.id, t.quiz_id, t.course_id, t.member_id, f.place, f.points_before, f.points_after, t.score as score_before,
            t.passed as passed_before, t.points_earned + f.points_after - coalesce(f.points_before, 0) as points, t.total_points, t.passing_score
        from fresh f join public.quiz_attempts t on t.id = f.attempt_id
        where f.points_after is distinct from f.points_before
    ), scored as (
        update public.quiz_attempts t set
            points_earned = c.points,
            score = case when c.total_points > 0 then round(c.points / c.total_points * 100, 2) else 0 end,
            passed = (case when c.total_points > 0 then round(c.points / c.total_points * 100, 2) else 0 end) >= c.passing_score,
            graded_at = now(),
            regrade = coalesce(p_regrade, t.regrade)
        from counted c where t.id = c.id and c.score_before is not null
        returning t.id, t.score, t.passed
    )
    select array_agg((c.id, c.quiz_id, c.course_id, c.member_id, c.place, c.points_before, c.points_after, c.score_before, s.score,
        c.passed_before, s.passed)::private.regraded_attempt)
    into v_rows
    from counted c left join scored s on s.id = c.id
    -- Every part of the statement runs, read or not; this one says so.
    where (select count(*) from graded) >= 0;
    changed := coalesce(cardinality(v_rows), 0);
    if changed = 0 then
        return;
    end if;
    -- What waited for a person and has a key now may be graded as a whole.
    for v_row in
        select r.n, r.attempt_id
        from unnest(v_rows) with ordinality as r (attempt_id, quiz_id, course_id, member_id, place, points_before, points_after,
            score_before, score_after, passed_before, passed_after, n)
        where r.score_before is null
    loop
        v_after := private.settle_attempt(v_row.attempt_id);
        v_rows[v_row.n].score_after := v_after.score;
        v_rows[v_row.n].passed_after := v_after.passed;
    end loop;
    with written as (
        insert into public.quiz_grade_changes (quiz_attempt_id, course_id, position, reason, changed_by,
            points_before, points_after, score_before, score_after, passed_before, passed_after, regrade)
        select r.attempt_id, r.course_id, r.place, btrim(p_reason), p_by, r.points_before, r.points_after, r.score_before, r.score_after,
            r.passed_before, r.passed_after, p_regrade
        from unnest(v_rows) r
        returning id
    )
    select array_agg(w.id) into v_written from written w;
    if p_regrade is not null then
        perform private.log_grade_changes(v_written);
    end if;
    perform private.move_quiz_figures(q.quiz_id, q.course_id, q.passed, q.score) from (
        select r.quiz_id, r.course_id, sum(r.passed_after::integer - r.passed_before::integer)::integer as passed,
            sum(r.score_after - r.score_before) as score
        from unnest(v_rows) r where r.score_before is not null group by 1, 2
    ) q;
    perform private.complete_after_quiz(r.attempt_id)
    from unnest(v_rows) r join public.quizzes z on z.id = r.quiz_id
    where r.score_before is not null and (z.lesson_id is not null or private.is_required_quiz(z)) and case when z.grading_policy = 'best' then r.passed_after and not r.passed_before
        else r.score_after > r.score_before end;
    if p_tell then
        insert into public.notifications (member_id, kind, title, body, link)
        select r.member_id, 'quiz_regraded', left('“' || z.title || '” was graded anew', 200),
            'A question was corrected: your score went from ' || trim_scale(r.score_before) || ' % to ' || trim_scale(r.score_after) || ' %. '
                || case when r.passed_after and not r.passed_before then 'You have passed. '
                    when r.passed_before and not r.passed_after then 'This is below the pass mark. ' else '' end
                || 'Why: ' || btrim(p_reason),
            '/attempts/' || r.attempt_id || '/result'
        from unnest(v_rows) r join public.quizzes z on z.id = r.quiz_id
        where r.score_before is distinct from r.score_after and r.score_before is not null
          and not exists (
              select 1 from public.notification_preferences p
              where p.member_id = r.member_id and p.kind = 'quiz_regraded' and p.channel = 'in_app' and not p.enabled
          );
    end if;
    select count(*) filter (where r.passed_after and not coalesce(r.passed_before, false)),
        count(*) filter (where r.passed_before and not r.passed_after)
    into now_passed, now_failed from unnest(v_rows) r;
end
$$;
comment on function private.regrade_attempts(uuid, uuid[], text, uuid, boolean, uuid) is
    'Grades the answers to a version in some attempts anew by its present key, with all that follows; what a person graded stays.';

create function public.begin_regrade(p_version uuid, p_reason text, p_tell boolean default true) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := private.hold_regraded_key(p_version);
    v_regrade uuid;
begin
    if coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the question is graded anew, in at most 1000 characters.');
    end if;
    insert into public.regrades (question_version_id, course_id, reason, tell, attempts, requested_by)
    values (p_version, v_course, btrim(p_reason), coalesce(p_tell, true),
        (select count(*) from private.attempt_questions a where a.question_version_id = p_version), auth.uid())
    on conflict (question_version_id) where state <> 'done' do nothing
    returning id into v_regrade;
    if v_regrade is null then
        perform private.refuse('CG409', 'regrade_under_way', 'This question is being graded anew already. Wait until that is done.');
    end if;
    perform private.defer_job('quizzes.regrade', jsonb_build_object('regrade_id', v_regrade));
    return v_regrade;
end
$$;
comment on function public.begin_regrade(uuid, text, boolean) is
    'Has a question graded anew in the background, in every attempt that was handed in; answers the regrade. Raises CG404, CG409, CG422.';

create function private.regrade_some(p_regrade uuid, p_limit integer default 1000) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_regrade public.regrades;
    v_asked uuid[];
    v_done record;
begin
    select * into v_regrade from public.regrades where id = p_regrade for no key update skip locked;
    if v_regrade.id is null or v_regrade.state = 'done' then
        return 'done';
    elsif v_regrade.horizon is null then
        update public.regrades set horizon = pg_current_xact_id()::text where id = p_regrade;
        return 'wait';
    elsif v_regrade.state = 'waiting' and pg_snapshot_xmin(pg_current_snapshot()) <= v_regrade.horizon::xid8 then
        return 'wait';
    end if;
    if v_regrade.state = 'waiting' then
        -- Who is still at it grades himself right when he hands in.
        insert into private.regrade_lists (regrade_id, attempt_ids)
        select p_regrade, coalesce(array_agg(t.id order by t.id), '{}')
        from private.attempt_questions a join public.quiz_attempts t on t.id = a.quiz_attempt_id and t.status <> 'in_progress'
        where a.question_version_id = v_regrade.question_version_id;
        update public.regrades set attempts = (
            select cardinality(l.attempt_ids) from private.regrade_lists l where l.regrade_id = p_regrade
        ) where id = p_regrade;
    end if;
    select l.attempt_ids[v_regrade.seen + 1:v_regrade.seen + p_limit] into v_asked
    from private.regrade_lists l where l.regrade_id = p_regrade;
    if coalesce(cardinality(v_asked), 0) = 0 then
        delete from private.regrade_lists where regrade_id = p_regrade;
        update public.regrades set state = 'done', finished_at = now() where id = p_regrade;
        return 'done';
    end if;
    select * into v_done
    from private.regrade_attempts(v_regrade.question_version_id, v_asked, v_regrade.reason, v_regrade.requested_by, v_regrade.tell,
        p_regrade);
    update public.regrades set state = 'running', seen = seen + cardinality(v_asked),
        changed = changed + v_done.changed, now_passed = now_passed + v_done.now_passed, now_failed = now_failed + v_done.now_failed
    where id = p_regrade;
    return 'again';
end
$$;
comment on function private.regrade_some(uuid, integer) is
    'Does the next portion of a regrade. wait: a transaction that may have read the former key is under way, ask again; again; done.';

create or replace function public.regrade_question(p_version uuid, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_regraded_key(p_version);
    if coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the question is graded anew, in at most 1000 characters.');
    end if;
    return (private.regrade_attempts(p_version, array(
        select a.quiz_attempt_id from private.attempt_questions a where a.question_version_id = p_version
    ), p_reason, auth.uid(), false, null)).changed;
end
$$;
comment on function public.regrade_question(uuid, text) is
    'Grades every answer to a version anew at once, except where a person graded; answers how many changed. For many attempts: public.begin_regrade.';
grant execute on function public.regrade_preview(uuid), public.begin_regrade(uuid, text, boolean) to authenticated;
grant execute on function private.regrade_some(uuid, integer) to service_role;
