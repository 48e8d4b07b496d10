-- What a version of a question holds besides its words: sound, the words for its picture, and for essays how an answer is
-- judged and how long it may be, for its graders.
-- Rollback: put public.quiz_attempt_view and trigger keep_used_version back as 20261121102130 and 102100 have them, and drop
-- the columns and functions below.

create function private.is_rubric(p_rubric jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case when jsonb_typeof(p_rubric) = 'array' then (
        select count(*) between 1 and 20 and bool_and(case when jsonb_typeof(c) = 'object' then
            c - array['name', 'description', 'points'] = '{}'
            and jsonb_typeof(c -> 'name') = 'string' and length(btrim(c ->> 'name')) between 1 and 200
            and private.is_brief_text(c -> 'description', 2000) and private.is_number_between(c -> 'points', 0, 999)
        else false end)
        from jsonb_array_elements(p_rubric) c
    ) end, false)
$$;
comment on function private.is_rubric(jsonb) is 'Whether a value lists what an essay is judged by: [{name, description, points}].';
grant execute on function private.is_rubric(jsonb) to authenticated, service_role;

alter table public.question_versions
    add column audio_url text,
    add column image_alt text,
    add column rubric jsonb,
    add column word_limit integer,
    add column change_note text;
alter table public.question_versions
    add constraint question_versions_audio_url_check check (length(audio_url) <= 1024) not valid,
    add constraint question_versions_image_alt_check check (length(image_alt) <= 1000) not valid,
    add constraint rubrics_are_for_essays
        check (rubric is null or (question_type = 'essay' and private.is_rubric(rubric))) not valid,
    add constraint word_limits_are_for_essays
        check (word_limit is null or (question_type = 'essay' and word_limit between 1 and 10000)) not valid,
    add constraint question_versions_change_note_check check (length(change_note) between 1 and 500) not valid;
alter table public.question_versions validate constraint question_versions_audio_url_check;
alter table public.question_versions validate constraint question_versions_image_alt_check;
alter table public.question_versions validate constraint rubrics_are_for_essays;
alter table public.question_versions validate constraint word_limits_are_for_essays;
alter table public.question_versions validate constraint question_versions_change_note_check;
comment on column public.question_versions.image_alt is 'What the picture shows, for who cannot see it.';
comment on column public.question_versions.rubric is 'What an essay is judged by, for its graders: [{name, description, points}].';
comment on column public.question_versions.word_limit is 'How many words an essay may have: who writes it and who grades it see it; nothing is cut off.';
comment on column public.question_versions.change_note is 'What its author says is different from the version before.';
grant insert (audio_url, image_alt, rubric, word_limit, change_note), update (audio_url, image_alt, rubric, word_limit, change_note)
    on public.question_versions to authenticated;

drop trigger keep_used_version on public.question_versions;
create trigger keep_used_version before update on public.question_versions
    for each row when (old.used_at is not null and (
        (old.question_text, old.question_html, old.answer_options, old.hint, old.image_url, old.video_url,
            old.audio_url, old.image_alt, old.rubric, old.word_limit)
        is distinct from (new.question_text, new.question_html, new.answer_options, new.hint, new.image_url, new.video_url,
            new.audio_url, new.image_alt, new.rubric, new.word_limit)
    ))
    execute function private.keep_used_version();

create or replace function public.quiz_attempt_view(p_attempt uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', t.id, 'quiz_id', z.id, 'title', z.title, 'instructions', z.instructions, 'status', t.status,
        'attempt_number', t.attempt_number, 'started_at', t.started_at, 'deadline_at', t.deadline_at,
        'server_time', clock_timestamp(), 'submitted_at', t.submitted_at, 'total_points', t.total_points,
        'questions', (
            select jsonb_agg(jsonb_build_object(
                'position', a.position, 'question_type', v.question_type, 'question_text', v.question_text,
                'question_html', v.question_html, 'hint', v.hint, 'image_url', v.image_url, 'image_alt', v.image_alt,
                'video_url', v.video_url, 'audio_url', v.audio_url, 'word_limit', v.word_limit,
                'points', a.points, 'answer', w.answer_data, 'seq', w.seq, 'answered_at', w.answered_at,
                'final', w.revealed_at is not null,
                -- Whether a unit is asked for, not which.
                'unit', case v.question_type when 'numeric' then (
                    select coalesce(k.correct_answer ->> 'unit', 'none') from public.question_keys k where k.question_version_id = v.id
                ) end,
                'options', case v.question_type
                    when 'true_false' then '[{"id": "1", "text": "true"}, {"id": "2", "text": "false"}]'::jsonb
                    when 'matching' then jsonb_build_object(
                        'left', private.shown_options(v.answer_options -> 'left', a.option_order -> 'left'),
                        'right', private.shown_options(v.answer_options -> 'right', a.option_order -> 'right')
                    )
                    else private.shown_options(v.answer_options, a.option_order)
                end
            ) order by a.position)
            from private.attempt_questions a
            join public.question_versions v on v.id = a.question_version_id
            left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
            where a.quiz_attempt_id = t.id
        )
    )
    from public.quiz_attempts t join public.quizzes z on z.id = t.quiz_id
    where t.id = p_attempt and (
        t.member_id = auth.uid() or t.course_id in (select private.my_taught_course_ids()) or private.is_admin()
    )
$$;
