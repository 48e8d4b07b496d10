-- Credits: what kinds there are, by which rule they are earned, and what was awarded. An award keeps its rule, the figures
-- and the arithmetic, so that anybody concerned can be told why it was given. Nothing that was awarded is changed: what was
-- wrong is taken back by another row.
-- Rollback: drop the triggers on enrollments, courses, live_sessions and session_attendance, the functions, view and tables below.

-- credit_types -----------------------------------------------------------------------------------------------

create table public.credit_types (
    id uuid primary key default gen_random_uuid(),
    code text not null unique check (code ~ '^[A-Z][A-Z0-9-]{0,19}$'),
    name text not null check (length(name) between 1 and 200),
    unit text not null default 'credit' check (length(unit) between 1 and 40),
    authority text not null default '' check (length(authority) <= 200),
    rounding_step numeric(5, 2) not null default 0.01 check (rounding_step between 0.01 and 100),
    rounding text not null default 'down' check (rounding in ('down', 'nearest')),
    active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.credit_types is 'Kinds of continuing-education credit, each with who accepts it and how it is rounded.';
comment on column public.credit_types.authority is 'Who accepts it, for example a state''s department of insurance.';
comment on column public.credit_types.rounding_step is 'Credits are given in multiples of this; what a past award was rounded to stands in its figures.';
create trigger update_credit_types_updated_at before update on public.credit_types
    for each row execute function public.update_updated_at_column();
insert into public.credit_types (code, name, unit) values ('CE', 'Continuing education', 'credit');

create function private.keep_default_credit_type() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' or new.code <> 'CE' then
        perform private.refuse('CG409', 'default_credit_type', 'Courses give credits of the type CE. Its code must stay.');
    end if;
    return new;
end
$$;
comment on function private.keep_default_credit_type() is 'Trigger: the type that courses.ce_credits is counted in stays.';
create trigger keep_default_credit_type before update of code or delete on public.credit_types
    for each row when (old.code = 'CE') execute function private.keep_default_credit_type();

-- credit_rules -----------------------------------------------------------------------------------------------

create table public.credit_rules (
    id uuid primary key default gen_random_uuid(),
    credit_type_id uuid not null references public.credit_types (id) on delete restrict,
    course_id uuid references public.courses (id) on delete cascade,
    live_session_id uuid references public.live_sessions (id) on delete cascade,
    program_id uuid references public.programs (id) on delete cascade,
    source text not null default 'rule' check (source in ('rule', 'course_default')),
    basis text not null default 'completion' check (basis in ('completion', 'attendance_minutes', 'score')),
    amount numeric(7, 2) not null check (amount > 0 and amount <> 'NaN'),
    cap numeric(7, 2) check (cap > 0 and cap <> 'NaN'),
    minimum_minutes integer not null default 0 check (minimum_minutes >= 0),
    minimum_score numeric(5, 2) check (minimum_score between 0 and 100),
    valid_from timestamptz not null default now(),
    valid_until timestamptz,
    replaces uuid references public.credit_rules (id) on delete set null,
    note text not null default '' check (length(note) <= 1000),
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    constraint a_rule_is_of_one_thing check (num_nonnulls(course_id, live_session_id, program_id) = 1),
    constraint rule_dates check (valid_until >= valid_from),
    constraint defaults_are_of_courses check (source = 'rule' or (course_id is not null and basis = 'completion')),
    constraint only_hours_have_a_cap check (basis = 'attendance_minutes' or (cap is null and minimum_minutes = 0)),
    constraint scores_have_a_minimum check ((basis = 'score') = (minimum_score is not null)),
    constraint programs_are_completed check (program_id is null or basis = 'completion'),
    constraint sessions_have_no_score check (live_session_id is null or basis <> 'score')
);
comment on table public.credit_rules is
    'How credits are earned. A rule is never edited but for its end: what should change is a new rule, so that an award''s rule still says '
    'what it said.';
comment on column public.credit_rules.source is 'course_default: made from courses.ce_credits by a trigger, in the type CE.';
comment on column public.credit_rules.amount is 'Credits; with the basis attendance_minutes, credits for each hour.';
comment on column public.credit_rules.valid_from is 'What is completed from here until valid_until (not included) is credited by this rule.';
create index idx_credit_rules_type on public.credit_rules (credit_type_id);
create index idx_credit_rules_course on public.credit_rules (course_id, valid_from);
create index idx_credit_rules_session on public.credit_rules (live_session_id);
create index idx_credit_rules_program on public.credit_rules (program_id);
create index idx_credit_rules_replaces on public.credit_rules (replaces);
create index idx_credit_rules_created_by on public.credit_rules (created_by);
create unique index idx_credit_rules_default on public.credit_rules (course_id) where source = 'course_default' and valid_until is null;

create function private.next_rule_start(p_course uuid) returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- After the last completion: one that was decided by the rules before is not to be found wanting under the new one.
    select greatest(now(), (
        select max(e.completed_at) + interval '1 microsecond' from public.enrollments e
        where e.course_id = p_course and e.status = 'completed' and e.completed_at >= now()
    ))
$$;
comment on function private.next_rule_start(uuid) is 'The first moment that a new credit rule of a course can hold from.';

create function private.start_credit_rule() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.source = 'rule' then
        new.created_by := auth.uid();
        if auth.uid() is not null or isfinite(new.valid_from) then
            -- Completions hold the course's row too: whichever comes first, the other one knows.
            perform 1 from public.courses where id = new.course_id for no key update;
            new.valid_from := greatest(new.valid_from, private.next_rule_start(new.course_id));
        end if;
    end if;
    return new;
end
$$;
comment on function private.start_credit_rule() is 'Trigger: a rule does not reach back over what has been completed before it was made.';
create trigger start_credit_rule before insert on public.credit_rules
    for each row execute function private.start_credit_rule();

create function private.follow_course_credits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_from timestamptz := case when tg_op = 'INSERT' then '-infinity' else private.next_rule_start(new.id) end;
    v_old uuid;
begin
    update public.credit_rules set valid_until = greatest(valid_from, v_from)
    where course_id = new.id and source = 'course_default' and valid_until is null returning id into v_old;
    if new.ce_credits > 0 then
        insert into public.credit_rules (credit_type_id, course_id, source, amount, valid_from, replaces, created_by)
        select t.id, new.id, 'course_default', new.ce_credits, v_from, v_old, auth.uid() from public.credit_types t where t.code = 'CE';
    end if;
    return null;
end
$$;
comment on function private.follow_course_credits() is
    'Trigger: courses.ce_credits is a rule like any other; when it changes, the old one ends and a new one begins.';
create trigger course_credits_set after insert on public.courses
    for each row when (new.ce_credits > 0) execute function private.follow_course_credits();
create trigger course_credits_changed after update of ce_credits on public.courses
    for each row when (old.ce_credits <> new.ce_credits) execute function private.follow_course_credits();

-- credit_awards ----------------------------------------------------------------------------------------------

create table public.credit_awards (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete restrict,
    credit_type_id uuid not null references public.credit_types (id) on delete restrict,
    amount numeric(7, 2) not null,
    earned_on date not null,
    rule_id uuid not null references public.credit_rules (id) on delete restrict,
    course_id uuid not null references public.courses (id) on delete restrict,
    enrollment_id uuid,
    attendance_id uuid references public.session_attendance (id) on delete restrict,
    occurrence integer not null default 1 check (occurrence > 0),
    figures jsonb not null check (jsonb_typeof(figures) = 'object'),
    arithmetic text not null check (length(arithmetic) between 1 and 1000),
    reverses uuid unique,
    reason text check (length(reason) between 1 and 500),
    awarded_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    constraint an_award_has_one_source check (num_nonnulls(enrollment_id, attendance_id) = 1),
    constraint only_reversals_take_away check ((amount < 0) = (reverses is not null) and amount <> 0),
    constraint reversals_have_a_reason check ((reverses is null) = (reason is null)),
    constraint credit_awards_of_member unique (id, rule_id, member_id),
    constraint credit_awards_reverses foreign key (reverses, rule_id, member_id)
        references public.credit_awards (id, rule_id, member_id) on delete restrict,
    constraint credit_awards_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete restrict
);
comment on table public.credit_awards is
    'Credits given, append-only: by which rule, from which figures, by what arithmetic. A row that names what it reverses takes back.';
comment on column public.credit_awards.figures is 'What went into the arithmetic, as it was then: private.credit_of(figures, rule) gives the amount again.';
comment on column public.credit_awards.occurrence is 'Counts awards of one rule for one attendance: a correction takes back and gives anew.';
comment on column public.credit_awards.awarded_by is 'Who reversed by hand; null for what a rule did.';
create index idx_credit_awards_member on public.credit_awards (member_id, credit_type_id, earned_on);
create index idx_credit_awards_type on public.credit_awards (credit_type_id);
create index idx_credit_awards_rule on public.credit_awards (rule_id);
create index idx_credit_awards_course on public.credit_awards (course_id);
create index idx_credit_awards_enrollment on public.credit_awards (enrollment_id, course_id);
create index idx_credit_awards_attendance on public.credit_awards (attendance_id);
create index idx_credit_awards_reverses on public.credit_awards (reverses, rule_id, member_id);
create index idx_credit_awards_awarded_by on public.credit_awards (awarded_by);
create unique index idx_credit_awards_once on public.credit_awards (rule_id, coalesce(enrollment_id, attendance_id), occurrence)
    where reverses is null;
-- A lock alone would not do: who reads by an older snapshot does not see what the other one gave meanwhile.
create unique index idx_credit_awards_once_a_program on public.credit_awards (member_id, credit_type_id, (figures ->> 'program_id'))
    where reverses is null and figures ? 'program_id';

-- renewal_cycles ---------------------------------------------------------------------------------------------

create table public.renewal_cycles (
    id uuid primary key default gen_random_uuid(),
    member_id uuid not null references public.profiles (id) on delete cascade,
    designation_id uuid not null references public.member_designations (id) on delete restrict,
    since date not null,
    until date not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint renewal_dates check (until > since)
);
comment on table public.renewal_cycles is 'The time within which somebody must earn credits to keep a designation. Recorded by administrators.';
comment on column public.renewal_cycles.until is 'The first day that no longer belongs to it.';
create index idx_renewal_cycles_member on public.renewal_cycles (member_id, designation_id, since);
create index idx_renewal_cycles_designation on public.renewal_cycles (designation_id);
create trigger update_renewal_cycles_updated_at before update on public.renewal_cycles
    for each row execute function public.update_updated_at_column();
create trigger renewal_cycles_do_not_overlap after insert or update of member_id, designation_id, since, until on public.renewal_cycles
    for each row execute function private.refuse_overlap(
        'member_id', 'designation_id', 'cycles_overlap', 'This person has a renewal cycle for this designation in that time already.');

create table public.renewal_requirements (
    id uuid primary key default gen_random_uuid(),
    cycle_id uuid not null references public.renewal_cycles (id) on delete cascade,
    credit_type_id uuid not null references public.credit_types (id) on delete restrict,
    required numeric(7, 2) not null check (required > 0 and required <> 'NaN'),
    carried_over numeric(7, 2) not null default 0 check (carried_over >= 0 and carried_over <> 'NaN'),
    max_carry_over numeric(7, 2) not null default 0 check (max_carry_over >= 0 and max_carry_over <> 'NaN'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_requirement_a_type unique (cycle_id, credit_type_id)
);
comment on table public.renewal_requirements is 'How many credits of which type a renewal cycle asks for.';
comment on column public.renewal_requirements.carried_over is 'What the cycle before left over, set when this one was begun.';
comment on column public.renewal_requirements.max_carry_over is 'How much of what is earned beyond the requirement the next cycle may take over.';
create index idx_renewal_requirements_type on public.renewal_requirements (credit_type_id);
create trigger update_renewal_requirements_updated_at before update on public.renewal_requirements
    for each row execute function public.update_updated_at_column();

create view public.renewal_status with (security_invoker = true) as
select
    q.id, c.id as cycle_id, c.member_id, c.designation_id, c.since, c.until, q.credit_type_id, q.required, q.carried_over, e.earned,
    greatest(0, q.required - q.carried_over - e.earned) as missing,
    least(q.max_carry_over, greatest(0, q.carried_over + e.earned - q.required)) as left_over,
    q.carried_over + e.earned >= q.required as met
from public.renewal_requirements q
join public.renewal_cycles c on c.id = q.cycle_id
cross join lateral (
    select coalesce(sum(a.amount), 0) as earned from public.credit_awards a
    where a.member_id = c.member_id and a.credit_type_id = q.credit_type_id and a.earned_on >= c.since and a.earned_on < c.until
) e;
comment on view public.renewal_status is 'What each renewal cycle asks for, what was earned in it, what is missing and what it leaves to the next.';

-- Row-level security -----------------------------------------------------------------------------------------

alter table public.credit_types enable row level security;
alter table public.credit_rules enable row level security;
alter table public.credit_awards enable row level security;
alter table public.renewal_cycles enable row level security;
alter table public.renewal_requirements enable row level security;
revoke all on public.credit_types, public.credit_rules, public.credit_awards, public.renewal_cycles, public.renewal_requirements,
    public.renewal_status from anon, authenticated, service_role;

grant select on public.credit_types to anon;
grant select, insert, update, delete on public.credit_types to authenticated, service_role;
create policy "Anyone can view credit types" on public.credit_types for select to anon using (true);
create policy "Everyone signed in can view credit types" on public.credit_types for select to authenticated using (true);
create policy "Admins add credit types" on public.credit_types for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change credit types" on public.credit_types for update to authenticated using ((select private.is_admin()));
create policy "Admins remove credit types" on public.credit_types for delete to authenticated using ((select private.is_admin()));

grant select on public.credit_rules to service_role;
grant select, delete, update (valid_until) on public.credit_rules to authenticated;
grant insert (id, credit_type_id, course_id, live_session_id, program_id, basis, amount, cap, minimum_minutes, minimum_score, valid_from, valid_until,
    replaces, note) on public.credit_rules to authenticated;
-- What earns credit is no secret.
create policy "Everyone signed in can view credit rules" on public.credit_rules for select to authenticated using (true);
create policy "Admins add credit rules" on public.credit_rules for insert to authenticated with check ((select private.is_admin()));
create policy "Admins end credit rules" on public.credit_rules for update to authenticated
    using (source = 'rule' and (select private.is_admin()));
create policy "Admins remove credit rules" on public.credit_rules for delete to authenticated
    using (source = 'rule' and (select private.is_admin()));

grant select on public.credit_awards to authenticated, service_role;
create policy "Members view own credits" on public.credit_awards for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

grant select, insert, update, delete on public.renewal_cycles, public.renewal_requirements to authenticated, service_role;
create policy "Members view own renewals" on public.renewal_cycles for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Admins add renewals" on public.renewal_cycles for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change renewals" on public.renewal_cycles for update to authenticated using ((select private.is_admin()));
create policy "Admins remove renewals" on public.renewal_cycles for delete to authenticated using ((select private.is_admin()));
create policy "Members view own requirements" on public.renewal_requirements for select to authenticated
    using (exists (select 1 from public.renewal_cycles c where c.id = cycle_id));
create policy "Admins add requirements" on public.renewal_requirements for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change requirements" on public.renewal_requirements for update to authenticated using ((select private.is_admin()));
create policy "Admins remove requirements" on public.renewal_requirements for delete to authenticated using ((select private.is_admin()));
grant select on public.renewal_status to authenticated, service_role;
