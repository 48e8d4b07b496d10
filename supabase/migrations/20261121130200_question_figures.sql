-- How often each version was asked and what its answers earned, kept by the difference; and the files that questions show.
-- A learner moves no counter that others wait for (ADR 0044): what happens is added as a row and gathered by a job.
-- Rollback: drop the triggers, functions and tables below, and put the policy of media_file_uses and its check back.

create table private.question_moves (
    id bigint generated always as identity primary key,
    question_version_id uuid not null,
    asked integer not null default 0,
    answered integer not null default 0,
    full_points integer not null default 0,
    share_sum numeric not null default 0 check (share_sum <> 'NaN')
);
comment on table private.question_moves is 'What has happened to versions since their figures were gathered last. Without a foreign key: a version that was asked is never removed.';
create index idx_question_moves_version on private.question_moves (question_version_id);

create table private.question_figures (
    question_version_id uuid primary key references public.question_versions (id) on delete cascade,
    asked bigint not null default 0,
    answered bigint not null default 0,
    full_points bigint not null default 0,
    share_sum numeric not null default 0 check (share_sum <> 'NaN'),
    updated_at timestamptz not null default now()
);
comment on table private.question_figures is 'How often a version was asked; how many of its answers are graded, earned everything, and the sum of the shares that they earned.';
alter table private.question_moves enable row level security;
alter table private.question_figures enable row level security;
revoke all on private.question_moves, private.question_figures from anon, authenticated, service_role;
grant select on private.question_figures, private.question_moves to service_role;
create trigger update_question_figures_updated_at before update on private.question_figures
    for each row execute function public.update_updated_at_column();

create function private.note_asked_questions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into private.question_moves (question_version_id, asked)
    select a.question_version_id, count(*) from asked a group by a.question_version_id;
    return null;
end
$$;
comment on function private.note_asked_questions() is 'Trigger: what an attempt asks is counted once.';
create trigger note_asked_questions after insert on private.attempt_questions referencing new table as asked
    for each statement execute function private.note_asked_questions();

create function private.note_graded_answer() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into private.question_moves (question_version_id, answered, full_points, share_sum)
    select a.question_version_id,
        (new.points_earned is not null)::integer - (old.points_earned is not null)::integer,
        (coalesce(new.points_earned = new.max_points, false))::integer - (coalesce(old.points_earned = old.max_points, false))::integer,
        coalesce(new.points_earned / nullif(new.max_points, 0), 0) - coalesce(old.points_earned / nullif(old.max_points, 0), 0)
    from private.attempt_questions a where a.quiz_attempt_id = new.quiz_attempt_id and a.position = new.position;
    return null;
end
$$;
comment on function private.note_graded_answer() is 'Trigger: moves the figures of a version by the difference when a grade is given or changes.';
create trigger note_graded_answer after update of points_earned on public.quiz_answers
    for each row when (old.points_earned is distinct from new.points_earned) execute function private.note_graded_answer();
create trigger note_answer_graded_at_once after insert on public.quiz_answers
    for each row when (new.points_earned is not null) execute function private.note_graded_answer();

create function private.fold_question_moves() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_folded integer;
begin
    -- Of two workers at once, one is enough.
    if not pg_try_advisory_xact_lock(hashtextextended('fold_question_moves', 0)) then
        return 0;
    end if;
    with gone as (
        delete from private.question_moves m
        where m.id in (select o.id from private.question_moves o order by o.id limit 200000)
        returning m.question_version_id, m.asked, m.answered, m.full_points, m.share_sum
    ), folded as (
        insert into private.question_figures as f (question_version_id, asked, answered, full_points, share_sum)
        select g.question_version_id, sum(g.asked), sum(g.answered), sum(g.full_points), sum(g.share_sum)
        from gone g group by g.question_version_id
        on conflict (question_version_id) do update set asked = f.asked + excluded.asked, answered = f.answered + excluded.answered,
            full_points = f.full_points + excluded.full_points, share_sum = f.share_sum + excluded.share_sum
    )
    select count(*) into v_folded from gone;
    return v_folded;
end
$$;
comment on function private.fold_question_moves() is 'Gathers what has happened in the figures of versions; answers how many rows. What is read does not change.';
grant execute on function private.fold_question_moves() to service_role;

-- What there is already.
insert into private.question_figures (question_version_id, asked, answered, full_points, share_sum)
select a.question_version_id, count(*), count(w.points_earned), count(*) filter (where w.points_earned = w.max_points),
    coalesce(sum(w.points_earned / nullif(w.max_points, 0)), 0)
from private.attempt_questions a
left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
group by a.question_version_id;

