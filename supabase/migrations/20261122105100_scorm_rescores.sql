-- Another result for an attempt whose package said something else than it should: proposed by who teaches the course, decided by an
-- administrator who is somebody else.
--
-- How a correction lives with what the package says later. A correction answers what the package had said until it was approved, so
-- that is kept with it (said_…). As long as the package says nothing beyond that, the correction holds, downwards as well; what goes
-- beyond it counts as ever. A correction to completed or passed is never taken back, and the score never falls under a corrected one.
-- What follows from a result stays: whoever had met the rule of the package has met it, and a lesson that is complete stays so.
-- Rollback: bring back private.roll_scorm_up of 20261121104020 and private.scorm_attempts_under of 20261122102010; drop the functions
-- and the table below.

create table public.scorm_rescores (
    id uuid primary key default private.uuid_v7(),
    attempt_id uuid not null,
    scorm_enrollment_id uuid not null,
    course_id uuid references public.courses (id) on delete restrict,
    was_completion text not null check (was_completion in ('unknown', 'incomplete', 'completed')),
    was_success text not null check (was_success in ('unknown', 'passed', 'failed')),
    was_score numeric(5, 2) check (was_score between 0 and 100),
    to_completion text check (to_completion in ('unknown', 'incomplete', 'completed')),
    to_success text check (to_success in ('unknown', 'passed', 'failed')),
    to_score numeric(5, 2) check (to_score between 0 and 100),
    said_completion text check (said_completion in ('unknown', 'incomplete', 'completed')),
    said_success text check (said_success in ('unknown', 'passed', 'failed')),
    said_score numeric(5, 2) check (said_score between 0 and 100),
    reason text not null check (length(reason) <= 1000 and reason ~ '\S\s+\S+\s+\S'),
    state text not null default 'pending' check (state in ('pending', 'approved', 'declined', 'withdrawn')),
    proposed_by uuid references public.profiles (id) on delete set null,
    proposed_at timestamptz not null default now(),
    decided_by uuid references public.profiles (id) on delete set null,
    decided_at timestamptz,
    words text not null default '' check (length(words) <= 1000),
    updated_at timestamptz not null default now(),
    constraint scorm_rescores_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict,
    constraint rescores_change_something check (
        num_nonnulls(to_completion, to_success, to_score) > 0 and to_completion is distinct from was_completion
        and to_success is distinct from was_success and (to_score is null or to_score is distinct from was_score)
    ),
    constraint closed_rescores_are_dated check ((state = 'pending') = (decided_at is null)),
    constraint approved_rescores_keep_what_was_said check ((state = 'approved') = (num_nonnulls(said_completion, said_success) = 2)),
    constraint rescores_are_decided_by_another check (state not in ('approved', 'declined') or decided_by <> proposed_by)
);
comment on table public.scorm_rescores is
    'Proposals to give an attempt at a package another result, each with its reason, and what an administrator decided. Never removed.';
comment on column public.scorm_rescores.course_id is 'The course of the registration; null where a package is taken outside courses.';
comment on column public.scorm_rescores.was_completion is 'With was_success and was_score: how the attempt stood when this was proposed. Only then it can be approved.';
comment on column public.scorm_rescores.to_completion is 'With to_success and to_score: what it shall be; null leaves it as it is.';
comment on column public.scorm_rescores.said_completion is
    'With said_success and said_score: what the SCOs came to when it was approved. What the package says beyond that counts again.';
comment on column public.scorm_rescores.decided_at is 'When it was approved, declined or withdrawn.';
comment on column public.scorm_rescores.words is 'What who decided tells who proposed it.';
create unique index idx_scorm_rescores_pending on public.scorm_rescores (attempt_id) where state = 'pending';
create index idx_scorm_rescores_attempt on public.scorm_rescores (attempt_id, scorm_enrollment_id);
create index idx_scorm_rescores_registration on public.scorm_rescores (scorm_enrollment_id, proposed_at desc, id desc);
create index idx_scorm_rescores_open on public.scorm_rescores (proposed_at, id) where state = 'pending';
create index idx_scorm_rescores_course on public.scorm_rescores (course_id);
create index idx_scorm_rescores_proposed_by on public.scorm_rescores (proposed_by);
create index idx_scorm_rescores_decided_by on public.scorm_rescores (decided_by);
create trigger update_scorm_rescores_updated_at before update on public.scorm_rescores
    for each row execute function public.update_updated_at_column();
