-- Handing in alone or for a group: one function says what holds for a person now, and every other asks it.
-- Rollback: drop the functions below; restore check_submission, submit_assignment and follow_submission of the earlier migrations.

create function private.assignment_standing(p_assignment public.assignments, p_enrollment uuid, p_at timestamptz)
returns table (
    state text, group_id uuid, people uuid[], taken integer, requested boolean, allowed integer, due_at timestamptz, extended_until timestamptz,
    extra integer, penalty_due timestamptz, penalty_days integer, penalty_per_day numeric, penalty numeric, penalty_from integer
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_group uuid;
    v_last public.assignment_submissions;
begin
    if p_assignment.group_mode then
        select m.group_id into v_group from public.assignment_group_members m
        where m.assignment_id = p_assignment.id and m.enrollment_id = p_enrollment;
        people := array(select m.enrollment_id from public.assignment_group_members m where m.group_id = v_group);
        select * into v_last from public.assignment_submissions s
        where s.group_id = v_group and s.assignment_id = p_assignment.id order by s.submission_number desc, s.id limit 1;
    else
        people := array[p_enrollment];
        select * into v_last from public.assignment_submissions s
        where s.enrollment_id = p_enrollment and s.assignment_id = p_assignment.id order by s.submission_number desc limit 1;
    end if;
    -- What one of a group is granted holds for the group: there is one piece of work.
    select max(x.due_date), coalesce(max(x.extra_submissions), 0) into extended_until, extra
    from public.assignment_extensions x where x.assignment_id = p_assignment.id and x.enrollment_id = any (people);
    group_id := v_group;
    taken := coalesce(v_last.submission_number, 0);
    requested := coalesce(v_last.status = 'resubmission_requested', false);
    allowed := p_assignment.max_submissions + extra;
    -- Granted was a later deadline: one that everybody has by now is not taken back by it.
    due_at := case when p_assignment.due_date is not null then greatest(p_assignment.due_date, extended_until) end;
    state := case
        when p_assignment.status <> 'published' then 'not_published'
        when p_assignment.group_mode and v_group is null then 'no_group'
        when p_assignment.available_from > p_at then 'not_open'
        when requested then 'open'
        when taken >= allowed then 'used_up'
        when p_at > due_at and not p_assignment.late_submission_allowed then 'too_late'
        else 'open'
    end;
    if requested then
        -- What is asked for again is as late as what it replaces, however long its grading took.
        penalty_due := coalesce(v_last.penalty_due, v_last.due_date);
        penalty_days := coalesce(v_last.penalty_days, v_last.late_days);
        penalty := v_last.late_penalty_applied;
        penalty_per_day := coalesce(v_last.penalty_per_day, case when penalty_days > 0 then round(penalty / penalty_days, 2) else 0 end);
        penalty_from := coalesce(v_last.penalty_from, v_last.submission_number);
    else
        penalty_due := due_at;
        penalty_days := private.late_days(p_at, due_at);
        penalty_per_day := p_assignment.late_penalty_percentage;
        penalty := private.late_penalty(coalesce(penalty_days, 0), penalty_per_day);
        penalty_days := coalesce(penalty_days, 0);
    end if;
    return next;
end
$$;
comment on function private.assignment_standing(public.assignments, uuid, timestamptz) is
    'What holds for somebody who would hand in at a moment: whether he may, how often yet, by when, and what lateness would cost him.';

create function private.enrollment_to_hand_in(p_assignment public.assignments) returns public.enrollments
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
begin
    if p_assignment.lesson_id is not null and p_assignment.status = 'published' then
        v_enrollment := private.my_enrollment_for(p_assignment.lesson_id);
    elsif p_assignment.status = 'published' then
        select e.* into v_enrollment from private.my_open_enrollments() e
        where e.course_id = p_assignment.course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    end if;
    if v_enrollment.id is null then
        perform private.refuse('CG403', 'not_enrolled', 'There is no such assignment in a course that you are enrolled in.');
    end if;
    return v_enrollment;
end
$$;
comment on function private.enrollment_to_hand_in(public.assignments) is
    'The enrollment under which the caller hands in. Raises CG403 not_enrolled or locked.';

create function private.refuse_to_take(p_state text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    case p_state
        when 'not_open' then perform private.refuse('CG409', 'assignment_not_open', 'This assignment has not opened yet.');
        when 'too_late' then perform private.refuse('CG409', 'too_late', 'The deadline is past and this assignment takes nothing late.');
        when 'used_up' then perform private.refuse('CG409', 'no_submissions_left', 'You have handed in as often as this assignment allows.');
        when 'no_group' then perform private.refuse('CG409', 'no_group', 'This is done in groups, and you are in none yet. Ask your instructor.');
        else null;
    end case;
end
$$;
comment on function private.refuse_to_take(text) is 'Raises CG409 with words for a standing in which nothing is taken.';

-- What may be handed in --------------------------------------------------------------------------------------

create function private.are_uploaded(p_files jsonb, p_member uuid, p_types text[]) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- A name may say anything; the ending of the key was given by what the file holds.
    select not exists (
        select 1 from jsonb_array_elements(p_files) a
        where not exists (
            select 1 from public.media_files f
            where f.storage_key = a ->> 'file_key' and f.owner_id = p_member and f.purpose = 'submission' and f.state = 'ready'
              and f.byte_size = (a ->> 'file_size')::bigint
              and (p_types is null or substring(f.storage_key from '\.([a-z0-9]+)$') = any (p_types))
              and case lower(substring(a ->> 'file_name' from '\.([A-Za-z0-9]+)$')) when 'jpeg' then 'jpg' when 'md' then 'txt'
                  else lower(substring(a ->> 'file_name' from '\.([A-Za-z0-9]+)$')) end = substring(f.storage_key from '\.([a-z0-9]+)$')
        )
    ) and (select count(*) = count(distinct a ->> 'file_key') from jsonb_array_elements(p_files) a)
$$;
comment on function private.are_uploaded(jsonb, uuid, text[]) is
    'Whether each of some files was uploaded by a person to be handed in, is what its name says, of a type, and passed its check.';

create or replace function private.check_submission(p_assignment public.assignments, p_text text, p_html text, p_url text, p_files jsonb) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_files integer;
    v_written boolean := coalesce(btrim(p_text), '') <> '' or coalesce(btrim(p_html), '') <> '';
    v_linked boolean := p_url is not null;
    v_kind text := p_assignment.submission_type;
begin
    if not private.are_files(p_files, auth.uid(), p_assignment.allowed_file_types, p_assignment.max_file_size_mb)
        or not private.are_uploaded(p_files, auth.uid(), p_assignment.allowed_file_types)
    then
        perform private.refuse('CG422', 'files_not_allowed', 'Give at most 20 files that you uploaded here, of at most '
            || p_assignment.max_file_size_mb || ' MB' || coalesce(' of the types ' || array_to_string(p_assignment.allowed_file_types, ', '), '') || '.');
    elsif v_linked and (p_url !~ '^https?://\S{3,}$' or length(p_url) > 2048) then
        perform private.refuse('CG422', 'no_address', 'Give an address that begins with https://.');
    elsif length(p_text) > 100000 or length(p_html) > 200000 then
        perform private.refuse('CG422', 'too_long', 'A text has at most 100000 characters. Hand the rest in as a file.');
    end if;
    v_files := jsonb_array_length(p_files);
    if (v_kind = 'file_upload' and (v_files = 0 or v_written or v_linked))
        or (v_kind = 'text_entry' and (not v_written or v_files > 0 or v_linked))
        or (v_kind = 'url_submission' and (not v_linked or v_files > 0 or v_written))
        or (v_kind = 'both' and v_files = 0 and not v_written and not v_linked)
    then
        perform private.refuse('CG422', 'wrong_kind', 'Hand in ' || case v_kind
            when 'file_upload' then 'files' when 'text_entry' then 'a text' when 'url_submission' then 'an address'
            else 'files, a text or an address' end || ', as the assignment asks.');
    end if;
end
$$;

create function public.begin_submission_file(p_assignment uuid, p_bytes bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_enrollment public.enrollments;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    v_enrollment := private.enrollment_to_hand_in(v_assignment);
    perform private.refuse_to_take(s.state) from private.assignment_standing(v_assignment, v_enrollment.id, clock_timestamp()) s;
    if v_assignment.submission_type not in ('file_upload', 'both') then
        perform private.refuse('CG422', 'wrong_kind', 'This assignment takes no files.');
    elsif p_bytes > v_assignment.max_file_size_mb * 1048576::bigint then
        perform private.refuse('CG422', 'file_too_large',
            'A file may have up to ' || v_assignment.max_file_size_mb || ' MB here. Make it smaller, or split it, and choose it again.');
    elsif 20 <= (
        select count(*) from public.media_files f
        where f.assignment_id = p_assignment and f.owner_id = auth.uid() and f.state <> 'refused'
          and not exists (select 1 from public.media_file_uses u where u.file_id = f.id)
    ) then
        perform private.refuse('CG422', 'too_many_files', 'You can hand in up to 20 files at once. Remove one first.');
    end if;
end
$$;
comment on function public.begin_submission_file(uuid, bigint) is
    'Refuses, in words, a file that the caller could not hand in: before its first byte is sent.';

create function public.save_assignment_draft(p_assignment uuid, p_text text, p_url text, p_revision integer default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_enrollment public.enrollments;
    v_now integer;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    v_enrollment := private.enrollment_to_hand_in(v_assignment);
    if length(p_text) > 100000 or length(p_url) > 2048 then
        perform private.refuse('CG422', 'too_long', 'A text has at most 100000 characters, an address 2048. What you wrote is not saved.');
    end if;
    perform 1 from public.enrollments where id = v_enrollment.id for no key update;
    select d.revision into v_now from public.assignment_drafts d where d.assignment_id = p_assignment and d.enrollment_id = v_enrollment.id;
    if p_revision is not null and p_revision <> coalesce(v_now, 0) then
        perform private.refuse('CG409', 'newer_draft', 'This was changed in another tab or on another device. Reload the page to see it; copy what you wrote here first.');
    end if;
    insert into public.assignment_drafts as d (assignment_id, enrollment_id, course_id, draft_text, draft_url)
    values (p_assignment, v_enrollment.id, v_enrollment.course_id, p_text, p_url)
    on conflict (assignment_id, enrollment_id) do update
        set draft_text = excluded.draft_text, draft_url = excluded.draft_url, revision = d.revision + 1
    returning d.revision into v_now;
    return v_now;
end
$$;
comment on function public.save_assignment_draft(uuid, text, text, integer) is
    'Keeps what the caller is writing, and answers the revision. Raises CG409 when another one than the given was saved meanwhile (0: none yet).';

-- Handing in -------------------------------------------------------------------------------------------------

drop function public.submit_assignment(uuid, text, text, text, jsonb);
create function public.submit_assignment(
    p_assignment uuid, p_text text default null, p_html text default null, p_url text default null, p_files jsonb default '[]',
    p_number integer default null
) returns public.assignment_submissions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_enrollment public.enrollments;
    v_now timestamptz;
    v_standing record;
    v_made public.assignment_submissions;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    v_enrollment := private.enrollment_to_hand_in(v_assignment);
    perform private.check_submission(v_assignment, p_text, p_html, p_url, p_files);
    -- One at a time: of two tabs, or two of a group, the second counts what the first handed in.
    perform 1 from public.enrollments where id = v_enrollment.id for no key update;
    perform 1 from public.assignment_groups g join public.assignment_group_members m on m.group_id = g.id
    where m.assignment_id = p_assignment and m.enrollment_id = v_enrollment.id for no key update of g;
    v_now := clock_timestamp();
    select * into v_standing from private.assignment_standing(v_assignment, v_enrollment.id, v_now);
    perform private.refuse_to_take(v_standing.state);
    if p_number is not null and p_number <> v_standing.taken + 1 then
        perform private.refuse('CG409', 'handed_in_meanwhile',
            'This was handed in already, in another tab or by somebody of your group. Reload the page to see it.');
    end if;
    insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number, submitted_at, due_date,
        submission_text, submission_html, submission_url, file_attachments, max_points, late_penalty_applied,
        group_id, submitted_by, penalty_due, penalty_days, penalty_per_day, penalty_from)
    select p_assignment, e.id, e.course_id, e.member_id, v_standing.taken + 1, v_now,
        -- What is asked for again has no deadline of its own.
        case when not v_standing.requested then v_standing.due_at end,
        p_text, p_html, p_url, p_files, v_assignment.total_points, v_standing.penalty,
        v_standing.group_id, auth.uid(), v_standing.penalty_due, v_standing.penalty_days, v_standing.penalty_per_day, v_standing.penalty_from
    from public.enrollments e
    where e.id = any (v_standing.people) and e.status in ('enrolled', 'in_progress', 'completed')
    order by e.id;
    delete from public.assignment_drafts where assignment_id = p_assignment and enrollment_id = v_enrollment.id;
    select * into v_made from public.assignment_submissions s
    where s.assignment_id = p_assignment and s.enrollment_id = v_enrollment.id and s.submission_number = v_standing.taken + 1;
    return v_made;
end
$$;
comment on function public.submit_assignment(uuid, text, text, text, jsonb, integer) is
    'Hands in work of the caller, for himself or for his group. Time, deadline, lateness and deduction are the server''s. With p_number only when it is that '
    'submission. Raises CG403, CG409 or CG422 with the reason.';

create or replace function private.follow_submission() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
begin
    if tg_op = 'INSERT' then
        update public.assignments set submissions_count = submissions_count + 1 where id = new.assignment_id;
        return null;
    end if;
    update public.assignments set
        graded_count = graded_count + (new.final_score is not null)::integer - (old.final_score is not null)::integer,
        score_sum = score_sum + coalesce(new.final_score, 0) - coalesce(old.final_score, 0)
    where id = new.assignment_id
    returning * into v_assignment;
    if new.status in ('graded', 'returned') and new.final_score >= v_assignment.passing_percentage and exists (
        select 1 from public.enrollments e
        where e.id = new.enrollment_id and private.completes_by(e.course_version_id, v_assignment.lesson_id, 'assignment_passed')
    ) then
        perform private.complete_lesson(new.enrollment_id, v_assignment.lesson_id);
    end if;
    return null;
end
$$;

grant execute on function public.begin_submission_file(uuid, bigint), public.save_assignment_draft(uuid, text, text, integer),
    public.submit_assignment(uuid, text, text, text, jsonb, integer) to authenticated;
