"""The studio's pages of the question bank: the list, what is done to many, the picker."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.questions import editor_pages, service
from collegium.features.questions.forms import Sent
from collegium.features.questions.reading import bank_name, bank_of, read_sent, uuids
from collegium.features.questions.service import Bank, BankFilter
from collegium.features.questions.shown import line_of
from collegium.features.questions.words import DIFFICULTY, STATUS, TYPES
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_place
from collegium.web.words import plural

course_place("/questions", "Questions", "circle-help", rank=2)

LIST = "/studio/{course_id:uuid}/questions"
NAMES = ("q", "tag", "type", "difficulty", "status", "sort", "bank")


def wanted_of(request: WebRequest) -> BankFilter:
    """The filter in the address; what is not known stands for any."""
    given = request.query_params
    sort = given.get("sort", "")
    return BankFilter(
        text=given.get("q", "")[:200],
        tag=given.get("tag", "")[:100],
        question_type=given.get("type", "") if given.get("type") in TYPES else "",
        difficulty=given.get("difficulty", "") if given.get("difficulty") in DIFFICULTY else "",
        status=given.get("status", "") if given.get("status") in STATUS else "",
        sort=sort if sort in dict(service.SORTS) else "changed",
    )


def _address(course_id: UUID, wanted: BankFilter, bank: str, **more: str) -> str:
    given = {
        "bank": bank,
        "q": wanted.text,
        "tag": wanted.tag,
        "type": wanted.question_type,
        "difficulty": wanted.difficulty,
        "status": wanted.status,
        "sort": "" if wanted.sort == "changed" else wanted.sort,
        **more,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/studio/{course_id}/questions" + (f"?{query}" if query else "")


async def _found(
    tx: Transaction, request: WebRequest, course_id: UUID, wanted: BankFilter, bank: Bank
) -> dict[str, Any]:
    page = await service.search(
        tx, bank.course_id, wanted, request.query_params.get("after"), organisation_id=bank.organisation_id
    )
    figures = await service.figures(tx, [row.id for row in page.rows])
    name = bank_name(bank)
    return {
        "lines": [line_of(row, figures) for row in page.rows],
        "next": _address(course_id, wanted, name, after=page.next) if page.next else None,
        "first": _address(course_id, wanted, name) if request.query_params.get("after") else None,
    }


@get(LIST, include_in_schema=False)
async def bank_page(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The questions of a bank."""
    viewer = pages.require_teacher(request)
    wanted, chosen = wanted_of(request), request.query_params.get("bank", "")
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        organisations = await service.banks(tx)
        bank = bank_of(chosen, course_id, organisations)
        found = await _found(tx, request, course_id, wanted, bank)
        tags = await service.tags(tx, bank)
    banks = [("", "This course", True), ("shared", "Shared by all courses", viewer.is_admin)]
    banks += [(str(one.id), one.name, one.kept) for one in organisations]
    name = bank_name(bank)
    return pages.render(
        request,
        "questions/list.html",
        studio_course=course,
        path=f"/studio/{course_id}/questions",
        here=_address(course_id, wanted, name),
        wanted=wanted,
        bank=name,
        plain=wanted == BankFilter(sort=wanted.sort),
        tabs=[(words, _address(course_id, BankFilter(), one)) for one, words, _ in banks],
        tab=_address(course_id, BankFilter(), name),
        others=[(one or "course", words) for one, words, kept in banks if kept and one != name],
        may_write=next(kept for one, _, kept in banks if one == name),
        tags=tags,
        types=TYPES,
        difficulties=DIFFICULTY,
        statuses=STATUS,
        sorts=service.SORTS,
        **found,
    )


async def _act(tx: Transaction, sent: Sent, course_id: UUID) -> str:
    chosen = uuids(sent.all("question"))
    if not chosen:
        raise Invalid("Choose at least one question first.")
    verb = sent.text("act")
    if verb in ("tag", "untag"):
        count = await service.tag(tx, chosen, sent.text("word"), remove=verb == "untag")
        return f"{plural(count, 'question')} {'no longer carry' if verb == 'untag' else 'now carry'} the tag."
    if verb in ("retire", "restore"):
        count = await service.set_status(tx, chosen, "retired" if verb == "retire" else "active")
        return f"{plural(count, 'question')} {'retired: no draw brings them' if verb == 'retire' else 'active again'}."
    if verb == "copy":
        target = bank_of("" if sent.text("to") == "course" else sent.text("to"), course_id, await service.banks(tx))
        count = await service.copy(tx, chosen, target)
        return f"{plural(count, 'question')} copied. Each begins there with version 1."
    raise Invalid("This cannot be done to questions.")


@post(LIST + "/act", include_in_schema=False)
async def act(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Does one thing to all that are ticked."""
    pages.require_teacher(request)
    sent = await read_sent(request)
    back = pages.local_path(sent.text("back"), f"/studio/{course_id}/questions")
    try:
        async with pages.transaction(request) as tx:
            await service.course(tx, course_id)
            words = await _act(tx, sent, course_id)
    except Invalid as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", words))


@get(LIST + "/pick", include_in_schema=False)
async def pick(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Questions to put into a quiz: check boxes with the ids of their newest versions."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        bank = bank_of(request.query_params.get("bank", ""), course_id, await service.banks(tx))
        found = await _found(tx, request, course_id, wanted_of(request), bank)
    return pages.render(request, "questions/_pick.html", types=TYPES, **found)


ROUTES: list[ControllerRouterHandler] = [bank_page, act, pick, *editor_pages.ROUTES]
