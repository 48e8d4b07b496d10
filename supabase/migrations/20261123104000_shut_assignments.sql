-- What an assignment asks is read when it is open, also by whoever speaks SQL: before it opens, or while its lesson is shut, a learner
-- has its name and its dates by public.published_assignments() and public.assignment_card(), and no row.
-- Rollback: put the policy of public.assignments back as 20261121102200 has it, and drop the functions below.

create function private.my_open_assignment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id from public.assignments a
    where a.status <> 'draft' and a.course_id in (select private.my_enrolled_course_ids()) and (
        (
            (a.available_from is null or a.available_from <= now())
            and (a.lesson_id is null or a.lesson_id in (select private.my_open_lesson_ids()))
        )
        -- Who has handed in has read it: it stays readable, whatever is shut later.
        or exists (select 1 from public.assignment_submissions s where s.assignment_id = a.id and s.member_id = auth.uid())
    )
$$;
comment on function private.my_open_assignment_ids() is
    'Assignments that the person who asks may read as a learner: open by their date, in a lesson that is open to him; or he has handed in.';
grant execute on function private.my_open_assignment_ids() to authenticated;

-- What costs most stands last: nobody who teaches waits for what is locked for learners.
alter policy "Learners view assignments of their courses" on public.assignments
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or id = any (array(select private.my_open_assignment_ids()))
    );
comment on policy "Learners view assignments of their courses" on public.assignments is
    'From the moment at which it opens, in a lesson that is open to them; before that public.published_assignments() names it.';

create function public.published_assignments(p_course uuid)
returns table (id uuid, lesson_id uuid, title text, available_from timestamptz, due_date timestamptz, created_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, a.lesson_id, a.title, a.available_from, a.due_date, a.created_at
    from public.assignments a
    where a.course_id = p_course and a.status = 'published'
      and (p_course in (select private.my_enrolled_course_ids()) or p_course in (select private.my_taught_course_ids()) or private.is_admin())
    order by a.created_at, a.id
$$;
comment on function public.published_assignments(uuid) is
    'The published assignments of a course that one takes or teaches, also those that have not opened: names and dates, not what is asked.';
grant execute on function public.published_assignments(uuid) to authenticated;
