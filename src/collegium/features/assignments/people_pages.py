"""The studio's pages of who has more time in an assignment, and of its groups."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service
from collegium.features.assignments.forms import Form, id_of, number, read_form
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound, Problem
from collegium.kit.fields import zone_of
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path
from collegium.web.words import plural

ONE = "/studio/{course_id:uuid}/assignments/{assignment_id:uuid}"
EXTENSIONS = ONE + "/extensions"
GROUPS = ONE + "/groups"
service.assignment_tab("/extensions", "Extensions", rank=4)
service.assignment_tab("/groups", "Groups", rank=5, only="group_mode")


def _path(course_id: UUID, assignment_id: UUID, suffix: str) -> str:
    return course_path(course_id, f"/assignments/{assignment_id}{suffix}")


# Extensions -------------------------------------------------------------------------------------------------------


async def _extensions(
    request: WebRequest,
    course_id: UUID,
    assignment_id: UUID,
    given: Mapping[str, str] | None = None,
    problem: Invalid | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    sent = dict(given or {})
    words = " ".join((sent.get("q") or request.query_params.get("q", "")).replace("\x00", "").split())[:100]
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        course = await service.course(tx, course_id)
        assignment = await service.taught_assignment(tx, course_id, assignment_id)
        granted = await service.extensions(tx, assignment_id)
        found = await service.find_enrolled(tx, course_id, assignment_id, words)
    return pages.render(
        request,
        "assignments/extensions.html",
        status=problem.status if problem else 200,
        studio_course=course,
        assignment=assignment,
        path=assignment.path,
        granted=granted,
        found=found,
        words=words,
        chosen=sent.get("enrollment") or request.query_params.get("enrollment", ""),
        values={name: sent.get(name, "") for name in ("until", "extra_submissions", "reason")},
        errors=problem.fields if problem else {},
        zone=zone_of(viewer.time_zone).key,
    )


@get(EXTENSIONS, include_in_schema=False)
async def extensions(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Who has a later deadline or more submissions, and who could have."""
    return await _extensions(request, course_id, assignment_id)


@post(EXTENSIONS, include_in_schema=False)
async def grant(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Grants somebody an extension, or changes it."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    enrollment = id_of(form.text("enrollment"))
    try:
        if enrollment is None:
            raise Invalid("Choose a person first.", fields={"q": "Choose a person first: search by name or address."})
        async with pages.transaction(request) as tx:
            assignment = await service.taught_assignment(tx, course_id, assignment_id)
            await service.grant(tx, assignment, enrollment, form.fields, zone_of(viewer.time_zone))
    except Invalid as problem:
        return await _extensions(request, course_id, assignment_id, form.fields, problem)
    words = "Saved. It holds from now on; what was handed in before keeps its deadline."
    return pages.redirect(request, _path(course_id, assignment_id, "/extensions"), flash=("success", words))


@post(EXTENSIONS + "/{extension_id:uuid}/remove", include_in_schema=False)
async def withdraw(
    request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID], extension_id: FromPath[UUID]
) -> Response[str]:
    """Takes an extension away."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.taught_assignment(tx, course_id, assignment_id)
        await service.withdraw(tx, assignment_id, extension_id)
    back = _path(course_id, assignment_id, "/extensions")
    return pages.redirect(request, back, flash=("success", "It is taken away."))


# Groups -----------------------------------------------------------------------------------------------------------


@get(GROUPS, include_in_schema=False)
async def groups(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Who is in which group, and who is in none."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        assignment = await service.taught_assignment(tx, course_id, assignment_id)
        made = await service.groups(tx, assignment_id)
        left, count = await service.without_group(tx, assignment)
    return pages.render(
        request,
        "assignments/groups.html",
        studio_course=course,
        assignment=assignment,
        path=assignment.path,
        groups=made,
        left=left,
        left_count=count,
    )


@post(GROUPS, include_in_schema=False)
async def change_groups(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Makes groups, by hand or by chance; renames and removes them; moves people."""
    pages.require_teacher(request)
    form = await read_form(request)
    back = _path(course_id, assignment_id, "/groups")
    try:
        async with pages.transaction(request) as tx:
            assignment = await service.taught_assignment(tx, course_id, assignment_id)
            if not assignment.group_mode:
                raise Conflict("Each hands in alone here. Choose groups in the settings first.", code="no_groups")
            words = await _act(tx, assignment, form)
    except Problem as problem:
        if problem.status not in (409, 422) and not (isinstance(problem, NotFound) and problem.code == "no_such_group"):
            raise
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", words))


async def _act(tx: Transaction, of: service.Assignment, form: Form) -> str:
    verb, _, which = form.text("act").partition(":")
    group, people = id_of(which) or id_of(form.text("group")), form.ids("person")
    if verb == "add":
        await service.add_group(tx, of, form.text("name"), people)
        return "The group is made."
    if verb == "random":
        size = number(form.text("size"), 2, 50) or 0
        made = await service.make_at_random(tx, of, size)
        return f"{plural(made, 'group')} made. Nobody is left without one."
    if verb == "rename" and group:
        await service.rename_group(tx, of, group, form.text("name"))
        return "The group has a new name."
    if verb == "remove" and group:
        return f"“{await service.remove_group(tx, of, group)}” is removed. Who was in it is in none now."
    if verb == "move" and people:
        to = form.text("group")
        await service.put_into_group(tx, of, None if to == "none" else _group(to), people)
        return f"{plural(len(people), 'learner')} moved." if to != "none" else "Taken out of the group."
    raise Invalid("Choose people and a group first.", code="nothing_chosen")


def _group(text: str) -> UUID:
    found = id_of(text)
    if found is None:
        raise Invalid("Choose a group first.", code="nothing_chosen")
    return found


ROUTES: list[ControllerRouterHandler] = [extensions, grant, withdraw, groups, change_groups]
