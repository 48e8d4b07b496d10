"""The player: a course's lessons, one at a time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.attempts import service as attempts
from collegium.features.authoring import service as authoring
from collegium.features.documents import service as documents
from collegium.features.media import service as media
from collegium.features.progress import lessons, service
from collegium.features.progress.body import body
from collegium.features.progress.heartbeat import PATH as HEARTBEAT_PATH
from collegium.features.progress.lessons import LearningCourse, OutlineLesson, Video
from collegium.features.scorm import service as scorm
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound, Problem, SignInNeeded
from collegium.kit.viewer import Viewer
from collegium.web import pages, policy
from collegium.web.policy import allow_frames
from collegium.web.studio import PREVIEW_COOKIE

SHOWN_TYPES = ("video", "text", "pdf", "external_link", "embedded_content", "quiz", "assignment", "scorm")


def _zone(viewer: Viewer | None) -> str:
    return viewer.time_zone if viewer else "UTC"


def _path(slug: str, lesson: OutlineLesson) -> str:
    return f"/learn/{slug}/{lesson.id}"


def _modules(course: LearningCourse, rows: list[OutlineLesson], zone: str) -> list[dict[str, Any]]:
    """The outline as the macro takes it."""
    modules: list[dict[str, Any]] = []
    for row in rows:
        if not modules or modules[-1]["id"] != row.module_id:
            modules.append({"id": row.module_id, "title": row.module_title, "lessons": []})
        how = lessons.access(course, row)
        shut = how in ("locked", "not_enrolled")
        modules[-1]["lessons"].append(
            {
                "title": row.title,
                "href": _path(course.slug, row) if how != "not_enrolled" else None,
                "state": "locked" if shut else row.status,
                "minutes": row.minutes,
                "note": row.lock_words(zone) or ("Preview" if how == "preview" else None),
            }
        )
    return modules


@get("/learn/{slug:str}", include_in_schema=False)
async def learn(request: pages.WebRequest, slug: FromPath[str]) -> Response[str]:
    """Leads to where the reader goes on."""
    viewer = pages.viewer_of(request)
    async with pages.transaction(request) as tx:
        course = lessons.as_preview(await lessons.course(tx, viewer, slug), request.cookies.get(PREVIEW_COOKIE))
        target = lessons.where_to_continue(course, await lessons.outline(tx, viewer, course))
    if target is None:
        return pages.redirect(
            request,
            f"/courses/{slug}",
            flash=("info", "Nothing of this course is open to you yet. This page says when."),
        )
    return pages.redirect(request, _path(slug, target))


@get("/learn/{slug:str}/{lesson_id:uuid}", include_in_schema=False)
async def show_lesson(request: pages.WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> Response[str]:
    """One lesson in the player, or why it is not open."""
    viewer = pages.viewer_of(request)
    async with pages.transaction(request) as tx:
        course = lessons.as_preview(await lessons.course(tx, viewer, slug), request.cookies.get(PREVIEW_COOKIE))
        rows = await lessons.outline(tx, viewer, course)
        here = _place(rows, lesson_id)
        row = rows[here]
        how = lessons.access(course, row)
        if how == "not_enrolled":
            if viewer is None:
                raise SignInNeeded("Sign in to open this lesson.")
            return pages.redirect(
                request, f"/courses/{slug}", flash=("info", "Enrol to open the lessons of this course.")
            )
        context: dict[str, Any] = {
            **await _around(tx, viewer, course, rows, here),
            "access": how,
            "newer": await lessons.newer_version(tx, course),
            "row": row,
            "number": here + 1,
            "count": len(rows),
            "lock": row.lock_words(_zone(viewer)),
            "shown": row.lesson_type in SHOWN_TYPES,
            "lesson": None, "video": None, "body": None, "player": None, "document": None,
            "attachments": [], "quizzes": [], "assignments": [], "card": None,
        }  # fmt: skip
        if how != "locked":
            context |= await _content(request, tx, viewer, course, row, how == "open")
    response = pages.render(request, "progress/lesson.html", status=403 if how == "locked" else 200, **context)
    if context["player"] and context["player"]["provider"]:
        policy.allow_player(response, media.provider_sources(context["player"]["provider"]))
    if context["body"] is not None:
        allow_frames(response, context["body"].frames)
    if context["card"] is not None and (content := pages.site_of(request).settings.content):
        policy.allow_content(response, content)
    return response


def _place(rows: list[OutlineLesson], lesson_id: UUID) -> int:
    for number, row in enumerate(rows):
        if row.id == lesson_id:
            return number
    raise NotFound("This course has no such lesson.")


async def _around(
    tx: Transaction, viewer: Viewer | None, course: LearningCourse, rows: list[OutlineLesson], here: int
) -> dict[str, Any]:
    """What stands around a lesson and changes when one is completed."""
    zone = _zone(viewer)
    left = await lessons.what_is_left(tx, course, zone)
    return {
        "course": course,
        "modules": _modules(course, rows, zone),
        "here": _path(course.slug, rows[here]),
        "previous": _neighbour(course, rows, here - 1, zone),
        "next": _neighbour(course, rows, here + 1, zone),
        "onward": _onward(course, rows, here),
        "left": left,
        "besides": await lessons.besides(tx, course, left),
        "zone": zone,
    }


def _neighbour(course: LearningCourse, rows: list[OutlineLesson], at: int, zone: str) -> dict[str, Any] | None:
    if not 0 <= at < len(rows):
        return None
    row = rows[at]
    shut = lessons.access(course, row) in ("locked", "not_enrolled")
    return {"title": row.title, "href": _path(course.slug, row), "shut": shut, "why": row.lock_words(zone)}


def _onward(course: LearningCourse, rows: list[OutlineLesson], here: int) -> dict[str, Any] | None:
    """Where to go on after a completed lesson: the next one that is open and to be done, else the first of those."""
    if course.enrollment_id is None or rows[here].status != "completed":
        return None
    open_ones = (row for row in (*rows[here + 1 :], *rows[:here]) if row.status != "completed")
    row = next((row for row in open_ones if lessons.access(course, row) == "open"), None)
    return {"title": row.title, "href": _path(course.slug, row)} if row else None


async def _content(
    request: pages.WebRequest,
    tx: Transaction,
    viewer: Viewer | None,
    course: LearningCourse,
    row: OutlineLesson,
    tracked: bool,
) -> dict[str, Any]:
    lesson = await lessons.lesson(tx, viewer, course, row.id)
    video = await lessons.video(tx, viewer, row.id) if row.lesson_type == "video" else None
    hosts = authoring.embed_hosts(pages.site_of(request).settings.embed_hosts)
    shown = await body(tx, viewer, row.id, row.lesson_type, hosts)
    player = None
    if video is not None and video.processing_state == "ready" and (video.playlist_key or video.external_url):
        player = _player(request, viewer, course, row, video, tracked)
    found: dict[str, Any] = {"lesson": lesson, "video": video, "body": shown, "player": player}
    if viewer is not None:
        # Without a learner's rights (a preview, a guest) there is no card, but the lesson is shown all the same.
        may = course.staff or course.enrollment_id is not None
        found["quizzes"] = await attempts.cards_of_lesson(tx, row.id) if may else []
        found["assignments"] = (
            [assignments.shown(one) for one in await assignments.cards_of_lesson(tx, row.id)] if may else []
        )
    found["attachments"] = await documents.attachments(tx, viewer, row.id)
    if row.lesson_type == "pdf" and (document := await documents.document(tx, viewer, row.id)):
        found |= {"document": document, "reader": documents.reader_config(document, tracked=tracked)}
    if row.lesson_type == "scorm" and viewer is not None:
        found["card"] = await scorm.card(tx, row.id, course.enrollment_id)
    return found


def _player(
    request: pages.WebRequest,
    viewer: Viewer | None,
    course: LearningCourse,
    row: OutlineLesson,
    video: Video,
    tracked: bool,
) -> dict[str, Any]:
    """What the island needs; the links are made only here, after the database showed the row to this reader."""
    links = media.video_links(
        pages.site_of(request),
        video.playlist_key,
        video.poster_key,
        video.storyboard_key,
        video.captions,
        viewer.id if viewer else None,
    )
    here = _path(course.slug, row)
    config = {
        "videoId": str(video.id),
        "lessonId": str(row.id),
        "enrollmentId": str(course.enrollment_id) if course.enrollment_id else None,
        "userId": str(viewer.id) if viewer else "",
        "duration": video.duration,
        "resumeAt": video.position,
        "maxRate": float(video.max_rate),
        "goalSeconds": video.goal_seconds,
        "watched": video.ranges,
        "src": video.external_url or links.playlist,
        "provider": video.hosting_provider if video.external_url else None,
        "poster": links.poster,
        "storyboard": links.storyboard,
        "captions": links.captions,
        "openUrl": "/api/v1/playback",
        "heartbeatUrl": HEARTBEAT_PATH,
        "csrf": pages.csrf_token(request),
        "statusUrl": here + "/status",
        "signInUrl": f"/sign-in?next={here}",
        "tracked": tracked,
    }
    return {
        "config": msgspec.json.encode(config).decode(),
        "poster": links.poster,
        "provider": config["provider"],
        "playlist": config["src"] if str(config["src"] or "").partition("?")[0].endswith(".m3u8") else None,
        "provider_name": media.provider_name(video.hosting_provider) if video.external_url else None,
    }


@get("/learn/{slug:str}/{lesson_id:uuid}/status", include_in_schema=False)
async def status(request: pages.WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> Response[str]:
    """What is left, as a fragment of the player, with the outline and the next step as they are now."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        course = await lessons.course(tx, viewer, slug)
        context = await _after(tx, viewer, course, lesson_id)
    return pages.render(request, "progress/_status.html", **context)


