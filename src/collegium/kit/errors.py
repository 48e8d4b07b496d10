"""Expected failures. An exception carries its status and its words; one handler renders it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import asyncpg


class Failure(Exception):
    """Work that could not be done, in words for the person who asked for it: what is wrong and what to do."""


class Problem(Exception):
    """A request that cannot be answered as asked. Becomes RFC 9457 problem details for machines, a page for people.

    ``detail`` says what happened, what was kept and what to do next. ``code`` is stable and for programs.
    """

    status: int = 400
    title: str = "This did not work"
    code: str = "bad_request"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        title: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail or self.title
        self.code = code or self.code
        self.status = status or self.status
        self.title = title or self.title
        self.headers: dict[str, str] = dict(headers or {})
        self.extra: dict[str, object] = dict(extra or {})

    def document(self) -> dict[str, object]:
        """The problem details object of RFC 9457 section 3."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }


class NotFound(Problem):
    """There is no such thing, or the person who asks may not know of it."""

    status, title, code = 404, "Not found", "not_found"


class Forbidden(Problem):
    """Known, but not allowed to this person."""

    status, title, code = 403, "Not allowed", "forbidden"


class SignInNeeded(Problem):
    """Only for people who are signed in; a page leads to sign-in and back."""

    status, title, code = 401, "Sign in to go on", "sign_in_needed"


class Conflict(Problem):
    """The state of things does not allow this now."""

    status, title, code = 409, "Not possible now", "conflict"


class Invalid(Problem):
    """What was sent cannot be used. ``fields`` maps a field's name to words for the person."""

    status, title, code = 422, "Please check what you entered", "invalid"

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None, code: str | None = None) -> None:
        super().__init__(detail, code=code, extra={"fields": dict(fields)} if fields else None)
        self.fields: dict[str, str] = dict(fields or {})


def waiting_time(seconds: int) -> str:
    """A waiting time as people say it: ``1 second``, ``48 seconds``, ``12 minutes``; rounded up."""
    if seconds < 100:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"


class TooMany(Problem):
    """Too many requests; ``retry_after`` is in seconds."""

    status, title, code = 429, "Too many attempts", "too_many"

    def __init__(self, detail: str = "", *, retry_after: int = 60, code: str | None = None) -> None:
        super().__init__(
            detail, code=code, headers={"Retry-After": str(retry_after)}, extra={"retry_after": retry_after}
        )
        self.retry_after = retry_after


TITLES = {kind.status: kind.title for kind in (NotFound, Forbidden, SignInNeeded, Conflict, Invalid, TooMany)}


def from_database(error: asyncpg.PostgresError) -> Problem | None:
    """The refusal that a rule in the database raised (SQLSTATE CGnnn), or None for any other error."""
    state = str(error.sqlstate or "")
    if state.startswith("CG") and state[2:].isdigit():
        status = int(state[2:])
        title = TITLES.get(status) or HTTPStatus(status).phrase
        return Problem(error.message or "", code=error.detail or "refused", status=status, title=title)
    if state == "42501":
        return Forbidden("You are not allowed to do this.")
    return None
