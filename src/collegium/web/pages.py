"""What pages are made with: templates, who is looking, transactions, flash messages and redirects."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

import jinja2
import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.utils.scope.state import ScopeState

from collegium.kit.db import Transaction
from collegium.kit.errors import Forbidden, SignInNeeded
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer, actor_of
from collegium.web import assets, studio, words
from collegium.web.sessions import request_cookie

PACKAGE = Path(__file__).resolve().parent.parent
FLASH_COOKIE = "collegium_flash"
THEME_COOKIE = "theme"
Kind = Literal["success", "info", "warning", "error"]
WebRequest: TypeAlias = Request[Any, Any, Any]


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """All templates: those of the base layout and those of each feature under its own folder's name."""
    folders = [PACKAGE / "web" / "templates", *sorted(PACKAGE.glob("features/*/templates"))]
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.loopcontrols"],
        auto_reload=False,
    )
    assets.install(env)
    words.install(env)
    studio.install(env)
    return env


def site_of(request: WebRequest) -> Site:
    """The site that this request came to."""
    site: Site = request.app.state.site
    return site


def viewer_of(request: WebRequest) -> Viewer | None:
    """Who is looking; None for a guest."""
    viewer: Viewer | None = request.scope.get("user")
    return viewer


def require_viewer(request: WebRequest) -> Viewer:
    """Who is looking; raises SignInNeeded for a guest."""
    viewer = viewer_of(request)
    if viewer is None:
        raise SignInNeeded("Sign in, and you come back to this page.")
    return viewer


def require_admin(request: WebRequest) -> Viewer:
    """An administrator who is looking; raises SignInNeeded or Forbidden. The database decides again."""
    viewer = require_viewer(request)
    if not viewer.is_admin:
        raise Forbidden("This page is for administrators.")
    return viewer


def require_teacher(request: WebRequest) -> Viewer:
    """Somebody who teaches; raises SignInNeeded or Forbidden. Which courses are his is decided by the database."""
    viewer = require_viewer(request)
    if not viewer.is_teacher:
        raise Forbidden("The studio is for instructors. Ask the association's office to make you one.")
    return viewer


def transaction(request: WebRequest) -> AbstractAsyncContextManager[Transaction]:
    """The request's one transaction, as the person who asks. A GET only reads."""
    read_only = request.method in ("GET", "HEAD")
    return site_of(request).db.transaction(actor_of(viewer_of(request)), read_only=read_only)


def csrf_token(request: WebRequest) -> str:
    """The token that every form and every unsafe request must carry."""
    token = ScopeState.from_scope(request.scope).csrf_token
    # Where no route matched, the layer that makes tokens was not asked.
    return token if isinstance(token, str) else request.cookies.get("csrftoken") or "none"


def is_fragment(request: WebRequest) -> bool:
    """Whether htmx asks for a part of a page, not for the whole, as it does for a link or on the way back."""
    asked = request.headers
    whole = asked.get("hx-boosted") == "true" or asked.get("hx-history-restore-request") == "true"
    return asked.get("hx-request") == "true" and not whole


def _read_flashes(request: WebRequest) -> Sequence[tuple[str, str]]:
    raw = request.cookies.get(FLASH_COOKIE)
    if not raw:
        return ()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(raw), type=list[tuple[str, str]])[:5]
    except (msgspec.DecodeError, binascii.Error, ValueError):
        return ()


def context_of(request: WebRequest) -> dict[str, Any]:
    """What every template may use."""
    theme = request_cookie(request.scope, THEME_COOKIE)
    viewer = viewer_of(request)
    return {
        "user": viewer,
        "lang": viewer.locale if viewer else "en",
        "csrf_token": csrf_token(request),
        "site_name": site_of(request).settings.site_name,
        "theme": theme if theme in ("light", "dark") else "auto",
        "request_path": request.url.path,
        "request_query": request.url.query,
        "flashes": _read_flashes(request),
        "now": datetime.now(UTC),
    }


def render_text(request: WebRequest, template: str, **context: Any) -> str:
    """A template as text, with what every template may use."""
    return environment().get_template(template).render({**context_of(request), **context})


def render(request: WebRequest, template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """A template as an answer. Flash messages are shown once and forgotten."""
    response = Response(
        render_text(request, template, **context),
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={"Cache-Control": "private, no-cache", "Vary": "Cookie, HX-Request"},
    )
    if FLASH_COOKIE in request.cookies and not is_fragment(request):
        response.delete_cookie(FLASH_COOKIE)
    return response


def local_path(target: str | None, default: str = "/") -> str:
    """``target`` when it is a path of this site, else ``default``: a redirect never leads to somebody else."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return default
    if any(ord(character) < 32 for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def redirect(
    request: WebRequest, path: str, *, flash: tuple[Kind, str] | None = None, cookies: Sequence[Cookie] = ()
) -> Response[str]:
    """See other (303), also for htmx; with a message that the next page shows."""
    fragment = is_fragment(request)
    safe = quote(path, safe="/:?=&%#+,;@!~*'()[]$-._")
    headers = {"HX-Redirect": safe} if fragment else {"Location": safe}
    response = Response("", status_code=200 if fragment else 303, headers=headers, media_type="text/html")
    if flash:
        value = base64.urlsafe_b64encode(msgspec.json.encode([flash])).decode()
        response.set_cookie(
            Cookie(
                key=FLASH_COOKIE,
                value=value,
                path="/",
                httponly=True,
                samesite="lax",
                max_age=60,
                secure=site_of(request).settings.secure_cookies,
            )
        )
    for cookie in cookies:
        response.set_cookie(cookie)
    return response
