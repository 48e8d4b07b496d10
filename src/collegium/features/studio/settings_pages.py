"""Settings of a lesson and of a module."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.studio import service
from collegium.features.studio.forms import Form, instant, read_form
from collegium.features.studio.kinds import KINDS
from collegium.features.studio.service import Decided, DecidedModule, LessonChoice, ModuleChoice, Outline
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path
from collegium.web.words import local

CRITERIA = {
    "video_watched": "When enough of the video was watched",
    "time_spent": "When a minimum time has passed since it was opened",
    "marked_complete": "When the learner marks it as complete",
    "quiz_passed": "When the quiz is passed",
    "assignment_passed": "When a grade passes the assignment",
    "scorm_completed": "When the package says so",
}
# The words of the page for each thing that somebody else may have changed.
NAMES = {
    "title": "title",
    "description": "description",
    "lesson_type": "type",
    "completion_criteria": "way to complete it",
    "min_time_seconds": "minimum time",
    "watched_percentage_required": "share to watch",
    "require_completion": "whether it is required",
    "is_preview": "preview",
    "unlock_after_lesson_id": "lesson before it",
    "unlock_after_module_id": "module before it",
    "unlock_date": "date",
    "estimated_duration_minutes": "length",
    "learning_objectives": "objectives",
    "requires": "required lessons",
}


def _number(text: str) -> Decimal | None:
    """A number of a form; None for nothing, and one that no check lets pass for what is no number."""
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return Decimal(-1)
    return value if value.is_finite() and abs(value) < 10_000_000 else Decimal(-1)


def _whole(text: str) -> int | None:
    value = _number(text)
    return None if value is None else int(value) if value == int(value) else -1


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("Choose one of the list.", code="no_such_part") from None


def _date(form: Form, zone: str, kept: datetime | None) -> datetime | None:
    """The date of the form; the seconds of the one that is kept stay where nobody changed the minute."""
    at = instant(form.text("unlock_date"), zone)
    return kept if at and kept and at == kept.replace(second=0, microsecond=0) else at


def _lesson_of(form: Form, zone: str, now: LessonChoice) -> LessonChoice:
    minutes = _number(form.text("min_minutes"))
    watched = _number(form.text("watched"))
    criteria: Any = form.text("completion_criteria") or now.completion_criteria
    kind: Any = form.text("lesson_type") or now.lesson_type
    if kind != now.lesson_type and kind in KINDS and criteria == now.completion_criteria:
        # With its type a lesson gets what is usual for it.
        criteria = KINDS[kind].criteria[0]
    return LessonChoice(
        title=form.text("title"),
        description=form.text("description").replace("\r\n", "\n").strip(),
        lesson_type=kind,
        completion_criteria=criteria,
        min_time_seconds=None if minutes is None else round(minutes * 60),
        watched_percentage_required=now.watched_percentage_required if watched is None else watched,
        require_completion=form.ticked("require_completion"),
        is_preview=form.ticked("is_preview"),
        unlock_after_lesson_id=_id(form.text("after")),
        unlock_date=_date(form, zone, now.unlock_date),
        estimated_duration_minutes=_whole(form.text("minutes")),
        learning_objectives=service.objectives(form.text("objectives")),
        requires=sorted(one for one in map(_id, form.all("requires")) if one),
    )


def _module_of(form: Form, zone: str, now: ModuleChoice) -> ModuleChoice:
    return ModuleChoice(
        title=form.text("title"),
        description=form.text("description").replace("\r\n", "\n").strip(),
        unlock_after_module_id=_id(form.text("after")),
        unlock_date=_date(form, zone, now.unlock_date),
        estimated_duration_minutes=_whole(form.text("minutes")),
        learning_objectives=service.objectives(form.text("objectives")),
    )


def _differing(one: LessonChoice | ModuleChoice, other: LessonChoice | ModuleChoice) -> list[str]:
    return [words for name, words in NAMES.items() if getattr(one, name, None) != getattr(other, name, None)]


async def _show(
    request: WebRequest,
    tx: Transaction,
    template: str,
    course_id: UUID,
    now: Decided | DecidedModule,
    given: LessonChoice | ModuleChoice | None = None,
    problem: Problem | None = None,
    outline: Outline | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    choice = given or now.choice
    date = choice.unlock_date
    errors = dict(problem.fields) if isinstance(problem, Invalid) else {}
    if problem and problem.code == "unlock_circle":
        errors["requires" if isinstance(now, Decided) else "after"] = problem.detail
    kind = KINDS[now.choice.lesson_type] if isinstance(now, Decided) else None
    stale = problem is not None and problem.code == "settings_changed"
    return pages.render(
        request,
        template,
        status=problem.status if problem else 200,
        studio_course=await service.course(tx, course_id),
        lesson_type=now.choice.lesson_type if isinstance(now, Decided) else None,
        outline=outline or await service.outline(tx, course_id),
        now_choice=now,
        choice=choice,
        at=local(date, viewer.time_zone).strftime("%Y-%m-%dT%H:%M") if date else "",
        seen=service.mark_of(now.choice),
        kinds=KINDS,
        options=[(name, CRITERIA[name]) for name in kind.criteria] if kind else [],
        problem=problem,
        errors=errors,
        theirs=_differing(choice, now.choice) if stale else [],
    )


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/settings", include_in_schema=False)
async def lesson_settings(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """What is decided about a lesson."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        now = await service.lesson_settings(tx, course_id, lesson_id)
        return await _show(request, tx, "studio/lesson_settings.html", course_id, now)


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/settings", include_in_schema=False)
async def keep_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Keeps it; what cannot be is said beside its field."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    given: LessonChoice | None = None
    try:
        async with pages.transaction(request) as tx:
            now = await service.lesson_settings(tx, course_id, lesson_id)
            given = _lesson_of(form, viewer.time_zone, now.choice)
            wanted = Decided(lesson_id, now.state, now.type_is_open, given)
            await service.keep_lesson(tx, await service.outline(tx, course_id), course_id, wanted, form.text("seen"))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        async with pages.transaction(request) as tx:
            now = await service.lesson_settings(tx, course_id, lesson_id)
            return await _show(request, tx, "studio/lesson_settings.html", course_id, now, given, problem)
    return pages.redirect(
        request, course_path(course_id, f"/lessons/{lesson_id}/settings"), flash=("success", "The settings are saved.")
    )


