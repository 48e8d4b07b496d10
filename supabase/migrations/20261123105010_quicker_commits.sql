-- SCORM commits for half the work. One check of the attempt for each commit instead of one for each element; what moved is rolled up
-- by statements; what is seldom asked stands apart, so that a batch does not prepare it.
-- Rollback: restore public.update_scorm_progress and private.record_scorm_commits of 20261122103010, private.roll_scorm_up of
-- 20261122105100 and the foreign key scorm_tracking_attempt; drop what is new.

-- What was said belongs to an attempt --------------------------------------------------------------------------------

-- A foreign key asks once a row, and a commit is many rows of one attempt: the trigger below asks once for all of a statement.
alter table public.scorm_tracking drop constraint scorm_tracking_attempt;

create function private.keep_tracked_attempt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select 1 from public.scorm_tracking t where t.scorm_enrollment_id = old.scorm_enrollment_id and t.attempt_id = old.id
    ) then
        raise exception 'scorm_tracking holds what was said in this attempt' using errcode = 'foreign_key_violation',
            schema = 'public', table = 'scorm_tracking', constraint = 'scorm_tracking_attempt';
    end if;
    return null;
end
$$;
comment on function private.keep_tracked_attempt() is
    'Trigger: an attempt in which something was said stays and keeps its key. With public.update_scorm_progress it is what a foreign key of scorm_tracking would be.';
create trigger keep_tracked_attempt after delete on public.scorm_attempts
    for each row execute function private.keep_tracked_attempt();
create trigger keep_tracked_attempt_key after update of id, scorm_enrollment_id on public.scorm_attempts
    for each row when ((old.id, old.scorm_enrollment_id) is distinct from (new.id, new.scorm_enrollment_id))
    execute function private.keep_tracked_attempt();

-- A commit writes its attempt anew; with room on the page no index has to follow.
alter table public.scorm_attempts set (fillfactor = 70);

-- Counting what was said -------------------------------------------------------------------------------------------

create or replace function public.update_scorm_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_attempts uuid[];
    v_registrations uuid[];
    v_seconds numeric[];
    v_seqs integer[];
    v_said jsonb[];
    v_moved uuid[];
    v_changed uuid[];
    v_met uuid[];
    v_found integer;
    v_too_much boolean;
    v_registration uuid;
