-- How a video is watched, gathered as it happens: of each stretch of a few seconds how much was played, how much of that for the
-- first time, how often it was skipped, and where people stand.
--
-- A heartbeat that counts adds one line to private.watch_moves in the statement that counts it: no index, no reference, nothing that
-- two learners would wait for. A job folds the lines, a minute's worth at a time, into one row a video; a curve is read from that row.
-- Nobody stands in it, so it stays as it is when an enrollment is erased: what was played was played.
-- Rollback: drop the table, the functions and the trigger below; bring back private.record_heartbeats and
-- private.record_video_events of 20261120100400_coverage.sql.

create table private.watch_moves (
    video_id uuid not null,
    played int4multirange,
    fresh int4multirange,
    before integer,
    after integer,
    skipped int4multirange
);
comment on table private.watch_moves is 'What heartbeats and seeks add to video_watching and was not folded yet. Lines are only added, and taken by the fold.';
comment on column private.watch_moves.fresh is 'The seconds of played that the person had not seen before; null: all of them.';
comment on column private.watch_moves.before is 'Where the person stood before; null when this is the first that he saw of the video.';
comment on column private.watch_moves.skipped is 'Seconds jumped over that the person had not seen; the other columns are null then.';
alter table private.watch_moves enable row level security;
revoke all on private.watch_moves from anon, authenticated, service_role;

create table public.video_watching (
    video_id uuid primary key,
    course_id uuid not null,
    duration integer not null check (duration between 1 and 43200),
    bucket_seconds integer not null check (bucket_seconds between 5 and 120),
    viewers bigint not null default 0 check (viewers >= 0),
    played bigint[] not null,
    seen bigint[] not null,
    stops bigint[] not null,
    skipped bigint[] not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint video_watching_video foreign key (video_id, course_id)
        references public.lesson_videos (id, course_id) on delete cascade,
    constraint one_figure_a_bucket check (
        cardinality(played) = (duration + bucket_seconds - 1) / bucket_seconds
        and cardinality(seen) = cardinality(played) and cardinality(stops) = cardinality(played)
        and cardinality(skipped) = cardinality(played)
    )
);
comment on table public.video_watching is
    'How a video is watched, by all its viewers together, in at most 360 buckets. Kept by private.fold_watching; forgotten when the film is another.';
comment on column public.video_watching.bucket_seconds is 'Length of a bucket; the last one may be shorter.';
comment on column public.video_watching.viewers is 'People who played at least a second, each once; who was erased and begins anew counts anew.';
comment on column public.video_watching.played is 'Seconds played of each bucket, by everybody, repeated ones too.';
comment on column public.video_watching.seen is 'Seconds of each bucket that somebody played for the first time. Over the bucket''s length: how many have seen it.';
comment on column public.video_watching.stops is 'How many viewers stand in each bucket: the last position that their player told.';
comment on column public.video_watching.skipped is 'Seconds of each bucket that were jumped over unseen. Over the bucket''s length: how often it was skipped.';
create index idx_video_watching_video on public.video_watching (video_id, course_id);
create index idx_video_watching_course on public.video_watching (course_id);
create trigger update_video_watching_updated_at before update on public.video_watching
    for each row execute function public.update_updated_at_column();

create function private.added(p_left bigint[], p_right bigint[]) returns bigint[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(coalesce(l.n, 0) + coalesce(r.n, 0) order by coalesce(l.at, r.at)), '{}')
    from unnest(p_left) with ordinality as l (n, at)
    full join unnest(p_right) with ordinality as r (n, at) on r.at = l.at
$$;
comment on function private.added(bigint[], bigint[]) is 'Two rows of figures added place by place.';

create function private.fold_watching(p_most integer default 100000) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_folded integer;
begin
    -- Of two workers at once, one is enough.
    if not pg_try_advisory_xact_lock(hashtextextended('fold_watching', 0)) then
        return 0;
    end if;
    with gone as (
        delete from private.watch_moves m
        where m.ctid = any (array(select w.ctid from private.watch_moves w limit p_most))
        returning m.video_id, m.played, m.fresh, m.before, m.after, m.skipped
    ), films as (
        select v.id, v.course_id, v.duration, greatest(5, ceil(v.duration / 1800.0)::integer * 5) as bucket_seconds
        from public.lesson_videos v where v.id in (select g.video_id from gone g)
    ), spans as (
        select g.video_id as id, u.r, 1 as played, 0 as seen, 0 as skipped from gone g cross join lateral unnest(g.played) as u (r)
        union all
        select g.video_id, u.r, 0, 1, 0 from gone g cross join lateral unnest(coalesce(g.fresh, g.played)) as u (r)
        union all
        select g.video_id, u.r, 0, 0, 1 from gone g cross join lateral unnest(g.skipped) as u (r)
    ), parts as (
        -- What of each span lies in each bucket.
        select f.id, k.bucket, s.played * n.seconds as played, s.seen * n.seconds as seen, 0 as stops, s.skipped * n.seconds as skipped
        from spans s join films f on f.id = s.id
        cross join lateral generate_series(lower(s.r) / f.bucket_seconds, (least(upper(s.r), f.duration) - 1) / f.bucket_seconds) as k (bucket)
        cross join lateral (
            select least(upper(s.r), f.duration, (k.bucket + 1) * f.bucket_seconds) - greatest(lower(s.r), k.bucket * f.bucket_seconds) as seconds
        ) n
        where lower(s.r) < f.duration
        union all
        -- Who moves on stands no longer where he stood. The very end belongs to the last bucket.
        select f.id, least(t.at, f.duration - 1) / f.bucket_seconds, 0, 0, t.sign, 0
        from gone g join films f on f.id = g.video_id cross join lateral (values (g.before, -1), (g.after, 1)) t (at, sign)
        where t.at is not null
    ), sums as (
        select p.id, p.bucket, sum(p.played) as played, sum(p.seen) as seen, sum(p.stops) as stops, sum(p.skipped) as skipped
        from parts p group by p.id, p.bucket
    ), rows as (
        select f.id, f.course_id, f.duration, f.bucket_seconds,
            array_agg(coalesce(s.played, 0)::bigint order by k.bucket) as played,
            array_agg(coalesce(s.seen, 0)::bigint order by k.bucket) as seen,
            array_agg(coalesce(s.stops, 0)::bigint order by k.bucket) as stops,
            array_agg(coalesce(s.skipped, 0)::bigint order by k.bucket) as skipped
        from films f
        cross join lateral generate_series(0, (f.duration - 1) / f.bucket_seconds) as k (bucket)
        left join sums s on s.id = f.id and s.bucket = k.bucket
        group by f.id, f.course_id, f.duration, f.bucket_seconds
    ), put as (
        insert into public.video_watching as w (video_id, course_id, duration, bucket_seconds, viewers, played, seen, stops, skipped)
        select r.id, r.course_id, r.duration, r.bucket_seconds,
            (select count(*) from gone g where g.video_id = r.id and g.before is null and g.after is not null),
            r.played, r.seen, r.stops, r.skipped
        from rows r
        on conflict (video_id) do update set
            viewers = w.viewers + excluded.viewers,
            played = private.added(w.played, excluded.played),
            seen = private.added(w.seen, excluded.seen),
            stops = private.added(w.stops, excluded.stops),
            skipped = private.added(w.skipped, excluded.skipped)
    )
    select count(*) into v_folded from gone;
    return v_folded;
