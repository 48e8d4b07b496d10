-- How each type of question is graded. private.grade_share stays the one rule; what earned points before earns them still.
--
-- Partial credit, never below 0 or above the points of the question:
--   true_false        all or nothing
--   multiple_choice   all for the right one; for another the share that the key gives it
--   multiple_answer   balanced: (right choices - wrong choices) / all right ones; all_or_nothing; shares: their sum
--   short_answer      the best share among the accepted texts that the answer equals
--   numeric           the best share among the accepted numbers within whose tolerance the answer lies, in a unit that is known
--   fill_blank        the mean of its blanks; or all_or_nothing
--   matching          the share of the left side that is matched rightly; or all_or_nothing
--   ordering          share: things that stand in their place; pairs: neighbours that follow each other; or all_or_nothing
-- Rollback: put the functions back as 20261121102150 and 102170 have them and drop the new ones.

-- Texts ----------------------------------------------------------------------------------------------------

create function private.compared_text(p_text text, p_case boolean, p_accents boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_text text := btrim(regexp_replace(normalize(p_text, NFKC), '\s+', ' ', 'g'));
begin
    if not p_accents then
        v_text := extensions.unaccent('extensions.unaccent'::regdictionary, v_text);
    end if;
    return case when p_case then v_text else lower(v_text) end;
end
$$;
comment on function private.compared_text(text, boolean, boolean) is
    'Text as answers are compared: one space between words, without case and without accents unless they count.';

create function private.within_typos(p_expected text, p_given text, p_typos integer) returns boolean
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_most integer;
    v_e text[];
    v_g text[];
    v_before integer[];
    v_row integer[];
    v_next integer[];
    v_best integer;
begin
    if p_expected = p_given then
        return true;
    end if;
    -- A quarter of the longest word's letters; and figures are never a slip: 1914 is not 1915.
    select least(p_typos, max(length(regexp_replace(w, '[^[:alpha:]]', '', 'g'))) / 4) into v_most
    from regexp_split_to_table(p_expected, ' ') w;
    if coalesce(v_most, 0) = 0 or abs(length(p_expected) - length(p_given)) > v_most
        or regexp_replace(p_expected, '[^0-9]', '', 'g') <> regexp_replace(p_given, '[^0-9]', '', 'g') then
        return false;
    end if;
    v_e := regexp_split_to_array(p_expected, '');
    v_g := regexp_split_to_array(p_given, '');
    -- Only the band beside the diagonal can stay within so few slips. Two letters exchanged are one slip.
    for j in 0 .. cardinality(v_g) loop
        v_row[j] := j;
    end loop;
    for i in 1 .. cardinality(v_e) loop
        v_next := array_fill(1000, array[cardinality(v_g) + 1], array[0]);
        v_best := 1000;
        if i <= v_most then
            v_next[0] := i;
            v_best := i;
        end if;
        for j in greatest(1, i - v_most) .. least(cardinality(v_g), i + v_most) loop
            v_next[j] := least(v_row[j] + 1, v_next[j - 1] + 1, v_row[j - 1] + (v_e[i] <> v_g[j])::integer);
            if i > 1 and j > 1 and v_e[i] = v_g[j - 1] and v_e[i - 1] = v_g[j] then
                v_next[j] := least(v_next[j], v_before[j - 2] + 1);
            end if;
            v_best := least(v_best, v_next[j]);
        end loop;
        if v_best > v_most then
            return false;
        end if;
        v_before := v_row;
        v_row := v_next;
    end loop;
    return v_row[cardinality(v_g)] <= v_most;
end
$$;
comment on function private.within_typos(text, text, integer) is
    'Whether a text differs from the expected one by at most so many slips (a letter too many, too few, wrong, or two exchanged), never more than a '
    'quarter of the letters of its longest word, and in no figure.';

create function private.is_like(p_expected text, p_given text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- \* is a star itself.
    select p_given like replace(replace(replace(replace(replace(replace(
        p_expected, '\*', E'\x01'), '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), E'\x01', '*')
$$;
comment on function private.is_like(text, text) is 'Whether a text equals the expected one, in which each * stands for any characters.';

create function private.match_text(p_expected jsonb, p_given text, out share numeric, out feedback text)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_case boolean := coalesce((p_expected ->> 'case_sensitive')::boolean, false);
    -- Where case counts, accents do unless the key says otherwise.
    v_accents boolean := coalesce((p_expected ->> 'accents_count')::boolean, v_case);
    v_typos integer := coalesce((p_expected ->> 'typos')::integer, 0);
    v_wild boolean := coalesce((p_expected ->> 'wildcards')::boolean, false);
    v_given text;
    v_wanted text;
    v_entry jsonb;
    v_share numeric;
    v_equal boolean;
begin
    share := 0;
    if p_given is null then
        return;
    end if;
    if p_expected ? 'numeric' then
        -- Not \d: by some collations that is every script's digits, of which no number can be made.
        if btrim(p_given) ~ '^[+-]?[0-9]{1,15}([.,][0-9]{1,10})?$' and abs(replace(btrim(p_given), ',', '.')::numeric
            - (p_expected #>> '{numeric,value}')::numeric) <= (p_expected #>> '{numeric,tolerance}')::numeric then
            share := 1;
        end if;
        return;
    end if;
    v_given := private.compared_text(p_given, v_case, v_accents);
    if p_expected ? 'pattern' then
        v_wanted := '^(?:' || (p_expected ->> 'pattern') || ')$';
        -- The author may have written the accents: with and without them the answer is tried.
        if (v_case and (v_given ~ v_wanted or private.compared_text(p_given, true, true) ~ v_wanted))
            or (not v_case and (v_given ~* v_wanted or private.compared_text(p_given, true, true) ~* v_wanted)) then
            share := 1;
        end if;
        return;
    end if;
    for v_entry in select a from jsonb_array_elements(p_expected -> 'accepted') a loop
        v_wanted := private.compared_text(
            case jsonb_typeof(v_entry) when 'string' then v_entry #>> '{}' else v_entry ->> 'text' end, v_case, v_accents);
        v_share := case jsonb_typeof(v_entry) when 'object' then coalesce((v_entry ->> 'share')::numeric, 1) else 1 end;
        continue when v_share < share or (v_share = share and feedback is not null);
        v_equal := case
            when v_wild and v_wanted like '%*%' then private.is_like(v_wanted, v_given)
            when v_typos > 0 then private.within_typos(v_wanted, v_given, v_typos)
            else v_wanted = v_given
        end;
        if v_equal then
            share := v_share;
            feedback := case jsonb_typeof(v_entry) when 'object' then v_entry ->> 'feedback' end;
        end if;
    end loop;
end
$$;
comment on function private.match_text(jsonb, text) is
    'What share a text earns, 0 to 1: the best of the accepted ones that it equals, and what the key has to say to it.';

create or replace function private.is_right_text(p_expected jsonb, p_given text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select coalesce((private.match_text(p_expected, p_given)).share = 1, false) $$;
comment on function private.is_right_text(jsonb, text) is 'Whether a text, or a number within its tolerance, is one of those that earn everything.';

-- Numbers --------------------------------------------------------------------------------------------------

create function private.read_number(p_text text, out number numeric, out unit text)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    -- The minus of typography, and spaces between thousands.
    v_text text := regexp_replace(translate(normalize(coalesce(p_text, ''), NFKC), '−–', '--'), '\s+', ' ', 'g');
    v_found text[] := regexp_match(btrim(v_text),
        '^([+-]?(?:[0-9]{1,15}|[0-9]{1,3}(?: [0-9]{3}){1,4})(?:[.,][0-9]{0,10})?|[+-]?[.,][0-9]{1,10})((?:[eE]|(?: ?[x×·*] ?10 ?\^ ?))[+-]?[0-9]{1,2})? ?([^0-9 ].{0,59})?$');
    v_digits text;
begin
    if v_found is null then
        return;
    end if;
    v_digits := replace(replace(v_found[1], ' ', ''), ',', '.');
    number := v_digits::numeric * power(10::numeric, coalesce(substring(v_found[2] from '([+-]?[0-9]{1,2})$')::integer, 0));
    unit := nullif(btrim(v_found[3]), '');
end
$$;
comment on function private.read_number(text) is
    'A number as people write it (comma or point, spaces between thousands, 1.2e3 or 1,2·10^3) and the unit behind it; nulls when it is none.';

create function private.match_number(p_expected jsonb, p_answer jsonb, out share numeric, out feedback text)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_read record;
    v_unit text;
    v_factor numeric := 1;
    v_entry jsonb;
    v_share numeric;
    v_tolerance numeric;
begin
    share := 0;
    select * into v_read from private.read_number(p_answer ->> 'number') r;
    if v_read.number is null then
        return;
    end if;
    v_unit := nullif(private.compared_text(coalesce(nullif(btrim(p_answer ->> 'unit'), ''), v_read.unit), true, true), '');
    if coalesce(p_expected ->> 'unit', 'none') <> 'none' then
        if v_unit is null and p_expected ->> 'unit' = 'required' then
            return;
        elsif v_unit is not null then
            -- mW is not MW; but KG can be nothing else than kg where there is one such unit.
            select (u.value #>> '{}')::numeric into v_factor from jsonb_each(p_expected -> 'units') u
            where u.key = v_unit or (lower(u.key) = lower(v_unit) and not exists (
                select 1 from jsonb_object_keys(p_expected -> 'units') o where o <> u.key and lower(o) = lower(u.key)
            ))
            order by u.key = v_unit desc limit 1;
            if v_factor is null then
                return;
            end if;
        end if;
    end if;
    for v_entry in select a from jsonb_array_elements(p_expected -> 'answers') a loop
        v_share := coalesce((v_entry ->> 'share')::numeric, 1);
        continue when v_share < share or (v_share = share and feedback is not null);
        v_tolerance := coalesce((v_entry ->> 'tolerance')::numeric, 0)
            * case when coalesce((v_entry ->> 'relative')::boolean, false) then abs((v_entry ->> 'value')::numeric) else 1 end;
        if abs(v_read.number * v_factor - (v_entry ->> 'value')::numeric) <= v_tolerance then
            share := v_share;
            feedback := v_entry ->> 'feedback';
        end if;
    end loop;
end
$$;
comment on function private.match_number(jsonb, jsonb) is
    'What share a number with its unit earns, 0 to 1: the best of the accepted ones within whose tolerance it lies, and what the key says to it.';

-- Grading --------------------------------------------------------------------------------------------------

create or replace function private.grade_share(p_type text, p_order jsonb, p_correct jsonb, p_answer jsonb) returns numeric
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_share numeric;
    v_rule text := p_correct ->> 'rule';
begin
    case p_type
        when 'true_false' then
            v_share := (private.option_at(p_order, p_answer ->> 'selected') = p_correct ->> 'selected')::integer;
        when 'multiple_choice' then
            v_share := case when private.option_at(p_order, p_answer ->> 'selected') = p_correct ->> 'selected' then 1
                else (p_correct -> 'shares' ->> private.option_at(p_order, p_answer ->> 'selected'))::numeric end;
        when 'multiple_answer' then
            select case v_rule
                when 'all_or_nothing' then (bool_and(coalesce(p_correct -> 'selected' ? c.id, false))
                    and count(*) = jsonb_array_length(p_correct -> 'selected'))::integer
                when 'shares' then case when bool_and(coalesce(p_correct -> 'selected' ? c.id, false))
                    and count(*) = jsonb_array_length(p_correct -> 'selected') then 1
                    else sum(coalesce((p_correct -> 'shares' ->> c.id)::numeric, 0)) end
                else sum(case when p_correct -> 'selected' ? c.id then 1 else -1 end)::numeric / jsonb_array_length(p_correct -> 'selected')
            end into v_share
            from (select private.option_at(p_order, i) as id from jsonb_array_elements_text(p_answer -> 'selected') i) c;
        when 'short_answer' then
            v_share := (private.match_text(p_correct, p_answer ->> 'text')).share;
        when 'numeric' then
            v_share := (private.match_number(p_correct, p_answer)).share;
        when 'matching' then
            select count(*) filter (
                where p_correct #>> array['pairs', private.option_at(p_order -> 'left', p.key)] = private.option_at(p_order -> 'right', p.value)
            )::numeric / (select count(*) from jsonb_object_keys(p_correct -> 'pairs')) into v_share
            from jsonb_each_text(p_answer -> 'pairs') p;
        when 'ordering' then
            if v_rule = 'pairs' then
                select count(*) filter (where f.at = f.before + 1)::numeric / (jsonb_array_length(p_correct -> 'order') - 1) into v_share
                from (
                    select c.n as at, lag(c.n) over (order by o.n) as before
                    from jsonb_array_elements_text(p_answer -> 'order') with ordinality as o (item, n)
                    join jsonb_array_elements_text(p_correct -> 'order') with ordinality as c (id, n)
                        on c.id = private.option_at(p_order, o.item)
                ) f;
            else
                select count(*) filter (where private.option_at(p_order, o.item) = p_correct -> 'order' ->> (o.n - 1)::integer)::numeric
                    / jsonb_array_length(p_correct -> 'order') into v_share
                from jsonb_array_elements_text(p_answer -> 'order') with ordinality as o (item, n);
            end if;
        when 'fill_blank' then
            select avg((private.match_text(b.value, p_answer #>> array['blanks', b.key])).share) into v_share
            from jsonb_each(p_correct -> 'blanks') b;
        else
            v_share := 0;
    end case;
    if v_rule = 'all_or_nothing' and coalesce(v_share, 0) < 1 then
        return 0;
    end if;
    return greatest(0, least(1, coalesce(v_share, 0)));
end
$$;
comment on function private.grade_share(text, jsonb, jsonb, jsonb) is
    'What share of its points an answer earns, 0 to 1, by the rules at the head of migration 20261121130010. Order of options shown, key and answer '
    'come as stored.';

create function private.automated_feedback(p_type text, p_order jsonb, p_correct jsonb, p_feedback jsonb, p_answer jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_share numeric;
    v_said text;
begin
    if private.is_blank_answer(p_answer) then
        return null;
    end if;
    v_said := case p_type
        when 'short_answer' then (private.match_text(p_correct, p_answer ->> 'text')).feedback
        when 'numeric' then (private.match_number(p_correct, p_answer)).feedback
        when 'fill_blank' then (
            select string_agg(f.said, E'\n' order by f.blank)
            from (
                select b.key::integer as blank, (private.match_text(b.value, p_answer #>> array['blanks', b.key])).feedback as said
                from jsonb_each(p_correct -> 'blanks') b
            ) f where f.said is not null
        )
        when 'multiple_choice' then private.automated_feedback(p_order, p_feedback, p_answer)
        when 'multiple_answer' then private.automated_feedback(p_order, p_feedback, p_answer)
        when 'true_false' then private.automated_feedback(p_order, p_feedback, p_answer)
    end;
    -- And what is said to everybody whose answer is right, wrong, or right in part.
    if p_correct is not null and p_feedback ?| array['right', 'wrong', 'partly'] then
        v_share := private.grade_share(p_type, p_order, p_correct, p_answer);
        v_said := concat_ws(E'\n', v_said, p_feedback ->> case v_share when 1 then 'right' when 0 then 'wrong' else 'partly' end);
    end if;
    -- Never longer than its column: what an author wrote at length must not keep an attempt from being handed in.
    return nullif(left(v_said, 10000), '');
end
$$;
comment on function private.automated_feedback(text, jsonb, jsonb, jsonb, jsonb) is
    'What the key has to say to an answer: to the options chosen, to the text or number accepted, and to what is right, wrong or partly right.';

create or replace function private.grade_answers(p_attempt uuid, p_version uuid default null)
returns table (answer_id uuid, place integer, points_before numeric, points_after numeric)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    with graded as (
        select w.id, w.position, w.points_earned as before, w.max_points, v.question_type, k.correct_answer, k.option_feedback,
            a.option_order, w.answer_data,
            case
                when private.is_blank_answer(w.answer_data) then 0
                when k.correct_answer is not null then
                    round(w.max_points * private.grade_share(v.question_type, a.option_order, k.correct_answer, w.answer_data), 2)
            end as points
        from public.quiz_answers w
        join private.attempt_questions a on a.quiz_attempt_id = w.quiz_attempt_id and a.position = w.position
        join public.question_versions v on v.id = a.question_version_id
        left join public.question_keys k on k.question_version_id = v.id
        -- What a person graded stays as he graded it.
        where w.quiz_attempt_id = p_attempt and w.graded_by is null and (p_version is null or a.question_version_id = p_version)
    )
    update public.quiz_answers w set
        points_earned = g.points,
        is_correct = g.points = g.max_points,
        automated_feedback = private.automated_feedback(g.question_type, g.option_order, g.correct_answer, g.option_feedback, g.answer_data),
        graded_at = now()
    from graded g
    where w.id = g.id and g.points is not null
    returning w.id, w.position, g.before, w.points_earned
$$;

-- What a learner is shown ----------------------------------------------------------------------------------

create function private.shown_text(p_expected jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Of a pattern its example; of accepted texts those that earn most, and nothing of what is said to each.
    select case
        when p_expected ? 'pattern' then jsonb_build_object('accepted', case when p_expected ? 'example'
            then jsonb_build_array(p_expected -> 'example') else '[]' end)
        when p_expected ? 'accepted' then (p_expected - 'accepted') || jsonb_build_object('accepted', (
            select coalesce(jsonb_agg(coalesce(e.entry -> 'text', e.entry) order by e.n), '[]')
            from (
                select a.entry, a.n, rank() over (order by case jsonb_typeof(a.entry) when 'object' then
                    coalesce((a.entry ->> 'share')::numeric, 1) else 1 end desc) as place
                from jsonb_array_elements(p_expected -> 'accepted') with ordinality as a (entry, n)
            ) e where e.place = 1
        ))
        else p_expected
    end
$$;
comment on function private.shown_text(jsonb) is 'What is right for a text, as a learner may be shown it.';

create or replace function private.shown_key(p_type text, p_order jsonb, p_correct jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_correct is null then null
        when p_type = 'short_answer' then private.shown_text(p_correct)
        when p_type = 'fill_blank' then jsonb_build_object('blanks', (
            select jsonb_object_agg(b.key, private.shown_text(b.value)) from jsonb_each(p_correct -> 'blanks') b
        ))
        when p_type = 'numeric' then p_correct || jsonb_build_object('answers', (
            select jsonb_agg(e.entry - array['share', 'feedback'] order by e.n)
            from (
                select a.entry, a.n, rank() over (order by coalesce((a.entry ->> 'share')::numeric, 1) desc) as place
                from jsonb_array_elements(p_correct -> 'answers') with ordinality as a (entry, n)
            ) e where e.place = 1
        ))
        when p_type in ('multiple_choice', 'true_false') then jsonb_build_object('selected', (
            select s.n::text from jsonb_array_elements_text(p_order) with ordinality as s (id, n) where s.id = p_correct ->> 'selected'
        ))
        when p_type in ('multiple_answer', 'ordering') then (
            select jsonb_build_object(k.name, jsonb_agg(s.n::text order by case when p_type = 'ordering' then c.n else s.n end))
            from (select case p_type when 'ordering' then 'order' else 'selected' end) as k (name)
            cross join lateral jsonb_array_elements_text(p_correct -> k.name) with ordinality as c (id, n)
            join lateral jsonb_array_elements_text(p_order) with ordinality as s (id, n) on s.id = c.id
            group by k.name
        )
        when p_type = 'matching' then jsonb_build_object('pairs', (
            select jsonb_object_agg(l.n::text, r.n::text)
            from jsonb_each_text(p_correct -> 'pairs') p
            join lateral jsonb_array_elements_text(p_order -> 'left') with ordinality as l (id, n) on l.id = p.key
            join lateral jsonb_array_elements_text(p_order -> 'right') with ordinality as r (id, n) on r.id = p.value
        ))
    end
$$;

create or replace function public.reveal_quiz_answer(p_attempt uuid, p_position integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_found record;
begin
    perform 1 from public.quiz_attempts t
    where t.id = p_attempt and t.member_id = auth.uid() and t.status = 'in_progress' for share;
    if not found then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours in progress.');
    end if;
    perform 1 from public.quiz_attempts t join public.quizzes z on z.id = t.quiz_id
    where t.id = p_attempt and z.show_correct_answers = 'immediately';
    if not found then
        perform private.refuse('CG403', 'not_shown_yet', 'This quiz does not show what is right before you hand it in.');
    end if;
    update public.quiz_answers set revealed_at = coalesce(revealed_at, now())
    where quiz_attempt_id = p_attempt and position = p_position and not private.is_blank_answer(answer_data);
    if not found then
        perform private.refuse('CG409', 'answer_first', 'Answer the question first.');
    end if;
    select v.question_type, a.option_order, a.points, w.answer_data, k.correct_answer, k.explanation, k.option_feedback into v_found
    from private.attempt_questions a
    join public.question_versions v on v.id = a.question_version_id
    join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
    left join public.question_keys k on k.question_version_id = v.id
    where a.quiz_attempt_id = p_attempt and a.position = p_position;
    return jsonb_build_object(
        'correct_answer', private.shown_key(v_found.question_type, v_found.option_order, v_found.correct_answer),
        'share', case when v_found.correct_answer is not null then
            private.grade_share(v_found.question_type, v_found.option_order, v_found.correct_answer, v_found.answer_data) end,
        'explanation', v_found.explanation,
        'feedback', private.automated_feedback(
            v_found.question_type, v_found.option_order, v_found.correct_answer, v_found.option_feedback, v_found.answer_data)
    );
end
$$;
