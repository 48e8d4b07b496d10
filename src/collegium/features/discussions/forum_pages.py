"""The forum of a course: its discussions, one of them, and what is done to a post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.discussions.model import ThreadPlace, TimePlace
from collegium.features.discussions.service import forum
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

LONGEST_SEARCH = 200
# What a form below a post asks for, by `do` in the address.
ASKED = ("reply", "edit", "report", "hide", "delete", "rename")
Act: TypeAlias = Callable[[Transaction], Awaitable[object]]


def _home(slug: str) -> str:
    return f"/learn/{slug}/discussions"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@get("/learn/{slug:str}/discussions", include_in_schema=False)
async def threads(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """The discussions of a course."""
    pages.require_viewer(request)
    words = " ".join(request.query_params.get("q", "").split())[:LONGEST_SEARCH]
    unanswered = request.query_params.get("unanswered") == "1"
    after = read_cursor(request.query_params.get("after"), ThreadPlace)
    async with pages.transaction(request) as tx:
        found = await forum.forum(tx, slug)
        listed = await forum.threads(tx, found.course_id, words, unanswered=unanswered, after=after)

    def address(**given: str) -> str:
        asked = {"q": words, "unanswered": "1" if unanswered else ""} | given
        kept = {name: value for name, value in asked.items() if value}
        return _home(slug) + (f"?{urlencode(kept)}" if kept else "")

    return pages.render(
        request,
        "discussions/forum.html",
        forum=found,
        listed=listed,
        words=words,
        unanswered=unanswered,
        home=_home(slug),
        tabs=[("All", address(unanswered="")), ("No reply yet", address(unanswered="1"))],
        tab=address(),
        first=address() if after else None,
        following=address(after=write_cursor(listed.next)) if listed.next else None,
    )


@post("/learn/{slug:str}/discussions/seen", include_in_schema=False)
async def see_all(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Takes every mark of something new away."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await forum.see_all(tx, (await forum.forum(tx, slug)).course_id)
    return pages.redirect(request, _home(slug))


@post("/learn/{slug:str}/discussions/{discussion_id:uuid}/seen", status_code=204, include_in_schema=False)
async def see(request: WebRequest, slug: FromPath[str], discussion_id: FromPath[UUID]) -> None:
    """Notes that the reader has the end of a discussion before him."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await forum.discussion(tx, slug, discussion_id)
        await forum.see(tx, discussion_id)


