"""The studio's pages of publication: check list, steps, changes, moving learners; and the preview."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.publishing import people_pages, service, settings_pages
from collegium.features.publishing.forms import read_form
from collegium.features.publishing.model import Status
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import PREVIEW_COOKIE, course_place

course_place("/settings", "Settings", "settings", rank=3)
course_place("/people", "People", "users", rank=4)
course_place("/preview", "Preview", "eye", rank=5)
course_place("/publish", "Publish", "send", rank=6)

STATUSES: tuple[Status, ...] = get_args(Status)
DONE = {
    "under_review": "The course is submitted. Its reviewers were told, and you hear of the decision by mail.",
    "published": "The course is published. It stands in the catalogue.",
    "archived": "The course is archived. Nobody can enrol any more; who is in it can finish.",
    "draft": "The course is a draft again.",
}


@get("/studio/{course_id:uuid}/publish", include_in_schema=False)
async def publish(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Where a course stands, what it lacks, what may be done with it, and its way so far."""
    pages.require_teacher(request)
    site = pages.site_of(request)
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, course_id)
        checks = await service.checks(tx, course_id)
        changes = await service.changes(tx, course_id) if standing.version or standing.course.published_at else []
        history = await service.history(tx, course_id)
        moves = await service.moves(tx, course_id) if standing.version_id else []
        still = await service.still_asked(tx, course_id)
    return pages.render(
        request,
        "publishing/publish.html",
        studio_course=standing.course,
        standing=standing,
        rights=standing.rights,
        checks=checks,
        ready=not any(check.blocking for check in checks),
        changes=changes,
        history=history,
        moves=moves[: service.MOVES_SHOWN],
        more_moves=len(moves) > service.MOVES_SHOWN,
        still=still,
        may_publish=standing.rights.decides or (site.settings.publish_without_review and standing.rights.leads),
        path=f"/studio/{course_id}/publish",
    )


@post("/studio/{course_id:uuid}/publish/status", include_in_schema=False)
async def set_status(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Takes the course a step further; a refusal leads back to the page, which says why."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    to = form.text("to")
    if to not in STATUSES:
        raise Invalid("There is no such step.", code="no_such_step")
    back = f"/studio/{course_id}/publish"
    try:
        async with pages.transaction(request) as tx:
            await service.set_status(pages.site_of(request), tx, viewer, course_id, to, form.text("note"))
    except Problem as problem:
        return _refused(request, back, problem)
    return pages.redirect(request, back, flash=("success", DONE[to]))


@post("/studio/{course_id:uuid}/publish/changes", include_in_schema=False)
async def publish_changes(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Publishes what changed."""
    pages.require_teacher(request)
    back = f"/studio/{course_id}/publish"
    try:
        async with pages.transaction(request) as tx:
            await service.publish_changes(tx, course_id)
    except Problem as problem:
        return _refused(request, back, problem)
    words = "The changes are published. Whoever begins now gets them; nobody who is in the course was moved."
    return pages.redirect(request, back, flash=("success", words))


@post("/studio/{course_id:uuid}/publish/move", include_in_schema=False)
async def move_all(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Moves everybody under way to the version that the page showed."""
    pages.require_teacher(request)
    form = await read_form(request)
    back = f"/studio/{course_id}/publish"
    try:
        version = UUID(form.text("version"))
    except ValueError:
        raise Invalid("There is no such version.", code="no_such_version") from None
    try:
        async with pages.transaction(request) as tx:
            moved = await service.move_all(tx, course_id, version)
    except Problem as problem:
        return _refused(request, back, problem)
    words = "1 learner was moved and told." if moved == 1 else f"{moved} learners were moved and told."
    return pages.redirect(request, back, flash=("success", words))


@post("/studio/{course_id:uuid}/publish/release", include_in_schema=False)
async def release(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Lets learners off a lesson."""
    pages.require_teacher(request)
    form = await read_form(request)
    back = f"/studio/{course_id}/publish"
    try:
        lesson = UUID(form.text("lesson"))
    except ValueError:
        raise Invalid("There is no such lesson.", code="no_such_lesson") from None
    try:
        async with pages.transaction(request) as tx:
            count = await service.release(tx, course_id, lesson, form.text("reason"))
    except Problem as problem:
        return _refused(request, back, problem)
    words = "1 learner was let off the lesson." if count == 1 else f"{count} learners were let off the lesson."
    return pages.redirect(request, back, flash=("success", words))


def _refused(request: WebRequest, back: str, problem: Problem) -> Response[str]:
    if problem.status not in (403, 409, 422):
        raise problem
    return pages.redirect(request, back, flash=("error", problem.detail))


# Preview ----------------------------------------------------------------------------------------------------------


@get("/studio/{course_id:uuid}/preview", include_in_schema=False)
async def preview(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The course as a learner sees it, with its drafts."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, course_id)
        about, modules = await service.preview(tx, course_id)
    return pages.render(
        request,
        "publishing/preview.html",
        studio_course=standing.course,
        about=about,
        modules=modules,
        lessons=sum(len(module.lessons) for module in modules),
    )


@get("/studio/{course_id:uuid}/preview/start", include_in_schema=False)
async def start_preview(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Leads into the player, which counts nothing until the preview is left."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, course_id)
        lessons = [lesson.id for module in (await service.preview(tx, course_id))[1] for lesson in module.lessons]
    wanted = request.query_params.get("lesson", "")
    lesson = next((one for one in lessons if str(one) == wanted), lessons[0] if lessons else None)
    if lesson is None:
        words = "There is no lesson to look at yet. Add one in the outline."
        return pages.redirect(request, f"/studio/{course_id}/preview", flash=("info", words))
    cookie = Cookie(key=PREVIEW_COOKIE, value=str(course_id), path="/", httponly=True, samesite="lax", max_age=4 * 3600)
    return pages.redirect(request, f"/learn/{standing.course.slug}/{lesson}", cookies=[cookie])


@get("/studio/{course_id:uuid}/preview/leave", include_in_schema=False)
async def leave_preview(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Ends the preview."""
    pages.require_teacher(request)
    response = pages.redirect(request, f"/studio/{course_id}")
    response.delete_cookie(PREVIEW_COOKIE, path="/")
    return response


ROUTES: list[ControllerRouterHandler] = [
    publish,
    set_status,
    publish_changes,
    move_all,
    release,
    preview,
    start_preview,
    leave_preview,
    *settings_pages.ROUTES,
    *people_pages.ROUTES,
]
