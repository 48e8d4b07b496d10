-- What is right in a question, in its full shapes: the ninth type `numeric`, partial credit that the author chooses, and
-- texts that may be written in several ways. How they are graded stands in the next migration.
-- What was a right shape before is one still.
-- Rollback: put the functions back as 20261121102000, 102130 and 102150 have them, drop the new ones, and refuse 'numeric'
-- in questions again.

alter table public.questions drop constraint questions_question_type_check;
alter table public.questions add constraint questions_question_type_check check (question_type in (
    'multiple_choice', 'true_false', 'multiple_answer', 'short_answer', 'essay', 'fill_blank', 'matching', 'ordering', 'numeric'
)) not valid;
alter table public.questions validate constraint questions_question_type_check;

-- Shapes ---------------------------------------------------------------------------------------------------

create or replace function private.is_question(p_type text, p_options jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when p_type in ('multiple_choice', 'multiple_answer', 'ordering') then private.are_options(p_options, 2, 20)
        when p_type in ('true_false', 'short_answer', 'essay', 'numeric') then p_options = '[]'
        when p_type = 'matching' then
            case when jsonb_typeof(p_options) = 'object' then
                private.are_options(p_options -> 'left', 2, 20) and private.are_options(p_options -> 'right', 2, 30)
                and p_options - array['left', 'right'] = '{}'
            end
        when p_type = 'fill_blank' then
            case when jsonb_typeof(p_options) = 'array' then (
                select count(*) between 1 and 20 and bool_and(
                    case when jsonb_typeof(o.option) = 'object' then
                        coalesce(o.option ->> 'id' = o.n::text, false) and o.option - array['id', 'label'] = '{}'
                        and coalesce(length(o.option ->> 'label'), 0) <= 200
                    else false end
                )
                from jsonb_array_elements(p_options) with ordinality as o (option, n)
            ) end
    end, false)
$$;

