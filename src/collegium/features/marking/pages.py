"""The studio's pages of what was handed in: the list of an assignment, and one piece of work to mark."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.marking import learner_pages, mails, service
from collegium.features.marking.forms import Form, filled, grade_of, read_form
from collegium.features.marking.model import Line, LinePlace, Remark, State, Wanted
from collegium.features.studio import service as studio
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Problem
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest
from collegium.web.words import number

assignments.assignment_tab("/submissions", "Handed in", rank=2)

LIST = "/studio/{course_id:uuid}/assignments/{assignment_id:uuid}/submissions"
ONE = "/studio/{course_id:uuid}/submissions/{submission_id:uuid}"
STATES: dict[State, str] = {
    "all": "All",
    "waiting": "To grade",
    "graded": "Graded",
    "again": "Asked for again",
    "nothing": "Nothing yet",
}
COLUMNS = (
    "Name",
    "E-mail",
    "Group",
    "Members",
    "State",
    "Handed in",
    "Number",
    "Days late",
    "Points off in %",
    "Points",
    "Of",
    "Final score in %",
    "Graded",
    "Graded by",
)


class NewBody(msgspec.Struct, frozen=True):
    """A comment, said anew."""

    body: str


def _wanted(request: WebRequest) -> Wanted:
    given = request.query_params
    state = given.get("state", "all")
    return Wanted(state if state in STATES else "all", bool(given.get("late")), given.get("q", "").strip()[:100])


def _address(path: str, wanted: Wanted, **change: Any) -> str:
    named = {"state": wanted.state, "late": "1" if wanted.late else "", "q": wanted.words, **change}
    kept = {name: value for name, value in named.items() if value and (name, value) != ("state", "all")}
    return f"{path}?{urlencode(kept)}" if kept else path


@get(LIST, include_in_schema=False)
async def handed_in(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Everybody who takes the course, with his newest work, by name."""
    pages.require_teacher(request)
    wanted = _wanted(request)
    after = read_cursor(request.query_params.get("after"), LinePlace)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        assignment = await assignments.taught_assignment(tx, course_id, assignment_id)
        counts = await service.counts(tx, course_id, assignment_id)
        page = await service.handed_in(tx, course_id, assignment_id, wanted, after=after)
        first = await service.neighbour(tx, assignment_id, None)
    path = f"/studio/{course_id}/assignments/{assignment_id}/submissions"
    return pages.render(
        request,
        "marking/list.html",
        studio_course=course,
        assignment=assignment,
        wanted=wanted,
        page=page,
        counts=counts,
        tabs=[(words, _address(path, wanted, state=state), getattr(counts, state)) for state, words in STATES.items()],
        here=_address(path, wanted),
        path=path,
        late_address=_address(path, wanted, late="" if wanted.late else "1"),
        export=_address(f"{path}.csv", wanted),
        begin=f"/studio/{course_id}/submissions/{first}" if first else None,
        back=_address(path, wanted) if after else None,
        next=_address(path, wanted, after=write_cursor(page.next)) if page.next else None,
    )


