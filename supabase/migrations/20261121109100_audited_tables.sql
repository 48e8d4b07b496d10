-- What is audited and what is not. An invariant holds every table of public to stand in one of the two lists.
-- Rollback: drop the triggers log_…_changes, empty private.audit_tables and private.audit_exempt.

insert into private.audit_exempt (table_name, reason) values
    ('audit_logs', 'It is the log itself.'),
    ('audit_personal_values', 'A part of the log; erasing a person is logged as ERASE.'),
    ('audit_roots', 'They are signed and kept as files too.'),
    ('auth_tokens', 'One-time links, of which nothing but a secret could be written down; what a link was used for is logged.'),
    ('mail_outbox', 'Bodies hold one-time links; the rest is the bookkeeping of sending.'),
    ('video_analytics', 'Changes with every heartbeat; the completion that follows from it is logged in lesson_progress.'),
    ('video_events', 'An append-only log of its own, and no evidence.'),
    ('content_count_moves', 'Counters on their way to content_counts.'),
    ('content_counts', 'Counters, which a recount proves.'),
    ('maintenance_runs', 'A log of its own: what the site did by the clock.'),
    ('notifications', 'Messages to one person, who alone marks them read; what they tell of is logged where it happened.'),
    ('roadmap_steps', 'Computed by a rule, whole with its roadmap, which is logged.'),
    ('skill_estimates', 'Computed by a rule from evidence that is logged, and can be computed again.'),
    ('web_sessions', 'Comes and goes with each sign-in, which login_attempts tells; a cookie''s digest is a secret.');

-- People. What somebody is called, where he is reached and what he wrote is personal.
select private.audit_table('profiles', 'log_profile_changes', 'id',
    p_personal => '{email,first_name,last_name,avatar_url,learning_preferences,knowledge_profile,time_zone,locale}');
select private.audit_table('memberships', 'log_membership_changes', 'member_id', p_personal => '{member_number}');
select private.audit_table('instructor_profiles', 'log_instructor_profile_changes', 'profile_id',
    p_personal => '{display_name,headline,bio,avatar_url}');
-- Rows are only added; that old ones are tidied away is no event.
select private.audit_table('login_attempts', 'log_login_attempts', 'user_id',
    p_personal => '{email,ip,user_agent,origin}', p_events => 'insert');

-- The catalogue. Counters and what processing found out are no decisions of anybody.
select private.audit_table('courses', 'log_course_changes', 'instructor_id',
    p_personal => '{author_bio}',
    p_ignored => '{total_enrollments,active_enrollments,completion_count,completion_rate,required_lessons}');
select private.audit_table('course_instructors', 'log_course_instructor_changes', 'profile_id');
select private.audit_table('course_modules', 'log_course_module_changes');
select private.audit_table('lessons', 'log_lesson_changes');
select private.audit_table('content_blocks', 'log_content_block_changes');
select private.audit_table('lesson_videos', 'log_lesson_video_changes',
    p_ignored => '{processing_state,processing_error,renditions}');

-- Learning records.
select private.audit_table('transactions', 'log_transaction_changes', 'member_id', p_personal => '{description}');
select private.audit_table('enrollments', 'log_enrollment_changes', 'member_id', p_personal => '{instructor_notes}',
    p_ignored => '{lessons_completed,current_lesson_id,last_accessed_at}');
select private.audit_table('certificates', 'log_certificate_changes', 'member_id',
    p_personal => '{holder_name,revoked_reason}', p_ignored => '{pdf_key,pdf_sha256,pdf_made_at,pdf_error}');

-- Of lesson_progress only that a lesson was completed, and what became of that. Opening a lesson writes nothing.
select private.audit_table('lesson_progress', 'log_lesson_progress_removals', 'enrollment_id > enrollments.member_id',
    p_events => 'delete');
create trigger log_lesson_progress_changes after insert or update on public.lesson_progress
    for each row when (new.status = 'completed') execute function public.log_audit_trail('lesson_progress');
create trigger log_lesson_progress_reopened after update of status on public.lesson_progress
    for each row when (old.status = 'completed' and new.status <> 'completed')
    execute function public.log_audit_trail('lesson_progress');

