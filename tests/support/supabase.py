"""A database as Supabase prepares one: its roles, its schema auth, and a `postgres` that is no superuser.

Roles belong to the whole server, so it gets a server of its own. What matters here is written down from Supabase's own
documentation of its roles and privileges: who owns schema auth, what `postgres` may do there, what is given to everybody by default, and
how PostgREST opens a transaction.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
from psycopg import sql

from collegium.access.stage import SESSIONS, Stage, key, role_of
from collegium.kit import embedded
from tests.support.database import FAST

NAME = "postgres"
# Everything is Supabase's superuser's; the project's `postgres` gets a role without that power.
ROLES = """
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role postgres login nosuperuser inherit createrole createdb replication bypassrls;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
grant supabase_auth_admin to supabase_admin;
grant pg_read_all_stats, pg_monitor to postgres;
"""
# auth.users with the columns of the hosted service; auth.uid() in its own words would read the same settings.
AUTH = """
alter database supabase set search_path = "$user", public, extensions;
grant all on database supabase to postgres;
grant usage, create on schema public to postgres with grant option;
grant usage on schema public to anon, authenticated, service_role;
create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create schema auth authorization supabase_auth_admin;
set role supabase_auth_admin;
create table auth.users (
    instance_id uuid,
    id uuid not null primary key,
    aud varchar(255),
    role varchar(255),
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    invited_at timestamptz,
    confirmation_token varchar(255),
    last_sign_in_at timestamptz,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    is_super_admin boolean,
    created_at timestamptz,
    updated_at timestamptz,
    phone text unique default null,
    phone_confirmed_at timestamptz,
    confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
    banned_until timestamptz,
    is_sso_user boolean not null default false,
    deleted_at timestamptz,
    is_anonymous boolean not null default false
);
alter table auth.users enable row level security;
create unique index users_email_partial_key on auth.users (email) where is_sso_user = false;
create function auth.uid() returns uuid language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;
create function auth.role() returns text language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )::text
$$;
create function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;
grant usage on schema auth to anon, authenticated, service_role, postgres;
grant all on auth.users to postgres;
reset role;
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
"""


def serve(folder: Path, bin_dir: Path | None = None) -> AbstractContextManager[embedded.Server]:
    """A server with a prepared database `supabase`."""
    server = embedded.attach(folder, bin_dir=bin_dir, settings=FAST)
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as session:
        session.execute("create role supabase_admin login superuser createrole createdb replication bypassrls")
    with psycopg.connect(server.dsn("supabase_admin", "postgres"), autocommit=True) as session:
        # The first superuser of a server cannot lose its power; it makes room for the name.
        session.execute("alter role postgres rename to first_superuser")
        session.execute(ROLES)
        session.execute("create database supabase")
    with psycopg.connect(server.dsn("supabase_admin", "supabase"), autocommit=True) as session:
        session.execute(AUTH)
    return server


class PostgrestStage(Stage):
    """The guild, whose people come through PostgREST with a token of the hosted service."""

    def opening(self, who: str) -> sql.Composed:
        claims: dict[str, object] = {"iss": "supabase", "ref": "guild", "role": role_of(who), "exp": 4102444800}
        if role_of(who) == "authenticated":
            claims |= {
                "aud": "authenticated",
                "sub": str(key(who)),
                "email": f"{who}@guild.test",
                "app_metadata": {"provider": "email"},
                "user_metadata": {"role": "super_admin"},
                "aal": "aal1",
                "session_id": str(key(SESSIONS.get(who, "no session"))),
                "is_anonymous": False,
            }
        return sql.SQL(
            "select set_config('search_path', '\"public\", \"extensions\"', true), set_config('role', {}, true),"
            " set_config('request.jwt.claims', {}, true), set_config('request.method', 'GET', true),"
            " set_config('request.path', '/courses', true), set_config('request.headers', '{{}}', true),"
            " set_config('request.cookies', '{{}}', true)"
        ).format(role_of(who), json.dumps(claims))
