"""The route of answers: plain ASGI in front of the framework, because every learner calls it after every answer."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from collegium.features.attempts.model import MOST_POSITIONS, SaveAnswer, SavedAnswer
from collegium.features.attempts.saving import Saving
from collegium.kit.errors import NotFound, Problem, SignInNeeded
from collegium.kit.site import Site
from collegium.web import plain
from collegium.web.sessions import COOKIE, SessionCache, request_cookie

PATH = re.compile(r"/api/v1/attempts/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})/answers/(-?[0-9]{1,9})")
LARGEST_BODY = 256 * 1024
SIGNED_OUT = "You are signed out. What you entered is kept on this device; sign in and it is saved."
BROKEN = "Something broke on our side and was noted. Your answer is kept on this device and sent again."
_decoder = msgspec.json.Decoder(SaveAnswer)


class AnswerRoute:
    """Answers ``PUT /api/v1/attempts/{attempt}/answers/{position}`` and passes everything else on."""

    def __init__(self, app: ASGIApp, site: Site, sessions: SessionCache) -> None:
        self._app = app
        self._saving = Saving(site.db)
        self._sessions = sessions
        self._csrf = plain.CsrfCheck(site.key("csrf").hex())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on; see the class."""
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        attempt, position = UUID(found[1]), int(found[2])

        async def work() -> SavedAnswer:
            return await self._save(scope, receive, attempt, position)

        await plain.answer(send, found[0], work, event="answer_failed", broken=BROKEN)

    async def _save(self, scope: Scope, receive: Receive, attempt: UUID, position: int) -> SavedAnswer:
        if scope["method"] != "PUT":  # type: ignore[typeddict-item]
            raise Problem("Send answers by PUT.", status=405, code="method_not_allowed", headers={"Allow": "PUT"})
        token = request_cookie(scope, COOKIE)
        viewer = await self._sessions.find(token) if token else None
        if viewer is None:
            raise SignInNeeded(SIGNED_OUT)
        self._csrf.require(scope)
        given = plain.decoded(_decoder, await plain.body_of(scope, receive, LARGEST_BODY), code="bad_answer")
        if not 1 <= position <= MOST_POSITIONS:
            raise NotFound("This attempt has no such question.", code="no_such_question")
        return await self._saving.save(viewer, attempt, position, given)
