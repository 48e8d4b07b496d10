-- Feedback to an answer is rich text, as an explanation is: HTML where it holds a tag, words where it holds none. What is
-- kept as words stays what it is; words that hold a < become a paragraph, so that nobody takes them for a tag.
-- Rollback: put private.automated_feedback and private.note_explanation_files back as 20261121137000, 20261121102150 and
-- 20261121130200 have them; the wider limits may stay.

create function private.is_rich(p_text text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select coalesce(strpos(p_text, '<') > 0, false) $$;
comment on function private.is_rich(text) is 'Whether an explanation or a feedback is HTML: it holds a tag. Words with a < in them are kept as a paragraph.';

create function private.rich_words(p_words text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select '<p>' || replace(replace(replace(replace(p_words, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\n', '<br>') || '</p>'
$$;
comment on function private.rich_words(text) is 'Words as a paragraph of HTML.';

create function private.said_together(p_said text[]) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Lines where all are words; where one is HTML, each a part of its own.
    select case when bool_or(private.is_rich(s.said))
        then string_agg(case when private.is_rich(s.said) then '<div>' || s.said || '</div>' else private.rich_words(s.said) end, '' order by s.n)
        else string_agg(s.said, E'\n' order by s.n) end
    from unnest(p_said) with ordinality as s (said, n) where s.said <> ''
$$;
comment on function private.said_together(text[]) is 'Several feedbacks as one; null when there is none.';

-- Limits: what is said to an answer is never longer than the words of its key, and HTML is never cut in the middle.
alter table public.question_keys add constraint question_keys_option_feedback_size
    check (jsonb_typeof(option_feedback) = 'object' and length(option_feedback::text) <= 40000) not valid;
alter table public.question_keys validate constraint question_keys_option_feedback_size;
alter table public.question_keys drop constraint question_keys_option_feedback_check;
alter table public.quiz_answers add constraint quiz_answers_automated_feedback_size check (length(automated_feedback) <= 60000) not valid;
alter table public.quiz_answers validate constraint quiz_answers_automated_feedback_size;
alter table public.quiz_answers drop constraint quiz_answers_automated_feedback_check;
comment on column public.question_keys.option_feedback is
    'Option id, or right, wrong, partly → what to say to whoever answered so: HTML where it holds a tag, else words.';
comment on column public.quiz_answers.automated_feedback is 'What the key has to say to this answer: HTML where it holds a tag, else words.';

create or replace function private.automated_feedback(p_order jsonb, p_feedback jsonb, p_answer jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select private.said_together(array_agg(p_feedback ->> private.option_at(p_order, c.chosen) order by c.n))
    from jsonb_array_elements_text(
        case jsonb_typeof(p_answer -> 'selected') when 'array' then p_answer -> 'selected'
            else jsonb_build_array(p_answer -> 'selected') end
    ) with ordinality as c (chosen, n)
$$;

create or replace function private.automated_feedback(p_type text, p_order jsonb, p_correct jsonb, p_feedback jsonb, p_answer jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_share numeric;
    v_said text;
    v_more text;
begin
    if private.is_blank_answer(p_answer) then
        return null;
    elsif p_type in ('short_answer', 'numeric', 'fill_blank') then
        v_said := case p_type
            when 'short_answer' then (private.match_text(p_correct, p_answer ->> 'text')).feedback
            when 'numeric' then (private.match_number(p_correct, p_answer)).feedback
            else (
                select private.said_together(array_agg(f.said order by f.blank))
                from (
                    select b.key::integer as blank, (private.match_text(b.value, p_answer #>> array['blanks', b.key])).feedback as said
                    from jsonb_each(p_correct -> 'blanks') b
                ) f where f.said is not null
            )
        end;
    -- Most questions with options have nothing to say to any of them.
    elsif p_feedback <> '{}' and p_type in ('multiple_choice', 'multiple_answer', 'true_false') then
        v_said := private.automated_feedback(p_order, p_feedback, p_answer);
    end if;
    -- And what is said to everybody whose answer is right, wrong, or right in part.
    if p_correct is not null and p_feedback ?| array['right', 'wrong', 'partly'] then
        v_share := private.grade_share(p_type, p_order, p_correct, p_answer);
        v_more := p_feedback ->> case v_share when 1 then 'right' when 0 then 'wrong' else 'partly' end;
        if v_more <> '' then
            v_said := private.said_together(array[v_said, v_more]);
        end if;
    end if;
    -- Never longer than its column: what an author wrote at length must not keep an attempt from being handed in.
    return nullif(left(v_said, 60000), '');
end
$$;

-- Files that the feedback to an accepted text shows are fetched by whoever may see it.
create or replace function private.note_explanation_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('explanation', old.question_version_id, null, null, '{}');
    else
        perform private.put_file_uses('explanation', new.question_version_id, new.course_id, null,
            private.files_in(concat_ws(' ', new.explanation, new.option_feedback::text, new.correct_answer::text)));
    end if;
    return null;
end
$$;
drop trigger note_explanation_files on public.question_keys;
create trigger note_explanation_files after insert or delete or update of explanation, option_feedback, correct_answer on public.question_keys
    for each row execute function private.note_explanation_files();

-- What there is: words that hold a < become a paragraph, in the keys and in what was said by them. Where that made them much
-- longer than a key may be, the sign alone is written otherwise.
create function private.rich_once(p_words text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when not private.is_rich(p_words) then p_words
        when length(private.rich_words(p_words)) <= greatest(length(p_words) * 1.2 + 10, 200) and length(private.rich_words(p_words)) <= 2000
            then private.rich_words(p_words)
        else replace(p_words, '<', '‹') end
$$;
create function private.rich_key(p_key jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case jsonb_typeof(p_key)
        when 'object' then (
            select coalesce(jsonb_object_agg(e.key, case
                when e.key = 'feedback' and jsonb_typeof(e.value) = 'string' then to_jsonb(private.rich_once(e.value #>> '{}'))
                else private.rich_key(e.value) end), '{}')
            from jsonb_each(p_key) e
        )
        when 'array' then (
            select coalesce(jsonb_agg(private.rich_key(e.value) order by e.n), '[]') from jsonb_array_elements(p_key) with ordinality as e (value, n)
        )
        else p_key end
$$;
update public.question_keys k set correct_answer = private.rich_key(k.correct_answer)
where k.correct_answer::text like '%"feedback"%<%' and private.rich_key(k.correct_answer) <> k.correct_answer;
update public.question_keys k set option_feedback = (
    select jsonb_object_agg(e.key, private.rich_once(e.value)) from jsonb_each_text(k.option_feedback) e
)
where k.option_feedback::text like '%<%';
update public.quiz_answers w set automated_feedback = private.rich_words(w.automated_feedback)
where private.is_rich(w.automated_feedback);
drop function private.rich_key(jsonb);
drop function private.rich_once(text);
