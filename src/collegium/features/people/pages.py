"""Pages before one is signed in: registering, confirming, signing in and out, choosing a new password."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.people import account_pages, service
from collegium.features.people.forms import (
    browser_of,
    device_cookie,
    limit,
    read_form,
    session_cookie,
    wanted,
)
from collegium.kit.db import SYSTEM
from collegium.kit.errors import Forbidden, Invalid, NotFound, Problem, TooMany
from collegium.web.pages import WebRequest, redirect, render, site_of, viewer_of
from collegium.web.pages import transaction as viewer_transaction
from collegium.web.sessions import COOKIE


def _with_next(path: str, target: str) -> str:
    return path if target == "/" else f"{path}?next={quote(target, safe='')}"


def _keep_private(response: Response[str]) -> Response[str]:
    """For pages whose address holds a one-time token: kept nowhere, told to nobody."""
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


# Registering ----------------------------------------------------------------------------------------------


def _sign_up_page(
    request: WebRequest, status: int = 200, form: dict[str, str] | None = None, **context: Any
) -> Response[str]:
    empty = {"first_name": "", "last_name": "", "email": "", "time_zone": "", "next": wanted(request)}
    return render(request, "people/sign_up.html", status=status, form=form or empty, **{"errors": {}, **context})


@get("/sign-up", include_in_schema=False)
async def sign_up_page(request: WebRequest) -> Response[str]:
    """The form that makes an account."""
    if viewer_of(request):
        return redirect(request, wanted(request))
    return _sign_up_page(request)


@post("/sign-up", include_in_schema=False, middleware=[limit("sign-up", "hour", 60)])
async def sign_up(request: WebRequest) -> Response[str]:
    """Makes an account. The answer is the same for an address that has one."""
    form = await read_form(request)
    command = service.SignUp(
        first_name=form.text("first_name"),
        last_name=form.text("last_name"),
        email=form.text("email"),
        password=form.text("password"),
        time_zone=form.text("time_zone"),
        next=form.next(),
    )
    try:
        email = await service.sign_up(site_of(request), command)
    except Invalid as problem:
        kept = {name: getattr(command, name) for name in ("first_name", "last_name", "email", "time_zone", "next")}
        return _sign_up_page(request, 422, kept, errors=problem.fields)
    return _check_mail(request, email, "sign_up")


def _check_mail(request: WebRequest, email: str, why: str) -> Response[str]:
    has_server = site_of(request).settings.smtp_url is not None
    return render(request, "people/check_mail.html", email=email, why=why, has_server=has_server)


@get("/resend-confirmation", include_in_schema=False)
async def resend_page(request: WebRequest) -> Response[str]:
    """Asks which address waits for its confirming mail."""
    return render(request, "people/resend.html", email="", errors={})


@post("/resend-confirmation", include_in_schema=False, middleware=[limit("resend", "hour", 30)])
async def resend(request: WebRequest) -> Response[str]:
    """Has the confirming mail sent again. The answer is the same for every address."""
    form = await read_form(request)
    try:
        async with site_of(request).db.transaction(SYSTEM) as tx:
            email = await service.ask_to_confirm(tx, form.text("email"))
    except Invalid as problem:
        return render(request, "people/resend.html", status=422, email=form.text("email"), errors=problem.fields)
    return _check_mail(request, email, "resend")


# Confirming -----------------------------------------------------------------------------------------------


def _dead_link(request: WebRequest, link: service.Link | None, purpose: str) -> Response[str]:
    status = 410 if link else 404
    return _keep_private(render(request, "people/dead_link.html", status=status, link=link, purpose=purpose))


@get("/confirm/{token:str}", include_in_schema=False)
async def confirm_page(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """Shows the button that confirms. Reading the page changes nothing: programs that check mail read it too."""
    async with site_of(request).db.transaction(SYSTEM, read_only=True) as tx:
        link = await service.find_link(tx, token, "confirm_email")
    if link is None or link.state != "good":
        return _dead_link(request, link, "confirm_email")
    return _keep_private(render(request, "people/confirm.html", link=link, token=token, next=wanted(request)))


@post("/confirm/{token:str}", include_in_schema=False)
async def confirm(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """Confirms an address and leads to sign-in."""
    form = await read_form(request)
    async with site_of(request).db.transaction(SYSTEM) as tx:
        link = await service.find_link(tx, token, "confirm_email")
        done = await service.confirm(tx, token)
    if not done:
        return _dead_link(request, link, "confirm_email")
    return redirect(
        request,
        _with_next("/sign-in", form.next()),
        flash=("success", "Your address is confirmed. Sign in to go on."),
    )


# Signing in and out ---------------------------------------------------------------------------------------


def _sign_in_page(
    request: WebRequest, problem: Problem | None = None, email: str = "", target: str = "/"
) -> Response[str]:
    fields = problem.fields if isinstance(problem, Invalid) else {}
    response = render(
        request,
        "people/sign_in.html",
        status=problem.status if problem else 200,
        problem=problem,
        errors={"password": problem.detail} if isinstance(problem, service.WrongPassword) else fields,
        not_confirmed=isinstance(problem, service.NotConfirmed),
        email=email,
        next=target,
    )
    if problem:
        response.headers.update(problem.headers)
    return response


@get("/sign-in", include_in_schema=False)
async def sign_in_page(request: WebRequest) -> Response[str]:
    """The form that begins a session."""
    if viewer_of(request):
        return redirect(request, wanted(request))
    return _sign_in_page(request, target=wanted(request))


@post("/sign-in", include_in_schema=False, middleware=[limit("sign-in", "minute", 60)])
async def sign_in(request: WebRequest) -> Response[str]:
    """Begins a session with a token that nobody had before, and ends the one that this browser had."""
    form = await read_form(request)
    email, target = form.text("email"), form.next()
    try:
        signed = await service.sign_in(site_of(request), email, form.text("password"), browser_of(request))
    except (Invalid, Forbidden, TooMany) as problem:
        return _sign_in_page(request, problem, email, target)
    _forget(request)
    cookies = [session_cookie(request, signed.token), device_cookie(request, signed.marks)]
    return redirect(request, target, cookies=cookies)


def _forget(request: WebRequest) -> None:
    token: str | None = request.scope.get("auth")
    if token:
        request.app.state.sessions.forget(token)


@post("/sign-out", include_in_schema=False)
async def sign_out(request: WebRequest) -> Response[str]:
    """Ends the session of this browser."""
    viewer = viewer_of(request)
    if viewer:
        try:
            async with viewer_transaction(request) as tx:
                await service.sign_out(tx, viewer)
        except Problem as problem:
            # Ended already, by another tab: what was wanted is the case.
            if problem.status != 404:
                raise
    _forget(request)
    response = redirect(request, "/", flash=("success", "You are signed out."))
    response.delete_cookie(COOKIE)
    return response


# A new password by mail -----------------------------------------------------------------------------------


@get("/forgot-password", include_in_schema=False)
async def forgot_page(request: WebRequest) -> Response[str]:
    """Asks for the address of the account."""
    return render(request, "people/forgot.html", email="", errors={})


@post("/forgot-password", include_in_schema=False, middleware=[limit("forgot", "hour", 30)])
async def forgot(request: WebRequest) -> Response[str]:
    """Has a link sent. The answer is the same for every address."""
    form = await read_form(request)
    try:
        async with site_of(request).db.transaction(SYSTEM) as tx:
            email = await service.ask_for_new_password(tx, form.text("email"))
    except Invalid as problem:
        return render(request, "people/forgot.html", status=422, email=form.text("email"), errors=problem.fields)
    return _check_mail(request, email, "forgot")


@get("/reset-password/{token:str}", include_in_schema=False)
async def reset_page(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """The form for a new password, for whoever has the link."""
    async with site_of(request).db.transaction(SYSTEM, read_only=True) as tx:
        link = await service.find_link(tx, token, "reset_password")
    if link is None or link.state != "good":
        return _dead_link(request, link, "reset_password")
    return _keep_private(render(request, "people/reset.html", email=link.email, token=token, errors={}))


@post("/reset-password/{token:str}", include_in_schema=False)
async def reset(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """Sets the new password, signs every browser out and leads to sign-in."""
    form = await read_form(request)
    site = site_of(request)
    try:
        marks = await service.reset_password(site, token, form.text("password"), browser_of(request))
    except (Invalid, NotFound) as problem:
        async with site.db.transaction(SYSTEM, read_only=True) as tx:
            link = await service.find_link(tx, token, "reset_password")
        if link is None or not isinstance(problem, Invalid):
            return _dead_link(request, link, "reset_password")
        page = render(request, "people/reset.html", status=422, email=link.email, token=token, errors=problem.fields)
        return _keep_private(page)
    return redirect(
        request,
        "/sign-in",
        flash=("success", "Your new password is set. Sign in with it."),
        cookies=[device_cookie(request, marks)],
    )


ROUTES: list[ControllerRouterHandler] = [
    sign_up_page,
    sign_up,
    resend_page,
    resend,
    confirm_page,
    confirm,
    sign_in_page,
    sign_in,
    sign_out,
    forgot_page,
    forgot,
    reset_page,
    reset,
    *account_pages.ROUTES,
]
