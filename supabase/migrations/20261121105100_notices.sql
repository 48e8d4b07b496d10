-- Notices to a person, what he wants to be told where, and his requests about his personal data.
-- Rollback: drop the tables and functions below.

-- notifications --------------------------------------------------------------------------------------------

create table public.notifications (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete cascade,
    kind text not null check (kind ~ '^[a-z]+(_[a-z]+)*$' and length(kind) <= 60),
    title text not null check (length(title) between 1 and 200),
    body text not null default '' check (length(body) <= 2000),
    -- A path of this site: "//" and "/\" lead elsewhere in a browser.
    link text check (link ~ '^/([^/\\[:cntrl:]][^\\[:cntrl:]]*)?$' and length(link) <= 500),
    created_at timestamptz not null default now(),
    read_at timestamptz,
    constraint read_after_it_came check (read_at >= created_at)
);
comment on table public.notifications is 'Notices on the site for one person. Nobody else reads them, administrators neither.';
comment on column public.notifications.link is 'Where it leads: a path of this site.';
create index idx_notifications_member on public.notifications (member_id, created_at desc);
create index idx_notifications_unread on public.notifications (member_id) where read_at is null;

create table public.notification_preferences (
    member_id uuid not null references public.profiles (id) on delete cascade,
    kind text not null check (kind ~ '^[a-z]+(_[a-z]+)*$' and length(kind) <= 60),
    channel text not null check (channel in ('in_app', 'email')),
    enabled boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (member_id, kind, channel)
);
comment on table public.notification_preferences is 'What somebody wants to be told, and where. Without a row the answer is yes.';
create trigger update_notification_preferences_updated_at before update on public.notification_preferences
    for each row execute function public.update_updated_at_column();

create function private.wants_notice(p_member uuid, p_kind text, p_channel text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (select enabled from public.notification_preferences where member_id = p_member and kind = p_kind and channel = p_channel),
        true
    )
$$;
comment on function private.wants_notice(uuid, text, text) is 'Whether a person wants notices of a kind on a channel.';

create function private.notify(p_member uuid, p_kind text, p_title text, p_body text default '', p_link text default null)
returns uuid
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.notifications (member_id, kind, title, body, link)
    select p_member, p_kind, p_title, p_body, p_link where private.wants_notice(p_member, p_kind, 'in_app')
    returning id
$$;
comment on function private.notify(uuid, text, text, text, text) is 'Tells a person something on the site, unless he does not want that kind; answers the notice or null.';
grant execute on function private.wants_notice(uuid, text, text), private.notify(uuid, text, text, text, text) to service_role;