@get(LIST + ".csv", include_in_schema=False)
async def handed_in_file(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Stream:
    """The list as CSV (RFC 4180), sent while it is read."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await assignments.taught_assignment(tx, course_id, assignment_id)
    found = service.every_line(pages.site_of(request).db, viewer.actor(), course_id, assignment_id, _wanted(request))
    return csvfile.download(f"handed-in-{assignment_id}.csv", COLUMNS, _rows(found))


async def _rows(found: AsyncIterator[list[Line]]) -> AsyncIterator[Iterable[Sequence[object]]]:
    async for lines in found:
        yield [_row(line) for line in lines]


def _row(line: Line) -> tuple[str, ...]:
    """A line as a spreadsheet has it."""
    moments = (line.submitted_at, line.graded_at)
    handed_in_at, graded_at = (at.isoformat(timespec="seconds") if at else "" for at in moments)
    return (
        line.who,
        line.email,
        line.group_name or "",
        ", ".join(line.members) if line.group_name else "",
        line.state[1],
        handed_in_at,
        str(line.submission_number or ""),
        str(line.late_days or ""),
        number(line.late_penalty_applied or None),
        number(line.points_earned),
        number(line.max_points),
        number(line.final_score),
        graded_at,
        line.graded_by if line.graded_at else "",
    )


# One piece of work -------------------------------------------------------------------------------------------------


async def _work(tx: Transaction, course_id: UUID, submission_id: UUID) -> service.Submission:
    found = await service.submission(tx, submission_id)
    await assignments.taught_assignment(tx, course_id, found.assignment_id)
    return found


async def _marking(
    request: WebRequest,
    tx: Transaction,
    course_id: UUID,
    submission_id: UUID,
    problem: Problem | None = None,
    sent: Form | None = None,
) -> Response[str]:
    work = await _work(tx, course_id, submission_id)
    course = await studio.course(tx, course_id)
    group, people = await service.authors(tx, submission_id)
    changes = await service.changes(tx, submission_id)
    following = await service.neighbour(tx, work.assignment_id, work)
    before = await service.neighbour(tx, work.assignment_id, work, -1)
    said = await service.remarks(tx, submission_id)
    earlier = await service.earlier(tx, submission_id)
    counts = await service.counts(tx, course_id, work.assignment_id)
    # What somebody else decided meanwhile was shown with the refusal: whoever sends again has seen it.
    seen = changes[0].changed_at if changes else None
    form = filled(work, work.instructor_feedback_html or "", seen)
    if sent is not None:
        form = msgspec.structs.replace(sent, seen=form.seen)
    base = f"/studio/{course_id}/submissions"
    apart = [one for one in people if one.graded_apart and one.submission_id != submission_id]
    return pages.render(
        request,
        "marking/mark.html",
        status=problem.status if problem else 200,
        studio_course=course,
        work=work,
        shown=service.shown_work(work.submission_text, work.submission_html, work.submission_url),
        files=service.shown_files(work.file_attachments, f"/submissions/{submission_id}/files", named=not work.hidden),
        who=_who(work, group, people),
        members=[one for one in people if one.submission_id == submission_id or not one.graded_apart],
        apart=apart,
        group=group if not work.graded_apart else None,
        changes=changes,
        earlier=earlier,
        newest=earlier[0],
        annotations=said,
        others=sorted({one.author for one in said if not one.mine}),
        deduction=service.deduction(work),
        counts=counts,
        form=form,
        problem=problem,
        errors=getattr(problem, "fields", None) or {},
        here=f"{base}/{submission_id}",
        listing=f"/studio/{course_id}/assignments/{work.assignment_id}/submissions",
        ways={
            "next": f"{base}/{following}" if following else None,
            "previous": f"{base}/{before}" if before else None,
        },
    )


def _who(work: service.Submission, group: str | None, people: Sequence[Any]) -> str:
    if work.hidden:
        return work.label
    if group and not work.graded_apart:
        return group
    return next((one.name for one in people if one.submission_id == work.id), "Somebody")


@get(ONE, include_in_schema=False)
async def marking(request: WebRequest, course_id: FromPath[UUID], submission_id: FromPath[UUID]) -> Response[str]:
    """The work at the left, what it is judged by at the right."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await _marking(request, tx, course_id, submission_id)


@post(ONE, include_in_schema=False)
async def mark(request: WebRequest, course_id: FromPath[UUID], submission_id: FromPath[UUID]) -> Response[str]:
    """Grades, returns or asks again and goes on to what waits next; what cannot be kept stays in the form."""
    viewer = pages.require_teacher(request)
    site = pages.site_of(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            work = await _work(tx, course_id, submission_id)
            grade = grade_of(form, work)
            now = await service.mark(tx, submission_id, grade)
            group, people = await service.authors(tx, submission_id)
            following = await service.neighbour(tx, work.assignment_id, work)
            following = following or await service.neighbour(tx, work.assignment_id, None)
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        async with site.db.transaction(viewer.actor(), read_only=True) as tx:
            return await _marking(request, tx, course_id, submission_id, problem, form)
    await mails.tell(site, submission_id, work.title, grade.decision)
    done = {"graded": "is graded", "returned": "went back", "resubmission_requested": "is asked for again"}
    words = f"The work of {_who(work, group, people)} {done[grade.decision]}"
    words += f": {number(now.final_score)} %." if now.final_score is not None else "."
    if following is None:
        words += " Nothing else waits."
    target = f"/studio/{course_id}/submissions/{following}" if following else (
        f"/studio/{course_id}/assignments/{work.assignment_id}/submissions"
    )  # fmt: skip
    return pages.redirect(request, target, flash=("success", words))


async def _said(request: WebRequest, tx: Transaction, submission_id: UUID) -> Response[str]:
    """The comments on work, as the list beside it."""
    work = await service.submission(tx, submission_id)
    return pages.render(
        request,
        "marking/_said.html",
        annotations=await service.remarks(tx, submission_id),
        files=service.shown_files(work.file_attachments, f"/submissions/{submission_id}/files", named=not work.hidden),
        write=True,
        final=work.status in ("returned", "resubmission_requested"),
    )


@post(ONE + "/annotations", status_code=200, include_in_schema=False)
async def annotate(
    request: WebRequest, course_id: FromPath[UUID], submission_id: FromPath[UUID], data: JSONBody[Remark]
) -> Response[str]:
    """Says something on the work; answers the list of comments."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await _work(tx, course_id, submission_id)
        made = await service.annotate(tx, submission_id, data)
        response = await _said(request, tx, submission_id)
    response.headers["x-annotation"] = str(made)
    return response


@post(ONE + "/annotations/{annotation_id:uuid}", status_code=200, include_in_schema=False)
async def change_annotation(
    request: WebRequest,
    course_id: FromPath[UUID],
    submission_id: FromPath[UUID],
    annotation_id: FromPath[UUID],
    data: JSONBody[NewBody],
) -> Response[str]:
    """Changes what one said; answers the list of comments."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await _work(tx, course_id, submission_id)
        await service.change_annotation(tx, submission_id, annotation_id, data.body)
        return await _said(request, tx, submission_id)


@post(ONE + "/annotations/{annotation_id:uuid}/remove", status_code=200, include_in_schema=False)
async def remove_annotation(
    request: WebRequest, course_id: FromPath[UUID], submission_id: FromPath[UUID], annotation_id: FromPath[UUID]
) -> Response[str]:
    """Takes back what one said; answers the list of comments."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await _work(tx, course_id, submission_id)
        await service.remove_annotation(tx, submission_id, annotation_id)
        return await _said(request, tx, submission_id)


ROUTES: list[ControllerRouterHandler] = [
    handed_in,
    handed_in_file,
    marking,
    mark,
    annotate,
    change_annotation,
    remove_annotation,
    *learner_pages.ROUTES,
]
