-- The rule of a package: what it would change is seen before it is applied to what was recorded, and who applied it why. Learners
-- who began an older version are moved to the newer one on request.
-- Rollback: drop the functions and the table below; restore private.publication_problems from 20261121129010_content_that_is_there.sql
-- and public.delete_scorm_package from 20261122102000_package_imports.sql.

create table public.scorm_package_history (
    id uuid primary key default private.uuid_v7(),
    scorm_package_id uuid not null references public.scorm_packages (id) on delete cascade,
    kind text not null check (kind in ('rule', 'moved')),
    reason text not null check (length(reason) between 1 and 500),
    details jsonb not null check (jsonb_typeof(details) = 'object' and length(details::text) <= 20000),
    made_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now()
);
comment on table public.scorm_package_history is 'What was decided about a package and its learners: rules that were applied, learners who were moved. Never changed.';
comment on column public.scorm_package_history.details is
    'rule: {before, after, people, newly, stays}; moved: {to, people}. Numbers and settings, no names.';
create index idx_scorm_package_history_package on public.scorm_package_history (scorm_package_id, created_at desc, id desc);
create index idx_scorm_package_history_made_by on public.scorm_package_history (made_by);
alter table public.scorm_package_history enable row level security;
revoke all on public.scorm_package_history from anon, authenticated, service_role;
grant select on public.scorm_package_history to authenticated, service_role;
create policy "Instructors view the history of packages" on public.scorm_package_history for select to authenticated
    using (scorm_package_id = any (array(select private.my_managed_scorm_package_ids())) or (select private.is_admin()));
select private.audit_table('scorm_package_history', 'log_scorm_package_history');

-- What attempts come to ------------------------------------------------------------------------------------

create function private.scorm_attempts_under(p_package uuid, p_passing numeric)
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
        -- As private.roll_scorm_up sums an attempt, before the association's own mark.
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
    )
    select a.id, a.scorm_enrollment_id,
        case when a.completion_status = 'completed' then 'completed' else coalesce(s.completion, 'unknown') end,
        case
            when p_passing is not null and s.score is not null and (s.completion = 'completed' or s.success <> 'unknown')
                then case when s.score >= p_passing then 'passed' else 'failed' end
            else coalesce(s.success, 'unknown')
        end
    from attempt a left join summed s on s.attempt_id = a.id
$$;
comment on function private.scorm_attempts_under(uuid, numeric) is
    'Completion and success of all attempts at a package that count, from what was recorded of its SCOs, if this were the mark to pass. Nothing is changed.';

create function private.check_package_rule(p_package uuid, p_rule text, p_passing numeric, p_attempts integer) returns public.scorm_packages
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_package public.scorm_packages;
begin
    select * into v_package from public.scorm_packages p where p.id = p_package and (p.created_by = auth.uid() or private.is_admin());
    if v_package.id is null then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    elsif v_package.import_state <> 'ready' then
        perform private.refuse('CG409', 'package_not_ready', 'This package is not imported yet.');
    elsif coalesce(p_rule, '') not in ('finished', 'completed', 'passed', 'completed_and_passed', 'launched') then
        perform private.refuse('CG422', 'no_such_rule', 'Choose when the package counts as finished.');
    elsif p_passing not between 0 and 100 or p_passing = 'NaN' then
        perform private.refuse('CG422', 'no_such_mark', 'The mark to pass is between 0 and 100 percent, or none.');
    elsif p_attempts not between 1 and 1000 then
        perform private.refuse('CG422', 'no_such_number', 'Allow between 1 and 1,000 attempts, or any number.');
    end if;
    return v_package;
end
$$;
comment on function private.check_package_rule(uuid, text, numeric, integer) is 'The package of whoever asks, when such a rule can be given to it. Raises CG404, CG409, CG422.';

