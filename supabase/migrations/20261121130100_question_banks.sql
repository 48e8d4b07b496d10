-- A bank of questions for each organisation besides that of each course and the shared one, and keys for fewer people: those
-- who may change a question, and those who teach a course one of whose quizzes asks it. ADR 0072.
-- An organisation's courses are those that one of its people teaches.
-- Rollback: put the policies and functions back as 20261121102000, 102050 and 130030 have them; drop the columns and functions below.

alter table public.questions add column organisation_id uuid;
alter table public.question_versions add column organisation_id uuid;
alter table public.question_keys add column organisation_id uuid;
alter table public.questions
    add constraint questions_organisation foreign key (organisation_id) references public.organisations (id) on delete restrict not valid,
    add constraint a_question_is_in_one_bank check (num_nonnulls(course_id, organisation_id) <= 1) not valid;
alter table public.question_versions
    add constraint question_versions_organisation foreign key (organisation_id) references public.organisations (id) on delete restrict not valid;
alter table public.question_keys
    add constraint question_keys_organisation foreign key (organisation_id) references public.organisations (id) on delete restrict not valid;
alter table public.questions validate constraint questions_organisation;
alter table public.questions validate constraint a_question_is_in_one_bank;
alter table public.question_versions validate constraint question_versions_organisation;
alter table public.question_keys validate constraint question_keys_organisation;
comment on column public.questions.course_id is 'The course whose bank it is in; null for an organisation''s bank and for the one that all courses share.';
comment on column public.questions.organisation_id is 'The organisation whose bank it is in: its managers keep it for all its courses.';
comment on column public.question_versions.organisation_id is 'That of the question, for the policies; set by trigger.';
comment on column public.question_keys.organisation_id is 'That of the question, for the policies; set by trigger.';
-- Banks are small beside what is answered: the indexes are made at once.
create index idx_questions_organisation on public.questions (organisation_id, status);
create index idx_question_versions_organisation on public.question_versions (organisation_id);
create index idx_question_keys_organisation on public.question_keys (organisation_id);
grant insert (organisation_id) on public.questions to authenticated;

-- Who reads and writes -------------------------------------------------------------------------------------

create function private.organisations_that_teach(p_courses uuid[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct m.organisation_id from public.organisation_members m
    where m.since <= private.today() and (m.until is null or m.until > private.today())
      and m.member_id in (
          select c.instructor_id from public.courses c where c.id = any (p_courses)
          union
          select t.profile_id from public.course_instructors t where t.course_id = any (p_courses)
      )
$$;
comment on function private.organisations_that_teach(uuid[]) is 'Organisations to which somebody belongs today who teaches one of the courses.';

create function private.my_question_organisation_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select private.my_managed_organisation_ids()
    union
    select private.organisations_that_teach(array(select private.my_taught_course_ids()))
$$;
comment on function private.my_question_organisation_ids() is
    'Organisations whose bank the person who asks may look through: those that he manages, and those of the people he teaches with.';

create function private.my_placed_version_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.question_version_id from public.quiz_questions p
    where p.of_course_id in (select private.my_taught_course_ids()) and p.question_version_id is not null
$$;
comment on function private.my_placed_version_ids() is 'Versions that a quiz of a course asks by name which the person who asks teaches.';
grant execute on function private.my_question_organisation_ids(), private.my_placed_version_ids() to authenticated, service_role;

create or replace function private.may_edit_question(p_question public.questions) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(p_question.course_id in (select private.my_taught_course_ids()), false)
        or coalesce(p_question.organisation_id in (select private.my_managed_organisation_ids()), false)
        or private.is_admin()
$$;

drop policy "Instructors view the bank" on public.questions;
drop policy "Instructors add questions" on public.questions;
drop policy "Instructors change questions" on public.questions;
drop policy "Instructors remove questions" on public.questions;
create policy "Instructors and managers view the bank" on public.questions for select to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_question_organisation_ids()))
        or (course_id is null and organisation_id is null and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Instructors and managers add questions" on public.questions for insert to authenticated
    with check (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );
create policy "Instructors and managers change questions" on public.questions for update to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    )
    with check (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );
