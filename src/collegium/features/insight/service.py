"""Insight: how the videos of a course are watched, for those who teach it."""

from __future__ import annotations

from uuid import UUID

from collegium.features.insight.model import Course, Watching
from collegium.kit import queries
from collegium.kit.db import Transaction

Q = queries.load("collegium.features.insight")


async def course(tx: Transaction, course_id: UUID) -> Course:
    """A course that the person who asks teaches; raises NotFound."""
    return await tx.one(Course, Q.course, course_id)


async def of_course(tx: Transaction, course_id: UUID) -> list[Watching]:
    """How each video of a course is watched, in the order of the course."""
    return await tx.all(Watching, Q.watching_of_course, course_id)


async def of_lesson(tx: Transaction, course_id: UUID, lesson_id: UUID) -> Watching:
    """How the video of a lesson is watched; raises NotFound. Reads one row, however often it was watched."""
    return await tx.one(Watching, Q.watching_of_lesson, course_id, lesson_id)


async def fold(tx: Transaction) -> int:
    """Gathers what was watched since the last time, in a system transaction; how many lines that was."""
    return int(await tx.fetchval(Q.fold_watching))