create function public.question_figures(p_questions uuid[])
returns table (question_id uuid, version_id uuid, version integer, quizzes bigint, asked bigint, answered bigint, full_points bigint, share_sum numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select v.question_id, v.id, v.version,
        (select count(*) from public.quiz_questions p where p.question_version_id = v.id),
        coalesce(f.asked, 0) + m.asked, coalesce(f.answered, 0) + m.answered,
        coalesce(f.full_points, 0) + m.full_points, coalesce(f.share_sum, 0) + m.share_sum
    from public.questions q
    join public.question_versions v on v.question_id = q.id
    left join private.question_figures f on f.question_version_id = v.id
    cross join lateral (
        select coalesce(sum(n.asked), 0) as asked, coalesce(sum(n.answered), 0) as answered,
            coalesce(sum(n.full_points), 0) as full_points, coalesce(sum(n.share_sum), 0) as share_sum
        from private.question_moves n where n.question_version_id = v.id
    ) m
    where q.id = any (p_questions[1:200]) and (
        q.course_id in (select private.my_taught_course_ids())
        or q.organisation_id in (select private.my_question_organisation_ids())
        or (q.course_id is null and q.organisation_id is null and private.is_teacher())
        or private.is_admin()
    )
$$;
comment on function public.question_figures(uuid[]) is
    'Of each version of up to 200 questions that the caller may look at: in how many quizzes it stands, how often it was asked, how many answers are '
    'graded, how many earned everything, and the sum of the shares that they earned.';
grant execute on function public.question_figures(uuid[]) to authenticated;

-- Files that questions show ----------------------------------------------------------------------------------

alter table public.media_file_uses drop constraint media_file_uses_place_check;
alter table public.media_file_uses add constraint media_file_uses_place_check
    check (place in ('block', 'course', 'video', 'attachment', 'collection', 'document', 'question', 'explanation')) not valid;
alter table public.media_file_uses validate constraint media_file_uses_place_check;
comment on column public.media_file_uses.place is
    'block: content_blocks. course: the picture, film or syllabus of courses. video: lesson_videos. attachment: lesson_attachments. collection: videos. '
    'document: lesson_documents. question: question_versions. explanation: question_keys.';

create function private.note_question_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('question', old.id, null, null, '{}');
    else
        perform private.put_file_uses('question', new.id, new.course_id, null, private.files_in(
            concat_ws(' ', new.question_html, new.answer_options::text, new.image_url, new.video_url, new.audio_url)));
    end if;
    return null;
end
$$;
comment on function private.note_question_files() is 'Trigger: keeps media_file_uses for what a version of a question shows.';
create trigger note_question_files
    after insert or delete or update of question_html, answer_options, image_url, video_url, audio_url on public.question_versions
    for each row execute function private.note_question_files();

create function private.note_explanation_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('explanation', old.question_version_id, null, null, '{}');
    else
        perform private.put_file_uses('explanation', new.question_version_id, new.course_id, null,
            private.files_in(concat_ws(' ', new.explanation, new.option_feedback::text)));
    end if;
    return null;
end
$$;
comment on function private.note_explanation_files() is 'Trigger: keeps media_file_uses for what the explanation of a question shows.';
create trigger note_explanation_files after insert or delete or update of explanation, option_feedback on public.question_keys
    for each row execute function private.note_explanation_files();

create function private.my_asked_version_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.question_version_id from public.quiz_attempts t
    join private.attempt_questions a on a.quiz_attempt_id = t.id
    where t.member_id = auth.uid()
$$;
comment on function private.my_asked_version_ids() is 'Versions that the person who asks was asked in an attempt.';

create function private.my_answered_version_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.question_version_id from public.quiz_attempts t
    join private.attempt_questions a on a.quiz_attempt_id = t.id
    where t.member_id = auth.uid() and t.status <> 'in_progress'
$$;
comment on function private.my_answered_version_ids() is 'Versions that the person who asks was asked in an attempt that has ended.';
grant execute on function private.my_asked_version_ids(), private.my_answered_version_ids() to authenticated, service_role;

drop policy "People view uses of their files and in what is open to them" on public.media_file_uses;
create policy "People view uses of their files and in what is open to them" on public.media_file_uses for select to authenticated
    using (
        owner_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (place = 'block' and exists (select 1 from public.content_blocks b where b.id = ref_id))
        or (place = 'course' and exists (select 1 from public.courses c where c.id = ref_id))
        or (place = 'question' and (
            ref_id = any (array(select private.my_asked_version_ids()))
            or exists (select 1 from public.question_versions v where v.id = ref_id)
        ))
        or (place = 'explanation' and (
            ref_id = any (array(select private.my_answered_version_ids()))
            or exists (select 1 from public.question_keys k where k.question_version_id = ref_id)
        ))
    );

create or replace function private.file_uses_in_words(p_file uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select string_agg(w.words, ', ' order by w.words) from (
        select distinct case
            when u.place in ('question', 'explanation') then 'a question' || coalesce(' of the course "' || c.title || '"', '')
            else coalesce('the lesson "' || l.title || '"', 'the course "' || c.title || '"', 'a collection')
        end as words
        from public.media_file_uses u
        left join public.lessons l on l.id = u.lesson_id
        left join public.courses c on c.id = u.course_id
        where u.file_id = p_file
        order by 1 limit 5
    ) w
$$;
