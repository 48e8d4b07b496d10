-- People: profiles, memberships, what the public may know of an instructor, web sessions, one-time tokens,
-- sign-in attempts and outgoing mail.
-- Rollback: drop the tables below, the trigger on auth.users and the types.

create type public.user_role as enum ('student', 'instructor', 'admin', 'super_admin');

-- profiles -------------------------------------------------------------------------------------------------

create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    email extensions.citext not null unique,
    role public.user_role not null default 'student',
    first_name text not null default '' check (length(first_name) <= 100),
    last_name text not null default '' check (length(last_name) <= 100),
    avatar_url text check (length(avatar_url) <= 1024),
    learning_preferences jsonb not null default '{}' check (jsonb_typeof(learning_preferences) = 'object'),
    knowledge_profile jsonb not null default '{}' check (jsonb_typeof(knowledge_profile) = 'object'),
    time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64),
    locale text not null default 'en' check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.profiles is 'Every person. One row for each row of auth.users, made by the trigger on_auth_user_created.';
comment on column public.profiles.role is 'Changed only by public.set_user_role().';
comment on column public.profiles.time_zone is 'IANA name; instants are shown in it.';
create index idx_profiles_role on public.profiles (role) where role <> 'student';
create index idx_profiles_name on public.profiles (last_name, first_name, id);

create trigger update_profiles_updated_at before update on public.profiles
    for each row execute function public.update_updated_at_column();

create function private.is_time_zone(p_name text) returns boolean
language plpgsql stable strict set search_path = pg_catalog, pg_temp
as $$
begin
    if p_name = 'UTC' then
        return true;
    elsif p_name ~ '^[A-Z][A-Za-z_]*(/[A-Za-z_-]+)+$' then
        perform now() at time zone p_name;
        return true;
    end if;
    -- PostgreSQL also takes rules such as Foo/Bar3, which are no names; only the list, slow to read, tells them apart.
    return exists (select 1 from pg_timezone_names where name = p_name);
exception
    when invalid_parameter_value then return false;
end
$$;
comment on function private.is_time_zone(text) is 'Whether a text is the IANA name of a time zone, such as Europe/Berlin.';
grant execute on function private.is_time_zone(text) to authenticated, service_role;

create function private.clean_profile() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- Names stand on certificates and in mail: no line ends, nothing that turns the direction of text.
    new.first_name := btrim(regexp_replace(new.first_name, '[[:cntrl:]\u200e\u200f\u202a-\u202e\u2066-\u2069]+', ' ', 'g'));
    new.last_name := btrim(regexp_replace(new.last_name, '[[:cntrl:]\u200e\u200f\u202a-\u202e\u2066-\u2069]+', ' ', 'g'));
    if not private.is_time_zone(new.time_zone) then
        perform private.refuse('CG422', 'no_such_time_zone', 'There is no such time zone. Choose one such as Europe/Berlin.');
    end if;
    return new;
end
$$;
comment on function private.clean_profile() is 'Trigger: takes control characters out of names and refuses a time zone that does not exist.';
create trigger clean_profile before insert or update of first_name, last_name, time_zone on public.profiles
    for each row execute function private.clean_profile();

create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.profiles (id, email, first_name, last_name, time_zone)
    values (
        new.id,
        new.email,
        left(coalesce(new.raw_user_meta_data ->> 'first_name', ''), 100),
        left(coalesce(new.raw_user_meta_data ->> 'last_name', ''), 100),
        case when private.is_time_zone(new.raw_user_meta_data ->> 'time_zone')
            then new.raw_user_meta_data ->> 'time_zone' else 'UTC' end
    );
    return new;
end
$$;
comment on function public.handle_new_user() is 'Makes the profile of a new person. The role is always student: sign-up data cannot choose it.';

create trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user();
-- On Supabase people may be there before Collegium is.
insert into public.profiles (id, email) select id, email from auth.users where email is not null;

create function private.follow_email() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.profiles set email = new.email where id = new.id;
    return null;
end
$$;
comment on function private.follow_email() is 'Trigger: a profile''s address is the one that its person signs in with.';
create trigger on_auth_user_email_changed after update of email on auth.users
    for each row when (old.email is distinct from new.email) execute function private.follow_email();

-- memberships ----------------------------------------------------------------------------------------------

