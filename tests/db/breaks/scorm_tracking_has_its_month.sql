insert into public.scorm_tracking ("timestamp", scorm_enrollment_id, attempt_id, sco, element, value)
values ('2020-02-01', %(scorm_enrollment)s, %(scorm_attempt)s, 'SCO-1', 'cmi.suspend_data', 'x');
