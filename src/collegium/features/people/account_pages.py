"""Pages of the own account: profile, and security with sessions, password and recent sign-ins."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.people import service
from collegium.features.people.agents import describe
from collegium.features.people.forms import browser_of, read_form
from collegium.features.questions import service as questions
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem, TooMany
from collegium.web.pages import WebRequest, redirect, render, require_viewer, site_of, transaction
from collegium.web.words import plural

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
TABS = [("Profile", "/me/profile"), ("Security", "/me/security")]
REASONS = {
    "ok": "Signed in",
    "wrong_password": "Wrong password",
    "not_confirmed": "Address not confirmed yet",
    "banned": "Account closed",
    "delayed": "Turned away for a while",
}


def time_zones(current: str) -> list[tuple[str, str]]:
    """Places to choose from, with the current one whatever it is: (IANA name, words)."""
    names = {name for name in available_timezones() if name.partition("/")[0] in REGIONS} | {current, "UTC"}
    return [(name, name.replace("_", " ").replace("/", ", ")) for name in sorted(names)]


async def _profile_page(
    request: WebRequest, tx: Transaction, profile: service.Profile, problem: Invalid | None = None
) -> Response[str]:
    return render(
        request,
        "people/profile.html",
        status=problem.status if problem else 200,
        tabs=TABS,
        profile=profile,
        problem=problem,
        errors=problem.fields if problem else {},
        time_zones=time_zones(profile.time_zone),
        locales=list(service.LOCALES.items()),
        organisations=await questions.managed(tx),
    )


@get("/me/profile", include_in_schema=False)
async def profile_page(request: WebRequest) -> Response[str]:
    """Names, time zone and way of writing dates."""
    require_viewer(request)
    async with transaction(request) as tx:
        return await _profile_page(request, tx, await service.my_profile(tx))


@post("/me/profile", include_in_schema=False)
async def keep_profile(request: WebRequest) -> Response[str]:
    """Keeps them."""
    require_viewer(request)
    form = await read_form(request)
    profile = service.Profile(
        first_name=form.text("first_name"),
        last_name=form.text("last_name"),
        time_zone=form.text("time_zone"),
        locale=form.text("locale"),
    )
    try:
        async with transaction(request) as tx:
            await service.keep_profile(tx, profile)
    except Invalid as problem:
        async with transaction(request) as tx:
            return await _profile_page(request, tx, profile, problem)
    return redirect(request, "/me/profile", flash=("success", "Your profile is saved."))


def attempt_words(attempt: service.Attempt) -> str:
    """How an attempt ended; a check of the password by somebody who was signed in says so."""
    if attempt.origin.startswith("session:"):
        return "Password changed" if attempt.succeeded else "Wrong password, when changing it"
    return REASONS[attempt.reason]


async def _security_page(request: WebRequest, problem: Problem | None = None) -> Response[str]:
    viewer = require_viewer(request)
    async with site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        sessions = await service.my_sessions(tx)
        attempts = await service.my_attempts(tx)
    response = render(
        request,
        "people/security.html",
        status=problem.status if problem else 200,
        tabs=TABS,
        here=viewer.session_id,
        sessions=[(session, describe(session.user_agent)) for session in sessions],
        attempts=[(attempt, attempt_words(attempt), describe(attempt.user_agent)) for attempt in attempts],
        problem=problem,
        errors=problem.fields if isinstance(problem, Invalid) else {},
    )
    if problem:
        response.headers.update(problem.headers)
    return response


@get("/me/security", include_in_schema=False)
async def security_page(request: WebRequest) -> Response[str]:
    """Where one is signed in, the password, recent sign-ins."""
    return await _security_page(request)


@post("/me/security/password", include_in_schema=False)
async def change_password(request: WebRequest) -> Response[str]:
    """Changes the password of somebody who knows the current one; other browsers are signed out."""
    viewer = require_viewer(request)
    form = await read_form(request)
    try:
        ended = await service.change_password(
            site_of(request), viewer, form.text("current"), form.text("new"), browser_of(request)
        )
    except (Invalid, TooMany) as problem:
        return await _security_page(request, problem)
    others = f" {plural(ended, 'other browser was', 'other browsers were')} signed out." if ended else ""
    return redirect(request, "/me/security", flash=("success", f"Your password is changed.{others}"))


@get("/me/security/end/{session_id:uuid}", include_in_schema=False)
async def end_page(request: WebRequest, session_id: FromPath[UUID]) -> Response[str]:
    """Asks before a browser is signed out, where no script can ask."""
    require_viewer(request)
    async with transaction(request) as tx:
        found = [session for session in await service.my_sessions(tx) if session.id == session_id]
    if not found:
        return redirect(request, "/me/security", flash=("info", "This browser is signed out already."))
    return render(request, "people/end_session.html", session=found[0], browser=describe(found[0].user_agent))


@post("/me/security/end/{session_id:uuid}", include_in_schema=False)
async def end_session(request: WebRequest, session_id: FromPath[UUID]) -> Response[str]:
    """Signs one browser out."""
    require_viewer(request)
    async with transaction(request) as tx:
        await service.end_session(tx, session_id)
    return redirect(request, "/me/security", flash=("success", "That browser is signed out."))


@get("/me/security/end-others", include_in_schema=False)
async def end_others_page(request: WebRequest) -> Response[str]:
    """Asks before all other browsers are signed out, where no script can ask."""
    require_viewer(request)
    context: dict[str, Any] = {"session": None, "browser": None}
    return render(request, "people/end_session.html", **context)


@post("/me/security/end-others", include_in_schema=False)
async def end_others(request: WebRequest) -> Response[str]:
    """Signs all other browsers out."""
    viewer = require_viewer(request)
    async with transaction(request) as tx:
        ended = await service.end_other_sessions(tx, viewer)
    words = f"{plural(ended, 'other browser is', 'other browsers are')} signed out." if ended else "There was no other."
    return redirect(request, "/me/security", flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [
    profile_page,
    keep_profile,
    security_page,
    change_password,
    end_page,
    end_session,
    end_others_page,
    end_others,
]
