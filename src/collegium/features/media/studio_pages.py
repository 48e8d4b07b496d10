"""The studio's page of a lesson's video: where it comes from, how far the work is, its picture and its captions."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.media import posters, providers, service, sources, tracks
from collegium.features.media.sources import LessonVideo
from collegium.features.media.store import Q
from collegium.features.studio import service as studio
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem, from_database
from collegium.web import pages, policy

BASE = "/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/video"
_FRAMES = 18  # pictures of the storyboard that are offered as poster
_BEGUN = "The video is being prepared. This page says how far it is."


class FilmLesson(msgspec.Struct, frozen=True):
    """The lesson whose video this is."""

    id: UUID
    course_id: UUID
    title: str
    lesson_type: str


class Choice(msgspec.Struct, frozen=True):
    """A video of the media library."""

    id: UUID
    filename: str
    byte_size: int
    duration: float | None


def here(course_id: UUID, lesson_id: UUID, suffix: str = "") -> str:
    """The address of a lesson's video in the studio."""
    return f"/studio/{course_id}/lessons/{lesson_id}/video{suffix}"


async def the_lesson(tx: Transaction, course_id: UUID, lesson_id: UUID) -> FilmLesson:
    """A lesson of this course; raises NotFound."""
    lesson = await tx.maybe(FilmLesson, Q.film_lesson, lesson_id, course_id)
    if lesson is None:
        raise NotFound("This course has no such lesson.")
    return lesson


def preview(request: pages.WebRequest, lesson: FilmLesson, video: LessonVideo) -> dict[str, Any] | None:
    """What the player needs to show the video to those who made it; nothing is counted. None while there is none."""
    viewer = pages.require_viewer(request)
    # Of a provider's video that is to replace another, the length is learnt by looking at it here.
    pending = video.coming.external_url if video.coming else None
    address = pending or video.external_url
    if not address and not video.playlist_key:
        return None
    links = service.video_links(
        pages.site_of(request), video.playlist_key, video.poster_key, video.storyboard_key, video.captions, viewer.id
    )
    provider = None
    if address:
        provider = video.coming.hosting_provider if pending and video.coming else video.hosting_provider
    config = {
        "videoId": str(video.id),
        "lessonId": str(lesson.id),
        "userId": str(viewer.id),
        "duration": video.duration or 0,
        "maxRate": 2,
        "src": address or links.playlist,
        "provider": provider,
        "poster": links.poster,
        "storyboard": links.storyboard,
        "captions": links.captions,
        "tracked": False,
    }
    return {
        "config": msgspec.json.encode(config).decode(),
        "poster": links.poster,
        "provider": provider,
        "provider_name": providers.PROVIDERS[provider].name if provider else None,
    }


