-- Completion: the requirements of an enrollment with their evidence, the moment when the last one is met, the
-- certificate that follows in the same transaction, and its public verification.
-- Rollback: drop the functions, the view and the table below.

create table public.certificates (
    id uuid primary key default private.uuid_v7(),
    number text not null unique check (number ~ '^CERT-[0-9]{4}-[2-9A-HJ-NP-Z]{8}$'),
    enrollment_id uuid not null references public.enrollments (id) on delete restrict,
    member_id uuid not null references public.profiles (id) on delete restrict,
    course_id uuid not null references public.courses (id) on delete restrict,
    holder_name text not null check (length(holder_name) between 1 and 300),
    course_title text not null,
    ce_credits numeric(5, 2) not null check (ce_credits >= 0),
    completed_at timestamptz not null,
    issued_at timestamptz not null default now(),
    pdf_key text,
    pdf_sha256 bytea check (length(pdf_sha256) = 32),
    pdf_made_at timestamptz,
    pdf_error text check (length(pdf_error) <= 500),
    revoked_at timestamptz,
    revoked_by uuid references public.profiles (id) on delete set null,
    revoked_reason text check (length(revoked_reason) between 1 and 500),
    constraint revocations_have_a_reason check ((revoked_at is null) = (revoked_reason is null)),
    constraint made_documents_have_a_digest check ((pdf_key is null) = (pdf_sha256 is null))
);
comment on table public.certificates is
    'Certificates as issued: name, title and credits are those of that day. Numbers are random, without look-alike characters.';
create unique index idx_certificates_one_valid on public.certificates (enrollment_id) where revoked_at is null;
create index idx_certificates_enrollment on public.certificates (enrollment_id);
create index idx_certificates_member on public.certificates (member_id, issued_at desc);
create index idx_certificates_course on public.certificates (course_id);
create index idx_certificates_revoked_by on public.certificates (revoked_by);

-- Why not complete? ----------------------------------------------------------------------------------------

create function private.completion_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select 0, 'payment', null::uuid, c.title, 'transaction_completed',
        t.status = 'completed' and not private.is_refunded(t.id),
        null::integer, null::integer, t.completed_at
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    -- Who enrolled while the course was free, or was enrolled by the association, never owed anything.
    join public.transactions t on t.id = e.transaction_id
    where e.id = p_enrollment
    union all
    select
        (row_number() over (order by m.module_order, l.lesson_order))::integer,
        'lesson', l.id, l.title, l.completion_criteria,
        coalesce(p.status = 'completed', false),
        case l.completion_criteria
            when 'video_watched' then coalesce(a.watched_seconds, 0)
            -- Of a lesson that was never opened nothing has been spent; least() alone would skip that null.
            when 'time_spent' then case when p.started_at is null then 0
                else least(l.min_time_seconds, floor(extract(epoch from coalesce(p.completed_at, now()) - p.started_at)))::integer end
        end,
        case l.completion_criteria
            when 'video_watched' then coalesce(a.goal_seconds, ceil(v.duration * l.watched_percentage_required / 100)::integer)
            when 'time_spent' then l.min_time_seconds
        end,
        p.completed_at
    from public.enrollments e
    join public.lessons l on l.course_id = e.course_id and l.require_completion
    join public.course_modules m on m.id = l.module_id
    left join public.lesson_progress p on p.enrollment_id = e.id and p.lesson_id = l.id
    left join public.lesson_videos v on v.lesson_id = l.id
    left join public.video_analytics a on a.user_id = e.member_id and a.video_id = v.id
    where e.id = p_enrollment
    order by 1
$$;
comment on function private.completion_requirements(uuid) is
    'Each requirement of the course for an enrollment, whether it is met, and the evidence (seconds achieved of seconds needed, when met). '
    'The one rule: it gates the certificate and is what the learner is shown.';