create function private.package_rule_outcome(p_package uuid, p_rule text, p_passing numeric)
returns table (scorm_enrollment_id uuid, was_met boolean, is_met boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.id, e.criterion_met_at is not null, coalesce(bool_or(u.attempt_id is not null and private.scorm_rule_met(p_rule, u.completion, u.success)), false)
    from public.scorm_enrollments e
    left join private.scorm_attempts_under(p_package, p_passing) u on u.scorm_enrollment_id = e.id
    where e.scorm_package_id = p_package and (e.enrollment_id is not null or e.attempts > 0)
    group by e.id
$$;
comment on function private.package_rule_outcome(uuid, text, numeric) is 'For each registration at a package: whether its rule was met, and whether it would be under another one.';

create function public.preview_package_rule(p_package uuid, p_rule text, p_passing numeric default null, p_attempts integer default null)
returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_found jsonb;
begin
    perform private.check_package_rule(p_package, p_rule, p_passing, p_attempts);
    with outcome as materialized (
        select o.* from private.package_rule_outcome(p_package, p_rule, p_passing) o
    ), listed as (
        select o.was_met, o.is_met, concat_ws(' ', m.first_name, m.last_name) as name, c.title as course, e.status, e.score
        from outcome o
        join public.scorm_enrollments e on e.id = o.scorm_enrollment_id
        join public.profiles m on m.id = e.member_id
        left join public.courses c on c.id = e.course_id
        where o.was_met <> o.is_met
          -- Names only of those whose records whoever asks may see.
          and (e.id in (select private.my_scorm_enrollment_ids()) or private.is_admin())
        order by o.is_met desc, m.last_name, m.first_name, e.id limit 200
    )
    select jsonb_build_object(
        'people', (select count(*) from outcome),
        'met', (select count(*) from outcome where was_met),
        'newly', (select count(*) from outcome where is_met and not was_met),
        'stays', (select count(*) from outcome where was_met and not is_met),
        'used_up', (
            select count(*) from outcome o join public.scorm_enrollments e on e.id = o.scorm_enrollment_id where e.attempts >= p_attempts
        ),
        'listed', (select coalesce(jsonb_agg(to_jsonb(l)), '[]') from listed l)
    ) into v_found;
    return v_found;
end
$$;
comment on function public.preview_package_rule(uuid, text, numeric, integer) is
    'What a rule would change, from what was recorded: how many people, how many finished now and newly, who. Nothing is changed. Raises CG404, CG409, CG422.';

create function public.set_package_rule(p_package uuid, p_rule text, p_passing numeric, p_attempts integer, p_reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_before public.scorm_packages := private.check_package_rule(p_package, p_rule, p_passing, p_attempts);
    v_reason text := btrim(p_reason);
    v_course uuid;
    v_row record;
    v_people integer;
    v_stays integer;
    v_newly integer := 0;
begin
    if coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_missing', 'Say why, in at most 500 characters. It is kept with the change.');
    end if;
    for v_course in
        select distinct e.course_id from public.scorm_enrollments e where e.scorm_package_id = p_package and e.course_id is not null order by 1
    loop
        perform private.hold_requirements(v_course, false);
    end loop;
    perform 1 from public.scorm_enrollments e where e.scorm_package_id = p_package order by e.id for no key update;
    update public.scorm_packages set completion_rule = p_rule, passing_score = p_passing, max_attempts = p_attempts where id = p_package;
    select count(*), count(*) filter (where o.was_met and not o.is_met) into v_people, v_stays
    from private.package_rule_outcome(p_package, p_rule, p_passing) o;
    update public.scorm_attempts a set completion_status = u.completion, success_status = u.success
    from private.scorm_attempts_under(p_package, p_passing) u
    where a.id = u.attempt_id and (a.completion_status, a.success_status) is distinct from (u.completion, u.success);
    for v_row in
        select e.id, e.cmi_data from public.scorm_enrollments e
        where e.scorm_package_id = p_package and e.attempts > 0 order by e.id
    loop
        -- Who had finished stays so; who finishes by this rule does so now.
        if private.sum_scorm_attempts(v_row.id, v_row.cmi_data, 0) then
            v_newly := v_newly + 1;
            perform private.complete_scorm_lesson(v_row.id);
        end if;
    end loop;
    insert into public.scorm_package_history (scorm_package_id, kind, reason, made_by, details)
    values (p_package, 'rule', v_reason, auth.uid(), jsonb_build_object(
        'before', jsonb_build_object('rule', v_before.completion_rule, 'passing', v_before.passing_score, 'attempts', v_before.max_attempts),
        'after', jsonb_build_object('rule', p_rule, 'passing', p_passing, 'attempts', p_attempts),
        'people', v_people, 'newly', v_newly, 'stays', v_stays
    ));
    return jsonb_build_object('people', v_people, 'newly', v_newly, 'stays', v_stays);
end
$$;
comment on function public.set_package_rule(uuid, text, numeric, integer, text) is
    'Gives a package another rule and holds all that was recorded against it: who meets it now has finished, nobody who had finished loses it. '
    'Kept with its reason. Raises CG404, CG409, CG422.';

-- Moving to a newer version --------------------------------------------------------------------------------

create function public.move_scorm_learners(p_package uuid, p_registrations uuid[], p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text := btrim(p_reason);
    v_to public.scorm_packages;
    v_old public.scorm_enrollments;
    v_moved integer := 0;
begin
    if not (p_package in (select private.my_managed_scorm_package_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    elsif coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_missing', 'Say why, in at most 500 characters. It is kept with the change.');
    end if;
    with recursive line (id, replaced_by, depth) as (
        select p.id, p.replaced_by, 0 from public.scorm_packages p where p.id = p_package
        union all
        select p.id, p.replaced_by, line.depth + 1 from line join public.scorm_packages p on p.id = line.replaced_by where line.depth < 1000
    )
    select p.* into v_to from line join public.scorm_packages p on p.id = line.id
    where line.depth > 0 and p.is_active and p.import_state = 'ready' order by line.depth desc limit 1;
    if v_to.id is null then
        perform private.refuse('CG409', 'no_newer_version', 'There is no newer version of this package that is in use.');
    end if;
    for v_old in
        select e.* from public.scorm_enrollments e
        where e.scorm_package_id = p_package and e.enrollment_id is not null
          and (e.course_id in (select private.my_taught_course_ids()) or private.is_admin())
          and (e.id = any (p_registrations) or (p_registrations is null and e.criterion_met_at is null))
          and not exists (
              select 1 from public.scorm_enrollments n
              where n.enrollment_id = e.enrollment_id and n.lesson_id = e.lesson_id and (n.created_at, n.id) > (e.created_at, e.id)
          )
        order by e.id for no key update of e
    loop
        insert into public.scorm_enrollments (member_id, scorm_package_id, enrollment_id, lesson_id, course_id)
        values (v_old.member_id, v_to.id, v_old.enrollment_id, v_old.lesson_id, v_old.course_id)
        on conflict on constraint one_registration do nothing;
        if found then
            v_moved := v_moved + 1;
            -- A player that is open on the older version is not the current one any more.
            update public.scorm_enrollments set
                session_id = null, session_attempt_id = null, session_opened_at = null, session_web_id = null
            where id = v_old.id;
        end if;
    end loop;
    if v_moved > 0 then
        insert into public.scorm_package_history (scorm_package_id, kind, reason, made_by, details)
        values (p_package, 'moved', v_reason, auth.uid(), jsonb_build_object('to', v_to.id, 'people', v_moved));
    end if;
    return v_moved;
end
$$;
comment on function public.move_scorm_learners(uuid, uuid[], text) is
    'Lets learners of courses that the caller teaches begin the newest version anew: those registrations, or without any named all that have not finished. '
    'What they did at the older one stays on record. Answers how many. Raises CG404, CG409, CG422.';
grant execute on function public.preview_package_rule(uuid, text, numeric, integer),
    public.set_package_rule(uuid, text, numeric, integer, text), public.move_scorm_learners(uuid, uuid[], text) to authenticated;

-- Deleting: who has only looked at it did nothing that counts ---------------------------------------------------

create or replace function public.delete_scorm_package(p_package uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_package public.scorm_packages;
    v_people integer;
    v_looks uuid[];
begin
    select * into v_package from public.scorm_packages p
    where p.id = p_package and (p.created_by = auth.uid() or private.is_admin()) for update;
    if v_package.id is null then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    end if;
    select count(distinct e.member_id) filter (where e.enrollment_id is not null or e.attempts > 0),
        array_agg(e.id) filter (where e.enrollment_id is null and e.attempts = 0)
    into v_people, v_looks from public.scorm_enrollments e where e.scorm_package_id = p_package;
    if v_people > 0 then
        perform private.refuse('CG409', 'package_has_evidence', case v_people when 1 then 'One person has' else v_people || ' people have' end
            || ' begun this package, and what they did is evidence. Retire it instead: nobody new begins it then.');
    elsif exists (select 1 from public.lesson_scorm_packages l where l.scorm_package_id = p_package) then
        perform private.refuse('CG409', 'package_in_use', 'A lesson plays this package. Choose another one there first.');
    end if;
    if v_looks is not null then
        delete from public.scorm_tracking where scorm_enrollment_id = any (v_looks);
        delete from public.scorm_calls where scorm_enrollment_id = any (v_looks);
        delete from public.scorm_states where scorm_enrollment_id = any (v_looks);
        delete from public.scorm_sco_results where scorm_enrollment_id = any (v_looks);
        delete from public.scorm_attempts where scorm_enrollment_id = any (v_looks);
        delete from public.scorm_enrollments where id = any (v_looks);
    end if;
    -- The version before it takes its place again.
    update public.scorm_packages set replaced_by = v_package.replaced_by where replaced_by = p_package;
    delete from public.scorm_packages where id = p_package;
    return v_package.title;
end
$$;

-- A lesson whose package was never imported, or is retired, has nothing to play ------------------------------

create or replace function private.publication_problems(p_course uuid)
returns table (code text, blocking boolean, lesson_id uuid, title text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with course as (
        select * from public.courses where id = p_course
    ), lessons as (
        select l.*, m.title as module_title, v.id as video_id, v.processing_state, v.hosting_provider
        from public.lessons l join public.course_modules m on m.id = l.module_id
        left join public.lesson_videos v on v.lesson_id = l.id
        where l.course_id = p_course and l.state <> 'retired'
    )
    select 'no_description', true, null::uuid, null::text from course c where btrim(c.description) = ''
    union all
    select 'no_lesson', true, null, null where not exists (select 1 from lessons)
    union all
    select 'no_required_lesson', true, null, null
    where exists (select 1 from lessons) and not exists (select 1 from lessons l where l.require_completion)
    union all
    select 'no_content', true, l.id, l.title from lessons l
    where case
        when l.lesson_type = 'video' then l.video_id is null
        when l.lesson_type in ('external_link', 'embedded_content') then
            not exists (select 1 from public.lesson_links k where k.lesson_id = l.id)
        when l.lesson_type = 'scorm' then private.scorm_package_for(l.id) is null
        when l.lesson_type = 'quiz' then not exists (select 1 from public.quizzes q where q.lesson_id = l.id)
        when l.lesson_type = 'assignment' then not exists (select 1 from public.assignments a where a.lesson_id = l.id)
        when l.lesson_type = 'live_session' then not exists (select 1 from public.live_sessions s where s.lesson_id = l.id)
        when l.lesson_type = 'pdf' then not private.has_document(l.id)
        else not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)
            and not exists (select 1 from public.lesson_attachments a where a.lesson_id = l.id and a.removed_at is null)
    end
    union all
    select case when l.processing_state = 'failed' then 'video_failed' else 'video_not_ready' end, true, l.id, l.title
    from lessons l where l.video_id is not null and l.processing_state <> 'ready'
    union all
    select 'empty_module', false, null, m.title from public.course_modules m
    where m.course_id = p_course and m.state <> 'retired' and not exists (select 1 from lessons l where l.module_id = m.id)
    union all
    select 'opens_never', true, l.id, l.title from lessons l where private.waits_for_itself(l.id)
    union all
    select 'no_short_description', false, null, null from course c where coalesce(btrim(c.short_description), '') = ''
    union all
    select 'no_objectives', false, null, null from course c where jsonb_array_length(c.learning_objectives) = 0
    union all
    select 'no_length', false, null, null from course c where c.estimated_duration_minutes is null
    union all
    select 'no_credits', false, null, null from course c where c.ce_credits = 0
    union all
    select 'no_certificate', false, null, null from course c where not c.completion_certificate
    union all
    select 'no_author_profile', false, null, null from course c
    where not exists (select 1 from public.instructor_profiles i where i.profile_id = c.instructor_id)
    union all
    select 'enrollment_over', false, null, null from course c where c.enrollment_end_date <= now()
    union all
    select 'enrollment_off', false, null, null from course c where not c.allow_enrollment
$$;
