"""Administrators' pages: the audit log and one change of it."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.audit import service
from collegium.features.audit.model import Entry, Filters
from collegium.kit.db import Transaction
from collegium.web.pages import WebRequest, render, require_admin, transaction

NOBODY = UUID(int=0)
_FIELDS = ("table", "record", "person", "actor", "day")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _address(**query: object) -> str:
    given = {name: str(value) for name, value in query.items() if value}
    return "/admin/audit" + (f"?{urlencode(given)}" if given else "")


async def _person(tx: Transaction, words: str) -> UUID | None:
    """Whom an address or identity means. Somebody who is gone may still be asked for by his identity."""
    if not words:
        return None
    found = await service.find_person(tx, words)
    if found is not None:
        return found
    try:
        return UUID(words)
    except ValueError:
        return NOBODY


@get("/admin/audit", include_in_schema=False)
async def audit_log(request: WebRequest) -> Response[str]:
    """The log, newest first. What is asked for stands in the address."""
    require_admin(request)
    asked = {name: (request.query_params.get(name) or "").replace("\x00", "").strip()[:320] for name in _FIELDS}
    async with transaction(request) as tx:
        filters = Filters(
            table=asked["table"] or None,
            record=asked["record"] or None,
            person=await _person(tx, asked["person"]),
            actor=await _person(tx, asked["actor"]),
            day=_day(asked["day"]),
        )
        page = await service.list_lines(
            tx,
            filters,
            older_than=_number(request.query_params.get("older")),
            newer_than=_number(request.query_params.get("newer")),
        )
        head, root = await service.state(tx)
        tables = await service.list_tables(tx)
    return render(
        request,
        "audit/log.html",
        page=page,
        asked=asked,
        filtered=any(asked.values()),
        head=head,
        root=root,
        tables=[("", "All"), *((name, name) for name in tables)],
        newer=_address(**asked, newer=page.newer_than) if page.newer_than else None,
        older=_address(**asked, older=page.older_than) if page.older_than else None,
    )


def _words(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def rows_of(entry: Entry) -> list[tuple[str, str | None, str | None, str]]:
    """Column, value before and after (None: there is none), and a note. Personal values as long as they are kept."""
    personal = set(entry.personal or ())
    before, after = entry.before or {}, entry.after or {}
    rows: list[tuple[str, str | None, str | None, str]] = []
    for column in sorted({*before, *after, *(entry.changed or ())}):
        note = ""
        sides: list[str | None] = []
        for side, kept in ((before, entry.personal_before), (after, entry.personal_after)):
            value = side.get(column)
            if column in personal and value is not None:
                note = "personal" if entry.has_personal else "erased"
                value = (kept or {}).get(column) if entry.has_personal else None
            sides.append(_words(value) if column in side else None)
        if column not in before and column not in after:
            note = "secret"
        rows.append((column, sides[0], sides[1], note))
    return rows


@get("/admin/audit/{entry_id:int}", include_in_schema=False)
async def audit_entry(request: WebRequest, entry_id: FromPath[int]) -> Response[str]:
    """One change: what was before and what is after."""
    require_admin(request)
    async with transaction(request) as tx:
        entry = await service.get_entry(tx, min(entry_id, 2**63 - 1))
    response = render(
        request,
        "audit/entry.html",
        entry=entry,
        rows=rows_of(entry),
        record_address=_address(table=entry.table_name, record=entry.record_id),
        subject_address=_address(person=entry.subject),
        actor_address=_address(actor=entry.actor),
    )
    response.headers.update({"Cache-Control": "no-store"})
    return response


ROUTES: list[ControllerRouterHandler] = [audit_log, audit_entry]
