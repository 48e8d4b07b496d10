"""A learner's way through a quiz: start card, questions, review, result. Everything works without a script, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from collegium.features.attempts import service
from collegium.features.attempts.service import Item
from collegium.kit.errors import Problem
from collegium.web import pages

KEPT_ELSEWHERE = "A newer answer, given in another tab or on another device, was kept: {}."


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _config(request: pages.WebRequest, view: Item) -> str:
    """What the island needs to know; nothing of what is right."""
    site = pages.site_of(request)
    viewer = pages.require_viewer(request)
    return msgspec.json.encode(
        {
            "attempt": view["id"],
            "user": str(viewer.id),
            "layout": view["layout"],
            "deadline": view["deadline_at"],
            "now": view["server_time"],
            "api": f"/api/v1/attempts/{view['id']}",
            "page": f"/attempts/{view['id']}",
            "signIn": f"/sign-in?next=/attempts/{view['id']}",
            "site": site.settings.site_name,
        }
    ).decode()


@get("/quizzes/{quiz_id:uuid}", include_in_schema=False)
async def show_quiz(request: pages.WebRequest, quiz_id: FromPath[UUID]) -> Response[str]:
    """The start card of a quiz."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        card = await service.card(tx, quiz_id)
    return pages.render(request, "attempts/quiz.html", card=card, zone=viewer.time_zone)


@post("/quizzes/{quiz_id:uuid}/start", include_in_schema=False)
async def start(request: pages.WebRequest, quiz_id: FromPath[UUID]) -> Response[str]:
    """Begins an attempt and leads to it; what speaks against it is said on the card."""
    pages.require_viewer(request)
    try:
        async with pages.transaction(request) as tx:
            attempt = await service.start(tx, quiz_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return pages.redirect(request, f"/quizzes/{quiz_id}", flash=("info", problem.detail))
    return pages.redirect(request, f"/attempts/{attempt}")


def _here(view: Item, asked: int | None) -> int | None:
    """Which question stands on the page; None when all do."""
    if view["layout"] != "one":
        return None
    return min(max(asked or 1, 1), len(view["questions"]))


@get("/attempts/{attempt_id:uuid}", include_in_schema=False)
async def show_attempt(
    request: pages.WebRequest, attempt_id: FromPath[UUID], question: FromQuery[int | None] = None
) -> Response[str]:
    """The questions of an attempt in progress; one that is handed in leads to its result."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        view = await service.own_view(tx, attempt_id)
        sections = await service.sections(tx, view)
    if view["status"] != "in_progress":
        return pages.redirect(request, f"/attempts/{attempt_id}/result")
    here = _here(view, question)
    items = service.asked(view)
    return pages.render(
        request,
        "attempts/attempt.html",
        view=view,
        here=here,
        items=items,
        sections=sections,
        places=service.places(items),
        deadline=_moment(view["deadline_at"]),
        config=_config(request, view),
        zone=viewer.time_zone,
    )


def _target(attempt_id: UUID, go: str, here: str) -> str:
    """Where a plain form leads after its answers are saved."""
    base = f"/attempts/{attempt_id}"
    if go == "review":
        return f"{base}/review"
    if go.isascii() and go.isdigit():
        return f"{base}?question={go[:4]}"
    position = go.partition("-")[2]
    if here.isascii() and here.isdigit():
        return f"{base}?question={here[:4]}"
    return f"{base}#question-{position[:4]}" if position.isascii() and position.isdigit() else base


@post("/attempts/{attempt_id:uuid}/answers", include_in_schema=False)
async def save_answers(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> Response[str]:
    """Saves what a plain form holds, then does what its button says: go on, mark, show what is right, review."""
    pages.require_viewer(request)
    form: Any = await request.form()
    go, here = str(form.get("go", "")), str(form.get("here", ""))
    what, _, which = go.partition("-")
    position = int(which[:4]) if which.isascii() and which.isdigit() else 0
    try:
        async with pages.transaction(request) as tx:
            kept = await service.save_form(tx, attempt_id, form)
            if what in ("flag", "unflag"):
                await service.flag(tx, attempt_id, position, what == "flag")
    except Problem as problem:
        if problem.code not in ("time_is_up", "attempt_ended"):
            raise
        return pages.redirect(request, f"/attempts/{attempt_id}", flash=("info", problem.detail))
    flash: tuple[pages.Kind, str] | None = None
    if kept:
        flash = ("warning", KEPT_ELSEWHERE.format(", ".join(f"question {one}" for one in kept)))
    elif go == "stay":
        flash = ("success", "Saved.")
    if what == "reveal":
        flash = await _reveal(request, attempt_id, position) or flash
    return pages.redirect(request, _target(attempt_id, go, here), flash=flash)


async def _reveal(request: pages.WebRequest, attempt_id: UUID, position: int) -> tuple[pages.Kind, str] | None:
    """Shows what is right, after the answers of the form are kept whatever becomes of it."""
    try:
        async with pages.transaction(request) as tx:
            await service.reveal(tx, attempt_id, position)
    except Problem as problem:
        if problem.code != "answer_first":
            raise
        return "info", problem.detail
    return None


@get("/attempts/{attempt_id:uuid}/review", include_in_schema=False)
async def review(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> Response[str]:
    """What is unanswered or marked, before handing in."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        view = await service.own_view(tx, attempt_id)
    if view["status"] != "in_progress":
        return pages.redirect(request, f"/attempts/{attempt_id}/result")
    return pages.render(
        request,
        "attempts/review.html",
        view=view,
        places=service.places(service.asked(view)),
        deadline=_moment(view["deadline_at"]),
        config=_config(request, view),
        zone=viewer.time_zone,
    )


@post("/attempts/{attempt_id:uuid}/submit", include_in_schema=False)
async def submit(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> Response[str]:
    """Hands the attempt in and shows what came of it."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.submit(tx, attempt_id)
    return pages.redirect(request, f"/attempts/{attempt_id}/result")


@get("/attempts/{attempt_id:uuid}/result", include_in_schema=False)
async def show_result(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> Response[str]:
    """What came of an attempt; one in progress leads to its questions."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        view = await service.own_view(tx, attempt_id)
        if view["status"] == "in_progress":
            return pages.redirect(request, f"/attempts/{attempt_id}")
        result = await service.result(tx, attempt_id)
        criteria = await service.criteria(tx, view)
        card = await service.card(tx, UUID(view["quiz_id"]))
    line = next((one for one in card.attempts if one.id == attempt_id), None)
    return pages.render(
        request,
        "attempts/result.html",
        view=view,
        result=result,
        items=service.reviewed(view, result),
        criteria=criteria,
        waiting=service.waiting(result),
        missing=service.missing_points(result),
        submitted=_moment(view["submitted_at"]),
        by_clock=line is not None and line.submitted_by == "deadline",
        card=card,
        zone=viewer.time_zone,
    )


ROUTES: list[ControllerRouterHandler] = [show_quiz, start, show_attempt, save_answers, review, submit, show_result]
