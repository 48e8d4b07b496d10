-- The player: opening a package and committing what it says. Each answers the truth: what is stored is committed with the
-- answer, what is not is refused with a reason.
-- Rollback: drop the functions below.

create function private.scorm_package_for(p_lesson uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive line (id, replaced_by, depth) as (
        select p.id, p.replaced_by, 1 from public.lesson_scorm_packages l join public.scorm_packages p on p.id = l.scorm_package_id
        where l.lesson_id = p_lesson
        union all
        select p.id, p.replaced_by, line.depth + 1 from line join public.scorm_packages p on p.id = line.replaced_by
        where line.depth < 50
    )
    select line.id from line join public.scorm_packages p on p.id = line.id
    where p.is_active and p.import_state = 'ready' order by line.depth desc limit 1
$$;
comment on function private.scorm_package_for(uuid) is 'The package that somebody gets who begins a lesson now: the newest one of its line that is in use.';

create function private.first_sco(p_package uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive tree (id, identifier, kind, place) as (
        select i.id, i.identifier, i.kind, array[i.item_order] from public.scorm_items i
        where i.scorm_package_id = p_package and i.is_default
        union all
        select i.id, i.identifier, i.kind, tree.place || i.item_order from tree
        join public.scorm_items i on i.parent_id = tree.id and i.scorm_package_id = p_package
        where cardinality(tree.place) < 50
    )
    select tree.identifier from tree where tree.kind = 'sco' order by tree.place limit 1
$$;
comment on function private.first_sco(uuid) is
    'The first SCO of the default organisation, in the order of its tree: what is launched. Null for a package without items.';
grant execute on function private.first_sco(uuid) to service_role;

create function public.open_scorm_enrollment(p_scorm_enrollment uuid, p_mode text default 'normal', p_new_attempt boolean default false)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_enrollments;
    v_package public.scorm_packages;
    v_attempt public.scorm_attempts;
    v_open public.enrollments;
begin
    select * into v_row from public.scorm_enrollments where id = p_scorm_enrollment and member_id = auth.uid();
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_scorm_enrollment', 'There is no such registration of yours.');
    elsif coalesce(p_mode, '') not in ('normal', 'browse', 'review') then
        perform private.refuse('CG422', 'no_such_mode', 'A package is opened in the mode normal, browse or review.');
    end if;
    if v_row.lesson_id is not null then
        v_open := private.my_enrollment_for(v_row.lesson_id);
        if v_open.id <> v_row.enrollment_id then
            perform private.refuse('CG403', 'not_enrolled', 'This registration belongs to another enrollment of yours. Open the lesson again.');
        end if;
        perform private.hold_requirements(v_row.course_id, false);
    end if;
    select * into v_package from public.scorm_packages where id = v_row.scorm_package_id;
    if v_package.import_state <> 'ready' then
        perform private.refuse('CG409', 'package_not_ready', 'This package is not ready to be played.');
    end if;
    select * into v_row from public.scorm_enrollments where id = v_row.id for no key update;
    select * into v_attempt from public.scorm_attempts
    where scorm_enrollment_id = v_row.id and mode = p_mode and ended_at is null order by attempt_number desc limit 1;
    if p_mode = 'normal' and (v_attempt.id is null or p_new_attempt) then
        if v_row.attempts >= coalesce(v_package.max_attempts, 1000) then
            perform private.refuse('CG409', 'no_attempts_left', 'You have used all attempts at this package.');
        end if;
        update public.scorm_attempts set ended_at = now(), cmi_data = v_row.cmi_data where id = v_attempt.id;
        v_attempt := null;
        v_row.cmi_data := '{}';
    end if;
    if v_attempt.id is null then
        insert into public.scorm_attempts (scorm_enrollment_id, attempt_number, mode, credit, opened_at)
        values (v_row.id, case p_mode when 'normal' then v_row.attempts + 1 else 1 end, p_mode, p_mode = 'normal', clock_timestamp())
        returning * into v_attempt;
    end if;
    update public.scorm_sco_results set session_seconds = 0 where scorm_enrollment_id = v_row.id and session_seconds > 0;
    update public.scorm_enrollments set
        session_id = gen_random_uuid(), session_attempt_id = v_attempt.id, session_opened_at = clock_timestamp(), session_seconds = 0,
        -- Only a session of our own ends under our eyes; null for others.
        session_web_id = (
            select w.id from public.web_sessions w where w.id = (auth.jwt() ->> 'session_id')::uuid and w.user_id = auth.uid()
        ),
        started_at = coalesce(started_at, now()), last_accessed_at = now()
    where id = v_row.id;
    if p_mode = 'normal' then
        perform private.sum_scorm_attempts(v_row.id, v_row.cmi_data, 0);
        if v_row.lesson_id is not null then
            perform private.start_lesson(v_open, v_row.lesson_id);
            -- The lesson may ask since today for what was reached before.
            perform private.complete_scorm_lesson(v_row.id);
        end if;
    end if;
    select * into v_row from public.scorm_enrollments where id = v_row.id;
    return jsonb_build_object(
        'session_id', v_row.session_id, 'scorm_enrollment_id', v_row.id, 'scorm_package_id', v_row.scorm_package_id,
        'attempt_id', v_attempt.id, 'attempt_number', v_attempt.attempt_number, 'mode', v_attempt.mode, 'credit', v_attempt.credit,
        'seq', v_row.commit_seq, 'sco', coalesce(private.first_sco(v_row.scorm_package_id), ''), 'standard', v_package.standard, 'edition', v_package.edition,
        'entry', case when p_mode = 'browse' or v_row.cmi_data = '{}' then 'ab-initio' else 'resume' end,
        'cmi_data', case when p_mode = 'browse' then '{}'::jsonb else v_row.cmi_data end,
        'total_time_seconds', (
            select coalesce(jsonb_object_agg(r.sco, r.total_time_seconds), '{}') from public.scorm_sco_results r
            where r.attempt_id = v_attempt.id
        ),
        'status', v_row.status, 'score', v_row.score, 'progress', v_row.progress
    );
end
$$;
comment on function public.open_scorm_enrollment(uuid, text, boolean) is
    'Opens the player on a registration of the person who asks and makes any other player on it stale. Goes on with the current attempt '
    'unless a new one is asked for. Answers the session under which to commit, and the number of the last commit that was stored.';

create function public.open_scorm(p_lesson uuid, p_mode text default 'normal', p_new_attempt boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_package uuid;
    v_row uuid;
begin
    perform private.hold_requirements(v_enrollment.course_id, false);
    -- Who began a package finishes it, also when a newer one has come.
    select id into v_row from public.scorm_enrollments
    where enrollment_id = v_enrollment.id and lesson_id = p_lesson order by created_at desc, id desc limit 1;
    if v_row is null then
        v_package := private.scorm_package_for(p_lesson);
        if v_package is null then
            perform private.refuse('CG409', 'package_not_ready', 'This lesson has no package that is ready to be played.');
        end if;
        insert into public.scorm_enrollments (member_id, scorm_package_id, enrollment_id, lesson_id, course_id)
        values (auth.uid(), v_package, v_enrollment.id, p_lesson, v_enrollment.course_id)
        on conflict on constraint one_registration do nothing
        returning id into v_row;
        if v_row is null then
            -- Two tabs at once: the other one won and this one sees its row.
            select id into v_row from public.scorm_enrollments
            where member_id = auth.uid() and scorm_package_id = v_package and enrollment_id = v_enrollment.id and lesson_id = p_lesson;
        end if;
    end if;
    return public.open_scorm_enrollment(v_row, p_mode, p_new_attempt);
end
$$;
comment on function public.open_scorm(uuid, text, boolean) is
    'Opens the player on the package of a lesson, registering the person who asks the first time. Raises CG403, CG404, CG409 or CG422.';

create function private.record_scorm_commit(p_session uuid, p_seq integer, p_sco text, p_elements jsonb, p_terminate boolean default false)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_enrollments;
    v_standard text;
    v_kind text;
    v_outcome text := 'stored';
begin
    select * into v_row from public.scorm_enrollments where session_id = p_session;
    if v_row.course_id is not null then
        perform private.hold_requirements(v_row.course_id, false);
    end if;
    -- Held against the row as it is now, after any wait for its lock.
    select * into v_row from public.scorm_enrollments where session_id = p_session for no key update;
    if v_row.id is null or v_row.session_opened_at <= clock_timestamp() - interval '24 hours' then
        perform private.refuse('CG409', 'stale_attempt', 'This player is not the current one any more. Open the lesson again.');
    elsif v_row.session_web_id is not null
        and not exists (select 1 from public.web_sessions w where w.id = v_row.session_web_id and w.revoked_at is null)
    then
        perform private.refuse('CG403', 'signed_out', 'You have been signed out. Sign in and open the lesson again.');
    elsif v_row.enrollment_id is not null and not exists (
        select 1 from public.enrollments e
        where e.id = v_row.enrollment_id and e.status in ('enrolled', 'in_progress', 'completed')
          and (e.expires_at is null or e.expires_at > now())
          and (e.transaction_id is null or not private.is_refunded(e.transaction_id))
    ) then
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course.');
    end if;
    select p.standard, i.kind into v_standard, v_kind
    from public.scorm_packages p left join public.scorm_items i on i.scorm_package_id = p.id and i.identifier = p_sco
    where p.id = v_row.scorm_package_id;
    -- A package without items, such as one that an older system brought, has one SCO without a name.
    if p_sco is null or (coalesce(v_kind, '') not in ('sco', 'organization') and not (
        p_sco = '' and not exists (select 1 from public.scorm_items i where i.scorm_package_id = v_row.scorm_package_id)
    )) then
        perform private.refuse('CG422', 'no_such_sco', 'The package has no SCO of this name.');
    end if;
    perform private.check_scorm_elements(case when v_kind = 'organization' then 'scorm_2004' else v_standard end, p_elements);
    if p_seq is null or p_seq < 1 or p_seq > v_row.commit_seq + 1 then
        perform private.refuse('CG409', 'commits_missing', 'The last commit that was stored is number ' || v_row.commit_seq || '. Send those after it in their order.');
    elsif p_seq <= v_row.commit_seq then
        -- Sent again because the answer was lost: it is true only when it is what was stored.
        if p_elements is distinct from (
            select coalesce(jsonb_object_agg(t.element, t.value), '{}') from public.scorm_tracking t
            where t.scorm_enrollment_id = v_row.id and t.attempt_id = v_row.session_attempt_id and t.commit_seq = p_seq and t.sco = p_sco
        ) then
            perform private.refuse('CG409', 'sequence_used', 'Another commit was stored under this number. The last one is number ' || v_row.commit_seq || '.');
        end if;
        v_outcome := 'repeated';
    else
        update public.scorm_enrollments set commit_seq = p_seq, last_accessed_at = now() where id = v_row.id;
        insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)
        select v_row.id, v_row.session_attempt_id, p_seq, p_sco, e.key, e.value from jsonb_each_text(p_elements) e;
        if p_terminate then
            -- When the SCO is initialised again, its session time begins at nothing.
            update public.scorm_sco_results set session_seconds = 0 where attempt_id = v_row.session_attempt_id and sco = p_sco;
        end if;
        select * into v_row from public.scorm_enrollments where id = v_row.id;
    end if;
    return (
        select jsonb_build_object(
            'outcome', v_outcome, 'seq', v_row.commit_seq, 'attempt_id', a.id, 'credit', a.credit,
            'completion_status', a.completion_status, 'success_status', a.success_status, 'score', a.score, 'progress', a.progress,
            'total_time_seconds', a.total_time_seconds, 'criterion_met', v_row.criterion_met_at is not null
        ) from public.scorm_attempts a where a.id = v_row.session_attempt_id
    );
end
$$;
comment on function private.record_scorm_commit(uuid, integer, text, jsonb, boolean) is
    'Stores what a player sends under the next number and answers what the attempt now is; the same number with the same elements is answered '
    'again and stored once. Raises CG409 stale_attempt, commits_missing, sequence_used; CG403; CG422. The caller has checked whose session it is.';
grant execute on function private.record_scorm_commit(uuid, integer, text, jsonb, boolean) to service_role;

create function public.record_scorm_commit(p_session uuid, p_seq integer, p_sco text, p_elements jsonb, p_terminate boolean default false)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.scorm_enrollments where session_id = p_session and member_id = auth.uid()) then
        perform private.refuse('CG409', 'stale_attempt', 'This player is not the current one any more. Open the lesson again.');
    elsif exists (
        select 1 from public.scorm_enrollments e join public.scorm_items i on i.scorm_package_id = e.scorm_package_id
        where e.session_id = p_session and i.identifier = p_sco and i.kind = 'organization'
    ) then
        perform private.refuse('CG422', 'no_such_sco', 'The package has no SCO of this name.');
    end if;
    return private.record_scorm_commit(p_session, p_seq, p_sco, p_elements, p_terminate);
end
$$;
comment on function public.record_scorm_commit(uuid, integer, text, jsonb, boolean) is
    'private.record_scorm_commit for a player of the person who asks. What an engine sums up for a whole organisation it does not take.';
grant execute on function public.open_scorm(uuid, text, boolean), public.open_scorm_enrollment(uuid, text, boolean),
    public.record_scorm_commit(uuid, integer, text, jsonb, boolean) to authenticated;