-- Who can sign in. A password's digest is never written down, that it changed is.
insert into private.audit_tables (table_name, subject_column, personal_columns, secret_columns, ignored_columns) values (
    'auth.users', 'id', '{email,raw_user_meta_data,raw_app_meta_data}', '{encrypted_password}',
    '{updated_at,last_sign_in_at,confirmed_at,created_at}'
);
create trigger log_user_changes
    after update of encrypted_password, email, email_confirmed_at, banned_until, deleted_at on auth.users
    for each row execute function public.log_audit_trail('auth.users');

-- Answers are saved while somebody is at them, which matters to nobody yet; from the moment when they are graded on they
-- are evidence, and stand in the log whole.
select private.audit_table('quiz_answers', 'log_quiz_answer_removals', 'quiz_attempt_id > quiz_attempts.member_id',
    p_personal => '{answer_data,instructor_feedback}', p_events => 'delete');
create trigger log_quiz_answer_changes after insert or update on public.quiz_answers
    for each row when (new.graded_at is not null) execute function public.log_audit_trail('quiz_answers', 'whole');

-- The rest, but for packages and partners, whose migration follows: the trigger is called log_<one row>_changes. A line whose table is not there is passed over; one that does
-- not fit its table leaves the table to the careful rule at the end.
do $$
declare
    v_line record;
begin
    for v_line in
        select l.* from (values
            -- table, one row, the person, personal, ignored, secret
            ('organisations', 'organisation', null, '{}', '{}', '{}'),
            ('organisation_members', 'organisation_member', 'member_id', '{}', '{}', '{}'),
            ('member_designations', 'member_designation', null, '{}', '{}', '{}'),
            ('designation_holders', 'designation_holder', 'member_id', '{credential_number}', '{}', '{}'),
            ('prices', 'price', null, '{}', '{}', '{}'),
            ('programs', 'program', null, '{}', '{}', '{}'),
            ('program_courses', 'program_course', null, '{}', '{}', '{}'),
            ('course_versions', 'course_version', null, '{}', '{}', '{}'),
            ('course_prerequisites', 'course_prerequisite', null, '{}', '{}', '{}'),
            ('lesson_prerequisites', 'lesson_prerequisite', null, '{}', '{}', '{}'),
            ('lesson_attachments', 'lesson_attachment', null, '{}', '{download_count}', '{}'),
            ('lesson_links', 'lesson_link', null, '{}', '{}', '{}'),
            ('course_reviews', 'course_review', 'member_id', '{title,review_text,liked_aspects,improvement_areas}',
                '{helpful_count,not_helpful_count}', '{}'),
            ('review_votes', 'review_vote', 'member_id', '{}', '{}', '{}'),
            ('sessions', 'session', 'user_id', '{name}', '{}', '{}'),
            ('modules', 'module', 'session_id > sessions.user_id', '{name}', '{}', '{}'),
            ('videos', 'video', null, '{file_name,file_url}', '{}', '{}'),
            ('discussions', 'discussion', 'member_id', '{title}', '{posts_count,last_post_at}', '{}'),
            ('discussion_posts', 'discussion_post', 'member_id', '{body,hidden_reason}', '{}', '{}'),
            ('quizzes', 'quiz', null, '{}', '{attempts_count,graded_count,passed_count,score_sum,avg_score,pass_rate}', '{}'),
            ('questions', 'question', null, '{}', '{}', '{}'),
            ('question_versions', 'question_version', null, '{}', '{}', '{}'),
            ('question_keys', 'question_key', null, '{}', '{}', '{}'),
            ('quiz_questions', 'quiz_question', null, '{}', '{}', '{}'),
            ('quiz_attempts', 'quiz_attempt', 'member_id', '{ip_address,user_agent,instructor_feedback}', '{}', '{}'),
            ('quiz_grade_changes', 'quiz_grade_change', 'quiz_attempt_id > quiz_attempts.member_id', '{reason}', '{}', '{}'),
            ('quiz_accommodations', 'quiz_accommodation', 'enrollment_id > enrollments.member_id', '{reason}', '{}', '{}'),
            ('assignments', 'assignment', null, '{}', '{submissions_count,graded_count,score_sum,avg_score}', '{}'),
            ('assignment_submissions', 'assignment_submission', 'member_id',
                '{submission_text,submission_html,submission_url,file_attachments,instructor_feedback_html,rubric_scores}', '{}', '{}'),
            ('assignment_reviews', 'assignment_review', 'reviewer_id', '{feedback_html,rubric_scores}', '{}', '{}'),
            ('assignment_extensions', 'assignment_extension', 'enrollment_id > enrollments.member_id', '{reason}', '{}', '{}'),
            ('live_sessions', 'live_session', 'instructor_id', '{}',
                '{registered_count,attendance_count,attendance_minutes,avg_attendance_duration_minutes}', '{}'),
            ('live_session_hosts', 'live_session_host', 'profile_id', '{}', '{}', '{}'),
            -- Who has the link and the password is in the meeting.
            ('live_session_meetings', 'live_session_meeting', null, '{}', '{}', '{meeting_url,meeting_id,meeting_password}'),
            ('session_attendance', 'session_attendance', 'member_id', '{}', '{questions_asked,polls_answered}', '{}'),
            ('attendance_intervals', 'attendance_interval', 'member_id', '{external_id,void_reason}', '{last_seen_at}', '{}'),
            ('credit_types', 'credit_type', null, '{}', '{}', '{}'),
            ('credit_rules', 'credit_rule', null, '{}', '{}', '{}'),
            ('credit_awards', 'credit_award', 'member_id', '{reason}', '{}', '{}'),
            ('renewal_cycles', 'renewal_cycle', 'member_id', '{}', '{}', '{}'),
            ('renewal_requirements', 'renewal_requirement', 'cycle_id > renewal_cycles.member_id', '{}', '{}', '{}'),
            ('certificate_templates', 'certificate_template', null, '{signatories}', '{}', '{}'),
            ('skills', 'skill', null, '{}', '{}', '{}'),
            ('skill_prerequisites', 'skill_prerequisite', null, '{}', '{}', '{}'),
            ('lesson_skills', 'lesson_skill', null, '{}', '{}', '{}'),
            ('personalized_roadmaps', 'personalized_roadmap', 'student_id', '{ai_reasoning}', '{}', '{}'),
            ('learning_progress', 'learning_progress', 'student_id', '{}', '{progress_data,time_spent}', '{}'),
            ('notification_preferences', 'notification_preference', 'member_id', '{}', '{}', '{}'),
            ('data_requests', 'data_request', 'member_id', '{details,reason}', '{}', '{}')
        ) l (name, one, subject, personal, ignored, secret)
        where to_regclass('public.' || l.name) is not null
    loop
        begin
            perform private.audit_table(v_line.name, 'log_' || v_line.one || '_changes', v_line.subject,
                v_line.personal::text[], v_line.ignored::text[], v_line.secret::text[]);
        exception
            when raise_exception then
                raise warning 'not audited as declared: %', sqlerrm;
        end;
    end loop;
