-- Reports on what packages asked of learners: each question and each objective over everybody whose records one may see.
-- Rollback: drop the functions below.

create function private.scorm_said(p_package uuid) returns table (attempt_id uuid, said jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, coalesce(a.cmi_data, case when a.ended_at is null then e.cmi_data end, '{}')
    from public.scorm_enrollments e join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit
    where e.scorm_package_id = p_package and (e.id in (select private.my_scorm_enrollment_ids()) or private.is_admin())
    -- What learners left behind is large: the latest tell enough of a question, and their number bounds the cost.
    order by a.opened_at desc, a.id limit 1000
$$;
comment on function private.scorm_said(uuid) is
    'What a package left behind in the 1,000 latest attempts that count, of the registrations whose records the person who asks may see.';

create function public.scorm_questions(p_package uuid)
returns table (
    sco text, identifier text, response text, is_total boolean, type text, description text, answers integer, right_answers integer,
    wrong_answers integer, median_seconds numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with pair as (
        select s.attempt_id, part.key as sco, split_part(said.key, '.', 3) as place, split_part(said.key, '.', 4) as what, said.value
        from private.scorm_said(p_package) s
        cross join lateral jsonb_each(s.said) part
        cross join lateral jsonb_each_text(case jsonb_typeof(part.value) when 'object' then part.value else '{}' end) said
        where said.key like 'cmi.interactions.%' and split_part(said.key, '.', 5) = ''
    ), answer as (
        select p.sco, max(p.value) filter (where p.what = 'id') as identifier, max(p.value) filter (where p.what = 'type') as type,
            max(p.value) filter (where p.what = 'description') as description,
            left(coalesce(max(p.value) filter (where p.what in ('learner_response', 'student_response')), ''), 200) as response,
            max(p.value) filter (where p.what = 'result') as result,
            private.scorm_seconds(max(p.value) filter (where p.what = 'latency')) as seconds
        from pair p group by p.attempt_id, p.sco, p.place
    )
    select a.sco, a.identifier, a.response, grouping(a.response) = 1, max(a.type), max(a.description), count(*)::integer,
        (count(*) filter (where a.result = 'correct'))::integer, (count(*) filter (where a.result in ('wrong', 'incorrect')))::integer,
        round(percentile_cont(0.5) within group (order by a.seconds)::numeric, 1)
    from answer a where a.identifier is not null
    group by grouping sets ((a.sco, a.identifier), (a.sco, a.identifier, a.response))
    order by a.sco, a.identifier, grouping(a.response) desc, count(*) desc, a.response
    limit 5000
$$;
comment on function public.scorm_questions(uuid) is
    'Each question of a package, and each answer to it: how often, how often right and wrong, the median time in seconds. Lines with is_total are of a question over all its answers.';

create function public.scorm_objectives(p_package uuid)
returns table (
    sco text, identifier text, description text, people integer, passed integer, failed integer, completed integer, average_score numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with pair as (
        select s.attempt_id, part.key as sco, split_part(said.key, '.', 3) as place,
            regexp_replace(said.key, '^cmi\.objectives\.[0-9]+\.', '') as what, said.value
        from private.scorm_said(p_package) s
        cross join lateral jsonb_each(s.said) part
        cross join lateral jsonb_each_text(case jsonb_typeof(part.value) when 'object' then part.value else '{}' end) said
        where said.key like 'cmi.objectives.%'
    ), objective as (
        select p.sco, max(p.value) filter (where p.what = 'id') as identifier, max(p.value) filter (where p.what = 'description') as description,
            max(p.value) filter (where p.what = 'success_status') as success, max(p.value) filter (where p.what = 'completion_status') as completion,
            max(p.value) filter (where p.what = 'status') as status,
            coalesce(
                private.scorm_number(max(p.value) filter (where p.what = 'score.scaled')) * 100,
                private.scorm_number(max(p.value) filter (where p.what = 'score.raw'))
            ) as score
        from pair p group by p.attempt_id, p.sco, p.place
    )
    select o.sco, o.identifier, max(o.description), count(*)::integer,
        (count(*) filter (where coalesce(o.success, o.status) = 'passed'))::integer,
        (count(*) filter (where coalesce(o.success, o.status) = 'failed'))::integer,
        (count(*) filter (where o.completion = 'completed' or o.status in ('passed', 'completed', 'failed')))::integer,
        round(avg(o.score), 2)
    from objective o where o.identifier is not null
    group by o.sco, o.identifier order by o.sco, o.identifier limit 1000
$$;
comment on function public.scorm_objectives(uuid) is
    'Each objective of a package over all attempts that count: how often met, how often not, the average score in percent where scaled, else as the package gave it.';
grant execute on function public.scorm_questions(uuid), public.scorm_objectives(uuid) to authenticated;
