-- Attempts: what was asked of whom, what was answered, and what it was worth. Versions, points, order and deadline are
-- fixed at the start. Learners write none of it: the functions of the next migrations do.
-- Rollback: drop the tables and functions below.

create table public.quiz_accommodations (
    id uuid primary key default private.uuid_v7(),
    quiz_id uuid not null,
    enrollment_id uuid not null,
    course_id uuid not null,
    extra_minutes integer not null default 0 check (extra_minutes between 0 and 10080),
    extra_attempts integer not null default 0 check (extra_attempts between 0 and 100),
    available_until timestamptz,
    reason text not null check (length(reason) between 1 and 1000),
    granted_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_quiz_accommodation unique (quiz_id, enrollment_id),
    constraint quiz_accommodations_quiz foreign key (quiz_id, course_id) references public.quizzes (id, of_course_id) on delete cascade,
    constraint quiz_accommodations_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade
);
comment on table public.quiz_accommodations is 'More time, more attempts or a later end for one person in one quiz, and why.';
comment on column public.quiz_accommodations.available_until is 'In place of the quiz''s own end.';
create index idx_quiz_accommodations_quiz on public.quiz_accommodations (quiz_id, course_id);
create index idx_quiz_accommodations_enrollment on public.quiz_accommodations (enrollment_id, course_id);
create index idx_quiz_accommodations_course on public.quiz_accommodations (course_id);
create index idx_quiz_accommodations_granted_by on public.quiz_accommodations (granted_by);
create trigger update_quiz_accommodations_updated_at before update on public.quiz_accommodations
    for each row execute function public.update_updated_at_column();