begin
    select array_agg(d.attempt_id), array_agg(d.scorm_enrollment_id) into v_attempts, v_registrations
    from (select distinct t.attempt_id, t.scorm_enrollment_id from added t) d;
    perform 1 from public.scorm_enrollments e where e.id = any (v_registrations) order by e.id for no key update;
    select count(*) into v_found from (
        select 1 from unnest(v_attempts, v_registrations) d (id, registration)
        join public.scorm_attempts a on a.id = d.id and a.scorm_enrollment_id = d.registration
        order by a.id for key share of a
    ) found;
    if v_found < cardinality(v_attempts) then
        raise exception 'what was said belongs to no attempt' using errcode = 'foreign_key_violation',
            schema = 'public', table = 'scorm_tracking', constraint = 'scorm_tracking_attempt';
    end if;
    with touched as materialized (
        select e.id, e.scorm_package_id, e.cmi_data, e.session_seconds as counted, a.id as attempt_id, p.standard,
            round(extract(epoch from v_now - coalesce(e.session_opened_at, a.opened_at)), 2) as clock
        from unnest(v_attempts) d (id)
        join public.scorm_attempts a on a.id = d.id and a.credit and a.ended_at is null
        join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
        join public.scorm_packages p on p.id = e.scorm_package_id
    ), said as materialized (
        select t.attempt_id, t.sco, jsonb_object_agg(t.element, t.value order by t."timestamp", t.id) as elements, max(t.commit_seq) as seq
        from added t group by t.attempt_id, t.sco
    ), read as materialized (
        select
            t.id, t.attempt_id, t.counted, t.clock, s.sco, s.seq, d.data, o.attempt_id is not null as known,
            o.completion_status as old_completion, o.success_status as old_success, o.score as old_score, o.progress as old_progress,
            coalesce(o.session_seconds, 0) as old_seconds,
            case when o.completion_status = 'completed' then o.completion_status else r.completion end as completion,
            case when o.success_status = 'passed' then o.success_status else r.success end as success,
            greatest(o.progress, r.progress) as progress,
            -- What was finished is not undone by what the same attempt says later.
            case when o.completion_status = 'completed' or o.success_status = 'passed'
                then greatest(o.score, r.score) else coalesce(r.score, o.score) end as score,
            case when s.elements ?| array['cmi.session_time', 'cmi.core.session_time']
                then r.session_seconds - coalesce(o.session_seconds, 0) end as wanted
        from touched t
        join said s on s.attempt_id = t.attempt_id
        left join public.scorm_items i on i.scorm_package_id = t.scorm_package_id and i.identifier = s.sco
        left join public.scorm_sco_results o on o.attempt_id = t.attempt_id and o.sco = s.sco
        cross join lateral (select coalesce(t.cmi_data -> s.sco, '{}') || s.elements as data offset 0) d
        -- A row of the organisation is written by the engine, in the words of SCORM 2004.
        cross join lateral private.scorm_reading(
            case when i.kind = 'organization' then 'scorm_2004' else t.standard end, d.data, i.mastery_score, i.completion_threshold
        ) r
    ), wish as (
        select r.*, r.wanted is null as silent, case when r.wanted is not null then sum(r.wanted) over line end as so_far
        from read r window line as (partition by r.attempt_id, r.wanted is null order by r.sco)
    ), reached as (
        -- The last session time that was set counts, as far as the clock since the player was opened allows: each SCO in turn
        -- adds what it wants, and the sum never stands above the clock.
        select w.*, w.so_far + least(w.counted, w.clock - max(w.so_far) over line) as sum_seconds
        from wish w window line as (partition by w.attempt_id, w.silent order by w.sco)
    ), timed as materialized (
        select x.*,
            not x.known or (x.completion, x.success, x.progress) is distinct from (x.old_completion, x.old_success, x.old_progress)
                or x.score is distinct from x.old_score as moved,
            case when x.silent then 0
                else greatest(-x.old_seconds, x.sum_seconds - lag(x.sum_seconds, 1, x.counted) over line) end as added_seconds
        from reached x window line as (partition by x.attempt_id, x.silent order by x.sco)
    ), begun as (
        insert into public.scorm_sco_results (
            attempt_id, scorm_enrollment_id, sco, completion_status, success_status, progress, score, total_time_seconds, session_seconds
        )
        select t.attempt_id, t.id, t.sco, t.completion, t.success, t.progress, t.score, t.added_seconds, t.added_seconds
        from timed t where not t.known
    ), results as (
        update public.scorm_sco_results r set
            completion_status = t.completion, success_status = t.success, progress = t.progress, score = t.score,
            total_time_seconds = r.total_time_seconds + t.added_seconds, session_seconds = r.session_seconds + t.added_seconds
        from timed t where r.attempt_id = t.attempt_id and r.sco = t.sco and t.known and (t.moved or t.added_seconds <> 0)
    ), summed as (
        select t.id, t.attempt_id, sum(t.added_seconds) as seconds, max(t.seq) as seq, bool_or(t.moved) as moved,
            jsonb_object_agg(t.sco, t.data) as said
        from timed t group by t.id, t.attempt_id
    )
    select
        array_agg(s.id), array_agg(s.attempt_id), array_agg(s.seconds), array_agg(s.seq), array_agg(s.said),
        array_agg(s.attempt_id) filter (where s.moved), array_agg(s.id) filter (where s.moved)
    into v_registrations, v_attempts, v_seconds, v_seqs, v_said, v_moved, v_changed
    from summed s;
    if v_attempts is null then
        return null;
    end if;
    -- Each row once: an update in the same transaction would have all its foreign keys asked again.
    if v_moved is null then
        update public.scorm_attempts a set total_time_seconds = a.total_time_seconds + g.seconds
        from unnest(v_attempts, v_seconds) g (id, seconds) where a.id = g.id and g.seconds <> 0;
    else
        update public.scorm_attempts a set
            -- Never back from completed or passed.
            completion_status = case when a.completion_status = 'completed' then a.completion_status else coalesce(s.completion, a.completion_status) end,
            success_status = case when a.success_status = 'passed' then a.success_status else coalesce(s.success, a.success_status) end,
            progress = greatest(a.progress, s.progress),
            score = case when s.attempt_id is null then a.score
                when a.completion_status = 'completed' or a.success_status = 'passed' then greatest(a.score, s.score) else s.score end,
            total_time_seconds = a.total_time_seconds + g.seconds
        from unnest(v_attempts, v_seconds) g (id, seconds) left join private.scorm_standing(v_moved) s on s.attempt_id = g.id
        where a.id = g.id and (g.seconds <> 0 or s.attempt_id is not null);
    end if;
    with totals as materialized (
        select * from private.scorm_totals(v_changed)
    ), registrations as (
        update public.scorm_enrollments e set
            cmi_data = e.cmi_data || g.said,
            commit_seq = greatest(e.commit_seq, g.seq),
            last_accessed_at = v_now,
            session_seconds = e.session_seconds + g.seconds,
            completion_status = coalesce(s.completion, e.completion_status),
            success_status = coalesce(s.success, e.success_status),
            score = case when s.scorm_enrollment_id is null then e.score else s.score end,
            progress = coalesce(s.progress, e.progress),
            attempts = coalesce(s.attempts, e.attempts),
            total_time_seconds = coalesce(s.seconds, e.total_time_seconds + g.seconds),
            criterion_met_at = coalesce(e.criterion_met_at, case when s.met then now() end)
        from unnest(v_registrations, v_seconds, v_seqs, v_said) g (id, seconds, seq, said)
        left join totals s on s.scorm_enrollment_id = g.id
        where e.id = g.id
        returning e.id, pg_column_size(e.cmi_data) > 4000000 as too_much, s.met and e.criterion_met_at = now() as met
    )
    select bool_or(r.too_much), array_agg(r.id order by r.id) filter (where r.met) into v_too_much, v_met from registrations r;
    if v_too_much then
        perform private.refuse('CG422', 'too_much_data', 'The package keeps more than this site stores for one attempt.');
    end if;
    foreach v_registration in array coalesce(v_met, '{}') loop
        perform private.complete_scorm_lesson(v_registration);
    end loop;
    return null;
