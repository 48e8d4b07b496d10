-- The gradebook: categories with weights, items (quizzes, assignments, columns of one's own), cells, and files of grades.
-- A score is the quiz's or the assignment's own, brought into the cell by trigger; over it stands what a person wrote there.
-- Quizzes and assignments that are there already get their item here; their scores are gathered in the background.
-- Rollback: drop the triggers on quizzes and assignments, then the functions and tables below.

create table public.gradebooks (
    course_id uuid primary key references public.courses (id) on delete cascade,
    missing_work text not null default 'nothing' check (missing_work in ('nothing', 'zero_after_due')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.gradebooks is 'How a course counts what is not there. Without a row: as nothing.';
comment on column public.gradebooks.missing_work is
    'nothing: what has no score is left out. zero_after_due: it counts as 0 once it is due, unless it waits for a grade.';
create trigger update_gradebooks_updated_at before update on public.gradebooks
    for each row execute function public.update_updated_at_column();

create table public.gradebook_categories (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    name text not null check (length(name) between 1 and 120 and name = btrim(name)),
    weight numeric(7, 2) not null default 100 check (weight >= 0 and weight <> 'NaN'),
    drop_lowest integer not null default 0 check (drop_lowest between 0 and 50),
    weighting text not null default 'points' check (weighting in ('points', 'equal')),
    position integer not null default 0 check (position between 0 and 10000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint gradebook_categories_id_course unique (id, course_id)
);
comment on table public.gradebook_categories is 'Kinds of work of a course and how much each weighs in the final grade.';
comment on column public.gradebook_categories.weight is 'Counts against the weights of the others; their sum need not be 100.';
comment on column public.gradebook_categories.drop_lowest is 'So many items are left out, those without which the category is best; one always stays.';
comment on column public.gradebook_categories.weighting is 'points: an item of 20 points counts twice as much as one of 10. equal: each counts the same.';
create unique index one_gradebook_category_a_name on public.gradebook_categories (course_id, lower(name));
create trigger update_gradebook_categories_updated_at before update on public.gradebook_categories
    for each row execute function public.update_updated_at_column();

create table public.gradebook_items (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    category_id uuid not null,
    source text not null default 'own' check (source in ('quiz', 'assignment', 'own')),
    quiz_id uuid,
    assignment_id uuid,
    title text check (length(title) between 1 and 200 and title = btrim(title)),
    max_points numeric(8, 2) check (max_points > 0 and max_points <> 'NaN'),
    due_at timestamptz check (isfinite(due_at)),
    weight numeric(7, 2) not null default 1 check (weight >= 0 and weight <> 'NaN'),
    counts boolean not null default true,
    is_hidden boolean not null default false,
    position integer not null default 0 check (position between 0 and 10000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint gradebook_items_id_course unique (id, course_id),
    constraint items_have_their_source check (
        (quiz_id is not null) = (source = 'quiz') and (assignment_id is not null) = (source = 'assignment')
    ),
    constraint own_columns_say_what_they_are check (
        (title is not null) = (source = 'own') and (max_points is not null) = (source = 'own') and (source = 'own' or due_at is null)
    ),
    constraint gradebook_items_category foreign key (category_id, course_id) references public.gradebook_categories (id, course_id),
    constraint gradebook_items_quiz foreign key (quiz_id, course_id) references public.quizzes (id, of_course_id) on delete cascade,
    constraint gradebook_items_assignment foreign key (assignment_id, course_id)
        references public.assignments (id, course_id) on delete cascade
);
comment on table public.gradebook_items is 'The columns of a gradebook. Quizzes and assignments have theirs by trigger; what they are called, their points and due date are their own.';
comment on column public.gradebook_items.title is 'Of a column of one''s own; the others are called as their quiz or assignment is.';
comment on column public.gradebook_items.weight is 'How often it counts beside the other items of its category.';
comment on column public.gradebook_items.counts is 'Whether it counts towards the final grade.';
comment on column public.gradebook_items.is_hidden is 'Learners do not see it, and it counts for nothing until they do.';
create unique index one_gradebook_item_a_quiz on public.gradebook_items (quiz_id, course_id);
create unique index one_gradebook_item_an_assignment on public.gradebook_items (assignment_id, course_id);
create index idx_gradebook_items_course on public.gradebook_items (course_id, position);
create index idx_gradebook_items_shown on public.gradebook_items (course_id) where not is_hidden;
create index idx_gradebook_items_category on public.gradebook_items (category_id, course_id);
create trigger update_gradebook_items_updated_at before update on public.gradebook_items
    for each row execute function public.update_updated_at_column();

create table public.gradebook_cells (
    enrollment_id uuid not null,
    item_id uuid not null,
    course_id uuid not null,
    source_percent numeric(5, 2) check (source_percent between 0 and 100),
    waiting boolean not null default false,
    points numeric(8, 2) check (points >= 0 and points <> 'NaN'),
    out_of numeric(8, 2) check (out_of > 0 and out_of <> 'NaN'),
    excused boolean not null default false,
    comment text check (length(comment) between 1 and 2000),
    reason text check (length(reason) between 1 and 500),
    changed_by uuid references public.profiles (id) on delete set null,
    changed_at timestamptz,
    revision integer not null default 0 check (revision >= 0),
    primary key (enrollment_id, item_id),
    constraint points_stay_within_what_they_are_out_of check (points <= out_of),
    constraint gradebook_cells_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade,
    constraint gradebook_cells_item foreign key (item_id, course_id) references public.gradebook_items (id, course_id) on delete cascade
);
comment on table public.gradebook_cells is 'What a learner has in an item: the score of its quiz or assignment, and what a person wrote over it. No row: nothing yet.';
comment on column public.gradebook_cells.source_percent is 'The score of the quiz by its policy, or of the last graded work; kept by trigger.';
comment on column public.gradebook_cells.waiting is 'Handed in and not graded yet; kept by trigger.';
comment on column public.gradebook_cells.points is 'Written by a person: the grade in a column of one''s own, elsewhere what stands in place of the score.';
comment on column public.gradebook_cells.out_of is 'Of how many points, in place of a score; null in columns of one''s own, whose points are those of the item.';
comment on column public.gradebook_cells.comment is 'The learner reads it.';
comment on column public.gradebook_cells.reason is 'Why a person wrote over a score or excused; for the team.';
comment on column public.gradebook_cells.revision is 'How often a person changed it; who saves says which one he saw.';
create index idx_gradebook_cells_enrollment on public.gradebook_cells (enrollment_id, course_id);
create index idx_gradebook_cells_item on public.gradebook_cells (item_id, course_id);
create index idx_gradebook_cells_course on public.gradebook_cells (course_id);
create index idx_gradebook_cells_changed_by on public.gradebook_cells (changed_by);

create table public.gradebook_imports (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    created_by uuid not null default auth.uid() references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    file_name text not null check (length(file_name) between 1 and 255),
    cells jsonb not null default '[]' check (jsonb_typeof(cells) = 'array'),
    report jsonb not null default '{}' check (jsonb_typeof(report) = 'object'),
    applied_at timestamptz,
    reason text check (length(reason) between 1 and 500)
);
comment on table public.gradebook_imports is 'A file of grades that somebody had read: what it would change, until it is done or a day has passed.';
comment on column public.gradebook_imports.cells is 'The changes, as public.set_grades takes them; emptied when they are made.';
comment on column public.gradebook_imports.report is 'What was found: counts, and lines of what changes and of what cannot be used.';
create index idx_gradebook_imports_creator on public.gradebook_imports (created_by, course_id);
create index idx_gradebook_imports_course on public.gradebook_imports (course_id);
create index idx_gradebook_imports_age on public.gradebook_imports (created_at);

-- What has to be computed anew in the background.
create table private.gradebook_work (
    course_id uuid primary key references public.courses (id) on delete cascade,
    marked bigint not null default 1,
    sources boolean not null default false,
    after uuid,
    wanted boolean not null default true,
    computed_at timestamptz
);
comment on table private.gradebook_work is 'Courses whose final grades are computed anew in portions, and when they were last.';
comment on column private.gradebook_work.marked is 'Grows when something changes, so that a portion under way begins again.';
comment on column private.gradebook_work.sources is 'Whether scores of quizzes and assignments are gathered anew too.';
create index idx_gradebook_work_wanted on private.gradebook_work (course_id) where wanted;
create table private.gradebook_stale (
    enrollment_id uuid primary key references public.enrollments (id) on delete cascade,
    marked_at timestamptz not null default now()
);
comment on table private.gradebook_stale is 'Enrollments whose scores were moved in large numbers and are gathered in a moment.';

-- Who may do what ------------------------------------------------------------------------------------------------

alter table public.gradebooks enable row level security;
alter table public.gradebook_categories enable row level security;
alter table public.gradebook_items enable row level security;
alter table public.gradebook_cells enable row level security;
alter table public.gradebook_imports enable row level security;
alter table private.gradebook_work enable row level security;
alter table private.gradebook_stale enable row level security;
revoke all on public.gradebooks, public.gradebook_categories, public.gradebook_items, public.gradebook_cells, public.gradebook_imports
    from anon, authenticated, service_role;
revoke all on private.gradebook_work, private.gradebook_stale from anon, authenticated, service_role;
grant select, insert, update, delete on public.gradebooks, public.gradebook_categories, public.gradebook_items to service_role;
grant select on private.gradebook_work, private.gradebook_stale to service_role;
-- Grades are written by functions only.
grant select on public.gradebook_cells to service_role;
grant select, delete on public.gradebook_imports to service_role;
grant select on public.gradebooks, public.gradebook_categories, public.gradebook_items, public.gradebook_cells, public.gradebook_imports
    to authenticated;
grant insert (course_id, missing_work), update (missing_work) on public.gradebooks to authenticated;
grant delete, insert (course_id, name, weight, drop_lowest, weighting, position), update (name, weight, drop_lowest, weighting, position)
    on public.gradebook_categories to authenticated;
grant delete, insert (course_id, category_id, title, max_points, due_at, weight, counts, is_hidden, position),
    update (category_id, title, max_points, due_at, weight, counts, is_hidden, position) on public.gradebook_items to authenticated;
grant insert (course_id, file_name, cells, report) on public.gradebook_imports to authenticated;

create policy "Learners view gradebooks" on public.gradebooks for select to authenticated
    using (
        course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors set up gradebooks" on public.gradebooks for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change gradebooks" on public.gradebooks for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Learners view categories of grades" on public.gradebook_categories for select to authenticated
    using (
        course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors add categories of grades" on public.gradebook_categories for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change categories of grades" on public.gradebook_categories for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove categories of grades" on public.gradebook_categories for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Learners view items of grades" on public.gradebook_items for select to authenticated
    using (
        (not is_hidden and course_id = any (array(select private.my_enrolled_course_ids())))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors add items of grades" on public.gradebook_items for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change items of grades" on public.gradebook_items for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove items of grades" on public.gradebook_items for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Instructors view grades" on public.gradebook_cells for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Instructors view own files of grades" on public.gradebook_imports for select to authenticated
    using (
        created_by = (select auth.uid())
        and (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    );
create policy "Instructors bring files of grades" on public.gradebook_imports for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

select private.audit_table('gradebooks', 'log_gradebook_changes');
select private.audit_table('gradebook_categories', 'log_gradebook_category_changes');
select private.audit_table('gradebook_items', 'log_gradebook_item_changes');
-- What a trigger brings from a quiz or an assignment is logged there; what a person writes is logged here.
select private.audit_table('gradebook_cells', 'log_gradebook_cell_removals', 'enrollment_id > enrollments.member_id',
    p_personal => '{comment,reason}', p_ignored => '{source_percent,waiting}', p_events => 'delete');
create trigger log_gradebook_cell_additions after insert on public.gradebook_cells
    for each row when (new.revision > 0) execute function public.log_audit_trail('gradebook_cells');
create trigger log_gradebook_cell_changes after update on public.gradebook_cells
    for each row when (old.revision <> new.revision) execute function public.log_audit_trail('gradebook_cells');
insert into private.audit_exempt (table_name, reason) values
    ('gradebook_imports', 'What a file would change, for a day; what it did change is logged with the cells.');

-- Columns come with quizzes and assignments ---------------------------------------------------------------------

create function private.first_gradebook_category(p_course uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_category uuid;
begin
    loop
        select k.id into v_category from public.gradebook_categories k where k.course_id = p_course order by k.position, k.id limit 1;
        exit when v_category is not null;
        insert into public.gradebook_categories (course_id, name) values (p_course, 'All work')
        on conflict do nothing returning id into v_category;
        exit when v_category is not null;
    end loop;
    return v_category;
end
$$;
comment on function private.first_gradebook_category(uuid) is 'The category where new items of a course come in; made when there is none.';

create function private.add_gradebook_item() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := case when tg_table_name = 'quizzes' then (to_jsonb(new) ->> 'of_course_id')::uuid else new.course_id end;
begin
    insert into public.gradebook_items (course_id, category_id, source, quiz_id, assignment_id, counts, position)
    values (
        v_course, private.first_gradebook_category(v_course),
        case when tg_table_name = 'quizzes' then 'quiz' else 'assignment' end,
        case when tg_table_name = 'quizzes' then new.id end, case when tg_table_name = 'assignments' then new.id end,
        coalesce(to_jsonb(new) ->> 'quiz_type', '') <> 'practice',
        (select least(coalesce(max(i.position), 0) + 1, 10000) from public.gradebook_items i where i.course_id = v_course)
    );
    return null;
end
$$;
comment on function private.add_gradebook_item() is 'Trigger: a new quiz or assignment is an item of the gradebook; practice does not count.';
create trigger add_gradebook_item after insert on public.quizzes for each row execute function private.add_gradebook_item();
create trigger add_gradebook_item after insert on public.assignments for each row execute function private.add_gradebook_item();

create function private.check_gradebook_setup() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- A course that is removed takes everything with it.
    if tg_op = 'DELETE' and not exists (select 1 from public.courses c where c.id = old.course_id) then
        return old;
    end if;
    if tg_table_name = 'gradebook_categories' and tg_op = 'DELETE' then
        if exists (select 1 from public.gradebook_items i where i.category_id = old.id) then
            perform private.refuse('CG409', 'category_not_empty', '“' || old.name || '” has items. Put them into another category first.');
        end if;
        return old;
    elsif tg_table_name = 'gradebook_categories' then
        if exists (
            select 1 from public.gradebook_categories k
            where k.course_id = new.course_id and lower(k.name) = lower(new.name) and k.id <> new.id
        ) then
            perform private.refuse('CG409', 'category_name_taken', 'There is a category of that name. Choose another name.');
        end if;
    elsif tg_op = 'DELETE' then
        if old.source = 'quiz' and exists (select 1 from public.quizzes z where z.id = old.quiz_id)
            or old.source = 'assignment' and exists (select 1 from public.assignments a where a.id = old.assignment_id)
        then
            perform private.refuse('CG409', 'item_has_a_source', 'The column of a quiz or an assignment stays. Let it not count, or hide it.');
        end if;
        return old;
    elsif new.max_points < old.max_points and exists (
        select 1 from public.gradebook_cells c where c.item_id = new.id and c.points > new.max_points
    ) then
        perform private.refuse('CG409', 'fewer_points_than_given', 'Somebody has more points than that. Change those grades first.');
    end if;
    return new;
end
$$;
comment on function private.check_gradebook_setup() is 'Trigger: says in words what of categories and items cannot be.';
create trigger check_gradebook_setup before insert or delete or update of name on public.gradebook_categories
    for each row execute function private.check_gradebook_setup();
create trigger check_gradebook_setup before delete or update of max_points on public.gradebook_items
    for each row execute function private.check_gradebook_setup();

-- What is there already.
insert into public.gradebook_categories (course_id, name)
select distinct x.course_id, 'All work' from (
    select of_course_id as course_id from public.quizzes union select course_id from public.assignments
) x;
insert into public.gradebook_items (course_id, category_id, source, quiz_id, assignment_id, counts, position)
select x.course_id, k.id, x.source, x.quiz_id, x.assignment_id, x.counts,
    least(row_number() over (partition by x.course_id order by x.created_at), 10000)
from (
    select of_course_id as course_id, 'quiz' as source, id as quiz_id, null::uuid as assignment_id, quiz_type <> 'practice' as counts, created_at
    from public.quizzes
    union all
    select course_id, 'assignment', null, id, true, created_at from public.assignments
) x
join public.gradebook_categories k on k.course_id = x.course_id;
insert into private.gradebook_work (course_id, sources) select distinct course_id, true from public.gradebook_items;
