-- The question bank and quizzes. What a question asks, what is right, and where it stands in which quiz are different
-- tables: a learner reads none of the three, and nobody who has no business with a key comes near one.
-- Rollback: drop the tables and functions below, and courses.final_assessment_id.

-- Shapes ---------------------------------------------------------------------------------------------------

create function private.option_ids(p_options jsonb) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(p_options) = 'array' then array(
        select o.option ->> 'id' from jsonb_array_elements(p_options) with ordinality as o (option, n) order by o.n
    ) end
$$;
comment on function private.option_ids(jsonb) is 'The ids of options in their order; null unless they are an array.';

create function private.are_options(p_options jsonb, p_least integer, p_most integer) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Nothing but these keys: an option that says that it is right would go to the learner with the page.
    select case when jsonb_typeof(p_options) = 'array' then (
        select count(*) between p_least and p_most and count(distinct o ->> 'id') = count(*)
            and coalesce(bool_and(case when jsonb_typeof(o) = 'object' then
                coalesce(o ->> 'id' ~ '^[A-Za-z0-9_-]{1,40}$', false) and jsonb_typeof(o -> 'id') = 'string'
                and coalesce(length(o ->> 'text') between 1 and 2000, false) and jsonb_typeof(o -> 'text') = 'string'
                and o - array['id', 'text', 'html', 'image_url', 'alt_text', 'audio_url', 'video_url'] = '{}'
            else false end), false)
        from jsonb_array_elements(p_options) o
    ) else false end
$$;
comment on function private.are_options(jsonb, integer, integer) is
    'Whether a value is an array of options {id, text and media} with different ids, as many as asked for, and nothing else.';

