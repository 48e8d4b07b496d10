-- Organisations and designations: what may be held and who holds it, who belongs to which chapter, employer or partner,
-- and what those who manage one see of its people. The view members has the shape that the association's SQL reads.
-- Rollback: put the policies at "What a manager sees" back as they were, drop the view, the column courses.designation_id,
-- the tables and the functions below.

-- Dated rows do not overlap ----------------------------------------------------------------------------------

create function private.refuse_overlap() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_overlaps boolean;
begin
    -- Not an exclusion constraint: those of uuids need the extension btree_gist, which not every server has. The lock makes
    -- two rows that are written at once wait for each other.
    perform pg_advisory_xact_lock(hashtextextended(
        'overlap:' || tg_table_name || ':' || (to_jsonb(new) ->> tg_argv[0]) || ':' || (to_jsonb(new) ->> tg_argv[1]), 0));
    execute format(
        'select exists (select 1 from %1$I.%2$I o where o.%3$I = ($1).%3$I and o.%4$I = ($1).%4$I and o.id <> ($1).id'
        ' and daterange(o.since, o.until) && daterange(($1).since, ($1).until))',
        tg_table_schema, tg_table_name, tg_argv[0], tg_argv[1]
    ) into v_overlaps using new;
    if v_overlaps then
        perform private.refuse('CG409', tg_argv[2], tg_argv[3]);
    end if;
    return null;
end
$$;
comment on function private.refuse_overlap() is
    'Trigger (two columns, a code, words): of rows that agree in both columns no two hold on the same day (since included, until not).';

-- member_designations ----------------------------------------------------------------------------------------

create table public.member_designations (
    id uuid primary key default gen_random_uuid(),
    code text not null unique check (code ~ '^[A-Za-z][A-Za-z0-9+-]{0,19}$'),
    name text not null check (length(name) between 1 and 200),
    issuing_body text not null default '' check (length(issuing_body) <= 200),
    description text not null default '' check (length(description) <= 5000),
    renewal_months integer check (renewal_months between 1 and 600),
    active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.member_designations is 'The catalogue of designations that people can hold: REBC, RHU, CLU, ChFC and the like.';
comment on column public.member_designations.renewal_months is 'After how many months a holder must renew it; null when it is held for good.';
comment on column public.member_designations.active is 'Whether it is still awarded. What is held already stays.';
create trigger update_member_designations_updated_at before update on public.member_designations
    for each row execute function public.update_updated_at_column();

-- designation_holders ----------------------------------------------------------------------------------------

create table public.designation_holders (
    id uuid primary key default gen_random_uuid(),
    member_id uuid not null references public.profiles (id) on delete cascade,
    designation_id uuid not null references public.member_designations (id) on delete restrict,
    since date not null,
    until date,
    credential_number text check (length(credential_number) between 1 and 60),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint holding_dates check (until > since)
);
comment on table public.designation_holders is 'Who holds which designation, since when and until when. Recorded by administrators.';
comment on column public.designation_holders.until is 'The first day on which it is no longer held; null when no end is known.';
create index idx_designation_holders_member on public.designation_holders (member_id, designation_id, since);
create index idx_designation_holders_designation on public.designation_holders (designation_id);
create trigger update_designation_holders_updated_at before update on public.designation_holders
    for each row execute function public.update_updated_at_column();
create trigger holdings_do_not_overlap after insert or update of member_id, designation_id, since, until
    on public.designation_holders for each row execute function private.refuse_overlap(
        'member_id', 'designation_id', 'already_held', 'This person holds this designation already in that time.');

-- Towards which designation a course counts. The table is small, so its index is built at once.
alter table public.courses add column designation_id uuid references public.member_designations (id) on delete restrict;
comment on column public.courses.designation_id is 'The designation that the course counts towards.';
create index idx_courses_designation on public.courses (designation_id);
grant insert (designation_id), update (designation_id) on public.courses to authenticated;
create trigger catalogue_course_designations_changed after update of designation_id on public.courses
    for each statement execute function private.move_catalogue_version();
create trigger catalogue_designations_changed after update of code, name on public.member_designations
    for each statement execute function private.move_catalogue_version();

-- organisations ----------------------------------------------------------------------------------------------

create table public.organisations (
    id uuid primary key default gen_random_uuid(),
    kind text not null check (kind in ('chapter', 'employer', 'partner')),
    name text not null check (length(name) between 1 and 200),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    parent_id uuid references public.organisations (id) on delete restrict,
    time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint no_organisation_is_part_of_itself check (parent_id <> id)
);
comment on table public.organisations is 'Chapters, employers and partners: groups of people whose managers see their learning records.';
comment on column public.organisations.parent_id is 'What it is a part of. Who manages the whole sees the people of its parts.';
create index idx_organisations_parent on public.organisations (parent_id);
create trigger update_organisations_updated_at before update on public.organisations
    for each row execute function public.update_updated_at_column();

create function private.check_organisation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_time_zone(new.time_zone) then
        perform private.refuse('CG422', 'no_such_time_zone', 'There is no such time zone. Choose one such as Europe/Berlin.');
    end if;
    if new.parent_id is not null then
        -- Two halves of a circle written at once would not see each other.
        perform pg_advisory_xact_lock(hashtextextended('organisations', 0));
        if exists (
            with recursive above (id) as (
                select new.parent_id
                union
                select o.parent_id from above a join public.organisations o on o.id = a.id where o.parent_id is not null
            )
            select 1 from above where id = new.id
        ) then
            perform private.refuse('CG422', 'organisation_circle', 'This would make a circle: each organisation would be part of the other.');
        end if;
    end if;
    return null;
end
$$;
comment on function private.check_organisation() is 'Trigger: refuses a time zone that does not exist, and organisations that are part of each other.';
create trigger check_organisation after insert or update of time_zone, parent_id on public.organisations
    for each row execute function private.check_organisation();

create table public.organisation_members (
    id uuid primary key default gen_random_uuid(),
    organisation_id uuid not null references public.organisations (id) on delete restrict,
    member_id uuid not null references public.profiles (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'manager')),
    since date not null default private.today(),
    until date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint belonging_dates check (until >= since)
);
comment on table public.organisation_members is
    'Who belongs to which organisation. Only administrators add people: who could add anybody would see anybody''s records.';
