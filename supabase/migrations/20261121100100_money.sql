-- Money: dated prices, what a course costs somebody on a day and why, orders that keep that price, refunds in parts, and
-- what pays for an enrollment.
-- Rollback: put the functions that are replaced here back as the migrations of learning records and of completion have them,
-- drop the other functions, the triggers, the new columns of transactions and the table prices.

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

-- Refunds ----------------------------------------------------------------------------------------------------

create function private.check_refund() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_purchase public.transactions;
    v_given numeric;
begin
    if new.status not in ('pending', 'completed') then
        return null;
    end if;
    -- Refunds of one purchase wait for each other here, so the sum is exact.
    select * into v_purchase from public.transactions where id = new.refund_of for no key update;
    if v_purchase.transaction_type <> 'course_purchase' or v_purchase.status <> 'completed' then
        perform private.refuse('CG409', 'nothing_to_refund', 'Only a purchase that was paid can be given back.');
    elsif v_purchase.member_id <> new.member_id or coalesce(new.course_id, v_purchase.course_id) <> v_purchase.course_id then
        perform private.refuse('CG422', 'refund_of_another', 'A refund goes to the person who paid, for what he paid.');
    elsif v_purchase.currency <> new.currency then
        perform private.refuse('CG422', 'wrong_currency', 'A refund is in the currency of its purchase, ' || v_purchase.currency || '.');
    end if;
    -- Those under way count too: they may complete.
    select sum(r.amount) into v_given from public.transactions r
    where r.refund_of = v_purchase.id and r.status in ('pending', 'completed');
    if v_given > v_purchase.amount then
        perform private.refuse('CG409', 'refund_too_large', 'The refunds of this purchase would be more than was paid for it.');
    end if;
    return null;
end
$$;
comment on function private.check_refund() is
    'Trigger: refunds go to the person who paid, in the same currency, and never add up to more than was paid.';
create trigger check_refund after insert or update of status, amount on public.transactions
    for each row when (new.transaction_type = 'refund') execute function private.check_refund();