create function public.completion_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.* from public.enrollments e cross join lateral private.completion_requirements(e.id) r
    where e.id = p_enrollment and (
        e.member_id = auth.uid()
        or e.course_id = any (array(select private.my_taught_course_ids()))
        or private.is_admin()
    )
$$;
comment on function public.completion_requirements(uuid) is
    'private.completion_requirements for those who may see the enrollment: its member, the course''s instructors, administrators.';
grant execute on function private.completion_requirements(uuid) to service_role;
grant execute on function public.completion_requirements(uuid) to authenticated;

create function private.complete_enrollment_when_met(p_enrollment uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_met boolean;
begin
    -- The row is locked first: of two lessons that are completed at once, the second sees the first. Not "for update":
    -- rows of progress that refer to the enrollment share its key until they commit.
    perform 1 from public.enrollments where id = p_enrollment and status in ('enrolled', 'in_progress') for no key update;
    if not found then
        return false;
    end if;
    select bool_and(met) and bool_or(requirement = 'lesson') into v_met from private.completion_requirements(p_enrollment);
    if not coalesce(v_met, false) then
        return false;
    end if;
    update public.enrollments set status = 'completed', completed_at = now() where id = p_enrollment;
    return true;
end
$$;
comment on function private.complete_enrollment_when_met(uuid) is 'Completes an enrollment when every requirement is met; answers whether it did.';
grant execute on function private.complete_enrollment_when_met(uuid) to service_role;

create function private.complete_on_return() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.complete_enrollment_when_met(new.id);
    return null;
end
$$;
comment on function private.complete_on_return() is
    'Trigger: who left or was suspended and comes back may find that all that is asked is done.';
create trigger trigger_complete_on_return after update of status on public.enrollments
    for each row when (
        old.status not in ('enrolled', 'in_progress', 'completed') and new.status in ('enrolled', 'in_progress')
    )
    execute function private.complete_on_return();

-- Progress -------------------------------------------------------------------------------------------------

create function public.update_enrollment_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_before integer := 0;
    v_after integer := 0;
    v_enrollment uuid := coalesce(new.enrollment_id, old.enrollment_id);
begin
    if tg_op <> 'INSERT' then
        v_before := (old.status = 'completed')::integer;
    end if;
    if tg_op <> 'DELETE' then
        v_after := (new.status = 'completed')::integer;
    end if;
    if v_before <> v_after then
        perform private.hold_requirements(coalesce(new.course_id, old.course_id), false);
        if not exists (select 1 from public.lessons where id = coalesce(new.lesson_id, old.lesson_id) and require_completion) then
            v_before := v_after;
        end if;
    end if;
    update public.enrollments set
        lessons_completed = lessons_completed + v_after - v_before,
        status = case when status = 'enrolled' then 'in_progress' else status end,
        started_at = coalesce(started_at, now())
    where id = v_enrollment and (v_before <> v_after or status = 'enrolled' or started_at is null);
    if v_after > v_before then
        perform private.complete_enrollment_when_met(v_enrollment);
    end if;
    return null;
end
$$;
comment on function public.update_enrollment_progress() is 'Trigger: moves an enrollment''s counters by the difference, only on a transition, and completes it when the last requirement is met.';
create trigger trigger_update_enrollment_progress after insert or delete on public.lesson_progress
    for each row execute function public.update_enrollment_progress();
create trigger trigger_update_enrollment_progress_on_change after update of status on public.lesson_progress
    for each row when (old.status is distinct from new.status) execute function public.update_enrollment_progress();

create function private.complete_enrollments_when_met(p_course uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid;
    v_completed integer := 0;
begin
    for v_enrollment in
        select e.id from public.enrollments e
        where e.course_id = p_course and e.status in ('enrolled', 'in_progress') and e.lessons_completed > 0
          and e.lessons_completed >= (select count(*) from public.lessons l where l.course_id = p_course and l.require_completion)
        order by e.id
    loop
        v_completed := v_completed + private.complete_enrollment_when_met(v_enrollment)::integer;
    end loop;
    return v_completed;
end
$$;
comment on function private.complete_enrollments_when_met(uuid) is
    'Completes every enrollment of a course whose requirements are all met, after the course asks for less; answers how many.';

create function private.complete_after_lesson_deleted() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(old.course_id, true);
    perform private.complete_enrollments_when_met(old.course_id);
    return null;
end
$$;
comment on function private.complete_after_lesson_deleted() is 'Trigger: a lesson that was all that some still had to do is gone.';
-- Its name comes before trigger_count_required_lessons, which locks the course.
create trigger trigger_complete_after_lesson_deleted after delete on public.lessons
    for each row when (old.require_completion) execute function private.complete_after_lesson_deleted();

create function private.recount_lesson_in_enrollments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(new.course_id, true);
    update public.enrollments e
    set lessons_completed = e.lessons_completed + case when new.require_completion then 1 else -1 end
    from public.lesson_progress p
    where p.lesson_id = new.id and p.status = 'completed' and e.id = p.enrollment_id;
    if not new.require_completion then
        perform private.complete_enrollments_when_met(new.course_id);
    end if;
    return null;
end
$$;
comment on function private.recount_lesson_in_enrollments() is
    'Trigger: a lesson began or ceased to count, so those who completed it have one more or less, and some may now be done.';
create trigger trigger_recount_lesson_in_enrollments after update of require_completion on public.lessons
    for each row when (old.require_completion is distinct from new.require_completion)
    execute function private.recount_lesson_in_enrollments();

-- Certificates ---------------------------------------------------------------------------------------------

create function private.new_certificate_number(p_on timestamptz) returns text
language sql volatile set search_path = pg_catalog, pg_temp
as $$
    -- Eight characters of 32 (no 0, 1, I, O): 40 bits from the server's strong random source. Bytes 6 and 8 of a
    -- version 4 UUID are partly fixed and are left out.
    select 'CERT-' || to_char(p_on at time zone 'UTC', 'YYYY') || '-' || string_agg(
        substr('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', (get_byte(r.bytes, i) & 31) + 1, 1), ''
    )
    from (select uuid_send(gen_random_uuid()) as bytes) r, unnest(array[0, 1, 2, 3, 4, 5, 9, 10]) i
$$;
comment on function private.new_certificate_number(timestamptz) is 'A random certificate number CERT-YYYY-XXXXXXXX in an alphabet without look-alikes.';

create function private.issue_certificate(p_enrollment uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_course public.courses;
    v_certificate uuid;
begin
    select * into v_enrollment from public.enrollments where id = p_enrollment and status = 'completed';
    -- Whether the course gives certificates must not change meanwhile; its counters are about to move anyway.
    select * into v_course from public.courses where id = v_enrollment.course_id for no key update;
    if not coalesce(v_course.completion_certificate, false)
        or exists (select 1 from public.certificates where enrollment_id = p_enrollment and revoked_at is null)
    then
        return null;
    end if;
    while v_certificate is null loop
        insert into public.certificates (number, enrollment_id, member_id, course_id, holder_name, course_title, ce_credits, completed_at)
        select private.new_certificate_number(now()), v_enrollment.id, p.id, v_course.id,
            -- Anybody with the number reads the name, so it is never the whole address.
            coalesce(nullif(btrim(p.first_name || ' ' || p.last_name), ''), split_part(p.email::text, '@', 1)),
            v_course.title, v_course.ce_credits, v_enrollment.completed_at
        from public.profiles p
        where p.id = v_enrollment.member_id
        on conflict (number) do nothing
        returning id into v_certificate;
    end loop;
    perform private.defer_job('certificates.make_document', jsonb_build_object('certificate_id', v_certificate), 'certificates');
    return v_certificate;
end
$$;
comment on function private.issue_certificate(uuid) is
    'Issues the certificate of a completed enrollment and queues its document; null when there is one or the course gives none.';

create function public.generate_certificate_number() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.issue_certificate(new.id);
    return null;
end
$$;
comment on function public.generate_certificate_number() is
    'Trigger: issues the certificate in the transaction that completed the enrollment.';
create trigger trigger_generate_certificate_number after update of status on public.enrollments
    for each row when (new.status = 'completed' and old.status <> 'completed')
    execute function public.generate_certificate_number();
create trigger trigger_generate_certificate_number_on_import after insert on public.enrollments
    for each row when (new.status = 'completed')
    execute function public.generate_certificate_number();

create function private.issue_missing_certificates() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.issue_certificate(e.id) from public.enrollments e
    where e.course_id = new.id and e.status = 'completed'
      and not exists (select 1 from public.certificates c where c.enrollment_id = e.id);
    return null;
end
$$;
comment on function private.issue_missing_certificates() is
    'Trigger: a course that begins to give certificates gives them to all who completed it, except where one was revoked.';
create trigger trigger_issue_missing_certificates after update of completion_certificate on public.courses
    for each row when (new.completion_certificate and not old.completion_certificate)
    execute function private.issue_missing_certificates();

create function public.verify_certificate(p_certificate_number text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (
            select jsonb_build_object(
                'status', case when c.revoked_at is null then 'valid' else 'revoked' end,
                'valid', c.revoked_at is null,
                'certificate_number', c.number,
                'member_name', c.holder_name,
                'course_title', c.course_title,
                'completion_date', c.completed_at,
                'issued_at', c.issued_at,
                'ce_credits', c.ce_credits,
                'revoked_at', c.revoked_at
            )
            -- As people copy it: any case, with spaces and line ends.
            from public.certificates c where c.number = upper(regexp_replace(left(p_certificate_number, 100), '\s', '', 'g'))
        ),
        jsonb_build_object('status', 'unknown', 'valid', false, 'message', 'Certificate not found')
    )
$$;
comment on function public.verify_certificate(text) is 'What anybody may know of one certificate, by its exact number. There is no listing.';
grant execute on function public.verify_certificate(text) to anon, authenticated, service_role;

create function public.revoke_certificate(p_number text, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can revoke a certificate.');
    elsif coalesce(length(btrim(p_reason)), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why the certificate is revoked, in at most 500 characters.');
    end if;
    update public.certificates set revoked_at = now(), revoked_by = auth.uid(), revoked_reason = btrim(p_reason)
    where number = upper(regexp_replace(left(p_number, 100), '\s', '', 'g')) and revoked_at is null;
    if not found then
        perform private.refuse('CG404', 'no_such_certificate', 'There is no valid certificate with this number.');
    end if;
end
$$;
comment on function public.revoke_certificate(text, text) is 'Revokes a certificate for a stated reason. Administrators only.';
grant execute on function public.revoke_certificate(text, text) to authenticated;

create view public.enrollment_details with (security_invoker = true) as
select
    e.*,
    c.required_lessons as total_lessons,
    case when c.required_lessons > 0
        then least(100, round(e.lessons_completed * 100.0 / c.required_lessons, 2)) else 0 end as progress_percentage,
    t.amount as amount_paid,
    k.id is not null as certificate_issued,
    k.number as certificate_number,
    k.issued_at as certificate_issued_at,
    k.pdf_key as certificate_url
from public.enrollments e
join public.courses c on c.id = e.course_id
left join public.transactions t on t.id = e.transaction_id
left join public.certificates k on k.enrollment_id = e.id and k.revoked_at is null;
comment on view public.enrollment_details is 'An enrollment with what follows from other tables: progress, what was paid, its certificate.';
revoke all on public.enrollment_details from anon, authenticated, service_role;
grant select on public.enrollment_details to authenticated, service_role;

alter table public.certificates enable row level security;
revoke all on public.certificates from anon, authenticated, service_role;
-- A certificate is revoked, never removed: its number must go on answering.
grant select, insert, update on public.certificates to service_role;
grant select on public.certificates to authenticated;
create policy "Members view own certificates" on public.certificates for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