create function private.is_number_between(p_value jsonb, p_least numeric, p_most numeric) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Its text is short: a number of a hundred thousand digits is read in no time and multiplied in much.
    select coalesce(case when jsonb_typeof(p_value) = 'number' and length(p_value #>> '{}') <= 40
        then (p_value #>> '{}')::numeric between p_least and p_most end, false)
$$;
comment on function private.is_number_between(jsonb, numeric, numeric) is 'Whether a value is a number of at most 40 characters within bounds.';

create function private.is_flag(p_value jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select p_value is null or jsonb_typeof(p_value) = 'boolean' $$;
comment on function private.is_flag(jsonb) is 'Whether a value is true or false, or is not there.';

create function private.is_brief_text(p_value jsonb, p_most integer) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select p_value is null or (jsonb_typeof(p_value) = 'string' and length(p_value #>> '{}') <= p_most) $$;
comment on function private.is_brief_text(jsonb, integer) is 'Whether a value is a text of at most so many characters, or is not there.';

create function private.are_shares(p_shares jsonb, p_ids text[]) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case when p_shares is null then true when jsonb_typeof(p_shares) = 'object' then (
        select coalesce(bool_and(s.key = any (p_ids) and private.is_number_between(s.value, -1, 1)), true)
        from jsonb_each(p_shares) s
    ) end, false)
$$;
comment on function private.are_shares(jsonb, text[]) is 'Whether a value gives options their shares, -1 to 1; none is right too.';

create function private.is_safe_pattern(p_pattern text) returns boolean
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_rest text := p_pattern;
    v_part text;
    v_quantified boolean[] := array[false];  -- By depth of groups: whether something in it repeats.
    v_may_repeat boolean := false;
    v_group boolean := false;
    v_inner boolean := false;
    v_bound text[];
begin
    if p_pattern is null or length(p_pattern) not between 1 and 200 then
        return false;
    end if;
    -- A small language: letters, classes, groups, alternatives and plain repetition. What could make a search slow or fail
    -- (a repetition within a repeated group, references back, looking ahead, options) is not in it.
    while v_rest <> '' loop
        -- One repetition after one thing.
        v_part := substring(v_rest from '^(?:[*+?]|\{[0-9]{1,2}(?:,[0-9]{0,2})?\})');
        if v_part is not null then
            if not v_may_repeat or (v_group and v_inner and v_part <> '?') then
                return false;
            end if;
            if v_part like '{%' then
                v_bound := regexp_split_to_array(btrim(v_part, '{}'), ',');
                if v_bound[1]::integer > (case when v_group then 10 else 40 end)
                    or coalesce(nullif(v_bound[2], '')::integer, 0) > (case when v_group then 10 else 40 end)
                    or (coalesce(v_bound[2], '') <> '' and v_bound[2]::integer < v_bound[1]::integer) then
                    return false;
                end if;
            end if;
            v_quantified[cardinality(v_quantified)] := v_quantified[cardinality(v_quantified)] or v_part <> '?';
            v_may_repeat := false;
        elsif v_rest like '(%' then
            v_part := case when v_rest like '(?:%' then '(?:' else '(' end;
            if (v_part = '(' and substr(v_rest, 2, 1) in ('?', '*')) or cardinality(v_quantified) > 5 then
                return false;
            end if;
            v_quantified := v_quantified || false;
            v_may_repeat := false;
        elsif v_rest like ')%' then
            v_part := ')';
            if cardinality(v_quantified) = 1 then
                return false;
            end if;
            v_inner := v_quantified[cardinality(v_quantified)];
            v_quantified := trim_array(v_quantified, 1);
            v_quantified[cardinality(v_quantified)] := v_quantified[cardinality(v_quantified)] or v_inner;
            v_may_repeat := true;
            v_group := true;
        elsif v_rest like '|%' or v_rest like '^%' or v_rest like '$%' then
            v_part := left(v_rest, 1);
            v_may_repeat := false;
        else
            -- A class of plain characters, ranges of one kind and \d \w \s; an escape; a character that means itself.
            v_part := coalesce(
                substring(v_rest from '^\[\^?(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|\\[dsw\]\[\\^.*+?/-]|[^]\\[^-])+-?\]'),
                substring(v_rest from '^\\[dDsSwW.*+?|(){}^$/\\-]|^\\[][]'),
                substring(v_rest from '^[^][\\{}*+?()|^$]')
            );
            if v_part is null or (v_part like '[%' and not private.are_ranges(v_part)) then
                return false;
            end if;
            v_may_repeat := true;
            v_group := false;
        end if;
        v_rest := substr(v_rest, length(v_part) + 1);
    end loop;
    return cardinality(v_quantified) = 1;
end
$$;

create function private.are_ranges(p_class text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(bool_and(ascii(r.found[1]) <= ascii(r.found[2])), true)
    from regexp_matches(p_class, '([A-Za-z0-9])-([A-Za-z0-9])', 'g') as r (found)
$$;
comment on function private.are_ranges(text) is 'Whether each range in a class of characters goes upwards.';
comment on function private.is_safe_pattern(text) is
    'Whether a pattern is within the small language that is searched in time that grows with the answer alone: at most 200 characters, no '
    'repetition inside a repeated group, no references back, no looking ahead, no options.';

create or replace function private.is_expected_text(p_expected jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when jsonb_typeof(p_expected) <> 'object' then false
        when p_expected ? 'numeric' then
            p_expected - 'numeric' = '{}' and jsonb_typeof(p_expected -> 'numeric') = 'object'
            and jsonb_typeof(p_expected #> '{numeric,value}') = 'number'
            and jsonb_typeof(p_expected #> '{numeric,tolerance}') = 'number'
            and not (p_expected #>> '{numeric,tolerance}') like '-%'
            and (p_expected -> 'numeric') - array['value', 'tolerance'] = '{}'
        when p_expected ? 'pattern' then
            p_expected - array['pattern', 'example', 'case_sensitive', 'accents_count'] = '{}'
            and jsonb_typeof(p_expected -> 'pattern') = 'string' and private.is_brief_text(p_expected -> 'example', 500)
            and private.is_flag(p_expected -> 'case_sensitive') and private.is_flag(p_expected -> 'accents_count')
            and private.is_safe_pattern(p_expected ->> 'pattern')
        when jsonb_typeof(p_expected -> 'accepted') = 'array' then
            p_expected - array['accepted', 'case_sensitive', 'accents_count', 'typos', 'wildcards'] = '{}'
            and private.is_flag(p_expected -> 'case_sensitive') and private.is_flag(p_expected -> 'accents_count')
            and private.is_flag(p_expected -> 'wildcards')
            and (not p_expected ? 'typos' or p_expected -> 'typos' in ('0', '1', '2', '3'))
            and (
                select count(*) between 1 and 50 and bool_and(case jsonb_typeof(a)
                    when 'string' then length(btrim(a #>> '{}')) between 1 and 500
                    when 'object' then a - array['text', 'share', 'feedback'] = '{}' and jsonb_typeof(a -> 'text') = 'string'
                        and length(btrim(a ->> 'text')) between 1 and 500 and private.is_brief_text(a -> 'feedback', 2000)
                        and (not a ? 'share' or private.is_number_between(a -> 'share', 0, 1))
                    else false
                end)
                from jsonb_array_elements(p_expected -> 'accepted') a
            )
    end, false)
$$;
comment on function private.is_expected_text(jsonb) is
    'Whether a value says which text is right: {"accepted": [text or {text, share, feedback}], case_sensitive, accents_count, typos, wildcards}, '
    '{"pattern", example, case_sensitive, accents_count} or {"numeric": {"value", "tolerance"}}.';

create function private.is_expected_number(p_expected jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case when jsonb_typeof(p_expected -> 'answers') = 'array' and jsonb_typeof(coalesce(p_expected -> 'units', '{}')) = 'object' then
        p_expected - array['answers', 'units', 'unit'] = '{}'
        and coalesce(p_expected -> 'unit', '"none"') in ('"required"', '"optional"', '"none"')
        -- A unit is asked for exactly when there is one.
        and (coalesce(p_expected ->> 'unit', 'none') = 'none') = (coalesce(p_expected -> 'units', '{}') = '{}')
        and (
            select count(*) between 1 and 20 and bool_and(case when jsonb_typeof(a) = 'object' then
                a - array['value', 'tolerance', 'relative', 'share', 'feedback'] = '{}'
                and private.is_number_between(a -> 'value', -1e15, 1e15)
                and (not a ? 'tolerance' or private.is_number_between(a -> 'tolerance', 0, 1e15))
                and (not a ? 'share' or private.is_number_between(a -> 'share', 0, 1))
                and private.is_flag(a -> 'relative') and private.is_brief_text(a -> 'feedback', 2000)
            else false end)
            from jsonb_array_elements(p_expected -> 'answers') a
        )
        and (
            select count(*) <= 20 and coalesce(bool_and(
                u.key = private.plain_answer(u.key, true) and length(u.key) between 1 and 40 and not u.key ~ '^[0-9.,+-]'
                and private.is_number_between(u.value, 1e-12, 1e12)
            ), true)
            from jsonb_each(coalesce(p_expected -> 'units', '{}')) u
        )
    end, false)
$$;
comment on function private.is_expected_number(jsonb) is
    'Whether a value says which number is right: {"answers": [{value, tolerance, relative, share, feedback}], "units": {unit: factor}, "unit"}. '
    'A relative tolerance is a share of the value: 0.05 is five per cent.';

create function private.is_choice_key(p_type text, p_ids text[], p_correct jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case p_type
        when 'multiple_choice' then
            p_correct - array['selected', 'shares'] = '{}' and jsonb_typeof(p_correct -> 'selected') = 'string'
            and p_correct ->> 'selected' = any (p_ids) and private.are_shares(p_correct -> 'shares', p_ids)
        when 'multiple_answer' then case when jsonb_typeof(p_correct -> 'selected') = 'array' then
            p_correct - array['selected', 'rule', 'shares'] = '{}' and jsonb_array_length(p_correct -> 'selected') > 0
            and (select count(distinct i) = count(*) and bool_and(i = any (p_ids)) from jsonb_array_elements_text(p_correct -> 'selected') i)
            and coalesce(p_correct -> 'rule', '"balanced"') in ('"balanced"', '"all_or_nothing"', '"shares"')
            and private.are_shares(p_correct -> 'shares', p_ids)
            -- Who chooses all that is right must earn all, and each of it must be worth something.
            and (p_correct ->> 'rule' is distinct from 'shares' or (
                select bool_and(coalesce((p_correct -> 'shares' ->> i)::numeric, 0) > 0)
                    and sum((p_correct -> 'shares' ->> i)::numeric) >= 0.999
                from jsonb_array_elements_text(p_correct -> 'selected') i
            ))
        end
        when 'ordering' then case when jsonb_typeof(p_correct -> 'order') = 'array' then
            p_correct - array['order', 'rule'] = '{}' and jsonb_array_length(p_correct -> 'order') = cardinality(p_ids)
            and (select count(distinct i) = count(*) and bool_and(i = any (p_ids)) from jsonb_array_elements_text(p_correct -> 'order') i)
            and coalesce(p_correct -> 'rule', '"share"') in ('"share"', '"pairs"', '"all_or_nothing"')
        end
    end, false)
$$;
comment on function private.is_choice_key(text, text[], jsonb) is 'Whether a correct answer fits a question whose options are chosen or ordered.';

create or replace function private.is_question_key(p_type text, p_options jsonb, p_correct jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when p_type = 'essay' then p_correct is null
        when p_correct is null then p_type = 'short_answer'
        when jsonb_typeof(p_correct) <> 'object' then false
        when p_type = 'short_answer' then private.is_expected_text(p_correct)
        when p_type = 'numeric' then private.is_expected_number(p_correct)
        when p_type = 'true_false' then p_correct in ('{"selected": "true"}', '{"selected": "false"}')
        when p_type in ('multiple_choice', 'multiple_answer', 'ordering') then
            private.is_choice_key(p_type, private.option_ids(p_options), p_correct)
        when p_type = 'matching' then case when jsonb_typeof(p_correct -> 'pairs') = 'object' then
            p_correct - array['pairs', 'rule'] = '{}' and coalesce(p_correct -> 'rule', '"share"') in ('"share"', '"all_or_nothing"')
            and (select count(*) = cardinality(private.option_ids(p_options -> 'left'))
                    and bool_and(p.key = any (private.option_ids(p_options -> 'left')))
                    and bool_and(p.value = any (private.option_ids(p_options -> 'right')))
                from jsonb_each_text(p_correct -> 'pairs') p)
        end
        when p_type = 'fill_blank' then case when jsonb_typeof(p_correct -> 'blanks') = 'object' then
            p_correct - array['blanks', 'rule'] = '{}' and coalesce(p_correct -> 'rule', '"share"') in ('"share"', '"all_or_nothing"')
            and (select count(*) = cardinality(private.option_ids(p_options))
                    and bool_and(b.key = any (private.option_ids(p_options)))
                    and bool_and(private.is_expected_text(b.value))
                from jsonb_each(p_correct -> 'blanks') b)
        end
    end, false)
$$;

create or replace function private.is_answer(p_type text, p_order jsonb, p_answer jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- An empty object takes an answer back.
    select coalesce(case
        when jsonb_typeof(p_answer) <> 'object' then false
        when p_answer = '{}' then true
        when p_type in ('multiple_choice', 'true_false') then
            p_answer - 'selected' = '{}' and private.option_at(p_order, p_answer ->> 'selected') is not null
        when p_type in ('multiple_answer', 'ordering') then (
            select p_answer - a.name = '{}' and case when jsonb_typeof(a.list) = 'array' then (
                select count(distinct i) = count(*) and coalesce(bool_and(private.option_at(p_order, i) is not null), true)
                    and (p_type <> 'ordering' or count(*) = jsonb_array_length(p_order))
                from jsonb_array_elements_text(a.list) i
            ) end
            from (select n as name, p_answer -> n as list
                from (select case p_type when 'ordering' then 'order' else 'selected' end) as c (n)) a
        )
        when p_type = 'short_answer' then
            p_answer - 'text' = '{}' and jsonb_typeof(p_answer -> 'text') = 'string' and length(p_answer ->> 'text') <= 2000
        when p_type = 'numeric' then
            -- As typed: half a number is saved too, and is a number or none when it is graded.
            p_answer - array['number', 'unit'] = '{}' and p_answer ? 'number' and jsonb_typeof(p_answer -> 'number') = 'string'
            and length(p_answer ->> 'number') <= 100 and private.is_brief_text(p_answer -> 'unit', 40)
        when p_type = 'essay' then
            p_answer - array['html', 'text'] = '{}' and length(p_answer::text) <= 60000
            and coalesce(jsonb_typeof(p_answer -> 'html'), 'string') = 'string'
            and coalesce(jsonb_typeof(p_answer -> 'text'), 'string') = 'string'
        when p_type = 'matching' then
            p_answer - 'pairs' = '{}' and case when jsonb_typeof(p_answer -> 'pairs') = 'object' then (
                select coalesce(bool_and(private.option_at(p_order -> 'left', p.key) is not null
                    and private.option_at(p_order -> 'right', p.value) is not null), true)
                from jsonb_each_text(p_answer -> 'pairs') p
            ) end
        when p_type = 'fill_blank' then
            p_answer - 'blanks' = '{}' and case when jsonb_typeof(p_answer -> 'blanks') = 'object' then (
                select coalesce(bool_and(private.option_at(p_order, b.key) is not null
                    and jsonb_typeof(b.value) = 'string' and length(b.value #>> '{}') <= 500), true)
                from jsonb_each(p_answer -> 'blanks') b
            ) end
    end, false)
$$;

create or replace function private.is_blank_answer(p_answer jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select p_answer = '{}' or (p_answer ?| array['text', 'html'] and btrim(concat(p_answer ->> 'text', p_answer ->> 'html')) = '')
        or (p_answer ? 'number' and btrim(concat(p_answer ->> 'number', p_answer ->> 'unit')) = '')
$$;
-- Checks of columns run them as whoever writes.
grant execute on function private.is_number_between(jsonb, numeric, numeric), private.is_flag(jsonb), private.is_brief_text(jsonb, integer),
    private.are_shares(jsonb, text[]), private.is_safe_pattern(text), private.are_ranges(text), private.is_expected_number(jsonb),
    private.is_choice_key(text, text[], jsonb) to authenticated, service_role;