create table public.memberships (
    id uuid primary key default gen_random_uuid(),
    member_id uuid not null references public.profiles (id) on delete cascade,
    member_number text not null unique check (length(member_number) between 1 and 40),
    tier text not null default 'individual' check (length(tier) between 1 and 60),
    status text not null default 'active' check (status in ('active', 'suspended', 'cancelled')),
    starts_on date not null,
    ends_on date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint membership_dates check (ends_on is null or ends_on >= starts_on)
);
comment on table public.memberships is 'The association''s side of a person, dated. Member price on a day = an active membership that covers it.';
create index idx_memberships_member on public.memberships (member_id, starts_on);

create trigger update_memberships_updated_at before update on public.memberships
    for each row execute function public.update_updated_at_column();

-- instructor_profiles --------------------------------------------------------------------------------------

create table public.instructor_profiles (
    profile_id uuid primary key references public.profiles (id) on delete cascade,
    display_name text not null check (length(display_name) between 1 and 200),
    headline text not null default '' check (length(headline) <= 200),
    bio text not null default '' check (length(bio) <= 5000),
    avatar_url text check (length(avatar_url) <= 1024),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.instructor_profiles is
    'What everybody may know of an instructor. Kept apart from profiles, whose other columns are nobody else''s business.';

create trigger update_instructor_profiles_updated_at before update on public.instructor_profiles
    for each row execute function public.update_updated_at_column();

-- web_sessions ---------------------------------------------------------------------------------------------

create table public.web_sessions (
    id uuid primary key default private.uuid_v7(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    ip inet,
    user_agent text not null default '' check (length(user_agent) <= 400)
);
comment on table public.web_sessions is 'Signed-in browsers. The cookie holds a random token; only its SHA-256 is kept.';
create index idx_web_sessions_user on public.web_sessions (user_id, created_at desc);
create index idx_web_sessions_expiry on public.web_sessions (expires_at);

create function private.announce_session_end() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- Every web process forgets the session at once instead of when its short cache runs out.
    perform pg_notify('collegium_session_ended', encode(old.token_hash, 'hex'));
    return null;
end
$$;
comment on function private.announce_session_end() is 'Trigger: tells the web processes that a session was revoked or deleted.';

create trigger web_session_revoked after update of revoked_at on public.web_sessions
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function private.announce_session_end();
create trigger web_session_deleted after delete on public.web_sessions
    for each row execute function private.announce_session_end();

create function private.announce_role_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('collegium_person_changed', new.id::text);
    return null;
end
$$;
comment on function private.announce_role_change() is 'Trigger: tells the web processes that what they remember of a person is old.';

create trigger profile_changed after update of role, first_name, last_name, email, time_zone, locale on public.profiles
    for each row execute function private.announce_role_change();

-- auth_tokens ----------------------------------------------------------------------------------------------

create table public.auth_tokens (
    id uuid primary key default private.uuid_v7(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    purpose text not null check (purpose in ('confirm_email', 'reset_password')),
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table public.auth_tokens is 'One-time links sent by mail. Only the SHA-256 of the token is kept.';
create index idx_auth_tokens_user on public.auth_tokens (user_id, purpose, created_at desc);
create index idx_auth_tokens_expiry on public.auth_tokens (expires_at);

-- login_attempts -------------------------------------------------------------------------------------------

create table public.login_attempts (
    id uuid primary key default private.uuid_v7(),
    attempted_at timestamptz not null default now(),
    email extensions.citext not null check (length(email::text) <= 320),
    user_id uuid references public.profiles (id) on delete set null,
    origin text not null check (length(origin) <= 80),
    ip inet,
    user_agent text not null default '' check (length(user_agent) <= 400),
    succeeded boolean not null,
    reason text not null check (reason in ('ok', 'wrong_password', 'unknown_person', 'not_confirmed', 'banned', 'delayed'))
);
comment on table public.login_attempts is 'Every attempt to sign in, also the failed ones.';
comment on column public.login_attempts.origin is
    'What the delay is counted by: the browser''s device mark when it has signed in before, else the network (an IPv4 address or an IPv6 /64). '
    'So a stranger''s failures never delay the owner.';
create index idx_login_attempts_origin on public.login_attempts (email, origin, attempted_at desc);
create index idx_login_attempts_ip on public.login_attempts (ip, attempted_at desc);
create index idx_login_attempts_user on public.login_attempts (user_id, attempted_at desc);
create index idx_login_attempts_time on public.login_attempts (attempted_at desc);

-- mail_outbox ----------------------------------------------------------------------------------------------

create table public.mail_outbox (
    id uuid primary key default private.uuid_v7(),
    created_at timestamptz not null default now(),
    recipient extensions.citext not null,
    user_id uuid references public.profiles (id) on delete cascade,
    kind text not null check (length(kind) between 1 and 60),
    subject text not null check (length(subject) between 1 and 300),
    text_body text,
    html_body text,
    sent_at timestamptz,
    attempts integer not null default 0 check (attempts >= 0),
    last_error text,
    failed_at timestamptz,
    constraint mail_is_sent_or_given_up check (sent_at is null or failed_at is null)
);
comment on table public.mail_outbox is
    'Mail to be sent. Bodies carry one-time links: they are emptied when the message has been handed to the mail server.';
comment on column public.mail_outbox.failed_at is 'When sending was given up. While null and unsent, the message waits.';
create index idx_mail_outbox_unsent on public.mail_outbox (created_at) where sent_at is null;
create index idx_mail_outbox_time on public.mail_outbox (created_at desc, id);
create index idx_mail_outbox_user on public.mail_outbox (user_id);

-- Who is asking --------------------------------------------------------------------------------------------

create function private.my_role() returns public.user_role
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select role from public.profiles where id = auth.uid() $$;
comment on function private.my_role() is 'Role of the person who asks; null for a guest.';

create function private.is_admin() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select coalesce((select role in ('admin', 'super_admin') from public.profiles where id = auth.uid()), false) $$;
comment on function private.is_admin() is 'Whether the person who asks administers the site.';

create function private.is_teacher() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select coalesce((select role in ('instructor', 'admin', 'super_admin') from public.profiles where id = auth.uid()), false) $$;
comment on function private.is_teacher() is 'Whether the person who asks may own courses.';

create function private.super_admin_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select id from public.profiles where role = 'super_admin' and private.is_admin() $$;
comment on function private.super_admin_ids() is 'The site''s super administrators, for administrators; nobody for others.';

create function private.is_member(p_person uuid, p_on date) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1 from public.memberships
        where member_id = p_person and status = 'active'
          and starts_on <= p_on and (ends_on is null or ends_on >= p_on)
    )
$$;
comment on function private.is_member(uuid, date) is 'Whether a person holds an active membership on a day. The one rule for member prices and member-only courses.';

-- No policy for visitors asks who they are.
grant execute on function private.my_role(), private.is_admin(), private.is_teacher(), private.super_admin_ids() to authenticated, service_role;
grant execute on function private.is_member(uuid, date) to service_role;

create function public.am_i_member() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select private.is_member(auth.uid(), private.today()) $$;
comment on function public.am_i_member() is 'Whether the person who asks holds an active membership today.';
grant execute on function public.am_i_member() to authenticated, service_role;

create function public.set_user_role(p_person uuid, p_role public.user_role) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_mine public.user_role;
    v_old public.user_role;
begin
    -- One change at a time: two super administrators who demote each other must not both succeed.
    perform pg_advisory_xact_lock(hashtextextended('roles', 0));
    v_mine := private.my_role();
    select role into v_old from public.profiles where id = p_person;
    if coalesce(v_mine not in ('admin', 'super_admin'), true) then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can change roles.');
    elsif v_old is null then
        perform private.refuse('CG404', 'no_such_person', 'There is no such person.');
    elsif v_mine <> 'super_admin' and (v_old in ('admin', 'super_admin') or p_role in ('admin', 'super_admin')) then
        perform private.refuse('CG403', 'super_admins_only', 'Only a super administrator can give or take an administrator''s role.');
    elsif p_person = auth.uid() then
        perform private.refuse('CG409', 'own_role', 'You cannot change your own role. Ask another administrator.');
    end if;
    update public.profiles set role = p_role where id = p_person;
end
$$;
comment on function public.set_user_role(uuid, public.user_role) is
    'Changes a person''s role. Administrators move people between student and instructor, super administrators between all.';
grant execute on function public.set_user_role(uuid, public.user_role) to authenticated;

create function public.revoke_web_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.web_sessions set revoked_at = now()
    where id = p_session and revoked_at is null and user_id = auth.uid();
    if not found then
        perform private.refuse('CG404', 'no_such_session', 'This session has ended already.');
    end if;
end
$$;
comment on function public.revoke_web_session(uuid) is 'Signs one of the caller''s own browsers out.';
grant execute on function public.revoke_web_session(uuid) to authenticated;

create function public.send_mail_again(p_mail uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_mail public.mail_outbox;
begin
    -- The same rule as the policy on the outbox.
    select * into v_mail from public.mail_outbox m
    where m.id = p_mail and (
        private.my_role() = 'super_admin'
        or (private.is_admin() and m.user_id not in (select private.super_admin_ids()))
    ) for update;
    if v_mail.id is null then
        perform private.refuse('CG404', 'no_such_mail', 'There is no such message, or it is not for you.');
    elsif v_mail.sent_at is not null then
        perform private.refuse('CG409', 'mail_sent', 'This message has been sent already.');
    elsif v_mail.text_body is null then
        perform private.refuse('CG409', 'mail_emptied', 'The text of this message has been removed. It cannot be sent.');
    end if;
    update public.mail_outbox set failed_at = null, attempts = 0 where id = p_mail;
    perform private.defer_job('mail.send', jsonb_build_object('mail_id', p_mail), p_queueing_lock => 'mail.send:' || p_mail);
end
$$;
comment on function public.send_mail_again(uuid) is 'Puts a message that did not go out back into the queue. For administrators.';
grant execute on function public.send_mail_again(uuid) to authenticated;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.profiles enable row level security;
alter table public.memberships enable row level security;
alter table public.instructor_profiles enable row level security;
alter table public.web_sessions enable row level security;
alter table public.auth_tokens enable row level security;
alter table public.login_attempts enable row level security;
alter table public.mail_outbox enable row level security;

revoke all on public.profiles, public.memberships, public.instructor_profiles, public.web_sessions,
    public.auth_tokens, public.login_attempts, public.mail_outbox from anon, authenticated, service_role;
grant select, insert, update, delete on public.profiles, public.memberships, public.instructor_profiles,
    public.web_sessions, public.auth_tokens, public.login_attempts, public.mail_outbox to service_role;

-- The policy on profiles that lets an instructor see his own students stands in the migration of access.
grant select on public.profiles to authenticated;
grant update (first_name, last_name, avatar_url, learning_preferences, time_zone, locale) on public.profiles to authenticated;
create policy "Users can update own profile" on public.profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));

grant select, insert, update, delete on public.memberships to authenticated;
create policy "Members can view own memberships" on public.memberships for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
create policy "Admins add memberships" on public.memberships for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change memberships" on public.memberships for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove memberships" on public.memberships for delete to authenticated
    using ((select private.is_admin()));

grant select on public.instructor_profiles to anon, authenticated;
grant insert, update, delete on public.instructor_profiles to authenticated;
create policy "Anyone can view instructors" on public.instructor_profiles for select to anon using (true);
create policy "Everyone signed in can view instructors" on public.instructor_profiles for select to authenticated using (true);
create policy "Instructors introduce themselves" on public.instructor_profiles for insert to authenticated
    with check ((profile_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Instructors change their introduction" on public.instructor_profiles for update to authenticated
    using ((profile_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()))
    with check ((profile_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Admins remove introductions" on public.instructor_profiles for delete to authenticated
    using ((select private.is_admin()));

-- The hash of a token is of no use to its owner and of some use to a thief of the connection.
grant select (id, user_id, created_at, last_seen_at, expires_at, revoked_at, ip, user_agent) on public.web_sessions to authenticated;
create policy "Users can view own sessions" on public.web_sessions for select to authenticated
    using (user_id = (select auth.uid()));

grant select on public.login_attempts to authenticated;
create policy "Users view own sign-ins, admins all" on public.login_attempts for select to authenticated
    using (user_id = (select auth.uid()) or (select private.is_admin()));

grant select on public.mail_outbox to authenticated;
-- A message to a super administrator may carry a link that changes his password: an administrator must not see it.
create policy "Admins view the outbox" on public.mail_outbox for select to authenticated
    using (
        (select private.my_role()) = 'super_admin'
        or ((select private.is_admin()) and user_id <> all (array(select private.super_admin_ids())))
    );
