-- Views across the areas: a person's progress, his enrollments and roadmaps in the shapes of the personalised LMS, and
-- the health of the site and its database for administrators.
-- idx_video_analytics_lesson is built while heartbeats wait: a second for a hundred thousand rows.
-- Rollback: drop the views, the functions and the index below.

-- student_progress -----------------------------------------------------------------------------------------

create index idx_video_analytics_lesson on public.video_analytics (user_id, lesson_id);

create function private.lesson_states(p_member uuid, p_course uuid) returns table (lesson_id uuid, is_locked boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp cost 10000 rows 50
as $$
begin
    -- The views below call this once for an enrollment. Others may ask only about whom they may see.
    if current_setting('role', true) = 'service_role'
        or p_member = auth.uid()
        or private.is_admin()
        or p_course in (select private.my_taught_course_ids())
        or p_member in (select private.my_managed_member_ids())
    then
        return query
            select l.id, k.lesson_id is not null
            from public.lessons l
            left join private.lesson_locks(p_member, p_course) k on k.lesson_id = l.id
            where l.course_id = p_course
              and exists (select 1 from public.enrollments e where e.member_id = p_member and e.course_id = p_course);
    end if;
end
$$;
comment on function private.lesson_states(uuid, uuid) is
    'The lessons of a course that somebody takes, and which are shut for him: for himself, who teaches the course, who manages him, administrators.';
grant execute on function private.lesson_states(uuid, uuid) to authenticated, service_role;

create view public.student_progress with (security_invoker = true) as
select
    e.id,
    e.member_id as student_id,
    e.course_id,
    null::uuid as lesson_id,
    null::uuid as assessment_id,
    case
        when e.completed_at is not null then 'completed'
        when e.status not in ('enrolled', 'in_progress') or e.expires_at <= now() then 'blocked'
        when e.status = 'enrolled' then 'not_started'
        else 'in_progress'
    end::public.progress_status as status,
    case when e.completed_at is not null then 100 else floor(e.progress_percentage)::integer end as completion_percentage,
    e.last_accessed_at as last_accessed,
    (v.seconds + b.seconds)::integer as time_spent,
    0 as attempts_count,
    null::integer as best_score,
    e.created_at,
    greatest(e.updated_at, v.updated_at, b.updated_at) as updated_at
from public.enrollment_details e
cross join lateral (
    select coalesce(sum(a.play_seconds), 0) as seconds, max(a.updated_at) as updated_at
    from public.video_analytics a where a.user_id = e.member_id and a.course_id = e.course_id
) v
cross join lateral (
    select coalesce(sum(r.time_spent), 0) as seconds, max(r.updated_at) as updated_at
    from public.learning_progress r where r.student_id = e.member_id and r.course_id = e.course_id
) b
union all
select
    -- A lesson that was never opened has no row yet; its id is the same each time.
    coalesce(p.id, md5(e.id::text || s.lesson_id::text)::uuid),
    e.member_id,
    e.course_id,
    s.lesson_id,
    null,
    case
        when p.status = 'completed' then 'completed'
        when s.is_locked or e.status not in ('enrolled', 'in_progress', 'completed') or e.expires_at <= now() then 'blocked'
        else coalesce(p.status, 'not_started')
    end::public.progress_status,
    case
        when p.status = 'completed' then 100
        else coalesce(least(99, floor(v.watched * 100.0 / v.needed)), 0)::integer
    end,
    greatest(p.updated_at, v.updated_at, b.updated_at),
    (coalesce(v.seconds, 0) + b.seconds)::integer,
    0,
    null,
    coalesce(p.created_at, e.created_at),
    greatest(p.updated_at, v.updated_at, b.updated_at, e.created_at)
from public.enrollments e
-- Not a join with lessons: the function would run for each of them.
cross join lateral private.lesson_states(e.member_id, e.course_id) s
-- One look into an index for each lesson: a plain join may read everybody's progress instead.
left join lateral (
    select o.id, o.status, o.created_at, o.updated_at from public.lesson_progress o
    where o.enrollment_id = e.id and o.lesson_id = s.lesson_id limit 1
) p on true
cross join lateral (
    select sum(a.play_seconds) as seconds, sum(a.watched_seconds) as watched,
        sum(coalesce(a.goal_seconds, a.duration_seconds)) as needed, max(a.updated_at) as updated_at
    from public.video_analytics a where a.user_id = e.member_id and a.lesson_id = s.lesson_id
) v
cross join lateral (
    select coalesce(sum(r.time_spent), 0) as seconds, max(r.updated_at) as updated_at
    from public.learning_progress r where r.student_id = e.member_id and r.lesson_id = s.lesson_id
) b
union all
select
    md5(e.id::text || z.id::text)::uuid,
    e.member_id,
    e.course_id,
    z.lesson_id,
    z.id,
    case
        when t.passed then 'completed'
        when z.lesson_id = any (k.locked) or e.status not in ('enrolled', 'in_progress', 'completed') or e.expires_at <= now()
            then 'blocked'
        when t.attempts > 0 then 'in_progress'
        else 'not_started'
    end::public.progress_status,
    case when t.passed then 100 else 0 end,
    t.last_at,
    t.seconds::integer,
    t.attempts::integer,
    t.best::integer,
    coalesce(t.first_at, e.created_at),
    coalesce(t.updated_at, e.created_at)
from public.enrollments e
cross join lateral (
    select array_agg(s.lesson_id) filter (where s.is_locked) as locked from private.lesson_states(e.member_id, e.course_id) s
) k
join public.quizzes z on z.of_course_id = e.course_id
cross join lateral (
    select count(*) as attempts, coalesce(bool_or(a.passed), false) as passed, round(max(a.score)) as best,
        coalesce(sum(a.time_spent_seconds), 0) as seconds, min(a.started_at) as first_at,
        max(coalesce(a.submitted_at, a.started_at)) as last_at, max(a.updated_at) as updated_at
    from public.quiz_attempts a where a.enrollment_id = e.id and a.quiz_id = z.id
) t
where z.status = 'published' or t.attempts > 0;
comment on view public.student_progress is
    'Where somebody stands in each course (lesson_id and assessment_id null), each lesson (assessment_id null) and each quiz; what is shut for him '
    'is blocked. Ask for one student_id or one course_id: a person''s rows cost the same however many take the course. time_spent is in seconds.';

create view public.enrollment_progress with (security_invoker = true) as
select
    e.id,
    e.member_id as student_id,
    e.course_id,
    e.enrolled_at,
    e.completed_at,
    jsonb_build_object(
        'status', e.status,
        'percentage', e.progress_percentage,
        'lessons_completed', e.lessons_completed,
        'total_lessons', e.total_lessons,
        'current_lesson_id', e.current_lesson_id,
        'last_accessed_at', e.last_accessed_at
    ) as progress
from public.enrollment_details e;
comment on view public.enrollment_progress is 'Enrollments as the personalised LMS has them: progress as one document, derived.';

create view public.roadmap_details with (security_invoker = true) as
select
    r.id,
    r.student_id,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'id', s.id,
            'order', s.step_order,
            'lesson_id', s.lesson_id,
            'course_id', coalesce(s.course_id, l.course_id),
            'skill', k.code,
            'gap', s.gap,
            'evidence', s.evidence,
            'rule', s.rule,
            'alternative', s.alternative,
            'skipped_at', s.skipped_at,
            'status', coalesce((
                select p.status::text from public.student_progress p
                where p.student_id = s.student_id and p.course_id = coalesce(s.course_id, l.course_id)
                  and p.lesson_id is not distinct from s.lesson_id and p.assessment_id is null
                order by p.status = 'completed' desc, p.created_at desc limit 1
            ), 'not_started')
        ) order by s.step_order)
        from public.roadmap_steps s
        left join public.lessons l on l.id = s.lesson_id
        left join public.skills k on k.id = s.skill_id
        where s.roadmap_id = r.id
    ), '[]') as roadmap_data,
    r.ai_reasoning,
    r.rule_version,
    r.status,
    r.generated_at,
    r.updated_at
