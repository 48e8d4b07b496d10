"""The web application: one site's features put together."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import structlog
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import Cookie, State
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]
from litestar.types import ASGIApp, ControllerRouterHandler

from collegium import settings as settings_module
from collegium.features.attempts.answers import AnswerRoute
from collegium.features.attempts.api import ANSWER
from collegium.features.progress.api import HEARTBEAT
from collegium.features.progress.heartbeat import HeartbeatRoute
from collegium.features.scorm.serving import ContentRoute
from collegium.kit.errors import NotFound, Problem
from collegium.kit.server import Served, open_database
from collegium.kit.site import Site
from collegium.settings import Settings
from collegium.web import apidocs, pages, problems
from collegium.web.again import again_middleware
from collegium.web.built import BuiltFiles
from collegium.web.outer import Outer
from collegium.web.sessions import SessionCache, session_middleware
from collegium.worker import Worker

FEATURES = (
    "people",
    "catalogue",
    "enrolments",
    "cohorts",
    "progress",
    "assignments",
    "attempts",
    "media",
    "uploads",
    "studio",
    "publishing",
    "authoring",
    "documents",
    "library",
    "discussions",
    "notices",
    "questions",
    "question_files",
    "quizzes",
    "marking",
    "gradebook",
    "exchange",
    "packages",
    "scorm",
    "dispatch",
    "scorm_reports",
    "insight",
    "peer_reviews",
    "certificates",
    "operations",
    "audit",
)
STATIC = pages.PACKAGE / "web" / "static"


def configure_logging(style: str, level: int = logging.INFO) -> None:
    """Logs as lines for people or as JSON for machines."""
    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def feature_routes() -> list[ControllerRouterHandler]:
    """The handlers of every feature's pages and API."""
    found: list[ControllerRouterHandler] = []
    for feature in FEATURES:
        for part in ("pages", "api"):
            name = f"collegium.features.{feature}.{part}"
            if importlib.util.find_spec(name) is not None:
                found.extend(importlib.import_module(name).ROUTES)
    return found


def feature_state(site: Site) -> dict[str, object]:
    """What features keep while the application runs: the answers of their pages' ``prepare(site)``, by name."""
    kept: dict[str, object] = {}
    for feature in FEATURES:
        name = f"collegium.features.{feature}.pages"
        if importlib.util.find_spec(name) is not None:
            prepare = getattr(importlib.import_module(name), "prepare", None)
            kept |= prepare(site) if prepare else {}
    return kept


def load_jobs() -> None:
    """Registers the jobs of every feature."""
    for feature in FEATURES:
        name = f"collegium.features.{feature}.jobs"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


@get("/healthz", media_type=MediaType.JSON, include_in_schema=False, opt={"exclude_from_csrf": True})
async def healthz(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Whether the site and its database answer."""
    async with pages.transaction(request) as tx:
        await tx.fetchval("select 1")
    return {"status": "ok"}


@post("/theme", include_in_schema=False)
async def choose_theme(request: Request[Any, Any, Any]) -> Response[str]:
    """Keeps the choice of light, dark or the system's theme in a cookie."""
    form = await request.form()
    choice: Literal["light", "dark", "auto"] | str = str(form.get("theme", "auto"))
    back = pages.local_path(str(form.get("next", "")) or None)
    secure = pages.site_of(request).settings.secure_cookies
    cookie = Cookie(
        key=pages.THEME_COOKIE,
        value=choice if choice in ("light", "dark") else "auto",
        path="/",
        max_age=31_536_000,
        samesite="lax",
        secure=secure,
    )
    return pages.redirect(request, back, cookies=[cookie])


@get("/design", include_in_schema=False)
async def design(request: Request[Any, Any, Any]) -> Response[str]:
    """The components of the design system, in both themes."""
    return pages.render(request, "design/index.html")


@get("/{path:path}", include_in_schema=False)
async def nowhere(path: FromPath[str]) -> None:
    """Any other address: through all layers, so that the answer looks like a page of the site."""
    raise NotFound("There is no page at this address. It may have moved, or the link is not whole.")


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncGenerator[None]:
    """What begins and ends with the application: its database, and the background jobs."""
    site: Site = app.state["site"]
    served: Served | None = app.state["served"]
    await site.db.start()
    # What was made until now stays: the collector need not look at it again, nor forked memory be copied for it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    jobs = Worker(site, served.queue_dsn) if app.state["worker"] and served else None
    if jobs:
        await jobs.start()
    try:
        yield
    finally:
        if jobs:
            await jobs.stop()
        await site.db.stop()
        if served:
            served.release()


def _application(csrf: CSRFConfig) -> Litestar:
    """Everything that is the same for every site: all addresses, and what stands before them."""
    routes: Sequence[ControllerRouterHandler] = [
        healthz,
        choose_theme,
        design,
        nowhere,
        *feature_routes(),
        create_static_files_router(
            path="/static",
            directories=[STATIC],
            cache_control=None,
            opt={"exclude_from_csrf": True, "skip_session": True},
            after_request=_static_headers,
        ),
    ]
    return Litestar(
        route_handlers=routes,
        lifespan=[_lifespan],
        middleware=[session_middleware, again_middleware],
        csrf_config=csrf,
        compression_config=CompressionConfig(
            backend="gzip",
            gzip_compress_level=5,
            minimum_size=1200,
            # Files with ranges are sent as they are.
            exclude=[
                r"^/media/",
                r"^/files/",
                r"^/attachments/",
                r"^/documents/",
                r"^/uploads",
                r"^/api/v1/playback",
                r"^/studio/[^/]+/export/",
                r"^/library/(videos|shared)/[^/]+/(file|videos/)",
            ],
        ),
        exception_handlers={Problem: problems.handle, Exception: problems.handle},
        openapi_config=OpenAPIConfig(
            title="Collegium",
            version="1",
            path="/api",
            render_plugins=[apidocs.Document(path="/openapi.json", routes=[HEARTBEAT, ANSWER])],
        ),
        request_max_body_size=8 * 1024 * 1024,
        logging_config=None,
        debug=False,
    )


def create_app(
    site: Site, *, worker: bool = False, served: Served | None = None, again: Litestar | None = None
) -> ASGIApp:
    """The application for one site. ``worker`` runs background jobs beside it; ``served`` is released at the end.

    ``again`` is an application that is to serve this site after another one: its addresses need not be laid out anew.
    """
    load_jobs()
    secure = site.settings.secure_cookies
    csrf = CSRFConfig(
        secret=site.key("csrf").hex(), header_name="x-csrf-token", cookie_secure=secure, cookie_httponly=True
    )
    app = again or _application(csrf)
    if again and again.csrf_config:
        again.csrf_config.secret, again.csrf_config.cookie_secure = csrf.secret, secure
    sessions = SessionCache(site.db)
    app.state = State({"site": site, "sessions": sessions, "worker": worker, "served": served, **feature_state(site)})
    outer = Outer(BuiltFiles(app, STATIC / "dist" / "assets"), secure=secure)
    return ContentRoute(HeartbeatRoute(AnswerRoute(outer, site, sessions), site, sessions), site)


async def _static_headers(response: Response[Any]) -> Response[Any]:
    # Built files carry a digest in their names, so a copy is good for ever.
    response.headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
    return response


def from_environment() -> ASGIApp:
    """The application as a web process makes it, from the environment's settings."""
    settings: Settings = settings_module.load()
    configure_logging(settings.log_format)
    served = open_database(settings)
    site = Site.build(settings, served.database, served.queue_dsn)
    return create_app(site, worker=settings.run_worker, served=served)
