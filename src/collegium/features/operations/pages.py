"""Administrators' pages: the outbox of mail; maintenance and rights have modules of their own."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.operations import access_pages, maintenance_pages, service
from collegium.features.operations.model import MailState
from collegium.web.pages import WebRequest, redirect, render, require_admin, site_of, transaction

STATES: tuple[MailState, ...] = ("waiting", "sent", "failed")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


def with_links(text: str) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is an address that can be followed."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _ADDRESS.finditer(text):
        pieces += [(text[at : found.start()], False), (found.group(), True)]
        at = found.end()
    return [*pieces, (text[at:], False)]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _address(**query: object) -> str:
    given = {name: str(value) for name, value in query.items() if value}
    return "/admin/mail" + (f"?{urlencode(given)}" if given else "")


@get("/admin/mail", include_in_schema=False)
async def outbox(request: WebRequest) -> Response[str]:
    """The outbox: search, state, pages. Its state stands in the address."""
    require_admin(request)
    query = request.query_params
    words = (query.get("q") or "").replace("\x00", "").strip()
    asked = query.get("state")
    state = asked if asked in STATES else None
    async with transaction(request) as tx:
        page = await service.list_mail(
            tx,
            words=words,
            state=state,
            older_than=_uuid(query.get("older")),
            newer_than=_uuid(query.get("newer")),
        )
        counts = await service.count_mail(tx)
    tabs = [
        ("All", _address(q=words)),
        ("Waiting", _address(q=words, state="waiting"), counts.waiting),
        ("Sent", _address(q=words, state="sent")),
        ("Failed", _address(q=words, state="failed"), counts.failed),
    ]
    return render(
        request,
        "operations/outbox.html",
        page=page,
        words=words,
        state=state,
        tabs=tabs,
        current=_address(q=words, state=state),
        newer=_address(q=words, state=state, newer=page.newer_than) if page.newer_than else None,
        older=_address(q=words, state=state, older=page.older_than) if page.older_than else None,
        has_server=site_of(request).settings.smtp_url is not None,
    )


@get("/admin/mail/{mail_id:uuid}", include_in_schema=False)
async def message(request: WebRequest, mail_id: FromPath[UUID]) -> Response[str]:
    """One message with its text."""
    require_admin(request)
    async with transaction(request) as tx:
        mail = await service.get_mail(tx, mail_id)
    response = render(
        request,
        "operations/message.html",
        mail=mail,
        pieces=with_links(mail.text_body or ""),
        has_server=site_of(request).settings.smtp_url is not None,
    )
    # The text may hold a one-time link.
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


@post("/admin/mail/{mail_id:uuid}/send", include_in_schema=False)
async def send_again(request: WebRequest, mail_id: FromPath[UUID]) -> Response[str]:
    """Tries once more to send a message."""
    require_admin(request)
    async with transaction(request) as tx:
        await service.send_mail_again(tx, mail_id)
    return redirect(
        request, f"/admin/mail/{mail_id}", flash=("success", "The message is on its way to the mail server.")
    )


ROUTES: list[ControllerRouterHandler] = [outbox, message, send_again, *maintenance_pages.ROUTES, *access_pages.ROUTES]