alter table public.scorm_rescores enable row level security;
revoke all on public.scorm_rescores from anon, authenticated, service_role;
grant select on public.scorm_rescores to authenticated, service_role;
create policy "Instructors view corrections of attempts" on public.scorm_rescores for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('scorm_rescores', 'log_scorm_rescore_changes', 'scorm_enrollment_id > scorm_enrollments.member_id',
    p_personal => '{reason,words}');

-- What an attempt comes to -----------------------------------------------------------------------------------------

create function private.scorm_correction(
    p_attempt uuid, p_completion text, p_success text, p_score numeric, out completion text, out success text, out score numeric
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select
        (
            select case when r.to_completion = 'completed' or r.said_completion = p_completion then r.to_completion end
            from public.scorm_rescores r
            where r.attempt_id = p_attempt and r.state = 'approved' and r.to_completion is not null order by r.decided_at desc limit 1
        ),
        (
            -- With a mark of the association more score says more, and so does being complete.
            select case when r.to_success = 'passed' or (r.said_completion, r.said_success) = (p_completion, p_success)
                and coalesce(p_score, -1) <= coalesce(r.said_score, -1) then r.to_success end
            from public.scorm_rescores r
            where r.attempt_id = p_attempt and r.state = 'approved' and r.to_success is not null order by r.decided_at desc limit 1
        ),
        (
            select case when coalesce(p_score, -1) <= coalesce(r.said_score, -1) then r.to_score else greatest(r.to_score, p_score) end
            from public.scorm_rescores r
            where r.attempt_id = p_attempt and r.state = 'approved' and r.to_score is not null order by r.decided_at desc limit 1
        )
    into completion, success, score;
end
$$;
comment on function private.scorm_correction(uuid, text, text, numeric) is
    'The approved corrections of an attempt that hold, given what its SCOs come to now; null where none does.';

create function private.scorm_sum(p_package uuid, p_attempt uuid, out completion text, out success text, out score numeric, out progress numeric)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    with expected as (
        select i.identifier as sco from public.scorm_items i
        join public.scorm_items o on o.scorm_package_id = i.scorm_package_id and o.identifier = i.organization and o.is_default
        where i.scorm_package_id = p_package and i.kind = 'sco'
    ), result as (
        select r.*, i.kind = 'organization' as is_root from public.scorm_sco_results r
        left join public.scorm_items i on i.scorm_package_id = p_package and i.identifier = r.sco
        where r.attempt_id = p_attempt
    ), summed as (
        select
            true as is_root, r.completion_status as completion, r.success_status as success, r.score, r.progress
        from result r where r.is_root
        union all
        select
            false,
            case when count(*) filter (where r.completion_status = 'completed') >= greatest((select count(*) from expected), 1) then 'completed'
                when bool_or(r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end,
            case when bool_or(r.success_status = 'failed') then 'failed'
                when bool_and(r.success_status = 'passed' or r.completion_status = 'completed') and bool_or(r.success_status = 'passed')
                    and count(*) >= (select count(*) from expected) then 'passed'
                else 'unknown' end,
            round(avg(r.score), 2),
            round(least(100, sum(r.progress) / greatest((select count(*) from expected), count(*), 1)), 2)
        from result r where not coalesce(r.is_root, false)
    )
    select s.completion, s.success, s.score, s.progress into completion, success, score, progress
    from summed s order by s.is_root desc limit 1;
end
$$;
comment on function private.scorm_sum(uuid, uuid) is
    'What the SCOs of an attempt come to, before the association''s mark and before corrections: complete when all SCOs of the default '
    'organisation are, failed when one is, the mean of the scores; or what the engine wrote for the organisation.';

create or replace function private.roll_scorm_up(p_enrollment public.scorm_enrollments, p_attempt uuid, p_time numeric) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_mark numeric;
    v_sum record;
    v_corrected record;
begin
    select passing_score into v_mark from public.scorm_packages where id = p_enrollment.scorm_package_id;
    select * into v_sum from private.scorm_sum(p_enrollment.scorm_package_id, p_attempt);
    select * into v_corrected from private.scorm_correction(p_attempt, v_sum.completion, v_sum.success, v_sum.score);
    v_sum.completion := coalesce(v_corrected.completion, v_sum.completion);
    v_sum.score := coalesce(v_corrected.score, v_sum.score);
    if v_mark is not null and v_sum.score is not null and (v_sum.completion = 'completed' or v_sum.success <> 'unknown') then
        v_sum.success := case when v_sum.score >= v_mark then 'passed' else 'failed' end;
    end if;
    v_sum.success := coalesce(v_corrected.success, v_sum.success);
    update public.scorm_attempts a set
        completion_status = case when a.completion_status = 'completed' then a.completion_status else v_sum.completion end,
        success_status = case when a.success_status = 'passed' then a.success_status else v_sum.success end,
        progress = greatest(a.progress, v_sum.progress),
        score = case when a.completion_status = 'completed' or a.success_status = 'passed'
            then greatest(a.score, v_sum.score) else v_sum.score end,
        total_time_seconds = a.total_time_seconds + p_time
    where a.id = p_attempt;
end
$$;
comment on function private.roll_scorm_up(public.scorm_enrollments, uuid, numeric) is
    'An attempt from its SCOs, the association''s mark and the corrections that hold. Never back from completed or passed.';

create or replace function private.scorm_attempts_under(p_package uuid, p_passing numeric)
returns table (attempt_id uuid, scorm_enrollment_id uuid, completion text, success text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with expected as (
        select greatest(count(*), 1) as scos, count(*) as named from public.scorm_items i
        join public.scorm_items o on o.scorm_package_id = i.scorm_package_id and o.identifier = i.organization and o.is_default
        where i.scorm_package_id = p_package and i.kind = 'sco'
    ), attempt as (
        select a.* from public.scorm_enrollments e join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit
        where e.scorm_package_id = p_package
    ), result as (
        select r.*, coalesce(i.kind = 'organization', false) as is_root from attempt a
        join public.scorm_sco_results r on r.attempt_id = a.id
        left join public.scorm_items i on i.scorm_package_id = p_package and i.identifier = r.sco
    ), summed as (
        -- As private.scorm_sum sums an attempt, for all at once.
        select r.attempt_id,
            coalesce(max(r.completion_status) filter (where r.is_root), case
                when count(*) filter (where not r.is_root and r.completion_status = 'completed') >= max(x.scos) then 'completed'
                when bool_or(not r.is_root and r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end) as completion,
            coalesce(max(r.success_status) filter (where r.is_root), case
                when bool_or(not r.is_root and r.success_status = 'failed') then 'failed'
                when bool_and(r.is_root or r.success_status = 'passed' or r.completion_status = 'completed')
                    and bool_or(not r.is_root and r.success_status = 'passed')
                    and count(*) filter (where not r.is_root) >= max(x.named) then 'passed'
                else 'unknown' end) as success,
            case when bool_or(r.is_root) then max(r.score) filter (where r.is_root)
                else round(avg(r.score) filter (where not r.is_root), 2) end as score
        from result r cross join expected x group by r.attempt_id
    ), said as (
        select a.id, a.scorm_enrollment_id, a.completion_status, coalesce(s.completion, 'unknown') as completion,
            coalesce(s.success, 'unknown') as success, s.score,
            exists (select 1 from public.scorm_rescores r where r.attempt_id = a.id and r.state = 'approved') as is_corrected
        from attempt a left join summed s on s.attempt_id = a.id
    ), held as (
        select s.id, s.scorm_enrollment_id, s.completion_status, s.success, c.success as corrected_success,
            coalesce(c.completion, s.completion) as completion, coalesce(c.score, s.score) as score
        from said s left join lateral private.scorm_correction(s.id, s.completion, s.success, s.score) c on s.is_corrected
    )
    select h.id, h.scorm_enrollment_id,
        case when h.completion_status = 'completed' then 'completed' else h.completion end,
        case
            when h.corrected_success is not null then h.corrected_success
            when p_passing is not null and h.score is not null and (h.completion = 'completed' or h.success <> 'unknown')
                then case when h.score >= p_passing then 'passed' else 'failed' end
            else h.success
        end
    from held h
$$;
comment on function private.scorm_attempts_under(uuid, numeric) is
    'Completion and success of all attempts at a package that count, from what was recorded of its SCOs and the corrections that hold, if '
    'this were the mark to pass. Nothing is changed.';

-- Proposing --------------------------------------------------------------------------------------------------------

create function public.propose_scorm_rescore(
    p_attempt uuid, p_completion text default null, p_success text default null, p_score numeric default null, p_reason text default null
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text := btrim(p_reason, E' \t\r\n');
    v_row record;
    v_completion text;
    v_success text;
    v_score numeric;
    v_rescore uuid;
begin
    select a.*, e.member_id, e.course_id into v_row
    from public.scorm_attempts a join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
    where a.id = p_attempt and (e.course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt in a course that you teach.');
    elsif v_row.member_id = auth.uid() then
        perform private.refuse('CG403', 'not_your_own', 'You cannot propose a result for yourself. Ask somebody who teaches the course with you.');
    elsif not v_row.credit then
        perform private.refuse('CG409', 'attempt_counts_nothing', 'This attempt counts for nothing, so there is nothing to correct.');
    elsif p_completion not in ('unknown', 'incomplete', 'completed') then
        perform private.refuse('CG422', 'no_such_completion', 'Completion is completed, incomplete or unknown.');
    elsif p_success not in ('unknown', 'passed', 'failed') then
        perform private.refuse('CG422', 'no_such_success', 'Success is passed, failed or unknown.');
    elsif not p_score between 0 and 100 or p_score = 'NaN' then
        perform private.refuse('CG422', 'no_such_score', 'The score is between 0 and 100 percent.');
    elsif coalesce(length(v_reason), 0) > 1000 then
        perform private.refuse('CG422', 'reason_too_long', 'Say why in at most 1,000 characters.');
    elsif coalesce(v_reason !~ '\S\s+\S+\s+\S', true) then
        perform private.refuse('CG422', 'reason_missing', 'Say in a few words what the package said wrongly. It is kept with the correction.');
    end if;
    v_completion := nullif(p_completion, v_row.completion_status);
    v_success := nullif(p_success, v_row.success_status);
    v_score := nullif(round(p_score, 2), v_row.score);
    if num_nonnulls(v_completion, v_success, v_score) = 0 then
        perform private.refuse('CG422', 'nothing_to_correct', 'The attempt stands so already. Choose what shall be different.');
    end if;
    insert into public.scorm_rescores (
        attempt_id, scorm_enrollment_id, course_id, was_completion, was_success, was_score, to_completion, to_success, to_score, reason, proposed_by
    ) values (
        v_row.id, v_row.scorm_enrollment_id, v_row.course_id, v_row.completion_status, v_row.success_status, v_row.score,
        v_completion, v_success, v_score, v_reason, auth.uid()
    )
    on conflict (attempt_id) where state = 'pending' do nothing
    returning id into v_rescore;
    if v_rescore is null then
        perform private.refuse('CG409', 'proposal_open', 'A proposal for this attempt waits already. It is decided or withdrawn first.');
    end if;
    return v_rescore;
end
$$;
comment on function public.propose_scorm_rescore(uuid, text, text, numeric, text) is
    'Proposes another result for an attempt in a course that the caller teaches; null leaves a part as it is. Raises CG403, CG404, CG409, CG422.';

create function public.withdraw_scorm_rescore(p_rescore uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_rescores;
begin
    select * into v_row from public.scorm_rescores r where r.id = p_rescore and r.proposed_by = auth.uid() for update;
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_proposal', 'There is no such proposal of yours.');
    elsif v_row.state <> 'pending' then
        perform private.refuse('CG409', 'already_decided', 'This proposal is not open any more.');
    end if;
    update public.scorm_rescores set state = 'withdrawn', decided_by = auth.uid(), decided_at = now() where id = p_rescore;
end
$$;
comment on function public.withdraw_scorm_rescore(uuid) is 'Takes back a proposal of the caller that is not decided. Raises CG404, CG409.';

-- Deciding ---------------------------------------------------------------------------------------------------------

create function private.apply_scorm_rescore(p_rescore public.scorm_rescores) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_enrollments;
    v_attempt public.scorm_attempts;
    v_mark numeric;
    v_sum record;
begin
    select * into v_row from public.scorm_enrollments e where e.id = p_rescore.scorm_enrollment_id;
    select * into v_attempt from public.scorm_attempts a where a.id = p_rescore.attempt_id for no key update;
    if (v_attempt.completion_status, v_attempt.success_status) <> (p_rescore.was_completion, p_rescore.was_success)
        or v_attempt.score is distinct from p_rescore.was_score
    then
        perform private.refuse('CG409', 'attempt_moved',
            'The attempt has moved since this was proposed. Decline it, and have it proposed again if it is still wrong.');
    end if;
    select * into v_sum from private.scorm_sum(v_row.scorm_package_id, v_attempt.id);
    select passing_score into v_mark from public.scorm_packages where id = v_row.scorm_package_id;
    v_attempt.completion_status := coalesce(p_rescore.to_completion, v_attempt.completion_status);
    v_attempt.score := coalesce(p_rescore.to_score, v_attempt.score);
    -- The association's mark judges a corrected score, unless the decision is about success itself.
    if p_rescore.to_score is not null and v_mark is not null
        and (v_attempt.completion_status = 'completed' or v_attempt.success_status <> 'unknown')
    then
        v_attempt.success_status := case when v_attempt.score >= v_mark then 'passed' else 'failed' end;
    end if;
    update public.scorm_rescores set
        said_completion = v_sum.completion, said_success = v_sum.success, said_score = v_sum.score,
        state = 'approved', decided_by = auth.uid(), decided_at = clock_timestamp()
    where id = p_rescore.id;
    update public.scorm_attempts set
        completion_status = v_attempt.completion_status, success_status = coalesce(p_rescore.to_success, v_attempt.success_status),
        score = v_attempt.score,
        progress = case when p_rescore.to_completion = 'completed' then 100 else progress end
    where id = v_attempt.id;
    if private.sum_scorm_attempts(v_row.id, v_row.cmi_data, 0) then
        perform private.complete_scorm_lesson(v_row.id);
    end if;
    perform private.notify(
        v_row.member_id, 'package_result_corrected', left('Your result was corrected: ' || p.title, 200),
        'The package had reported something else than it should. The lesson shows how you stand now.',
        (select '/learn/' || c.slug || '/' || v_row.lesson_id from public.courses c where c.id = v_row.course_id)
    ) from public.scorm_packages p where p.id = v_row.scorm_package_id and v_row.member_id is not null;
end
$$;
comment on function private.apply_scorm_rescore(public.scorm_rescores) is
    'Gives an attempt the result that was approved, moves its registration and lesson, and tells the learner. Raises CG409.';

create function public.decide_scorm_rescore(p_rescore uuid, p_approved boolean, p_words text default '') returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_words text := btrim(coalesce(p_words, ''), E' \t\r\n');
    v_row public.scorm_rescores;
    v_member uuid;
begin
    select r.* into v_row from public.scorm_rescores r where r.id = p_rescore and private.is_admin();
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_proposal', 'There is no such proposal that you may decide.');
    elsif p_approved is null then
        perform private.refuse('CG422', 'yes_or_no', 'Approve the proposal or decline it.');
    elsif length(v_words) > 1000 then
        perform private.refuse('CG422', 'words_too_long', 'Say it in at most 1,000 characters.');
    elsif not p_approved and v_words = '' then
        perform private.refuse('CG422', 'words_missing', 'Say why you decline it. Who proposed it reads that.');
    end if;
    -- Held before any row, in the order of every commit.
    if v_row.course_id is not null then
        perform private.hold_requirements(v_row.course_id, false);
    end if;
    select e.member_id into v_member from public.scorm_enrollments e where e.id = v_row.scorm_enrollment_id for no key update;
    select r.* into v_row from public.scorm_rescores r where r.id = p_rescore for update;
    if v_row.state <> 'pending' then
        perform private.refuse('CG409', 'already_decided', 'This proposal is not open any more: it was ' || v_row.state || '.');
    elsif v_row.proposed_by = auth.uid() then
        perform private.refuse('CG403', 'another_decides', 'You proposed this yourself. Another administrator decides it.');
    elsif v_member = auth.uid() then
        perform private.refuse('CG403', 'not_your_own', 'This is your own result. Another administrator decides it.');
    end if;
    update public.scorm_rescores set words = v_words where id = p_rescore;
    if p_approved then
        perform private.apply_scorm_rescore(v_row);
    else
        update public.scorm_rescores set state = 'declined', decided_by = auth.uid(), decided_at = clock_timestamp() where id = p_rescore;
    end if;
    perform private.notify(
        v_row.proposed_by, case when p_approved then 'rescore_approved' else 'rescore_declined' end,
        left(case when p_approved then 'Your correction is approved: ' else 'Your correction was declined: ' end || k.title, 200),
        v_words, '/studio/registrations/' || v_row.scorm_enrollment_id || '?attempt=' || v_row.attempt_id
    )
    from public.scorm_enrollments e join public.scorm_packages k on k.id = e.scorm_package_id
    where e.id = v_row.scorm_enrollment_id and v_row.proposed_by is not null;
    return case when p_approved then 'approved' else 'declined' end;
end
$$;
comment on function public.decide_scorm_rescore(uuid, boolean, text) is
    'An administrator who did not propose it approves or declines a correction; the proposer is told. Raises CG403, CG404, CG409, CG422.';
grant execute on function public.propose_scorm_rescore(uuid, text, text, numeric, text), public.withdraw_scorm_rescore(uuid),
    public.decide_scorm_rescore(uuid, boolean, text) to authenticated;
