"""The studio's pages about how videos are watched."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.insight import findings, service
from collegium.features.insight.model import FEWEST, Watching
from collegium.kit.errors import Conflict
from collegium.web import csvfile, pages, studio
from collegium.web.pages import WebRequest
from collegium.web.words import seconds

studio.course_place("/insight", "Insight", "chart-line", rank=70)

PLACE = "/studio/{course_id:uuid}/insight"
TOO_FEW = f"Fewer than {FEWEST} people have watched this video, so its figures would be those of single learners."


@get(PLACE, include_in_schema=False)
async def show_course(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Every video of a course, with how much of it is watched."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        videos = await service.of_course(tx, course_id)
    return pages.render(request, "insight/course.html", studio_course=course, videos=videos, line=_line, fewest=FEWEST)


@get(PLACE + "/{lesson_id:uuid}", include_in_schema=False)
async def show_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """The curve of one video, what stands out in it, and the table behind it."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        video = await service.of_lesson(tx, course_id, lesson_id)
    shown = video.enough
    return pages.render(
        request,
        "insight/lesson.html",
        studio_course=course,
        video=video,
        fewest=FEWEST,
        sentences=_sentences(video) if shown else [],
        chart=_chart(video) if shown else "",
    )


@get(PLACE + "/{lesson_id:uuid}/watching.csv", include_in_schema=False)
async def lesson_table(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[bytes]:
    """The table behind the curve, as CSV (RFC 4180)."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        video = await service.of_lesson(tx, course_id, lesson_id)
    if not video.enough:
        raise Conflict(TOO_FEW, code="too_few")
    rows = [["from_seconds", "to_seconds", "viewers", "share_of_viewers_percent", "plays", "skips", "stopped_here"]]
    rows += [
        [str(b.start), str(b.end), f"{b.viewers:.1f}", f"{100 * b.viewers / video.people:.1f}", f"{b.plays:.1f}",
         f"{b.skips:.1f}", str(b.stops)]
        for b in video.buckets
    ]  # fmt: skip
    return csvfile.small(f"watching-{lesson_id}.csv", rows)


@get(PLACE + "/videos.csv", include_in_schema=False)
async def course_table(request: WebRequest, course_id: FromPath[UUID]) -> Response[bytes]:
    """The list of videos, as CSV; figures of fewer than five viewers stay empty."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        videos = await service.of_course(tx, course_id)
    rows = [["module", "lesson", "seconds", "viewers", "seen_on_average_percent", "saw_the_end_percent"]]
    rows += [
        [video.module_title, video.title, str(video.duration), str(video.people),
         *([f"{video.average:.1f}", f"{video.to_the_end:.1f}"] if video.enough else ["", ""])]
        for video in videos
    ]  # fmt: skip
    return csvfile.small(f"videos-{course_id}.csv", rows)


def _span(start: int, end: int) -> str:
    return f"{seconds(start)}–{seconds(end)}"


def _sentences(video: Watching) -> list[tuple[str, str]]:
    """What stands out, as (icon, sentence)."""
    found = [
        ("repeat", f"{_span(s.start, s.end)} was played {s.figure:.1f} times by each viewer who saw it.")
        for s in findings.rewatched(video)
    ]
    found += [
        ("fast-forward", f"{_span(s.start, s.end)} was skipped by {s.figure:.0f} of every 100 viewers.")
        for s in findings.skipped(video)
    ]
    early = findings.stopped_early(video)
    found += [
        ("circle-stop", f"{s.figure:.0f} of the {early} who stopped before the end did so at {_span(s.start, s.end)}.")
        for s in findings.left(video)
    ]
    return found


def _chart(video: Watching) -> str:
    """What the island draws, as JSON. Shares are of all viewers, in percent."""
    people = video.people
    return msgspec.json.encode(
        {
            "starts": [b.start for b in video.buckets],
            "ends": [b.end for b in video.buckets],
            "seen": [round(min(100, 100 * b.viewers / people), 1) for b in video.buckets],
            "played": [round(100 * b.plays / people, 1) for b in video.buckets],
            "duration": video.duration,
            "again": [[s.start, s.end] for s in findings.rewatched(video)],
            "skipped": [[s.start, s.end] for s in findings.skipped(video)],
        }
    ).decode()


def _line(video: Watching) -> str:
    """The curve in little, as the points of a line 100 wide and 24 high."""
    buckets = video.buckets
    last = max(1, len(buckets) - 1)
    shares = [min(1.0, b.viewers / video.people) for b in buckets]
    return " ".join(f"{100 * at / last:.1f},{23 - 22 * share:.1f}" for at, share in enumerate(shares))


ROUTES: list[ControllerRouterHandler] = [show_course, course_table, show_lesson, lesson_table]
