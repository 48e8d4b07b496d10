"""The studio's page of a course's settings: sections with a Save of their own."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.publishing import service
from collegium.features.publishing.fields import FIELDS, SECTIONS
from collegium.features.publishing.forms import read_form
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.fields import zone_of
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.words import LABELS

CHOICES = {
    "category": list(LABELS["category"].items()),
    "level": list(LABELS["level"].items()),
    "format": list(LABELS["format"].items()),
    "pricing": [
        ("free", "Free for everybody"),
        ("member_only", "Members only, free for them"),
        ("paid", "Paid"),
        ("premium", "Premium, paid"),
    ],
    "language": list(LABELS["language"].items()),
}


async def _page(
    request: WebRequest,
    course_id: UUID,
    *,
    section: str = "",
    given: Mapping[str, str] | None = None,
    problem: Invalid | Conflict | None = None,
    theirs: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page, with what was sent of one section when that was not saved."""
    viewer = pages.require_teacher(request)
    zone = zone_of(viewer.time_zone)
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, course_id)
        now = await service.texts(tx, course_id, zone)
        prices = await service.prices(tx, course_id)
        required, possible = await service.requirements(tx, course_id)
    names = SECTIONS.get(section, ())
    sent = dict(given or {})
    return pages.render(
        request,
        "publishing/settings.html",
        status=problem.status if problem else 200,
        studio_course=standing.course,
        path=f"/studio/{course_id}/settings",
        section=section,
        saved=request.query_params.get("saved", "") if problem is None else "",
        values={**now, **{name: sent.get(name, "") for name in names}} if problem else now,
        sent=sent if problem else {},
        marks={name: service.mark(name, now) for name in SECTIONS},
        errors=problem.fields if isinstance(problem, Invalid) else {},
        theirs=dict(theirs or {}),
        problem=problem,
        labels={name: field.label for name, field in FIELDS.items()},
        choices=CHOICES,
        prices=prices,
        required=required,
        possible=[("", "Choose a course"), *((str(one.id), one.title) for one in possible)],
        zone=zone.key,
    )


@get("/studio/{course_id:uuid}/settings", include_in_schema=False)
async def settings(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Every setting of a course."""
    return await _page(request, course_id)


@post("/studio/{course_id:uuid}/settings/{section:str}", include_in_schema=False)
async def save(request: WebRequest, course_id: FromPath[UUID], section: FromPath[str]) -> Response[str]:
    """Saves one section."""
    viewer = pages.require_teacher(request)
    if section not in SECTIONS:
        raise NotFound("The settings have no such section.")
    form = await read_form(request)
    zone = zone_of(viewer.time_zone)
    try:
        async with pages.transaction(request) as tx:
            await service.standing(tx, course_id)
            await service.save(tx, course_id, section, form.fields, form.text("was"), zone)
    except service.SavedMeanwhile as problem:
        return await _page(
            request, course_id, section=section, given=form.fields, problem=problem, theirs=problem.theirs
        )
    except Invalid as problem:
        return await _page(request, course_id, section=section, given=form.fields, problem=problem)
    return _saved(request, course_id, section)


@post("/studio/{course_id:uuid}/settings/picture", include_in_schema=False)
async def put_picture(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a picture of the media library that of the course."""
    pages.require_teacher(request)
    form = await read_form(request)
    async with pages.transaction(request) as tx:
        await service.standing(tx, course_id)
        await service.put_picture(tx, course_id, form.text("picture"))
    return _saved(request, course_id, "picture")


@post("/studio/{course_id:uuid}/settings/picture/remove", include_in_schema=False)
async def remove_picture(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Gives the course its drawn cover back."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.standing(tx, course_id)
        await service.remove_picture(tx, course_id)
    return _saved(request, course_id, "picture")


@post("/studio/{course_id:uuid}/settings/prices/add", include_in_schema=False)
async def add_price(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Adds a dated price."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await service.standing(tx, course_id)
            await service.add_price(tx, course_id, form.fields, zone_of(viewer.time_zone))
    except Invalid as problem:
        return await _page(request, course_id, section="price_list", given=form.fields, problem=problem)
    return _saved(request, course_id, "price_list")


@post("/studio/{course_id:uuid}/settings/prices/{price_id:uuid}/remove", include_in_schema=False)
async def remove_price(request: WebRequest, course_id: FromPath[UUID], price_id: FromPath[UUID]) -> Response[str]:
    """Takes a dated price away."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.remove_price(tx, course_id, price_id)
    return _saved(request, course_id, "price_list")


@post("/studio/{course_id:uuid}/settings/prerequisites/add", include_in_schema=False)
async def add_requirement(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Asks for a course, or something in words, first."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await service.standing(tx, course_id)
            await service.add_requirement(tx, course_id, form.text("requires_course"), form.text("requirement"))
    except (Invalid, NotFound) as problem:
        wrong = problem if isinstance(problem, Invalid) and problem.fields else None
        wrong = wrong or Invalid(problem.detail, fields={"requires_course": problem.detail})
        return await _page(request, course_id, section="prerequisites", given=form.fields, problem=wrong)
    return _saved(request, course_id, "prerequisites")


@post("/studio/{course_id:uuid}/settings/prerequisites/{requirement_id:uuid}/remove", include_in_schema=False)
async def remove_requirement(
    request: WebRequest, course_id: FromPath[UUID], requirement_id: FromPath[UUID]
) -> Response[str]:
    """Asks for something no longer."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.remove_requirement(tx, course_id, requirement_id)
    return _saved(request, course_id, "prerequisites")


def _saved(request: WebRequest, course_id: UUID, section: str) -> Response[str]:
    """Back to the section, which says that it is saved."""
    return pages.redirect(request, f"/studio/{course_id}/settings?saved={section}#{section}")


ROUTES: list[ControllerRouterHandler] = [
    settings,
    save,
    put_picture,
    remove_picture,
    add_price,
    remove_price,
    add_requirement,
    remove_requirement,
]
