"""Captions in the studio: bring a file, edit in the page, choose the default, fetch, remove."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.media import captions, service, sources, tracks
from collegium.features.media.model import Cue
from collegium.features.media.studio_pages import BASE, act, here, preview, problem_of, the_lesson
from collegium.features.studio import service as studio
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.web import pages, policy

CAPTIONS = BASE + "/captions"


@post(CAPTIONS, status_code=303, include_in_schema=False)
async def bring(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """A file of captions, WebVTT or SubRip, or the way to an empty editor."""
    form = await request.form()
    lang, sent = str(form.get("lang", "")), form.get("file")
    if form.get("write"):
        if lang not in tracks.LANGUAGES:
            raise Invalid("Choose the language of the captions.", code="no_such_language")
        return pages.redirect(request, here(course_id, lesson_id, f"/captions/{lang}"))
    data = await sent.read(captions.LONGEST_FILE + 1) if isinstance(sent, UploadFile) else b""

    async def work(tx: Transaction) -> None:
        if not data:
            raise Invalid("Choose a file of captions first, .vtt or .srt.", code="no_file")
        await tracks.put(pages.site_of(request), tx, lesson_id, lang, tracks.read(data), None)

    return await act(request, course_id, lesson_id, "captions", work, "The captions are kept.")


@get(CAPTIONS + "/{lang:str}", include_in_schema=False)
async def edit(
    request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], lang: FromPath[str]
) -> Response[str]:
    """The captions of one language in the editor; empty ones where there are none yet."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        video = await sources.need_video(tx, lesson_id)
        found = tracks.track(video, lang)
    cues = await tracks.cues_of(pages.site_of(request), video, lang) if found else []
    text = captions.write_vtt(cues)
    return await _editor(request, course_id, lesson_id, lang, cues, text, found["key"] if found else "", None, 200)


async def _editor(
    request: pages.WebRequest,
    course_id: UUID,
    lesson_id: UUID,
    lang: str,
    cues: Sequence[Cue],
    text: str,
    before: str,
    error: str | None,
    status: int,
) -> Response[str]:
    if lang not in tracks.LANGUAGES:
        raise NotFound("There are no captions in such a language.")
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lesson = await the_lesson(tx, course_id, lesson_id)
        video = await sources.need_video(tx, lesson_id)
    player = preview(request, lesson, video)
    response = pages.render(
        request,
        "media/captions.html",
        status=status,
        studio_course=course,
        lesson=lesson,
        video=video,
        lang=lang,
        language=tracks.LANGUAGES[lang],
        back=here(course_id, lesson_id),
        here=here(course_id, lesson_id, f"/captions/{lang}"),
        cues=msgspec.json.encode(cues).decode(),
        text=text,
        before=before,
        error=error,
        player=player,
    )
    if player and player["provider"]:
        policy.allow_player(response, service.provider_sources(player["provider"]))
    return response


@post(CAPTIONS + "/{lang:str}", status_code=303, include_in_schema=False)
async def save(
    request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], lang: FromPath[str]
) -> Response[str]:
    """Keeps what was edited. What cannot be kept comes back as it was sent, with line and column of what is wrong."""
    pages.require_teacher(request)
    form = await request.form()
    text, before = str(form.get("text", "")), str(form.get("before", ""))
    cues: Sequence[Cue] = []
    try:
        cues = tracks.read(text)
        async with pages.transaction(request) as tx:
            await the_lesson(tx, course_id, lesson_id)
            await tracks.put(pages.site_of(request), tx, lesson_id, lang, cues, before or None)
    except Exception as error:
        problem = problem_of(error)
        if problem is None or problem.status not in (409, 422):
            raise
        return await _editor(request, course_id, lesson_id, lang, cues, text, before, problem.detail, problem.status)
    return pages.redirect(
        request, here(course_id, lesson_id, f"/captions/{lang}"), flash=("success", "The captions are kept.")
    )


@post(CAPTIONS + "/{lang:str}/default", status_code=303, include_in_schema=False)
async def make_default(
    request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], lang: FromPath[str]
) -> Response[str]:
    """Makes one language the default."""
    return await act(
        request, course_id, lesson_id, "captions",
        lambda tx: tracks.make_default(pages.site_of(request), tx, lesson_id, lang),
        f"{tracks.LANGUAGES.get(lang, lang)} is the default now, and the transcript is in it.",
    )  # fmt: skip


@post(CAPTIONS + "/{lang:str}/remove", status_code=303, include_in_schema=False)
async def remove(
    request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], lang: FromPath[str]
) -> Response[str]:
    """Removes the captions of one language."""
    return await act(
        request, course_id, lesson_id, "captions",
        lambda tx: tracks.remove(pages.site_of(request), tx, lesson_id, lang), "The captions are removed.",
    )  # fmt: skip


@get(CAPTIONS + "/{lang:str}/file", include_in_schema=False)
async def fetch(
    request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], lang: FromPath[str]
) -> Response[str]:
    """The captions of one language as a WebVTT file."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
        await the_lesson(tx, course_id, lesson_id)
        video = await sources.need_video(tx, lesson_id)
    text = captions.write_vtt(await tracks.cues_of(pages.site_of(request), video, lang))
    return Response(
        text,
        media_type="text/vtt; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="captions-{lang}.vtt"',
            "cache-control": "private, no-cache",
        },
    )


ROUTES: list[ControllerRouterHandler] = [bring, edit, save, make_default, remove, fetch]
