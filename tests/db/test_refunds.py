"""What is given back: in parts, never more than was paid, and what that closes and opens."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.db.orders import ENROL, ON_ONE_STAGE, bought, cost, order, refund
from tests.support.database import Database


@pytest.fixture
def paid(stage: Stage) -> Stage:
    """The open course costs 80."""
    return cost(stage)


def opened(stage: Stage) -> bool:
    return key("open") in {row[0] for row in stage.act("owner", "select private.my_enrolled_course_ids()").rows}


def test_a_purchase_is_given_back_when_all_of_it_is(paid: Stage) -> None:
    made = bought(paid)
    paid.act("owner", ENROL)
    assert refund(paid, made, 30).state is None
    assert opened(paid)
    assert refund(paid, made, 50, "pending").state is None
    assert opened(paid)
    paid.owner(
        "update public.transactions set status = 'completed', completed_at = now()"
        " where refund_of = %(id)s and status = 'pending'",
        id=made,
    )
    assert not opened(paid)


@ON_ONE_STAGE
@given(
    amounts=st.lists(
        st.tuples(st.integers(1, 9000), st.sampled_from(["completed", "pending", "failed"])), min_size=1, max_size=6
    )
)
def test_refunds_never_add_up_to_more_than_was_paid(paid: Stage, amounts: list[tuple[int, str]]) -> None:
    reserved = done = 0
    with paid.undone():
        made = bought(paid)
        paid.act("owner", ENROL)
        for cents, status in amounts:
            outcome = refund(paid, made, Decimal(cents) / 100, status)
            fits = status == "failed" or reserved + cents <= 8000
            assert outcome.code == (None if fits else "refund_too_large")
            reserved += cents if fits and status != "failed" else 0
            done += cents if fits and status == "completed" else 0
            assert opened(paid) == (done < 8000)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"currency": "EUR"}, "wrong_currency"),
        ({"person": key("learner")}, "refund_of_another"),
        ({"amount": Decimal("80.01")}, "refund_too_large"),
    ],
    ids=["currency", "person", "amount"],
)
def test_what_cannot_be_given_back(paid: Stage, given_: dict[str, Any], code: str) -> None:
    made = bought(paid)
    assert (
        refund(paid, made, given_.get("amount", 80), **{k: v for k, v in given_.items() if k != "amount"}).code == code
    )
    waiting = order(paid, "learner")
    assert refund(paid, waiting, 1, person=key("learner")).code == "nothing_to_refund"


def test_a_refund_that_failed_does_not_complete_over_another(paid: Stage) -> None:
    made = bought(paid)
    refund(paid, made, 80, "failed")
    refund(paid, made, 80)
    again = "update public.transactions set status = 'pending' where refund_of = %(id)s and status = 'failed'"
    assert paid.attempt("service_role", again, id=made).code == "refund_too_large"


async def test_of_refunds_recorded_at_once_no_cent_is_too_much(own_guild: Database) -> None:
    async def give_back() -> str:
        async with own_guild.connect() as session:
            try:
                await session.execute(
                    "insert into public.transactions"
                    " (member_id, transaction_type, amount, status, completed_at, refund_of)"
                    " values ($1, 'refund', 30, 'completed', now(), $2)",
                    key("owner"),
                    key("transaction"),
                )
            except asyncpg.PostgresError as error:
                return str(error.as_dict().get("detail"))
            return "given"

    answers = await asyncio.gather(*(give_back() for _ in range(6)))
    assert sorted(answers) == ["given"] * 2 + ["refund_too_large"] * 4


def test_who_was_given_his_money_back_may_buy_again(paid: Stage) -> None:
    first = bought(paid)
    enrollment = paid.act("owner", "select (public.enrol(%(open)s)).id").rows
    refund(paid, first, 80)
    assert paid.attempt("owner", ENROL).code == "payment_required"
    second = bought(paid)
    assert second != first
    assert paid.act("owner", "select (public.enrol(%(open)s)).id").rows == enrollment
    assert paid.act("owner", ENROL).rows == [(second,)]
    assert opened(paid)


def test_who_was_given_his_money_back_enters_again_when_there_is_nothing_to_pay(paid: Stage) -> None:
    first = bought(paid)
    paid.act("owner", ENROL)
    refund(paid, first, 80)
    paid.owner("update public.courses set member_price = 0 where id = %(open)s")
    assert paid.act("owner", ENROL).rows == [(None,)]
    assert opened(paid)
