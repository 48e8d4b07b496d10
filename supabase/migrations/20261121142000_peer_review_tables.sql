-- Peer review: how it is held in an assignment, how each work stands, the samples by which reviewers are calibrated, drafts.
-- Rollback: drop the tables, triggers and functions below and the new columns of assignment_reviews.

alter table public.assignment_submissions add column if not exists group_id uuid;

alter table public.assignment_reviews
    add column weight numeric(4, 3) not null default 1,
    add column withdrawn_for text,
    add column reminded_at timestamptz,
    add column left_out_at timestamptz,
    add column left_out_by uuid references public.profiles (id) on delete set null,
    add column left_out_reason text;
alter table public.assignment_reviews
    add constraint assignment_reviews_weight check (weight > 0 and weight <= 1) not valid,
    add constraint assignment_reviews_withdrawn_for check (
        withdrawn_for is null or (withdrawn_for in ('timeout', 'instructor', 'off') and status = 'withdrawn')
    ) not valid,
    add constraint left_out_with_a_reason check (
        num_nonnulls(left_out_at, left_out_reason) in (0, 2) and length(btrim(left_out_reason)) between 1 and 1000
    ) not valid,
    add constraint assignment_reviews_id_reviewer unique (id, reviewer_id);
alter table public.assignment_reviews validate constraint assignment_reviews_weight;
alter table public.assignment_reviews validate constraint assignment_reviews_withdrawn_for;
alter table public.assignment_reviews validate constraint left_out_with_a_reason;
comment on column public.assignment_reviews.weight is 'What a peer''s review counts in the mean, from his calibration when he wrote it: greatest(0.1, 1 - 2 * how far he was off).';
comment on column public.assignment_reviews.withdrawn_for is 'timeout: not written in time; instructor: taken away; off: peer review was switched off.';
comment on column public.assignment_reviews.left_out_at is 'When an instructor left a peer''s review out as unfair: its author does not read it and the mean leaves it out.';
create index idx_assignment_reviews_left_out_by on public.assignment_reviews (left_out_by);
create index idx_assignment_reviews_open on public.assignment_reviews (due_at) where status = 'assigned' and review_type = 'peer';
update private.audit_tables set personal_columns = personal_columns || '{left_out_reason}' where table_name = 'assignment_reviews';

-- Settings -------------------------------------------------------------------------------------------------

create table public.peer_review_settings (
    assignment_id uuid primary key,
    course_id uuid not null,
    wait_hours integer not null default 0 check (wait_hours between 0 and 720),
    review_days integer not null default 7 check (review_days between 1 and 60),
    passes integer not null default 2 check (passes between 0 and 5),
    pass_days integer not null default 3 check (pass_days between 1 and 30),
    extra_reviews integer not null default 2 check (extra_reviews between 0 and 10),
    grade_share numeric(5, 2) not null default 0 check (grade_share between 0 and 100),
    calibration boolean not null default false,
    allotted_at timestamptz,
    ends_at timestamptz,
    stepped_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint begins_and_ends check (num_nonnulls(allotted_at, ends_at) in (0, 2) and coalesce(ends_at > allotted_at, true)),
    constraint peer_review_settings_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade
);
comment on table public.peer_review_settings is 'How peers review each other in an assignment. One row comes when peer review is switched on, and stays.';
comment on column public.peer_review_settings.wait_hours is 'Hours between the deadline and the allotment, for extensions and late work. Extensions themselves do not move the allotment.';
comment on column public.peer_review_settings.review_days is 'Days that somebody has for the reviews that he is given first; also how long later work still joins.';
comment on column public.peer_review_settings.passes is 'How often a review that was not written is passed on, on average over the reviews of a work.';
comment on column public.peer_review_settings.pass_days is 'Days that somebody has for a review that was passed on to him.';
comment on column public.peer_review_settings.extra_reviews is 'How many reviews more than his share somebody is given at most, when he has written all of his.';
comment on column public.peer_review_settings.grade_share is 'Percent of the grade that the reviewers'' mean is once an instructor confirms it; 0: the reviews only inform.';
comment on column public.peer_review_settings.ends_at is 'Nothing is given or waited for after it. Fixed when the works are allotted.';
comment on column public.peer_review_settings.stepped_at is 'When time-outs and gaps were last looked at.';
create index idx_peer_review_settings_assignment on public.peer_review_settings (assignment_id, course_id);
create index idx_peer_review_settings_course on public.peer_review_settings (course_id);
create index idx_peer_review_settings_waiting on public.peer_review_settings (assignment_id) where allotted_at is null;
create trigger update_peer_review_settings_updated_at before update on public.peer_review_settings
    for each row execute function public.update_updated_at_column();

create function private.keep_peer_settings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.peer_review_settings (assignment_id, course_id) values (new.id, new.course_id) on conflict do nothing;
    return null;
end
$$;
comment on function private.keep_peer_settings() is 'Trigger: gives an assignment that peers review its settings.';
create trigger keep_peer_settings after insert or update of enable_peer_review on public.assignments
    for each row when (new.enable_peer_review) execute function private.keep_peer_settings();
