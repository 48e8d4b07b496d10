-- Learning records: transactions, enrollments and lesson progress; who may read what of a course; unlocking;
-- what is left to do. Members write none of it themselves: the rules stand here and hold for every client.
-- Rollback: drop the tables, functions and policies below.

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

-- Whose is what --------------------------------------------------------------------------------------------

create function private.my_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$ select id from public.enrollments where member_id = auth.uid() $$;
comment on function private.my_enrollment_ids() is 'Enrollments of the person who asks.';

create function private.my_enrolled_course_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select course_id from public.enrollments
    where member_id = auth.uid() and status in ('enrolled', 'in_progress', 'completed')
$$;
comment on function private.my_enrolled_course_ids() is 'Courses that the person who asks may enter as a learner.';

create function private.my_taught_course_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select c.id from public.courses c
    where c.instructor_id = auth.uid() and private.is_teacher()
    union
    select t.course_id from public.course_instructors t
    where t.profile_id = auth.uid() and private.is_teacher()
$$;
comment on function private.my_taught_course_ids() is 'Courses that the person who asks teaches, alone or with others.';

create function private.my_student_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select distinct e.member_id from public.enrollments e
    where e.course_id in (select private.my_taught_course_ids())
$$;
comment on function private.my_student_ids() is 'People enrolled in a course that the person who asks teaches.';

-- Unlocking: one rule for pages, the API, media and policies ------------------------------------------------

