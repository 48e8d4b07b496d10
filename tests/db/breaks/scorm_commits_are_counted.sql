insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)
values (%(scorm_enrollment)s, %(scorm_attempt)s, 5, 'SCO-1', 'cmi.core.lesson_location', '5');
update public.scorm_enrollments set commit_seq = 4 where id = %(scorm_enrollment)s;