comment on column public.organisation_members.until is 'The first day on which the person no longer belongs to it; the day itself when the row was never to count.';
create index idx_organisation_members_organisation on public.organisation_members (organisation_id, role);
create index idx_organisation_members_member on public.organisation_members (member_id, organisation_id);
create trigger update_organisation_members_updated_at before update on public.organisation_members
    for each row execute function public.update_updated_at_column();
create trigger belongings_do_not_overlap after insert or update of organisation_id, member_id, since, until
    on public.organisation_members for each row execute function private.refuse_overlap(
        'organisation_id', 'member_id', 'already_belongs', 'This person belongs to this organisation already in that time.');

-- Whose organisation is whose --------------------------------------------------------------------------------

create function private.my_managed_organisation_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive managed (id) as (
        select m.organisation_id from public.organisation_members m
        where m.member_id = auth.uid() and m.role = 'manager'
          and m.since <= private.today() and (m.until is null or m.until > private.today())
        union
        select o.id from managed a join public.organisations o on o.parent_id = a.id
    )
    select id from managed
$$;
comment on function private.my_managed_organisation_ids() is 'Organisations that the person who asks manages today, with their parts.';

create function private.my_managed_member_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct m.member_id from public.organisation_members m
    where m.organisation_id in (select private.my_managed_organisation_ids())
      and m.since <= private.today() and (m.until is null or m.until > private.today())
$$;
comment on function private.my_managed_member_ids() is 'People who belong today to an organisation that the person who asks manages today.';

create function private.my_managed_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select e.id from public.enrollments e where e.member_id in (select private.my_managed_member_ids()) $$;
comment on function private.my_managed_enrollment_ids() is 'Enrollments of the people whom the person who asks manages.';

create function private.my_organisation_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.organisation_id from public.organisation_members m
    where m.member_id = auth.uid() and m.since <= private.today() and (m.until is null or m.until > private.today())
    union
    select private.my_managed_organisation_ids()
$$;
comment on function private.my_organisation_ids() is 'Organisations that the person who asks belongs to today or manages.';

grant execute on function private.my_managed_organisation_ids(), private.my_managed_member_ids(), private.my_managed_enrollment_ids(),
    private.my_organisation_ids() to authenticated, service_role;

