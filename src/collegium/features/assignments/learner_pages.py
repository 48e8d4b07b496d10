"""A learner's pages of an assignment: task, form, receipt. Everything but sending files works without a script."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service
from collegium.features.assignments.forms import Form, id_of, number, read_form
from collegium.features.assignments.handing import Work
from collegium.kit.errors import Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

ONE = "/assignments/{assignment_id:uuid}"


async def _page(
    request: WebRequest, assignment_id: UUID, sent: Form | None = None, problem: Problem | None = None
) -> Response[str]:
    viewer = pages.require_viewer(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        card = await service.card(tx, assignment_id)
    shown = service.shown(card)
    receipt = id_of(request.query_params.get("receipt", ""))
    return pages.render(
        request,
        "assignments/assignment.html",
        status=problem.status if problem else 200,
        receipt=next((line for line in shown["lines"] if line[0].id == receipt), None),
        sent={"text": sent.text("text"), "html": _html(sent), "url": sent.text("url")} if sent else None,
        problem=problem,
        zone=viewer.time_zone,
        **shown,
    )


@get(ONE, include_in_schema=False)
async def show(request: WebRequest, assignment_id: FromPath[UUID]) -> Response[str]:
    """What is to be done, by when, and what was handed in so far."""
    return await _page(request, assignment_id)


def _html(form: Form) -> str:
    """The text as the editor wrote it; nothing when its words were changed without it."""
    same = form.text("text").split() == form.text("was").split()
    return form.text("html") if same else ""


def _work(form: Form) -> Work:
    return Work(
        text=form.text("text"),
        html=_html(form) or None,
        url=form.text("url"),
        files=form.ids("file"),
        number=number(form.text("number"), 1, 100_000),
    )


@post(ONE + "/submit", include_in_schema=False, status_code=200)
async def submit(request: WebRequest, assignment_id: FromPath[UUID]) -> Response[str]:
    """Hands in, after a question where it is the last time or costs points; then shows the receipt."""
    viewer = pages.require_viewer(request)
    form = await read_form(request)
    work = _work(form)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        card = await service.card(tx, assignment_id)
    if card.state == "open" and card.to_confirm and not form.text("sure"):
        chosen = [one for one in card.files if one.id in work.files]
        return pages.render(
            request, "assignments/confirm.html", work=work, chosen=chosen, zone=viewer.time_zone, **service.shown(card)
        )
    try:
        async with pages.transaction(request) as tx:
            made = await service.hand_in(tx, assignment_id, work)
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return await _page(request, assignment_id, form, problem)
    return pages.redirect(request, f"/assignments/{assignment_id}?receipt={made.id}")


@post(ONE + "/draft", include_in_schema=False)
async def keep(request: WebRequest, assignment_id: FromPath[UUID]) -> Response[str]:
    """Keeps what is written, without handing it in."""
    pages.require_viewer(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await service.save_draft(tx, assignment_id, _html(form) or form.text("text"), form.text("url"))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _page(request, assignment_id, form, problem)
    words = "Kept. Nothing is handed in yet."
    return pages.redirect(request, f"/assignments/{assignment_id}", flash=("success", words))


@post(ONE + "/files/{file_id:uuid}/remove", include_in_schema=False)
async def remove_file(request: WebRequest, assignment_id: FromPath[UUID], file_id: FromPath[UUID]) -> Response[str]:
    """Takes a file back that was not handed in."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.remove_file(tx, assignment_id, file_id)
    return pages.redirect(request, f"/assignments/{assignment_id}")


ROUTES: list[ControllerRouterHandler] = [show, submit, keep, remove_file]
