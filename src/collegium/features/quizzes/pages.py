"""The studio's pages of quizzes: the list of a course, and the builder."""

from __future__ import annotations

from typing import Any, cast, get_args
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.quizzes import (
    grading_pages,
    insight_pages,
    people_pages,
    preview_pages,
    regrade_pages,
    service,
    settings_pages,
)
from collegium.features.quizzes.forms import act_of, done, id_of, number, read_form, read_rows
from collegium.features.quizzes.model import QUESTION_TYPES, TYPES, FoundPlace, NewQuiz, QuizType, Row, Status
from collegium.features.quizzes.places import quiz_path
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path, course_place, lesson_place
from collegium.web.words import plural

course_place("/quizzes", "Quizzes", "list-checks", rank=2)
lesson_place("/quiz", "Questions", types=("quiz",), rank=1)

LIST = "/studio/{course_id:uuid}/quizzes"
ONE = LIST + "/{quiz_id:uuid}"
STATUSES: tuple[Status, ...] = get_args(Status)
DONE = {
    "published": "The quiz is published. Learners can take it from when it opens.",
    "archived": "The quiz is archived. Nobody starts it any more; results stay.",
    "draft": "The quiz is a draft again. Learners do not see it.",
}


@get(LIST, include_in_schema=False)
async def quizzes(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The quizzes of a course and of its lessons."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        found = await service.quizzes(tx, course_id)
        lessons = await service.lessons(tx, course_id)
    return pages.render(
        request,
        "quizzes/list.html",
        studio_course=course,
        quizzes=found,
        lessons=lessons,
        types=TYPES,
        path=f"/studio/{course_id}/quizzes",
    )


@post(LIST, include_in_schema=False)
async def make(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a draft and leads to its builder."""
    pages.require_teacher(request)
    form = await read_form(request)
    kind = form.text("quiz_type")
    new = NewQuiz(title=form.text("title"), quiz_type=cast("QuizType", kind) if kind in TYPES else "formative")
    try:
        async with pages.transaction(request) as tx:
            made = await service.create_quiz(tx, course_id, id_of(form.text("lesson")), new)
    except Invalid as problem:
        return pages.redirect(request, course_path(course_id, "/quizzes"), flash=("error", problem.detail))
    return pages.redirect(request, quiz_path(course_id, made))


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/quiz", include_in_schema=False)
async def of_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Leads to the quiz of a lesson, or offers to make it."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        title = await service.lesson_title(tx, course_id, lesson_id)
        found = await service.quiz_of_lesson(tx, course_id, lesson_id)
    if found is not None:
        return pages.redirect(request, quiz_path(course_id, found))
    return pages.render(
        request,
        "quizzes/of_lesson.html",
        studio_course=course,
        lesson_title=title,
        lesson_id=lesson_id,
        lesson_type="quiz",
    )


async def _body(tx: Transaction, course_id: UUID, quiz_id: UUID) -> dict[str, Any]:
    """What the builder shows."""
    quiz = await service.quiz(tx, course_id, quiz_id)
    pools = await service.pools(tx, course_id)
    rows = await service.rows(tx, quiz_id, pools)
    return _shown(quiz, pools, rows)


def _shown(quiz: service.Quiz, pools: list[service.Pool], rows: list[Row]) -> dict[str, Any]:
    checks = service.checks(quiz, rows)
    total, _ = service.points_reachable(rows)
    return {
        "quiz": quiz,
        "path": quiz_path(quiz.of_course_id, quiz.id),
        "rows": rows,
        "pools": pools,
        "checks": checks,
        "ready": not any(check.blocking for check in checks),
        "asked": sum(row.asks for row in rows),
        "total": total,
        "kinds": QUESTION_TYPES,
    }


@get(ONE, include_in_schema=False)
async def builder(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """What a quiz asks, and what it lacks."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        shown = await _body(tx, course_id, quiz_id)
    return pages.render(request, "quizzes/builder.html", studio_course=course, problem=None, **shown)


@post(ONE + "/places", include_in_schema=False, status_code=200)
async def arrange(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[Any]:
    """Saves what the builder shows, after what a button asked for. A script is answered with the part that changed."""
    pages.require_teacher(request)
    form = await read_form(request)
    verb, at = act_of(form.text("act"))
    try:
        async with pages.transaction(request) as tx:
            await service.quiz(tx, course_id, quiz_id)
            wanted = await _acted(tx, course_id, quiz_id, read_rows(form), verb, at)
            await service.arrange(tx, quiz_id, wanted, number(form.text("revision"), 1, 999_999_999) or 0)
    except (Conflict, Invalid) as problem:
        return await _refused(request, course_id, quiz_id, problem)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _refused(request, course_id, quiz_id, problem)
    if not pages.is_fragment(request):
        return pages.redirect(request, quiz_path(course_id, quiz_id))
    viewer = pages.require_teacher(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        shown = await _body(tx, course_id, quiz_id)
    # A save by itself leaves what the person is typing in as it is, and brings only the figures and the check list.
    template = "quizzes/_side.html" if verb == "save" else "quizzes/_answer.html"
    return pages.render(request, template, studio_course={"id": course_id}, problem=None, **shown)


async def _acted(tx: Transaction, course_id: UUID, quiz_id: UUID, rows: list[Row], verb: str, at: int) -> list[Row]:
    if verb != "newer":
        return done(rows, verb, at)
    there = {row.version_id: row for row in await service.rows(tx, quiz_id, [])}
    return [
        Row(kind="question", version_id=there[row.version_id].newer_id, points=row.points)
        if n == at and row.version_id in there and there[row.version_id].newer_id
        else row
        for n, row in enumerate(rows, 1)
    ]


async def _refused(request: WebRequest, course_id: UUID, quiz_id: UUID, problem: Problem) -> Response[str]:
    """Why nothing was saved. What was arranged stays in the page; without a script the saved state comes back."""
    if pages.is_fragment(request):
        response = pages.render(request, "quizzes/_refused.html", status=problem.status, problem=problem)
        viewer = pages.require_teacher(request)
        async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
            response.headers["X-Revision"] = str((await service.quiz(tx, course_id, quiz_id)).revision)
        return response
    return pages.redirect(request, quiz_path(course_id, quiz_id), flash=("error", problem.detail))


@get(ONE + "/add", include_in_schema=False)
async def bank(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Questions of the bank that can be put into a quiz."""
    pages.require_teacher(request)
    asked = {name: request.query_params.get(name, "").replace("\x00", "")[:100] for name in ("q", "tag", "type")}
    after = read_cursor(request.query_params.get("after"), FoundPlace)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        pools = await service.pools(tx, course_id)
        found, following = await service.find_questions(
            tx, course_id, quiz_id, asked["q"].strip(), asked["tag"], asked["type"], after
        )
    return pages.render(
        request,
        "quizzes/add.html",
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        found=found,
        following=write_cursor(following) if following else None,
        asked=asked,
        tags=sorted({pool.tag for pool in pools}),
        kinds=QUESTION_TYPES,
    )


@post(ONE + "/add", include_in_schema=False)
async def add(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Puts the chosen questions at the end of a quiz."""
    pages.require_teacher(request)
    form = await read_form(request)
    chosen = form.ids("version")
    if not chosen:
        return pages.redirect(request, quiz_path(course_id, quiz_id, "/add"), flash=("info", "Choose questions first."))
    async with pages.transaction(request) as tx:
        await service.quiz(tx, course_id, quiz_id)
        count = await service.add_questions(tx, quiz_id, chosen)
    words = f"{plural(count, 'question')} added." if count else "The quiz asks these already."
    return pages.redirect(request, quiz_path(course_id, quiz_id), flash=("success", words))


@post(ONE + "/draw", include_in_schema=False)
async def draw(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Puts a draw of several questions with a tag at the end of a quiz."""
    pages.require_teacher(request)
    form = await read_form(request)
    source, _, tag = form.text("pool").partition(":")
    back = quiz_path(course_id, quiz_id)
    line = [
        ("row", "draw"),
        ("tag", tag),
        ("from", source),
        ("count", form.text("count")),
        ("points", form.text("points")),
    ]
    try:
        async with pages.transaction(request) as tx:
            quiz = await service.quiz(tx, course_id, quiz_id)
            now = await service.rows(tx, quiz_id, [])
            await service.arrange(tx, quiz_id, [*now, *read_rows(type(form)(line))], quiz.revision)
    except (Conflict, Invalid) as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", "The draw is added."))


@post(ONE + "/status", include_in_schema=False)
async def set_status(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Publishes, archives, or takes back to draft; a refusal leads back to the builder, which says why."""
    pages.require_teacher(request)
    to = (await read_form(request)).text("to")
    if to not in STATUSES:
        raise Invalid("There is no such step.", code="no_such_step")
    back = quiz_path(course_id, quiz_id)
    try:
        async with pages.transaction(request) as tx:
            await service.set_status(tx, course_id, quiz_id, to)
    except Conflict as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", DONE[to]))


@post(ONE + "/copy", include_in_schema=False)
async def copy(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Copies a quiz and leads to the copy."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        made = await service.copy_quiz(tx, course_id, quiz_id)
    words = "This is the copy: a draft of the course, without dates."
    return pages.redirect(request, quiz_path(course_id, made), flash=("success", words))


@post(ONE + "/remove", include_in_schema=False)
async def remove(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Removes a quiz that nobody has taken."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            title = await service.remove_quiz(tx, course_id, quiz_id)
    except Conflict as problem:
        return pages.redirect(request, course_path(course_id, "/quizzes"), flash=("error", problem.detail))
    return pages.redirect(request, course_path(course_id, "/quizzes"), flash=("success", f"“{title}” is removed."))


ROUTES: list[ControllerRouterHandler] = [
    *(quizzes, make, of_lesson, builder, arrange, bank, add, draw, set_status, copy, remove),
    *settings_pages.ROUTES,
    *people_pages.ROUTES,
    *preview_pages.ROUTES,
    *insight_pages.ROUTES,
    *regrade_pages.ROUTES,
    *grading_pages.ROUTES,
]