create policy "Instructors and managers remove questions" on public.questions for delete to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );

drop policy "Instructors view versions" on public.question_versions;
drop policy "Instructors add versions" on public.question_versions;
drop policy "Instructors change versions" on public.question_versions;
drop policy "Instructors remove versions" on public.question_versions;
create policy "Instructors and managers view versions" on public.question_versions for select to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_question_organisation_ids()))
        or (course_id is null and organisation_id is null and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Instructors and managers add versions" on public.question_versions for insert to authenticated
    with check (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );
create policy "Instructors and managers change versions" on public.question_versions for update to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    )
    with check (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );
create policy "Instructors and managers remove versions" on public.question_versions for delete to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );

-- Not all who may look through a bank: an instructor may be a learner in a colleague's course.
drop policy "Instructors view keys" on public.question_keys;
drop policy "Instructors add keys" on public.question_keys;
create policy "Those who change or ask a question view its key" on public.question_keys for select to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or question_version_id = any (array(select private.my_placed_version_ids()))
        or (select private.is_admin())
    );
create policy "Instructors and managers add keys" on public.question_keys for insert to authenticated
    with check (
        course_id = any (array(select private.my_taught_course_ids()))
        or organisation_id = any (array(select private.my_managed_organisation_ids()))
        or (select private.is_admin())
    );

-- The triggers that give versions, keys and places what is their question's ---------------------------------

create or replace function private.prepare_question_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        select q.question_type, q.course_id, q.organisation_id into new.question_type, new.course_id, new.organisation_id
        from public.questions q where q.id = new.question_id for no key update;
        select coalesce(max(v.version), 0) + 1 into new.version from public.question_versions v where v.question_id = new.question_id;
    elsif exists (
        select 1 from public.question_keys k where k.question_version_id = new.id
          and not private.is_question_key(new.question_type, new.answer_options, k.correct_answer)
    ) then
        perform private.refuse('CG422', 'key_does_not_fit', 'The correct answer names an option that would no longer be there. Remove the key first.');
    end if;
    return new;
end
$$;

create or replace function private.prepare_question_key() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_options jsonb;
begin
    -- The lock keeps the options as they are until the key is there.
    select v.question_type, v.course_id, v.organisation_id, v.answer_options
    into new.question_type, new.course_id, new.organisation_id, v_options
    from public.question_versions v where v.id = new.question_version_id for no key update;
    if found and not private.is_question_key(new.question_type, v_options, new.correct_answer) then
        perform private.refuse('CG422', 'no_such_key',
            'The correct answer does not fit the question: it must have the shape of its type and name options that there are.');
    end if;
    return new;
end
$$;

create or replace function private.prepare_quiz_question() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select z.of_course_id into new.of_course_id from public.quizzes z where z.id = new.quiz_id;
    -- Whoever could place a question of another course could read it in a preview.
    if new.question_version_id is not null and new.of_course_id is not null and not exists (
        select 1 from public.question_versions v
        where v.id = new.question_version_id and coalesce(v.course_id, new.of_course_id) = new.of_course_id
          and (v.organisation_id is null or v.organisation_id in (select private.organisations_that_teach(array[new.of_course_id])))
    ) then
        perform private.refuse('CG422', 'question_of_another_course',
            'There is no such question in the bank of this course, of an organisation whose people teach it, or the shared one.');
    end if;
    return new;
end
$$;

create or replace function public.change_question_key(p_version uuid, p_correct_answer jsonb, p_explanation text, p_option_feedback jsonb default '{}')
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.question_keys set
        correct_answer = p_correct_answer, explanation = p_explanation, option_feedback = coalesce(p_option_feedback, '{}')
    where question_version_id = p_version and (
        course_id in (select private.my_taught_course_ids()) or organisation_id in (select private.my_managed_organisation_ids())
        or private.is_admin()
    );
    if not found then
        perform private.refuse('CG404', 'no_such_key', 'This question has no key that you may change.');
    end if;