create function public.mark_notifications_read(p_notifications uuid[] default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_marked integer;
begin
    -- It may have come while this waited.
    update public.notifications set read_at = greatest(now(), created_at)
    where member_id = auth.uid() and read_at is null and (p_notifications is null or id = any (p_notifications));
    get diagnostics v_marked = row_count;
    return v_marked;
end
$$;
comment on function public.mark_notifications_read(uuid[]) is 'Marks the caller''s own notices as read, those named or all; answers how many were new.';

create function public.set_notification_preference(p_kind text, p_channel text, p_enabled boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to choose your notices.');
    elsif coalesce(p_kind !~ '^[a-z]+(_[a-z]+)*$' or length(p_kind) > 60, true) then
        perform private.refuse('CG422', 'no_such_kind', 'There is no such kind of notice.');
    elsif coalesce(p_channel not in ('in_app', 'email'), true) then
        perform private.refuse('CG422', 'no_such_channel', 'Notices come on the site (in_app) or by mail (email).');
    elsif p_enabled is null then
        perform private.refuse('CG422', 'yes_or_no', 'Say whether you want these notices: yes or no.');
    end if;
    -- The kinds are not a closed list, so their number is limited instead.
    perform pg_advisory_xact_lock(hashtextextended('notification_preferences:' || auth.uid()::text, 0));
    if (select count(*) from public.notification_preferences where member_id = auth.uid() and (kind, channel) <> (p_kind, p_channel)) >= 200 then
        perform private.refuse('CG409', 'too_many_preferences', 'There are too many choices kept for you already.');
    end if;
    insert into public.notification_preferences (member_id, kind, channel, enabled) values (auth.uid(), p_kind, p_channel, p_enabled)
    on conflict (member_id, kind, channel) do update set enabled = excluded.enabled;
end
$$;
comment on function public.set_notification_preference(text, text, boolean) is 'Says whether the caller wants a kind of notice on a channel.';
grant execute on function public.mark_notifications_read(uuid[]), public.set_notification_preference(text, text, boolean) to authenticated;

-- data_requests --------------------------------------------------------------------------------------------

create table public.data_requests (
    id uuid primary key default private.uuid_v7(),
    member_id uuid references public.profiles (id) on delete set null,
    kind text not null check (kind in ('export', 'erasure', 'correction')),
    details text not null default '' check (length(details) <= 2000),
    status text not null default 'requested'
        check (status in ('requested', 'verified', 'processing', 'done', 'refused', 'cancelled')),
    reason text check (length(btrim(reason)) > 0 and length(reason) <= 2000),
    requested_at timestamptz not null default now(),
    due_on date not null default private.today() + 30,
    verified_at timestamptz,
    closed_at timestamptz,
    handled_by uuid references public.profiles (id) on delete set null,
    updated_at timestamptz not null default now(),
    constraint corrections_say_what check (kind <> 'correction' or length(btrim(details)) > 0),
    constraint refusals_have_a_reason check ((status = 'refused') = (reason is not null)),
    constraint closed_requests_are_dated check ((status in ('done', 'refused', 'cancelled')) = (closed_at is not null)),
    constraint work_begins_when_verified check (status not in ('verified', 'processing', 'done') or verified_at is not null)
);
comment on table public.data_requests is
    'What people ask about their personal data: a copy, its erasure, a correction. The row stays when the person is gone, without his name.';
comment on column public.data_requests.due_on is 'Thirty days from the request, as the law asks.';
comment on column public.data_requests.reason is 'Why it was refused, for the person.';
create unique index idx_data_requests_one_open on public.data_requests (member_id, kind)
    where status in ('requested', 'verified', 'processing');
create index idx_data_requests_member on public.data_requests (member_id, requested_at desc);
create index idx_data_requests_due on public.data_requests (due_on) where status in ('requested', 'verified', 'processing');
create index idx_data_requests_handled_by on public.data_requests (handled_by);
create trigger update_data_requests_updated_at before update on public.data_requests
    for each row execute function public.update_updated_at_column();

create function public.request_data(p_kind text, p_details text default '') returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_request uuid;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to ask about your data.');
    elsif coalesce(p_kind not in ('export', 'erasure', 'correction'), true) then
        perform private.refuse('CG422', 'no_such_request', 'You can ask for a copy of your data (export), its erasure or a correction.');
    elsif length(p_details) > 2000 then
        perform private.refuse('CG422', 'details_too_long', 'Say it in at most 2000 characters.');
    elsif p_kind = 'correction' and length(btrim(coalesce(p_details, ''))) = 0 then
        perform private.refuse('CG422', 'say_what', 'Say what is wrong and what it should be.');
    end if;
    insert into public.data_requests (member_id, kind, details) values (auth.uid(), p_kind, coalesce(p_details, ''))
    on conflict (member_id, kind) where status in ('requested', 'verified', 'processing') do nothing
    returning id into v_request;
    if v_request is null then
        perform private.refuse('CG409', 'request_open', 'You have asked for this already. It is being worked on.');
    end if;
    return v_request;
end
$$;
comment on function public.request_data(text, text) is 'Asks for a copy, the erasure or a correction of the caller''s own data. One open request of a kind.';

create function public.cancel_data_request(p_request uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.data_requests where id = p_request and member_id = auth.uid()) then
        perform private.refuse('CG404', 'no_such_request', 'There is no such request of yours.');
    end if;
    update public.data_requests set status = 'cancelled', closed_at = now()
    where id = p_request and member_id = auth.uid() and status in ('requested', 'verified');
    if not found then
        perform private.refuse('CG409', 'cannot_cancel', 'This request is being carried out or is closed already.');
    end if;
end
$$;
comment on function public.cancel_data_request(uuid) is 'Takes one of the caller''s own requests back, before work on it has begun.';

create function public.handle_data_request(p_request uuid, p_status text, p_reason text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_status text;
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can handle requests about personal data.');
    end if;
    select status into v_status from public.data_requests where id = p_request for no key update;
    if v_status is null then
        perform private.refuse('CG404', 'no_such_request', 'There is no such request.');
    elsif not coalesce((v_status, p_status) in (
        ('requested', 'verified'), ('verified', 'processing'), ('processing', 'done'),
        ('requested', 'refused'), ('verified', 'refused'), ('processing', 'refused')
    ), false) then
        perform private.refuse('CG409', 'no_such_move',
            'A request is verified, then processed, then done; an open one may be refused. This one is ' || v_status || '.');
    elsif (p_status = 'refused') <> (length(btrim(coalesce(p_reason, ''))) > 0) or length(p_reason) > 2000 then
        perform private.refuse('CG422', 'reason_needed', 'Give a reason of at most 2000 characters when you refuse, and only then.');
    end if;
    update public.data_requests set
        status = p_status,
        reason = nullif(btrim(p_reason), ''),
        verified_at = case when p_status = 'verified' then now() else verified_at end,
        closed_at = case when p_status in ('done', 'refused') then now() end,
        handled_by = auth.uid()
    where id = p_request;
end
$$;
comment on function public.handle_data_request(uuid, text, text) is 'Moves a request one state on, or refuses it for a stated reason. Administrators only.';
grant execute on function public.request_data(text, text), public.cancel_data_request(uuid), public.handle_data_request(uuid, text, text)
    to authenticated;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.notifications enable row level security;
alter table public.notification_preferences enable row level security;
alter table public.data_requests enable row level security;
revoke all on public.notifications, public.notification_preferences, public.data_requests from anon, authenticated, service_role;
grant select, insert, update, delete on public.notifications, public.notification_preferences to service_role;
-- What was asked and answered is kept.
grant select, insert, update on public.data_requests to service_role;
grant select on public.notifications, public.notification_preferences, public.data_requests to authenticated;

create policy "Members view own notices" on public.notifications for select to authenticated
    using (member_id = (select auth.uid()));
create policy "Members view own choices" on public.notification_preferences for select to authenticated
    using (member_id = (select auth.uid()));
create policy "Members view own requests, admins all" on public.data_requests for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