create function private.lesson_locks(p_member uuid, p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = ''
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
language sql stable security definer set search_path = ''
as $$
    select l.id
    from private.my_enrolled_course_ids() as c (id)
    join public.lessons l on l.course_id = c.id
    where not exists (select 1 from private.lesson_locks(auth.uid(), c.id) k where k.lesson_id = l.id)
$$;
comment on function private.my_open_lesson_ids() is 'Lessons whose content the person who asks may open as a learner.';

create function public.my_lesson_locks(p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = ''
as $$ select * from private.lesson_locks(auth.uid(), p_course) $$;
comment on function public.my_lesson_locks(uuid) is 'What is still shut for the person who asks in a course, and why.';

grant execute on function private.my_enrollment_ids(), private.my_enrolled_course_ids(), private.my_taught_course_ids(),
    private.my_student_ids(), private.my_open_lesson_ids() to anon, authenticated, service_role;
grant execute on function private.lesson_locks(uuid, uuid) to service_role;
grant execute on function public.my_lesson_locks(uuid) to authenticated, service_role;

-- Enrolling ------------------------------------------------------------------------------------------------

create function private.check_enrollment() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    v_course public.courses;
begin
    -- An administrator, an import or a partner may enrol anybody in anything; a member only himself, by the rule.
    if new.enrollment_source <> 'self_enrollment' then
        return new;
    end if;
    -- The lock makes the capacity exact; courses without one are not locked against each other.
    select * into v_course from public.courses where id = new.course_id;
    if v_course.max_enrollments is not null then
        select * into v_course from public.courses where id = new.course_id for no key update;
    end if;
    if v_course.status is distinct from 'published' then
        perform private.refuse('CG404', 'no_such_course', 'This course is not open.');
    elsif not v_course.allow_enrollment then
        perform private.refuse('CG409', 'enrollment_closed', 'This course does not take enrollments now.');
    elsif v_course.enrollment_start_date > now() then
        perform private.refuse('CG409', 'enrollment_not_open', 'Enrollment in this course has not opened yet.');
    elsif v_course.enrollment_end_date <= now() then
        perform private.refuse('CG409', 'enrollment_ended', 'Enrollment in this course has ended.');
    elsif v_course.max_enrollments <= (
        select count(*) from public.enrollments e
        where e.course_id = new.course_id and e.status in ('enrolled', 'in_progress', 'completed')
    ) then
        perform private.refuse('CG409', 'course_full', 'This course is full.');
    elsif v_course.pricing_type = 'member_only' and not private.is_member(new.member_id, current_date) then
        perform private.refuse('CG403', 'members_only', 'This course is for members of the association. Your membership is not active.');
    elsif v_course.pricing_type in ('paid', 'premium') then
        select t.id into new.transaction_id from public.transactions t
        where t.member_id = new.member_id and t.course_id = new.course_id
          and t.transaction_type = 'course_purchase' and t.status = 'completed'
          and not exists (select 1 from public.transactions r where r.refund_of = t.id and r.status = 'completed')
          and not exists (select 1 from public.enrollments u where u.transaction_id = t.id)
        order by t.completed_at limit 1 for update of t;
        if new.transaction_id is null then
            perform private.refuse('CG403', 'payment_required', 'This course must be paid for before you can enrol.');
        end if;
    else
        new.transaction_id := null;
    end if;
    return new;
end
$$;
comment on function private.check_enrollment() is 'Trigger: the one rule for who may enrol himself in what, for every client.';
create trigger check_enrollment before insert on public.enrollments
    for each row execute function private.check_enrollment();

create function public.enrol(p_course uuid) returns public.enrollments
language plpgsql security definer set search_path = ''
as $$
declare
    v_enrollment public.enrollments;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to enrol.');
    end if;
    select * into v_enrollment from public.enrollments
    where member_id = auth.uid() and course_id = p_course and cohort_name is null for update;
    if v_enrollment.status in ('enrolled', 'in_progress', 'completed') then
        return v_enrollment;
    elsif v_enrollment.status in ('suspended', 'expired', 'archived') then
        perform private.refuse('CG409', 'enrollment_' || v_enrollment.status,
            'Your enrollment in this course is ' || v_enrollment.status || '. Ask the association''s office.');
    elsif v_enrollment.status = 'dropped' then
        -- Coming back costs nothing and loses nothing: what was done stays done.
        update public.enrollments set status = case when started_at is null then 'enrolled' else 'in_progress' end
        where id = v_enrollment.id returning * into v_enrollment;
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
language plpgsql security definer set search_path = ''
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
language plpgsql security definer set search_path = ''
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

-- Row-level security: the catalogue ------------------------------------------------------------------------

grant select on public.courses, public.course_instructors, public.course_modules, public.lessons to anon, authenticated;
grant select on public.content_blocks, public.lesson_videos to anon, authenticated;
grant delete on public.courses, public.course_instructors, public.course_modules, public.lessons, public.content_blocks,
    public.lesson_videos to authenticated;
grant insert, update on public.course_instructors, public.course_modules, public.lessons, public.content_blocks to authenticated;
-- Counters, keys of stored files and what processing found are the system's.
grant insert (id, title, slug, description, short_description, learning_objectives, target_audience, tags, category, difficulty_level,
    ce_credits, pricing_type, price, member_price, currency, delivery_format, estimated_duration_minutes, status, instructor_id,
    author_bio, thumbnail_url, promo_video_url, syllabus_url, allow_enrollment, max_enrollments, enrollment_start_date,
    enrollment_end_date, course_start_date, course_end_date, completion_certificate, created_by) on public.courses to authenticated;
grant update (title, slug, description, short_description, learning_objectives, target_audience, tags, category, difficulty_level,
    ce_credits, pricing_type, price, member_price, currency, delivery_format, estimated_duration_minutes, status,
    author_bio, thumbnail_url, promo_video_url, syllabus_url, allow_enrollment, max_enrollments, enrollment_start_date,
    enrollment_end_date, course_start_date, course_end_date, completion_certificate) on public.courses to authenticated;
grant update (captions, transcript) on public.lesson_videos to authenticated;

create policy "Public can view published courses" on public.courses for select to anon
    using (status = 'published');
create policy "People view published and own courses" on public.courses for select to authenticated
    using (
        status = 'published'
        or id = any (array(select private.my_enrolled_course_ids()))
        or id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors create own courses" on public.courses for insert to authenticated
    with check ((instructor_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Instructors can manage own courses" on public.courses for update to authenticated
    using (id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove own drafts" on public.courses for delete to authenticated
    using ((status = 'draft' and instructor_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));

create policy "Public can view teams" on public.course_instructors for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view teams" on public.course_instructors for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Admins add instructors" on public.course_instructors for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change instructors" on public.course_instructors for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove instructors" on public.course_instructors for delete to authenticated
    using ((select private.is_admin()));

create policy "Public can view outlines" on public.course_modules for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view outlines" on public.course_modules for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors add modules" on public.course_modules for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change modules" on public.course_modules for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove modules" on public.course_modules for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view lesson titles" on public.lessons for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view lesson titles" on public.lessons for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors add lessons" on public.lessons for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change lessons" on public.lessons for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove lessons" on public.lessons for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view preview lessons" on public.content_blocks for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Learners view lessons that are open to them" on public.content_blocks for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );
create policy "Instructors add content" on public.content_blocks for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change content" on public.content_blocks for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove content" on public.content_blocks for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view preview videos" on public.lesson_videos for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Users view videos" on public.lesson_videos for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );
create policy "Instructors caption videos" on public.lesson_videos for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove videos" on public.lesson_videos for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- Row-level security: learning records ----------------------------------------------------------------------

alter table public.transactions enable row level security;
alter table public.enrollments enable row level security;
alter table public.lesson_progress enable row level security;
revoke all on public.transactions, public.enrollments, public.lesson_progress from anon, authenticated, service_role;
grant select, insert, update, delete on public.transactions, public.enrollments, public.lesson_progress to service_role;
grant select on public.transactions, public.enrollments, public.lesson_progress to authenticated;
grant insert (course_id, member_id) on public.enrollments to authenticated;

create policy "Members view own transactions" on public.transactions for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));

create policy "Members can view own enrollments" on public.enrollments for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Members can self-enroll" on public.enrollments for insert to authenticated
    with check (member_id = (select auth.uid()));

create policy "Members view own progress" on public.lesson_progress for select to authenticated
    using (
        enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

create policy "Users can view own profile" on public.profiles for select to authenticated
    using (
        id = (select auth.uid())
        or id = any (array(select private.my_student_ids()))
        or (select private.is_admin())
    );