end
$$;
comment on function private.fold_watching(integer) is
    'Gathers lines of private.watch_moves in video_watching, some at a time; how many. Lines of videos that are gone go too.';
grant execute on function private.fold_watching(integer) to service_role;

create function private.forget_watching() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from private.watch_moves where video_id = new.id;
    delete from public.video_watching where video_id = new.id;
    return null;
end
$$;
comment on function private.forget_watching() is 'Trigger: another film begins another curve.';
create trigger film_replacement_forgets_watching after update of duration, source_key, external_url on public.lesson_videos
    for each row when (
        old.duration <> new.duration or old.source_key is distinct from new.source_key
        or old.external_url is distinct from new.external_url
    )
    execute function private.forget_watching();

create or replace function private.record_heartbeats(
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
            o.watched_seconds as seconds_before, o.last_watched_position_seconds as position_before, o.duration_seconds, o.goal_seconds, o.max_rate, o.playback_opened_at,
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
        returning s.n, a.playback_id, s.video_id, s.ranges, s.claimed, s.seconds_before, s.seconds_after, s.watched_before,
            s.watched_after, s.position_before, least(greatest(s.position, 0), s.duration_seconds) as position_after
    ), moved as (
        -- For insight: what was played, and what of it for the first time, which mostly is all or nothing and costs no subtraction.
        insert into private.watch_moves (video_id, played, fresh, before, after)
        select c.video_id, c.ranges,
            case
                when c.seconds_after - c.seconds_before = c.claimed then null
                when c.seconds_after = c.seconds_before then '{}'::int4multirange
                else c.watched_after - c.watched_before
            end,
            case when c.seconds_before > 0 then c.position_before end, c.position_after
        from counted c
        where c.seconds_after > 0 and (c.claimed > 0 or c.position_after is distinct from c.position_before)
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

create or replace function private.record_video_events(p_playback uuid[], p_type text[], p_position numeric[], p_data jsonb[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    with told as materialized (
        select e.*, a.user_id, a.video_id, a.playback_id, a.watched
        from unnest(p_playback, p_type, p_position, p_data) with ordinality as e (playback, type, position, data, n)
        join public.video_analytics a on a.playback_id = e.playback
    ), jumps as (
        -- A jump ahead over what the person has not seen; to jump to where he left off skips nothing.
        select t.video_id, int4multirange(int4range(ceil(j.from_s)::integer, floor(j.to_s)::integer)) - t.watched as skipped
        from told t
        cross join lateral (
            select least(greatest((t.data ->> 'from')::numeric, 0), 43200) as from_s, least(t.position, 43200) as to_s
            where t.type = 'seek' and jsonb_typeof(t.data -> 'from') = 'number'
        ) j
        where floor(j.to_s) - ceil(j.from_s) >= 3
    ), noted as (
        insert into private.watch_moves (video_id, skipped) select j.video_id, j.skipped from jumps j where not isempty(j.skipped)
    )
    -- They arrive in one instant; a microsecond between them keeps the order in which they happened.
    insert into public.video_events (occurred_at, user_id, video_id, playback_id, event_type, position_seconds, event_data)
    select now() + t.n * interval '1 microsecond', t.user_id, t.video_id, t.playback_id, t.type, t.position, t.data
    from told t
    order by t.n
$$;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.video_watching enable row level security;
revoke all on public.video_watching from anon, authenticated, service_role;
grant select on public.video_watching to authenticated, service_role;
create policy "Instructors view how own videos are watched" on public.video_watching for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

insert into private.audit_exempt (table_name, reason) values
    ('video_watching', 'Counters of how videos are watched, in which nobody stands.');

-- What was watched until now; how often it was repeated is not known any more.
insert into private.watch_moves (video_id, played, before, after)
select a.video_id, a.watched, null, a.last_watched_position_seconds from public.video_analytics a where a.watched_seconds > 0;