end
$$;
drop function private.roll_scorm_up(public.scorm_enrollments, uuid, numeric);

-- Many players -------------------------------------------------------------------------------------------------------

create function private.scorm_commit_again(p_enrollment uuid, p_attempt uuid, p_seq integer, p_sco text, p_elements jsonb, p_last integer)
returns text[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Sent again because the answer was lost: it is true only when it is what was stored.
    if p_elements is distinct from (
        select coalesce(jsonb_object_agg(t.element, t.value), '{}') from public.scorm_tracking t
        where t.scorm_enrollment_id = p_enrollment and t.attempt_id = p_attempt and t.commit_seq = p_seq and t.sco = p_sco
    ) then
        return array['sequence_used', 'Another commit was stored under this number. The last one is number ' || p_last || '.'];
    end if;
    return array['repeated'];
end
$$;
comment on function private.scorm_commit_again(uuid, uuid, integer, text, jsonb, integer) is
    'What becomes of a commit whose number was used: repeated, or the code and the words of the refusal. It looks through all partitions, so it stands apart.';

create or replace function private.record_scorm_commits(
    p_session uuid[], p_seq integer[], p_sco text[], p_elements jsonb[], p_terminate boolean[], p_calls jsonb[], p_state jsonb[],
    p_summary jsonb[]
)
returns table (
    n integer, outcome text, words text, seq integer, completion_status text, success_status text, score numeric, progress numeric,
    total_time_seconds numeric, criterion_met boolean
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    v_outcomes text[];
    v_words text[];
    v_registrations uuid[];
    v_silent boolean;
begin
    -- Held before any row, in one order for everybody.
    perform private.hold_requirements(c.course_id, false) from (
        select distinct e.course_id from public.scorm_enrollments e
        where e.session_id = any (p_session) and e.course_id is not null order by e.course_id
    ) c;
    perform 1 from public.scorm_enrollments e where e.session_id = any (p_session) order by e.id for no key update;
    with known as materialized (
        select
            g.*, e.id, e.session_attempt_id as attempt_id, e.commit_seq, e.session_opened_at, e.enrollment_id, e.scorm_package_id,
            e.session_web_id is not null and (w.id is null or w.revoked_at is not null) as signed_out,
            n.id is null as not_enrolled, p.standard, p.lenient_limits, i.kind, i.organization, a.credit and a.ended_at is null as counts,
            -- Whether nothing in it needs a closer look: a few elements, all of them short texts that a SCO may set.
            case when jsonb_typeof(g.elements) = 'object' and i.kind = 'sco' then (
                select count(*) <= 100 and bool_and(
                    jsonb_typeof(x.value) = 'string' and length(x.value #>> '{}') <= case x.key when 'cmi.suspend_data' then 4096 else 255 end
                    and private.is_scorm_element(p.standard, x.key)
                ) from jsonb_each(g.elements) x
            ) end as plain
        from unnest(p_session, p_seq, p_sco, p_elements, p_terminate, p_calls, p_state, p_summary)
            with ordinality as g (session, seq, sco, elements, terminate, calls, state, summary, n)
        left join public.scorm_enrollments e on e.session_id = g.session
        left join public.web_sessions w on w.id = e.session_web_id
        left join public.enrollments n on n.id = e.enrollment_id and n.status in ('enrolled', 'in_progress', 'completed')
            and (n.expires_at is null or n.expires_at > now())
            and case when n.transaction_id is null then true else not private.is_refunded(n.transaction_id) end
        left join public.scorm_packages p on p.id = e.scorm_package_id
        left join public.scorm_items i on i.scorm_package_id = e.scorm_package_id and i.identifier = g.sco
        left join public.scorm_attempts a on a.id = e.session_attempt_id
    ), judged as materialized (
        select k.*, case
            when k.id is null or k.session_opened_at <= clock_timestamp() - interval '24 hours' then
                array['stale_attempt', 'This player is not the current one any more. Open the lesson again.']
            when k.signed_out then array['signed_out', 'You have been signed out. Sign in and open the lesson again.']
            when k.enrollment_id is not null and k.not_enrolled then array['not_enrolled', 'You are not enrolled in this course.']
            -- A package without items, such as one that an older system brought, has one SCO without a name.
            when k.sco is null or coalesce(k.kind, '') not in ('sco', 'organization') and not (
                k.sco = '' and not exists (select 1 from public.scorm_items x where x.scorm_package_id = k.scorm_package_id)
            ) then array['no_such_sco', 'The package has no SCO of this name.']
            -- Of two commits of one player the first is stored, the second sent again after it.
            when k.seq is null or k.seq < 1 or k.seq > k.commit_seq + 1 or array_position(p_session, k.session) < k.n then array[
                'commits_missing', 'The last commit that was stored is number ' || k.commit_seq || '. Send those after it in their order.']
            else coalesce(
                case when not coalesce(k.plain, false) then
                    private.scorm_fault(case when k.kind = 'organization' then 'scorm_2004' else k.standard end, k.lenient_limits, k.elements)
                end,
                case when k.summary is not null then private.scorm_fault('scorm_2004', true, k.summary) end,
                case when k.seq = k.commit_seq + 1 then array['stored']
                    else private.scorm_commit_again(k.id, k.attempt_id, k.seq, k.sco, k.elements, k.commit_seq) end
            )
        end as verdict
        from known k
    ), fresh as materialized (
        select j.*, left(private.uuid_v7()::text, 32) as mark from judged j where j.verdict[1] = 'stored'
    ), tracked as (
        -- One random mark a commit, and the place of each element behind it.
        insert into public.scorm_tracking (id, scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)
        select (f.mark || lpad(to_hex(e.n), 4, '0'))::uuid, f.id, f.attempt_id, f.seq, f.sco, e.key, e.value
        from fresh f cross join lateral jsonb_each_text(f.elements) with ordinality as e (key, value, n)
        union all
        select (f.mark || to_hex(32768 + e.n))::uuid, f.id, f.attempt_id, f.seq, f.organization, e.key, e.value
        from fresh f cross join lateral jsonb_each_text(f.summary) with ordinality as e (key, value, n)
        where f.organization is not null
    ), called as (
        insert into public.scorm_calls (scorm_enrollment_id, attempt_id, commit_seq, sco, calls)
        select f.id, f.attempt_id, f.seq, f.sco, f.calls from fresh f where f.calls <> '[]'
    )
    select array_agg(j.verdict[1] order by j.n), array_agg(j.verdict[2] order by j.n), array_agg(j.id order by j.n),
        -- What has elements and counts was counted by the trigger.
        bool_or(j.verdict[1] = 'stored'
            and (not j.counts or j.elements = '{}' and (j.organization is null or coalesce(j.summary, '{}') = '{}')))
    into v_outcomes, v_words, v_registrations, v_silent
    from judged j;
    if v_silent then
        update public.scorm_enrollments e set commit_seq = g.seq, last_accessed_at = now()
        from unnest(v_registrations, p_seq, v_outcomes) as g (id, seq, outcome)
        where e.id = g.id and g.outcome = 'stored' and e.commit_seq < g.seq;
    end if;
    if exists (select 1 from unnest(p_state) s where s is not null) then
        insert into public.scorm_states as s (attempt_id, scorm_enrollment_id, state)
        select e.session_attempt_id, e.id, g.state
        from unnest(v_registrations, p_state, v_outcomes) as g (id, state, outcome)
        join public.scorm_enrollments e on e.id = g.id
        where g.outcome = 'stored' and g.state is not null
        on conflict (attempt_id) do update set state = excluded.state;
    end if;
    if true = any (p_terminate) then
        -- When the SCO is initialised again, its session time begins at nothing.
        update public.scorm_sco_results r set session_seconds = 0
        from unnest(v_registrations, p_sco, p_terminate, v_outcomes) as g (id, sco, terminate, outcome)
        join public.scorm_enrollments e on e.id = g.id
        where g.terminate and g.outcome = 'stored' and r.attempt_id = e.session_attempt_id and r.sco = g.sco and r.session_seconds <> 0;
    end if;
    return query
    select g.n::integer, g.outcome, g.words, e.commit_seq, a.completion_status, a.success_status, a.score, a.progress,
        a.total_time_seconds, e.criterion_met_at is not null
    from unnest(v_outcomes, v_words, v_registrations) with ordinality as g (outcome, words, id, n)
    left join public.scorm_enrollments e on e.id = g.id
    left join public.scorm_attempts a on a.id = e.session_attempt_id
    order by g.n;
end
$$;