async def show(
    request: pages.WebRequest,
    course_id: UUID,
    lesson_id: UUID,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    """The page, with what was wrong in a form of it."""
    pages.require_teacher(request)
    site = pages.site_of(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lesson = await the_lesson(tx, course_id, lesson_id)
        video = await sources.lesson_video(tx, lesson_id)
        library = await tx.all(Choice, Q.videos_to_choose, course_id)
    player = preview(request, lesson, video) if video else None
    response = pages.render(
        request,
        "media/video.html",
        status=status,
        studio_course=course,
        lesson=lesson,
        video=video,
        here=here(course_id, lesson_id),
        player=player,
        library=library,
        frames=await _frames(request, video),
        languages=[
            (code, name) for code, name in tracks.LANGUAGES.items() if not video or not tracks.track(video, code)
        ],
        prefix=(site.settings.video_prefix or "").strip("/"),
        errors=errors or {},
    )
    if player and player["provider"]:
        policy.allow_player(response, service.provider_sources(player["provider"]))
    return response


async def _frames(request: pages.WebRequest, video: LessonVideo | None) -> list[dict[str, Any]]:
    """Pictures of the storyboard from beginning to end, as the page shows them."""
    if video is None or video.storyboard_key is None:
        return []
    site = pages.site_of(request)
    viewer = pages.require_viewer(request)
    folder = video.storyboard_key.rpartition("/")[0]
    board = await service.storyboard(site, video.storyboard_key)
    step = max(1, math.ceil(len(board) / _FRAMES))
    return [
        {
            "second": tile.second,
            "src": service.link(site, f"{folder}/{tile.sheet}", viewer.id),
            "x": tile.x, "y": tile.y, "width": tile.width, "height": tile.height,
        }
        for tile in board[::step]
    ]  # fmt: skip


@get(BASE, include_in_schema=False)
async def video_page(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """A lesson's video."""
    return await show(request, course_id, lesson_id)


@get(BASE + "/state", include_in_schema=False)
async def state(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """How far the work is, as a fragment that asks again by itself while something moves."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        lesson = await the_lesson(tx, course_id, lesson_id)
        video = await sources.need_video(tx, lesson_id)
    response = pages.render(request, "media/_state.html", lesson=lesson, video=video, here=here(course_id, lesson_id))
    if not video.moving:
        # What else is on the page has changed with it.
        response.headers["HX-Refresh"] = "true"
    return response


Act = Callable[[Transaction], Awaitable[Any]]


async def act(
    request: pages.WebRequest, course_id: UUID, lesson_id: UUID, field: str, work: Act, said: str
) -> Response[str]:
    """Does something to a lesson's video and comes back to the page, with what was wrong beside its field."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            await the_lesson(tx, course_id, lesson_id)
            await work(tx)
    except Exception as error:
        words = _words(error)
        if words is None:
            raise
        return await show(request, course_id, lesson_id, errors={field: words.detail}, status=words.status)
    return pages.redirect(request, here(course_id, lesson_id), flash=("success", said))


def _words(error: Exception) -> Problem | None:
    """What can be put right on the page itself."""
    problem = problem_of(error)
    return problem if problem and problem.status in (403, 409, 422) else None


def problem_of(error: Exception) -> Problem | None:
    """A refusal of ours or of the database."""
    if isinstance(error, Problem):
        return error
    return from_database(error) if isinstance(error, asyncpg.PostgresError) else None


@post(BASE + "/file", status_code=303, include_in_schema=False)
async def put_file(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Puts a file of the media library to the lesson."""
    given = str((await request.form()).get("file_id", ""))

    async def work(tx: Transaction) -> None:
        try:
            file_id = UUID(given)
        except ValueError:
            raise Invalid("Choose a video first.", code="no_file") from None
        await sources.attach_upload(pages.site_of(request), tx, lesson_id, file_id)

    return await act(
        request, course_id, lesson_id, "file", work, "The video is being prepared. This page says how far it is."
    )


@post(BASE + "/address", status_code=303, include_in_schema=False)
async def put_address(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Puts a provider's video to the lesson."""
    url = str((await request.form()).get("url", ""))
    return await act(
        request, course_id, lesson_id, "url", lambda tx: sources.attach_provider(tx, lesson_id, url),
        "The address is kept. Say how long the video is, and learners can see it.",
    )  # fmt: skip


@post(BASE + "/key", status_code=303, include_in_schema=False)
async def put_key(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Puts a stored file to the lesson, for administrators."""
    form = await request.form()
    provider, key = str(form.get("provider", "")), str(form.get("key", ""))
    return await act(
        request, course_id, lesson_id, "key",
        lambda tx: sources.attach_key(pages.site_of(request), tx, lesson_id, provider, key),
        _BEGUN,
    )  # fmt: skip


@post(BASE + "/length", status_code=303, include_in_schema=False)
async def put_length(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Says how long a provider's video is."""
    length = str((await request.form()).get("length", ""))
    return await act(
        request, course_id, lesson_id, "length", lambda tx: sources.set_length(tx, lesson_id, length),
        "Kept. Learners can see the video.",
    )  # fmt: skip


@post(BASE + "/retry", status_code=303, include_in_schema=False)
async def retry(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Tries again what failed."""
    return await act(
        request,
        course_id,
        lesson_id,
        "state",
        lambda tx: sources.retry(tx, lesson_id),
        "The video is prepared once more.",
    )


@post(BASE + "/stop", status_code=303, include_in_schema=False)
async def stop(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Gives up a replacement."""
    return await act(
        request, course_id, lesson_id, "state", lambda tx: sources.stop(tx, lesson_id),
        "Stopped. Learners keep the video that they see.",
    )  # fmt: skip


@post(BASE + "/remove", status_code=303, include_in_schema=False)
async def remove(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Takes the video from the lesson."""
    return await act(
        request, course_id, lesson_id, "state", lambda tx: sources.detach(tx, lesson_id),
        "The video is taken from the lesson. The file stays in the media library.",
    )  # fmt: skip


@post(BASE + "/poster", status_code=303, include_in_schema=False)
async def put_poster(request: pages.WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Chooses the poster: what the video shows at a second, or a picture that is sent."""
    site = pages.site_of(request)
    form = await request.form()
    sent = form.get("picture")
    data = await sent.read() if isinstance(sent, UploadFile) else b""
    second = str(form.get("second", ""))

    async def work(tx: Transaction) -> None:
        if data:
            await posters.from_image(site, tx, lesson_id, data)
            return
        try:
            await posters.from_second(site, tx, lesson_id, float(second))
        except ValueError:
            raise Invalid("Choose a picture first.", code="no_picture") from None

    return await act(request, course_id, lesson_id, "poster", work, "The picture is changed.")


ROUTES: list[ControllerRouterHandler] = [
    video_page, state, put_file, put_address, put_key, put_length, retry, stop, remove, put_poster,
]  # fmt: skip
