"""What a course costs whom on which day, what an order keeps, and what pays."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.access.stage import Outcome, Stage, key
from tests.db.orders import BEGIN, COMPLETE, ENROL, ON_ONE_STAGE, bought, cost, order, rule
from tests.support.database import Database, as_actor

PRICE = "select amount, price_rule ->> 'rule', price_rule ->> 'name' from private.price_for(%(who)s, %(open)s, %(day)s)"
DAY = date(2026, 6, 15)


@pytest.fixture
def paid(stage: Stage) -> Stage:
    """The open course costs 80."""
    return cost(stage)


# Prices -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "who", "applies"),
    [
        ("everybody", "stranger", True),
        ("member", "owner", True),
        ("member", "stranger", False),
        ("designation", "owner", True),
        ("designation", "stranger", False),
        ("organisation", "owner", True),
        ("organisation", "manager", True),
        ("organisation", "stranger", False),
    ],
)
def test_to_whom_a_price_applies(paid: Stage, audience: str, who: str, applies: bool) -> None:
    rule(paid, 50, audience)
    amount = paid.act(who, "select amount from public.price_for_me(%(open)s)").rows[0][0]
    assert amount == (50 if applies else 80)


@pytest.mark.parametrize(
    ("audience", "change"),
    [
        ("member", "update public.memberships set ends_on = %(before)s"),
        ("member", "update public.memberships set starts_on = %(after)s"),
        ("member", "update public.memberships set status = 'suspended'"),
        ("designation", "update public.designation_holders set until = %(day)s"),
        ("designation", "update public.designation_holders set since = %(after)s"),
        ("organisation", "update public.organisation_members set until = %(day)s"),
        ("organisation", "update public.organisation_members set since = %(after)s"),
    ],
)
def test_what_somebody_is_counts_on_the_day(paid: Stage, audience: str, change: str) -> None:
    rule(paid, 50, audience)
    assert paid.value(PRICE, who=key("owner"), day=DAY) == 50
    one = timedelta(days=1)
    paid.owner(change, before=DAY - one, day=DAY, after=DAY + one)
    assert paid.value(PRICE, who=key("owner"), day=DAY) == 80


@pytest.mark.parametrize(("day", "amount"), [(-1, 80), (0, 50), (2, 50), (3, 80)])
def test_a_price_holds_from_its_first_day_to_before_its_last(paid: Stage, day: int, amount: int) -> None:
    rule(paid, 50, since=DAY, until=DAY + timedelta(days=3))
    assert paid.value(PRICE, who=key("owner"), day=DAY + timedelta(days=day)) == amount


def test_people_of_a_part_pay_the_price_of_the_whole(paid: Stage) -> None:
    move = "update public.organisation_members set organisation_id = %(spare_organisation)s where id = %(belonging)s"
    paid.owner(move)
    rule(paid, 50, "organisation")
    assert paid.value(PRICE, who=key("owner"), day=DAY) == 50


Rule = tuple[str, int, int, int | None, int]
RULES = st.lists(
    st.tuples(
        st.sampled_from(["everybody", "member", "designation", "organisation"]),
        st.integers(0, 120),
        st.integers(-5, 5),
        st.one_of(st.none(), st.integers(1, 6)),
        st.integers(0, 2),
    ),
    max_size=6,
)


@ON_ONE_STAGE
@given(
    rules=RULES, day=st.integers(-7, 12), member=st.booleans(), member_price=st.one_of(st.none(), st.integers(0, 90))
)
def test_the_highest_priority_decides_then_the_lowest_amount(
    paid: Stage, rules: list[Rule], day: int, member: bool, member_price: int | None
) -> None:
    who = "owner" if member else "stranger"
    offers = [(0, 80)] + ([(0, member_price)] if member and member_price is not None else [])
    with paid.undone():
        paid.owner("update public.courses set member_price = %(m)s where id = %(open)s", m=member_price)
        for audience, amount, start, length, priority in rules:
            since = DAY + timedelta(days=start)
            until = None if length is None else since + timedelta(days=length)
            rule(paid, amount, audience, since=since, until=until, priority=priority)
            holds = start <= day and (length is None or day < start + length)
            if holds and (member or audience == "everybody"):
                offers.append((priority, amount))
        found = paid.value(PRICE, who=key(who), day=DAY + timedelta(days=day))
    highest = max(priority for priority, _ in offers)
    assert found == min(amount for priority, amount in offers if priority == highest)


def test_a_price_comes_with_its_reason(paid: Stage) -> None:
    ask = "select amount, currency, list_price, price_rule from public.price_for_me(%(open)s)"
    today = paid.value("select private.today()::text")
    everybody = {"rule": "course_price", "audience": "everybody", "on": today}
    assert paid.act("anon", ask).rows == [(Decimal(80), "USD", Decimal(80), everybody)]
    rule(paid, 40, "organisation", name="Brokers", since=date(2026, 1, 1))
    amount, _, listed, why = paid.act("owner", ask).rows[0]
    assert (amount, listed) == (40, 80)
    assert why == {
        "rule": "price", "name": "Brokers", "audience": "organisation", "organisation": "Guild Brokers",
        "priority": 0, "valid_from": "2026-01-01", "on": today,
    }  # fmt: skip
    assert paid.attempt("anon", ask.replace("%(open)s", "%(draft)s")).code == "no_such_course"
    assert paid.act("instructor", ask.replace("%(open)s", "%(draft)s")).rows[0][0] == 0


def test_a_price_is_in_the_currency_of_its_course(paid: Stage) -> None:
    wrong = "insert into public.prices (course_id, name, amount, currency) values (%(open)s, 'Sale', 1, 'EUR')"
    assert paid.attempt("admin", wrong).code == "wrong_currency"
    rule(paid, 1)
    paid.owner("update public.courses set currency = 'EUR' where id = %(open)s")
    assert paid.value(PRICE, who=key("owner"), day=DAY) == 80


def test_prices_of_a_free_course_rest(stage: Stage) -> None:
    rule(stage, 50)
    assert stage.owner(PRICE, who=key("owner"), day=DAY) == [(0, "free", None)]


@pytest.mark.parametrize("who", ["owner", "stranger", "manager", "other_instructor"])
def test_what_an_organisation_pays_is_not_told_to_others(stage: Stage, who: str) -> None:
    assert not stage.act(who, "select 1 from public.prices where audience = 'organisation'").rows


# Orders -----------------------------------------------------------------------------------------------------------


def test_an_order_keeps_its_price(paid: Stage) -> None:
    rule(paid, 50, "member", name="Members")
    made, *rest = paid.act("owner", BEGIN).rows[0]
    assert rest == ["pending", 50, 50, "price"]
    paid.owner("update public.prices set amount = 70 where name = 'Members'")
    paid.act("service_role", COMPLETE, id=made, ref="pay-1")
    assert paid.act("owner", ENROL).rows == [(made,)]
    kept = "select price, list_price, price_rule ->> 'name' from public.transactions where id = %(id)s"
    assert paid.owner(kept, id=made) == [(50, 80, "Members")]
    assert paid.attempt("admin", "delete from public.prices where name = 'Members'").state in ("23503", "23001")


def test_an_order_is_one_while_it_waits(paid: Stage) -> None:
    first = order(paid)
    assert order(paid) == first
    paid.owner("update public.courses set price = 90 where id = %(open)s")
    second = order(paid)
    assert second != first
    assert paid.value("select status from public.transactions where id = %(id)s", id=first) == "cancelled"
    # Its payment may be on the way all the same, and then it counts.
    paid.act("service_role", COMPLETE, id=first, ref="late")
    assert paid.act("owner", ENROL).rows == [(first,)]


def test_a_payment_is_recorded_once(paid: Stage) -> None:
    made = bought(paid)
    when = "select completed_at from public.transactions where id = %(id)s"
    before = paid.value(when, id=made)
    assert paid.act("service_role", COMPLETE, id=made, ref=f"pay-{made}").rows == [("completed",)]
    assert paid.value(when, id=made) == before
    assert paid.attempt("service_role", COMPLETE, id=made, ref="another").code == "already_paid"
    other = order(paid, "learner")
    assert paid.attempt("service_role", COMPLETE, id=other, ref=f"pay-{made}").code == "reference_used"
    assert paid.attempt("service_role", COMPLETE, id=other, ref="").code == "no_reference"
    assert paid.attempt("service_role", COMPLETE, id=key("new"), ref="x").code == "no_such_order"


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ("update public.courses set pricing_type = 'free' where id = %(open)s", "CG409 nothing_to_pay"),
        ("update public.courses set member_price = 0 where id = %(open)s", "CG409 nothing_to_pay"),
        ("update public.courses set status = 'archived' where id = %(open)s", "CG404 no_such_course"),
        ("update public.courses set allow_enrollment = false where id = %(open)s", "CG409 enrollment_closed"),
        (
            "insert into public.enrollments (course_id, member_id, enrollment_source)"
            " values (%(open)s, %(owner)s, 'bulk_import')",
            "CG409 already_enrolled",
        ),
        (
            "insert into public.enrollments (course_id, member_id, enrollment_source, status)"
            " values (%(open)s, %(owner)s, 'bulk_import', 'expired')",
            "CG409 enrollment_over",
        ),
        (
            "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
            " values (%(owner)s, %(open)s, 'course_purchase', 80, 'completed', now())",
            "CG409 already_paid",
        ),
    ],
    ids=["free", "free for members", "archived", "closed", "enrolled", "expired", "paid"],
)
def test_what_cannot_be_bought(paid: Stage, before: str, answer: str) -> None:
    paid.owner(before)
    outcome = paid.attempt("owner", BEGIN)
    assert f"{outcome.state} {outcome.code}" == answer


async def test_six_tabs_make_one_order(own_guild: Database) -> None:
    async def begin() -> UUID:
        async with own_guild.connect("web") as session, as_actor(session, "authenticated", key("stranger")):
            found: UUID = await session.fetchval("select id from public.begin_purchase($1)", key("paid"))
            return found

    assert len(set(await asyncio.gather(*(begin() for _ in range(6))))) == 1


@pytest.mark.parametrize(
    "change",
    ["price = 1", "price_rule = '{\"rule\": \"agreed\", \"on\": \"2026-01-01\"}'", "course_id = %(paid)s",
     "member_id = %(learner)s", "currency = 'EUR'"],
    ids=["price", "reason", "course", "person", "currency"],
)  # fmt: skip
def test_an_order_does_not_change(paid: Stage, change: str) -> None:
    made = order(paid)
    outcome = paid.attempt("service_role", f"update public.transactions set {change} where id = %(id)s", id=made)
    assert outcome.code == "order_is_fixed"


@pytest.mark.parametrize("change", ["amount = 1", "status = 'cancelled', completed_at = null", "completed_at = now()"])
def test_money_that_moved_stays_moved(paid: Stage, change: str) -> None:
    made = bought(paid)
    paid.owner("update public.transactions set description = 'Changed' where id = %(id)s", id=made)
    change = change.replace("now()", "'2020-01-01'")
    outcome = paid.attempt("service_role", f"update public.transactions set {change} where id = %(id)s", id=made)
    assert outcome.code == "money_has_moved"


@pytest.mark.parametrize("who", ["owner", "instructor", "manager", "admin"])
def test_nobody_completes_his_own_order(paid: Stage, who: str) -> None:
    made = order(paid)
    assert paid.attempt(who, COMPLETE, id=made, ref="x").state == "42501"
    assert paid.attempt(who, "select * from private.price_for(auth.uid(), %(open)s, '2000-01-01')").state == "42501"
    paid.attempt(who, "update public.transactions set status = 'completed', completed_at = now()")
    assert paid.value("select status from public.transactions where id = %(id)s", id=made) == "pending"


# What pays --------------------------------------------------------------------------------------------------------


def paid_with(stage: Stage, amount: Any, **given: Any) -> Outcome:
    columns = {"member_id": key("owner"), "course_id": key("open"), "amount": amount} | given
    names = ", ".join(columns)
    values = ", ".join(f"%(x_{name})s" for name in columns)
    return stage.attempt(
        "service_role",
        f"insert into public.transactions ({names}, transaction_type, status, completed_at)"
        f" values ({values}, 'course_purchase', 'completed', now()) returning id",
        **{f"x_{name}": value for name, value in columns.items()},
    )


@pytest.mark.parametrize(
    ("amount", "pays"), [(80, True), (Decimal("79.99"), False), (0, False), (Decimal("80.01"), False)]
)
def test_only_exactly_the_price_pays(paid: Stage, amount: Any, pays: bool) -> None:
    assert paid_with(paid, amount).state is None
    assert paid.attempt("owner", ENROL).code == (None if pays else "payment_required")


def test_another_currency_does_not_pay(paid: Stage) -> None:
    assert paid_with(paid, 80, currency="EUR").code == "wrong_currency"
    paid.owner("update public.courses set currency = 'EUR' where id = %(open)s")
    assert paid_with(paid, 80).code == "wrong_currency"


def test_a_price_that_the_office_agreed_upon_pays(paid: Stage) -> None:
    why = '{"rule": "agreed", "on": "2026-01-01", "by": "the office"}'
    assert paid_with(paid, 10, price=10, list_price=80, price_rule=why).state is None
    assert paid.act("owner", ENROL).count == 1
    for shape in ('{"rule": "gift", "on": "2026-01-01"}', "[]", '{"rule": "agreed"}', '{"on": "2026-01-01"}'):
        assert paid_with(paid, 10, price=10, list_price=80, price_rule=shape).state == "23514"


@pytest.mark.parametrize(
    ("price", "who", "enrolled"),
    [("member", "owner", True), ("member", "stranger", False), ("organisation", "owner", True), (None, "owner", True)],
    ids=["member", "no member", "employee", "member price of the course"],
)
def test_who_has_nothing_to_pay_enrols_without_a_payment(
    paid: Stage, price: str | None, who: str, enrolled: bool
) -> None:
    if price is None:
        paid.owner("update public.courses set member_price = 0 where id = %(open)s")
    else:
        rule(paid, 0, price)
    insert = f"insert into public.enrollments (course_id, member_id) values (%(open)s, %({who})s)"
    for statement in (ENROL, insert):
        with paid.undone():
            outcome = paid.attempt(who, statement)
            assert outcome.code == (None if enrolled else "payment_required")
    if enrolled:
        paid.act(who, ENROL)
        asked = "select private.completion_requirements(id) from public.enrollments where transaction_id is null"
        assert "payment" not in str(paid.owner(f"{asked} and member_id = %({who})s and course_id = %(open)s"))


def test_n_a_purchase_without_a_course_opens_nothing(stage: Stage) -> None:
    outcome = stage.attempt(
        "service_role",
        "insert into public.transactions (member_id, transaction_type, amount, description, status)"
        " values (%(owner)s, 'course_purchase', 199.00, 'Insurance Fundamentals Course', 'completed')",
    )
    assert outcome.state == "23514"
