-- Certificate templates: how certificates look, which one a course uses, and which one each certificate was issued with.
-- Rollback: drop the triggers on courses and certificates, the two columns, the table and the functions below.

create function private.is_certificate_layout(p_layout jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(p_layout) = 'object' then coalesce(
        p_layout - array['heading', 'body', 'accent', 'show_credits', 'show_qr_code'] = '{}'
        and jsonb_typeof(p_layout -> 'heading') = 'string' and length(p_layout ->> 'heading') between 1 and 200
        and jsonb_typeof(p_layout -> 'body') = 'string' and length(p_layout ->> 'body') between 1 and 2000
        and coalesce(p_layout ->> 'accent' ~ '^#[0-9a-f]{6}$', not p_layout ? 'accent')
        and coalesce(jsonb_typeof(p_layout -> 'show_credits') = 'boolean', true)
        and coalesce(jsonb_typeof(p_layout -> 'show_qr_code') = 'boolean', true),
        false
    ) else false end
$$;
comment on function private.is_certificate_layout(jsonb) is
    'Whether a value is {heading, body, accent?, show_credits?, show_qr_code?} of texts, a colour and yes or no, and nothing else.';

create function private.are_signatories(p_signatories jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(p_signatories) = 'array' then jsonb_array_length(p_signatories) <= 4 and not exists (
        select 1 from jsonb_array_elements(p_signatories) s
        where coalesce(
            jsonb_typeof(s) <> 'object' or s - array['name', 'title'] <> '{}'
            or jsonb_typeof(s -> 'name') is distinct from 'string' or length(s ->> 'name') not between 1 and 200
            or jsonb_typeof(s -> 'title') is distinct from 'string' or length(s ->> 'title') > 200,
            true
        )
    ) else false end
$$;
comment on function private.are_signatories(jsonb) is 'Whether a value is a list of at most four {name, title}.';
grant execute on function private.is_certificate_layout(jsonb), private.are_signatories(jsonb) to authenticated, service_role;

create table public.certificate_templates (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(name) between 1 and 120),
    version integer not null default 1 check (version > 0),
    language text not null default 'en' check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' and length(language) <= 35),
    page_size text not null default 'letter' check (page_size in ('letter', 'a4')),
    orientation text not null default 'landscape' check (orientation in ('landscape', 'portrait')),
    layout jsonb not null,
    signatories jsonb not null default '[]',
    logo_key text check (length(logo_key) between 1 and 512),
    active boolean not null default true,
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint template_versions unique (name, language, version),
    constraint layout_has_its_shape check (private.is_certificate_layout(layout)),
    constraint signatories_have_their_shape check (private.are_signatories(signatories))
);
comment on table public.certificate_templates is
    'How a certificate looks. Once a certificate was issued with it, it stays as it is: changes are another version.';
comment on column public.certificate_templates.layout is 'Checked by private.is_certificate_layout(). The body may say {holder}, {course}, {credits} and {date}.';
comment on column public.certificate_templates.active is 'Whether courses may choose it. Courses that have chosen it keep it.';
create index idx_certificate_templates_created_by on public.certificate_templates (created_by);
create trigger update_certificate_templates_updated_at before update on public.certificate_templates
    for each row execute function public.update_updated_at_column();

-- The tables are small: their indexes are built at once, and columns without a default change no row.
alter table public.courses add column certificate_template_id uuid references public.certificate_templates (id) on delete restrict;
comment on column public.courses.certificate_template_id is 'How the course''s certificates look; null for the site''s own design.';
create index idx_courses_certificate_template on public.courses (certificate_template_id);
grant insert (certificate_template_id), update (certificate_template_id) on public.courses to authenticated;
alter table public.certificates add column template_id uuid references public.certificate_templates (id) on delete restrict;
comment on column public.certificates.template_id is 'The template that it was issued with; null for the site''s own design.';
create index idx_certificates_template on public.certificates (template_id);

create function private.keep_used_template() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.certificates c where c.template_id = new.id) then
        perform private.refuse('CG409', 'template_in_use',
            'Certificates were issued with this template. Make another version of it and let courses use that one.');
    end if;
    return new;
end
$$;
comment on function private.keep_used_template() is 'Trigger: what certificates were issued with stays as it is; only active may change.';
create trigger keep_used_template
    before update of name, version, language, page_size, orientation, layout, signatories, logo_key on public.certificate_templates
    for each row execute function private.keep_used_template();

create function private.choose_template() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.certificate_templates t where t.id = new.certificate_template_id and t.active) then
        perform private.refuse('CG422', 'no_such_template', 'There is no such template to choose. Choose an active one.');
    end if;
    return new;
end
$$;
comment on function private.choose_template() is 'Trigger: a course chooses among the active templates.';
create trigger choose_template before insert or update of certificate_template_id on public.courses
    for each row when (new.certificate_template_id is not null) execute function private.choose_template();

create function private.note_certificate_template() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Shared, so that a change of the template waits and then finds the certificate.
    select t.id into new.template_id
    from public.courses c join public.certificate_templates t on t.id = c.certificate_template_id
    where c.id = new.course_id for share of t;
    return new;
end
$$;
comment on function private.note_certificate_template() is 'Trigger: a certificate keeps the template that its course used when it was issued.';
create trigger note_certificate_template before insert on public.certificates
    for each row execute function private.note_certificate_template();

create function private.stamp_template() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    new.created_by := auth.uid();
    return new;
end
$$;
comment on function private.stamp_template() is 'Trigger: who made a template.';
create trigger stamp_template before insert on public.certificate_templates
    for each row execute function private.stamp_template();

alter table public.certificate_templates enable row level security;
revoke all on public.certificate_templates from anon, authenticated, service_role;
grant select, insert, update, delete on public.certificate_templates to authenticated, service_role;
create policy "Instructors view templates" on public.certificate_templates for select to authenticated
    using ((select private.is_teacher()));
create policy "Admins add templates" on public.certificate_templates for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change templates" on public.certificate_templates for update to authenticated using ((select private.is_admin()));
create policy "Admins remove templates" on public.certificate_templates for delete to authenticated using ((select private.is_admin()));