end
$$;

-- Bringing quizzes to the newest version --------------------------------------------------------------------

create function public.ask_newest_version(p_question uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_newest uuid;
    v_moved integer;
begin
    select v.id into v_newest from public.question_versions v where v.question_id = p_question order by v.version desc limit 1;
    update public.quiz_questions p set question_version_id = v_newest
    where p.question_version_id in (select v.id from public.question_versions v where v.question_id = p_question and v.id <> v_newest)
      and (p.of_course_id in (select private.my_taught_course_ids()) or private.is_admin())
      and not exists (select 1 from public.quiz_questions o where o.quiz_id = p.quiz_id and o.question_version_id = v_newest)
      -- Of two old versions in one quiz the first goes; the other stays where it is.
      and p.question_order = (
          select min(o.question_order) from public.quiz_questions o join public.question_versions w on w.id = o.question_version_id
          where o.quiz_id = p.quiz_id and w.question_id = p_question
      );
    get diagnostics v_moved = row_count;
    return v_moved;
end
$$;
comment on function public.ask_newest_version(uuid) is
    'Has the quizzes of the caller''s courses ask a question''s newest version in place of an older one; answers how many. Attempts that have begun '
    'keep what they were asked.';

-- Trying an answer -----------------------------------------------------------------------------------------

create function public.try_answer(p_type text, p_options jsonb, p_correct jsonb, p_feedback jsonb, p_answer jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    -- As written, not shuffled: an author tries what is in front of him.
    v_order jsonb := case p_type
        when 'true_false' then '["true", "false"]'
        when 'matching' then jsonb_build_object('left', to_jsonb(private.option_ids(p_options -> 'left')),
            'right', to_jsonb(private.option_ids(p_options -> 'right')))
        else to_jsonb(private.option_ids(p_options))
    end;
begin
    if not private.is_question(p_type, p_options) or p_correct is null or not private.is_question_key(p_type, p_options, p_correct) then
        perform private.refuse('CG422', 'no_such_key', 'Say first what is right; then an answer can be tried.');
    elsif not private.is_answer(p_type, v_order, p_answer) then
        perform private.refuse('CG422', 'no_such_answer', 'This is not an answer that the question can take.');
    end if;
    return jsonb_build_object(
        'share', case when private.is_blank_answer(p_answer) then 0 else private.grade_share(p_type, v_order, p_correct, p_answer) end,
        'feedback', private.automated_feedback(p_type, v_order, p_correct, coalesce(p_feedback, '{}'), p_answer),
        -- Which of the accepted texts or numbers it was, by their place.
        'matched', case
            when p_type = 'short_answer' and p_correct ? 'accepted' then (
                select jsonb_agg(a.n order by a.n) from jsonb_array_elements(p_correct -> 'accepted') with ordinality as a (entry, n)
                where (private.match_text((p_correct - 'accepted') || jsonb_build_object('accepted',
                    jsonb_build_array(jsonb_build_object('text', coalesce(a.entry -> 'text', a.entry)))), p_answer ->> 'text')).share = 1
            )
            when p_type = 'numeric' then (
                select jsonb_agg(a.n order by a.n) from jsonb_array_elements(p_correct -> 'answers') with ordinality as a (entry, n)
                where (private.match_number((p_correct - 'answers') || jsonb_build_object('answers',
                    jsonb_build_array(a.entry - 'share')), p_answer)).share = 1
            )
        end
    );
end
$$;
comment on function public.try_answer(text, jsonb, jsonb, jsonb, jsonb) is
    'What an answer would earn by a key that the caller gives, and why: by the functions that grade. Reads no row.';
grant execute on function public.ask_newest_version(uuid), public.try_answer(text, jsonb, jsonb, jsonb, jsonb) to authenticated;
