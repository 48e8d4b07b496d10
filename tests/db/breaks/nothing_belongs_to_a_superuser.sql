-- As a superuser.
alter function private.is_admin() owner to postgres;
