-- What a section of a quiz asks its learners to do, above its questions.
-- Rollback: drop the function below.

create function public.quiz_attempt_sections(p_attempt uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_object_agg(s.title, s.instructions), '{}')
    from public.quiz_attempts t
    join public.quiz_sections s on s.quiz_id = t.quiz_id and s.instructions <> ''
    where t.id = p_attempt and t.member_id = auth.uid()
      and exists (select 1 from private.attempt_questions a where a.quiz_attempt_id = t.id and a.section = s.title)
$$;
comment on function public.quiz_attempt_sections(uuid) is
    'Section → its instructions, of the sections that the caller''s attempt has; as the quiz has them now.';
grant execute on function public.quiz_attempt_sections(uuid) to authenticated;
