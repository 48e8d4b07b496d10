"""The studio's pages of cohorts: the list, making, changing, closing and removing one."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.cohorts import fields, people_pages, service
from collegium.features.cohorts.forms import read_form
from collegium.features.cohorts.model import TeamCohort
from collegium.features.studio import service as studio
from collegium.kit.errors import Conflict, Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_place

course_place("/cohorts", "Cohorts", "calendar-range", rank=4)

PLACE = "/studio/{course_id:uuid}/cohorts"
ONE = PLACE + "/{cohort_id:uuid}"


@get(PLACE, include_in_schema=False)
async def cohorts(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The cohorts of a course, those that are over on a tab of their own, and whether there is another way in."""
    viewer = pages.require_teacher(request)
    over = request.query_params.get("show") == "over"
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        current, past, only = await service.how_many(tx, course_id)
        listed = await service.cohorts(tx, course_id, over=over)
    path = f"/studio/{course_id}/cohorts"
    return pages.render(
        request,
        "cohorts/cohorts.html",
        studio_course=course,
        path=path,
        cohorts=listed,
        over=over,
        only=only,
        tabs=[("Current", path, current), ("Over", f"{path}?show=over", past)],
        zone=viewer.time_zone,
    )


@post(PLACE + "/offer", include_in_schema=False)
async def set_offer(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Says whether the course is taken in cohorts only."""
    pages.require_teacher(request)
    only = (await read_form(request)).get("offer") == "only"
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
        await service.set_cohorts_only(tx, course_id, only)
    words = "People now take the course in cohorts only." if only else "People can now also begin at any time."
    return pages.redirect(request, f"/studio/{course_id}/cohorts", flash=("success", words))


async def _form(
    request: WebRequest,
    course_id: UUID,
    cohort_id: UUID | None,
    given: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    """The form of a cohort, with what was sent when that was not saved."""
    viewer = pages.require_teacher(request)
    cohort: TeamCohort | None = None
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        if cohort_id is not None:
            cohort = await service.cohort(tx, course_id, cohort_id)
    values = fields.texts(cohort) if cohort else dict.fromkeys(fields.NAMES, "") | {"time_zone": viewer.time_zone}
    if given is not None:
        values = {name: given.get(name, "") for name in fields.NAMES}
    errors: dict[str, str] = {}
    if isinstance(problem, Invalid):
        errors = problem.fields or {"name": problem.detail}
    elif problem is not None and problem.code == "cohort_name_taken":
        errors = {"name": problem.detail}
    elif problem is not None and problem.code == "fewer_than_are_in_it":
        errors = {"capacity": problem.detail}
    theirs = problem.theirs if isinstance(problem, service.ChangedMeanwhile) else {}
    return pages.render(
        request,
        "cohorts/form.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=f"/studio/{course_id}/cohorts" + (f"/{cohort_id}" if cohort_id else ""),
        cohort=cohort,
        was=fields.mark(cohort) if cohort else "",
        values=values,
        errors=errors,
        problem=problem,
        theirs={fields.LABELS[name]: text for name, text in theirs.items()},
        zones=fields.zones(fields.zone_of(values["time_zone"]).key),
    )


@get(PLACE + "/new", include_in_schema=False)
async def new(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Asks what a new cohort is like."""
    return await _form(request, course_id, None)


@post(PLACE + "/new", include_in_schema=False)
async def make(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a cohort."""
    pages.require_teacher(request)
    given = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            made = await service.make(tx, course_id, given)
    except Problem as problem:
        return await _again(request, course_id, None, given, problem)
    words = "The cohort is there. Its people come by the course’s page, or you add them here."
    return pages.redirect(request, f"/studio/{course_id}/cohorts/{made}", flash=("success", words))


@get(ONE + "/settings", include_in_schema=False)
async def settings(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """The form of a cohort."""
    return await _form(request, course_id, cohort_id)


@post(ONE + "/settings", include_in_schema=False)
async def change(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """Changes a cohort; its people see the new dates at once."""
    pages.require_teacher(request)
    given = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            await service.change(tx, course_id, cohort_id, given, given.get("was", ""))
    except Problem as problem:
        return await _again(request, course_id, cohort_id, given, problem)
    return pages.redirect(
        request, f"/studio/{course_id}/cohorts/{cohort_id}", flash=("success", "The cohort is saved.")
    )


async def _again(
    request: WebRequest, course_id: UUID, cohort_id: UUID | None, given: Mapping[str, str], problem: Problem
) -> Response[str]:
    """The form once more with what was sent; any other failure goes on."""
    if not isinstance(problem, Invalid | Conflict):
        raise problem
    return await _form(request, course_id, cohort_id, given, problem)


@post(ONE + "/close", include_in_schema=False)
async def close(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """Nobody joins by himself any more."""
    return await _set_closed(request, course_id, cohort_id, True)


@post(ONE + "/reopen", include_in_schema=False)
async def reopen(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """Its dates decide again who joins."""
    return await _set_closed(request, course_id, cohort_id, False)


async def _set_closed(request: WebRequest, course_id: UUID, cohort_id: UUID, closed: bool) -> Response[str]:
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
        name = await service.set_closed(tx, course_id, cohort_id, closed)
    words = f"“{name}” is closed. Nobody joins by himself; you can still add people, or open it again."
    if not closed:
        words = f"“{name}” is not closed any more. Its dates decide who can join."
    return pages.redirect(request, f"/studio/{course_id}/cohorts/{cohort_id}", flash=("success", words))


@post(ONE + "/remove", include_in_schema=False)
async def remove(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """Removes a cohort that nobody was ever in."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            name = await service.remove(tx, course_id, cohort_id)
    except Problem as problem:
        if problem.code != "cohort_not_empty":
            raise
        return pages.redirect(request, f"/studio/{course_id}/cohorts/{cohort_id}", flash=("error", problem.detail))
    return pages.redirect(request, f"/studio/{course_id}/cohorts", flash=("success", f"“{name}” is removed."))


ROUTES: list[ControllerRouterHandler] = [
    cohorts,
    set_offer,
    new,
    make,
    settings,
    change,
    close,
    reopen,
    remove,
    *people_pages.ROUTES,
]