create function public.end_organisation_membership(p_membership uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.organisation_members;
begin
    -- What the caller cannot see is not there for him.
    select * into v_row from public.organisation_members m
    where m.id = p_membership and (
        m.member_id = auth.uid()
        or m.organisation_id in (select private.my_managed_organisation_ids())
        or private.is_admin()
    ) for no key update;
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_membership', 'There is no such membership of an organisation.');
    elsif v_row.until <= private.today() then
        perform private.refuse('CG409', 'membership_ended', 'This membership of the organisation has ended already.');
    elsif v_row.role = 'manager' and v_row.member_id is distinct from auth.uid() and not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can end the membership of another manager.');
    end if;
    update public.organisation_members set until = greatest(since, private.today()) where id = p_membership;
end
$$;
comment on function public.end_organisation_membership(uuid) is
    'Ends somebody''s belonging to an organisation today: by its manager, by the person himself, or by an administrator.';
grant execute on function public.end_organisation_membership(uuid) to authenticated;

-- Row-level security -----------------------------------------------------------------------------------------

alter table public.member_designations enable row level security;
alter table public.designation_holders enable row level security;
alter table public.organisations enable row level security;
alter table public.organisation_members enable row level security;
revoke all on public.member_designations, public.designation_holders, public.organisations, public.organisation_members
    from anon, authenticated, service_role;
grant select, insert, update, delete on public.member_designations, public.designation_holders, public.organisations,
    public.organisation_members to authenticated, service_role;
grant select on public.member_designations to anon;

create policy "Anyone can view designations" on public.member_designations for select to anon using (true);
create policy "Everyone signed in can view designations" on public.member_designations for select to authenticated using (true);
create policy "Admins add designations" on public.member_designations for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change designations" on public.member_designations for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove designations" on public.member_designations for delete to authenticated
    using ((select private.is_admin()));

create policy "Members view own designations" on public.designation_holders for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Admins record designations" on public.designation_holders for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change holdings" on public.designation_holders for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove holdings" on public.designation_holders for delete to authenticated
    using ((select private.is_admin()));

create policy "People view own organisations" on public.organisations for select to authenticated
    using (id = any (array(select private.my_organisation_ids())) or (select private.is_admin()));
create policy "Admins add organisations" on public.organisations for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change organisations" on public.organisations for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove organisations" on public.organisations for delete to authenticated
    using ((select private.is_admin()));

create policy "People view own belongings, managers those of their people" on public.organisation_members for select to authenticated
    using (
        member_id = (select auth.uid())
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );
create policy "Admins add people to organisations" on public.organisation_members for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change belongings" on public.organisation_members for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove belongings" on public.organisation_members for delete to authenticated
    using ((select private.is_admin()));

-- What a manager sees: who his people are and what they learn; not their sign-ins, mail, browsers or payments. --------

alter policy "Users can view own profile" on public.profiles
    using (
        id = (select auth.uid())
        or id = any (array(select private.my_student_ids()))
        or id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
alter policy "Members can view own memberships" on public.memberships
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
alter policy "Members can view own enrollments" on public.enrollments
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
alter policy "Members view own progress" on public.lesson_progress
    using (
        enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or enrollment_id = any (array(select private.my_managed_enrollment_ids()))
        or (select private.is_admin())
    );
alter policy "Students view own analytics" on public.video_analytics
    using (
        user_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or user_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
alter policy "Members view own certificates" on public.certificates
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );

-- members ----------------------------------------------------------------------------------------------------

create function private.engagement_score(p_person uuid) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Of the last twelve months: 15 for each course completed (45 at most), 1 for each lesson completed (35 at most), and for
    -- the last activity 20 within 30 days, 10 within 90, 5 before that. A whole number from 0 to 100. An instructor, who
    -- sees only what belongs to his own courses, is not told the sum over all.
    select
        least(45, 15 * count(distinct e.id) filter (where e.completed_at > s.start))::integer
        + least(35, count(p.id) filter (where p.completed_at > s.start))::integer
        + case
            when max(greatest(e.last_accessed_at, e.completed_at, p.completed_at)) > now() - interval '30 days' then 20
            when max(greatest(e.last_accessed_at, e.completed_at, p.completed_at)) > now() - interval '90 days' then 10
            when max(greatest(e.last_accessed_at, e.completed_at, p.completed_at)) > s.start then 5
            else 0
        end
    from (select now() - interval '12 months' as start) s
    left join public.enrollments e on e.member_id = p_person
    left join public.lesson_progress p on p.enrollment_id = e.id and p.status = 'completed'
    where p_person = auth.uid() or coalesce(auth.role(), '') = 'service_role' or private.is_admin()
       or p_person in (select private.my_managed_member_ids())
    group by s.start
$$;
comment on function private.engagement_score(uuid) is
    'How much somebody learnt in the last twelve months, 0 to 100: courses completed, lessons completed, how recent. '
    'Null for those to whom his learning records as a whole are not open.';
grant execute on function private.engagement_score(uuid) to authenticated, service_role;

create view public.members with (security_invoker = true) as
select
    p.id,
    p.first_name,
    p.last_name,
    p.email,
    p.avatar_url,
    p.time_zone,
    p.locale,
    m.member_number,
    m.tier as membership_tier,
    m.status as membership_status,
    m.starts_on as membership_starts_on,
    m.ends_on as membership_ends_on,
    d.credentials,
    d.designations,
    private.engagement_score(p.id) as engagement_score,
    p.created_at,
    p.updated_at
from public.profiles p
left join lateral (
    select s.* from public.memberships s
    where s.member_id = p.id and s.starts_on <= private.today() and (s.ends_on is null or s.ends_on >= private.today())
    order by s.status = 'active' desc, s.starts_on desc, s.id limit 1
) m on true
cross join lateral (
    select
        coalesce(jsonb_agg(jsonb_build_object(
            'code', c.code, 'name', c.name, 'issuing_body', c.issuing_body, 'number', h.credential_number,
            'since', h.since, 'until', h.until
        ) order by h.since, c.code), '[]') as credentials,
        coalesce(array_agg(c.code order by h.since, c.code), '{}') as designations
    from public.designation_holders h
    join public.member_designations c on c.id = h.designation_id
    where h.member_id = p.id and h.since <= private.today() and (h.until is null or h.until > private.today())
) d;
comment on view public.members is
    'Everybody with the membership and the designations of today, and how active he is. The shape that the association''s SQL reads.';
revoke all on public.members from anon, authenticated, service_role;
grant select on public.members to authenticated, service_role;
