-- Learning records: transactions, enrollments and lesson progress; whose is what; unlocking; enrolling. Members write none
-- of it themselves: the rules stand here and hold for every client. The policies stand in the migration of access.
-- Rollback: drop the tables and functions below.

-- transactions ---------------------------------------------------------------------------------------------

create table public.transactions (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete restrict,
    course_id uuid references public.courses (id) on delete restrict,
    transaction_type text not null check (transaction_type in ('course_purchase', 'refund')),
    amount numeric(10, 2) not null check (amount >= 0),
    currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
    description text not null default '' check (length(description) <= 500),
    status text not null default 'pending' check (status in ('pending', 'completed', 'failed', 'cancelled')),
    refund_of uuid references public.transactions (id) on delete restrict,
    created_at timestamptz not null default now(),
    completed_at timestamptz,
    constraint purchases_name_a_course check (transaction_type <> 'course_purchase' or course_id is not null),
    constraint refunds_name_a_purchase check ((transaction_type = 'refund') = (refund_of is not null)),
    constraint completed_transactions_are_dated check ((status = 'completed') = (completed_at is not null))
);
comment on table public.transactions is 'Money that moved. A refund is a row of its own that names what it gives back.';
create index idx_transactions_member on public.transactions (member_id, course_id);
create index idx_transactions_course on public.transactions (course_id);
create index idx_transactions_refund on public.transactions (refund_of);

-- enrollments ----------------------------------------------------------------------------------------------

