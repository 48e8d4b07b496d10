"""What the one button of a course is for, in every state of the course and of the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from collegium.features.catalogue.entry import entry
from collegium.features.catalogue.model import Standing

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
OPEN = Standing(
    version=1,
    id=uuid4(),
    slug="a-course",
    title="A course",
    status="published",
    pricing_type="free",
    price=Decimal(0),
    member_price=None,
    currency="USD",
    allow_enrollment=True,
    enrollment_start_date=None,
    enrollment_end_date=None,
    max_enrollments=None,
    seats_taken=0,
    required_lessons=3,
    signed_in=True,
)
PAID = {"pricing_type": "paid", "price": Decimal(100), "member_price": Decimal(70)}
FULL = {"max_enrollments": 2, "seats_taken": 2}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "enrol"),
        ({"signed_in": False}, "sign_in"),
        ({"pricing_type": "member_only"}, "members_only"),
        ({"pricing_type": "member_only", "signed_in": False}, "members_only"),
        ({"pricing_type": "member_only", "is_member": True}, "enrol"),
        (PAID, "payment"),
        (PAID | {"is_member": True}, "payment"),
        (PAID | {"has_paid": True}, "enrol"),
        ({"pricing_type": "premium", "price": Decimal(9)}, "payment"),
        ({"max_enrollments": 2, "seats_taken": 1}, "enrol"),
        (FULL, "full"),
        (FULL | PAID, "full"),
        ({"max_enrollments": 2, "seats_taken": 5}, "full"),
        ({"enrollment_start_date": LATER}, "not_open"),
        ({"enrollment_start_date": NOW}, "enrol"),
        ({"enrollment_end_date": LATER}, "enrol"),
        ({"enrollment_end_date": NOW}, "ended"),
        (FULL | {"enrollment_end_date": EARLIER}, "ended"),
        ({"allow_enrollment": False, "enrollment_start_date": LATER}, "closed"),
        ({"status": "draft", "allow_enrollment": False}, "draft"),
        ({"status": "under_review"}, "draft"),
        ({"status": "archived"}, "archived"),
        ({"enrollment_status": "enrolled"} | FULL, "start"),
        ({"enrollment_status": "enrolled", "status": "archived"}, "start"),
        ({"enrollment_status": "in_progress"} | PAID, "continue"),
        ({"enrollment_status": "completed"}, "look_again"),
        ({"enrollment_status": "completed", "certificate_number": "CERT-2026-ABCDEFGH"}, "certificate"),
        ({"enrollment_status": "dropped"} | FULL, "rejoin"),
        ({"enrollment_status": "suspended"}, "held"),
        ({"enrollment_status": "expired"}, "held"),
        ({"enrollment_status": "archived"}, "held"),
    ],
)
def test_there_is_one_thing_to_do(given: dict[str, Any], wanted: str) -> None:
    assert entry(msgspec.structs.replace(OPEN, **given), NOW) == wanted


@pytest.mark.parametrize(
    ("given", "price"),
    [
        (PAID, 100),
        (PAID | {"is_member": True}, 70),
        (PAID | {"is_member": True, "member_price": None}, 100),
        (PAID | {"is_member": True, "member_price": Decimal(0)}, 0),
        ({"pricing_type": "member_only", "price": Decimal(5)}, 0),
        ({"price": Decimal(5)}, 0),
    ],
)
def test_the_price_is_the_persons_own(given: dict[str, Any], price: int) -> None:
    assert msgspec.structs.replace(OPEN, **given).own_price == price


def test_places_that_are_left() -> None:
    assert OPEN.seats_left is None
    assert msgspec.structs.replace(OPEN, max_enrollments=3, seats_taken=1).seats_left == 2
    assert msgspec.structs.replace(OPEN, max_enrollments=3, seats_taken=7).seats_left == 0
