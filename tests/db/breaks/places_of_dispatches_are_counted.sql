update public.scorm_dispatch_registrations set released_at = now() where id = %(dispatch_registration)s;
