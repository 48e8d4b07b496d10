update public.question_versions set used_at = null where id = %(shared_version)s;
