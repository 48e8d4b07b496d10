-- Prices: dated rules, what a course costs somebody on a day and why, and orders that keep that price.
-- Rollback: drop the functions, the triggers, the constraints and columns added to other tables, and the table prices.

-- Not a number is greater than every number, so "at least 0" let it in; a sum that has met it stays it. Both tables are small.
alter table public.courses add constraint prices_and_credits_are_numbers
    check (price <> 'NaN' and member_price <> 'NaN' and ce_credits <> 'NaN') not valid;
alter table public.courses validate constraint prices_and_credits_are_numbers;
alter table public.transactions add constraint amounts_are_numbers check (amount <> 'NaN') not valid;
alter table public.transactions validate constraint amounts_are_numbers;
alter table public.certificates add constraint certified_credits_are_numbers check (ce_credits <> 'NaN') not valid;
alter table public.certificates validate constraint certified_credits_are_numbers;

-- prices -----------------------------------------------------------------------------------------------------

create table public.prices (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    name text not null check (length(name) between 1 and 120),
    audience text not null default 'everybody' check (audience in ('everybody', 'member', 'designation', 'organisation')),
    designation_id uuid references public.member_designations (id) on delete restrict,
    organisation_id uuid references public.organisations (id) on delete restrict,
    amount numeric(10, 2) not null check (amount >= 0 and amount <> 'NaN'),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    valid_from date not null default private.today(),
    valid_until date,
    priority integer not null default 0 check (priority between 0 and 1000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint prices_id_course unique (id, course_id),
    constraint price_dates check (valid_until > valid_from),
    constraint price_of_holders check ((audience = 'designation') = (designation_id is not null)),
    constraint price_of_an_organisation check ((audience = 'organisation') = (organisation_id is not null)),
    constraint price_for_one_audience check (num_nonnulls(designation_id, organisation_id) <= 1)
);
comment on table public.prices is
    'Dated prices of a paid course beside its own price and member price, which count as priority 0 without an end. '
    'Of all that apply to somebody on a day the highest priority decides, and among those the lowest amount.';
comment on column public.prices.currency is 'That of the course, filled in when left out. Should the course change its currency, the rule rests.';
comment on column public.prices.valid_until is 'The first day on which it no longer holds (days in UTC); null when no end is known.';
create index idx_prices_course on public.prices (course_id, valid_from);
create index idx_prices_open on public.prices (course_id) where audience in ('everybody', 'member');
create index idx_prices_designation on public.prices (designation_id);
create index idx_prices_organisation on public.prices (organisation_id);
create trigger update_prices_updated_at before update on public.prices
    for each row execute function public.update_updated_at_column();

create function private.check_price() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_currency text;
begin
    select currency into v_currency from public.courses where id = new.course_id;
    new.currency := coalesce(new.currency, v_currency);
    if new.currency <> v_currency then
        perform private.refuse('CG422', 'wrong_currency', 'A price must be in the currency of its course.');
    end if;
    return new;
end
$$;
comment on function private.check_price() is 'Trigger: a price is in the currency of its course.';
create trigger check_price before insert or update of course_id, currency on public.prices
    for each row execute function private.check_price();

create function private.organisations_of(p_member uuid, p_on date) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive mine (id) as (
        select m.organisation_id from public.organisation_members m
        where m.member_id = p_member and m.since <= p_on and (m.until is null or m.until > p_on)
        union
        select o.parent_id from mine a join public.organisations o on o.id = a.id where o.parent_id is not null
    )
    select id from mine
$$;
comment on function private.organisations_of(uuid, date) is 'Organisations that somebody belongs to on a day, and those that they are part of.';

create function private.price_for(p_member uuid, p_course uuid, p_on date)
returns table (amount numeric, currency text, list_price numeric, price_id uuid, price_rule jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with course as (
        select c.*, c.pricing_type in ('paid', 'premium') as costs from public.courses c where c.id = p_course
    ), offers as (
        select case when c.costs then c.price else 0 end as amount, null::uuid as price_id, 0 as priority,
            jsonb_build_object('rule', case when c.costs then 'course_price' else c.pricing_type end, 'audience', 'everybody') as rule
        from course c
        union all
        select c.member_price, null, 0, jsonb_build_object('rule', 'member_price', 'audience', 'member')
        from course c where c.costs and c.member_price is not null and private.is_member(p_member, p_on)
        union all
        select p.amount, p.id, p.priority, jsonb_strip_nulls(jsonb_build_object(
            'rule', 'price', 'name', p.name, 'audience', p.audience, 'priority', p.priority, 'valid_from', p.valid_from,
            'valid_until', p.valid_until, 'designation', d.code, 'organisation', o.name
        ))
        from course c
        join public.prices p on p.course_id = c.id and p.currency = c.currency
            and p.valid_from <= p_on and (p.valid_until is null or p.valid_until > p_on)
        left join public.member_designations d on d.id = p.designation_id
        left join public.organisations o on o.id = p.organisation_id
        where c.costs and case p.audience
            when 'everybody' then true
            when 'member' then private.is_member(p_member, p_on)
            when 'designation' then exists (
                select 1 from public.designation_holders h
                where h.member_id = p_member and h.designation_id = p.designation_id
                  and h.since <= p_on and (h.until is null or h.until > p_on)
            )
            when 'organisation' then p.organisation_id in (select private.organisations_of(p_member, p_on))
        end
    )
    select o.amount, c.currency, case when c.costs then c.price else 0 end, o.price_id,
        o.rule || jsonb_build_object('on', p_on)
    from offers o cross join course c
    order by o.priority desc, o.amount, o.price_id nulls first limit 1
$$;
comment on function private.price_for(uuid, uuid, date) is
    'What a course costs somebody (null: a visitor) on a day, its list price, and the rule that gave it. The one rule for prices.';
grant execute on function private.price_for(uuid, uuid, date) to service_role;

create function public.price_for_me(p_course uuid)
returns table (amount numeric, currency text, list_price numeric, price_rule jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select p.amount, p.currency, p.list_price, p.price_rule
        from public.courses c cross join lateral private.price_for(auth.uid(), c.id, private.today()) p
        where c.id = p_course and (
            c.status = 'published'
            or c.id in (select private.my_taught_course_ids())
            or c.id in (select private.my_enrolled_course_ids())
            or private.is_admin()
        );
    if not found then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course.');
    end if;
end
$$;
comment on function public.price_for_me(uuid) is 'What a course costs the person who asks today, in which currency, and by which rule; visitors see what everybody pays.';
grant execute on function public.price_for_me(uuid) to anon, authenticated, service_role;

-- An order keeps its price -----------------------------------------------------------------------------------

create function private.is_price_rule(p_rule jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_typeof(p_rule) = 'object' and length(p_rule::text) <= 2000
        and p_rule ->> 'rule' in ('free', 'member_only', 'course_price', 'member_price', 'price', 'agreed', 'unrecorded')
        and p_rule ->> 'on' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
        and (p_rule ->> 'rule' <> 'price' or (
            p_rule ->> 'audience' in ('everybody', 'member', 'designation', 'organisation')
            and jsonb_typeof(p_rule -> 'name') = 'string' and jsonb_typeof(p_rule -> 'priority') = 'number'
        )),
        false
    )
$$;
comment on function private.is_price_rule(jsonb) is
    'Whether this says by which rule a price was fixed: {rule, on, audience, …}. "agreed" is a price that the office gave, '
    '"unrecorded" one from before reasons were kept.';
grant execute on function private.is_price_rule(jsonb) to service_role;

alter table public.transactions
    add column price_id uuid,
    add column list_price numeric(10, 2) check (list_price >= 0 and list_price <> 'NaN'),
    add column price numeric(10, 2) check (price >= 0 and price <> 'NaN'),
    add column price_rule jsonb check (price_rule is null or private.is_price_rule(price_rule)),
    add column reference text check (length(reference) between 1 and 200);
comment on column public.transactions.amount is 'What moved: of a purchase what is to be paid or was paid, of a refund what is given back.';
comment on column public.transactions.price is 'The price when the order was made. A purchase pays for an enrollment only when its amount is this price.';
comment on column public.transactions.list_price is 'The price of the course for everybody at that time, before any rule.';
comment on column public.transactions.price_rule is 'The rule that gave the price, in the words of that day.';
comment on column public.transactions.reference is 'The number that the payment service has for it.';
-- Earlier purchases keep what they were worth.
update public.transactions
set price = amount, list_price = amount,
    price_rule = jsonb_build_object('rule', 'unrecorded', 'on', (created_at at time zone 'UTC')::date)
where transaction_type = 'course_purchase';
alter table public.transactions
    add constraint purchases_have_a_price check (
        (transaction_type = 'course_purchase') = (price is not null)
        and (price is null) = (price_rule is null) and (price is null) = (list_price is null)
    ) not valid,
    add constraint prices_are_named_by_their_rule check ((price_id is not null) = (coalesce(price_rule ->> 'rule', '') = 'price')) not valid,
    add constraint transactions_price foreign key (price_id, course_id) references public.prices (id, course_id)
        on delete restrict not valid;
alter table public.transactions validate constraint purchases_have_a_price;
alter table public.transactions validate constraint prices_are_named_by_their_rule;
alter table public.transactions validate constraint transactions_price;
-- The table is small where this is added: one row for each sale.
create index idx_transactions_price on public.transactions (price_id, course_id);
create unique index idx_transactions_reference on public.transactions (reference) where reference is not null;

create function private.fix_price() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_currency text;
begin
    select c.currency into v_currency from public.courses c where c.id = new.course_id;
    if new.currency <> v_currency then
        perform private.refuse('CG422', 'wrong_currency', 'A course is paid for in its own currency, ' || v_currency || '.');
    end if;
    -- A price that the office agreed upon comes with its own words.
    if new.price is null then
        select p.amount, p.list_price, p.price_id, p.price_rule into new.price, new.list_price, new.price_id, new.price_rule
        from private.price_for(new.member_id, new.course_id, (new.created_at at time zone 'UTC')::date) p;
    end if;
    return new;
end
$$;
comment on function private.fix_price() is 'Trigger: an order gets the price of its day and the rule that gave it, in the currency of the course.';
create trigger fix_price before insert on public.transactions
    for each row when (new.transaction_type = 'course_purchase') execute function private.fix_price();

create function private.keep_order() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if (old.member_id, old.course_id, old.transaction_type, old.currency, old.refund_of, old.price, old.list_price, old.price_id,
        old.price_rule)
        is distinct from (new.member_id, new.course_id, new.transaction_type, new.currency, new.refund_of, new.price, new.list_price,
        new.price_id, new.price_rule)
    then
        perform private.refuse('CG409', 'order_is_fixed', 'What was ordered, by whom and at which price does not change. Cancel it and order anew.');
    elsif old.status = 'completed' and (old.status, old.amount, old.completed_at) is distinct from (new.status, new.amount, new.completed_at) then
        perform private.refuse('CG409', 'money_has_moved', 'This money has moved. Record what happened since as a row of its own, such as a refund.');
    end if;
    return null;
end
$$;
comment on function private.keep_order() is 'Trigger: an order keeps its parties and its price, and a completed transaction its amount.';
create trigger keep_order after update on public.transactions
    for each row execute function private.keep_order();

-- Row-level security -----------------------------------------------------------------------------------------

alter table public.prices enable row level security;
revoke all on public.prices from anon, authenticated, service_role;
grant select, insert, update, delete on public.prices to authenticated, service_role;

-- What holders of a designation or people of an organisation are offered is nobody else's business: public.price_for_me tells
-- everybody his own price.
create policy "People view open prices, instructors those of own courses" on public.prices for select to authenticated
    using (
        (audience in ('everybody', 'member') and exists (select 1 from public.courses c where c.id = course_id))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors set prices of own courses" on public.prices for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change prices of own courses" on public.prices for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove prices of own courses" on public.prices for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
