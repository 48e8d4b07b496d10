-- What packages of SCORM 2004 share about one learner: global objectives (objectivesGlobalToSystem, SN 3.10.2) and stores of data
-- (sharedDataGlobalToSystem, CAM 3.4.1.21). Both flags are true where a manifest is silent, in every edition that has them. What is
-- not shared stays in scorm_states, with its attempt.
-- Rollback: drop the tables and functions below.

create function private.text_digest(p_text text) returns bytea
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp
as $$ select sha256(convert_to(p_text, 'UTF8')) $$;
comment on function private.text_digest(text) is 'SHA-256 of a text in UTF-8: what stands in an index for identifiers that are too long for one.';

create table public.scorm_global_objectives (
    member_id uuid not null references public.profiles (id) on delete cascade,
    target_id text not null check (length(target_id) between 1 and 4000),
    target_key bytea not null generated always as (private.text_digest(target_id)) stored,
    satisfied boolean,
    measure double precision check (measure between -1 and 1),
    raw double precision check (raw < 'infinity' and raw > '-infinity'),
    min double precision check (min < 'infinity' and min > '-infinity'),
    max double precision check (max < 'infinity' and max > '-infinity'),
    completed boolean,
    progress_measure double precision check (progress_measure between 0 and 1),
    scorm_enrollment_id uuid references public.scorm_enrollments (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (member_id, target_key),
    constraint something_is_known check (
        num_nonnulls(satisfied, measure, raw, min, max, completed, progress_measure) > 0
    )
);
comment on table public.scorm_global_objectives is
    'Global objectives of a learner that his packages share (SCORM 2004, objectivesGlobalToSystem). Claims of his browser, kept as long as he is.';
comment on column public.scorm_global_objectives.target_id is 'targetObjectiveID of the manifests.';
comment on column public.scorm_global_objectives.target_key is 'Stands for target_id in the key, which may be too long for an index.';
comment on column public.scorm_global_objectives.satisfied is 'Here and in the other values: null is not known.';
comment on column public.scorm_global_objectives.scorm_enrollment_id is 'The registration that wrote last; null when it is gone.';
create index idx_scorm_global_objectives_enrollment on public.scorm_global_objectives (scorm_enrollment_id);
create trigger update_scorm_global_objectives_updated_at before update on public.scorm_global_objectives
    for each row execute function public.update_updated_at_column();

create table public.scorm_shared_data (
    member_id uuid not null references public.profiles (id) on delete cascade,
    target_id text not null check (length(target_id) between 1 and 4000),
    target_key bytea not null generated always as (private.text_digest(target_id)) stored,
    value text not null check (length(value) <= 64000),
    scorm_enrollment_id uuid references public.scorm_enrollments (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (member_id, target_key)
);
comment on table public.scorm_shared_data is
    'Stores of data (adl.data) of a learner that his packages share (SCORM 2004 4th edition, sharedDataGlobalToSystem). Kept as long as he is.';
comment on column public.scorm_shared_data.target_id is 'targetID of the manifests.';
comment on column public.scorm_shared_data.target_key is 'Stands for target_id in the key, which may be too long for an index.';
comment on column public.scorm_shared_data.value is 'At most 64000 characters, the smallest permitted maximum of RTE 4.3.1.';
comment on column public.scorm_shared_data.scorm_enrollment_id is 'The registration that wrote last; null when it is gone.';
create index idx_scorm_shared_data_enrollment on public.scorm_shared_data (scorm_enrollment_id);
create trigger update_scorm_shared_data_updated_at before update on public.scorm_shared_data
    for each row execute function public.update_updated_at_column();

-- Row-level security: written by the function below alone ------------------------------------------------------------

alter table public.scorm_global_objectives enable row level security;
alter table public.scorm_shared_data enable row level security;
revoke all on public.scorm_global_objectives, public.scorm_shared_data from anon, authenticated, service_role;
grant select on public.scorm_global_objectives, public.scorm_shared_data to authenticated, service_role;
create policy "People view own global objectives" on public.scorm_global_objectives for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
create policy "People view own shared data" on public.scorm_shared_data for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
insert into private.audit_exempt (table_name, reason) values
    ('scorm_global_objectives', 'What packages hand on to each other; what each of them said stands in scorm_tracking, which is append-only.'),
    ('scorm_shared_data', 'What packages hand on to each other; what each of them said stands in scorm_tracking, which is append-only.');

-- What a package may read and write ------------------------------------------------------------------------------------

create function private.scorm_targets(p_package uuid, p_organization text)
returns table (is_objective boolean, target_id text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with items as materialized (
        select i.sequencing from public.scorm_items i where i.scorm_package_id = p_package and i.organization = p_organization
    ), flags as (
        select coalesce(o.sequencing ->> 'objectivesGlobalToSystem', 'true') <> 'false' as objectives,
            coalesce(o.sequencing ->> 'sharedDataGlobalToSystem', 'true') <> 'false' as data
        from public.scorm_items o where o.scorm_package_id = p_package and o.identifier = p_organization and o.kind = 'organization'
    )
    select true, m ->> 'targetObjectiveID' from flags f cross join items i
    cross join lateral (
        select jsonb_path_query(i.sequencing, '$.objectives.primary.maps[*]')
        union all
        select jsonb_path_query(i.sequencing, '$.objectives.others[*].maps[*]')
    ) maps (m)
    where f.objectives
    union
    select false, m ->> 'targetID' from flags f cross join items i
    cross join lateral jsonb_path_query(i.sequencing, '$.data[*]') m
    where f.data
$$;
comment on function private.scorm_targets(uuid, text) is
    'The global objectives and the stores of data which an organisation of a package names and does not keep to itself.';

create function private.scorm_organization(p_scorm_enrollment uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select o.identifier from public.scorm_enrollments e
    join public.scorm_items o on o.scorm_package_id = e.scorm_package_id and o.is_default
    where e.id = p_scorm_enrollment
$$;
comment on function private.scorm_organization(uuid) is 'The organisation of its package that a registration plays; null for a package without items.';

create function private.scorm_shared_state(p_scorm_enrollment uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with registration as (
        select e.member_id, private.scorm_organization(e.id) as organization, e.scorm_package_id
        from public.scorm_enrollments e where e.id = p_scorm_enrollment and e.member_id is not null
    ), targets as materialized (
        select r.member_id, t.is_objective, private.text_digest(t.target_id) as key
        from registration r cross join lateral private.scorm_targets(r.scorm_package_id, r.organization) t
    )
    select jsonb_build_object(
        'objectives', coalesce((
            select jsonb_object_agg(o.target_id, jsonb_strip_nulls(jsonb_build_object(
                'satisfied', o.satisfied, 'measure', o.measure, 'raw', o.raw, 'min', o.min, 'max', o.max,
                'completed', o.completed, 'progressMeasure', o.progress_measure
            )))
            from targets t join public.scorm_global_objectives o on o.member_id = t.member_id and o.target_key = t.key
            where t.is_objective
        ), '{}'),
        'data', coalesce((
            select jsonb_object_agg(d.target_id, d.value)
            from targets t join public.scorm_shared_data d on d.member_id = t.member_id and d.target_key = t.key
            where not t.is_objective
        ), '{}')
    )
$$;
comment on function private.scorm_shared_state(uuid) is
    'What a package finds when it is launched: of its learner, the global objectives and stores of data that it names. Nothing for learners of partners, who are nobody of ours.';
grant execute on function private.scorm_shared_state(uuid) to service_role;

create function private.share_scorm_state(p_session uuid[], p_objectives jsonb[], p_data jsonb[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Of each value the last one that is known counts; in one order for everybody, so that nobody waits in a circle.
    with said as materialized (
        select e.id, e.member_id, e.scorm_package_id, private.scorm_organization(e.id) as organization, g.objectives, g.n
        from unnest(p_session, p_objectives) with ordinality as g (session, objectives, n)
        join public.scorm_enrollments e on e.session_id = g.session and e.member_id is not null
        join public.scorm_attempts a on a.id = e.session_attempt_id and a.credit and a.ended_at is null
        where g.objectives <> '{}'
    ), told as (
        select s.member_id, o.key as target_id, s.id, s.n, x.*
        from said s cross join lateral jsonb_each(s.objectives) o
        cross join lateral (
            select (o.value ->> 'satisfied')::boolean as satisfied, (o.value ->> 'measure')::double precision as measure,
                (o.value ->> 'raw')::double precision as raw, (o.value ->> 'min')::double precision as min,
                (o.value ->> 'max')::double precision as max, (o.value ->> 'completed')::boolean as completed,
                (o.value ->> 'progressMeasure')::double precision as progress_measure
        ) x
        where num_nonnulls(x.satisfied, x.measure, x.raw, x.min, x.max, x.completed, x.progress_measure) > 0
          and exists (
              select 1 from private.scorm_targets(s.scorm_package_id, s.organization) t where t.is_objective and t.target_id = o.key
          )
    ), latest as (
        select t.member_id, t.target_id, (array_agg(t.id order by t.n desc))[1] as id,
            (array_agg(t.satisfied order by t.n desc) filter (where t.satisfied is not null))[1] as satisfied,
            (array_agg(t.measure order by t.n desc) filter (where t.measure is not null))[1] as measure,
            (array_agg(t.raw order by t.n desc) filter (where t.raw is not null))[1] as raw,
            (array_agg(t.min order by t.n desc) filter (where t.min is not null))[1] as min,
            (array_agg(t.max order by t.n desc) filter (where t.max is not null))[1] as max,
            (array_agg(t.completed order by t.n desc) filter (where t.completed is not null))[1] as completed,
            (array_agg(t.progress_measure order by t.n desc) filter (where t.progress_measure is not null))[1] as progress_measure
        from told t group by t.member_id, t.target_id
    )
    insert into public.scorm_global_objectives as o (
        member_id, target_id, satisfied, measure, raw, min, max, completed, progress_measure, scorm_enrollment_id
    )
    -- A mean of measures may pass its bound by the last digit that a computer counts.
    select l.member_id, l.target_id, l.satisfied, case when l.measure is not null then least(1, greatest(-1, l.measure)) end, l.raw,
        l.min, l.max, l.completed, case when l.progress_measure is not null then least(1, greatest(0, l.progress_measure)) end, l.id
    from latest l order by l.member_id, private.text_digest(l.target_id)
    on conflict (member_id, target_key) do update set
        satisfied = coalesce(excluded.satisfied, o.satisfied), measure = coalesce(excluded.measure, o.measure),
        raw = coalesce(excluded.raw, o.raw), min = coalesce(excluded.min, o.min), max = coalesce(excluded.max, o.max),
        completed = coalesce(excluded.completed, o.completed),
        progress_measure = coalesce(excluded.progress_measure, o.progress_measure),
        scorm_enrollment_id = excluded.scorm_enrollment_id;

    with said as materialized (
        select e.id, e.member_id, e.scorm_package_id, private.scorm_organization(e.id) as organization, g.data, g.n
        from unnest(p_session, p_data) with ordinality as g (session, data, n)
        join public.scorm_enrollments e on e.session_id = g.session and e.member_id is not null
        join public.scorm_attempts a on a.id = e.session_attempt_id and a.credit and a.ended_at is null
        where g.data <> '{}'
    ), latest as (
        select distinct on (s.member_id, d.key) s.member_id, d.key as target_id, d.value, s.id
        from said s cross join lateral jsonb_each_text(s.data) d
        where exists (
            select 1 from private.scorm_targets(s.scorm_package_id, s.organization) t where not t.is_objective and t.target_id = d.key
        )
        order by s.member_id, d.key, s.n desc
    )
    insert into public.scorm_shared_data (member_id, target_id, value, scorm_enrollment_id)
    select l.member_id, l.target_id, l.value, l.id from latest l order by l.member_id, private.text_digest(l.target_id)
    on conflict (member_id, target_key) do update set
        value = excluded.value, scorm_enrollment_id = excluded.scorm_enrollment_id;
end
$$;
comment on function private.share_scorm_state(uuid[], jsonb[], jsonb[]) is
    'Keeps what commits that were stored by the same transaction brought for the other packages of their learners: by player, objectives by '
    'targetObjectiveID and texts by targetID. What an organisation does not name or keeps to itself is passed over, as is what a learner of a partner did.';
grant execute on function private.share_scorm_state(uuid[], jsonb[], jsonb[]) to service_role;
