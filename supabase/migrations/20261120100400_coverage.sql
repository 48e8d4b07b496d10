-- Coverage: what somebody really watched of a video, the events behind it, and how a heartbeat is counted.
--
-- The rule. A second counts when it was played while the server's clock allowed it: within one playback (one opening of
-- the player) the seconds claimed, repeated ones too, never exceed the time since it opened times the allowed rate.
-- A person has one playback at a time, so two tabs or devices share one clock. What counts is the union of the seconds.
-- Rollback: drop the tables and functions below.

create table public.video_analytics (
    user_id uuid not null references public.profiles (id) on delete cascade,
    video_id uuid not null,
    course_id uuid not null,
    lesson_id uuid not null,
    enrollment_id uuid not null references public.enrollments (id) on delete cascade,
    watched int4multirange not null default '{}',
    watched_seconds integer not null default 0 check (watched_seconds >= 0),
    duration_seconds integer not null check (duration_seconds > 0),
    goal_seconds integer check (goal_seconds > 0),
    last_watched_position_seconds integer not null default 0 check (last_watched_position_seconds >= 0),
    play_seconds integer not null default 0 check (play_seconds >= 0),
    pause_count integer not null default 0 check (pause_count >= 0),
    seek_count integer not null default 0 check (seek_count >= 0),
    max_rate numeric(3, 2) not null default 2 check (max_rate between 1 and 4),
    playback_id uuid,
    playback_session uuid,
    playback_seq integer not null default 0 check (playback_seq >= 0),
    playback_opened_at timestamptz,
    playback_seconds integer not null default 0 check (playback_seconds >= 0),
    goal_reached_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, video_id),
    constraint video_analytics_video foreign key (video_id, course_id)
        references public.lesson_videos (id, course_id) on delete restrict,
    constraint watched_lies_in_the_video check (watched <@ int4multirange(int4range(0, duration_seconds)))
) with (fillfactor = 60);
comment on table public.video_analytics is
    'One row for a person and a video. Written by heartbeats, so nothing that a heartbeat changes is indexed and pages keep room for new versions.';
comment on column public.video_analytics.watched is 'Seconds really played, as a set: [3,7) means seconds 3 to 6 were played wholly.';
comment on column public.video_analytics.watched_seconds is 'Size of watched; kept by private.record_heartbeats in the same statement, proved by an invariant.';
comment on column public.video_analytics.goal_seconds is 'Seconds needed for the lesson as it stood when the player opened; null when watching does not complete it.';
comment on column public.video_analytics.play_seconds is 'All seconds played, repeated ones too, over all playbacks.';
comment on column public.video_analytics.playback_session is 'The browser session that opened the playback; null when it was signed out.';
comment on column public.video_analytics.playback_id is 'The playback that may report now; null when none.';
comment on column public.video_analytics.playback_seconds is 'Seconds claimed in this playback, repeated ones too: what the clock is held against.';
create unique index idx_video_analytics_playback on public.video_analytics (playback_id) where playback_id is not null;
create index idx_video_analytics_video on public.video_analytics (video_id, course_id);
create index idx_video_analytics_course on public.video_analytics (course_id);
create index idx_video_analytics_enrollment on public.video_analytics (enrollment_id);

create function private.covered_seconds(p_watched int4multirange) returns integer
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$
    select case when not lower_inf(p_watched) and not upper_inf(p_watched) then
        (select coalesce(sum(upper(r) - lower(r)), 0)::integer from unnest(p_watched) as u (r))
    end
$$;
comment on function private.covered_seconds(int4multirange) is 'How many seconds a set of seconds holds; null when it has no end.';
grant execute on function private.covered_seconds(int4multirange) to anon, authenticated, service_role;

create view public.video_completion with (security_invoker = true) as
select
    a.user_id, a.video_id, a.course_id, a.lesson_id, a.enrollment_id, a.watched_seconds, a.goal_seconds,
    round(a.watched_seconds * 100.0 / a.duration_seconds, 2) as completion_percentage,
    a.last_watched_position_seconds, a.play_seconds, a.pause_count, a.seek_count, a.goal_reached_at
from public.video_analytics a;
comment on view public.video_completion is 'video_analytics with its completion_percentage, which follows from the seconds watched.';
revoke all on public.video_completion from anon, authenticated, service_role;
grant select on public.video_completion to authenticated, service_role;

-- video_events: append-only, a partition a month ------------------------------------------------------------