create table public.quiz_attempts (
    id uuid primary key default private.uuid_v7(),
    quiz_id uuid not null,
    enrollment_id uuid not null,
    course_id uuid not null,
    member_id uuid not null references public.profiles (id) on delete restrict,
    attempt_number integer not null check (attempt_number > 0),
    status text not null default 'in_progress' check (status in ('in_progress', 'submitted', 'graded', 'expired', 'archived')),
    started_at timestamptz not null default now(),
    deadline_at timestamptz,
    submitted_at timestamptz,
    submitted_by text check (submitted_by in ('learner', 'deadline')),
    time_spent_seconds integer generated always as (floor(extract(epoch from submitted_at - started_at))::integer) stored,
    passing_score numeric(5, 2) not null check (passing_score between 0 and 100),
    total_points numeric(8, 2) not null default 0 check (total_points >= 0 and total_points <> 'NaN'),
    points_earned numeric(8, 2) check (points_earned between 0 and total_points),
    score numeric(5, 2) check (score between 0 and 100),
    passed boolean,
    ip_address inet,
    user_agent text check (length(user_agent) <= 400),
    graded_by uuid references public.profiles (id) on delete set null,
    graded_at timestamptz,
    instructor_feedback text check (length(instructor_feedback) <= 10000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_enrollment_quiz_attempt unique (enrollment_id, quiz_id, attempt_number),
    constraint quiz_attempts_id_course unique (id, course_id),
    constraint attempts_end_after_they_begin check (submitted_at >= started_at and deadline_at > started_at),
    constraint submitted_attempts_are_dated check (
        (status = 'in_progress') = (submitted_at is null) and (submitted_at is null) = (submitted_by is null)
    ),
    constraint graded_attempts_have_a_score check (
        num_nonnulls(score, points_earned, passed, graded_at) in (0, 4)
        and (status not in ('graded', 'archived') or score is not null)
        and (status not in ('in_progress', 'submitted') or score is null)
    ),
    constraint quiz_attempts_quiz foreign key (quiz_id, course_id) references public.quizzes (id, of_course_id) on delete restrict,
    constraint quiz_attempts_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete restrict
);
comment on table public.quiz_attempts is 'Quiz submission tracking with scoring, timing, and proctoring metadata. Never deleted.';
comment on column public.quiz_attempts.member_id is 'That of the enrollment, for the policies.';
comment on column public.quiz_attempts.deadline_at is 'By the server''s clock, fixed at the start; null without time limit and without end of the quiz.';
comment on column public.quiz_attempts.submitted_by is 'Whether the learner handed in or the deadline did.';
comment on column public.quiz_attempts.status is
    'submitted: something waits for a person''s grade. expired: ended at its deadline with nothing answered, and graded so.';
comment on column public.quiz_attempts.ip_address is 'As the signed-in browser was seen, from web_sessions; never what the caller says.';
comment on column public.quiz_attempts.passing_score is 'The quiz''s, as it was at the start.';
-- Two tabs begin one attempt.
create unique index idx_quiz_attempts_one_in_progress on public.quiz_attempts (enrollment_id, quiz_id) where status = 'in_progress';
create index idx_quiz_attempts_quiz on public.quiz_attempts (quiz_id, course_id);
create index idx_quiz_attempts_enrollment on public.quiz_attempts (enrollment_id, course_id);
create index idx_quiz_attempts_course on public.quiz_attempts (course_id);
create index idx_quiz_attempts_member on public.quiz_attempts (member_id, started_at desc);
create index idx_quiz_attempts_graded_by on public.quiz_attempts (graded_by);
create index idx_quiz_attempts_status on public.quiz_attempts (status) where status in ('in_progress', 'submitted');
create index idx_quiz_attempts_deadline on public.quiz_attempts (deadline_at) where status = 'in_progress';
create trigger update_quiz_attempts_updated_at before update on public.quiz_attempts
    for each row execute function public.update_updated_at_column();

create table private.attempt_questions (
    quiz_attempt_id uuid not null references public.quiz_attempts (id) on delete restrict,
    position integer not null check (position > 0),
    question_version_id uuid not null references public.question_versions (id) on delete restrict,
    points numeric(5, 2) not null check (points >= 0 and points <> 'NaN'),
    option_order jsonb not null default '[]',
    primary key (quiz_attempt_id, position),
    constraint a_question_once_in_an_attempt unique (quiz_attempt_id, question_version_id)
);
comment on table private.attempt_questions is
    'What an attempt asks: which version in which place for how many points, and its options in the order shown.';
comment on column private.attempt_questions.option_order is
    'Option ids as shown: the learner sees and answers with 1, 2, 3, because ids as an author writes them may tell what is right.';
create index idx_attempt_questions_version on private.attempt_questions (question_version_id);
alter table private.attempt_questions enable row level security;

create table public.quiz_answers (
    id uuid primary key default private.uuid_v7(),
    quiz_attempt_id uuid not null,
    position integer not null,
    question_id uuid not null references public.questions (id) on delete restrict,
    course_id uuid not null,
    answer_data jsonb not null check (length(answer_data::text) <= 100000),
    seq bigint not null check (seq >= 0),
    is_correct boolean,
    points_earned numeric(5, 2) check (points_earned between 0 and max_points),
    max_points numeric(5, 2) not null check (max_points >= 0 and max_points <> 'NaN'),
    answered_at timestamptz not null default now(),
    time_spent_seconds integer check (time_spent_seconds >= 0),
    automated_feedback text check (length(automated_feedback) <= 10000),
    instructor_feedback text check (length(instructor_feedback) <= 10000),
    revealed_at timestamptz,
    graded_by uuid references public.profiles (id) on delete set null,
    graded_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_attempt_answer unique (quiz_attempt_id, position),
    constraint quiz_answers_place foreign key (quiz_attempt_id, position)
        references private.attempt_questions (quiz_attempt_id, position) on delete restrict,
    constraint quiz_answers_attempt foreign key (quiz_attempt_id, course_id)
        references public.quiz_attempts (id, course_id) on delete restrict
);
comment on table public.quiz_answers is
    'Question-level response tracking enabling granular analytics and partial credit. Learners see it through functions, which know what may be shown when.';
comment on column public.quiz_answers.answer_data is 'As shown and given: options are 1, 2, 3 in the order of the attempt.';
comment on column public.quiz_answers.seq is 'The browser counts its saves; a late replay does not overwrite a newer answer.';
comment on column public.quiz_answers.points_earned is 'Null until graded.';
comment on column public.quiz_answers.revealed_at is
    'When the learner was shown what is right, which show_correct_answers = immediately allows; the answer is final since.';
create index idx_quiz_answers_attempt on public.quiz_answers (quiz_attempt_id, course_id);
create index idx_quiz_answers_question on public.quiz_answers (question_id);
create index idx_quiz_answers_course on public.quiz_answers (course_id);
create index idx_quiz_answers_graded_by on public.quiz_answers (graded_by);
-- Of answers that a person grades only those that wait are looked for.
create index idx_quiz_answers_correct on public.quiz_answers (course_id, answered_at) where points_earned is null;
create trigger update_quiz_answers_updated_at before update on public.quiz_answers
    for each row execute function public.update_updated_at_column();

create table public.quiz_grade_changes (
    id uuid primary key default private.uuid_v7(),
    quiz_attempt_id uuid not null,
    course_id uuid not null,
    position integer not null,
    reason text not null check (length(reason) between 1 and 1000),
    changed_by uuid references public.profiles (id) on delete set null,
    changed_at timestamptz not null default now(),
    points_before numeric(5, 2),
    points_after numeric(5, 2) not null,
    score_before numeric(5, 2),
    score_after numeric(5, 2),
    passed_before boolean,
    passed_after boolean,
    constraint quiz_grade_changes_place foreign key (quiz_attempt_id, position)
        references private.attempt_questions (quiz_attempt_id, position) on delete restrict,
    constraint quiz_grade_changes_attempt foreign key (quiz_attempt_id, course_id)
        references public.quiz_attempts (id, course_id) on delete restrict
);
comment on table public.quiz_grade_changes is 'Each grade that a person gave or that a corrected key changed: before, after and why. Append-only.';
create index idx_quiz_grade_changes_place on public.quiz_grade_changes (quiz_attempt_id, position);
create index idx_quiz_grade_changes_attempt on public.quiz_grade_changes (quiz_attempt_id, course_id);
create index idx_quiz_grade_changes_course on public.quiz_grade_changes (course_id);
create index idx_quiz_grade_changes_changed_by on public.quiz_grade_changes (changed_by);

create function private.prepare_quiz_accommodation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select z.of_course_id into new.course_id from public.quizzes z where z.id = new.quiz_id;
    return new;
end
$$;
comment on function private.prepare_quiz_accommodation() is 'Trigger: gives an accommodation the course of its quiz.';
create trigger prepare_quiz_accommodation before insert on public.quiz_accommodations
    for each row execute function private.prepare_quiz_accommodation();

-- A version is a record from the first attempt that it was put in -------------------------------------------

create function private.keep_used_version() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.refuse('CG409', 'version_used', 'Learners have been asked this version. Make a new version of the question instead.');
    return null;
end
$$;
comment on function private.keep_used_version() is 'Trigger: refuses to change a version that somebody has been asked.';
-- By a mark on the version, not by the rows of attempts: who edits and who starts at once meet at this row.
create trigger keep_used_version before update on public.question_versions
    for each row when (old.used_at is not null and (
        (old.question_text, old.question_html, old.answer_options, old.hint, old.image_url, old.video_url)
        is distinct from (new.question_text, new.question_html, new.answer_options, new.hint, new.image_url, new.video_url)
    ))
    execute function private.keep_used_version();

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.quiz_accommodations enable row level security;
alter table public.quiz_attempts enable row level security;
alter table public.quiz_answers enable row level security;
alter table public.quiz_grade_changes enable row level security;
revoke all on public.quiz_accommodations, public.quiz_attempts, public.quiz_answers, public.quiz_grade_changes,
    private.attempt_questions from anon, authenticated, service_role;
grant select, insert, update, delete on public.quiz_accommodations to service_role;
-- Evidence: nobody removes it, and grades go through functions that write down what they change.
grant select on public.quiz_attempts, public.quiz_answers, public.quiz_grade_changes, private.attempt_questions to service_role;
grant select on public.quiz_accommodations, public.quiz_answers, public.quiz_grade_changes to authenticated;
-- Not from where and with which browser: a manager sees what his people learn, not their machines.
grant select (id, quiz_id, enrollment_id, course_id, member_id, attempt_number, status, started_at, deadline_at, submitted_at, submitted_by,
    time_spent_seconds, passing_score, total_points, points_earned, score, passed, graded_by, graded_at, instructor_feedback, created_at,
    updated_at) on public.quiz_attempts to authenticated;
grant delete, insert (id, quiz_id, enrollment_id, extra_minutes, extra_attempts, available_until, reason),
    update (extra_minutes, extra_attempts, available_until, reason) on public.quiz_accommodations to authenticated;

create policy "Members view own accommodations" on public.quiz_accommodations for select to authenticated
    using (
        enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors grant accommodations" on public.quiz_accommodations for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change accommodations" on public.quiz_accommodations for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors withdraw accommodations" on public.quiz_accommodations for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Members can view own quiz attempts" on public.quiz_attempts for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Instructors view answers" on public.quiz_answers for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view changes of grades" on public.quiz_grade_changes for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
