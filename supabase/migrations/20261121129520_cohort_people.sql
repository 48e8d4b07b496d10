-- The people of a cohort, for its team: adding by e-mail address, and moving from one cohort to another.
-- Rollback: drop the functions below.

create function public.hold_cohort(p_course uuid, p_cohort uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught(p_course);
    -- Nobody comes in while it changes (private.enter_cohort): else somebody could, after his row was not among the locked ones.
    perform pg_advisory_xact_lock(hashtextextended('cohort:' || p_cohort::text, 0));
    perform 1 from public.enrollments e where e.cohort_id = p_cohort and e.course_id = p_course order by e.id for no key update;
end
$$;
comment on function public.hold_cohort(uuid, uuid) is
    'To be called before the dates of a cohort are changed: enrollments are locked before their cohort, as everybody does. Raises CG404.';
grant execute on function public.hold_cohort(uuid, uuid) to authenticated;

create function private.move_to_cohort(p_enrollment uuid, p_cohort uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_cohort public.course_cohorts;
begin
    select * into v_enrollment from public.enrollments where id = p_enrollment for no key update;
    -- Both cohorts in the order of their ids, so that two moves across each other do not wait for one another.
    perform 1 from public.course_cohorts k where k.id in (v_enrollment.cohort_id, p_cohort) order by k.id for no key update;
    select * into v_cohort from public.course_cohorts where id = p_cohort;
    if v_enrollment.status not in ('enrolled', 'in_progress') then
        perform private.refuse('CG409', 'nothing_to_move', 'Only somebody who is under way can be moved.');
    elsif v_enrollment.cohort_id = p_cohort then
        perform private.refuse('CG409', 'in_it_already', 'This person is in “' || v_cohort.name || '” already.');
    elsif v_cohort.ends_at <= now() then
        perform private.refuse('CG409', 'cohort_over', '“' || v_cohort.name || '” is over. Choose another cohort.');
    elsif exists (
        select 1 from public.enrollments e
        where e.member_id = v_enrollment.member_id and e.course_id = v_enrollment.course_id
          and (e.cohort_id = p_cohort or e.cohort_name = v_cohort.name)
          and e.id <> p_enrollment
    ) then
        perform private.refuse('CG409', 'was_in_it', 'This person was in “' || v_cohort.name || '” before. Choose another cohort.');
    elsif v_cohort.seats_taken >= v_cohort.capacity then
        perform private.refuse('CG409', 'cohort_full', '“' || v_cohort.name || '” is full. Give it more places, or choose another cohort.');
    end if;
    update public.enrollments set cohort_id = p_cohort where id = p_enrollment;
    insert into public.cohort_moves (enrollment_id, course_id, from_cohort_id, to_cohort_id, from_name, to_name, reason, moved_by)
    values (p_enrollment, v_enrollment.course_id, v_enrollment.cohort_id, p_cohort, v_enrollment.cohort_name, v_cohort.name, p_reason,
        (select p.id from public.profiles p where p.id = auth.uid()));
end
$$;
comment on function private.move_to_cohort(uuid, uuid, text) is
    'Moves an enrollment with all that was done to a cohort of its course and writes down why. Raises CG409.';

create function public.move_to_cohort(p_enrollment uuid, p_cohort uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_course public.courses;
    v_cohort public.course_cohorts;
    v_reason text := btrim(p_reason);
begin
    select e.* into v_enrollment from public.enrollments e
    where e.id = p_enrollment and (e.course_id in (select private.my_taught_course_ids()) or private.is_admin());
    select k.* into v_cohort from public.course_cohorts k where k.id = p_cohort and k.course_id = v_enrollment.course_id;
    if v_enrollment.id is null then
        perform private.refuse('CG404', 'no_such_enrollment', 'There is no such person in a course that you teach.');
    elsif v_cohort.id is null then
        perform private.refuse('CG404', 'no_such_cohort', 'This course has no such cohort.');
    elsif coalesce(length(v_reason) not between 1 and 500, true) then
        perform private.refuse('CG422', 'no_reason', 'Say why, in at most 500 characters. The person reads it.');
    end if;
    perform private.enter_cohort(p_cohort);
    perform private.move_to_cohort(p_enrollment, p_cohort, v_reason);
    select * into v_course from public.courses where id = v_enrollment.course_id;
    perform private.notify(v_enrollment.member_id, 'cohort_changed', left('You are in another cohort of “' || v_course.title, 190) || '”',
        'You were moved to “' || v_cohort.name || '”, which ' || case when v_cohort.starts_at > now() then 'begins' else 'began' end
        || ' on ' || private.day_in_words(v_cohort.starts_at, v_cohort.time_zone) || '. Why: ' || v_reason, '/learn/' || v_course.slug);
end
$$;
comment on function public.move_to_cohort(uuid, uuid, text) is
    'Moves somebody to another cohort, with a reason that he reads: for the team of the course. Raises CG404, CG409, CG422.';

create function private.add_to_cohort(p_cohort public.course_cohorts, p_course public.courses, p_member uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_here public.enrollments;
    v_other public.enrollments;
    v_transaction uuid;
begin
    if p_member = p_course.instructor_id
        or exists (select 1 from public.course_instructors t where t.course_id = p_course.id and t.profile_id = p_member)
    then
        return 'teaches';
    end if;
    select * into v_here from public.enrollments e
    where e.member_id = p_member and e.course_id = p_course.id and e.cohort_name = p_cohort.name;
    if v_here.status in ('enrolled', 'in_progress', 'completed') then
        return 'already';
    elsif exists (
        select 1 from public.enrollments e where e.member_id = p_member and e.course_id = p_course.id and e.status = 'suspended'
    ) or v_here.status <> 'dropped' then
        return 'held';
    end if;
    select e.* into v_other from public.enrollments e
    where e.member_id = p_member and e.course_id = p_course.id and e.id is distinct from v_here.id and private.goes_on(e)
    order by e.cohort_id nulls last limit 1;
    if v_other.cohort_id is not null or (v_other.id is not null and v_here.id is not null) then
        return 'elsewhere';
    elsif p_cohort.capacity is not null and (select k.seats_taken >= k.capacity from public.course_cohorts k where k.id = p_cohort.id) then
        return 'full';
    elsif v_other.id is not null then
        perform private.move_to_cohort(v_other.id, p_cohort.id, 'Added to the cohort by the course’s team.');
        return 'joined';
    end if;
    -- The office may let anybody in; an instructor gives nothing away that is sold, or is for members.
    if not private.is_admin() and p_course.pricing_type = 'member_only' and not private.is_member(p_member, private.today()) then
        return 'members_only';
    elsif p_course.pricing_type in ('paid', 'premium') then
        select t.id into v_transaction from public.transactions t
        left join public.enrollments u on u.transaction_id = t.id
        where t.member_id = p_member and t.course_id = p_course.id and private.pays(t.id) and (u.id is null or u.id = v_here.id)
        order by u.id nulls last, t.completed_at limit 1 for no key update of t;
        if v_transaction is null and not private.is_admin()
            and (select p.amount > 0 from private.price_for(p_member, p_course.id, private.today()) p)
        then
            return 'unpaid';
        end if;
    end if;
    if v_here.id is not null then
        update public.enrollments set status = case when started_at is null then 'enrolled' else 'in_progress' end,
            transaction_id = coalesce(v_transaction, transaction_id)
        where id = v_here.id;
    else
        insert into public.enrollments (course_id, member_id, cohort_id, enrollment_source, transaction_id)
        values (p_course.id, p_member, p_cohort.id, 'admin_assignment', v_transaction);
    end if;
    perform private.notify(p_member, 'cohort_joined', left('You are enrolled in “' || p_course.title, 190) || '”',
        'You are in the cohort “' || p_cohort.name || '”, which ' || case when p_cohort.starts_at > now() then 'begins' else 'began' end
        || ' on ' || private.day_in_words(p_cohort.starts_at, p_cohort.time_zone) || '.', '/learn/' || p_course.slug);
    return 'added';
end
$$;
comment on function private.add_to_cohort(public.course_cohorts, public.courses, uuid) is
    'Puts somebody into a cohort for its team; answers what became of it: added, joined (he took the course without a cohort), already, '
    'elsewhere, full, held, teaches, members_only, unpaid.';

create function public.add_to_cohort(p_course uuid, p_cohort uuid, p_emails text[])
returns table (place integer, email text, outcome text, member_name text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cohort public.course_cohorts;
    v_course public.courses;
    v_people uuid[];
    v_person record;
begin
    perform private.require_taught(p_course);
    if coalesce(cardinality(p_emails) not between 1 and 200, true) then
        perform private.refuse('CG422', 'too_many_addresses', 'Give from 1 to 200 addresses at a time.');
    end if;
    perform private.hold_requirements(p_course, false);
    -- The order in which somebody who enrols himself locks: his wish, his enrollments, the cohort.
    v_people := array(
        select p.id from public.profiles p
        where p.email operator(extensions.=) any (array(select btrim(e.email)::extensions.citext from unnest(p_emails) as e (email)))
        order by p.id
    );
    perform pg_advisory_xact_lock(hashtextextended('enrol:' || m.id::text || ':' || p_course::text, 0)) from unnest(v_people) as m (id);
    perform private.enter_cohort(p_cohort);
    perform 1 from public.enrollments e where e.member_id = any (v_people) and e.course_id = p_course order by e.id for no key update;
    select * into v_course from public.courses c where c.id = p_course;
    select * into v_cohort from public.course_cohorts k where k.id = p_cohort and k.course_id = p_course for no key update;
    if v_cohort.id is null then
        perform private.refuse('CG404', 'no_such_cohort', 'This course has no such cohort.');
    elsif v_course.status <> 'published' then
        perform private.refuse('CG409', 'not_published', 'Publish the course first; then people can be added to its cohorts.');
    elsif v_cohort.ends_at <= now() then
        perform private.refuse('CG409', 'cohort_over', 'This cohort is over. Choose another one.');
    end if;
    for v_person in
        select a.place, a.email, p.id, nullif(btrim(p.first_name || ' ' || p.last_name), '') as name
        from (
            select min(e.place)::integer as place, min(btrim(e.email)) as email
            from unnest(p_emails) with ordinality as e (email, place)
            where btrim(e.email) <> '' group by lower(btrim(e.email))
        ) a
        left join public.profiles p on p.email operator(extensions.=) a.email::extensions.citext
        order by a.place
    loop
        place := v_person.place;
        email := v_person.email;
        member_name := v_person.name;
        outcome := case when v_person.id is null then 'no_account' else private.add_to_cohort(v_cohort, v_course, v_person.id) end;
        return next;
    end loop;
end
$$;
comment on function public.add_to_cohort(uuid, uuid, text[]) is
    'Puts people into a cohort by their e-mail addresses and tells them; for each address what became of it (private.add_to_cohort), or '
    'no_account. For the team of the course. Raises CG404, CG409, CG422.';
grant execute on function public.move_to_cohort(uuid, uuid, text), public.add_to_cohort(uuid, uuid, text[]) to authenticated;