create or replace function private.is_refunded(p_transaction uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce((
        select sum(r.amount) >= (select t.amount from public.transactions t where t.id = p_transaction)
        from public.transactions r where r.refund_of = p_transaction and r.status = 'completed'
    ), false)
$$;
comment on function private.is_refunded(uuid) is 'Whether a purchase was given back: wholly, by one refund or by several.';

-- What pays --------------------------------------------------------------------------------------------------

create function private.pays(p_transaction uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce((
        select t.transaction_type = 'course_purchase' and t.status = 'completed' and t.amount = t.price and not private.is_refunded(t.id)
        from public.transactions t where t.id = p_transaction
    ), false)
$$;
comment on function private.pays(uuid) is 'Whether a transaction pays for a course: a completed purchase of exactly its price that was not given back.';

create function private.check_takes(p_member uuid, p_course uuid) returns public.courses
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course public.courses;
begin
    -- The lock makes the capacity exact; courses without one are not locked against each other.
    select * into v_course from public.courses where id = p_course;
    if v_course.max_enrollments is not null then
        select * into v_course from public.courses where id = p_course for no key update;
    end if;
    if v_course.status is distinct from 'published' then
        perform private.refuse('CG404', 'no_such_course', 'This course is not open.');
    elsif not v_course.allow_enrollment then
        perform private.refuse('CG409', 'enrollment_closed', 'This course does not take enrollments now.');
    elsif v_course.enrollment_start_date > now() then
        perform private.refuse('CG409', 'enrollment_not_open', 'Enrollment in this course has not opened yet.');
    elsif v_course.enrollment_end_date <= now() then
        perform private.refuse('CG409', 'enrollment_ended', 'Enrollment in this course has ended.');
    elsif p_member = auth.uid() and p_course in (select private.my_taught_course_ids()) then
        -- He knows the keys and sets the credits: by completing it he would certify himself.
        perform private.refuse('CG403', 'own_course', 'You teach this course, so you cannot enrol in it. Ask the association''s office.');
    elsif exists (
        select 1 from public.enrollments e where e.member_id = p_member and e.course_id = p_course and e.status = 'suspended'
    ) then
        perform private.refuse('CG409', 'enrollment_suspended',
            'Your enrollment in this course is suspended. Ask the association''s office.');
    elsif v_course.max_enrollments <= (
        select count(*) from public.enrollments e
        where e.course_id = p_course and e.status in ('enrolled', 'in_progress', 'completed')
          -- Of two tabs at once on the last seat, the second must meet the first one's row, not a full course.
          and not (e.member_id = p_member and e.cohort_name is null)
    ) then
        perform private.refuse('CG409', 'course_full', 'This course is full.');
    elsif v_course.pricing_type = 'member_only' and not private.is_member(p_member, private.today()) then
        perform private.refuse('CG403', 'members_only', 'This course is for members of the association. Your membership is not active.');
    end if;
    return v_course;
end
$$;
comment on function private.check_takes(uuid, uuid) is
    'Whether a course takes somebody, payment aside: open, in its window, with a seat, and not for members only. Raises CG403, CG404, CG409.';

create or replace function private.check_may_enrol(p_member uuid, p_course uuid, p_returning uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course public.courses := private.check_takes(p_member, p_course);
    v_transaction uuid;
begin
    if v_course.pricing_type not in ('paid', 'premium') then
        return null;
    end if;
    -- A purchase pays for one enrollment: the one that comes back, or one that there is not yet.
    select t.id into v_transaction from public.transactions t
    left join public.enrollments u on u.transaction_id = t.id
    where t.member_id = p_member and t.course_id = p_course
      and t.transaction_type = 'course_purchase' and t.status = 'completed' and private.pays(t.id)
      and (u.id is null or u.id = p_returning)
    order by u.id nulls last, t.completed_at limit 1 for no key update of t;
    -- Asked once more under the lock: a refund may have been recorded meanwhile.
    if v_transaction is not null and private.pays(v_transaction) then
        return v_transaction;
    elsif (select p.amount > 0 from private.price_for(p_member, p_course, private.today()) p) then
        perform private.refuse('CG403', 'payment_required', 'This course must be paid for before you can enrol.');
    end if;
    return null;
end
$$;
comment on function private.check_may_enrol(uuid, uuid, uuid) is
    'The one rule for who may enrol himself in what, and come back after leaving. Answers the purchase that pays for it, null when '
    'there is nothing to pay for this person today, or raises CG403, CG404, CG409.';

create or replace function public.enrol(p_course uuid) returns public.enrollments
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_transaction uuid;
    v_given_back boolean;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to enrol.');
    end if;
    perform private.hold_requirements(p_course, false);
    select * into v_enrollment from public.enrollments
    where member_id = auth.uid() and course_id = p_course and cohort_name is null for no key update;
    v_given_back := private.is_refunded(v_enrollment.transaction_id);
    if v_enrollment.status in ('suspended', 'expired', 'archived') or v_enrollment.expires_at <= now() then
        v_enrollment.status := case when v_enrollment.expires_at <= now() then 'expired' else v_enrollment.status end;
        perform private.refuse('CG409', 'enrollment_' || v_enrollment.status,
            'Your enrollment in this course is ' || v_enrollment.status || '. Ask the association''s office.');
    elsif v_enrollment.status in ('enrolled', 'in_progress', 'completed') and not v_given_back then
        return v_enrollment;
    elsif v_enrollment.id is not null then
        -- What was done stays done, but a seat, a membership and a payment are needed as for anybody.
        v_transaction := private.check_may_enrol(auth.uid(), p_course, v_enrollment.id);
        -- Only when it changes: to set the column of a unique index locks out whoever refers to the row.
        if (v_transaction is not null or v_given_back) and v_transaction is distinct from v_enrollment.transaction_id then
            update public.enrollments set transaction_id = v_transaction where id = v_enrollment.id;
        end if;
        update public.enrollments set status = case when started_at is null then 'enrolled' else 'in_progress' end
        where id = v_enrollment.id and status = 'dropped';
        -- The payment may have been the last that was missing.
        perform private.complete_enrollment_when_met(v_enrollment.id);
        select * into v_enrollment from public.enrollments where id = v_enrollment.id;
        return v_enrollment;
    end if;
    insert into public.enrollments (course_id, member_id) values (p_course, auth.uid())
    on conflict on constraint unique_member_course_enrollment do nothing
    returning * into v_enrollment;
    if v_enrollment.id is null then
        -- Two tabs at once: the other one won and this one sees its row.
        select * into v_enrollment from public.enrollments
        where member_id = auth.uid() and course_id = p_course and cohort_name is null;
    end if;
    return v_enrollment;
end
$$;

create or replace function private.completion_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select 0, 'payment', null::uuid, c.title, 'transaction_completed',
        private.pays(t.id), null::integer, null::integer, t.completed_at
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    -- Who enrolled while the course cost him nothing, or was enrolled by the association, never owed anything.
    join public.transactions t on t.id = e.transaction_id
    where e.id = p_enrollment
    union all
    select
        (row_number() over (order by m.module_order, l.lesson_order))::integer,
        'lesson', l.id, l.title, l.completion_criteria,
        coalesce(p.status = 'completed', false),
        case l.completion_criteria
            when 'video_watched' then coalesce(a.watched_seconds, 0)
            -- Of a lesson that was never opened nothing has been spent; least() alone would skip that null.
            when 'time_spent' then case when p.started_at is null then 0
                else least(l.min_time_seconds, floor(extract(epoch from coalesce(p.completed_at, now()) - p.started_at)))::integer end
        end,
        case l.completion_criteria
            when 'video_watched' then coalesce(a.goal_seconds, ceil(v.duration * l.watched_percentage_required / 100)::integer)
            when 'time_spent' then l.min_time_seconds
        end,
        p.completed_at
    from public.enrollments e
    join public.lessons l on l.course_id = e.course_id and l.require_completion
    join public.course_modules m on m.id = l.module_id
    left join public.lesson_progress p on p.enrollment_id = e.id and p.lesson_id = l.id
    left join public.lesson_videos v on v.lesson_id = l.id
    left join public.video_analytics a on a.user_id = e.member_id and a.video_id = v.id
    where e.id = p_enrollment
    order by 1
$$;

-- Buying -----------------------------------------------------------------------------------------------------

create function public.begin_purchase(p_course uuid) returns public.transactions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course public.courses;
    v_enrollment public.enrollments;
    v_price record;
    v_order public.transactions;
begin
    if auth.uid() is null then
        perform private.refuse('CG403', 'sign_in_first', 'Sign in to buy a course.');
    end if;
    -- Two tabs are one order.
    perform pg_advisory_xact_lock(hashtextextended('purchase:' || auth.uid()::text || ':' || p_course::text, 0));
    select * into v_enrollment from public.enrollments
    where member_id = auth.uid() and course_id = p_course and cohort_name is null;
    if v_enrollment.status in ('expired', 'archived') or v_enrollment.expires_at <= now() then
        perform private.refuse('CG409', 'enrollment_over', 'Your enrollment in this course is over. Ask the association''s office.');
    elsif v_enrollment.status in ('enrolled', 'in_progress', 'completed') and not private.is_refunded(v_enrollment.transaction_id) then
        perform private.refuse('CG409', 'already_enrolled', 'You are enrolled in this course already. There is nothing to pay.');
    end if;
    v_course := private.check_takes(auth.uid(), p_course);
    -- Nobody pays for what he could not enrol in.
    if v_enrollment.id is null then
        perform private.require_prerequisites(auth.uid(), p_course);
    end if;
    if exists (
        select 1 from public.transactions t left join public.enrollments u on u.transaction_id = t.id
        where t.member_id = auth.uid() and t.course_id = p_course and private.pays(t.id) and (u.id is null or u.id = v_enrollment.id)
    ) then
        perform private.refuse('CG409', 'already_paid', 'You have paid for this course already. Enrol in it.');
    end if;
    select * into v_price from private.price_for(auth.uid(), p_course, private.today());
    if v_price.amount = 0 then
        perform private.refuse('CG409', 'nothing_to_pay', 'This course costs you nothing. Enrol in it.');
    end if;
    -- An order at another price than today's is not kept open; should its payment arrive all the same, it counts.
    update public.transactions set status = 'cancelled'
    where member_id = auth.uid() and course_id = p_course and transaction_type = 'course_purchase' and status = 'pending'
      and (price, amount, currency) is distinct from (v_price.amount, v_price.amount, v_price.currency);
    select * into v_order from public.transactions
    where member_id = auth.uid() and course_id = p_course and transaction_type = 'course_purchase' and status = 'pending'
    order by created_at, id limit 1;
    if v_order.id is null then
        insert into public.transactions
            (member_id, course_id, transaction_type, amount, currency, description, price, list_price, price_id, price_rule)
        values (auth.uid(), p_course, 'course_purchase', v_price.amount, v_price.currency, v_course.title, v_price.amount,
            v_price.list_price, v_price.price_id, v_price.price_rule)
        returning * into v_order;
    end if;
    return v_order;
end
$$;
comment on function public.begin_purchase(uuid) is
    'Orders a course for the caller at the price of today: a pending transaction, the same one while it is pending. '
    'Raises CG409 when he is enrolled, has paid or has nothing to pay, and what enrolling would raise.';
grant execute on function public.begin_purchase(uuid) to authenticated;

create function private.complete_purchase(p_transaction uuid, p_reference text) returns public.transactions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_order public.transactions;
begin
    select * into v_order from public.transactions
    where id = p_transaction and transaction_type = 'course_purchase' for no key update;
    if v_order.id is null then
        perform private.refuse('CG404', 'no_such_order', 'There is no such order.');
    elsif v_order.status = 'completed' and v_order.reference = p_reference then
        return v_order; -- The payment service says things more than once.
    elsif v_order.status = 'completed' then
        perform private.refuse('CG409', 'already_paid', 'This order has been paid by another payment.');
    elsif coalesce(p_reference, '') = '' then
        perform private.refuse('CG422', 'no_reference', 'A payment needs the number that the payment service gave it.');
    end if;
    -- Also an order that failed or was cancelled: the money has arrived.
    update public.transactions set status = 'completed', completed_at = now(), reference = p_reference
    where id = p_transaction returning * into v_order;
    return v_order;
exception
    when unique_violation then
        perform private.refuse('CG409', 'reference_used', 'This payment was recorded for another order.');
        return null;
end
$$;
comment on function private.complete_purchase(uuid, text) is
    'Records that the payment service received the money of an order, once. For the service that hears it from there.';
grant execute on function private.complete_purchase(uuid, text) to service_role;

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
