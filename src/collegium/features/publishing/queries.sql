-- name: standing
-- What the person who asks is to a course, the version published last and how many learners are under way.
select
    coalesce(c.instructor_id = (select auth.uid()), false) as author,
    c.instructor_id = (select auth.uid())
        or exists (select 1 from public.course_instructors t where t.course_id = c.id and t.profile_id = (select auth.uid())) as team,
    (select private.is_admin()) as admin,
    v.number as version, c.newest_version_id as version_id, c.active_enrollments as learners
from public.courses c
left join public.course_versions v on v.id = c.newest_version_id
where c.id = $1;

-- name: problems
-- What a course, with its drafts, still needs.
select code, blocking, lesson_id, title from public.publication_problems($1::uuid);

-- name: changes
-- What is new, changed and removed since the version published last.
select kind, part, id, title, details from public.course_changes($1::uuid);

-- name: history
-- The way of a course, the latest step first.
select s.id, s.created_at, coalesce(nullif(btrim(p.first_name || ' ' || p.last_name), ''), i.display_name) as by,
    s.from_status, s.to_status, s.note, v.number as version
from public.course_status_changes s
left join public.profiles p on p.id = s.changed_by
left join public.instructor_profiles i on i.profile_id = s.changed_by
left join public.course_versions v on v.id = s.course_version_id
where s.course_id = $1
order by s.created_at desc, s.id desc
limit 50;

-- name: set_status
-- Takes a course a step further.
select public.set_course_status($1::uuid, $2, $3);

-- name: publish_unreviewed as service_role
-- Publishes a course that nobody else needs to approve: the site's setting says so.
select private.change_course_status($1::uuid, 'published', $2, $3::uuid, true);

-- name: publish_changes
-- Makes the drafts of a published course live, and a version.
select public.publish_course_changes($1::uuid);

-- name: moves
-- What a move to the newest version would change for each learner under way.
select enrollment_id, member_name, from_number, to_number, done_before, asked_before, done_after, asked_after
from public.preview_moves($1::uuid) limit $2;

-- name: move_all
-- Moves everybody who is under way to the newest version.
select public.move_enrollments($1::uuid, $2::uuid);

-- name: still_asked
-- Lessons that learners under way are asked for by their version, but the course no longer asks of those who begin.
select l.id, l.title, l.state, count(e.id) as learners
from public.course_versions v
join public.lessons l on l.course_id = v.course_id and l.id = any (v.required_lesson_ids) and l.id <> all (v.released_lesson_ids)
join public.enrollments e on e.course_version_id = v.id and e.status in ('enrolled', 'in_progress')
where v.course_id = $1 and not (l.state = 'live' and l.require_completion)
group by l.id, l.title, l.state
order by l.title, l.id;

-- name: release
-- Lets learners off a lesson.
select public.release_lesson($1::uuid, $2::uuid, $3);

-- name: people_to_tell as service_role
-- Who hears of a step: with $2 those who review courses and have no part in this one, else its team; never who took it.
select p.id, p.email::text as email, coalesce(nullif(p.first_name, ''), p.email::text) as first_name
from public.profiles p
where p.id is distinct from $3::uuid and case when $2::boolean
    then p.role in ('admin', 'super_admin') and not private.is_on_team($1, p.id)
    else private.is_on_team($1, p.id) end
order by p.id limit 50;

-- name: settings
-- Every setting of a course that the person who asks may edit.
select
    c.title, c.slug, c.short_description, c.description, c.target_audience, c.category, c.tags,
    array(select o.text from jsonb_array_elements_text(c.learning_objectives) as o (text)) as learning_objectives,
    c.difficulty_level, c.delivery_format, c.language, c.estimated_duration_minutes,
    c.pricing_type, c.price, c.member_price, c.currency,
    c.allow_enrollment, c.max_enrollments, c.enrollment_start_date, c.enrollment_end_date, c.course_start_date, c.course_end_date,
    c.completion_certificate, c.ce_credits, c.enable_discussion_forum, c.enable_reviews
from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: settings_to_change
-- The same, held until the commit, so that of two who save at once the second sees the first.
select
    c.title, c.slug, c.short_description, c.description, c.target_audience, c.category, c.tags,
    array(select o.text from jsonb_array_elements_text(c.learning_objectives) as o (text)) as learning_objectives,
    c.difficulty_level, c.delivery_format, c.language, c.estimated_duration_minutes,
    c.pricing_type, c.price, c.member_price, c.currency,
    c.allow_enrollment, c.max_enrollments, c.enrollment_start_date, c.enrollment_end_date, c.course_start_date, c.course_end_date,
    c.completion_certificate, c.ce_credits, c.enable_discussion_forum, c.enable_reviews
from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
for no key update;

-- name: save_about
-- What a course is called and about.
update public.courses set title = $2, slug = $3, short_description = $4, description = $5, target_audience = $6, category = $7, tags = $8
where id = $1;

