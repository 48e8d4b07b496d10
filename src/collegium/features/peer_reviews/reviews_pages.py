"""The instructor's pages of single reviews: reading them with their authors, and what can be done about them."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.authoring import service as authoring
from collegium.features.peer_reviews import team
from collegium.features.peer_reviews.forms import only_refusals, read_form
from collegium.features.peer_reviews.team_pages import PLACE, frame, path_of
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

REVIEW = PLACE + "/reviews/{review_id:uuid}"
WORK = PLACE + "/works/{submission_id:uuid}"
DEEDS = {
    "remind": "The reviewer is reminded.",
    "withdraw": "The review is taken away, and given to somebody else where there is somebody.",
    "put-back": "The review counts again.",
}


@get(WORK, include_in_schema=False)
async def work(
    request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID], submission_id: FromPath[UUID]
) -> Response[str]:
    """A work's reviews with who wrote them, what each weighs, and what they come to."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        framed = await frame(tx, course_id, assignment_id)
        found = await team.work(tx, assignment_id, submission_id)
        reviews = await team.reviews(tx, submission_id)
    return pages.render(
        request,
        "peer_reviews/work.html",
        **framed,
        work=found,
        reviews=[(one, authoring.clean_html(one.feedback_html or "")) for one in reviews],
        grading=f"/studio/{course_id}/submissions/{submission_id}",
        zone=viewer.time_zone,
    )


def _back(course_id: UUID, assignment_id: UUID, form: dict[str, str]) -> str:
    """Where the button stood: the page of a work, or the list."""
    path = path_of(course_id, assignment_id)
    try:
        return f"{path}/works/{UUID(form.get('work', ''))}"
    except ValueError:
        return path


@post(REVIEW + "/{deed:str}", include_in_schema=False)
async def act(
    request: WebRequest,
    course_id: FromPath[UUID],
    assignment_id: FromPath[UUID],
    review_id: FromPath[UUID],
    deed: FromPath[str],
) -> Response[str]:
    """Reminds, takes away, leaves out or counts again."""
    pages.require_teacher(request)
    form = await read_form(request)
    back = _back(course_id, assignment_id, form)
    words = DEEDS.get(deed, "The review is left out, and its author’s work is without it.")
    try:
        async with pages.transaction(request) as tx:
            await assignments.taught_assignment(tx, course_id, assignment_id)
            if deed == "remind":
                await team.remind(tx, assignment_id, review_id)
            elif deed == "withdraw":
                await team.take_away(tx, assignment_id, review_id)
            elif deed == "put-back":
                await team.put_back(tx, assignment_id, review_id)
            elif deed == "leave-out":
                await team.leave_out(tx, assignment_id, review_id, form.get("reason", ""))
            else:
                raise Invalid("There is no such thing to do with a review.", code="no_such_deed")
    except Problem as problem:
        only_refusals(problem)
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", words))


@post(WORK + "/confirm", include_in_schema=False)
async def confirm(
    request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID], submission_id: FromPath[UUID]
) -> Response[str]:
    """Makes the peers' mean its share of one grade."""
    pages.require_teacher(request)
    back = f"{path_of(course_id, assignment_id)}/works/{submission_id}"
    try:
        async with pages.transaction(request) as tx:
            await assignments.taught_assignment(tx, course_id, assignment_id)
            points = await team.confirm(tx, assignment_id, submission_id)
    except Problem as problem:
        only_refusals(problem)
        return pages.redirect(request, back, flash=("error", problem.detail))
    words = f"The grade is {points.normalize():f} points."
    return pages.redirect(request, back, flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [work, act, confirm]
