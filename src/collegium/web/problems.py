"""One handler for everything that goes wrong: a page for people, a fragment for htmx, problem JSON for machines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    PermissionDeniedException,
    TooManyRequestsException,
    ValidationException,
)

from collegium.kit.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    SignInNeeded,
    TooMany,
    from_database,
    waiting_time,
)
from collegium.web import pages
from collegium.web.again import GIVEN_UP

log = structlog.get_logger("collegium.web")
PROBLEM_JSON = "application/problem+json"
# What a server that was stopped or killed leaves behind on open connections, or answers while it starts.
UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    ConnectionError,
)
# Of two transactions that wait for each other one is ended (40P01), and one that came too late for the others (40001).
GAVE_UP = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


def _from_http(error: HTTPException) -> Problem:
    if isinstance(error, NotFoundException):
        return NotFound("There is no page at this address. It may have moved, or the link is not whole.")
    if isinstance(error, MethodNotAllowedException):
        return Problem("This address does not take that kind of request.", status=405, code="method_not_allowed")
    if isinstance(error, TooManyRequestsException):
        seconds = max(1, int((error.headers or {}).get("RateLimit-Reset") or 60))
        words = f"Too many requests from here. Wait {waiting_time(seconds)}, then try again. Nothing was changed."
        return TooMany(words, retry_after=seconds)
    if isinstance(error, ValidationException):
        fields: dict[str, str] = {}
        if isinstance(error.extra, list):
            for item in error.extra:  # pyright: ignore[reportUnknownVariableType]
                entry: dict[str, Any] = item  # pyright: ignore[reportUnknownVariableType]
                fields[str(entry.get("key", "request"))] = str(entry.get("message", ""))
        problem = Invalid("What was sent cannot be used.", fields=fields)
        problem.status = 400
        return problem
    if isinstance(error, PermissionDeniedException) and "CSRF" in error.detail:
        return Forbidden(
            "This form was open too long or your browser does not keep cookies. Nothing was changed. "
            "Reload the page and try again.",
            code="csrf",
        )
    return Problem(str(error.detail), status=error.status_code, code="http_error")


def problem_of(error: Exception) -> Problem | None:
    """The expected failure behind an exception; None when it is a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _from_http(error)
    if isinstance(error, UNREACHABLE):
        return Problem(
            "The database does not answer just now. Nothing was changed; try again in a moment.",
            status=503,
            code="database_unreachable",
            title="Not reachable just now",
            headers={"Retry-After": "2"},
        )
    if isinstance(error, GAVE_UP):
        return Problem(
            "Somebody else changed this at the same moment. Try again.",
            status=503,
            code="changed_at_once",
            title="Not possible just now",
            headers={"Retry-After": "1"},
        )
    if isinstance(error, asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError):
        return Conflict("Somebody else was changing the same thing. Nothing was changed; try again.", code="busy")
    if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        # The null character is text to a browser and none to PostgreSQL.
        return Invalid("This holds a character that cannot be stored. Nothing was changed; remove it and try again.")
    if type(error) is asyncpg.DataError:
        # It was not sent: a number that no column holds, a moment before or after all calendars.
        words = "A number or a moment here is out of range. Nothing was changed; look at what you gave."
        return Invalid(words, code="out_of_range")
    if isinstance(error, asyncpg.PostgresError):
        return from_database(error)
    if isinstance(error, RecursionError) and "deserializing" in str(error):
        return Problem("What was sent is nested too deep to be read.", status=400, code="too_deep")
    return None


def wants_json(request: pages.WebRequest) -> bool:
    """Whether a machine asks."""
    if request.url.path.startswith("/api/"):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answers a request that failed."""
    if isinstance(error, GAVE_UP):
        scope: dict[str, Any] = request.scope  # type: ignore[assignment]
        scope[GIVEN_UP] = True
    problem = problem_of(error)
    if problem is None:
        reference = str(request.scope.get("request_id", ""))
        log.error("request_failed", path=request.url.path, request_id=reference, exc_info=error)
        problem = Problem(
            "Something broke on our side and was noted. Nothing was changed. "
            "Try again; if it stays so, tell the administrator this reference: " + reference,
            status=500,
            code="internal",
            title="Something broke",
            extra={"reference": reference},
        )
    headers = dict(problem.headers)
    if wants_json(request):
        document = {**problem.document(), "instance": request.url.path}
        return Response(
            msgspec.json.encode(document),
            status_code=problem.status,
            media_type=PROBLEM_JSON,
            headers=headers,
        )
    if isinstance(problem, SignInNeeded):
        came_from = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = came_from if request.method == "GET" else request.headers.get("referer", "/")
        return pages.redirect(request, "/sign-in?next=" + quote(pages.local_path(target), safe=""))
    fragment = pages.is_fragment(request)
    if fragment:
        headers |= {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
    template = "errors/fragment.html" if fragment else "errors/page.html"
    response = pages.render(request, template, status=problem.status, problem=problem)
    response.headers.update(headers)
    if problem.code == "csrf":
        # A cookie signed with an older secret would be refused for ever.
        response.delete_cookie("csrftoken")
    return response