-- name: save_learning
-- What is learnt, at which level, in which language and how long it takes.
update public.courses set learning_objectives = to_jsonb($2::text[]), difficulty_level = $3, delivery_format = $4, language = $5,
    estimated_duration_minutes = $6
where id = $1;

-- name: save_price
-- What a course costs.
update public.courses set pricing_type = $2, price = $3, member_price = $4, currency = $5 where id = $1;

-- name: save_enrollment
-- When and how many may enrol.
update public.courses set allow_enrollment = $2, max_enrollments = $3, enrollment_start_date = $4, enrollment_end_date = $5,
    course_start_date = $6, course_end_date = $7
where id = $1;

-- name: save_recognition
-- What somebody gets who completes a course.
update public.courses set completion_certificate = $2, ce_credits = $3 where id = $1;

-- name: save_community
-- Whether a course has a forum and takes reviews.
update public.courses set enable_discussion_forum = $2, enable_reviews = $3 where id = $1;

-- name: save_picture
-- The picture of a course: the address of a file, or nothing.
update public.courses set thumbnail_url = $2 where id = $1;

-- name: prices
-- The dated prices of a course.
select p.id, p.name,
    case p.audience when 'everybody' then 'Everybody' when 'member' then 'Members'
        when 'designation' then coalesce('Holders of ' || d.name, 'Holders of a designation')
        else coalesce('People of ' || o.name, 'People of an organisation') end as audience,
    p.amount, p.currency, p.valid_from, p.valid_until
from public.prices p
left join public.member_designations d on d.id = p.designation_id
left join public.organisations o on o.id = p.organisation_id
where p.course_id = $1
order by p.valid_from, p.name, p.id;

-- name: add_price
-- Adds a dated price in the currency of the course.
insert into public.prices (course_id, name, audience, amount, currency, valid_from, valid_until)
select c.id, $2, $3, $4, c.currency, coalesce($5::date, (now() at time zone 'UTC')::date), $6::date from public.courses c where c.id = $1;

-- name: remove_price
-- Takes a dated price away.
delete from public.prices where id = $1 and course_id = $2 returning id;

-- name: prerequisites
-- What a course asks for first.
select p.id, coalesce(c.title, p.requirement) as title, p.requires_course_id is not null as is_course
from public.course_prerequisites p left join public.courses c on c.id = p.requires_course_id
where p.course_id = $1 and coalesce(c.title, p.requirement) is not null
order by p.created_at, p.id;

-- name: possible_prerequisites
-- Courses that could be required first: published ones and those that the person who asks teaches.
select c.id, c.title from public.courses c
where c.id <> $1 and (c.status = 'published' or c.id = any (array(select private.my_taught_course_ids())))
    and not exists (select 1 from public.course_prerequisites p where p.course_id = $1 and p.requires_course_id = c.id)
order by c.title, c.id limit 500;

-- name: add_prerequisite
-- Asks for another course or for something in words.
insert into public.course_prerequisites (course_id, requires_course_id, requirement) values ($1, $2, $3);

-- name: remove_prerequisite
-- Asks for something no longer.
delete from public.course_prerequisites where id = $1 and course_id = $2 returning id;

-- name: team
-- The author and the co-instructors of a course.
select profile_id, name, email, headline, is_author from public.team_of($1::uuid);

-- name: find_instructors
-- Instructors who could be taken into the team.
select profile_id, display_name as name, headline from public.find_instructors($1::uuid, $2);

-- name: add_instructor
-- Takes an instructor into the team.
select public.add_instructor($1::uuid, $2::uuid, $3);

-- name: remove_instructor
-- Takes a co-instructor out of the team.
select public.remove_instructor($1::uuid, $2::uuid);

-- name: preview_about
-- What the page of a course says.
select c.slug, c.short_description, c.description, c.target_audience,
    array(select o.text from jsonb_array_elements_text(c.learning_objectives) as o (text)) as learning_objectives,
    c.category, c.difficulty_level, c.delivery_format, c.estimated_duration_minutes, c.ce_credits, c.completion_certificate
from public.courses c where c.id = $1;

-- name: preview_outline
-- The outline as it will be when the drafts are published, with what each part waits for.
select m.id as module_id, m.title as module_title, m.description as module_description, m.state as module_state,
    m.unlock_date as module_date, b.title as module_after,
    l.id, l.title, l.lesson_type, l.state, l.is_preview, l.require_completion, l.estimated_duration_minutes as minutes,
    l.unlock_date as opens_at, w.title as after
from public.course_modules m
left join public.lessons l on l.module_id = m.id and l.state <> 'retired'
left join public.course_modules b on b.id = m.unlock_after_module_id and b.state <> 'retired'
left join public.lessons w on w.id = l.unlock_after_lesson_id and w.state <> 'retired'
where m.course_id = $1 and m.state <> 'retired'
order by m.module_order, l.lesson_order, l.id;