create table public.video_events (
    id uuid not null default private.uuid_v7(),
    occurred_at timestamptz not null default now(),
    user_id uuid not null,
    video_id uuid not null,
    playback_id uuid,
    event_type text not null check (event_type in ('play', 'pause', 'seek', 'ratechange', 'complete')),
    position_seconds numeric(9, 3) not null check (position_seconds >= 0),
    event_data jsonb not null default '{}' check (jsonb_typeof(event_data) = 'object' and length(event_data::text) <= 4000),
    primary key (id, occurred_at)
) partition by range (occurred_at);
comment on table public.video_events is 'What the player did, as it said: an immutable log, not evidence. Coverage is counted by heartbeats.';
comment on column public.video_events.occurred_at is 'The server''s clock when the event arrived; the player''s own time stands in event_data.';
create index idx_video_events_user on public.video_events (user_id, video_id, occurred_at);

create function private.make_video_event_partitions(p_months integer default 3) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_month date := date_trunc('month', now() at time zone 'UTC')::date;
    v_name text;
    v_from text;
    v_to text;
    v_made integer := 0;
begin
    -- Of two workers at once, the second finds nothing left to make.
    perform pg_advisory_xact_lock(hashtextextended('video_events partitions', 0));
    for i in 0..p_months loop
        v_name := 'video_events_' || to_char(v_month, 'YYYY_MM');
        v_from := to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00';
        v_month := (v_month + interval '1 month')::date;
        v_to := to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00';
        continue when to_regclass('public.' || v_name) is not null;
        -- Events of a month that began without its partition lie in the default one and would forbid it: they move.
        execute format('create table public.%I (like public.video_events including all)', v_name);
        execute format('alter table public.%I enable row level security', v_name);
        execute format('revoke all on public.%I from anon, authenticated, service_role', v_name);
        execute format(
            'with moved as (delete from public.video_events_default where occurred_at >= %L and occurred_at < %L returning *) '
            'insert into public.%I select * from moved',
            v_from, v_to, v_name
        );
        execute format(
            'alter table public.video_events attach partition public.%I for values from (%L) to (%L)', v_name, v_from, v_to
        );
        v_made := v_made + 1;
    end loop;
    return v_made;
end
$$;
comment on function private.make_video_event_partitions(integer) is
    'Makes this month''s partition and those of the months ahead, with what lies in the default one; answers how many were missing.';
grant execute on function private.make_video_event_partitions(integer) to service_role;

-- A month for which nobody made a partition in time loses nothing.
create table public.video_events_default partition of public.video_events default;
alter table public.video_events_default enable row level security;
revoke all on public.video_events_default from anon, authenticated, service_role;

-- Playback -------------------------------------------------------------------------------------------------

