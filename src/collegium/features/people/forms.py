"""What the pages of this feature share: reading forms, knowing the browser, cookies, and limits for each network."""

from __future__ import annotations

from typing import Any, Literal

from litestar.datastructures import Cookie
from litestar.middleware.base import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig

from collegium.features.people import service
from collegium.web.pages import WebRequest, local_path, site_of
from collegium.web.sessions import COOKIE, request_cookie

DEVICE_COOKIE = "collegium_device"


class Form:
    """The text fields of a form. A field that was not sent is empty, and so is a file in its place."""

    def __init__(self, fields: Any) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """One field; NUL, which PostgreSQL cannot keep, and half characters are left out."""
        value = self._fields.get(name, "")
        if not isinstance(value, str):
            return ""
        return value.encode("utf-8", "ignore").decode().replace("\x00", "")

    def next(self) -> str:
        """Where the person wanted to go: a path of this site."""
        return local_path(self.text("next") or None)


async def read_form(request: WebRequest) -> Form:
    """The form that was sent."""
    return Form(await request.form())


def wanted(request: WebRequest) -> str:
    """The local path in the query's ``next``, else the home page."""
    return local_path(request.query_params.get("next"))


def browser_of(request: WebRequest) -> service.Browser:
    """Where a request comes from."""
    token: str | None = request.scope.get("auth")
    return service.Browser(
        address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent", "").replace("\x00", ""),
        marks=request_cookie(request.scope, DEVICE_COOKIE) or "",
        session_hash=service.hash_token(token) if token else None,
    )


def _cookie(request: WebRequest, key: str, value: str, seconds: float) -> Cookie:
    secure = site_of(request).settings.secure_cookies
    return Cookie(key=key, value=value, path="/", max_age=int(seconds), httponly=True, samesite="lax", secure=secure)


def session_cookie(request: WebRequest, token: str) -> Cookie:
    """Keeps a browser signed in."""
    return _cookie(request, COOKIE, token, service.SESSION_LIFE.total_seconds())


def device_cookie(request: WebRequest, marks: str) -> Cookie:
    """Shows, at the next sign-in, that this browser has been here before."""
    return _cookie(request, DEVICE_COOKIE, marks, service.DEVICE_LIFE.total_seconds())


def limit(purpose: str, unit: Literal["minute", "hour"], most: int) -> DefineMiddleware:
    """Answers 429 when a network (an IPv4 address or an IPv6 /64) does something more often than it may."""

    def identify(request: WebRequest) -> str:
        return f"{purpose} {service.network_name(request.client.host if request.client else None)}"

    return RateLimitConfig(rate_limit=(unit, most), identifier_for_request=identify).middleware
