"""The grading queue: all quizzes in which answers wait, and one answer after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.marking import service as marking
from collegium.features.quizzes import service
from collegium.features.quizzes.forms import Form, id_of, read_form
from collegium.features.quizzes.grading import Answer, By, Grade, read_points, read_rubric
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import site_place

site_place("/grading", "Grading", "clipboard-check", rank=5)

QUEUE = "/grading/{course_id:uuid}/quizzes/{quiz_id:uuid}"


@get("/grading", include_in_schema=False)
async def overview(request: WebRequest) -> Response[str]:
    """Every quiz and every assignment of one's courses in which something waits."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await service.waiting(tx)
        work = await marking.waiting(tx)
    return pages.render(request, "quizzes/grading_list.html", quizzes=found, assignments=work)


def _asked(request: WebRequest) -> dict[str, str]:
    """What the address says: order, question, and whether graded answers are shown too."""
    given = request.query_params
    return {
        "by": "person" if given.get("by") == "person" else "question",
        "question": given.get("question", "")[:40],
        "all": "1" if given.get("all") else "",
    }


def _address(course_id: UUID, quiz_id: UUID, asked: Mapping[str, str], answer: UUID | None = None) -> str:
    named = {name: value for name, value in asked.items() if value and (name, value) != ("by", "question")}
    if answer is not None:
        named["answer"] = str(answer)
    return f"/grading/{course_id}/quizzes/{quiz_id}" + (f"?{urlencode(named)}" if named else "")


async def _queue(
    request: WebRequest,
    tx: Transaction,
    course_id: UUID,
    quiz_id: UUID,
    at: UUID | None,
    problem: Problem | None = None,
    sent: Form | None = None,
) -> Response[str]:
    asked = _asked(request)
    by, question = cast("By", asked["by"]), id_of(asked["question"])
    quiz = await service.quiz(tx, course_id, quiz_id)
    course = await service.course(tx, course_id)
    listed = await service.figures(tx, quiz_id)
    only = not asked["all"]
    if at is None:
        at = await service.neighbour(tx, quiz_id, by, None, 1, question=question, waiting_only=only)
    here: Answer | None = None
    ways: dict[str, str | None] = {"next": None, "previous": None}
    if at is not None:
        here = await service.answer(tx, quiz_id, at)
        following = await service.neighbour(tx, quiz_id, by, here, 1, question=question, waiting_only=only)
        before = await service.neighbour(tx, quiz_id, by, here, -1, question=question, waiting_only=False)
        ways = {
            "next": _address(course_id, quiz_id, asked, following) if following else None,
            "previous": _address(course_id, quiz_id, asked, before) if before else None,
        }

    def address(**change: str) -> str:
        return _address(course_id, quiz_id, {**asked, **change})

    chosen = [one for one in listed if question in (None, one.question_id)]
    return pages.render(
        request,
        "quizzes/grading.html",
        status=problem.status if problem else 200,
        quiz=quiz,
        course=course,
        here=here,
        listed=listed,
        asked=asked,
        ways=ways,
        graded=sum(one.graded for one in chosen),
        total=sum(one.graded + one.waiting for one in chosen),
        problem=problem,
        sent=_sent(sent, here),
        action=_address(course_id, quiz_id, asked, at),
        address=address,
    )


def _sent(form: Form | None, here: Answer | None) -> dict[str, Any]:
    """What stands in the form: what was sent and not kept, else what is kept."""
    if form is not None:
        return {"points": form.text("points"), "rubric": form.all("criterion"), "feedback": form.text("feedback"),
                "reason": form.text("reason")}  # fmt: skip
    if here is None:
        return {}
    return {
        "points": "" if here.points_earned is None else f"{here.points_earned.normalize():f}",
        "rubric": ["" if one.given is None else f"{one.given.normalize():f}" for one in here.criteria],
        "feedback": here.feedback or "",
        "reason": "",
    }


@get(QUEUE, include_in_schema=False)
async def queue(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """One answer of a quiz with its question, and how far one is."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await _queue(request, tx, course_id, quiz_id, id_of(request.query_params.get("answer", "")))


@post(QUEUE, include_in_schema=False)
async def grade(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Grades an answer and goes on to the next; what cannot be kept stays in the form, with the reason."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    asked = _asked(request)
    at = id_of(request.query_params.get("answer", ""))
    try:
        if at is None:
            raise Invalid("Say which answer is graded.", code="no_such_answer")
        async with pages.transaction(request) as tx:
            here = await service.answer(tx, quiz_id, at)
            await service.quiz(tx, course_id, quiz_id)
            await service.grade(tx, at, _grade(form, here))
            by, question = cast("By", asked["by"]), id_of(asked["question"])
            following = await service.neighbour(
                tx, quiz_id, by, here, 1, question=question, waiting_only=not asked["all"]
            )
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
            return await _queue(request, tx, course_id, quiz_id, at, problem, form)
    # At the end of the order it begins again with those that were passed over.
    return pages.redirect(request, _address(course_id, quiz_id, asked, following))


def _grade(form: Form, here: Answer) -> Grade:
    rubric = read_rubric(form.all("criterion"), here.criteria)
    text = form.text("points")
    points = read_points(text, here.max_points) if text.strip() or rubric is None else None
    seen = form.text("seen")
    try:
        moment = datetime.fromisoformat(seen) if seen else None
    except ValueError:
        raise Invalid("Reload the page and grade it again.", code="no_such_moment") from None
    if points is None:
        points = min(read_points(f"{sum(rubric or []):.2f}", here.max_points), here.max_points)
    feedback, reason = form.text("feedback").strip(), " ".join(form.text("reason").split())
    return Grade(points, rubric, feedback, reason, moment)


ROUTES: list[ControllerRouterHandler] = [overview, queue, grade]
