"""The one thing that somebody can do at a course now, and if nothing, why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from collegium.features.catalogue.model import Standing

Entry = Literal[
    "start",
    "continue",
    "certificate",
    "look_again",
    "rejoin",
    "held",
    "draft",
    "archived",
    "closed",
    "not_open",
    "ended",
    "full",
    "members_only",
    "payment",
    "sign_in",
    "enrol",
    "waiting",
    "no_cohort",
]


def entry(standing: Standing, now: datetime) -> Entry:
    """What the course's one button is for. The database decides again, in the same order, when it is pressed."""
    if standing.waits(now):
        return "waiting"
    enrolled = _by_enrollment(standing)
    if enrolled is not None:
        return enrolled
    if standing.status != "published":
        return "archived" if standing.status == "archived" else "draft"
    if not standing.allow_enrollment:
        return "closed"
    if standing.enrollment_start_date is not None and standing.enrollment_start_date > now:
        return "not_open"
    if standing.enrollment_end_date is not None and standing.enrollment_end_date <= now:
        return "ended"
    if standing.seats_left == 0:
        return "full"
    if standing.cohorts_only and not standing.has_open_cohort:
        return "no_cohort"
    if standing.pricing_type == "member_only" and not standing.is_member:
        return "members_only"
    if standing.own_price > 0 and not standing.has_paid:
        return "payment"
    return "enrol" if standing.signed_in else "sign_in"


def _by_enrollment(standing: Standing) -> Entry | None:
    match standing.enrollment_status:
        case None:
            return None
        case "enrolled":
            return "start"
        case "in_progress":
            return "continue"
        case "completed":
            return "certificate" if standing.certificate_number else "look_again"
        case "dropped":
            return "rejoin"
        case _:
            return "held"
