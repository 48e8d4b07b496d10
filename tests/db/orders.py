"""Prices, orders and refunds of the open course, for the tests of money."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings

from collegium.access.stage import Outcome, Stage, key

ON_ONE_STAGE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
BEGIN = "select id, status, amount, price, price_rule ->> 'rule' from public.begin_purchase(%(open)s)"
ENROL = "select (public.enrol(%(open)s)).transaction_id"
COMPLETE = "select (private.complete_purchase(%(id)s, %(ref)s)).status"
RULE = """
insert into public.prices
    (course_id, name, audience, designation_id, organisation_id, amount, valid_from, valid_until, priority)
values (%(open)s, %(name)s, %(audience)s, case %(audience)s when 'designation' then %(designation)s::uuid end,
    case %(audience)s when 'organisation' then %(organisation)s::uuid end, %(amount)s, %(since)s, %(until)s, %(priority)s)
"""
REFUND = """
insert into public.transactions (member_id, transaction_type, amount, currency, status, completed_at, refund_of)
values (%(person)s, 'refund', %(amount)s, %(currency)s, %(status)s, case %(status)s when 'completed' then now() end, %(id)s)
"""


def cost(stage: Stage) -> Stage:
    """The open course costs 80."""
    stage.owner("update public.courses set pricing_type = 'paid', price = 80 where id = %(open)s")
    return stage


def rule(stage: Stage, amount: Any, audience: str = "everybody", **given: Any) -> None:
    """A price of the open course, without an end unless given."""
    shape = {"name": audience, "since": date(2020, 1, 1), "until": None, "priority": 0}
    stage.owner(RULE, amount=amount, audience=audience, **shape | given)


def order(stage: Stage, who: str = "owner") -> UUID:
    found: UUID = stage.act(who, BEGIN).rows[0][0]
    return found


def bought(stage: Stage, who: str = "owner") -> UUID:
    """An order that was paid."""
    made = order(stage, who)
    assert stage.act("service_role", COMPLETE, id=made, ref=f"pay-{made}").rows == [("completed",)]
    return made


def refund(stage: Stage, purchase: UUID, amount: Any, status: str = "completed", **given: Any) -> Outcome:
    shape = {"person": key("owner"), "currency": "USD"}
    return stage.attempt("service_role", REFUND, id=purchase, amount=amount, status=status, **shape | given)
