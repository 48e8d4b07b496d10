"""The studio's pages of assignments: the list of a course, and the builder with its rubric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import learner_pages, people_pages, service
from collegium.features.assignments.forms import Form, acted, id_of, read_form
from collegium.features.assignments.model import FILE_GROUPS, SUBMISSION_TYPES, TABS, NewAssignment, Status
from collegium.features.assignments.settings import FIELDS, Line, SavedMeanwhile, lines_of, mark, texts
from collegium.kit.errors import Conflict, Invalid
from collegium.kit.fields import zone_of
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path, course_place, lesson_place

course_place("/assignments", "Assignments", "clipboard-pen", rank=2)
lesson_place("/assignment", "Assignment", types=("assignment",), rank=1)

LIST = "/studio/{course_id:uuid}/assignments"
ONE = LIST + "/{assignment_id:uuid}"
STATUSES: tuple[Status, ...] = get_args(Status)
DONE = {
    "published": "The assignment is published. Learners can hand in from when it opens.",
    "archived": "The assignment is archived. Nobody hands in any more; work and grades stay.",
    "draft": "The assignment is a draft again. Learners do not see it.",
}


@get(LIST, include_in_schema=False)
async def assignments(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The assignments of a course and of its lessons."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        found = await service.assignments(tx, course_id)
        lessons = await service.lessons(tx, course_id)
    return pages.render(
        request,
        "assignments/list.html",
        studio_course=course,
        assignments=found,
        lessons=lessons,
        zone=zone_of(viewer.time_zone).key,
        path=course_path(course_id, "/assignments"),
    )


@post(LIST, include_in_schema=False)
async def make(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a draft and leads to its builder."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            new = NewAssignment(title=form.text("title"))
            made = await service.create_assignment(tx, course_id, id_of(form.text("lesson")), new)
    except Invalid as problem:
        return pages.redirect(request, course_path(course_id, "/assignments"), flash=("error", problem.detail))
    return pages.redirect(request, course_path(course_id, f"/assignments/{made}"))


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/assignment", include_in_schema=False)
async def of_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Leads to the assignment of a lesson, or offers to make it."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        title = await service.lesson_title(tx, course_id, lesson_id)
        found = await service.assignment_of_lesson(tx, course_id, lesson_id)
    if found is not None:
        return pages.redirect(request, course_path(course_id, f"/assignments/{found}"))
    return pages.render(
        request,
        "assignments/of_lesson.html",
        studio_course=course,
        lesson_title=title,
        lesson_id=lesson_id,
        lesson_type="assignment",
    )


async def _page(
    request: WebRequest,
    course_id: UUID,
    assignment_id: UUID,
    form: Form | None = None,
    lines: Sequence[Line] = (),
    problem: Invalid | Conflict | None = None,
) -> Response[str]:
    """The builder, with what was sent when that was not saved."""
    viewer = pages.require_teacher(request)
    zone = zone_of(viewer.time_zone)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        course = await service.course(tx, course_id)
        found = await service.taught_assignment(tx, course_id, assignment_id)
        checks = await service.checks_of(tx, found)
        waits = await service.work_waits(tx, assignment_id)
    saved = texts(found, zone)
    values = {name: form.fields.get(name, "") for name in saved} if form else saved
    kept = lines_of(found)
    stale = isinstance(problem, SavedMeanwhile)
    return pages.render(
        request,
        "assignments/builder.html",
        status=problem.status if problem else 200,
        studio_course=course,
        assignment=found,
        path=found.path,
        values=values,
        chosen=values["allowed_file_types"].split(),
        lines=list(lines) if form and not found.graded_count else kept,
        # Who looks at both and saves again means it.
        was=mark(saved, kept) if stale or form is None else form.text("was"),
        errors=problem.fields if isinstance(problem, Invalid) else {},
        theirs=problem.theirs if isinstance(problem, SavedMeanwhile) else {},
        labels={name: field.label for name, field in FIELDS.items()},
        problem=problem,
        saved=form is None and "saved" in request.query_params,
        checks=checks,
        ready=not any(check.blocking for check in checks),
        types=list(SUBMISSION_TYPES.items()),
        kinds=[(name, words) for name, (words, _) in FILE_GROUPS.items()],
        zone=zone.key,
        late_example=service.policy_words(found.late_submission_allowed, found.late_penalty_percentage),
        waits=waits,
        peers=any(tab.only == "enable_peer_review" for tab in TABS),
    )


@get(ONE, include_in_schema=False)
async def builder(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Everything that is decided about an assignment, and what it lacks."""
    return await _page(request, course_id, assignment_id)


@post(ONE, include_in_schema=False, status_code=200)
async def save(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Saves it; what somebody else saved meanwhile stands beside it. A button of the rubric only shows it anew."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    act = form.text("act")
    if act not in ("", "save"):
        return await _page(request, course_id, assignment_id, form, acted(form.lines(), act))
    zone = zone_of(viewer.time_zone)
    try:
        async with pages.transaction(request) as tx:
            await service.save(tx, course_id, assignment_id, form.fields, form.lines(), form.text("was"), zone)
    except (Invalid, Conflict) as problem:
        return await _page(request, course_id, assignment_id, form, form.lines(), problem)
    return pages.redirect(request, course_path(course_id, f"/assignments/{assignment_id}?saved=1"))


@post(ONE + "/status", include_in_schema=False)
async def set_status(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Publishes, archives, or takes back to draft; a refusal leads back to the builder, which says why."""
    pages.require_teacher(request)
    to = (await read_form(request)).text("to")
    if to not in STATUSES:
        raise Invalid("There is no such step.", code="no_such_step")
    back = course_path(course_id, f"/assignments/{assignment_id}")
    try:
        async with pages.transaction(request) as tx:
            await service.set_status(tx, course_id, assignment_id, to)
    except Conflict as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", DONE[to]))


@post(ONE + "/copy", include_in_schema=False)
async def copy(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Copies an assignment and leads to the copy."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        made = await service.copy_assignment(tx, course_id, assignment_id)
    words = "This is the copy: a draft of the course, without dates."
    return pages.redirect(request, course_path(course_id, f"/assignments/{made}"), flash=("success", words))


@post(ONE + "/remove", include_in_schema=False)
async def remove(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Removes an assignment that nobody has handed anything in for."""
    pages.require_teacher(request)
    flash: tuple[Any, str]
    try:
        async with pages.transaction(request) as tx:
            title = await service.remove_assignment(tx, course_id, assignment_id)
        flash = ("success", f"“{title}” is removed.")
    except Conflict as problem:
        flash = ("error", problem.detail)
    return pages.redirect(request, course_path(course_id, "/assignments"), flash=flash)


ROUTES: list[ControllerRouterHandler] = [
    *(assignments, make, of_lesson, builder, save, set_status, copy, remove),
    *people_pages.ROUTES,
    *learner_pages.ROUTES,
]
