"""Pages of the question bank of a course or an organisation: the list, what is done to many, the picker."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from collegium.features.questions import editor_pages, service
from collegium.features.questions.forms import Sent
from collegium.features.questions.home import OF_COURSE, Home, at_home, both, organisation_path
from collegium.features.questions.reading import read_sent, uuids
from collegium.features.questions.service import Bank, BankFilter
from collegium.features.questions.shown import line_of
from collegium.features.questions.words import DIFFICULTY, STATUS, TYPES
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_place, organisation_place
from collegium.web.words import plural

course_place("/questions", "Questions", "circle-help", rank=2)
organisation_place("/questions", "Questions", "circle-help", rank=1)

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


def _address(path: str, wanted: BankFilter, bank: str, **more: str) -> str:
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
    return path + (f"?{query}" if query else "")


def _tab(home: Home, bank: str) -> str:
    """The list of a bank that stands beside the home's own; an organisation's stands in its own home there."""
    if home.organisation and bank:
        return organisation_path(UUID(bank))
    return _address(home.path, BankFilter(), bank)


async def _found(tx: Transaction, request: WebRequest, home: Home, wanted: BankFilter, bank: Bank) -> dict[str, Any]:
    page = await service.search(
        tx, bank.course_id, wanted, request.query_params.get("after"), organisation_id=bank.organisation_id
    )
    figures = await service.figures(tx, [row.id for row in page.rows])
    name = home.name_of(bank)
    return {
        "lines": [line_of(row, figures) for row in page.rows],
        "next": _address(home.path, wanted, name, after=page.next) if page.next else None,
        "first": _address(home.path, wanted, name) if request.query_params.get("after") else None,
    }


@get(both(), include_in_schema=False)
async def bank_page(request: WebRequest) -> Response[str]:
    """The questions of a bank."""
    wanted, chosen = wanted_of(request), request.query_params.get("bank", "")
    async with at_home(request) as (tx, home):
        bank = home.named(chosen)
        found = await _found(tx, request, home, wanted, bank)
        tags = await service.tags(tx, bank)
    banks = home.banks(shared=pages.require_viewer(request).is_admin)
    name = home.name_of(bank)
    return pages.render(
        request,
        "questions/list.html",
        **home.layout,
        here=_address(home.path, wanted, name),
        wanted=wanted,
        bank=name,
        plain=wanted == BankFilter(sort=wanted.sort),
        tabs=[(words, _tab(home, one)) for one, words, _ in banks],
        tab=_tab(home, name),
        others=[(one or "course", words) for one, words, kept in banks if kept and one != name],
        may_write=next(kept for one, _, kept in banks if one == name),
        tags=tags,
        types=TYPES,
        difficulties=DIFFICULTY,
        statuses=STATUS,
        sorts=service.SORTS,
        **found,
    )


async def _act(tx: Transaction, sent: Sent, home: Home) -> str:
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
        count = await service.copy(tx, chosen, home.named(sent.text("to")))
        return f"{plural(count, 'question')} copied. Each begins there with version 1."
    raise Invalid("This cannot be done to questions.")


@post(both("/act"), include_in_schema=False)
async def act(request: WebRequest) -> Response[str]:
    """Does one thing to all that are ticked."""
    pages.require_viewer(request)
    sent = await read_sent(request)
    back = pages.local_path(sent.text("back"), request.url.path.removesuffix("/act"))
    try:
        async with at_home(request) as (tx, home):
            words = await _act(tx, sent, home)
    except Invalid as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", words))


@get(OF_COURSE + "/pick", include_in_schema=False)
async def pick(request: WebRequest) -> Response[str]:
    """Questions to put into a quiz: check boxes with the ids of their newest versions."""
    async with at_home(request) as (tx, home):
        bank = home.named(request.query_params.get("bank", ""))
        found = await _found(tx, request, home, wanted_of(request), bank)
    return pages.render(request, "questions/_pick.html", types=TYPES, **found)


ROUTES: list[ControllerRouterHandler] = [bank_page, act, pick, *editor_pages.ROUTES]