-- What was allotted before goes on: a week more for what has no deadline, and then the same end as for others.
insert into public.peer_review_settings (assignment_id, course_id, allotted_at, ends_at)
select a.id, a.course_id, g.began, case when g.began is not null then now() + interval '20 days' end
from public.assignments a
cross join lateral (
    select min(r.assigned_at) as began from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
    where s.assignment_id = a.id and r.review_type = 'peer'
) g
where a.enable_peer_review;
update public.assignment_reviews set due_at = now() + interval '7 days'
where review_type = 'peer' and status = 'assigned' and (due_at is null or due_at < now());

-- How each work stands ---------------------------------------------------------------------------------------

create table public.peer_review_states (
    submission_id uuid primary key,
    assignment_id uuid not null,
    course_id uuid not null,
    unit_id uuid not null,
    required integer not null check (required between 1 and 20),
    received integer not null default 0 check (received >= 0),
    state text not null default 'waiting' check (state in ('waiting', 'complete', 'fallback')),
    reason text check (length(reason) between 1 and 300),
    joined_at timestamptz not null,
    settled_at timestamptz,
    peer_points numeric(8, 2) check (peer_points >= 0 and peer_points <> 'NaN'),
    own_points numeric(8, 2) check (own_points >= 0 and own_points <> 'NaN'),
    grade_share numeric(5, 2) check (grade_share between 0 and 100),
    confirmed_at timestamptz,
    confirmed_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_work_of_each unique (assignment_id, unit_id),
    constraint complete_when_all_came check ((state = 'complete') = (received >= required)),
    constraint fallbacks_have_a_reason check ((state = 'fallback') = (reason is not null)),
    constraint settled_is_dated check ((state = 'waiting') = (settled_at is null)),
    constraint confirmed_with_figures check (num_nonnulls(peer_points, grade_share, confirmed_at) in (0, 3)),
    constraint peer_review_states_submission foreign key (submission_id, course_id)
        references public.assignment_submissions (id, course_id) on delete restrict,
    constraint peer_review_states_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete restrict
);
comment on table public.peer_review_states is 'Each work that peers review: waiting, complete, or fallback: the instructor reviews it, and why. One row for a group.';
comment on column public.peer_review_states.submission_id is 'What is reviewed: the last that was handed in before the allotment. What comes after it replaces nothing.';
comment on column public.peer_review_states.unit_id is 'The group, or the person: nobody reviews the work of his own unit.';
comment on column public.peer_review_states.required is 'Reviews that the work was promised when it joined.';
comment on column public.peer_review_states.received is 'Reviews that came and were not left out; kept by the difference.';
comment on column public.peer_review_states.peer_points is 'The reviewers'' weighted mean that an instructor confirmed; own_points and grade_share are the rest of the sum.';
create index idx_peer_review_states_submission on public.peer_review_states (submission_id, course_id);
create index idx_peer_review_states_assignment on public.peer_review_states (assignment_id, course_id);
create index idx_peer_review_states_course on public.peer_review_states (course_id);
create index idx_peer_review_states_waiting on public.peer_review_states (assignment_id) where state = 'waiting';
create index idx_peer_review_states_confirmed_by on public.peer_review_states (confirmed_by);
create trigger update_peer_review_states_updated_at before update on public.peer_review_states
    for each row execute function public.update_updated_at_column();

create function private.counts_as_peer_review(p_review public.assignment_reviews) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select p_review.review_type = 'peer' and p_review.status = 'completed' and p_review.left_out_at is null $$;
comment on function private.counts_as_peer_review(public.assignment_reviews) is 'Whether a review is a peer''s, written, and not left out.';

create function private.follow_peer_review() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_change integer := private.counts_as_peer_review(new)::integer
        - case when tg_op = 'UPDATE' then private.counts_as_peer_review(old)::integer else 0 end;
begin
    if v_change <> 0 then
        update public.peer_review_states s set
            received = s.received + v_change,
            state = n.state,
            reason = case when n.state = 'fallback' then s.reason end,
            settled_at = case when n.state <> 'waiting' then coalesce(s.settled_at, now()) end
        from (
            select o.submission_id, case when o.received + v_change >= o.required then 'complete'
                when o.state = 'complete' then 'waiting' else o.state end as state
            from public.peer_review_states o where o.submission_id = new.submission_id for no key update
        ) n
        where s.submission_id = n.submission_id;
    end if;
    return null;
end
$$;
comment on function private.follow_peer_review() is 'Trigger: counts a work''s reviews by the difference and says when they are complete.';
create trigger follow_peer_review after insert or update of status, review_type, left_out_at on public.assignment_reviews
    for each row execute function private.follow_peer_review();

-- Calibration and drafts -------------------------------------------------------------------------------------

