"""Cohorts for programs. Enrolling in one stands with enrolments: ``POST /api/v1/courses/{slug}/enrolment?cohort=``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from collegium.features.cohorts import service
from collegium.features.cohorts.model import Cohort, State
from collegium.kit.viewer import actor_of
from collegium.web import pages
from collegium.web.apidocs import failures

Slug = Annotated[str, PathParameter(description="The course's name in addresses", max_length=120)]


class OfferedCohort(msgspec.Struct, frozen=True):
    """A cohort that takes people now (``open``) or will (``planned``); ``places_left`` is null without a limit."""

    id: UUID
    name: str
    description: str | None
    starts_at: datetime
    ends_at: datetime | None
    enrollment_opens_at: datetime | None
    enrollment_closes_at: datetime | None
    time_zone: str
    state: State
    places_left: int | None
    can_be_joined: bool

    @classmethod
    def of(cls, cohort: Cohort, joinable: bool) -> OfferedCohort:
        """The document of a cohort."""
        return cls(
            id=cohort.id,
            name=cohort.name,
            description=cohort.description,
            starts_at=cohort.starts_at,
            ends_at=cohort.ends_at,
            enrollment_opens_at=cohort.enrollment_opens_at,
            enrollment_closes_at=cohort.enrollment_closes_at,
            time_zone=cohort.time_zone,
            state=cohort.state,
            places_left=cohort.places_left,
            can_be_joined=joinable,
        )


class OfferedCohorts(msgspec.Struct, frozen=True):
    """The cohorts of a course; ``cohorts_only`` when it cannot be taken at any time."""

    cohorts_only: bool
    cohorts: list[OfferedCohort]


@get(
    "/api/v1/courses/{slug:str}/cohorts",
    tags=["enrolments"],
    summary="List the cohorts of a course",
    responses=failures(400, 404),
)
async def list_cohorts(request: pages.WebRequest, slug: Slug) -> OfferedCohorts:
    """Cohorts that can be joined now or later, the one that begins first at the top. Without a session as a guest."""
    async with pages.transaction(request) as tx:
        offer = await service.offer_of(tx, actor_of(pages.viewer_of(request)), slug)
    joinable = {cohort.id for cohort in offer.open}
    return OfferedCohorts(offer.only, [OfferedCohort.of(one, one.id in joinable) for one in offer.cohorts])


ROUTES: list[ControllerRouterHandler] = [list_cohorts]
