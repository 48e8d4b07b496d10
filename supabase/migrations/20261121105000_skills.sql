-- Personal learning: skills and what teaches them, what is estimated of a person, and his roadmap with its reasons. Only the
-- system estimates and plans; a learner pauses, skips and reads.
-- Rollback: drop the tables, functions and types below, and the constraints added to profiles.

create type public.roadmap_status as enum ('active', 'completed', 'paused');
create type public.progress_status as enum ('not_started', 'in_progress', 'completed', 'blocked');

-- profiles.learning_preferences ----------------------------------------------------------------------------

create function private.is_learning_preferences(p_preferences jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- An array is not looked into before it is known to be one.
    select coalesce(case when jsonb_typeof(p_preferences) = 'object' then
        p_preferences - array['preferred_pace', 'preferred_media_types', 'learning_style'] = '{}'
        and coalesce(p_preferences -> 'preferred_pace', '"slow"') in ('"slow"', '"medium"', '"fast"')
        and coalesce(p_preferences -> 'learning_style', '"mixed"') in ('"visual"', '"auditory"', '"kinesthetic"', '"mixed"')
        and case when p_preferences ? 'preferred_media_types' then
            jsonb_typeof(p_preferences -> 'preferred_media_types') = 'array'
            and p_preferences -> 'preferred_media_types' <@ '["rich_text", "image", "video", "file", "youtube"]'
            and jsonb_array_length(
                case when jsonb_typeof(p_preferences -> 'preferred_media_types') = 'array'
                    then p_preferences -> 'preferred_media_types' else '[]' end
            ) <= 5
        else true end
    end, false)
$$;
comment on function private.is_learning_preferences(jsonb) is
    'Whether preferences have their shape: preferred_pace, preferred_media_types, learning_style, each with its values; none is required.';
grant execute on function private.is_learning_preferences(jsonb) to authenticated, service_role;

-- Nothing read them until now; what has another shape says nothing.
update public.profiles set learning_preferences = '{}' where not private.is_learning_preferences(learning_preferences);
alter table public.profiles add constraint learning_preferences_have_their_shape
    check (private.is_learning_preferences(learning_preferences)) not valid;
alter table public.profiles validate constraint learning_preferences_have_their_shape;
-- A name of a language has no end by its form alone, and every page reads it.
alter table public.profiles add constraint locales_have_a_length check (length(locale) <= 35) not valid;
alter table public.profiles validate constraint locales_have_a_length;

-- skills ---------------------------------------------------------------------------------------------------

create table public.skills (
    id uuid primary key default gen_random_uuid(),
    code text not null unique check (code ~ '^[a-z0-9]+([._-][a-z0-9]+)*$' and length(code) <= 60),
    name text not null check (length(name) between 1 and 120),
    description text not null default '' check (length(description) <= 2000),
    parent_id uuid references public.skills (id) on delete restrict,
    tags text[] not null default '{}' check (cardinality(tags) <= 30 and length(array_to_string(tags, ',')) <= 1000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint skill_is_part_of_another check (parent_id <> id)
);
comment on table public.skills is 'What can be learnt and measured. Questions measure a skill when they carry one of its tags.';
comment on column public.skills.parent_id is 'The wider skill that this one is a part of.';
create index idx_skills_parent on public.skills (parent_id);
create trigger update_skills_updated_at before update on public.skills
    for each row execute function public.update_updated_at_column();

create table public.skill_prerequisites (
    skill_id uuid not null references public.skills (id) on delete cascade,
    prerequisite_id uuid not null references public.skills (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (skill_id, prerequisite_id),
    constraint skill_needs_another check (skill_id <> prerequisite_id)
);
comment on table public.skill_prerequisites is 'Which skill should be there before which. Without circles.';
create index idx_skill_prerequisites_prerequisite on public.skill_prerequisites (prerequisite_id);

create function private.refuse_skill_circle() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Two halves of a circle written at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('skills', 0));
    if tg_table_name = 'skills' then
        if exists (
            with recursive above (id) as (
                select new.parent_id
                union
                select s.parent_id from above a join public.skills s on s.id = a.id
            )
            select 1 from above where id = new.id
        ) then
            perform private.refuse('CG422', 'skill_circle', 'This would make a circle: each skill would be a part of the other.');
        end if;
    elsif exists (
        with recursive needed (id) as (
            select new.prerequisite_id
            union
            select p.prerequisite_id from needed n join public.skill_prerequisites p on p.skill_id = n.id
        )
        select 1 from needed where id = new.skill_id
    ) then
        perform private.refuse('CG422', 'skill_circle', 'This would make a circle: each skill would have to be learnt before the other.');
    end if;
    return null;
end
$$;
comment on function private.refuse_skill_circle() is 'Trigger: refuses wider skills and prerequisites that go round in a circle.';
create constraint trigger skills_without_circle after insert or update of parent_id on public.skills
    for each row when (new.parent_id is not null) execute function private.refuse_skill_circle();
create constraint trigger skill_prerequisites_without_circle after insert or update on public.skill_prerequisites
    for each row execute function private.refuse_skill_circle();

create table public.lesson_skills (
    lesson_id uuid not null,
    course_id uuid not null,
    skill_id uuid not null references public.skills (id) on delete cascade,
    weight numeric(4, 3) not null default 1 check (weight > 0 and weight <= 1),
    created_at timestamptz not null default now(),
    primary key (lesson_id, skill_id),
    constraint lesson_skills_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_skills is 'Which lesson teaches which skill.';
comment on column public.lesson_skills.weight is 'How much of the lesson is about the skill: 1 is all of it.';
create index idx_lesson_skills_lesson on public.lesson_skills (lesson_id, course_id);
create index idx_lesson_skills_course on public.lesson_skills (course_id);
create index idx_lesson_skills_skill on public.lesson_skills (skill_id);

create table public.skill_estimates (
    member_id uuid not null references public.profiles (id) on delete cascade,
    skill_id uuid not null references public.skills (id) on delete restrict,
    mastery numeric(5, 4) not null check (mastery between 0 and 1),
    uncertainty numeric(5, 4) not null check (uncertainty between 0 and 1),
    evidence_count integer not null default 0 check (evidence_count >= 0),
    rule_version text not null check (length(rule_version) between 1 and 80),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (member_id, skill_id)
);
comment on table public.skill_estimates is
    'What the system believes of a person''s skill, and how surely. Follows from evidence; for the person himself and administrators only.';
comment on column public.skill_estimates.rule_version is 'The rule or model, with its version, that gave the figures.';
create index idx_skill_estimates_skill on public.skill_estimates (skill_id);
create trigger update_skill_estimates_updated_at before update on public.skill_estimates
    for each row execute function public.update_updated_at_column();

-- personalized_roadmaps ------------------------------------------------------------------------------------

create table public.personalized_roadmaps (
    id uuid primary key default gen_random_uuid(),
    student_id uuid not null references public.profiles (id) on delete cascade,
    ai_reasoning text not null check (length(btrim(ai_reasoning)) > 0 and length(ai_reasoning) <= 10000),
    rule_version text not null check (length(rule_version) between 1 and 80),
    status public.roadmap_status not null default 'active',
    generated_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint personalized_roadmaps_id_student unique (id, student_id)
);
comment on table public.personalized_roadmaps is 'A path of learning for one person. Its steps are rows of roadmap_steps; roadmap_details shows them as one document.';
comment on column public.personalized_roadmaps.ai_reasoning is 'Why this path, in words for the person.';
create index idx_personalized_roadmaps_student on public.personalized_roadmaps (student_id, generated_at desc);
create unique index idx_personalized_roadmaps_one_active on public.personalized_roadmaps (student_id) where status = 'active';
create trigger update_personalized_roadmaps_updated_at before update on public.personalized_roadmaps
    for each row execute function public.update_updated_at_column();

create table public.roadmap_steps (
    id uuid primary key default gen_random_uuid(),
    roadmap_id uuid not null,
    student_id uuid not null,
    step_order integer not null check (step_order > 0),
    lesson_id uuid references public.lessons (id) on delete cascade,
    course_id uuid references public.courses (id) on delete cascade,
    skill_id uuid references public.skills (id) on delete set null,
    gap text not null check (length(btrim(gap)) > 0 and length(gap) <= 1000),
    evidence jsonb not null check (jsonb_typeof(evidence) = 'object' and evidence <> '{}' and length(evidence::text) <= 4000),
    rule text not null check (length(btrim(rule)) > 0 and length(rule) <= 500),
    alternative text not null check (length(btrim(alternative)) > 0 and length(alternative) <= 1000),
    skipped_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint roadmap_steps_roadmap foreign key (roadmap_id, student_id)
        references public.personalized_roadmaps (id, student_id) on delete cascade,
    constraint roadmap_steps_order unique (roadmap_id, step_order) deferrable initially immediate,
    constraint step_leads_to_one_thing check (num_nonnulls(lesson_id, course_id) = 1)
);
comment on table public.roadmap_steps is
    'The steps of a roadmap, each with its reasons. How far the person is follows from his progress: see roadmap_details.';
comment on column public.roadmap_steps.student_id is 'Follows from roadmap_id; the composite foreign key keeps it true.';
comment on column public.roadmap_steps.gap is 'What is missing.';
comment on column public.roadmap_steps.evidence is 'What shows that it is missing: an object that is not empty.';
comment on column public.roadmap_steps.rule is 'The rule that chose this step.';
comment on column public.roadmap_steps.alternative is 'What would do instead.';
create index idx_roadmap_steps_roadmap on public.roadmap_steps (roadmap_id, student_id);
create index idx_roadmap_steps_student on public.roadmap_steps (student_id);
create index idx_roadmap_steps_lesson on public.roadmap_steps (lesson_id);
create index idx_roadmap_steps_course on public.roadmap_steps (course_id);
create index idx_roadmap_steps_skill on public.roadmap_steps (skill_id);
create trigger update_roadmap_steps_updated_at before update on public.roadmap_steps
    for each row execute function public.update_updated_at_column();

create function private.is_step_done(p_student uuid, p_lesson uuid, p_course uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_course is not null then
        return exists (
            select 1 from public.enrollments e
            where e.member_id = p_student and e.course_id = p_course and e.completed_at is not null
        );
    end if;
    -- By the keys of both tables, however many people they hold.
    return exists (
        select 1
        from public.lessons l
        join public.enrollments e on e.member_id = p_student and e.course_id = l.course_id
        cross join lateral (
            select 1 from public.lesson_progress p
            where p.enrollment_id = e.id and p.lesson_id = l.id and p.status = 'completed' limit 1
        ) p
        where l.id = p_lesson
    );
end
$$;
comment on function private.is_step_done(uuid, uuid, uuid) is 'Whether a person has completed what a step of his roadmap leads to: a lesson or a course.';

create function private.complete_roadmaps(p_student uuid, p_done uuid default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_completed integer;
begin
    update public.personalized_roadmaps r set status = 'completed'
    where r.student_id = p_student and r.status <> 'completed'
      and exists (select 1 from public.roadmap_steps s where s.roadmap_id = r.id)
      and not exists (
          select 1 from public.roadmap_steps s
          where s.roadmap_id = r.id and s.skipped_at is null
            and coalesce(s.lesson_id, s.course_id) is distinct from p_done
            and not private.is_step_done(s.student_id, s.lesson_id, s.course_id)
      );
    get diagnostics v_completed = row_count;
    return v_completed;
end
$$;
comment on function private.complete_roadmaps(uuid, uuid) is
    'Completes the roadmaps of a person of which every step is done or left out; answers how many. p_done: a lesson or course known to be done.';
grant execute on function private.complete_roadmaps(uuid, uuid) to service_role;

create function private.follow_roadmap() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_student uuid;
    v_done uuid;
begin
    if tg_table_name = 'roadmap_steps' then
        perform private.complete_roadmaps(coalesce(new.student_id, old.student_id));
        return null;
    elsif tg_table_name = 'lesson_progress' then
        select e.member_id into v_student from public.enrollments e where e.id = new.enrollment_id;
        v_done := new.lesson_id;
    else
        v_student := new.member_id;
        v_done := new.course_id;
    end if;
    -- Nearly always it is no step of anybody's roadmap; what was just completed need not be looked up again.
    if exists (select 1 from public.roadmap_steps s where s.student_id = v_student and v_done in (s.lesson_id, s.course_id)) then
        perform private.complete_roadmaps(v_student, v_done);
    end if;
    return null;
end
$$;
comment on function private.follow_roadmap() is 'Trigger: a lesson or course was completed, or a step left out: it may have been the last one of a roadmap.';
create trigger roadmap_follows_steps after update of skipped_at or delete on public.roadmap_steps
    for each row execute function private.follow_roadmap();
create trigger roadmap_follows_lessons after insert or update of status on public.lesson_progress
    for each row when (new.status = 'completed') execute function private.follow_roadmap();
create trigger roadmap_follows_courses after insert or update of status on public.enrollments
    for each row when (new.status = 'completed') execute function private.follow_roadmap();

create function public.set_roadmap_status(p_roadmap uuid, p_status public.roadmap_status) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_status public.roadmap_status;
begin
    if p_status is null or p_status = 'completed' then
        perform private.refuse('CG422', 'pause_or_resume', 'You can pause a roadmap or take it up again. It completes by itself.');
    end if;
    select status into v_status from public.personalized_roadmaps
    where id = p_roadmap and student_id = auth.uid() for no key update;
    if v_status is null then
        perform private.refuse('CG404', 'no_such_roadmap', 'There is no such roadmap of yours.');
    elsif v_status = 'completed' then
        perform private.refuse('CG409', 'roadmap_completed', 'This roadmap is completed already.');
    end if;
    begin
        update public.personalized_roadmaps set status = p_status where id = p_roadmap and status <> p_status;
    exception
        when unique_violation then
            perform private.refuse('CG409', 'another_roadmap', 'Another roadmap of yours is active. Pause that one first.');
    end;
end
$$;
comment on function public.set_roadmap_status(uuid, public.roadmap_status) is 'Pauses one of the caller''s own roadmaps or takes it up again.';

create function public.skip_roadmap_step(p_step uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.roadmap_steps set skipped_at = coalesce(skipped_at, now()) where id = p_step and student_id = auth.uid();
    if not found then
        perform private.refuse('CG404', 'no_such_step', 'There is no such step in your roadmap.');
    end if;
end
$$;
comment on function public.skip_roadmap_step(uuid) is 'Leaves one step of the caller''s own roadmap out.';
grant execute on function public.set_roadmap_status(uuid, public.roadmap_status), public.skip_roadmap_step(uuid) to authenticated;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.skills enable row level security;
alter table public.skill_prerequisites enable row level security;
alter table public.lesson_skills enable row level security;
alter table public.skill_estimates enable row level security;
alter table public.personalized_roadmaps enable row level security;
alter table public.roadmap_steps enable row level security;
revoke all on public.skills, public.skill_prerequisites, public.lesson_skills, public.skill_estimates,
    public.personalized_roadmaps, public.roadmap_steps from anon, authenticated, service_role;
grant select, insert, update, delete on public.skills, public.skill_prerequisites, public.lesson_skills, public.skill_estimates,
    public.personalized_roadmaps, public.roadmap_steps to service_role;
grant select on public.skills, public.skill_prerequisites, public.lesson_skills, public.skill_estimates,
    public.personalized_roadmaps, public.roadmap_steps to authenticated;

grant insert (id, code, name, description, parent_id, tags), update (code, name, description, parent_id, tags), delete
    on public.skills to authenticated;
create policy "Everyone signed in can view skills" on public.skills for select to authenticated using (true);
create policy "Admins add skills" on public.skills for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change skills" on public.skills for update to authenticated using ((select private.is_admin()));
create policy "Admins remove skills" on public.skills for delete to authenticated using ((select private.is_admin()));

grant insert (skill_id, prerequisite_id), delete on public.skill_prerequisites to authenticated;
create policy "Everyone signed in can view prerequisites" on public.skill_prerequisites for select to authenticated using (true);
create policy "Admins add prerequisites" on public.skill_prerequisites for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins remove prerequisites" on public.skill_prerequisites for delete to authenticated
    using ((select private.is_admin()));

grant insert (lesson_id, course_id, skill_id, weight), update (weight), delete on public.lesson_skills to authenticated;
create policy "People view skills of lessons they see" on public.lesson_skills for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors say what a lesson teaches" on public.lesson_skills for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors weigh what a lesson teaches" on public.lesson_skills for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors take back what a lesson teaches" on public.lesson_skills for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Members view own estimates" on public.skill_estimates for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));

create policy "Students view own roadmaps" on public.personalized_roadmaps for select to authenticated
    using (student_id = (select auth.uid()) or (select private.is_admin()));
create policy "Students view own steps" on public.roadmap_steps for select to authenticated
    using (student_id = (select auth.uid()) or (select private.is_admin()));
