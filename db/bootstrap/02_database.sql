-- This database, as Supabase prepares one: a schema for extensions that every role may use and that stands in the
-- search path, and room for the owner to work. Run as a superuser (or the database's owner).

do $$
begin
    -- The owner makes schemas and trusted extensions (pg_trgm, unaccent, citext) itself.
    execute format('grant connect, create, temporary on database %I to collegium_owner', current_database());
    execute format('grant connect on database %I to collegium_web', current_database());
    -- PostgreSQL lets everybody make temporary tables and types. Nobody here needs that, and a type of the same name as
    -- one of PostgreSQL's would stand before it.
    execute format('revoke temporary on database %I from public', current_database());
    execute format('alter database %I set search_path = "$user", public, extensions', current_database());
end
$$;

grant usage, create on schema public to collegium_owner with grant option;
grant usage on schema public to anon, authenticated, service_role;

create schema if not exists extensions authorization collegium_owner;
grant usage on schema extensions to anon, authenticated, service_role;

-- Only a superuser may make this one, and only a server that loaded its library can use it.
do $$
begin
    if current_setting('shared_preload_libraries') like '%pg_stat_statements%'
        and (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
    then
        create extension if not exists pg_stat_statements with schema extensions;
        revoke all on extensions.pg_stat_statements, extensions.pg_stat_statements_info from public;
        grant select on extensions.pg_stat_statements, extensions.pg_stat_statements_info to collegium_owner;
    end if;
end
$$;