@get("/studio/{course_id:uuid}/modules/{module_id:uuid}/settings", include_in_schema=False)
async def module_settings(request: WebRequest, course_id: FromPath[UUID], module_id: FromPath[UUID]) -> Response[str]:
    """What is decided about a module."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        now = await service.module_settings(tx, course_id, module_id)
        return await _show(request, tx, "studio/module_settings.html", course_id, now)


@post("/studio/{course_id:uuid}/modules/{module_id:uuid}/settings", include_in_schema=False)
async def keep_module(request: WebRequest, course_id: FromPath[UUID], module_id: FromPath[UUID]) -> Response[str]:
    """Keeps it; what cannot be is said beside its field."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    given: ModuleChoice | None = None
    try:
        async with pages.transaction(request) as tx:
            now = await service.module_settings(tx, course_id, module_id)
            given = _module_of(form, viewer.time_zone, now.choice)
            others = [part.id for part in await service.arrangement(tx, course_id) if part.id != module_id]
            wanted = DecidedModule(module_id, now.state, given)
            await service.keep_module(tx, others, course_id, wanted, form.text("seen"))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        async with pages.transaction(request) as tx:
            now = await service.module_settings(tx, course_id, module_id)
            return await _show(request, tx, "studio/module_settings.html", course_id, now, given, problem)
    return pages.redirect(request, course_path(course_id), flash=("success", "The settings are saved."))


ROUTES: list[ControllerRouterHandler] = [lesson_settings, keep_lesson, module_settings, keep_module]
