-- Roles, as Supabase names them, and the two logins of ours. Roles belong to the whole server: they may exist
-- already, and two databases may be prepared at the same moment. Run as a superuser.
--
-- anon, authenticated  what a visitor and a signed-in person may do
-- service_role         the site's own work; row-level security does not hold it
-- collegium_owner      owns the database and all that is in it; runs migrations
-- collegium_web        logs in for the site; has no rights of its own until it takes one of the first three

do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (values
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit bypassrls'),
            ('collegium_owner', 'login nosuperuser nocreatedb nocreaterole nobypassrls'),
            ('collegium_web', 'login noinherit nosuperuser nocreatedb nocreaterole nobypassrls')
        ) as roles (name, attributes)
    loop
        continue when exists (select from pg_catalog.pg_roles where rolname = wanted.name);
        begin
            execute format('create role %I %s', wanted.name, wanted.attributes);
        exception
            when duplicate_object or unique_violation then
                null; -- Made by somebody else a moment ago.
        end;
    end loop;
end
$$;

do $$
declare
    wanted record;
begin
    for wanted in
        select login.oid as member_oid, login.rolname as member, taken.oid as role_oid, taken.rolname as role
        from pg_catalog.pg_roles as login
        cross join pg_catalog.pg_roles as taken
        where (
            login.rolname in ('collegium_owner', 'collegium_web')
            and taken.rolname in ('anon', 'authenticated', 'service_role')
        )
        -- The owner's function tells administrators which queries are slow, whoever sent them.
        or (login.rolname = 'collegium_owner' and taken.rolname = 'pg_read_all_stats')
    loop
        continue when exists (
            select from pg_catalog.pg_auth_members
            where roleid = wanted.role_oid and member = wanted.member_oid
        );
        begin
            execute format('grant %I to %I', wanted.role, wanted.member);
        exception
            when duplicate_object or unique_violation then
                null;
        end;
    end loop;
end
$$;
