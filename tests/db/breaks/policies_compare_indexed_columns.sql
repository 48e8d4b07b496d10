drop index public.idx_login_attempts_user;
