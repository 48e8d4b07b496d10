"""The studio's pages of packages given to partners, and the page that their learners come to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.dispatch import fields, service
from collegium.features.dispatch.model import Learner, Opened, Standing
from collegium.features.packages import service as packages
from collegium.features.people import service as people
from collegium.features.scorm import service as scorm
from collegium.kit.errors import Invalid, Problem
from collegium.web import csvfile, pages, policy
from collegium.web.pages import WebRequest

# Only who brought it gives it away.
packages.package_tab("/dispatches", "Partners", rank=5, only_to_change=True)

LIST = "/studio/packages/{package_id:uuid}/dispatches"
ONE = LIST + "/{dispatch_id:uuid}"
OPEN = "/dispatch/{key:str}"
MOST_ROWS = 100_000
REPORT_COLUMNS = ("Learner", "Status", "Score", "Minutes", "Opened", "First opened", "Last opened")
NOT_KEPT = {"cache-control": "no-store"}
MOST_LAUNCHES = 300
"""In an hour from one network: a class behind one address opens it, and a script does not use up all places."""


class Asked(msgspec.Struct, frozen=True):
    """What the page of a dispatch asks in a learner's name."""

    student: str = ""
    ticket: str = ""
    token: str = ""


def _network(request: WebRequest) -> str:
    return f"dispatch {people.network_name(request.client.host if request.client else None)}"


LAUNCHING = RateLimitConfig(rate_limit=("hour", MOST_LAUNCHES), identifier_for_request=_network)


class Renewed(msgspec.Struct, frozen=True, rename="camel"):
    """The token that follows another one."""

    token: str
    expires_at: str


_asked = msgspec.json.Decoder(Asked)


# For whoever gives a package away -------------------------------------------------------------------------


