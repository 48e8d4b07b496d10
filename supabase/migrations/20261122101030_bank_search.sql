-- Looking through a large bank: the words of each question are kept folded and found by their letters, and each order of the list has an
-- index. The function decides by the bank which questions there are to see; what is shown of them is read under row-level security.
-- Rollback: drop the functions, triggers, the table and the indexes below.

create table private.question_words (
    question_id uuid primary key references public.questions (id) on delete cascade,
    words text not null check (length(words) <= 40000)
);
comment on table private.question_words is 'Title and newest wording of each question, folded: what a search of the bank looks at. Kept by triggers.';
alter table private.question_words enable row level security;
revoke all on private.question_words from anon, authenticated, service_role;

create function private.put_question_words(p_questions uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into private.question_words as w (question_id, words)
    select q.id, left(private.fold(concat_ws(' ', q.title, v.question_text)), 40000)
    from public.questions q
    cross join lateral (
        select n.question_text from public.question_versions n where n.question_id = q.id order by n.version desc limit 1
    ) v
    where q.id = any (p_questions)
    on conflict (question_id) do update set words = excluded.words where w.words <> excluded.words
$$;
comment on function private.put_question_words(uuid[]) is 'Brings the words of some questions up to date; one without a version has none.';

create function private.note_question_words() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.put_question_words(array[case tg_table_name when 'questions' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(new) ->> 'question_id')::uuid end]);
    return null;
end
$$;
comment on function private.note_question_words() is 'Trigger: a title or a wording has changed.';
create trigger note_question_title after update of title on public.questions
    for each row when (old.title is distinct from new.title) execute function private.note_question_words();
create trigger note_question_wording after insert or update of question_text on public.question_versions
    for each row execute function private.note_question_words();
select private.put_question_words(array(select q.id from public.questions q));
create index idx_question_words on private.question_words using gin (words extensions.gin_trgm_ops);

create function private.bank_of(p_course uuid, p_organisation uuid) returns uuid
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select coalesce(p_course, p_organisation, '00000000-0000-0000-0000-000000000000') $$;
comment on function private.bank_of(uuid, uuid) is 'The bank of a course, of an organisation, or (neither) the shared one, as one value for an index.';
grant execute on function private.bank_of(uuid, uuid) to authenticated, service_role;
create index idx_questions_bank_changed on public.questions (private.bank_of(course_id, organisation_id), updated_at, id);
create index idx_questions_bank_made on public.questions (private.bank_of(course_id, organisation_id), created_at, id);
create index idx_questions_bank_title on public.questions (private.bank_of(course_id, organisation_id), (coalesce(title, '')), id);

create function private.may_look_through(p_course uuid, p_organisation uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(p_course in (select private.my_taught_course_ids()), false)
        or coalesce(p_course is null and p_organisation in (select private.my_question_organisation_ids()), false)
        or (p_course is null and p_organisation is null and private.is_teacher()) or private.is_admin()
$$;
comment on function private.may_look_through(uuid, uuid) is 'Whether the person who asks may look through a bank, as the policy on public.questions says.';

create function private.bank_tags(p_course uuid, p_organisation uuid) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp rows 60
as $$
    select t.tag from (
        select q.tags from public.questions q
        where private.bank_of(q.course_id, q.organisation_id) = private.bank_of(p_course, p_organisation)
          and (select private.may_look_through(p_course, p_organisation))
        order by q.updated_at desc, q.id desc limit 5000
    ) l cross join lateral unnest(l.tags) as t (tag)
    group by t.tag order by count(*) desc, t.tag limit 60
$$;
comment on function private.bank_tags(uuid, uuid) is 'The tags of a bank that the caller may look through, those used most first: of the 5,000 questions that changed last.';
grant execute on function private.bank_tags(uuid, uuid) to authenticated;

create function private.find_questions(
    p_course uuid, p_organisation uuid, p_words text, p_tag text, p_type text, p_difficulty text, p_status text, p_sort text,
    p_changed timestamptz, p_title text, p_id uuid, p_size integer
) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
    v_words text := replace(replace(replace(private.fold(coalesce(p_words, '')), '\', '\\'), '%', '\%'), '_', '\_');
    v_found uuid[];
begin
    if not private.may_look_through(p_course, p_organisation) then
        return '{}';
    end if;
    -- Written out for what is asked: the plan is made for these words and this order.
    execute 'select array(select q.id from public.questions q'
        || case when v_words <> '' then ' join private.question_words w on w.question_id = q.id and w.words like ''%'' || $3 || ''%''' else '' end
        || ' where private.bank_of(q.course_id, q.organisation_id) = private.bank_of($1, $2)'
        || case when p_tag <> '' then ' and q.tags @> array[$4]' else '' end
        || case when p_type <> '' then ' and q.question_type = $5' else '' end
        || case when p_difficulty <> '' then ' and q.difficulty = $6' else '' end
        || case when p_status <> '' then ' and q.status = $7' else '' end
        || case p_sort
            when 'oldest' then case when p_changed is null then '' else ' and (q.created_at, q.id) > ($8, $10)' end || ' order by q.created_at, q.id'
            when 'title' then case when p_changed is null then '' else ' and (coalesce(q.title, ''''), q.id) > ($9, $10)' end
                || ' order by coalesce(q.title, ''''), q.id'
            else case when p_changed is null then '' else ' and (q.updated_at, q.id) < ($8, $10)' end || ' order by q.updated_at desc, q.id desc'
        end || ' limit $11)'
    into v_found
    using p_course, p_organisation, v_words, p_tag, p_type, p_difficulty, p_status, p_changed, p_title, p_id, least(p_size, 500);
    return v_found;
end
$$;
comment on function private.find_questions(uuid, uuid, text, text, text, text, text, text, timestamptz, text, uuid, integer) is
    'The ids of a page of a bank that the caller may look through, by its filter and in its order; none of any other bank.';
grant execute on function private.find_questions(uuid, uuid, text, text, text, text, text, text, timestamptz, text, uuid, integer) to authenticated;
