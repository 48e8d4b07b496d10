-- Saving a question: one statement that edits the version at hand while nobody has been asked it, and makes a new one after.
-- Rollback: drop the functions below.

create function private.may_edit_question(p_question public.questions) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select coalesce(p_question.course_id in (select private.my_taught_course_ids()), false) or private.is_admin() $$;
comment on function private.may_edit_question(public.questions) is 'Whether the person who asks may change a question and read its keys.';

create function public.save_question_version(p_question uuid, p_version jsonb, p_key jsonb) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_question public.questions;
    v_at public.question_versions;
    v_new public.question_versions := jsonb_populate_record(null::public.question_versions, p_version);
    v_key public.question_keys := jsonb_populate_record(null::public.question_keys, p_key);
    v_id uuid;
begin
    select * into v_question from public.questions where id = p_question for no key update;
    if v_question.id is null or not private.may_edit_question(v_question) then
        perform private.refuse('CG404', 'no_such_question', 'There is no such question that you may change.');
    end if;
    -- The lock that an attempt takes too when it is put in: either it is used, or it is ours.
    select * into v_at from public.question_versions where question_id = p_question order by version desc limit 1 for no key update;
    if v_at.id is not null and v_at.used_at is null then
        v_id := v_at.id;
        delete from public.question_keys where question_version_id = v_id;
        update public.question_versions set
            question_text = v_new.question_text, question_html = v_new.question_html, answer_options = coalesce(v_new.answer_options, '[]'),
            points = coalesce(v_new.points, 1), hint = v_new.hint, image_url = v_new.image_url, image_alt = v_new.image_alt,
            video_url = v_new.video_url, audio_url = v_new.audio_url, rubric = v_new.rubric, word_limit = v_new.word_limit,
            change_note = coalesce(v_new.change_note, change_note)
        where id = v_id;
    else
        insert into public.question_versions (question_id, question_text, question_html, answer_options, points, hint, image_url, image_alt,
            video_url, audio_url, rubric, word_limit, change_note)
        values (p_question, v_new.question_text, v_new.question_html, coalesce(v_new.answer_options, '[]'), coalesce(v_new.points, 1),
            v_new.hint, v_new.image_url, v_new.image_alt, v_new.video_url, v_new.audio_url, v_new.rubric, v_new.word_limit, v_new.change_note)
        returning id into v_id;
    end if;
    insert into public.question_keys (question_version_id, correct_answer, explanation, option_feedback)
    values (v_id, v_key.correct_answer, v_key.explanation, coalesce(v_key.option_feedback, '{}'));
    return v_id;
end
$$;
comment on function public.save_question_version(uuid, jsonb, jsonb) is
    'Saves what a question asks and what is right: in place while nobody has been asked its newest version, else as a new one. Answers the version.';
grant execute on function public.save_question_version(uuid, jsonb, jsonb) to authenticated;
