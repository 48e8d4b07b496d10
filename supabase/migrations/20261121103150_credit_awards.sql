-- Awarding credits: the arithmetic, the moment when it is done, taking back, explaining, and the next renewal cycle.
-- Rollback: drop the triggers and functions below.

-- The arithmetic ---------------------------------------------------------------------------------------------

create function private.round_credit(p_dividend numeric, p_divisor numeric, p_step numeric, p_rounding text) returns numeric
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$
    -- One division, of whole steps: a quotient that is rounded before it is floored may lose a step.
    select floor(p_dividend / (p_divisor * p_step) + case p_rounding when 'nearest' then 0.5 else 0 end) * p_step
$$;
comment on function private.round_credit(numeric, numeric, numeric, text) is
    'A quotient in multiples of a step: rounded down, or to the nearest (halves up).';

create function private.credit_of(p_figures jsonb, p_rule public.credit_rules) returns numeric
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case p_rule.basis
        when 'completion' then private.round_credit(p_rule.amount, 1, f.step, f.rounding)
        when 'score' then case when f.score >= p_rule.minimum_score
            then private.round_credit(p_rule.amount, 1, f.step, f.rounding) end
        when 'attendance_minutes' then case
            when f.minutes < p_rule.minimum_minutes then 0
            when f.minutes * p_rule.amount > p_rule.cap * 60 then private.round_credit(p_rule.cap, 1, f.step, f.rounding)
            else private.round_credit(f.minutes * p_rule.amount, 60, f.step, f.rounding)
        end
    end, 0)
    from (select
        (p_figures ->> 'rounding_step')::numeric as step, p_figures ->> 'rounding' as rounding,
        (p_figures ->> 'score')::numeric as score, (p_figures ->> 'minutes')::numeric as minutes
    ) f
$$;
comment on function private.credit_of(jsonb, public.credit_rules) is 'What figures come to by a rule. Zero when they do not reach its minimum.';

-- The invariant that awards recompute asks as the service.
grant execute on function private.round_credit(numeric, numeric, numeric, text), private.credit_of(jsonb, public.credit_rules) to service_role;

create function private.credit_arithmetic(p_figures jsonb, p_rule public.credit_rules) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select case p_rule.basis
        when 'completion' then p_rule.amount || ' for completing'
        when 'score' then p_rule.amount || ' for a score of ' || (p_figures ->> 'score') || ', at least ' || p_rule.minimum_score || ' asked'
        when 'attendance_minutes' then (p_figures ->> 'minutes') || ' minutes / 60 x ' || p_rule.amount || ' an hour = '
            || round((p_figures ->> 'minutes')::numeric * p_rule.amount / 60, 4)
            || coalesce(', at most ' || p_rule.cap, '')
    end
    || ', rounded ' || case p_figures ->> 'rounding' when 'nearest' then 'to the nearest ' else 'down to ' end
    || (p_figures ->> 'rounding_step') || ' = ' || private.credit_of(p_figures, p_rule)
$$;
comment on function private.credit_arithmetic(jsonb, public.credit_rules) is 'The same arithmetic in words that a person can check.';

create function private.give_credit(
    p_rule public.credit_rules, p_member uuid, p_course uuid, p_enrollment uuid, p_attendance uuid, p_earned_on date, p_figures jsonb,
    p_occurrence integer default 1
) returns uuid
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.credit_awards
        (member_id, credit_type_id, amount, earned_on, rule_id, course_id, enrollment_id, attendance_id, occurrence, figures, arithmetic)
    select p_member, t.id, private.credit_of(f.all_of_it, p_rule), p_earned_on, p_rule.id, p_course, p_enrollment, p_attendance,
        p_occurrence, f.all_of_it, private.credit_arithmetic(f.all_of_it, p_rule)
    from public.credit_types t
    cross join lateral (
        select p_figures || jsonb_build_object('rounding_step', t.rounding_step, 'rounding', t.rounding) as all_of_it
    ) f
    where t.id = p_rule.credit_type_id and private.credit_of(f.all_of_it, p_rule) > 0
    on conflict do nothing
    returning id
