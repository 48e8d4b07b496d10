"""Adding modules and lessons to a course."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from collegium.features.studio.courses import NO_SUCH_COURSE, Q
from collegium.features.studio.model import LESSON_TYPES, Criteria, LessonSettings, LessonType
from collegium.features.studio.titles import clean_title
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

USUAL_CRITERIA: dict[LessonType, Criteria] = {
    "video": "video_watched",
    "quiz": "quiz_passed",
    "scorm": "scorm_completed",
    "assignment": "assignment_passed",
}


async def add_module(tx: Transaction, course_id: UUID, title: str) -> UUID:
    """A new module at the end of a course. Raises Invalid for its title, NotFound for who does not teach the course."""
    cleaned = clean_title(title)
    if await tx.fetchval(Q.course, course_id) is None:
        raise NotFound(NO_SUCH_COURSE, code="no_such_course")
    await tx.execute(Q.hold_outline, course_id)
    return await tx.fetchval(Q.add_module, course_id, cleaned)


async def add_lesson(tx: Transaction, module_id: UUID, lesson_type: str, title: str, **settings: Any) -> UUID:
    """A new lesson at the end of a module; ``settings`` are those of LessonSettings.

    Raises Invalid in words for what cannot be, NotFound for who does not teach the course.
    """
    cleaned = clean_title(title)
    if lesson_type not in LESSON_TYPES:
        raise Invalid("There is no such type of lesson.", code="no_such_lesson_type")
    try:
        chosen = msgspec.convert(settings, LessonSettings, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"These settings do not fit a lesson: {error}.", code="lesson_settings") from None
    course_id: UUID | None = await tx.fetchval(Q.course_of_module, module_id)
    if course_id is None:
        raise NotFound("There is no such module in a course that you teach.", code="no_such_module")
    await tx.execute(Q.hold_outline, course_id)
    return await tx.fetchval(
        Q.add_lesson,
        module_id,
        course_id,
        lesson_type,
        cleaned,
        chosen.description,
        chosen.require_completion,
        chosen.is_preview,
        chosen.completion_criteria or USUAL_CRITERIA.get(lesson_type, "marked_complete"),
        chosen.min_time_seconds,
        chosen.watched_percentage_required,
        chosen.estimated_duration_minutes,
        chosen.learning_objectives,
    )
