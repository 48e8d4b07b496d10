-- Groups of an assignment, drafts of what is to be handed in, and for each submission the rule that its deduction came from.
-- Rollback: drop the tables, columns, triggers and functions below and their lines in private.audit_tables and
-- private.audit_exempt; restore the constraints of media_files and media_file_uses.

alter table public.assignments add column group_mode boolean not null default false;
comment on column public.assignments.group_mode is 'One hands in for his group. Stays as it is once somebody has handed in.';
grant insert (group_mode), update (group_mode) on public.assignments to authenticated;

create function private.keep_handed_in_assignment() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.refuse('CG409', 'assignment_handed_in',
        'Work has been handed in, so it stays as it is who hands in: each alone, or groups. Make a new assignment instead.');
    return null;
end
$$;
comment on function private.keep_handed_in_assignment() is 'Trigger: whose work it is does not change under what was handed in.';
create trigger keep_handed_in_assignment before update on public.assignments
    for each row when (old.submissions_count > 0 and old.group_mode is distinct from new.group_mode)
    execute function private.keep_handed_in_assignment();

-- Groups ---------------------------------------------------------------------------------------------------

create table public.assignment_groups (
    id uuid primary key default gen_random_uuid(),
    assignment_id uuid not null,
    course_id uuid not null,
    name text not null check (length(btrim(name)) between 1 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_assignment_group_name unique (assignment_id, name),
    constraint assignment_groups_id_assignment unique (id, assignment_id),
    constraint assignment_groups_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade
);
comment on table public.assignment_groups is 'Groups in which an assignment is done. One that has handed in stays as it is.';
create index idx_assignment_groups_assignment on public.assignment_groups (assignment_id, course_id);
create index idx_assignment_groups_course on public.assignment_groups (course_id);
create trigger update_assignment_groups_updated_at before update on public.assignment_groups
    for each row execute function public.update_updated_at_column();

create table public.assignment_group_members (
    id uuid primary key default gen_random_uuid(),
    group_id uuid not null,
    assignment_id uuid not null,
    course_id uuid not null,
    enrollment_id uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_group_an_assignment unique (assignment_id, enrollment_id),
    constraint assignment_group_members_group foreign key (group_id, assignment_id)
        references public.assignment_groups (id, assignment_id) on delete cascade,
    constraint assignment_group_members_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade,
    constraint assignment_group_members_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade
);
comment on table public.assignment_group_members is 'Who is in which group; a learner is in at most one of an assignment.';
create index idx_assignment_group_members_group on public.assignment_group_members (group_id, assignment_id);
create index idx_assignment_group_members_assignment on public.assignment_group_members (assignment_id, course_id);
create index idx_assignment_group_members_enrollment on public.assignment_group_members (enrollment_id, course_id);
create index idx_assignment_group_members_course on public.assignment_group_members (course_id);
create trigger update_assignment_group_members_updated_at before update on public.assignment_group_members
    for each row execute function public.update_updated_at_column();

create function private.prepare_group_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select a.course_id into new.course_id from public.assignments a where a.id = new.assignment_id;
    return new;
end
$$;
comment on function private.prepare_group_row() is 'Trigger: gives a group, or who is in it, the course of the assignment.';
create trigger prepare_group_row before insert on public.assignment_groups
    for each row execute function private.prepare_group_row();
create trigger prepare_group_row before insert on public.assignment_group_members
    for each row execute function private.prepare_group_row();

-- Submissions ----------------------------------------------------------------------------------------------

alter table public.assignment_submissions
    add column group_id uuid,
    add column submitted_by uuid,
    add column graded_apart boolean not null default false,
    add column penalty_due timestamptz,
    add column penalty_days integer,
    add column penalty_per_day numeric(5, 2),
    add column penalty_from integer;
alter table public.assignment_submissions
    add constraint assignment_submissions_group foreign key (group_id, assignment_id)
        references public.assignment_groups (id, assignment_id) on delete restrict not valid,
    add constraint assignment_submissions_submitted_by foreign key (submitted_by)
        references public.profiles (id) on delete set null not valid,
    add constraint penalties_say_their_rule check (
        num_nonnulls(penalty_days, penalty_per_day) in (0, 2) and penalty_days >= 0
        and penalty_per_day between 0 and 100 and penalty_from between 1 and submission_number - 1
    ) not valid;
alter table public.assignment_submissions validate constraint assignment_submissions_group;
alter table public.assignment_submissions validate constraint assignment_submissions_submitted_by;
alter table public.assignment_submissions validate constraint penalties_say_their_rule;
create index idx_assignment_submissions_group on public.assignment_submissions (group_id, assignment_id);
create index idx_assignment_submissions_submitted_by on public.assignment_submissions (submitted_by);
comment on column public.assignment_submissions.group_id is
    'The group that handed it in. Each of its members has a row with the same number and content.';
comment on column public.assignment_submissions.submitted_by is 'Who handed it in, for himself or for his group; null where that is not known.';
comment on column public.assignment_submissions.graded_apart is 'This member''s grade is his own: that of the group is not copied to him, nor his to the group.';
comment on column public.assignment_submissions.penalty_due is 'The deadline that the deduction was counted from; null where there was none.';
comment on column public.assignment_submissions.penalty_days is 'Started days of lateness that the deduction was counted by; null for work of before this was written down.';
comment on column public.assignment_submissions.penalty_per_day is 'Percentage points for each of these days, by the rule that held when it was handed in.';
comment on column public.assignment_submissions.penalty_from is
    'The number of the submission whose lateness this one keeps, because it was asked for in its place; null: its own.';

create function private.keep_group() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_groups uuid[] := array_remove(array[
        case when tg_op <> 'INSERT' then old.group_id end, case when tg_op <> 'DELETE' then new.group_id end
    ], null);
begin
    -- Not while the group hands in.
    perform 1 from public.assignment_groups g where g.id = any (v_groups) order by g.id for no key update;
    if exists (select 1 from public.assignment_submissions s where s.group_id = any (v_groups)) then
        perform private.refuse('CG409', 'group_handed_in',
            'This group has handed in, so who is in it stays as it is. Put the person into another group, or make a new one.');
    end if;
    return coalesce(new, old);
end
$$;
comment on function private.keep_group() is 'Trigger: who is in a group does not change once it has handed in.';
create trigger keep_group before insert or delete or update of group_id on public.assignment_group_members
    for each row execute function private.keep_group();

create function private.share_group_grade() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The copies find nothing that differs any more, and so this ends.
    update public.assignment_submissions s set
        status = new.status, points_earned = new.points_earned, graded_at = new.graded_at, graded_by = new.graded_by,
        rubric_scores = new.rubric_scores, instructor_feedback_html = new.instructor_feedback_html,
        late_penalty_applied = new.late_penalty_applied
    where s.group_id = new.group_id and s.assignment_id = new.assignment_id and s.submission_number = new.submission_number
      and s.id <> new.id and not s.graded_apart
      and (s.status, s.points_earned, s.graded_at, s.rubric_scores, s.instructor_feedback_html, s.late_penalty_applied)
          is distinct from (new.status, new.points_earned, new.graded_at, new.rubric_scores, new.instructor_feedback_html, new.late_penalty_applied);
    return null;
end
$$;
comment on function private.share_group_grade() is 'Trigger: the grade of one is that of his group, except for those who are graded apart.';
create trigger share_group_grade
    after update of status, points_earned, graded_at, rubric_scores, instructor_feedback_html, late_penalty_applied
    on public.assignment_submissions
    for each row when (new.group_id is not null and not new.graded_apart)
    execute function private.share_group_grade();

-- Drafts ---------------------------------------------------------------------------------------------------

create table public.assignment_drafts (
    id uuid primary key default private.uuid_v7(),
    assignment_id uuid not null,
    enrollment_id uuid not null,
    course_id uuid not null,
    draft_text text check (length(draft_text) <= 100000),
    draft_url text check (length(draft_url) <= 2048),
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_draft_an_assignment unique (assignment_id, enrollment_id),
    constraint assignment_drafts_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade,
    constraint assignment_drafts_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade
);
comment on table public.assignment_drafts is 'What somebody writes before he hands it in. Only he sees it; it goes when he hands in.';
comment on column public.assignment_drafts.revision is 'Goes up with each save, so that of two tabs the older one overwrites nothing.';
create index idx_assignment_drafts_assignment on public.assignment_drafts (assignment_id, course_id);
create index idx_assignment_drafts_enrollment on public.assignment_drafts (enrollment_id, course_id);
create trigger update_assignment_drafts_updated_at before update on public.assignment_drafts
    for each row execute function public.update_updated_at_column();

-- Files ----------------------------------------------------------------------------------------------------

alter table public.media_files add column assignment_id uuid;
alter table public.media_files add constraint media_files_assignment foreign key (assignment_id)
    references public.assignments (id) on delete set null not valid;
alter table public.media_files validate constraint media_files_assignment;
create index idx_media_files_assignment on public.media_files (assignment_id, owner_id);
comment on column public.media_files.assignment_id is 'The assignment that a learner uploaded it for.';
alter table public.media_files drop constraint media_files_purpose_check;
alter table public.media_files add constraint media_files_purpose_check check (purpose in (
    'lesson_image', 'lesson_video', 'attachment', 'lesson_pdf', 'captions', 'thumbnail', 'collection', 'package', 'submission'
)) not valid;
alter table public.media_files validate constraint media_files_purpose_check;
alter table public.media_file_uses drop constraint media_file_uses_place_check;
alter table public.media_file_uses add constraint media_file_uses_place_check check (place in (
    'block', 'course', 'video', 'attachment', 'collection', 'document', 'question', 'explanation', 'submission', 'assignment'
)) not valid;
alter table public.media_file_uses validate constraint media_file_uses_place_check;
comment on column public.media_file_uses.place is
    'block: content_blocks. course: the picture, film or syllabus of courses. video: lesson_videos. attachment: lesson_attachments. collection: videos. '
    'document: lesson_documents. question: question_versions. explanation: question_keys. submission: assignment_submissions. assignment: the instructions of assignments.';

create function private.note_submission_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.put_file_uses('submission', new.id, new.course_id, null, array(
        select f.id from jsonb_array_elements(new.file_attachments) a join public.media_files f on f.storage_key = a ->> 'file_key'
    ));
    return null;
end
$$;
comment on function private.note_submission_files() is 'Trigger: what was handed in is a use of its files, so that nobody deletes them.';
create trigger note_submission_files after insert on public.assignment_submissions
    for each row when (new.file_attachments <> '[]') execute function private.note_submission_files();

create function private.note_assignment_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('assignment', old.id, null, null, '{}');
    else
        perform private.put_file_uses('assignment', new.id, new.course_id, null, private.files_in(coalesce(new.instructions_html, '')));
    end if;
    return null;
end
$$;
comment on function private.note_assignment_files() is 'Trigger: keeps media_file_uses for the pictures in an assignment''s instructions.';
create trigger note_assignment_files after insert or delete or update of instructions_html on public.assignments
    for each row execute function private.note_assignment_files();
alter policy "People view uses of their files and in what is open to them" on public.media_file_uses
    using (
        owner_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (place = 'block' and exists (select 1 from public.content_blocks b where b.id = ref_id))
        or (place = 'course' and exists (select 1 from public.courses c where c.id = ref_id))
        or (place = 'question' and (
            ref_id = any (array(select private.my_asked_version_ids()))
            or exists (select 1 from public.question_versions v where v.id = ref_id)
        ))
        or (place = 'explanation' and (
            ref_id = any (array(select private.my_answered_version_ids()))
            or exists (select 1 from public.question_keys k where k.question_version_id = ref_id)
        ))
        or (place = 'assignment' and exists (select 1 from public.assignments a where a.id = ref_id))
    );

create or replace function private.file_uses_in_words(p_file uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select string_agg(w.words, ', ' order by w.words) from (
        select distinct case
            when u.place in ('question', 'explanation') then 'a question' || coalesce(' of the course "' || c.title || '"', '')
            when u.place = 'submission' then 'work that was handed in' || coalesce(' in "' || c.title || '"', '')
            when u.place = 'assignment' then 'an assignment' || coalesce(' of the course "' || c.title || '"', '')
            else coalesce('the lesson "' || l.title || '"', 'the course "' || c.title || '"', 'a collection')
        end as words
        from public.media_file_uses u
        left join public.lessons l on l.id = u.lesson_id
        left join public.courses c on c.id = u.course_id
        where u.file_id = p_file
        order by 1 limit 5
    ) w
$$;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.assignment_groups enable row level security;
alter table public.assignment_group_members enable row level security;
alter table public.assignment_drafts enable row level security;
revoke all on public.assignment_groups, public.assignment_group_members, public.assignment_drafts from anon, authenticated, service_role;
grant select, insert, update, delete on public.assignment_groups, public.assignment_group_members to service_role;
grant select, delete on public.assignment_groups, public.assignment_group_members to authenticated;
grant insert (id, assignment_id, name), update (name) on public.assignment_groups to authenticated;
grant insert (group_id, assignment_id, enrollment_id), update (group_id) on public.assignment_group_members to authenticated;
grant select on public.assignment_drafts to authenticated;

-- Which groups there are is known in the course; who else is in one's own group is told by a function.
create policy "Learners view groups of their courses" on public.assignment_groups for select to authenticated
    using (course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors make groups" on public.assignment_groups for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors rename groups" on public.assignment_groups for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove groups" on public.assignment_groups for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Learners view their own places in groups" on public.assignment_group_members for select to authenticated
    using (enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors put people into groups" on public.assignment_group_members for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors move people" on public.assignment_group_members for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors take people out of groups" on public.assignment_group_members for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Learners view their own drafts" on public.assignment_drafts for select to authenticated
    using (enrollment_id = any (array(select private.my_enrollment_ids())));

select private.audit_table('assignment_groups', 'log_assignment_group_changes');
select private.audit_table('assignment_group_members', 'log_assignment_group_member_changes', 'enrollment_id > enrollments.member_id');
insert into private.audit_exempt (table_name, reason) values
    ('assignment_drafts', 'Not handed in yet; what is handed in is logged in assignment_submissions.');
