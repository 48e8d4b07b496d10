"""What is answered where packages are played: plain ASGI in front of the framework, chosen by the Host header.

No cookie is read or set here, and nothing of the site is reachable here except its built scripts and styles, which
everybody may read. README.md is the protocol.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from collegium.features.scorm import hacp, service
from collegium.features.scorm.files import Files
from collegium.features.scorm.headers import Headers
from collegium.features.scorm.model import LARGEST_STATE, NO_STATE, Commit, NotSaved, Reason
from collegium.features.scorm.tokens import TOKEN, Token
from collegium.kit.content import ContentOrigin
from collegium.kit.errors import Conflict, Forbidden, Invalid, Problem, SignInNeeded
from collegium.kit.site import Site
from collegium.web import pages, plain
from collegium.web.built import PREFIX, BuiltFiles
from collegium.web.problems import problem_of

PATH = re.compile(rf"/({TOKEN})/(definition|commit|state|renew|aicc|files/.*)?", re.DOTALL)
THEME = re.compile(r"(?:^|&)theme=(light|dark)(?:&|$)")
"""The colours of the page that frames a player, which it takes up before anything is painted."""
LARGEST_COMMIT = 3_000_000
BROKEN = "Something broke on our side and was noted. What you did is kept on this device and is sent again."
STATUS: dict[Reason, int] = {
    "offline": 503,
    "expired": 401,
    "stale": 409,
    "signed_out": 403,
    "refused": 422,
    "full": 422,
}
REMEMBER_MOST = 10_000
"""Tokens whose marks were found right."""
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
log = structlog.get_logger("collegium.scorm")
_decoder = msgspec.json.Decoder(Commit)
_anything = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(decimal_format="number")


class ContentRoute:
    """Answers what comes to the hosts of packages, and passes everything else on to the site."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._content = site.settings.content
        self._answers = Answers(site, self._content) if self._content else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on; see the class."""
        if scope["type"] != "http" or self._content is None or self._answers is None:
            await self._app(scope, receive, send)
            return
        host, origin = _hosts(scope)
        label = self._content.label_of(host)
        if label is not None:
            await self._answers.answer(scope, receive, send, label, origin in (None, host))
        elif origin and self._content.label_of(origin) is not None:
            # A package asks the site for something, in whatever way it found.
            await _send(send, 403, [], b"Packages cannot ask the site for anything.", TEXT)
        else:
            await self._app(scope, receive, send)


class Answers:
    """What the hosts of packages answer."""

    def __init__(self, site: Site, content: ContentOrigin) -> None:
        self._site = site
        self._sites = content.sites
        self._tokens = service.tokens_of(site)
        self._commits = service.Commits(site.db)
        self._files = Files(site)
        self._built = BuiltFiles(_nothing, pages.PACKAGE / "web" / "static" / "dist" / "assets")
        self._headers = Headers(content, site.settings)
        self._known: dict[tuple[str, str], Token] = {}

    async def answer(self, scope: Scope, receive: Receive, send: Send, label: str, own: bool) -> None:
        """Answers a request to the host with this label; ``own``: no page of another origin asks."""
        path = str(scope["path"])  # type: ignore[typeddict-item]
        if path.startswith(PREFIX):
            await self._built(scope, receive, self._headers.added(send))
            return
        found = PATH.fullmatch(path)
        token = self._token(found[1], label) if found else None
        closed = self._headers.closed
        if found is None or token is None:
            await _send(send, 404, closed, b"There is nothing here.", TEXT)
            return
        if plain.header(scope, b"service-worker") is not None:
            # It would outlive the launch and stand between the next one and the site.
            await _send(send, 403, closed, b"A package cannot keep a worker.", TEXT)
            return
        what = found[2] or ""
        if what.startswith("files/"):
            await self._files.answer(scope, send, token, what.removeprefix("files/"), self._headers)
        elif what == "aicc":
            await self._aicc(scope, receive, send, token)
        elif what:
            await self._call(scope, receive, send, token, what, own)
        elif scope["method"] in ("GET", "HEAD"):  # type: ignore[typeddict-item]
            await self._document(scope, send, token, found[1])
        else:
            await _send(send, 405, closed, b"", TEXT)

    def _token(self, text: str, label: str) -> Token | None:
        """What a token says, at the host of its registration only."""
        known = self._known.get((text, label))
        if known is None:
            known = self._tokens.read(text)
            if known is None or label not in ("", self._tokens.label(known.registration)):
                return None
            if len(self._known) >= REMEMBER_MOST:
                self._known.clear()
            self._known[text, label] = known
        return known

    async def _document(self, scope: Scope, send: Send, token: Token, text: str) -> None:
        template = "scorm/expired.html" if token.expired() else "scorm/player.html"
        theme = THEME.search(scope["query_string"].decode("latin-1"))  # type: ignore[typeddict-item]
        page = (
            pages.environment()
            .get_template(template)
            .render(token=text, site_origins=" ".join(self._sites), theme=theme[1] if theme else "")
        )
        status = 401 if token.expired() else 200
        await _send(send, status, self._headers.document, page.encode(), "text/html; charset=utf-8")

    async def _call(self, scope: Scope, receive: Receive, send: Send, token: Token, what: str, own: bool) -> None:
        works: dict[str, Callable[[], Awaitable[object]]] = {
            "POST commit": lambda: self._commit(scope, receive, token),
            "GET definition": lambda: self._definition(token),
            "GET state": lambda: self._state(token),
            "PUT state": lambda: self._save_state(scope, receive, token),
            "POST renew": lambda: self._renew(token),
        }
        work = works.get(f"{scope['method']} {what}")  # type: ignore[typeddict-item]
        try:
            if not own:
                raise Forbidden("Only a player of this address may call this.", code="other_origin")
            if work is None:
                raise Problem("This address does not take that kind of request.", status=405, code="method_not_allowed")
            answer = await work()
        except Exception as error:
            answer = _refusal(error)
        status = STATUS[answer.reason] if isinstance(answer, NotSaved) else 200
        await _send(send, status, self._headers.closed, _encoder.encode(answer), JSON)

    async def _commit(self, scope: Scope, receive: Receive, token: Token) -> object:
        body = await plain.body_of(scope, receive, LARGEST_COMMIT)
        service.must_be_valid(token)
        given = plain.decoded(_decoder, body, code="bad_commit")
        if len(given.state) > LARGEST_STATE:
            raise Problem("The player keeps more than this site stores.", status=413, code="too_much_data")
        if given.state != NO_STATE:
            # The database writes 1e131071 with all its digits: what no player keeps is not kept here either.
            given.state = msgspec.Raw(_encoder.encode(plain.decoded(_anything, given.state, code="bad_commit")))
        if b"\\u0000" in body:
            _must_be_storable(given)
        return await self._commits.record(service.Entry(token.registration, token.session, given))

    async def _aicc(self, scope: Scope, receive: Receive, send: Send, token: Token) -> None:
        """HACP. A unit may lie on any host, and a token that has run out is good as long as its player is current."""
        headers = [*self._headers.closed, (b"access-control-allow-origin", b"*")]
        method = str(scope["method"])  # type: ignore[typeddict-item]
        if method == "OPTIONS":
            allow = [(b"access-control-allow-methods", b"POST"), (b"access-control-allow-headers", b"content-type")]
            await _send(send, 204, [*headers, *allow], b"", TEXT)
            return
        status, said = 200, ""
        try:
            if method != "POST":
                raise Problem("HACP posts.", status=405, code="method_not_allowed")
            said = await hacp.answer(self._site, token, await plain.body_of(scope, receive, hacp.LARGEST))
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                log.error("hacp_failed", exc_info=error)
            status = 200 if problem is not None and problem.status < 500 and method == "POST" else 503
            if method != "POST":
                status = 405
            said = hacp.refusal(problem.detail if problem else BROKEN)
        await _send(send, status, headers, said.encode(), TEXT)

    async def _definition(self, token: Token) -> object:
        await self._must_go_on(token)
        return await service.definition(self._site, token)

    async def _state(self, token: Token) -> object:
        await self._must_go_on(token)
        return await service.state(self._site, token)

    async def _save_state(self, scope: Scope, receive: Receive, token: Token) -> object:
        body = await plain.body_of(scope, receive, LARGEST_STATE)
        await self._must_go_on(token)
        kept = plain.decoded(_anything, body, code="bad_state")
        await service.save_state(self._site, token, msgspec.Raw(_encoder.encode(kept)))
        return {"saved": True}

    async def _renew(self, token: Token) -> object:
        await self._must_go_on(token)
        return service.renewed(self._site, token)

    async def _must_go_on(self, token: Token) -> None:
        """Raises unless the player is the current one, of somebody signed in and enrolled. A commit asks for itself."""
        service.must_be_valid(token)
        player = await service.player(self._site, token)
        if player is None or not (player.current and player.fresh):
            raise Conflict(service.STALE, code="stale_attempt")
        if not (player.signed_in and player.enrolled):
            raise Forbidden("You have been signed out. Sign in and open the lesson again.", code="signed_out")


def _must_be_storable(commit: Commit) -> None:
    texts = [*commit.elements, *commit.elements.values(), commit.sco, *(commit.summary or {}).values()]
    texts += [text for call in commit.calls for text in (call.fn, call.answer, call.error, *call.args)]
    if commit.shared is not None:
        texts += [*commit.shared.objectives, *commit.shared.data, *commit.shared.data.values()]
    if b"\\u0000" in bytes(commit.state) or any("\0" in text for text in texts):
        raise Invalid("This holds a character that cannot be stored.", code="bad_commit")


def _hosts(scope: Scope) -> tuple[str, str | None]:
    host, origin = "", None
    for name, value in scope["headers"]:  # type: ignore[typeddict-item]
        if name == b"host":
            host = value.decode("latin-1").lower()
        elif name == b"origin":
            origin = urlsplit(value.decode("latin-1")).netloc.lower()
    return host, origin


def _refusal(error: Exception) -> NotSaved:
    """What a player is told of a failure: the truth, in words for its learner."""
    problem = problem_of(error)
    if problem is None:
        log.error("player_failed", exc_info=error)
        return NotSaved("offline", "internal", BROKEN)
    if isinstance(problem, SignInNeeded):
        return NotSaved("expired", problem.code, problem.detail)
    reason: Reason = "refused"
    if problem.code in ("stale_attempt", "signed_out"):
        reason = "stale" if problem.code == "stale_attempt" else "signed_out"
    elif problem.status in (500, 503) or problem.code in ("busy", "disconnected"):
        reason = "offline"
    elif problem.status == 413:
        reason = "full"
    return NotSaved(reason, problem.code, problem.detail)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, kind: str) -> None:
    whole = [*headers, (b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": whole})  # type: ignore[typeddict-item]
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await _send(send, 404, [], b"There is nothing here.", TEXT)