from public.personalized_roadmaps r;
comment on view public.roadmap_details is
    'Roadmaps as one document each: the steps in order with their reasons, and how far the person is, from his progress.';

-- Health ---------------------------------------------------------------------------------------------------

create function private.sees_operations() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select private.is_admin() or coalesce(current_setting('role', true) = 'service_role', false) $$;
comment on function private.sees_operations() is 'Whether the caller may know how the site and its database are doing: administrators and the service.';

create function private.lms_health() returns table (metric text, value numeric, unit text, as_of timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.sees_operations() then
        return;
    end if;
    return query
        -- The counter is kept by the difference and proved by an invariant.
        select 'Total Active Enrollments', coalesce(sum(c.active_enrollments), 0)::numeric, 'enrollments', now()
        from public.courses c
        union all
        select 'Avg Course Completion Rate', round(avg(c.completion_rate), 2), 'percent', now()
        from public.courses c where c.status = 'published'
        union all
        select 'Certificates Issued (30d)', count(*)::numeric, 'certificates', now()
        from public.certificates k where k.revoked_at is null and k.issued_at >= now() - interval '30 days'
        union all
        select 'Avg Video Completion %', round(avg(a.watched_seconds * 100.0 / a.duration_seconds), 2), 'percent', now()
        from public.video_analytics a;
end
$$;
comment on function private.lms_health() is 'The site''s four figures of health, for those who may know them; nothing for others.';

create function private.slow_queries() returns table (
    query text, calls bigint, total_ms numeric, mean_ms numeric, max_ms numeric, returned bigint, over_a_second boolean
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.sees_operations() or to_regclass('extensions.pg_stat_statements') is null then
        return;
    end if;
    -- The extension may come and go, so nothing here depends on it.
    return query execute
        'select left(s.query, 2000), sum(s.calls)::bigint, round(sum(s.total_exec_time)::numeric, 3),'
        ' round((sum(s.total_exec_time) / greatest(sum(s.calls), 1))::numeric, 3), round(max(s.max_exec_time)::numeric, 3),'
        ' sum(s.rows)::bigint, max(s.max_exec_time) > 1000'
        ' from extensions.pg_stat_statements s join pg_catalog.pg_database d on d.oid = s.dbid'
        ' where d.datname = current_database() and s.query is not null'
        ' group by 1 order by 3 desc limit 100';
exception
    -- The server did not load its library, or the owner may not read it.
    when object_not_in_prerequisite_state or insufficient_privilege then return;
end
$$;
comment on function private.slow_queries() is
    'The hundred queries of this database that took the most time, where pg_stat_statements counts; nothing elsewhere, and nothing for others.';

create function private.index_usage() returns table (
    schemaname text, tablename text, indexname text, idx_scan bigint, idx_tup_read bigint, idx_tup_fetch bigint,
    index_bytes bigint, is_unique boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.schemaname::text, s.relname::text, s.indexrelname::text, s.idx_scan, s.idx_tup_read, s.idx_tup_fetch,
        pg_relation_size(s.indexrelid), i.indisunique
    from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
    where private.sees_operations() and s.schemaname in ('public', 'private', 'auth', 'procrastinate')
$$;
comment on function private.index_usage() is 'How often each index was used and how large it is, for those who may know.';

create function private.table_sizes() returns table (
    schemaname text, tablename text, estimated_rows bigint, dead_rows bigint, table_bytes bigint, index_bytes bigint,
    total_bytes bigint, last_vacuum timestamptz, last_analyze timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.schemaname::text, s.relname::text, s.n_live_tup, s.n_dead_tup, pg_table_size(s.relid), pg_indexes_size(s.relid),
        pg_total_relation_size(s.relid), greatest(s.last_vacuum, s.last_autovacuum), greatest(s.last_analyze, s.last_autoanalyze)
    from pg_stat_user_tables s
    where private.sees_operations() and s.schemaname in ('public', 'private', 'auth', 'procrastinate')
$$;
comment on function private.table_sizes() is 'How large each table is and when it was last tidied up, for those who may know.';
grant execute on function private.lms_health(), private.slow_queries(), private.index_usage(), private.table_sizes()
    to authenticated, service_role;

create view public.lms_health with (security_invoker = true) as
select h.metric, h.value, h.unit, h.as_of from private.lms_health() h;
comment on view public.lms_health is 'Active enrollments, completion rate, certificates of 30 days, video completion. A figure is null while there is nothing to average.';

create view public.slow_queries with (security_invoker = true) as
select q.query, q.calls, q.total_ms, q.mean_ms, q.max_ms, q.returned, q.over_a_second from private.slow_queries() q;
comment on view public.slow_queries is 'What takes the database''s time. Empty where pg_stat_statements is not installed.';

create view public.index_usage with (security_invoker = true) as
select u.schemaname, u.tablename, u.indexname, u.idx_scan, u.idx_tup_read, u.idx_tup_fetch, u.index_bytes, u.is_unique
from private.index_usage() u;
comment on view public.index_usage is 'Which indexes are used. One that is not unique and has no scans for months can go.';

create view public.table_sizes with (security_invoker = true) as
select t.schemaname, t.tablename, t.estimated_rows, t.dead_rows, t.table_bytes, t.index_bytes, t.total_bytes, t.last_vacuum,
    t.last_analyze
from private.table_sizes() t;
comment on view public.table_sizes is 'How large each table is, its indexes beside it. Growth is the difference of two days.';

revoke all on public.student_progress, public.enrollment_progress, public.roadmap_details, public.lms_health, public.slow_queries,
    public.index_usage, public.table_sizes from anon, authenticated, service_role;
grant select on public.student_progress, public.enrollment_progress, public.roadmap_details, public.lms_health, public.slow_queries,
    public.index_usage, public.table_sizes to authenticated, service_role;