create table public.peer_samples (
    id uuid primary key default private.uuid_v7(),
    assignment_id uuid not null,
    course_id uuid not null,
    position smallint not null check (position between 1 and 3),
    submission_id uuid,
    sample_text text check (length(btrim(sample_text)) between 1 and 50000),
    points numeric(8, 2) not null check (points >= 0 and points <> 'NaN'),
    rubric_scores jsonb check (jsonb_typeof(rubric_scores) = 'object'),
    feedback text not null default '' check (length(feedback) <= 5000),
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    constraint one_sample_a_place unique (assignment_id, position) deferrable,
    constraint a_work_or_a_text check (num_nonnulls(submission_id, sample_text) = 1),
    constraint peer_samples_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade,
    constraint peer_samples_submission foreign key (submission_id, course_id)
        references public.assignment_submissions (id, course_id) on delete restrict
);
comment on table public.peer_samples is 'Works or texts that the instructor has marked and that each reviewer marks first. Learners read them by a function, the marks after their own.';
create index idx_peer_samples_assignment on public.peer_samples (assignment_id, course_id);
create index idx_peer_samples_submission on public.peer_samples (submission_id, course_id);
create index idx_peer_samples_course on public.peer_samples (course_id);
create index idx_peer_samples_created_by on public.peer_samples (created_by);

create table public.peer_calibrations (
    id uuid primary key default private.uuid_v7(),
    sample_id uuid not null references public.peer_samples (id) on delete restrict,
    course_id uuid not null references public.courses (id) on delete cascade,
    reviewer_id uuid not null references public.profiles (id) on delete restrict,
    points numeric(8, 2) not null check (points >= 0 and points <> 'NaN'),
    rubric_scores jsonb check (jsonb_typeof(rubric_scores) = 'object'),
    off numeric(5, 4) not null check (off between 0 and 1),
    completed_at timestamptz not null default now(),
    constraint one_calibration_of_each unique (sample_id, reviewer_id)
);
comment on table public.peer_calibrations is 'What a reviewer gave a sample, and how far that is from the instructor''s mark. Never changed.';
comment on column public.peer_calibrations.off is 'The sum of what he differs by, criterion by criterion, as a share of all points.';
create index idx_peer_calibrations_course on public.peer_calibrations (course_id);
create index idx_peer_calibrations_reviewer on public.peer_calibrations (reviewer_id);

create table public.peer_review_drafts (
    review_id uuid primary key,
    reviewer_id uuid not null,
    points numeric(8, 2) check (points between 0 and 999999),
    rubric_scores jsonb check (jsonb_typeof(rubric_scores) = 'object' and length(rubric_scores::text) <= 20000),
    feedback text not null default '' check (length(feedback) <= 20000),
    saved_at timestamptz not null default now(),
    constraint peer_review_drafts_review foreign key (review_id, reviewer_id)
        references public.assignment_reviews (id, reviewer_id) on delete cascade on update cascade
);
comment on table public.peer_review_drafts is 'What a reviewer has written so far. Only he reads it; it goes when the review is handed in or passed on.';
create index idx_peer_review_drafts_review on public.peer_review_drafts (review_id, reviewer_id);
create index idx_peer_review_drafts_reviewer on public.peer_review_drafts (reviewer_id);

-- Row-level security and audit -------------------------------------------------------------------------------

alter table public.peer_review_settings enable row level security;
alter table public.peer_review_states enable row level security;
alter table public.peer_samples enable row level security;
alter table public.peer_calibrations enable row level security;
alter table public.peer_review_drafts enable row level security;
revoke all on public.peer_review_settings, public.peer_review_states, public.peer_samples, public.peer_calibrations,
    public.peer_review_drafts from anon, authenticated, service_role;
grant select on public.peer_review_settings, public.peer_review_states, public.peer_samples, public.peer_calibrations,
    public.peer_review_drafts to authenticated, service_role;
grant update (wait_hours, review_days, passes, pass_days, extra_reviews, grade_share, calibration) on public.peer_review_settings
    to authenticated;

-- Learners may know when reviewing ends and what it counts.
create policy "Members view peer review settings of their courses" on public.peer_review_settings for select to authenticated
    using (
        course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors change peer review settings" on public.peer_review_settings for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view how works stand" on public.peer_review_states for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view samples" on public.peer_samples for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Reviewers view own calibration" on public.peer_calibrations for select to authenticated
    using (
        reviewer_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Reviewers view own drafts" on public.peer_review_drafts for select to authenticated
    using (reviewer_id = (select auth.uid()));

select private.audit_table('peer_review_settings', 'log_peer_review_setting_changes', p_ignored => '{stepped_at}');
select private.audit_table('peer_review_states', 'log_peer_review_state_changes', p_ignored => '{received}');
select private.audit_table('peer_samples', 'log_peer_sample_changes', 'created_by', p_personal => '{sample_text,feedback}');
select private.audit_table('peer_calibrations', 'log_peer_calibration_changes', 'reviewer_id', p_personal => '{rubric_scores}');
insert into private.audit_exempt (table_name, reason) values
    ('peer_review_drafts', 'What is written before it is handed in; the review itself is logged.');
