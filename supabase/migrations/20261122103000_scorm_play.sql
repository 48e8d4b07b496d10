-- Playing SCORM packages: every call that a package made, what the sequencer remembers of an attempt, and how strictly a
-- package's lengths are held.
-- Rollback: drop the tables, functions and the column below; restore private.make_scorm_tracking_partitions.

alter table public.scorm_packages add column lenient_limits boolean not null default true;
comment on column public.scorm_packages.lenient_limits is
    'Whether a SCORM 1.2 package may keep what packages of the field really write: 64000 characters of suspend_data instead of 4096, 1000 of lesson_location instead of 255.';
grant select (lenient_limits) on public.scorm_packages to authenticated;

-- scorm_calls: append-only, a partition a month --------------------------------------------------------------

create table public.scorm_calls (
    "timestamp" timestamptz not null default now(),
    scorm_enrollment_id uuid not null,
    attempt_id uuid not null,
    commit_seq integer not null check (commit_seq > 0),
    sco text not null default '' check (length(sco) <= 255),
    calls jsonb not null check (jsonb_typeof(calls) = 'array' and pg_column_size(calls) <= 2000000),
    primary key (scorm_enrollment_id, attempt_id, commit_seq, "timestamp"),
    constraint scorm_calls_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict
) partition by range ("timestamp");
comment on table public.scorm_calls is
    'Flight recorder: what a package asked its API since the commit before, one row a commit. A claim of the learner''s browser, as everything that a package says.';
comment on column public.scorm_calls."timestamp" is 'The server''s clock when it arrived.';
comment on column public.scorm_calls.calls is
    'Array of {t: milliseconds since the SCO was launched, fn, args, answer, error}. Long arguments are cut here and whole in scorm_tracking.';

create or replace function private.make_scorm_tracking_partitions(p_months integer default 3) returns integer
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    select private.partition_by_months('scorm_tracking', 'timestamp', p_months)
        + private.partition_by_months('scorm_calls', 'timestamp', p_months)
$$;
comment on function private.make_scorm_tracking_partitions(integer) is 'private.partition_by_months for what SCORM packages say and call.';
create table public.scorm_calls_default partition of public.scorm_calls default;
alter table public.scorm_calls_default enable row level security;
revoke all on public.scorm_calls_default from anon, authenticated, service_role;

-- scorm_states ---------------------------------------------------------------------------------------------

create table public.scorm_states (
    attempt_id uuid primary key,
    scorm_enrollment_id uuid not null,
    state jsonb not null check (length(state::text) <= 1000000),
    updated_at timestamptz not null default now(),
    constraint scorm_states_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict
);
comment on table public.scorm_states is
    'What the sequencer in the learner''s browser remembers of an attempt: where he is, what was rolled up, the objectives. Nothing here counts; what counts is rolled up on the server.';
comment on column public.scorm_states.state is 'As the sequencer wrote it; nobody else reads it.';
create index idx_scorm_states_enrollment on public.scorm_states (scorm_enrollment_id);
create index idx_scorm_states_attempt on public.scorm_states (attempt_id, scorm_enrollment_id);
create trigger update_scorm_states_updated_at before update on public.scorm_states
    for each row execute function public.update_updated_at_column();

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.scorm_calls enable row level security;
alter table public.scorm_states enable row level security;
revoke all on public.scorm_calls, public.scorm_states from anon, authenticated, service_role;
grant select, insert on public.scorm_calls to service_role;
grant select, insert, update on public.scorm_states to service_role;
grant select on public.scorm_calls, public.scorm_states to authenticated;
create policy "People view the calls of packages" on public.scorm_calls for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));
create policy "People view the states of sequencers" on public.scorm_states for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));
insert into private.audit_exempt (table_name, reason) values
    ('scorm_calls', 'An append-only log of its own, of which nobody but the owner can change or remove a row.'),
    ('scorm_states', 'What a player keeps for itself, such as where to resume; no evidence.');

select private.make_scorm_tracking_partitions(12);

-- Lengths --------------------------------------------------------------------------------------------------

create function private.scorm_value_limit(p_standard text, p_element text, p_lenient boolean) returns integer
language sql immutable parallel safe
return case
    when p_lenient and p_standard <> 'scorm_2004' and p_element = 'cmi.suspend_data' then 64000
    when p_lenient and p_standard <> 'scorm_2004' and p_element = 'cmi.core.lesson_location' then 1000
    else private.scorm_value_limit(p_standard, p_element)
end;
comment on function private.scorm_value_limit(text, text, boolean) is
    'How many characters a value may have, with the lenience of its package.';

-- Going on after the token has run out -----------------------------------------------------------------------

create function public.renew_scorm_player(p_scorm_enrollment uuid, p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Who was signed out meanwhile and is signed in again goes on in the same player.
    update public.scorm_enrollments e set
        session_web_id = (
            select w.id from public.web_sessions w where w.id = (auth.jwt() ->> 'session_id')::uuid and w.user_id = auth.uid()
        )
    where e.id = p_scorm_enrollment and e.session_id = p_session and e.member_id = auth.uid()
      and e.session_opened_at > clock_timestamp() - interval '24 hours';
    if not found then
        perform private.refuse('CG409', 'stale_attempt', 'This player is not the current one any more. Open the lesson again.');
    end if;
end
$$;
comment on function public.renew_scorm_player(uuid, uuid) is
    'Lets the current player of a registration of the person who asks go on, in the browser session that asks. Raises CG409 stale_attempt.';
grant execute on function public.renew_scorm_player(uuid, uuid) to authenticated;
