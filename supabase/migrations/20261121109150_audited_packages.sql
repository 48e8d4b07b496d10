-- What is audited of SCORM packages, partners and xAPI. Until here every table of theirs was, as carefully as can be; but what a
-- package or a partner says comes with every commit, and stands in append-only logs of its own.
-- Rollback: drop the triggers below, take the rows out of private.audit_exempt, and audit each table again.

do $$
declare
    v_trigger record;
begin
    for v_trigger in
        select c.relname, t.tgname from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        join pg_proc p on p.oid = t.tgfoid and p.proname = 'log_audit_trail'
        where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and t.tgparentid = 0
          and (c.relname ~ '^(scorm|xapi|partner)_' or c.relname in ('lesson_scorm_packages', 'external_module_progress', 'lms_sync_log'))
    loop
        execute format('drop trigger %I on public.%I', v_trigger.tgname, v_trigger.relname);
        delete from private.audit_tables where table_name = v_trigger.relname;
        delete from private.audit_exempt where table_name = v_trigger.relname;
    end loop;
end
$$;

insert into private.audit_exempt (table_name, reason) values
    ('scorm_tracking', 'An append-only log of its own, of which nobody but the owner can change or remove a row.'),
    ('scorm_sco_results', 'Follows from scorm_tracking with every commit.'),
    ('scorm_items', 'Written by an import, thousands at a time; that a package was imported is logged.'),
    ('external_module_progress', 'Comes with every synchronisation; what follows from it is logged in partner_lms_enrollments.'),
    ('lms_sync_log', 'A log of its own, whose finished rows stay.'),
    ('xapi_statements', 'An append-only log of its own, which even the service cannot change.'),
    ('xapi_activity_state', 'What a content keeps for itself, such as where to resume; no evidence.'),
    ('xapi_agent_profile', 'What a content keeps for itself; no evidence.'),
    ('xapi_activity_profile', 'What a content keeps for itself; no evidence.');

select private.audit_table('scorm_packages', 'log_scorm_package_changes',
    p_ignored => '{manifest,import_progress,import_errors,import_warnings}');
select private.audit_table('lesson_scorm_packages', 'log_lesson_scorm_package_changes');
select private.audit_table('partner_lms_providers', 'log_partner_lms_provider_changes', p_ignored => '{last_synced_at}');
select private.audit_table('partner_courses', 'log_partner_course_changes', p_ignored => '{payload_sha256,synced_at}');
select private.audit_table('partner_course_mappings', 'log_partner_course_mapping_changes');
select private.audit_table('partner_credentials', 'log_partner_credential_changes', 'member_id', p_personal => '{external_id,verification_url}');
select private.audit_table('xapi_credentials', 'log_xapi_credential_changes', p_ignored => '{last_used_at}', p_secret => '{secret_sha256}');

-- Of a registration, an attempt and an enrollment elsewhere: what was reached, not each step. A commit that moves none of it
-- does not even call the function.
select private.audit_table('scorm_enrollments', 'log_scorm_enrollment_arrivals', 'member_id',
    p_ignored => '{cmi_data,last_accessed_at,commit_seq,session_attempt_id,session_opened_at,session_seconds,total_time_seconds,progress}',
    p_secret => '{session_id,session_web_id}', p_events => 'insert or delete');
create trigger log_scorm_enrollment_changes after update on public.scorm_enrollments
    for each row when (
        old.status is distinct from new.status or old.criterion_met_at is distinct from new.criterion_met_at
        or old.score is distinct from new.score or old.attempts is distinct from new.attempts
    )
    execute function public.log_audit_trail('scorm_enrollments');
select private.audit_table('scorm_attempts', 'log_scorm_attempt_arrivals', 'scorm_enrollment_id > scorm_enrollments.member_id',
    p_ignored => '{cmi_data,total_time_seconds,progress}', p_events => 'insert or delete');
create trigger log_scorm_attempt_changes after update on public.scorm_attempts
    for each row when (
        old.completion_status is distinct from new.completion_status or old.success_status is distinct from new.success_status
        or old.score is distinct from new.score or old.opened_at is distinct from new.opened_at or old.credit is distinct from new.credit
    )
    execute function public.log_audit_trail('scorm_attempts');
select private.audit_table('partner_lms_enrollments', 'log_partner_lms_enrollment_arrivals', 'member_id',
    p_personal => '{external_id}', p_ignored => '{last_synced_at,modules_progress,progress}', p_events => 'insert or delete');
create trigger log_partner_lms_enrollment_changes after update on public.partner_lms_enrollments
    for each row when (
        old.status is distinct from new.status or old.score is distinct from new.score or old.completed_at is distinct from new.completed_at
        or old.member_id is distinct from new.member_id or old.partner_course_id is distinct from new.partner_course_id
    )
    execute function public.log_audit_trail('partner_lms_enrollments');
