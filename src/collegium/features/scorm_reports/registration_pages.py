"""The studio's page of one person with one package, and the corrections of what he reached."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.scorm_reports import reading, rescoring, service
from collegium.features.scorm_reports.model import Attempt, Registration, Said
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

ONE = "/studio/registrations/{registration_id:uuid}"
FIELDS = ("completion", "success", "score", "reason", "words")
"""What the forms of a correction ask for."""


def uuid_of(text: str) -> UUID | None:
    """What was given as an identity; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def address(path: str, **named: object) -> str:
    """An address with what is given of a query."""
    kept = {name: str(value) for name, value in named.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


async def attempt_of(
    request: WebRequest, tx: Transaction, found: Registration, named: str | None = None
) -> tuple[list[Attempt], Attempt | None]:
    """The attempts, and the one that is looked at: the one named in the address, or the last one that counts."""
    attempts = await service.attempts(tx, found.id)
    if not attempts:
        return [], None
    if named := named or request.query_params.get("attempt"):
        for one in attempts:
            if str(one.id) == named:
                return attempts, one
        raise NotFound("There is no such attempt.", code="no_such_attempt")
    return attempts, next((one for one in attempts if one.credit), attempts[0])


@get(ONE, include_in_schema=False)
async def one(request: WebRequest, registration_id: FromPath[UUID]) -> Response[str]:
    """One person with one package: attempts, SCOs, answers and objectives, what stands out, and corrections."""
    pages.require_teacher(request)
    return await _one(request, registration_id)


async def _one(
    request: WebRequest, registration_id: UUID, given: dict[str, str] | None = None, problem: Problem | None = None
) -> Response[str]:
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await service.registration(tx, registration_id)
        attempts, attempt = await attempt_of(request, tx, found, (given or {}).get("attempt"))
        said: Said = await service.said(tx, attempt.id) if attempt else {}
        parts = await service.results(tx, attempt.id) if attempt else []
        hints = await service.hints_of(tx, found, attempt.id) if attempt else []
        proposals = [one for one in await rescoring.rescores(tx, found.id) if attempt and one.attempt_id == attempt.id]
    return pages.render(
        request,
        "scorm_reports/registration.html",
        status=problem.status if problem else 200,
        found=found,
        attempts=attempts,
        attempt=attempt,
        parts=parts,
        hints=hints,
        answers=reading.interactions(said),
        objectives=reading.objectives(said),
        recorder=address(f"{found.path}/recorder", attempt=attempt.id if attempt else None),
        pending=next((one for one in proposals if one.state == "pending"), None),
        history=[one for one in proposals if one.state != "pending"],
        completions=[("", "Leave as it is"), *rescoring.COMPLETIONS.items()],
        successes=[("", "Leave as it is"), *rescoring.SUCCESSES.items()],
        completion_words=rescoring.COMPLETIONS,
        success_words=rescoring.SUCCESSES,
        given=dict.fromkeys(FIELDS, "") | (given or {}),
        is_proposal=given is not None and "reason" in given,
        problem=problem,
        errors=problem.fields if isinstance(problem, Invalid) else {},
        viewer=viewer,
    )


# Corrections ------------------------------------------------------------------------------------------------


@post(ONE + "/rescores", include_in_schema=False)
async def propose(request: WebRequest, registration_id: FromPath[UUID]) -> Response[str]:
    """Proposes another result for an attempt; what is wrong with it is said beside the form."""
    pages.require_teacher(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("attempt", "completion", "success", "score", "reason")}
    attempt = uuid_of(given["attempt"])
    if attempt is None:
        raise NotFound("There is no such attempt.", code="no_such_attempt")
    try:
        async with pages.transaction(request) as tx:
            score = rescoring.read_score(given["score"])
            await rescoring.propose(
                tx, attempt, given["completion"] or None, given["success"] or None, score, given["reason"]
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _one(request, registration_id, given, problem)
    words = "Your proposal waits for an administrator. You are told of the decision."
    return _back(request, registration_id, attempt, words)


def _back(request: WebRequest, registration: UUID, attempt: UUID | None, words: str) -> Response[str]:
    path = address(f"/studio/registrations/{registration}", attempt=attempt)
    return pages.redirect(request, f"{path}#corrections", flash=("success", words))


@post(ONE + "/rescores/{rescore_id:uuid}/withdraw", include_in_schema=False)
async def withdraw(request: WebRequest, registration_id: FromPath[UUID], rescore_id: FromPath[UUID]) -> Response[str]:
    """Takes one's own proposal back."""
    pages.require_teacher(request)
    form = await request.form()
    async with pages.transaction(request) as tx:
        await rescoring.withdraw(tx, rescore_id)
    return _back(request, registration_id, uuid_of(str(form.get("attempt", ""))), "The proposal is withdrawn.")


@post(ONE + "/rescores/{rescore_id:uuid}/decide", include_in_schema=False)
async def decide(request: WebRequest, registration_id: FromPath[UUID], rescore_id: FromPath[UUID]) -> Response[str]:
    """An administrator approves or declines a proposal."""
    pages.require_admin(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("attempt", "words", "decision")}
    if given["decision"] not in ("approve", "decline"):
        raise Invalid("Approve the proposal or decline it.")
    try:
        async with pages.transaction(request) as tx:
            decided = await rescoring.decide(tx, rescore_id, given["decision"] == "approve", given["words"])
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return await _one(request, registration_id, given, problem)
    words = f"The correction is {decided}." if decided == "approved" else "The correction is declined."
    return _back(request, registration_id, uuid_of(given["attempt"]), words)


@get("/admin/rescores", include_in_schema=False)
async def rescores(request: WebRequest) -> Response[str]:
    """The corrections that wait for an administrator, the oldest first."""
    viewer = pages.require_admin(request)
    words = str(request.query_params.get("q", "")).replace("\x00", "").strip()[:100]
    after = read_cursor(request.query_params.get("after"), rescoring.OpenPlace)
    async with pages.transaction(request) as tx:
        queue = await rescoring.queue(tx, words, after)
    return pages.render(
        request,
        "scorm_reports/rescores.html",
        queue=queue,
        words=words,
        viewer=viewer,
        back=address("/admin/rescores", q=words) if after else None,
        next=address("/admin/rescores", q=words, after=write_cursor(queue.next)) if queue.next else None,
    )


ROUTES: list[ControllerRouterHandler] = [one, propose, withdraw, decide, rescores]