end
$$;

-- What nobody declared above is audited too, as carefully as can be: each text in it counts as personal, and what is
-- called a key, token, secret, password or hash is never written down.
do $$
declare
    v_table record;
begin
    for v_table in
        select c.oid, c.relname::text as name,
            (
                select a.attname::text from pg_constraint f join pg_attribute a on a.attrelid = c.oid and a.attnum = f.conkey[1]
                where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = 'public.profiles'::regclass
                  and cardinality(f.conkey) = 1 and a.attname not like '%\_by'
                order by a.attnum limit 1
            ) as subject,
            coalesce(array_agg(a.attname::text) filter (where a.attname ~ '(token|secret|password|hash)|(^|_)key(_|$)'), '{}') as secret,
            coalesce(array_agg(a.attname::text) filter (
                where a.attname !~ '(token|secret|password|hash)|(^|_)key(_|$)|^search_text$'
                  and a.atttypid in ('text'::regtype, 'text[]'::regtype, 'extensions.citext'::regtype, 'jsonb'::regtype, 'inet'::regtype)
                  and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey))
            ), '{}') as personal
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname not in (select x.table_name from private.audit_exempt x)
          and c.relname not in (select x.table_name from private.audit_tables x)
        group by c.oid, c.relname
    loop
        perform private.audit_table(v_table.name, 'log_' || left(v_table.name, 50) || '_changes', v_table.subject,
            p_personal => v_table.personal, p_secret => v_table.secret);
    end loop;
end
$$;
