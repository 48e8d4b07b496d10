-- Marking without names: a setting of an assignment, as quizzes have it. Whose work it is stands in the rows as before, and in the audit
-- log; the pages, files and messages of those who mark leave it out until the work is returned.
-- Rollback: drop the trigger, the function and the column below.

alter table public.assignments add column anonymous_marking boolean not null default false;
comment on column public.assignments.anonymous_marking is
    'Whoever marks does not see whose work it is until he returns it. Not together with peer review, whose pages name who wrote what.';
alter table public.assignments add constraint assignments_anonymous_without_peers check (not (anonymous_marking and enable_peer_review)) not valid;
alter table public.assignments validate constraint assignments_anonymous_without_peers;
grant insert (anonymous_marking), update (anonymous_marking) on public.assignments to authenticated;

create function private.keep_names_hidden() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Whoever says that he means it sets this for his transaction; nothing else is asked of him, and the log keeps who it was.
    if coalesce(current_setting('collegium.names_shown', true), '') <> new.id::text and exists (
        select 1 from public.assignment_submissions s where s.assignment_id = new.id and s.status in ('submitted', 'grading')
    ) then
        perform private.refuse('CG409', 'work_waits', 'Work waits for a grade. Say that you want to see its names, or mark it first.');
    end if;
    return new;
end
$$;
comment on function private.keep_names_hidden() is
    'Trigger: names are shown while work waits for a grade only to whoever says so (public.show_names).';
create trigger keep_names_hidden before update on public.assignments
    for each row when (old.anonymous_marking and not new.anonymous_marking)
    execute function private.keep_names_hidden();

create function public.show_names(p_assignment uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select 1 from public.assignments a where a.id = p_assignment
          and (a.course_id in (select private.my_taught_course_ids()) or private.is_admin())
    ) then
        perform private.refuse('CG404', 'no_such_assignment', 'There is no such assignment of a course that you teach.');
    end if;
    perform set_config('collegium.names_shown', p_assignment::text, true);
    update public.assignments set anonymous_marking = false where id = p_assignment;
    perform set_config('collegium.names_shown', '', true);
end
$$;
comment on function public.show_names(uuid) is
    'Ends marking without names in an assignment also while work waits for a grade: for those who teach its course. Raises CG404.';
grant execute on function public.show_names(uuid) to authenticated;