create function private.is_question(p_type text, p_options jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when p_type in ('multiple_choice', 'multiple_answer', 'ordering') then private.are_options(p_options, 2, 20)
        when p_type in ('true_false', 'short_answer', 'essay') then p_options = '[]'
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
comment on function private.is_question(text, jsonb) is
    'Whether options have the shape of their question''s type: choices, the two sides of a matching, the numbered blanks of a text, or none.';

create function private.is_expected_text(p_expected jsonb) returns boolean
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
        when jsonb_typeof(p_expected -> 'accepted') = 'array' then
            p_expected - array['accepted', 'case_sensitive'] = '{}'
            and coalesce(jsonb_typeof(p_expected -> 'case_sensitive') = 'boolean', not p_expected ? 'case_sensitive')
            and (
                select count(*) between 1 and 50
                    and bool_and(jsonb_typeof(a) = 'string' and length(btrim(a #>> '{}')) between 1 and 500)
                from jsonb_array_elements(p_expected -> 'accepted') a
            )
    end, false)
$$;
comment on function private.is_expected_text(jsonb) is
    'Whether a value says which text is right: {"accepted": [...], "case_sensitive": false} or {"numeric": {"value", "tolerance"}}.';

create function private.is_question_key(p_type text, p_options jsonb, p_correct jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case
        when p_type = 'essay' then p_correct is null
        when p_correct is null then p_type = 'short_answer'
        when jsonb_typeof(p_correct) <> 'object' then false
        when p_type = 'short_answer' then private.is_expected_text(p_correct)
        when p_type = 'true_false' then p_correct in ('{"selected": "true"}', '{"selected": "false"}')
        when p_type = 'multiple_choice' then
            p_correct - 'selected' = '{}' and jsonb_typeof(p_correct -> 'selected') = 'string'
            and p_correct ->> 'selected' = any (private.option_ids(p_options))
        when p_type in ('multiple_answer', 'ordering') then (
            select case when jsonb_typeof(k.list) = 'array' then
                p_correct - k.name = '{}' and jsonb_array_length(k.list) > 0
                and (select count(distinct i) = count(*) and bool_and(i = any (private.option_ids(p_options)))
                    from jsonb_array_elements_text(k.list) i)
                and (p_type <> 'ordering' or jsonb_array_length(k.list) = cardinality(private.option_ids(p_options)))
            end
            from (select n as name, p_correct -> n as list
                from (select case p_type when 'ordering' then 'order' else 'selected' end) as c (n)) k
        )
        when p_type = 'matching' then case when jsonb_typeof(p_correct -> 'pairs') = 'object' then
            p_correct - 'pairs' = '{}'
            and (select count(*) = cardinality(private.option_ids(p_options -> 'left'))
                    and bool_and(p.key = any (private.option_ids(p_options -> 'left')))
                    and bool_and(p.value = any (private.option_ids(p_options -> 'right')))
                from jsonb_each_text(p_correct -> 'pairs') p)
        end
        when p_type = 'fill_blank' then case when jsonb_typeof(p_correct -> 'blanks') = 'object' then
            p_correct - 'blanks' = '{}'
            and (select count(*) = cardinality(private.option_ids(p_options))
                    and bool_and(b.key = any (private.option_ids(p_options)))
                    and bool_and(private.is_expected_text(b.value))
                from jsonb_each(p_correct -> 'blanks') b)
        end
    end, false)
$$;
comment on function private.is_question_key(text, jsonb, jsonb) is
    'Whether a correct answer has the shape of its type and names only options that there are. None is needed where a person grades: '
    'an essay, or a short answer without a list.';
grant execute on function private.option_ids(jsonb), private.are_options(jsonb, integer, integer), private.is_question(text, jsonb),
    private.is_expected_text(jsonb), private.is_question_key(text, jsonb, jsonb) to authenticated, service_role;

-- questions, question_versions, question_keys --------------------------------------------------------------

create table public.questions (
    id uuid primary key default gen_random_uuid(),
    course_id uuid references public.courses (id) on delete cascade,
    question_type text not null check (question_type in (
        'multiple_choice', 'true_false', 'multiple_answer', 'short_answer', 'essay', 'fill_blank', 'matching', 'ordering'
    )),
    title text check (length(title) between 1 and 200),
    tags text[] not null default '{}' check (cardinality(tags) <= 30 and length(array_to_string(tags, '')) <= 1500),
    difficulty text not null default 'medium' check (difficulty in ('easy', 'medium', 'hard')),
    status text not null default 'draft' check (status in ('draft', 'active', 'retired')),
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint questions_id_type unique (id, question_type)
);
comment on table public.questions is 'The bank. What a question asks stands in its versions; here is what stays the same through all of them.';
comment on column public.questions.course_id is 'The course whose bank it is in; null for the bank that all courses share.';
comment on column public.questions.status is 'Only active questions are drawn; a retired one stays where it was placed by name.';
create index idx_questions_course on public.questions (course_id, status);
create index idx_questions_created_by on public.questions (created_by);
create index idx_questions_tags on public.questions using gin (tags);
create trigger update_questions_updated_at before update on public.questions
    for each row execute function public.update_updated_at_column();

create table public.question_versions (
    id uuid primary key default gen_random_uuid(),
    question_id uuid not null,
    question_type text not null,
    course_id uuid references public.courses (id) on delete cascade,
    version integer not null check (version > 0),
    question_text text not null check (length(question_text) between 1 and 10000),
    question_html text check (length(question_html) <= 50000),
    answer_options jsonb not null default '[]',
    points numeric(5, 2) not null default 1 check (points >= 0 and points <> 'NaN'),
    hint text check (length(hint) <= 2000),
    image_url text check (length(image_url) <= 1024),
    video_url text check (length(video_url) <= 1024),
    used_at timestamptz,
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_question_version unique (question_id, version),
    constraint question_versions_id_type unique (id, question_type),
    constraint options_have_the_shape_of_their_type check (private.is_question(question_type, answer_options)),
    constraint question_versions_question foreign key (question_id, question_type)
        references public.questions (id, question_type) on delete cascade
);
comment on table public.question_versions is 'What a question asks, in one wording. Immutable from the first attempt that it was put in.';
comment on column public.question_versions.course_id is 'That of the question, for the policies; set by trigger.';
comment on column public.question_versions.used_at is 'When somebody was first asked it; immutable since.';
comment on column public.question_versions.points is 'What a quiz gives for it unless the quiz says otherwise.';
comment on column public.question_versions.answer_options is
    'Choices or things to order as [{id, text}], a matching as {left, right}, blanks as [{"id": "1"}]. Nothing here says what is right.';
create index idx_question_versions_question on public.question_versions (question_id, question_type);
create index idx_question_versions_course on public.question_versions (course_id);
create index idx_question_versions_created_by on public.question_versions (created_by);
create trigger update_question_versions_updated_at before update on public.question_versions
    for each row execute function public.update_updated_at_column();

create table public.question_keys (
    question_version_id uuid primary key,
    question_type text not null,
    course_id uuid references public.courses (id) on delete cascade,
    correct_answer jsonb,
    explanation text check (length(explanation) <= 10000),
    option_feedback jsonb not null default '{}' check (jsonb_typeof(option_feedback) = 'object' and length(option_feedback::text) <= 20000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint question_keys_version foreign key (question_version_id, question_type)
        references public.question_versions (id, question_type) on delete cascade
);
comment on table public.question_keys is
    'What is right, and why. For the instructors of the course and administrators; learners are shown of it what public.quiz_attempt_result allows.';
comment on column public.question_keys.correct_answer is
    'In the option ids of the version; null where a person grades. Its shape is checked by private.is_question_key.';
comment on column public.question_keys.option_feedback is 'Option id → what to say to whoever chose it.';
create index idx_question_keys_version on public.question_keys (question_version_id, question_type);
create index idx_question_keys_course on public.question_keys (course_id);
create trigger update_question_keys_updated_at before update on public.question_keys
    for each row execute function public.update_updated_at_column();

create function private.prepare_question_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        select q.question_type, q.course_id into new.question_type, new.course_id
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
comment on function private.prepare_question_version() is
    'Trigger: numbers a version, gives it the course and type of its question, and keeps its key fitting.';
create trigger prepare_question_version before insert or update of answer_options on public.question_versions
    for each row execute function private.prepare_question_version();

create function private.prepare_question_key() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_options jsonb;
begin
    -- The lock keeps the options as they are until the key is there.
    select v.question_type, v.course_id, v.answer_options into new.question_type, new.course_id, v_options
    from public.question_versions v where v.id = new.question_version_id for no key update;
    if found and not private.is_question_key(new.question_type, v_options, new.correct_answer) then
        perform private.refuse('CG422', 'no_such_key',
            'The correct answer does not fit the question: it must have the shape of its type and name options that there are.');
    end if;
    return new;
end
$$;
comment on function private.prepare_question_key() is 'Trigger: gives a key the course and type of its version and refuses one that does not fit.';
create trigger prepare_question_key before insert or update of correct_answer on public.question_keys
    for each row execute function private.prepare_question_key();

-- quizzes --------------------------------------------------------------------------------------------------

create table public.quizzes (
    id uuid primary key default gen_random_uuid(),
    course_id uuid references public.courses (id) on delete cascade,
    lesson_id uuid,
    of_course_id uuid not null references public.courses (id) on delete cascade,
    title text not null check (length(title) between 1 and 200),
    description text check (length(description) <= 5000),
    instructions text check (length(instructions) <= 10000),
    quiz_type text not null default 'formative'
        check (quiz_type in ('pre_assessment', 'formative', 'summative', 'final_exam', 'practice')),
    status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
    passing_score numeric(5, 2) not null default 70 check (passing_score between 0 and 100),
    max_attempts integer check (max_attempts > 0),
    require_passing boolean not null default false,
    is_mandatory boolean not null default false,
    time_limit_minutes integer check (time_limit_minutes between 1 and 10080),
    shuffle_questions boolean not null default true,
    shuffle_answers boolean not null default true,
    show_correct_answers text not null default 'after_submission'
        check (show_correct_answers in ('immediately', 'after_submission', 'after_deadline', 'never')),
    total_points numeric(8, 2) not null default 0 check (total_points >= 0 and total_points <> 'NaN'),
    available_from timestamptz,
    available_until timestamptz,
    ai_generated boolean not null default false,
    source_content_ids uuid[] not null default '{}' check (cardinality(source_content_ids) <= 200),
    attempts_count integer not null default 0 check (attempts_count >= 0),
    graded_count integer not null default 0 check (graded_count >= 0),
    passed_count integer not null default 0 check (passed_count between 0 and graded_count),
    score_sum numeric(14, 2) not null default 0 check (score_sum >= 0 and score_sum <> 'NaN'),
    avg_score numeric(5, 2) generated always as (case when graded_count > 0 then round(score_sum / graded_count, 2) end) stored,
    pass_rate numeric(5, 2) generated always as (case when graded_count > 0 then round(passed_count * 100.0 / graded_count, 2) end) stored,
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint a_quiz_belongs_to_a_lesson_or_a_course check (num_nonnulls(course_id, lesson_id) = 1),
    constraint the_course_of_a_quiz_is_one check (course_id is null or course_id = of_course_id),
    constraint quizzes_id_course unique (id, of_course_id),
    constraint quizzes_lesson foreign key (lesson_id, of_course_id) references public.lessons (id, course_id) on delete cascade,
    constraint quiz_window check (available_until > available_from),
    constraint answers_after_a_deadline_have_one check (show_correct_answers <> 'after_deadline' or available_until is not null)
);
comment on table public.quizzes is 'Assessment configuration with passing criteria, time limits, and retry policies. Counters are kept by the difference.';
comment on column public.quizzes.of_course_id is 'The course that it belongs to, itself or through its lesson; set by trigger, kept true by a composite foreign key.';
comment on column public.quizzes.passing_score is 'Percent of the points that passes; an attempt keeps the one that held when it began.';
comment on column public.quizzes.source_content_ids is
    'Content blocks that it was made from. An array, not rows: a note of where it came from that must outlive the blocks and that nothing looks up.';
comment on column public.quizzes.is_mandatory is 'Must be taken for the course to be complete; with require_passing it must be passed.';
create index idx_quizzes_course on public.quizzes (course_id);
create index idx_quizzes_lesson on public.quizzes (lesson_id, of_course_id);
create index idx_quizzes_of_course on public.quizzes (of_course_id, quiz_type);
create index idx_quizzes_type on public.quizzes (quiz_type);
create index idx_quizzes_open on public.quizzes (of_course_id) where status <> 'draft';
create index idx_quizzes_created_by on public.quizzes (created_by);
create trigger update_quizzes_updated_at before update on public.quizzes
    for each row execute function public.update_updated_at_column();

create function private.prepare_quiz() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    new.of_course_id := coalesce(new.course_id, (select l.course_id from public.lessons l where l.id = new.lesson_id));
    if num_nonnulls(new.course_id, new.lesson_id) <> 1 or new.of_course_id is null then
        perform private.refuse('CG422', 'lesson_or_course', 'A quiz belongs to a lesson or to a course: name exactly one that exists.');
    end if;
    return new;
end
$$;
comment on function private.prepare_quiz() is 'Trigger: finds the course that a quiz belongs to.';
create trigger prepare_quiz before insert or update of course_id, lesson_id on public.quizzes
    for each row execute function private.prepare_quiz();

-- quiz_questions -------------------------------------------------------------------------------------------

create table public.quiz_questions (
    id uuid primary key default gen_random_uuid(),
    quiz_id uuid not null,
    of_course_id uuid not null references public.courses (id) on delete cascade,
    question_order integer not null check (question_order > 0),
    question_version_id uuid references public.question_versions (id) on delete restrict,
    draw_tag text check (length(draw_tag) between 1 and 100),
    draw_count integer check (draw_count between 1 and 200),
    draw_from text not null default 'course' check (draw_from in ('course', 'shared')),
    section text check (length(section) between 1 and 200),
    points numeric(5, 2) not null default 1 check (points >= 0 and points <> 'NaN'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Reordering moves many rows in one statement.
    constraint unique_quiz_question_order unique (quiz_id, question_order) deferrable initially immediate,
    constraint a_question_once_in_a_quiz unique (quiz_id, question_version_id),
    constraint a_question_by_name_or_a_draw check (num_nonnulls(question_version_id, draw_tag) = 1),
    constraint a_draw_has_a_number check ((draw_tag is null) = (draw_count is null)),
    constraint quiz_questions_quiz foreign key (quiz_id, of_course_id) references public.quizzes (id, of_course_id) on delete cascade
);
comment on table public.quiz_questions is 'Which version stands where in which quiz and for how many points; or a draw of several questions with a tag.';
comment on column public.quiz_questions.points is 'For each question: a draw of three for two points makes six.';
comment on column public.quiz_questions.draw_from is 'Whose bank is drawn from: the course''s, or the one that all courses share.';
create index idx_quiz_questions_quiz on public.quiz_questions (quiz_id, of_course_id);
create index idx_quiz_questions_course on public.quiz_questions (of_course_id);
create index idx_quiz_questions_version on public.quiz_questions (question_version_id);
create trigger update_quiz_questions_updated_at before update on public.quiz_questions
    for each row execute function public.update_updated_at_column();

create function private.prepare_quiz_question() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select z.of_course_id into new.of_course_id from public.quizzes z where z.id = new.quiz_id;
    -- Whoever could place a question of another course could read it in a preview.
    if new.question_version_id is not null and new.of_course_id is not null and not exists (
        select 1 from public.question_versions v
        where v.id = new.question_version_id and coalesce(v.course_id, new.of_course_id) = new.of_course_id
    ) then
        perform private.refuse('CG422', 'question_of_another_course', 'There is no such question in this course''s bank or the shared one.');
    end if;
    return new;
end
$$;
comment on function private.prepare_quiz_question() is 'Trigger: gives a place in a quiz its course and refuses questions of another one.';
create trigger prepare_quiz_question before insert or update of quiz_id, question_version_id on public.quiz_questions
    for each row execute function private.prepare_quiz_question();

create function private.count_quiz_points() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        update public.quizzes set total_points = total_points - old.points * coalesce(old.draw_count, 1) where id = old.quiz_id;
    end if;
    if tg_op <> 'DELETE' then
        update public.quizzes set total_points = total_points + new.points * coalesce(new.draw_count, 1) where id = new.quiz_id;
    end if;
    return null;
end
$$;
comment on function private.count_quiz_points() is 'Trigger: keeps quizzes.total_points by the difference.';
create trigger trigger_count_quiz_points after insert or update of quiz_id, points, draw_count or delete on public.quiz_questions
    for each row execute function private.count_quiz_points();