async def _after(tx: Transaction, viewer: Viewer, course: LearningCourse, lesson_id: UUID) -> dict[str, Any]:
    """What a lesson changes on its page when it is completed."""
    rows = await lessons.outline(tx, viewer, course)
    at = _place(rows, lesson_id)
    lesson = await lessons.lesson(tx, viewer, course, lesson_id)
    around = await _around(tx, viewer, course, rows, at)
    return {**around, "access": lessons.access(course, rows[at]), "lesson": lesson}


@post("/learn/{slug:str}/{lesson_id:uuid}/visit", status_code=204, include_in_schema=False)
async def visit(request: pages.WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> None:
    """Notes that the reader opened the lesson."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.visit_lesson(tx, lesson_id)


@post("/learn/{slug:str}/{lesson_id:uuid}/complete", include_in_schema=False)
async def complete(request: pages.WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> Response[str]:
    """Completes a lesson by hand. The page then shows the way on; without scripts the next lesson opens."""
    viewer = pages.require_viewer(request)
    here = f"/learn/{slug}/{lesson_id}"
    if pages.is_fragment(request):
        return await _complete_in_page(request, viewer, slug, lesson_id)
    try:
        async with pages.transaction(request) as tx:
            await service.mark_lesson_complete(tx, lesson_id)
            course = await lessons.course(tx, viewer, slug)
            rows = await lessons.outline(tx, viewer, course)
            at = _place(rows, lesson_id)
    except Problem as problem:
        if problem.code != "too_soon":
            raise
        return pages.redirect(request, here, flash=("info", problem.detail))
    if course.enrollment_status == "completed":
        done = (
            "Course complete. Your certificate is under “Certificates”."
            if course.certificate_number
            else "Course complete."
        )
        return pages.redirect(request, here, flash=("success", done))
    following = rows[at + 1] if at + 1 < len(rows) else None
    if following is None or lessons.access(course, following) == "locked":
        return pages.redirect(request, here, flash=("success", "Lesson complete."))
    return pages.redirect(request, _path(slug, following), flash=("success", f"“{rows[at].title}” is complete."))


async def _complete_in_page(request: pages.WebRequest, viewer: Viewer, slug: str, lesson_id: UUID) -> Response[str]:
    wait = ""
    try:
        async with pages.transaction(request) as tx:
            await service.mark_lesson_complete(tx, lesson_id)
    except Problem as problem:
        if problem.code != "too_soon":
            raise
        wait = problem.detail
    async with pages.transaction(request) as tx:
        context = await _after(tx, viewer, await lessons.course(tx, viewer, slug), lesson_id)
    return pages.render(request, "progress/_completed.html", fresh=not wait, wait=wait, **context)


@post("/learn/{slug:str}/newest", include_in_schema=False)
async def move_to_newest(request: pages.WebRequest, slug: FromPath[str]) -> Response[str]:
    """Moves the reader to the newest version, which the page has told of."""
    viewer = pages.require_viewer(request)
    version = str((await request.form()).get("version", ""))
    try:
        wanted = UUID(version)
    except ValueError:
        raise NotFound("This course has no such version.") from None
    try:
        async with pages.transaction(request) as tx:
            course = await lessons.course(tx, viewer, slug)
            await lessons.move_to_newest(tx, course, wanted)
    except Problem as problem:
        if problem.status != 409:
            raise
        return pages.redirect(request, f"/learn/{slug}", flash=("info", problem.detail))
    return pages.redirect(request, f"/learn/{slug}", flash=("success", "You are in the newest version now."))


ROUTES: list[ControllerRouterHandler] = [learn, show_lesson, status, visit, complete, move_to_newest]
