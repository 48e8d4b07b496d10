"""A learner's pages of peer review: what waits for him, one review, the samples before it, and what he received."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.peer_reviews import forms, reviews_pages, service, team_pages
from collegium.features.peer_reviews.forms import only_refusals, read_form
from collegium.features.peer_reviews.model import Received, Work
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.words import moment

ONE = "/peer-reviews/{review_id:uuid}"


@get("/peer-reviews", include_in_schema=False)
async def overview(request: WebRequest) -> Response[str]:
    """What one was given to review, and what peers wrote of one's own works."""
    viewer = pages.require_viewer(request)
    received: dict[UUID, list[Received]] = {}
    async with pages.transaction(request) as tx:
        tasks = await service.tasks(tx)
        works = await service.own_works(tx)
        for work in works:
            if work.received and not work.to_write:
                received[work.submission_id] = await service.received(tx, work.submission_id)
    return pages.render(
        request,
        "peer_reviews/mine.html",
        open_tasks=[task for task in tasks if task.status == "assigned"],
        past_tasks=[task for task in tasks if task.status != "assigned"],
        works=works,
        received=received,
        zone=viewer.time_zone,
    )


@get(ONE, include_in_schema=False)
async def review(request: WebRequest, review_id: FromPath[UUID]) -> Response[str]:
    """A work without its author, and the form of its review; the samples come first where there are some."""
    return await _review(request, review_id)


async def _review(
    request: WebRequest, review_id: UUID, form: Mapping[str, str] | None = None, problem: Problem | None = None
) -> Response[str]:
    viewer = pages.require_viewer(request)
    try:
        async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
            found = await service.review(tx, review_id)
    except Problem as refused:
        if refused.code != "calibrate_first":
            raise
        return pages.redirect(request, f"/peer-reviews/{review_id}/samples")
    points, lines = found.points, forms.criteria(found.work.rubric, found.scores)
    written = assignments.written(found.feedback)
    if form is not None:
        points, lines = forms.typed(form, found.work.rubric)
        written = forms.written(form)
    return pages.render(
        request,
        "peer_reviews/review.html",
        status=problem.status if problem else 200,
        review=found,
        work=found.work,
        points=points,
        criteria=lines,
        feedback=written.text,
        feedback_html=written.html,
        problem=problem,
        errors=dict(problem.fields) if isinstance(problem, Invalid) else {},
        zone=viewer.time_zone,
    )


@post(ONE, include_in_schema=False)
async def hand_in(request: WebRequest, review_id: FromPath[UUID]) -> Response[str]:
    """Hands a review in, or keeps it as a draft."""
    pages.require_viewer(request)
    form = await read_form(request)
    draft = form.get("then") == "draft"
    try:
        async with pages.transaction(request) as tx:
            found = await service.review(tx, review_id)
            given = forms.read_review(form, found.work.rubric, found.work.max_points, draft=draft)
            if draft:
                await service.save_draft(tx, review_id, given)
            else:
                await service.submit(tx, review_id, given)
    except Problem as problem:
        only_refusals(problem)
        if problem.code == "calibrate_first":
            return pages.redirect(request, f"/peer-reviews/{review_id}/samples")
        if problem.code == "review_over":
            return pages.redirect(request, "/peer-reviews", flash=("error", problem.detail))
        return await _review(request, review_id, form, problem)
    if draft:
        return pages.redirect(request, f"/peer-reviews/{review_id}", flash=("success", "The draft is kept."))
    return pages.redirect(request, "/peer-reviews", flash=("success", "Your review is handed in. Thank you."))


@post(ONE + "/draft", include_in_schema=False)
async def keep(request: WebRequest, review_id: FromPath[UUID]) -> dict[str, str]:
    """Keeps a draft while it is written; answers in words when, in the reader's zone."""
    viewer = pages.require_viewer(request)
    form = await read_form(request)
    async with pages.transaction(request) as tx:
        found = await service.review(tx, review_id)
        given = forms.read_review(form, found.work.rubric, found.work.max_points, draft=True)
        saved = await service.save_draft(tx, review_id, given)
    return {"saved": f"Draft kept {moment(saved, viewer.time_zone, viewer.locale)}"}


@get(ONE + "/files/{number:int}", include_in_schema=False)
async def file(request: WebRequest, review_id: FromPath[UUID], number: FromPath[int]) -> Stream:
    """A file of the work, or of a sample, under a name that tells nothing of its author."""
    viewer = pages.require_viewer(request)
    served = await service.file(
        pages.site_of(request), viewer.id, review_id, number, method=request.method, headers=request.headers
    )
    return Stream(
        served.body,
        status_code=served.status,
        headers=served.headers,
        media_type=served.headers.get("content-type", "application/octet-stream"),
    )


# Samples ---------------------------------------------------------------------------------------------------------


@get(ONE + "/samples", include_in_schema=False)
async def samples(request: WebRequest, review_id: FromPath[UUID]) -> Response[str]:
    """The next sample to mark, and the instructor's marks of those that are marked."""
    return await _samples(request, review_id)


async def _assignment_of(tx: Transaction, review_id: UUID) -> UUID:
    for task in await service.tasks(tx):
        if task.id == review_id:
            return task.assignment_id
    raise NotFound(service.NO_SUCH_REVIEW, code="no_such_review")


async def _samples(
    request: WebRequest, review_id: UUID, form: Mapping[str, str] | None = None, problem: Problem | None = None
) -> Response[str]:
    viewer = pages.require_viewer(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        found = await service.samples(tx, await _assignment_of(tx, review_id))
    waiting = [one for one in found if one.mine is None]
    work: Work | None = waiting[0].work if waiting else None
    points, lines = "", forms.criteria(work.rubric, None) if work else []
    if form is not None and work is not None:
        points, lines = forms.typed(form, work.rubric)
    return pages.render(
        request,
        "peer_reviews/samples.html",
        status=problem.status if problem else 200,
        review_id=review_id,
        sample=waiting[0] if waiting else None,
        work=work,
        marked=[one for one in found if one.mine is not None],
        total=len(found),
        points=points,
        criteria=lines,
        problem=problem,
        errors=dict(problem.fields) if isinstance(problem, Invalid) else {},
        zone=viewer.time_zone,
    )


@post(ONE + "/samples", include_in_schema=False)
async def mark_sample(request: WebRequest, review_id: FromPath[UUID]) -> Response[str]:
    """Marks a sample, once."""
    pages.require_viewer(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            found = await service.samples(tx, await _assignment_of(tx, review_id))
            sample = next((one for one in found if str(one.work.id) == form.get("sample")), None)
            if sample is None:
                raise NotFound("There is no such sample for you to mark.", code="no_such_sample")
            given = forms.read_review(form, sample.work.rubric, sample.work.max_points)
            await service.mark_sample(tx, sample.work.id, given)
    except Problem as problem:
        only_refusals(problem)
        if problem.status == 422:
            return await _samples(request, review_id, form, problem)
        return pages.redirect(request, f"/peer-reviews/{review_id}/samples", flash=("info", problem.detail))
    return pages.redirect(request, f"/peer-reviews/{review_id}/samples")


ROUTES: list[ControllerRouterHandler] = [
    overview,
    review,
    hand_in,
    keep,
    file,
    samples,
    mark_sample,
    *team_pages.ROUTES,
    *reviews_pages.ROUTES,
]
