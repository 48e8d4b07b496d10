-- Access: who may read and write what of the catalogue and of the learning records. It stands after both because who may
-- read a lesson depends on who is enrolled.
-- Rollback: drop the policies and revoke the grants below.

-- Row-level security: the catalogue ------------------------------------------------------------------------

grant select on public.courses, public.course_instructors, public.course_modules, public.lessons to anon, authenticated;
grant select on public.content_blocks, public.lesson_videos to anon, authenticated;
grant delete on public.courses, public.course_instructors, public.course_modules, public.lessons, public.content_blocks,
    public.lesson_videos to authenticated;
grant insert, update on public.course_instructors, public.course_modules, public.lessons, public.content_blocks to authenticated;
-- Counters, keys of stored files and what processing found are the system's.
grant insert (id, title, slug, description, short_description, learning_objectives, target_audience, tags, category, difficulty_level,
    ce_credits, pricing_type, price, member_price, currency, delivery_format, estimated_duration_minutes, status, instructor_id,
    author_bio, thumbnail_url, promo_video_url, syllabus_url, allow_enrollment, max_enrollments, enrollment_start_date,
    enrollment_end_date, course_start_date, course_end_date, completion_certificate, created_by) on public.courses to authenticated;
grant update (title, slug, description, short_description, learning_objectives, target_audience, tags, category, difficulty_level,
    ce_credits, pricing_type, price, member_price, currency, delivery_format, estimated_duration_minutes, status,
    author_bio, thumbnail_url, promo_video_url, syllabus_url, allow_enrollment, max_enrollments, enrollment_start_date,
    enrollment_end_date, course_start_date, course_end_date, completion_certificate) on public.courses to authenticated;
-- Captions name stored files too: who could write their keys could have any file signed for him.
grant update (transcript) on public.lesson_videos to authenticated;

create policy "Public can view published courses" on public.courses for select to anon
    using (status = 'published');
create policy "People view published and own courses" on public.courses for select to authenticated
    using (
        status = 'published'
        or id = any (array(select private.my_enrolled_course_ids()))
        or id = any (array(select private.my_taught_course_ids()))
        -- The line above does not know a row yet that this very statement adds and returns.
        or (instructor_id = (select auth.uid()) and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Instructors create own courses" on public.courses for insert to authenticated
    with check (
        (
            instructor_id = (select auth.uid()) and (select private.is_teacher())
            and (created_by is null or created_by = (select auth.uid()))
        )
        or (select private.is_admin())
    );
create policy "Instructors can manage own courses" on public.courses for update to authenticated
    using (id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove own drafts" on public.courses for delete to authenticated
    using ((status = 'draft' and instructor_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));

create policy "Public can view teams" on public.course_instructors for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view teams" on public.course_instructors for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Admins add instructors" on public.course_instructors for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change instructors" on public.course_instructors for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove instructors" on public.course_instructors for delete to authenticated
    using ((select private.is_admin()));

create policy "Public can view outlines" on public.course_modules for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view outlines" on public.course_modules for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors add modules" on public.course_modules for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change modules" on public.course_modules for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove modules" on public.course_modules for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view lesson titles" on public.lessons for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view lesson titles" on public.lessons for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors add lessons" on public.lessons for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change lessons" on public.lessons for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove lessons" on public.lessons for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view preview lessons" on public.content_blocks for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Learners view lessons that are open to them" on public.content_blocks for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );
create policy "Instructors add content" on public.content_blocks for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change content" on public.content_blocks for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove content" on public.content_blocks for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Public can view preview videos" on public.lesson_videos for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Users view videos" on public.lesson_videos for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );
create policy "Instructors correct transcripts" on public.lesson_videos for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove videos" on public.lesson_videos for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- Row-level security: learning records ----------------------------------------------------------------------

grant select on public.transactions, public.enrollments, public.lesson_progress to authenticated;
grant insert (course_id, member_id) on public.enrollments to authenticated;

create policy "Members view own transactions" on public.transactions for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));

create policy "Members can view own enrollments" on public.enrollments for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Members can self-enroll" on public.enrollments for insert to authenticated
    with check (member_id = (select auth.uid()));

create policy "Members view own progress" on public.lesson_progress for select to authenticated
    using (
        enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

create policy "Users can view own profile" on public.profiles for select to authenticated
    using (
        id = (select auth.uid())
        or id = any (array(select private.my_student_ids()))
        or (select private.is_admin())
    );