create function public.open_playback(p_video uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_video public.lesson_videos;
    v_lesson public.lessons;
    v_enrollment public.enrollments;
    v_row public.video_analytics;
    v_goal integer;
begin
    select * into v_video from public.lesson_videos where id = p_video;
    if v_video.id is null then
        perform private.refuse('CG404', 'no_such_video', 'There is no such video.');
    end if;
    v_enrollment := private.my_enrollment_for(v_video.lesson_id);
    perform private.hold_requirements(v_enrollment.course_id, false);
    select * into v_lesson from public.lessons where id = v_video.lesson_id;
    if v_lesson.completion_criteria = 'video_watched' then
        v_goal := ceil(v_video.duration * v_lesson.watched_percentage_required / 100);
    end if;
    -- One clock for a person: whatever plays elsewhere may not report any more. The advisory lock makes two players
    -- that open in the same instant take turns, so that exactly one of them holds the clock.
    perform pg_advisory_xact_lock(hashtextextended('playback:' || auth.uid()::text, 0));
    update public.video_analytics set playback_id = null
    where user_id = auth.uid() and playback_id is not null and video_id <> p_video;
    insert into public.video_analytics as a (
        user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds, goal_seconds, max_rate,
        playback_id, playback_session, playback_opened_at
    )
    values (
        auth.uid(), v_video.id, v_video.course_id, v_video.lesson_id, v_enrollment.id, v_video.duration, v_goal, v_video.max_rate,
        gen_random_uuid(), (auth.jwt() ->> 'session_id')::uuid, clock_timestamp()
    )
    on conflict (user_id, video_id) do update set
        enrollment_id = excluded.enrollment_id,
        watched = a.watched * int4multirange(int4range(0, excluded.duration_seconds)),
        watched_seconds = private.covered_seconds(a.watched * int4multirange(int4range(0, excluded.duration_seconds))),
        duration_seconds = excluded.duration_seconds,
        goal_seconds = excluded.goal_seconds,
        max_rate = excluded.max_rate,
        playback_id = excluded.playback_id,
        playback_session = excluded.playback_session,
        playback_seq = 0,
        playback_opened_at = excluded.playback_opened_at,
        playback_seconds = 0
    returning * into v_row;
    perform private.start_lesson(v_enrollment, v_video.lesson_id);
    if v_goal is not null and v_row.watched_seconds >= v_goal then
        -- The goal was lowered, or the person enrolled again: what was watched still counts.
        perform private.complete_lesson(v_enrollment.id, v_video.lesson_id);
        update public.video_analytics set goal_reached_at = now()
        where user_id = v_row.user_id and video_id = v_row.video_id and goal_reached_at is null;
    end if;
    return jsonb_build_object(
        'playback_id', v_row.playback_id, 'seq', v_row.playback_seq, 'rate', v_row.max_rate,
        'watched', v_row.watched::text, 'watched_seconds', v_row.watched_seconds,
        'position', v_row.last_watched_position_seconds,
        'goal_seconds', v_row.goal_seconds, 'duration_seconds', v_row.duration_seconds
    );
end
$$;
comment on function public.open_playback(uuid) is
    'Opens the player on a video for the person who asks and makes any other playback of his stale. Raises CG403 or CG404.';
grant execute on function public.open_playback(uuid) to authenticated;

create function private.close_playbacks_of_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.video_analytics set playback_session = null
    where user_id = old.user_id and playback_session = old.id;
    return null;
end
$$;
comment on function private.close_playbacks_of_session() is 'Trigger: a browser that was signed out may not report any more. When its owner signs in again, what it kept may still be sent.';
create trigger web_session_closes_playbacks after update of revoked_at on public.web_sessions
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function private.close_playbacks_of_session();
create trigger web_session_deletion_closes_playbacks after delete on public.web_sessions
    for each row execute function private.close_playbacks_of_session();

create function private.close_playbacks_of_enrollment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.video_analytics set playback_id = null where enrollment_id = new.id and playback_id is not null;
    return null;
end
$$;
comment on function private.close_playbacks_of_enrollment() is 'Trigger: who left a course or was suspended gains nothing more from a player that is still open.';
create trigger enrollment_end_closes_playbacks after update of status on public.enrollments
    for each row when (new.status not in ('enrolled', 'in_progress', 'completed'))
    execute function private.close_playbacks_of_enrollment();

create function private.record_heartbeats(
    p_playback uuid[],
    p_seq integer[],
    p_ranges text[],
    p_position integer[],
    p_pauses integer[],
    p_seeks integer[],
    p_fresh boolean[]
)
returns table (
    playback_id uuid, outcome text, seq integer, watched text, watched_seconds integer, goal_seconds integer,
    crossed boolean, retry_after integer, user_id uuid
)
-- PL/pgSQL because it keeps the plan; the sums stand in the statement because a function call for each row costs more
-- than the rest of the row.
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
begin
    -- One statement for a whole batch. A row is counted when its playback is the current one, its number is the next
    -- one, and the clock allows what it claims. Everything else changes nothing and is answered with the reason.
    -- A row is fresh when the caller has just looked its session up; else the session that opened must still stand.
    return query
    with beat as materialized (
        select
            b.n, b.playback, b.seq, b.position, b.pauses, b.seeks, b.fresh, b.ranges,
            -- A range without an end has no size, so it is not counted.
            case when not lower_inf(b.ranges) and not upper_inf(b.ranges)
                then (select coalesce(sum(upper(r) - lower(r)), 0)::integer from unnest(b.ranges) r) end as claimed
        from unnest(p_playback, p_seq, p_ranges::int4multirange[], p_position, p_pauses, p_seeks, p_fresh)
            with ordinality as b (playback, seq, ranges, position, pauses, seeks, fresh, n)
    ), state as materialized (
        select
            b.*, o.user_id, o.video_id, o.playback_seq, o.playback_seconds, o.watched as watched_before,
            o.watched_seconds as seconds_before, o.goal_seconds, o.max_rate, o.playback_opened_at,
            o.playback_session is null as signed_out, n.watched as watched_after,
            (select coalesce(sum(upper(r) - lower(r)), 0)::integer from unnest(n.watched) r) as seconds_after
        from beat b
        left join public.video_analytics o on o.playback_id = b.playback
        left join lateral (
            select o.watched + (b.ranges * int4multirange(int4range(0, o.duration_seconds))) as watched
        ) n on true
    ), counted as (
        update public.video_analytics a set
            watched = s.watched_after,
            watched_seconds = s.seconds_after,
            last_watched_position_seconds = least(greatest(s.position, 0), a.duration_seconds),
            play_seconds = a.play_seconds + s.claimed,
            playback_seconds = a.playback_seconds + s.claimed,
            playback_seq = s.seq,
            pause_count = a.pause_count + greatest(s.pauses, 0),
            seek_count = a.seek_count + greatest(s.seeks, 0),
            updated_at = v_now
        from state s
        where a.user_id = s.user_id and a.video_id = s.video_id and a.playback_id = s.playback
          -- Held against the row as it is now, after any wait for its lock: of two equal heartbeats one counts.
          and a.playback_seq = s.seq - 1
          and (s.fresh or a.playback_session is not null)
          and a.playback_opened_at > v_now - interval '12 hours'
          and a.playback_seconds + s.claimed <= extract(epoch from v_now - a.playback_opened_at) * a.max_rate
        returning s.n, a.playback_id
    )
    select
        s.playback,
        case
            when c.playback_id is not null then 'counted'
            when s.user_id is null or s.playback_opened_at <= v_now - interval '12 hours' then 'stale_playback'
            when s.signed_out and not s.fresh then 'signed_out'
            when s.seq = s.playback_seq then 'repeated'
            when s.seq <> s.playback_seq + 1 then 'replayed_nonce'
            else 'too_fast'
        end,
        case when c.playback_id is not null then s.seq else s.playback_seq end,
        case when c.playback_id is not null then s.watched_after else s.watched_before end::text,
        case when c.playback_id is not null then s.seconds_after else s.seconds_before end,
        s.goal_seconds,
        coalesce(c.playback_id is not null and s.seconds_after >= s.goal_seconds and s.seconds_before < s.goal_seconds, false),
        greatest(1, ceil((s.playback_seconds + s.claimed) / s.max_rate - extract(epoch from v_now - s.playback_opened_at)))::integer,
        s.user_id
    from state s
    left join counted c on c.n = s.n;
end
$$;
comment on function private.record_heartbeats(uuid[], integer[], text[], integer[], integer[], integer[], boolean[]) is
    'Counts a batch of heartbeats, at most one a playback. The caller has checked each nonce against the browser''s session.';
grant execute on function private.record_heartbeats(uuid[], integer[], text[], integer[], integer[], integer[], boolean[]) to service_role;

create function private.record_video_events(p_playback uuid[], p_type text[], p_position numeric[], p_data jsonb[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    -- They arrive in one instant; a microsecond between them keeps the order in which they happened.
    insert into public.video_events (occurred_at, user_id, video_id, playback_id, event_type, position_seconds, event_data)
    select now() + e.n * interval '1 microsecond', a.user_id, a.video_id, a.playback_id, e.type, e.position, e.data
    from unnest(p_playback, p_type, p_position, p_data) with ordinality as e (playback, type, position, data, n)
    join public.video_analytics a on a.playback_id = e.playback
    order by e.n
$$;
comment on function private.record_video_events(uuid[], text[], numeric[], jsonb[]) is 'Writes player events of current playbacks, in their order.';
grant execute on function private.record_video_events(uuid[], text[], numeric[], jsonb[]) to service_role;

create function private.complete_watched_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.complete_lesson(new.enrollment_id, new.lesson_id);
    update public.video_analytics set goal_reached_at = now()
    where user_id = new.user_id and video_id = new.video_id and goal_reached_at is null;
    return null;
end
$$;
comment on function private.complete_watched_lesson() is 'Trigger: the seconds needed have been watched, so the lesson is complete.';
create trigger trigger_complete_watched_lesson after update of watched_seconds on public.video_analytics
    for each row when (old.watched_seconds < new.goal_seconds and new.watched_seconds >= new.goal_seconds)
    execute function private.complete_watched_lesson();

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.video_analytics enable row level security;
alter table public.video_events enable row level security;
revoke all on public.video_analytics, public.video_events from anon, authenticated, service_role;
grant select, insert, update, delete on public.video_analytics to service_role;
grant select, insert on public.video_events to service_role;
-- The playback columns are the server's own business.
grant select (user_id, video_id, course_id, lesson_id, enrollment_id, watched, watched_seconds, duration_seconds, goal_seconds,
    last_watched_position_seconds, play_seconds, pause_count, seek_count, goal_reached_at, created_at, updated_at)
    on public.video_analytics to authenticated;
grant select on public.video_events to authenticated;
grant insert (user_id, video_id, event_type, position_seconds, event_data) on public.video_events to authenticated;

create policy "Students view own analytics" on public.video_analytics for select to authenticated
    using (
        user_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

create policy "Admins view events" on public.video_events for select to authenticated
    using ((select private.is_admin()));
create policy "Users log own events" on public.video_events for insert to authenticated
    with check (
        user_id = (select auth.uid())
        and exists (select 1 from public.lesson_videos v where v.id = video_id)
    );

select private.make_video_event_partitions(12);