@get(LIST, include_in_schema=False)
async def dispatches(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """To whom a package was given, and giving it to another partner."""
    return await _dispatches(request, package_id)


async def _dispatches(
    request: WebRequest,
    package_id: UUID,
    given: Mapping[str, str] = fields.EMPTY,
    problem: Invalid | None = None,
) -> Response[str]:
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        package = await service.package(tx, package_id)
        found = await service.of_package(tx, package_id)
        tabs = packages.tabs(await packages.package(tx, package_id))
    return pages.render(
        request,
        "dispatch/list.html",
        status=problem.status if problem else 200,
        package=package,
        tabs=tabs,
        dispatches=found,
        given=given,
        errors=problem.fields if problem else {},
    )


@post(LIST, include_in_schema=False)
async def give(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Gives a package to a partner."""
    viewer = pages.require_teacher(request)
    given = await _form(request)
    try:
        agreed = fields.read(given, viewer.time_zone)
        async with pages.transaction(request) as tx:
            made = await service.give(tx, package_id, agreed)
    except Invalid as problem:
        return await _dispatches(request, package_id, given, problem)
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, _list(package_id), flash=("error", problem.detail))
    words = "The package is given. Download it and send it to the partner."
    return pages.redirect(request, f"{_list(package_id)}/{made}", flash=("success", words))


def _list(package_id: UUID) -> str:
    return f"/studio/packages/{package_id}/dispatches"


async def _form(request: WebRequest) -> dict[str, str]:
    sent = await request.form()
    return {name: str(sent.get(name, "")).replace("\x00", "").replace("\r\n", "\n") for name in fields.NAMES}


@get(ONE, include_in_schema=False)
async def dispatch(request: WebRequest, package_id: FromPath[UUID], dispatch_id: FromPath[UUID]) -> Response[str]:
    """One dispatch: what was agreed, what it has come to, its learners."""
    return await _dispatch(request, package_id, dispatch_id)


async def _dispatch(
    request: WebRequest,
    package_id: UUID,
    dispatch_id: UUID,
    given: Mapping[str, str] | None = None,
    problem: Invalid | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    after = _place(str(request.query_params.get("after", "")))
    async with pages.transaction(request) as tx:
        package = await service.package(tx, package_id)
        found = await service.one(tx, package_id, dispatch_id)
        learners = await service.learners(tx, dispatch_id, after, service.PAGE + 1)
        totals = await service.totals(tx, dispatch_id)
    shown = learners[: service.PAGE]
    return pages.render(
        request,
        "dispatch/one.html",
        status=problem.status if problem else 200,
        package=package,
        dispatch=found,
        learners=shown,
        totals=totals,
        given=given or fields.shown(found, viewer.time_zone),
        errors=problem.fields if problem else {},
        first_page=found.path if after else None,
        next_page=f"{found.path}?after={_after(shown[-1])}" if len(learners) > len(shown) else None,
        has_address=pages.site_of(request).settings.content is not None,
    )


_PLACE = re.compile(r"(\d{10,17})-([0-9a-f]{32})", re.ASCII)


def _after(last: Learner) -> str:
    # Microseconds, in whole numbers: a float would fall beside the row.
    moment = last.last_launched_at
    return f"{int(moment.timestamp()) * 1_000_000 + moment.microsecond}-{last.id.hex}"


def _place(text: str) -> tuple[datetime, UUID] | None:
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    seconds, micro = divmod(int(found[1]), 1_000_000)
    try:
        moment = datetime.fromtimestamp(seconds).astimezone().replace(microsecond=micro)
    except (OverflowError, OSError, ValueError):
        return None
    return moment, UUID(hex=found[2])


@post(ONE, include_in_schema=False)
async def change(request: WebRequest, package_id: FromPath[UUID], dispatch_id: FromPath[UUID]) -> Response[str]:
    """Changes what was agreed with a partner."""
    viewer = pages.require_teacher(request)
    given = await _form(request)
    here = f"{_list(package_id)}/{dispatch_id}"
    try:
        agreed = fields.read(given, viewer.time_zone)
        async with pages.transaction(request) as tx:
            await service.change(tx, package_id, dispatch_id, agreed)
    except Invalid as problem:
        return await _dispatch(request, package_id, dispatch_id, given, problem)
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, here, flash=("error", problem.detail))
    return pages.redirect(request, here, flash=("success", "Saved."))


@post(ONE + "/revoke", include_in_schema=False)
async def revoke(request: WebRequest, package_id: FromPath[UUID], dispatch_id: FromPath[UUID]) -> Response[str]:
    """Ends a dispatch for good."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.revoke(tx, package_id, dispatch_id)
    words = "It is revoked. Nobody opens it any more; what was reached stays."
    return pages.redirect(request, f"{_list(package_id)}/{dispatch_id}", flash=("success", words))


@get(ONE + "/package.zip", include_in_schema=False)
async def archive(request: WebRequest, package_id: FromPath[UUID], dispatch_id: FromPath[UUID]) -> Response[Any]:
    """What the partner puts into his learning system."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        package = await service.package(tx, package_id)
        found = await service.one(tx, package_id, dispatch_id)
    made = service.archive(pages.site_of(request), found, package.title)
    return _file(made, "application/zip", f"{_name(package.title)}-{_name(found.partner)}.zip")


@get(ONE + "/learners.csv", include_in_schema=False)
async def report(request: WebRequest, package_id: FromPath[UUID], dispatch_id: FromPath[UUID]) -> Response[Any]:
    """How the partner's learners stand, as a table."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.package(tx, package_id)
        found = await service.one(tx, package_id, dispatch_id)
        learners = await service.learners(tx, dispatch_id, None, MOST_ROWS)
    rows: list[Sequence[object]] = [REPORT_COLUMNS]
    for one in learners:
        moments = [one.created_at.isoformat(timespec="seconds"), one.last_launched_at.isoformat(timespec="seconds")]
        score = None if one.score is None else Decimal(f"{one.score:g}")
        rows.append([one.code, one.status, score, round(one.seconds / 60, 1), one.launches, *moments])
    return csvfile.small(f"{_name(found.partner)}.csv", rows, before=b"\xef\xbb\xbf")


def _name(title: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-")[:60].lower() or "package"


def _file(data: bytes, media_type: str, name: str) -> Response[Any]:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(data, media_type=media_type, headers=headers)


# For learners of partners -----------------------------------------------------------------------------------


@get(OPEN, include_in_schema=False)
async def come(request: WebRequest, key: FromPath[str]) -> Response[str]:
    """The window in which a partner's learner plays the package."""
    site = pages.site_of(request)
    offered = await service.offered(site, key)
    response = pages.render(request, "dispatch/open.html", offered=offered, key=key)
    response.headers.update(NOT_KEPT)
    policy.allow_content(response, scorm.content_of(site))
    # The page that opened this window is of another origin, and they speak with each other.
    response.headers["cross-origin-opener-policy"] = "unsafe-none"
    return response


async def _ask(request: WebRequest) -> Asked:
    try:
        return _asked.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("This was not understood.", code="bad_request") from None


@post(OPEN + "/launch", status_code=200, include_in_schema=False, middleware=[LAUNCHING.middleware])
async def launch(request: WebRequest, key: FromPath[str]) -> Response[Opened]:
    """Opens the player for a learner of a partner."""
    asked = await _ask(request)
    opened = await service.launch(pages.site_of(request), key, asked.student, asked.ticket)
    return Response(opened, headers=NOT_KEPT)


@post(OPEN + "/standing", status_code=200, include_in_schema=False)
async def standing(request: WebRequest, key: FromPath[str]) -> Response[Standing]:
    """What the partner's system is told."""
    asked = await _ask(request)
    return Response(await service.standing(pages.site_of(request), key, asked.ticket), headers=NOT_KEPT)


@post(OPEN + "/renew", status_code=200, include_in_schema=False)
async def renew(request: WebRequest, key: FromPath[str]) -> Response[Renewed]:
    """Another hour for the player."""
    asked = await _ask(request)
    renewed = await service.renew(pages.site_of(request), key, asked.ticket, asked.token)
    return Response(Renewed(renewed.token, renewed.expires_at.isoformat()), headers=NOT_KEPT)


ROUTES: list[ControllerRouterHandler] = [
    dispatches,
    give,
    dispatch,
    change,
    revoke,
    archive,
    report,
    come,
    launch,
    standing,
    renew,
]
