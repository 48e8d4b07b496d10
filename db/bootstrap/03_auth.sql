-- Schema auth with the columns and functions of Supabase's that Collegium reads. Who a person is comes with each
-- transaction, in the setting request.jwt.claims: JSON with sub (the person's id) and role.

create schema if not exists auth authorization collegium_owner;
grant usage on schema auth to anon, authenticated, service_role;

create table if not exists auth.users (
    id uuid primary key default gen_random_uuid(),
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    confirmed_at timestamptz generated always as (email_confirmed_at) stored,
    last_sign_in_at timestamptz,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    deleted_at timestamptz,
    banned_until timestamptz
);
create unique index if not exists users_email_lower_key on auth.users (lower(email));
comment on table auth.users is 'Who can sign in. Only the site itself reads it; a person''s public side is a profile.';

alter table auth.users owner to collegium_owner;
alter table auth.users enable row level security;
revoke all on auth.users from public, anon, authenticated;
grant select, insert, update, delete on auth.users to service_role;

create or replace function auth.jwt() returns jsonb
language sql stable
as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
comment on function auth.jwt() is 'All claims of the current transaction; null when there are none.';

create or replace function auth.uid() returns uuid
language sql stable
as $$
    select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;
comment on function auth.uid() is 'The person acting in the current transaction; null for a visitor.';

create or replace function auth.role() returns text
language sql stable
as $$
    select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role', '')
$$;
comment on function auth.role() is 'The role claimed in the current transaction; null when there are no claims.';

alter function auth.jwt() owner to collegium_owner;
alter function auth.uid() owner to collegium_owner;
alter function auth.role() owner to collegium_owner;
revoke all on function auth.jwt(), auth.uid(), auth.role() from public;
grant execute on function auth.jwt(), auth.uid(), auth.role() to anon, authenticated, service_role;
