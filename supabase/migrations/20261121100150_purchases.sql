-- Purchases: refunds in parts, what pays for an enrollment, who may enrol, and buying.
-- Rollback: put the functions that are replaced here back as the migration of learning records has them; drop the others.

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

create function public.have_i_paid(p_course uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1 from public.transactions t where t.member_id = auth.uid() and t.course_id = p_course and private.pays(t.id)
    )
$$;
comment on function public.have_i_paid(uuid) is 'Whether the person who asks holds a purchase that pays for a course.';
grant execute on function public.have_i_paid(uuid) to authenticated;

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