$$;
comment on function private.give_credit(public.credit_rules, uuid, uuid, uuid, uuid, date, jsonb, integer) is
    'Gives what a rule says for some figures, once; null when it comes to nothing or was given before.';

create function private.take_back_credit(p_award uuid, p_reason text, p_by uuid) returns uuid
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.credit_awards
        (member_id, credit_type_id, amount, earned_on, rule_id, course_id, enrollment_id, attendance_id, occurrence, figures, arithmetic,
        reverses, reason, awarded_by)
    select a.member_id, a.credit_type_id, -a.amount, a.earned_on, a.rule_id, a.course_id, a.enrollment_id, a.attendance_id, a.occurrence,
        a.figures, 'Takes back ' || a.amount, a.id, p_reason, p_by
    from public.credit_awards a where a.id = p_award and a.reverses is null
    on conflict (reverses) do nothing
    returning id
$$;
comment on function private.take_back_credit(uuid, text, uuid) is
    'Takes back an award whole, on the day that it was earned on; null when it was taken back before or is itself a taking back.';

-- Completing a course ----------------------------------------------------------------------------------------

create function private.award_enrollment_credits(p_enrollment uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_rule public.credit_rules;
    v_credited uuid[];
    v_awarded integer := 0;
begin
    select * into v_enrollment from public.enrollments where id = p_enrollment and status = 'completed';
    -- The course's rules do not change meanwhile; its counters are about to move anyway.
    perform 1 from public.courses where id = v_enrollment.course_id for no key update;
    -- Who completes again, perhaps under another rule, has been credited already.
    v_credited := array(
        select a.credit_type_id from public.credit_awards a join public.credit_rules r on r.id = a.rule_id
        where a.enrollment_id = p_enrollment and r.course_id is not null
    );
    for v_rule in
        select r.* from public.credit_rules r
        where r.course_id = v_enrollment.course_id and r.credit_type_id <> all (v_credited)
          and r.valid_from <= v_enrollment.completed_at and (r.valid_until is null or r.valid_until > v_enrollment.completed_at)
        order by r.id
    loop
        v_awarded := v_awarded + (private.give_credit(
            v_rule, v_enrollment.member_id, v_enrollment.course_id, p_enrollment, null,
            (v_enrollment.completed_at at time zone 'UTC')::date,
            jsonb_build_object('completed_at', v_enrollment.completed_at) || case v_rule.basis
                when 'score' then jsonb_build_object('score', coalesce(v_enrollment.final_grade, 0))
                when 'attendance_minutes' then jsonb_build_object('minutes', (
                    select coalesce(sum(a.duration_minutes), 0) from public.session_attendance a
                    where a.enrollment_id = p_enrollment and a.eligible_for_credit
                ))
                else '{}' end
        ) is not null)::integer;
    end loop;
    return v_awarded;
end
$$;
comment on function private.award_enrollment_credits(uuid) is
    'Gives the credits of a completed enrollment by the rules that held when it was completed; answers how many awards.';

create function private.award_program_credits(p_enrollment uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_rule public.credit_rules;
    v_courses integer;
    v_awarded integer := 0;
begin
    select * into v_enrollment from public.enrollments where id = p_enrollment and status = 'completed';
    for v_rule in
        select r.* from public.program_courses p join public.credit_rules r on r.program_id = p.program_id
        where p.course_id = v_enrollment.course_id
          and r.valid_from <= v_enrollment.completed_at and (r.valid_until is null or r.valid_until > v_enrollment.completed_at)
        order by r.program_id, r.id
    loop
        -- Of the last two courses completed at once, the second sees the first.
        perform pg_advisory_xact_lock(hashtextextended('program:' || v_rule.program_id || ':' || v_enrollment.member_id, 0));
        select count(*) into v_courses from public.program_courses p where p.program_id = v_rule.program_id and p.is_required;
        continue when v_courses = 0
            or exists (
                select 1 from public.program_courses p
                where p.program_id = v_rule.program_id and p.is_required and not exists (
                    select 1 from public.enrollments e
                    where e.member_id = v_enrollment.member_id and e.course_id = p.course_id and e.status = 'completed'
                )
            )
            -- Once for each program and type, also when one of its courses is completed again.
            or exists (
                select 1 from public.credit_awards a join public.credit_rules b on b.id = a.rule_id
                where a.member_id = v_enrollment.member_id and b.program_id = v_rule.program_id
                  and a.credit_type_id = v_rule.credit_type_id
            );
        v_awarded := v_awarded + (private.give_credit(
            v_rule, v_enrollment.member_id, v_enrollment.course_id, p_enrollment, null,
            (v_enrollment.completed_at at time zone 'UTC')::date,
            jsonb_build_object('completed_at', v_enrollment.completed_at, 'program_id', v_rule.program_id, 'courses', v_courses)
        ) is not null)::integer;
    end loop;
    return v_awarded;
end
$$;
comment on function private.award_program_credits(uuid) is
    'Gives the credits of the programs that a completed enrollment was the last required course of; answers how many awards.';

create function private.give_credits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.award_enrollment_credits(new.id);
    perform private.award_program_credits(new.id);
    return null;
end
$$;
comment on function private.give_credits() is 'Trigger: gives credits in the transaction that completed the enrollment.';
create trigger trigger_give_credits after update of status on public.enrollments
    for each row when (new.status = 'completed' and old.status <> 'completed')
    execute function private.give_credits();
create trigger trigger_give_credits_on_import after insert on public.enrollments
    for each row when (new.status = 'completed')
    execute function private.give_credits();

-- Attending a live session -----------------------------------------------------------------------------------

create function private.award_attendance_credits(p_attendance uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attendance public.session_attendance;
    v_session public.live_sessions;
    v_rule public.credit_rules;
    v_last public.credit_awards;
    v_figures jsonb;
    v_amount numeric;
begin
    select * into v_attendance from public.session_attendance where id = p_attendance for no key update;
    select * into v_session from public.live_sessions where id = v_attendance.session_id;
    if v_session.status <> 'completed' then
        return;
    end if;
    for v_rule in
        select r.* from public.credit_rules r
        where r.live_session_id = v_session.id
          and r.valid_from <= v_session.ended_at and (r.valid_until is null or r.valid_until > v_session.ended_at)
        order by r.id
    loop
        -- What was taken back by hand stays taken back.
        continue when exists (
            select 1 from public.credit_awards b
            where b.attendance_id = p_attendance and b.rule_id = v_rule.id and b.reverses is not null and b.awarded_by is not null
        );
        v_figures := jsonb_build_object(
            'minutes', v_attendance.duration_minutes, 'scheduled_minutes', v_session.duration_minutes,
            'threshold_percentage', v_session.credit_threshold_percentage, 'session_date', v_session.session_date
        );
        select a.* into v_last from public.credit_awards a
        where a.attendance_id = p_attendance and a.rule_id = v_rule.id and a.reverses is null order by a.occurrence desc limit 1;
        select case when v_attendance.eligible_for_credit then private.credit_of(
            v_figures || jsonb_build_object('rounding_step', t.rounding_step, 'rounding', t.rounding), v_rule) else 0 end
        into v_amount from public.credit_types t where t.id = v_rule.credit_type_id;
        continue when v_last.id is not null and v_last.amount = v_amount
            and not exists (select 1 from public.credit_awards b where b.reverses = v_last.id);
        if v_last.id is not null then
            perform private.take_back_credit(v_last.id, 'The attendance was corrected.', null);
        end if;
        if v_amount > 0 then
            perform private.give_credit(v_rule, v_attendance.member_id, v_attendance.course_id, null, p_attendance,
                (v_session.session_date at time zone 'UTC')::date, v_figures, coalesce(v_last.occurrence, 0) + 1);
        end if;
    end loop;
end
$$;
comment on function private.award_attendance_credits(uuid) is
    'Gives what the rules of a session that is over say for one attendance. When the attendance is corrected later, takes back and gives anew.';

create function private.give_attendance_credits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'session_attendance' then
        perform private.award_attendance_credits(new.id);
    else
        perform private.award_attendance_credits(a.id) from public.session_attendance a
        where a.session_id = new.id and a.attended order by a.id;
    end if;
    return null;
end
$$;
comment on function private.give_attendance_credits() is 'Trigger: credits of a session are given when it ends and follow each later correction.';
create trigger trigger_give_credits after update of duration_minutes, eligible_for_credit on public.session_attendance
    for each row when (
        old.duration_minutes <> new.duration_minutes or old.eligible_for_credit <> new.eligible_for_credit
    )
    execute function private.give_attendance_credits();
create trigger trigger_give_credits after update of status on public.live_sessions
    for each row when (new.status = 'completed' and old.status <> 'completed')
    execute function private.give_attendance_credits();

-- What there was before --------------------------------------------------------------------------------------

insert into public.credit_rules (credit_type_id, course_id, source, amount, valid_from)
select t.id, c.id, 'course_default', c.ce_credits, '-infinity'
from public.courses c join public.credit_types t on t.code = 'CE' where c.ce_credits > 0;
select private.award_enrollment_credits(e.id) from public.enrollments e where e.status = 'completed';

-- For people -------------------------------------------------------------------------------------------------

create function public.reverse_credit(p_award uuid, p_reason text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_reversal uuid;
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can take back credits.');
    elsif coalesce(length(btrim(p_reason)), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the credits are taken back, in at most 500 characters.');
    end if;
    v_reversal := private.take_back_credit(p_award, btrim(p_reason), auth.uid());
    if v_reversal is null then
        perform private.refuse('CG404', 'no_such_credit', 'There are no such credits, or they were taken back already.');
    end if;
    return v_reversal;
end
$$;
comment on function public.reverse_credit(uuid, text) is 'Takes back an award by a row of its own, with a reason. Administrators only.';

create function private.credit_evidence(p_award public.credit_awards) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        -- Of a program: the course that was the last, and those completed before it.
        'courses', coalesce((
            select jsonb_agg(jsonb_build_object('course_id', k.id, 'title', k.title, 'completed_at', e.completed_at)
                order by e.completed_at, k.id)
            from public.credit_rules r
            join public.program_courses p on p.program_id = r.program_id and p.is_required
            join public.courses k on k.id = p.course_id
            join public.enrollments e on e.course_id = k.id and e.member_id = p_award.member_id and e.status = 'completed'
            where r.id = p_award.rule_id
              -- Who teaches one course of a program is not told when its learners completed the others.
              and (p_award.member_id = auth.uid() or k.id in (select private.my_taught_course_ids())
                  or p_award.member_id in (select private.my_managed_member_ids()) or private.is_admin())
        ), '[]'),
        'lessons', coalesce((
            select jsonb_agg(jsonb_build_object('lesson_id', l.id, 'title', l.title, 'type', l.lesson_type, 'completed_at', p.completed_at)
                order by p.completed_at, l.id)
            from public.lesson_progress p join public.lessons l on l.id = p.lesson_id
            where p.enrollment_id = p_award.enrollment_id and p.status = 'completed'
        ), '[]'),
        'sessions', coalesce((
            select jsonb_agg(jsonb_build_object(
                'session_id', s.id, 'title', s.title, 'session_date', s.session_date, 'scheduled_minutes', s.duration_minutes,
                'threshold_percentage', s.credit_threshold_percentage, 'minutes', a.duration_minutes, 'eligible', a.eligible_for_credit,
                'intervals', (
                    select coalesce(jsonb_agg(jsonb_build_object('joined_at', i.joined_at, 'left_at', i.left_at, 'source', i.source,
                        'voided', i.voided_at is not null) order by i.joined_at, i.id), '[]')
                    from public.attendance_intervals i where i.attendance_id = a.id
                )
            ) order by s.session_date, s.id)
            from public.session_attendance a join public.live_sessions s on s.id = a.session_id
            where a.attended and (a.id = p_award.attendance_id or a.enrollment_id = p_award.enrollment_id)
        ), '[]')
    )
$$;
comment on function private.credit_evidence(public.credit_awards) is 'The courses of a program, the lessons and the sessions that an award rests on, with their times.';

create function public.explain_credit(p_award uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_award public.credit_awards;
    v_rule public.credit_rules;
begin
    -- The same people as by the policy on the awards.
    select * into v_award from public.credit_awards a where a.id = p_award and (
        a.member_id = auth.uid()
        or a.member_id in (select private.my_managed_member_ids())
        or a.course_id in (select private.my_taught_course_ids())
        or private.is_admin()
    );
    if v_award.id is null then
        perform private.refuse('CG404', 'no_such_credit', 'There are no such credits, or they are not for you to see.');
    end if;
    select * into v_rule from public.credit_rules where id = v_award.rule_id;
    return (
        select jsonb_build_object(
            'amount', v_award.amount, 'earned_on', v_award.earned_on, 'awarded_at', v_award.created_at,
            'credit_type', jsonb_build_object('code', t.code, 'name', t.name, 'unit', t.unit, 'authority', t.authority),
            'course', jsonb_build_object('id', c.id, 'title', c.title),
            'rule', jsonb_build_object('id', v_rule.id, 'source', v_rule.source, 'program_id', v_rule.program_id,
                'basis', v_rule.basis, 'amount', v_rule.amount, 'cap', v_rule.cap, 'minimum_minutes', v_rule.minimum_minutes, 'minimum_score', v_rule.minimum_score,
                'valid_from', nullif(v_rule.valid_from, '-infinity'), 'valid_until', v_rule.valid_until, 'note', v_rule.note),
            'figures', v_award.figures, 'arithmetic', v_award.arithmetic,
            'recomputes', abs(v_award.amount) = private.credit_of(v_award.figures, v_rule),
            'evidence', private.credit_evidence(v_award),
            'reverses', v_award.reverses, 'reason', v_award.reason,
            'reversed_by', (
                select jsonb_build_object('id', b.id, 'reason', b.reason, 'at', b.created_at)
                from public.credit_awards b where b.reverses = v_award.id
            )
        )
        from public.credit_types t cross join public.courses c
        where t.id = v_award.credit_type_id and c.id = v_award.course_id
    );
end
$$;
comment on function public.explain_credit(uuid) is
    'Why somebody was given a credit: the rule, the figures, the arithmetic, and which lessons and sessions when. For its member, the '
    'course''s instructors, managers of his organisation and administrators.';

create function public.start_next_renewal_cycle(p_cycle uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cycle public.renewal_cycles;
    v_next uuid;
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can begin a renewal cycle.');
    end if;
    select * into v_cycle from public.renewal_cycles where id = p_cycle for no key update;
    if v_cycle.id is null then
        perform private.refuse('CG404', 'no_such_cycle', 'There is no such renewal cycle.');
    elsif v_cycle.until > private.today() then
        perform private.refuse('CG409', 'cycle_not_over', 'This renewal cycle is not over yet.');
    end if;
    -- As long as the one before, in months when it is whole months.
    insert into public.renewal_cycles (member_id, designation_id, since, until)
    values (v_cycle.member_id, v_cycle.designation_id, v_cycle.until, v_cycle.until + case
        when (v_cycle.since + age(v_cycle.until, v_cycle.since))::date = v_cycle.until then age(v_cycle.until, v_cycle.since)
        else make_interval(days => v_cycle.until - v_cycle.since) end)
    returning id into v_next;
    insert into public.renewal_requirements (cycle_id, credit_type_id, required, carried_over, max_carry_over)
    select v_next, s.credit_type_id, s.required, s.left_over, q.max_carry_over
    from public.renewal_status s join public.renewal_requirements q on q.id = s.id where s.cycle_id = p_cycle;
    return v_next;
end
$$;
comment on function public.start_next_renewal_cycle(uuid) is
    'Begins the cycle that follows one that is over, with the same requirements and what may be carried over. Administrators only.';
grant execute on function public.reverse_credit(uuid, text), public.explain_credit(uuid), public.start_next_renewal_cycle(uuid) to authenticated;
