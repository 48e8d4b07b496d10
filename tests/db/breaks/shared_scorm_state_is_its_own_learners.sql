update public.scorm_global_objectives set scorm_enrollment_id = %(dispatch_enrollment)s where target_id = 'org.guild.known';
