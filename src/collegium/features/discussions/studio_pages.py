"""The studio's pages about reviews and discussions: what waits to be decided, and what a team sets."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.discussions.model import QUEUES, Queue, TimePlace, Verdict
from collegium.features.discussions.service import forum, reviews
from collegium.features.studio import service as studio
from collegium.features.studio.service import Course
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path, course_place, site_place

site_place("/studio/reviews", "Reviews", "star", rank=6)
course_place("/reviews", "Reviews", "star", rank=7)
course_place("/discussions", "Discussions", "messages-square", rank=8)

WORDS: dict[Queue, str] = {"waiting": "Waiting", "approved": "Published", "turned_down": "Turned down"}


def _queue(text: str | None) -> Queue:
    for queue in QUEUES:
        if queue == text:
            return queue
    return "waiting"


@get("/studio/reviews", include_in_schema=False)
async def all_reviews(request: WebRequest) -> Response[str]:
    """Reviews of every course that the person who asks decides about."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await _reviews(request, tx, None)


@get("/studio/{course_id:uuid}/reviews", include_in_schema=False)
async def course_reviews(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Reviews of one course."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await _reviews(request, tx, await studio.course(tx, course_id))


async def _reviews(
    request: WebRequest, tx: Transaction, course: Course | None, error: Problem | None = None, at: UUID | None = None
) -> Response[str]:
    queue = _queue(request.query_params.get("state"))
    after = read_cursor(request.query_params.get("after"), TimePlace)
    listed = await reviews.to_moderate(tx, course.id if course else None, queue, after)
    here = course_path(course.id, "/reviews") if course else "/studio/reviews"

    def address(**given: str) -> str:
        asked = {name: value for name, value in given.items() if value not in ("", "waiting")}
        return here + (f"?{urlencode(asked)}" if asked else "")

    return pages.render(
        request,
        "discussions/studio_reviews.html",
        status=error.status if error else 200,
        studio_course=course,
        listed=listed,
        queue=queue,
        tabs=[(words, address(state=value)) for value, words in WORDS.items()],
        tab=address(state=queue),
        here=here,
        is_first=after is None,
        following=address(state=queue, after=write_cursor(listed.next)) if listed.next else None,
        share=await reviews.share_needed(tx, course.id) if course else None,
        error=error,
        at=at,
    )


@post("/studio/reviews/{review_id:uuid}", include_in_schema=False)
async def decide(request: WebRequest, review_id: FromPath[UUID]) -> Response[str]:
    """Approves a review, turns it down for a reason, or features it."""
    pages.require_teacher(request)
    form = await request.form()
    verdicts = {
        "approve": (Verdict(approved=True), "The review is published."),
        "feature": (Verdict(approved=True, featured=True), "The review stands first now."),
        "unfeature": (Verdict(approved=True), "The review stands among the others now."),
        "turn_down": (
            Verdict(approved=False, reason=str(form.get("reason", ""))),
            "The review is turned down. Its author reads why.",
        ),
    }
    what = str(form.get("verdict", ""))
    if what not in verdicts:
        raise Invalid("Say what becomes of the review.")
    back = pages.local_path(str(form.get("next", "")) or None, "/studio/reviews")
    verdict, words = verdicts[what]
    try:
        async with pages.transaction(request) as tx:
            await reviews.moderate(tx, review_id, verdict)
    except Problem as problem:
        if problem.status not in (403, 422) or problem.code == "moderators_only":
            raise
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", words))


@post("/studio/{course_id:uuid}/reviews", include_in_schema=False)
async def set_share(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Sets after how much of a course it can be reviewed."""
    pages.require_teacher(request)
    percent = str((await request.form()).get("percent", ""))
    here = course_path(course_id, "/reviews")
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            kept = await reviews.set_share_needed(tx, course_id, percent)
    except Invalid as problem:
        return pages.redirect(request, here, flash=("error", problem.detail))
    words = f"Learners can review the course when they have done {kept} percent of it."
    return pages.redirect(request, here, flash=("success", words))


@get("/studio/{course_id:uuid}/discussions", include_in_schema=False)
async def course_discussions(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The forum of a course as its team looks after it: on or off, and what was reported."""
    pages.require_teacher(request)
    is_open = request.query_params.get("state") != "settled"
    after = read_cursor(request.query_params.get("after"), TimePlace)
    here = course_path(course_id, "/discussions")
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        listed = await forum.reports(tx, course_id, is_open=is_open, after=after)
        on = await forum.is_on(tx, course_id)
    following = {} if is_open else {"state": "settled"}
    return pages.render(
        request,
        "discussions/studio_forum.html",
        studio_course=course,
        listed=listed,
        on=on,
        is_open=is_open,
        here=here,
        tabs=[("Open reports", here), ("Settled", f"{here}?state=settled")],
        tab=here if is_open else f"{here}?state=settled",
        is_first=after is None,
        following=f"{here}?{urlencode(following | {'after': write_cursor(listed.next)})}" if listed.next else None,
    )


@post("/studio/{course_id:uuid}/discussions", include_in_schema=False)
async def turn_forum(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Turns the forum of a course on or off."""
    pages.require_teacher(request)
    on = str((await request.form()).get("on", "")) == "yes"
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
        await forum.turn(tx, course_id, on=on)
    words = "The course has a forum now." if on else "The forum is closed. What was said is kept, and nobody sees it."
    return pages.redirect(request, course_path(course_id, "/discussions"), flash=("success", words))


STUDIO_ROUTES: list[ControllerRouterHandler] = [
    all_reviews, course_reviews, decide, set_share, course_discussions, turn_forum,
]  # fmt: skip