create table public.enrollments (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete restrict,
    member_id uuid not null references public.profiles (id) on delete cascade,
    enrolled_at timestamptz not null default now(),
    enrollment_source text not null default 'self_enrollment' check (enrollment_source in (
        'self_enrollment', 'admin_assignment', 'bulk_import', 'event_registration', 'membership_benefit'
    )),
    transaction_id uuid unique references public.transactions (id) on delete restrict,
    status text not null default 'enrolled' check (status in (
        'enrolled', 'in_progress', 'completed', 'dropped', 'expired', 'suspended', 'archived'
    )),
    lessons_completed integer not null default 0 check (lessons_completed >= 0),
    current_lesson_id uuid,
    started_at timestamptz,
    last_accessed_at timestamptz,
    completed_at timestamptz,
    cohort_name text check (length(cohort_name) between 1 and 120),
    expires_at timestamptz,
    final_grade numeric(5, 2) check (final_grade between 0 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_member_course_enrollment unique nulls not distinct (member_id, course_id, cohort_name),
    constraint enrollments_id_course unique (id, course_id),
    constraint completed_enrollments_are_dated check (status <> 'completed' or completed_at is not null),
    constraint enrollments_current_lesson foreign key (current_lesson_id, course_id)
        references public.lessons (id, course_id) on delete set null (current_lesson_id)
);
comment on table public.enrollments is 'Who takes which course. Nothing here is written by the member: rules and triggers move it.';
comment on column public.enrollments.lessons_completed is 'Completed lessons that count; kept by trigger_update_enrollment_progress, by the difference.';
create index idx_enrollments_course on public.enrollments (course_id, status);
create index idx_enrollments_member on public.enrollments (member_id, last_accessed_at desc nulls last);
create index idx_enrollments_current_lesson on public.enrollments (current_lesson_id, course_id);
create index idx_enrollments_completed on public.enrollments (completed_at) where completed_at is not null;
create trigger update_enrollments_updated_at before update on public.enrollments
    for each row execute function public.update_updated_at_column();

-- lesson_progress ------------------------------------------------------------------------------------------

create table public.lesson_progress (
    id uuid primary key default private.uuid_v7(),
    enrollment_id uuid not null,
    lesson_id uuid not null,
    course_id uuid not null,
    status text not null default 'not_started' check (status in ('not_started', 'in_progress', 'completed')),
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_enrollment_lesson unique (enrollment_id, lesson_id),
    constraint completed_lessons_are_dated check ((status = 'completed') = (completed_at is not null)),
    constraint lesson_progress_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade,
    constraint lesson_progress_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete restrict
);
comment on table public.lesson_progress is 'Where somebody stands in a lesson. Changes only on a transition, never at a heartbeat.';
create index idx_lesson_progress_lesson on public.lesson_progress (lesson_id, course_id);
create index idx_lesson_progress_enrollment on public.lesson_progress (enrollment_id, course_id);
create index idx_lesson_progress_course on public.lesson_progress (course_id);
create trigger update_lesson_progress_updated_at before update on public.lesson_progress
    for each row execute function public.update_updated_at_column();

alter table public.transactions enable row level security;
alter table public.enrollments enable row level security;
alter table public.lesson_progress enable row level security;
revoke all on public.transactions, public.enrollments, public.lesson_progress from anon, authenticated, service_role;
grant select, insert, update, delete on public.enrollments, public.lesson_progress to service_role;
-- Money that moved is not forgotten: what was wrong is given back by another row.
grant select, insert, update on public.transactions to service_role;

-- Whose is what --------------------------------------------------------------------------------------------

create function private.my_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select id from public.enrollments where member_id = auth.uid() $$;
comment on function private.my_enrollment_ids() is 'Enrollments of the person who asks.';

create function private.is_refunded(p_transaction uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (select 1 from public.transactions r where r.refund_of = p_transaction and r.status = 'completed')
$$;
comment on function private.is_refunded(uuid) is 'Whether a purchase was given back.';

create function private.my_open_enrollments() returns setof public.enrollments
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.* from public.enrollments e
    where e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress', 'completed')
      and (e.expires_at is null or e.expires_at > now())
      and (e.transaction_id is null or not private.is_refunded(e.transaction_id))
$$;
comment on function private.my_open_enrollments() is
    'Enrollments under which the person who asks may learn now: not left, suspended, expired or given back.';

create function private.my_enrolled_course_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select course_id from private.my_open_enrollments() $$;
comment on function private.my_enrolled_course_ids() is 'Courses that the person who asks may enter as a learner.';

create function private.my_taught_course_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.id from public.courses c
    where c.instructor_id = auth.uid() and private.is_teacher()
    union
    select t.course_id from public.course_instructors t
    where t.profile_id = auth.uid() and private.is_teacher()
$$;
comment on function private.my_taught_course_ids() is 'Courses that the person who asks teaches, alone or with others.';

create function private.my_student_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct e.member_id from public.enrollments e
    where e.course_id in (select private.my_taught_course_ids())
$$;
comment on function private.my_student_ids() is 'People enrolled in a course that the person who asks teaches.';

-- Unlocking: one rule for pages, the API, media and policies ------------------------------------------------

create function private.lesson_locks(p_member uuid, p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- One row for each lesson of the course that is still shut for the member, with the first reason.
    with mine as (
        select p.lesson_id from public.enrollments e
        join public.lesson_progress p on p.enrollment_id = e.id and p.status = 'completed'
        where e.member_id = p_member and e.course_id = p_course
    ), open_modules as (
        select m.id from public.course_modules m
        where m.course_id = p_course and not exists (
            select 1 from public.lessons l
            where l.module_id = m.id and l.require_completion and l.id not in (select mine.lesson_id from mine)
        )
    )
    select l.id, r.reason, r.waits_for, r.opens_at
    from public.lessons l
    join public.course_modules m on m.id = l.module_id
    cross join lateral (
        select 'module_date' as reason, null::text as waits_for, m.unlock_date as opens_at, 1 as rank where m.unlock_date > now()
        union all
        select 'lesson_date', null, l.unlock_date, 2 where l.unlock_date > now()
        union all
        select 'after_module', b.title, null, 3 from public.course_modules b
        where b.id = m.unlock_after_module_id and b.id not in (select open_modules.id from open_modules)
        union all
        select 'after_lesson', b.title, null, 4 from public.lessons b
        where b.id = l.unlock_after_lesson_id and b.id not in (select mine.lesson_id from mine)
        order by rank limit 1
    ) r
    where l.course_id = p_course
$$;
comment on function private.lesson_locks(uuid, uuid) is
    'Lessons of a course that are not open for a member yet, and why: module_date, lesson_date, after_module, after_lesson.';

create function private.my_open_lesson_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with mine as materialized (
        select distinct c.id from private.my_enrolled_course_ids() as c (id)
    ), shut as materialized (
        select k.lesson_id from mine cross join lateral private.lesson_locks(auth.uid(), mine.id) k
    )
    select l.id from mine join public.lessons l on l.course_id = mine.id
    where l.id not in (select shut.lesson_id from shut)
$$;
comment on function private.my_open_lesson_ids() is 'Lessons whose content the person who asks may open as a learner.';

create function public.my_lesson_locks(p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select k.* from private.my_enrolled_course_ids() as c (id) cross join lateral private.lesson_locks(auth.uid(), c.id) k
    where c.id = p_course
    union
    select k.* from public.courses c cross join lateral private.lesson_locks(auth.uid(), c.id) k
    where c.id = p_course and c.status = 'published'
$$;
comment on function public.my_lesson_locks(uuid) is
    'What is still shut for the person who asks in a course, and why. Nothing of a course that he cannot see.';

grant execute on function private.my_enrollment_ids(), private.my_enrolled_course_ids(), private.my_taught_course_ids(),
    private.my_student_ids(), private.my_open_lesson_ids() to authenticated, service_role;
grant execute on function private.lesson_locks(uuid, uuid) to service_role;
grant execute on function public.my_lesson_locks(uuid) to authenticated, service_role;

-- Enrolling ------------------------------------------------------------------------------------------------

create function private.check_may_enrol(p_member uuid, p_course uuid, p_returning uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course public.courses;
    v_transaction uuid;
begin
    -- The lock makes the capacity exact; courses without one are not locked against each other.
    select * into v_course from public.courses where id = p_course;
    if v_course.max_enrollments is not null then
        select * into v_course from public.courses where id = p_course for no key update;
    end if;
    if v_course.status is distinct from 'published' then
        perform private.refuse('CG404', 'no_such_course', 'This course is not open.');
    elsif not v_course.allow_enrollment then
        perform private.refuse('CG409', 'enrollment_closed', 'This course does not take enrollments now.');
    elsif v_course.enrollment_start_date > now() then
        perform private.refuse('CG409', 'enrollment_not_open', 'Enrollment in this course has not opened yet.');
    elsif v_course.enrollment_end_date <= now() then
        perform private.refuse('CG409', 'enrollment_ended', 'Enrollment in this course has ended.');
    elsif exists (
        select 1 from public.enrollments e where e.member_id = p_member and e.course_id = p_course and e.status = 'suspended'
    ) then
        perform private.refuse('CG409', 'enrollment_suspended',
            'Your enrollment in this course is suspended. Ask the association''s office.');
    elsif v_course.max_enrollments <= (
        select count(*) from public.enrollments e
        where e.course_id = p_course and e.status in ('enrolled', 'in_progress', 'completed')
          -- Of two tabs at once on the last seat, the second must meet the first one's row, not a full course.
          and not (e.member_id = p_member and e.cohort_name is null)
    ) then
        perform private.refuse('CG409', 'course_full', 'This course is full.');
    elsif v_course.pricing_type = 'member_only' and not private.is_member(p_member, private.today()) then
        perform private.refuse('CG403', 'members_only', 'This course is for members of the association. Your membership is not active.');
    elsif v_course.pricing_type in ('paid', 'premium') then
        -- A purchase pays for one enrollment: the one that comes back, or one that there is not yet.
        select t.id into v_transaction from public.transactions t
        left join public.enrollments u on u.transaction_id = t.id
        where t.member_id = p_member and t.course_id = p_course
          and t.transaction_type = 'course_purchase' and t.status = 'completed' and not private.is_refunded(t.id)
          and (u.id is null or u.id = p_returning)
        order by u.id nulls last, t.completed_at limit 1 for no key update of t;
        if v_transaction is null then
            perform private.refuse('CG403', 'payment_required', 'This course must be paid for before you can enrol.');
        end if;
    end if;
    return v_transaction;
end
$$;
comment on function private.check_may_enrol(uuid, uuid, uuid) is
    'The one rule for who may enrol himself in what, and come back after leaving. Answers the purchase that pays for it, or raises CG403, CG404, CG409.';

create function private.check_enrollment() returns trigger
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
        new.transaction_id := private.check_may_enrol(new.member_id, new.course_id);
    end if;
    return new;
end
$$;
comment on function private.check_enrollment() is 'Trigger: holds every client to private.check_may_enrol.';
create trigger check_enrollment before insert on public.enrollments
    for each row execute function private.check_enrollment();

create function public.enrol(p_course uuid) returns public.enrollments
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_transaction uuid;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to enrol.');
    end if;
    perform private.hold_requirements(p_course, false);
    select * into v_enrollment from public.enrollments
    where member_id = auth.uid() and course_id = p_course and cohort_name is null for no key update;
    if v_enrollment.status in ('suspended', 'expired', 'archived') or v_enrollment.expires_at <= now() then
        v_enrollment.status := case when v_enrollment.expires_at <= now() then 'expired' else v_enrollment.status end;
        perform private.refuse('CG409', 'enrollment_' || v_enrollment.status,
            'Your enrollment in this course is ' || v_enrollment.status || '. Ask the association''s office.');
    elsif v_enrollment.status in ('enrolled', 'in_progress', 'completed') then
        return v_enrollment;
    elsif v_enrollment.status = 'dropped' then
        -- What was done stays done, but a seat, a membership and a payment are needed as for anybody.
        v_transaction := private.check_may_enrol(auth.uid(), p_course, v_enrollment.id);
        -- Only when it changes: to set the column of a unique index locks out whoever refers to the row.
        if v_transaction is not null and v_transaction is distinct from v_enrollment.transaction_id then
            update public.enrollments set transaction_id = v_transaction where id = v_enrollment.id;
        end if;
        update public.enrollments set status = case when started_at is null then 'enrolled' else 'in_progress' end
        where id = v_enrollment.id;
        select * into v_enrollment from public.enrollments where id = v_enrollment.id;
        return v_enrollment;
    end if;
    insert into public.enrollments (course_id, member_id) values (p_course, auth.uid())
    on conflict on constraint unique_member_course_enrollment do nothing
    returning * into v_enrollment;
    if v_enrollment.id is null then
        -- Two tabs at once: the other one won and this one sees its row.
        select * into v_enrollment from public.enrollments
        where member_id = auth.uid() and course_id = p_course and cohort_name is null;
    end if;
    return v_enrollment;
end
$$;
comment on function public.enrol(uuid) is 'Enrols the person who asks, or answers the enrollment that is there. Raises CG403, CG404 or CG409 with the reason.';

create function public.drop_enrollment(p_enrollment uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.enrollments set status = 'dropped'
    where id = p_enrollment and member_id = auth.uid() and status in ('enrolled', 'in_progress');
    if not found then
        perform private.refuse('CG409', 'cannot_leave', 'You can leave only a course that you have not completed.');
    end if;
end
$$;
comment on function public.drop_enrollment(uuid) is 'Leaves a course. Progress is kept and enrolling again takes it up.';
grant execute on function public.enrol(uuid), public.drop_enrollment(uuid) to authenticated;

-- Course counters, by the difference -----------------------------------------------------------------------

create function public.update_course_analytics() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := coalesce(new.course_id, old.course_id);
    v_total integer := 0;
    v_active integer := 0;
    v_done integer := 0;
begin
    if tg_op <> 'DELETE' then
        v_total := v_total + 1;
        v_active := v_active + (new.status in ('enrolled', 'in_progress'))::integer;
        v_done := v_done + (new.status = 'completed')::integer;
    end if;
    if tg_op <> 'INSERT' then
        v_total := v_total - 1;
        v_active := v_active - (old.status in ('enrolled', 'in_progress'))::integer;
        v_done := v_done - (old.status = 'completed')::integer;
    end if;
    if v_total <> 0 or v_active <> 0 or v_done <> 0 then
        update public.courses set
            total_enrollments = total_enrollments + v_total,
            active_enrollments = active_enrollments + v_active,
            completion_count = completion_count + v_done
        where id = v_course;
    end if;
    return null;
end
$$;
comment on function public.update_course_analytics() is 'Trigger: moves a course''s counters by the difference, only when something counted changed.';
create trigger trigger_update_course_analytics after insert or delete on public.enrollments
    for each row execute function public.update_course_analytics();
create trigger trigger_update_course_analytics_on_change after update of status on public.enrollments
    for each row when (old.status is distinct from new.status) execute function public.update_course_analytics();
