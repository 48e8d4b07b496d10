"""The studio's pages of the people of a cohort: who is in it, adding, moving, and the list as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.cohorts import service
from collegium.features.cohorts.forms import read_form
from collegium.features.cohorts.model import Added, Member, MemberPlace
from collegium.features.studio import service as studio
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.errors import Conflict, Invalid, Problem
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest
from collegium.web.words import label

ONE = "/studio/{course_id:uuid}/cohorts/{cohort_id:uuid}"
COLUMNS = (
    "name",
    "email",
    "status",
    "enrolled_at",
    "last_active_at",
    "completed_at",
    "lessons_completed",
    "lessons_required",
)


def _path(course_id: UUID, cohort_id: UUID) -> str:
    return f"/studio/{course_id}/cohorts/{cohort_id}"


@get(ONE, include_in_schema=False)
async def people(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """A cohort, and the people in it by name."""
    return await _people(request, course_id, cohort_id)


async def _people(
    request: WebRequest,
    course_id: UUID,
    cohort_id: UUID,
    *,
    added: Sequence[Added] = (),
    typed: str = "",
    problem: Problem | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    words = " ".join(request.query_params.get("q", "").replace("\x00", "").split())[:100]
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        cohort = await service.cohort(tx, course_id, cohort_id)
        after = read_cursor(request.query_params.get("after"), MemberPlace)
        found = await service.members(tx, course_id, cohort_id, words, after)
    path = _path(course_id, cohort_id)
    following = None
    if found.next:
        asked = ({"q": words} if words else {}) | {"after": write_cursor(found.next)}
        following = f"{path}?{urlencode(asked)}"
    return pages.render(
        request,
        "cohorts/people.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=path,
        cohort=cohort,
        people=found.people,
        following=following,
        first=after is None,
        words=words,
        added=added,
        typed=typed,
        error=_add_error(problem),
        zone=viewer.time_zone,
    )


def _add_error(problem: Problem | None) -> str | None:
    if isinstance(problem, Invalid) and problem.fields:
        return problem.fields["emails"]
    return problem.detail if problem else None


@post(ONE + "/add", include_in_schema=False)
async def add(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Response[str]:
    """Adds people by their addresses; the page says what became of each, and keeps those that were not added."""
    pages.require_teacher(request)
    typed = (await read_form(request)).get("emails", "")[:50_000]
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            added = await service.add(tx, course_id, cohort_id, typed)
    except (Invalid, Conflict) as problem:
        return await _people(request, course_id, cohort_id, typed=typed, problem=problem)
    if all(one.is_in for one in added) and len(added) == 1:
        who = added[0].member_name or added[0].email
        words = f"{who} is in the cohort." if added[0].outcome != "already" else f"{who} was in the cohort already."
        return pages.redirect(request, _path(course_id, cohort_id), flash=("success", words))
    left = "\n".join(one.email for one in added if not one.is_in)
    return await _people(request, course_id, cohort_id, added=added, typed=left)


@get(ONE + "/people.csv", include_in_schema=False)
async def people_file(request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID]) -> Stream:
    """Everybody in the cohort as CSV (RFC 4180), sent while it is read."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
        await service.cohort(tx, course_id, cohort_id)
    found = service.every_member(pages.site_of(request).db, viewer.actor(), course_id, cohort_id)
    return csvfile.download(f"cohort-{cohort_id}.csv", COLUMNS, _rows(found))


async def _rows(found: AsyncIterator[list[Member]]) -> AsyncIterator[Iterable[Sequence[object]]]:
    async for members in found:
        yield [_row(one) for one in members]


def _row(one: Member) -> tuple[str, ...]:
    times = (one.enrolled_at, one.last_accessed_at, one.completed_at)
    written = [time.isoformat(timespec="seconds") if time else "" for time in times]
    status = label(one.status, "enrollment")
    return (one.name, one.email, status, *written, str(one.lessons_completed), str(one.total_lessons))


@get(ONE + "/people/{enrollment_id:uuid}/move", include_in_schema=False)
async def ask_to_move(
    request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID], enrollment_id: FromPath[UUID]
) -> Response[str]:
    """Asks to which cohort somebody is moved, and why."""
    return await _move_form(request, course_id, cohort_id, enrollment_id)


async def _move_form(
    request: WebRequest,
    course_id: UUID,
    cohort_id: UUID,
    enrollment_id: UUID,
    given: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        cohort = await service.cohort(tx, course_id, cohort_id)
        member = await service.member(tx, course_id, cohort_id, enrollment_id)
        others = [one for one in await service.cohorts(tx, course_id) if one.id != cohort_id]
    errors = dict(problem.fields) if isinstance(problem, Invalid) else {}
    if problem is not None and not errors:
        errors = {"cohort": problem.detail}
    return pages.render(
        request,
        "cohorts/move.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=_path(course_id, cohort_id),
        cohort=cohort,
        member=member,
        others=others,
        given=given or {},
        errors=errors,
        zone=viewer.time_zone,
    )


@post(ONE + "/people/{enrollment_id:uuid}/move", include_in_schema=False)
async def move(
    request: WebRequest, course_id: FromPath[UUID], cohort_id: FromPath[UUID], enrollment_id: FromPath[UUID]
) -> Response[str]:
    """Moves somebody to another cohort with all that was done."""
    pages.require_teacher(request)
    given = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            member = await service.member(tx, course_id, cohort_id, enrollment_id)
            await service.move(tx, enrollment_id, given.get("cohort", ""), given.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return await _move_form(request, course_id, cohort_id, enrollment_id, given, problem)
    words = f"{member.name} was moved with all that was done, and told why."
    return pages.redirect(request, _path(course_id, UUID(given["cohort"])), flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [people, add, people_file, ask_to_move, move]
