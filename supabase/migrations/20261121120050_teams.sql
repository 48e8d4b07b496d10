-- Teams: who teaches a course beside its author. Names are found among those who introduced themselves as instructors;
-- an address must be typed whole. And whether a course takes reviews, and in which language it is.
-- Rollback: drop the functions, the trigger and the columns below.

alter table public.courses
    add column language text not null default 'en' check (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    add column enable_reviews boolean not null default true;
comment on column public.courses.language is 'The language that the course is given in, as BCP 47 writes it.';
comment on column public.courses.enable_reviews is 'Whether learners may write reviews. Those that are there stay.';
grant insert (language, enable_reviews), update (language, enable_reviews) on public.courses to authenticated;
create trigger catalogue_course_language_changed after update of language on public.courses
    for each statement execute function private.move_catalogue_version();

create function private.refuse_unwanted_review() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.courses c where c.id = new.course_id and not c.enable_reviews) then
        perform private.refuse('CG409', 'reviews_are_off', 'This course does not take reviews.');
    end if;
    return new;
end
$$;
comment on function private.refuse_unwanted_review() is 'Trigger: no new review of a course whose team turned reviews off.';
create trigger refuse_unwanted_review before insert on public.course_reviews
    for each row execute function private.refuse_unwanted_review();

create function private.require_led(p_course uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught(p_course);
    if not (private.is_admin() or exists (select 1 from public.courses c where c.id = p_course and c.instructor_id = auth.uid())) then
        perform private.refuse('CG403', 'authors_only', 'Only the author of the course or an administrator can change its team.');
    end if;
end
$$;
comment on function private.require_led(uuid) is 'Raises CG404 or CG403 unless the caller is the author of the course or an administrator.';

create function public.find_instructors(p_course uuid, p_words text)
returns table (profile_id uuid, display_name text, headline text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_led(p_course);
    return query
        select i.profile_id, i.display_name, i.headline
        from public.instructor_profiles i
        join public.profiles p on p.id = i.profile_id and p.role in ('instructor', 'admin', 'super_admin')
        where private.fold(i.display_name) like '%' || replace(replace(replace(
                private.fold(left(btrim(p_words), 100)), '\', '\\'), '%', '\%'), '_', '\_') || '%'
          and btrim(p_words) <> '' and not private.is_on_team(p_course, i.profile_id)
        order by i.display_name, i.profile_id limit 10;
end
$$;
comment on function public.find_instructors(uuid, text) is
    'Instructors who introduced themselves and are not of a course''s team, by a part of the name: for its author. Raises CG403, CG404.';

create function public.add_instructor(p_course uuid, p_profile uuid, p_email text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_person record;
begin
    perform private.require_led(p_course);
    select p.id, coalesce(i.display_name, nullif(btrim(p.first_name || ' ' || p.last_name), ''), p.email::text) as name into v_person
    from public.profiles p left join public.instructor_profiles i on i.profile_id = p.id
    where p.role in ('instructor', 'admin', 'super_admin')
      -- By his address, or as one of those whom public.find_instructors() answers.
      and case when p_profile is null then lower(p.email::text) = lower(btrim(p_email)) else p.id = p_profile and i.profile_id is not null end;
    if v_person.id is null then
        perform private.refuse('CG422', 'no_such_instructor',
            'No instructor has this address. Whoever is to teach needs an account, and the association''s office makes it an instructor''s.');
    elsif private.is_on_team(p_course, v_person.id) then
        perform private.refuse('CG409', 'on_the_team', v_person.name || ' is of the team already.');
    elsif (select count(*) from public.course_instructors t where t.course_id = p_course) >= 20 then
        perform private.refuse('CG409', 'team_full', 'A course has at most 20 co-instructors.');
    end if;
    insert into public.course_instructors (course_id, profile_id, position)
    select p_course, v_person.id, coalesce(max(t.position), 0) + 1 from public.course_instructors t where t.course_id = p_course;
    perform private.notify(v_person.id, 'course_team', left('You teach “' || (select c.title from public.courses c where c.id = p_course), 180) || '”',
        'Its author took you into the team. You can edit it in the studio.', '/studio/' || p_course);
    return v_person.name;
end
$$;
comment on function public.add_instructor(uuid, uuid, text) is
    'Takes an instructor into a course''s team, by id or by the whole address, and tells him; answers his name. The author or an administrator. Raises CG403, CG404, CG409, CG422.';

create function public.remove_instructor(p_course uuid, p_profile uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Anybody may leave a team.
    if p_profile is distinct from auth.uid() then
        perform private.require_led(p_course);
    else
        perform private.require_taught(p_course);
    end if;
    delete from public.course_instructors where course_id = p_course and profile_id = p_profile;
    if not found then
        perform private.refuse('CG404', 'not_on_the_team', 'This person is not of the team.');
    end if;
end
$$;
comment on function public.remove_instructor(uuid, uuid) is
    'Takes a co-instructor out of a course''s team: by its author or an administrator, or by himself. Raises CG403, CG404.';

create function public.team_of(p_course uuid)
returns table (profile_id uuid, name text, email text, headline text, is_author boolean, "position" integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught(p_course);
    return query
        select p.id, coalesce(i.display_name, nullif(btrim(p.first_name || ' ' || p.last_name), ''), p.email::text), p.email::text,
            i.headline, t.place = 0, t.place
        from (
            select c.instructor_id as id, 0 as place from public.courses c where c.id = p_course
            union all
            select n.profile_id, n.position from public.course_instructors n where n.course_id = p_course
        ) t join public.profiles p on p.id = t.id
        left join public.instructor_profiles i on i.profile_id = t.id
        order by t.place, p.id;
end
$$;
comment on function public.team_of(uuid) is 'The author and the co-instructors of a course, for its team. Raises CG404.';
grant execute on function public.find_instructors(uuid, text), public.add_instructor(uuid, uuid, text),
    public.remove_instructor(uuid, uuid), public.team_of(uuid) to authenticated, service_role;
grant execute on function private.is_on_team(uuid, uuid) to service_role;

create function private.newest_version(p_course uuid) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select v.number from public.courses c join public.course_versions v on v.id = c.newest_version_id where c.id = p_course
$$;
comment on function private.newest_version(uuid) is
    'The number of the version of a course that was published last: those who began an earlier one are told of it.';
grant execute on function private.newest_version(uuid) to authenticated, service_role;
