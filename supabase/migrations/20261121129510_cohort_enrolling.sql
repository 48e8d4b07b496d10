-- Enrolling in a cohort. Before it begins, an enrollment is not open (private.my_open_enrollments): so lessons, quizzes and
-- whatever else asks for an open enrollment are shut without knowing of cohorts. Afterwards nothing is shut by its end.
-- Rollback: drop the functions that are new here; bring back those that are replaced, from the migrations that made them last.

-- Locks ----------------------------------------------------------------------------------------------------------

create function private.enter_cohort(p_cohort uuid) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$ select pg_advisory_xact_lock_shared(hashtextextended('cohort:' || p_cohort::text, 0)) $$;
comment on function private.enter_cohort(uuid) is
    'Whoever brings an enrollment into a cohort calls it before he locks a row: while the cohort changes its name or dates '
    '(public.hold_cohort) nobody comes in. The order of all: the wish of a person, this, enrollments by id, cohorts by id, the course.';

-- Choosing -------------------------------------------------------------------------------------------------------

create function private.day_in_words(p_at timestamptz, p_zone text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$ select to_char(p_at at time zone p_zone, 'FMDD FMMonth YYYY') $$;
comment on function private.day_in_words(timestamptz, text) is 'A day as refusals name it, in a time zone.';

create function private.where_else(p_course uuid, p_cohort uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case
        when count(*) > 0 then ' There is room in ' || string_agg(
            '“' || o.name || '”, which ' || case when o.starts_at > now() then 'begins' else 'began' end
            || ' on ' || private.day_in_words(o.starts_at, o.time_zone), ' and in ' order by o.starts_at, o.id) || '.'
        else ' No other cohort takes people now.'
    end || case when (select c.cohorts_only from public.courses c where c.id = p_course) then ''
        else ' You can also begin at any time, without a cohort.' end
    from (
        select k.* from public.course_cohorts k
        where k.course_id = p_course and k.id is distinct from p_cohort and public.cohort_state(k) = 'open'
          and (k.capacity is null or k.seats_taken < k.capacity)
        order by k.starts_at, k.id limit 3
    ) o
$$;
comment on function private.where_else(uuid, uuid) is 'In words, what there is besides a cohort: what somebody reads who cannot join it.';

create function private.goes_on(p_enrollment public.enrollments) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p_enrollment.status in ('enrolled', 'in_progress')
        and coalesce(p_enrollment.expires_at > now(), true) and coalesce(p_enrollment.cohort_end_date > now(), true)
        and (p_enrollment.transaction_id is null or not private.is_refunded(p_enrollment.transaction_id))
$$;
comment on function private.goes_on(public.enrollments) is 'Whether somebody is under way in it: begun or not, and its cohort is not over. Who is cannot take the course in another cohort.';

create function private.check_choice(p_member uuid, p_course uuid, p_cohort uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cohort public.course_cohorts;
    v_other public.enrollments;
    v_only boolean := (select c.cohorts_only from public.courses c where c.id = p_course);
begin
    if p_cohort is null and not v_only and not exists (select 1 from public.course_cohorts k where k.course_id = p_course) then
        return;
    end if;
    -- As in private.enrol, for those who come by another way.
    perform pg_advisory_xact_lock(hashtextextended('enrol:' || p_member::text || ':' || p_course::text, 0));
    select e.* into v_other from public.enrollments e
    where e.member_id = p_member and e.course_id = p_course and (p_cohort is not null or e.cohort_id is not null)
      and e.cohort_id is distinct from p_cohort and private.goes_on(e)
    limit 1;
    if v_other.id is not null then
        perform private.refuse('CG409', 'takes_it_already', 'You take this course already'
            || coalesce(', in the cohort “' || v_other.cohort_name || '”', '')
            || '. Ask its instructor to move you to another cohort: what you have done then comes with you.');
    elsif p_cohort is null then
        if v_only then
            perform private.refuse('CG409', 'choose_cohort', 'This course is taken in cohorts. Choose one of them on its page.');
        end if;
        return;
    end if;
    perform private.enter_cohort(p_cohort);
    -- Held until the seat is counted: of two people on the last place the second waits here, and then finds it full.
    select * into v_cohort from public.course_cohorts k where k.id = p_cohort and k.course_id = p_course for no key update;
    if v_cohort.id is null then
        perform private.refuse('CG404', 'no_such_cohort', 'This course has no such cohort.');
    elsif public.cohort_state(v_cohort) = 'planned' then
        perform private.refuse('CG409', 'cohort_not_open', '“' || v_cohort.name || '” takes people from '
            || private.day_in_words(v_cohort.enrollment_opens_at, v_cohort.time_zone) || '.' || private.where_else(p_course, p_cohort));
    elsif public.cohort_state(v_cohort) = 'closed' then
        perform private.refuse('CG409', 'cohort_closed', '“' || v_cohort.name || '” takes nobody any more.'
            || private.where_else(p_course, p_cohort));
    elsif v_cohort.seats_taken >= v_cohort.capacity then
        perform private.refuse('CG409', 'cohort_full', '“' || v_cohort.name || '” is full.' || private.where_else(p_course, p_cohort));
    end if;
end
$$;
comment on function private.check_choice(uuid, uuid, uuid) is
    'Whether somebody may take a course in a cohort, or without one, the rest of the rules aside; holds the cohort. Raises CG404 and CG409.';

create or replace function private.check_enrollment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- An administrator, an import or a partner may enrol anybody in anything; a member only himself, by the rule.
    if new.enrollment_source <> 'self_enrollment' then
        return new;
    end if;
    -- Row-level security refuses this too, but later: the words of a refusal would tell what others have paid for.
    if auth.uid() <> new.member_id then
        perform private.refuse('CG403', 'own_enrollment_only', 'You can enrol only yourself.');
    end if;
    -- Who is enrolled already meets his own row.
    if not exists (
        select 1 from public.enrollments e
        where e.member_id = new.member_id and e.course_id = new.course_id and e.cohort_name is not distinct from new.cohort_name
    ) then
        perform private.check_choice(new.member_id, new.course_id, new.cohort_id);
        new.transaction_id := private.check_may_enrol(new.member_id, new.course_id);
    end if;
    return new;
end
$$;

create function private.enrol(p_course uuid, p_cohort uuid) returns public.enrollments
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_transaction uuid;
    v_given_back boolean;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to enrol.');
    end if;
    perform private.hold_requirements(p_course, false);
    -- Two tabs with two cohorts are one wish. Before any row is locked: the order in which the team adds people, too.
    perform pg_advisory_xact_lock(hashtextextended('enrol:' || auth.uid()::text || ':' || p_course::text, 0));
    -- Without a choice: whatever is under way is the answer, in which cohort ever.
    select e.* into v_enrollment from public.enrollments e
    where p_cohort is null and e.member_id = auth.uid() and e.course_id = p_course and e.cohort_id is not null and private.goes_on(e)
    order by e.enrolled_at desc limit 1;
    if v_enrollment.id is not null then
        return v_enrollment;
    elsif p_cohort is null then
        -- What was ordered for a cohort and paid takes the place there.
        p_cohort := (
            select t.cohort_id from public.transactions t
            join public.course_cohorts k on k.id = t.cohort_id
            left join public.enrollments u on u.transaction_id = t.id
            where t.member_id = auth.uid() and t.course_id = p_course and u.id is null and private.pays(t.id)
              and public.cohort_state(k) = 'open' and (k.capacity is null or k.seats_taken < k.capacity)
            order by t.completed_at limit 1
        );
    end if;
    if p_cohort is not null then
        perform private.enter_cohort(p_cohort);
    end if;
    select * into v_enrollment from public.enrollments
    where member_id = auth.uid() and course_id = p_course
      and case when p_cohort is null then cohort_name is null else cohort_id = p_cohort end
    for no key update;
    v_given_back := private.is_refunded(v_enrollment.transaction_id);
    if v_enrollment.status in ('suspended', 'expired', 'archived') or v_enrollment.expires_at <= now() then
        v_enrollment.status := case when v_enrollment.expires_at <= now() then 'expired' else v_enrollment.status end;
        perform private.refuse('CG409', 'enrollment_' || v_enrollment.status,
            'Your enrollment in this course is ' || v_enrollment.status || '. Ask the association''s office.');
    elsif v_enrollment.status in ('enrolled', 'in_progress', 'completed') and not v_given_back then
        return v_enrollment;
    elsif v_enrollment.id is not null then
        -- What was done stays done, but a seat, a membership and a payment are needed as for anybody.
        if v_enrollment.status = 'dropped' then
            perform private.check_choice(auth.uid(), p_course, p_cohort);
        end if;
        v_transaction := private.check_may_enrol(auth.uid(), p_course, v_enrollment.id);
        -- Only when it changes: to set the column of a unique index locks out whoever refers to the row.
        if (v_transaction is not null or v_given_back) and v_transaction is distinct from v_enrollment.transaction_id then
            update public.enrollments set transaction_id = v_transaction where id = v_enrollment.id;
        end if;
        update public.enrollments set status = case when started_at is null then 'enrolled' else 'in_progress' end
        where id = v_enrollment.id and status = 'dropped';
        -- The payment may have been the last that was missing.
        perform private.complete_enrollment_when_met(v_enrollment.id);
        select * into v_enrollment from public.enrollments where id = v_enrollment.id;
        return v_enrollment;
    end if;
    insert into public.enrollments (course_id, member_id, cohort_id) values (p_course, auth.uid(), p_cohort)
    on conflict on constraint unique_member_course_enrollment do nothing
    returning * into v_enrollment;
    if v_enrollment.id is null then
        -- Two tabs at once: the other one won and this one sees its row.
        select * into v_enrollment from public.enrollments
        where member_id = auth.uid() and course_id = p_course
          and case when p_cohort is null then cohort_name is null else cohort_id = p_cohort end;
    end if;
    if v_enrollment.id is null then
        perform private.refuse('CG409', 'cohort_taken_before', 'You took this course before in a cohort of this name. Choose another one.');
    end if;
    return v_enrollment;
end
$$;
comment on function private.enrol(uuid, uuid) is
    'Enrols the caller in a cohort of a course, or without one, or answers the enrollment that is there. Raises CG403, CG404 or CG409.';

create or replace function public.enrol(p_course uuid) returns public.enrollments
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$ select * from private.enrol(p_course, null) $$;

create function public.enrol_in_cohort(p_course uuid, p_cohort uuid) returns public.enrollments
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.course_cohorts k where k.id = p_cohort and k.course_id = p_course) then
        perform private.refuse('CG404', 'no_such_cohort', 'This course has no such cohort.');
    end if;
    return private.enrol(p_course, p_cohort);
end
$$;
comment on function public.enrol_in_cohort(uuid, uuid) is
    'Enrols the person who asks in a cohort, or answers his enrollment there. Raises CG403, CG404 or CG409 with the reason and what else there is.';
grant execute on function public.enrol_in_cohort(uuid, uuid) to authenticated;

-- Buying ---------------------------------------------------------------------------------------------------------

create function public.begin_cohort_purchase(p_course uuid, p_cohort uuid) returns public.transactions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_order public.transactions;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to buy a course.');
    end if;
    -- Nobody pays for what he could not enrol in. The place is taken when he enrols, not when he orders.
    if exists (
        select 1 from public.enrollments e
        where e.member_id = auth.uid() and e.course_id = p_course and e.cohort_id = p_cohort
          and e.status <> 'dropped' and not private.is_refunded(e.transaction_id)
    ) then
        perform private.refuse('CG409', 'already_enrolled', 'You are enrolled in this cohort already. There is nothing to pay.');
    end if;
    perform private.check_choice(auth.uid(), p_course, p_cohort);
    v_order := public.begin_purchase(p_course);
    update public.transactions set cohort_id = p_cohort where id = v_order.id returning * into v_order;
    return v_order;
end
$$;
comment on function public.begin_cohort_purchase(uuid, uuid) is
    'Orders a course for the caller, who will take it in a cohort. As public.begin_purchase; CG404 and CG409 also for what keeps him out of the cohort.';
grant execute on function public.begin_cohort_purchase(uuid, uuid) to authenticated;

-- What is open ---------------------------------------------------------------------------------------------------

create or replace function private.my_open_enrollments() returns setof public.enrollments
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.* from public.enrollments e
    where e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress', 'completed')
      and (e.expires_at is null or e.expires_at > now())
      and (e.cohort_start_date is null or e.cohort_start_date <= now())
      and (e.transaction_id is null or not private.is_refunded(e.transaction_id))
$$;
comment on function private.my_open_enrollments() is
    'Enrollments under which the person who asks may learn now: not left, suspended, expired or given back, and the cohort has begun.';

create function private.current_enrollment(p_member uuid, p_course uuid) returns public.enrollments
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.* from public.enrollments e
    where e.member_id = p_member and e.course_id = p_course
    order by
        e.status in ('enrolled', 'in_progress', 'completed') desc,
        coalesce(e.cohort_start_date <= now(), true) desc,
        e.completed_at desc nulls first, e.enrolled_at desc
    limit 1
$$;
comment on function private.current_enrollment(uuid, uuid) is
    'Of several enrollments of a person in a course the one that counts now: open before closed, begun before to come, under way before completed, the newest.';

create or replace function private.my_enrollment_for(p_lesson uuid) returns public.enrollments
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_lock text;
begin
    select e.* into v_enrollment
    from public.lessons l join private.my_open_enrollments() e on e.course_id = l.course_id
    left join public.course_versions v on v.id = e.course_version_id
    where l.id = p_lesson and (l.state = 'live' or v.lesson_ids ? l.id::text)
    order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_enrollment.id is null then
        select e.* into v_enrollment from public.lessons l
        cross join lateral private.current_enrollment(auth.uid(), l.course_id) e
        where l.id = p_lesson and e.status in ('enrolled', 'in_progress') and e.cohort_start_date > now();
        if v_enrollment.id is not null then
            perform private.refuse('CG403', 'locked', 'This lesson is not open for you yet: “' || v_enrollment.cohort_name || '” begins on '
                || private.day_in_words(v_enrollment.cohort_start_date, coalesce(
                    (select k.time_zone from public.course_cohorts k where k.id = v_enrollment.cohort_id), 'UTC')) || '.');
        end if;
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course, or what you began does not hold this lesson.');
    end if;
    select k.lock_reason into v_lock from private.lesson_locks(auth.uid(), v_enrollment.course_id) k where k.lesson_id = p_lesson;
    if v_lock is not null then
        perform private.refuse('CG403', 'locked', 'This lesson is not open for you yet.');
    end if;
    return v_enrollment;
end
$$;

create or replace function private.lesson_locks(p_member uuid, p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- One row for each lesson of the course that is still shut for the member, with the first reason.
    with here as materialized (
        -- Who takes it again begins anew: what was completed in an earlier cohort opens nothing.
        select e.id, e.course_version_id, case when e.status in ('enrolled', 'in_progress') then e.cohort_start_date end as begins_at
        from private.current_enrollment(p_member, p_course) e where e.id is not null
    ), mine as (
        select p.lesson_id from here join public.lesson_progress p on p.enrollment_id = here.id and p.status = 'completed'
    ), begun as (
        select v.id as version, v.lesson_ids, v.required_lesson_ids, v.released_lesson_ids
        from here left join public.course_versions v on v.id = here.course_version_id
    ), open_modules as (
        select m.id from public.course_modules m
        where m.course_id = p_course and (m.state <> 'live' or not exists (
            select 1 from public.lessons l
            where l.module_id = m.id and l.require_completion and l.state = 'live' and l.id not in (select mine.lesson_id from mine)
              -- A lesson that came after somebody began keeps nothing shut for him, nor one that he was let off.
              and (not exists (select 1 from begun) or exists (
                  select 1 from begun b
                  where b.version is null or (l.id = any (b.required_lesson_ids) and l.id <> all (b.released_lesson_ids))
              ))
        ))
    )
    select l.id, r.reason, r.waits_for, r.opens_at
    from public.lessons l
    join public.course_modules m on m.id = l.module_id
    cross join lateral (
        select 'cohort' as reason, null::text as waits_for, here.begins_at as opens_at, 0 as rank, 0 as place
        from here where here.begins_at > now() and not l.is_preview
        union all
        select 'module_date', null, m.unlock_date, 1, 0 where m.unlock_date > now()
        union all
        select 'lesson_date', null, l.unlock_date, 2, 0 where l.unlock_date > now()
        union all
        select 'after_module', b.title, null, 3, 0 from public.course_modules b
        where b.id = m.unlock_after_module_id and b.id not in (select open_modules.id from open_modules)
        union all
        select 'after_lesson', b.title, null, 4, 0 from public.lessons b
        where b.id = l.unlock_after_lesson_id and b.state = 'live' and b.id not in (select mine.lesson_id from mine)
        union all
        select 'after_lesson', b.title, null, 5, b.lesson_order
        from public.lesson_prerequisites n join public.lessons b on b.id = n.requires_lesson_id and b.state = 'live'
        where n.lesson_id = l.id and b.id not in (select mine.lesson_id from mine)
        order by rank, place limit 1
    ) r
    where l.course_id = p_course and (l.state = 'live' or exists (select 1 from begun b where b.lesson_ids ? l.id::text))
$$;
comment on function private.lesson_locks(uuid, uuid) is
    'Lessons of a course that are not open for a member yet, and why: cohort, module_date, lesson_date, after_module, after_lesson.';

-- One at a time --------------------------------------------------------------------------------------------------

create function private.put_earlier_cohorts_away() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.enrollments set status = 'archived'
    where member_id = new.member_id and course_id = new.course_id and id <> new.id and status in ('enrolled', 'in_progress')
      and cohort_end_date <= now();
    return null;
end
$$;
comment on function private.put_earlier_cohorts_away() is
    'Trigger: who completes a course in one cohort leaves nothing open in another that is over.';
create trigger put_earlier_cohorts_away after update of status on public.enrollments
    for each row when (new.status = 'completed' and old.status <> 'completed' and new.cohort_id is not null)
    execute function private.put_earlier_cohorts_away();