@get("/learn/{slug:str}/discussions/new", include_in_schema=False)
async def new(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Asks for a new discussion."""
    return await _new(request, slug, _uuid(request.query_params.get("lesson")))


async def _new(
    request: WebRequest, slug: str, lesson: UUID | None, title: str = "", body: str = "", error: Problem | None = None
) -> Response[str]:
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await forum.forum(tx, slug)
        lesson_title = await forum.lesson_title(tx, found.course_id, lesson)
    return pages.render(
        request,
        "discussions/new.html",
        status=error.status if error else 200,
        forum=found,
        lesson=lesson if lesson_title else None,
        lesson_title=lesson_title,
        title=title,
        body=body,
        error=error,
        errors=error.fields if isinstance(error, Invalid) else {},
        home=_home(slug),
        longest=forum.LONGEST_BODY,
    )


@post("/learn/{slug:str}/discussions", include_in_schema=False)
async def start(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Begins a discussion."""
    pages.require_viewer(request)
    form = await request.form()
    title, body = str(form.get("title", "")), str(form.get("body", ""))
    lesson = _uuid(str(form.get("lesson", "")))
    try:
        async with pages.transaction(request) as tx:
            found = await forum.forum(tx, slug)
            made = await forum.start(tx, found.course_id, title, body, lesson)
    except Problem as problem:
        if problem.status not in (409, 422, 429):
            raise
        return await _new(request, slug, lesson, title, body, problem)
    return pages.redirect(request, f"{_home(slug)}/{made}")


@get("/learn/{slug:str}/discussions/{discussion_id:uuid}", include_in_schema=False)
async def thread(request: WebRequest, slug: FromPath[str], discussion_id: FromPath[UUID]) -> Response[str]:
    """One discussion with its posts, and below one of them the form for what is to be done to it."""
    asked = request.query_params
    return await _thread(request, slug, discussion_id, asked.get("do"), _uuid(asked.get("post")))


async def _thread(
    request: WebRequest,
    slug: str,
    discussion_id: UUID,
    do: str | None = None,
    post_id: UUID | None = None,
    typed: str | None = None,
    error: Problem | None = None,
) -> Response[str]:
    pages.require_viewer(request)
    after = read_cursor(request.query_params.get("after"), TimePlace)
    here = f"{_home(slug)}/{discussion_id}"
    async with pages.transaction(request) as tx:
        found = await forum.discussion(tx, slug, discussion_id)
        listed = await forum.posts(tx, discussion_id, after)
    page = f"after={write_cursor(after)}&" if after else ""
    return pages.render(
        request,
        "discussions/thread.html",
        status=error.status if error else 200,
        discussion=found,
        listed=listed,
        authors={one.id: one for one in listed.posts},
        do=do if do in ASKED else None,
        at=post_id,
        typed=typed,
        error=error,
        home=_home(slug),
        here=here,
        page=page,
        is_first=after is None,
        following=f"{here}?after={write_cursor(listed.next)}" if listed.next else None,
        longest=forum.LONGEST_BODY,
    )


@post("/learn/{slug:str}/discussions/{discussion_id:uuid}/posts", include_in_schema=False)
async def add_post(request: WebRequest, slug: FromPath[str], discussion_id: FromPath[UUID]) -> Response[str]:
    """Adds a post at the end."""
    form = await request.form()
    body = str(form.get("body", ""))
    parent = _uuid(str(form.get("parent", "")))
    do = "reply" if parent else None
    return await _act(
        request, slug, discussion_id, do, parent, body, lambda tx: forum.reply(tx, discussion_id, body, parent)
    )


@post(
    "/learn/{slug:str}/discussions/{discussion_id:uuid}/posts/{post_id:uuid}/{what:str}",
    include_in_schema=False,
)
async def act(
    request: WebRequest,
    slug: FromPath[str],
    discussion_id: FromPath[UUID],
    post_id: FromPath[UUID],
    what: FromPath[str],
) -> Response[str]:
    """Does something to a post."""
    body = str((await request.form()).get("body", ""))
    acts: dict[str, tuple[Act, str | None]] = {
        "edit": (lambda tx: forum.edit(tx, post_id, body), None),
        "report": (lambda tx: forum.report(tx, post_id, body), "Thank you. The course’s team looks at it."),
        "hide": (lambda tx: forum.hide(tx, post_id, body), "The post is hidden. Its author reads why."),
        "delete": (lambda tx: forum.take_back(tx, post_id), "Your post is taken back."),
        "show": (lambda tx: forum.show(tx, post_id), "The post is shown again."),
        "keep": (lambda tx: forum.keep(tx, post_id), "The reports are settled; the post stays."),
        "answer": (lambda tx: forum.mark_answer(tx, discussion_id, post_id), "Marked as the answer."),
        "unanswer": (lambda tx: forum.mark_answer(tx, discussion_id, None), "Not marked as the answer any more."),
    }
    if what not in acts:
        raise NotFound("There is no page at this address.")
    work, words = acts[what]
    return await _act(request, slug, discussion_id, what, post_id, body, work, words)


async def _act(
    request: WebRequest,
    slug: str,
    discussion_id: UUID,
    do: str | None,
    post_id: UUID | None,
    body: str,
    work: Act,
    words: str | None = None,
) -> Response[str]:
    """Does something in a discussion and shows it; what was not accepted is said beside what was typed."""
    pages.require_viewer(request)
    try:
        async with pages.transaction(request) as tx:
            await forum.discussion(tx, slug, discussion_id)
            made = await work(tx)
    except Problem as problem:
        if problem.status not in (409, 422, 429):
            raise
        return await _thread(request, slug, discussion_id, do, post_id, body, problem)
    after = request.query_params.get("after")
    place = f"?after={after}" if read_cursor(after, TimePlace) else ""
    shown = made if isinstance(made, UUID) else post_id
    back = pages.local_path(str((await request.form()).get("next", "")) or None, "")
    target = back or f"{_home(slug)}/{discussion_id}{place}" + (f"#post-{shown}" if shown else "")
    return pages.redirect(request, target, flash=("success", words) if words else None)


@post("/learn/{slug:str}/discussions/{discussion_id:uuid}", include_in_schema=False)
async def settings(request: WebRequest, slug: FromPath[str], discussion_id: FromPath[UUID]) -> Response[str]:
    """Pins, closes or renames a discussion."""
    form = await request.form()
    title = form.get("title")
    if title is not None:
        return await _act(
            request, slug, discussion_id, "rename", None, str(title),
            lambda tx: forum.rename(tx, discussion_id, str(title)),
        )  # fmt: skip
    said = {"yes": True, "no": False}
    pinned, locked = said.get(str(form.get("pinned", ""))), said.get(str(form.get("locked", "")))
    return await _act(
        request, slug, discussion_id, None, None, "",
        lambda tx: forum.moderate(tx, discussion_id, pinned=pinned, locked=locked),
    )  # fmt: skip


FORUM_ROUTES: list[ControllerRouterHandler] = [threads, see_all, see, new, start, thread, add_post, act, settings]
