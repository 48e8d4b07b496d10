"""Building an assignment: making it, reading it, publishing, copying and removing it."""

from __future__ import annotations

from uuid import UUID

from collegium.features.assignments.model import (
    TABS,
    Assignment,
    AssignmentLine,
    Course,
    LessonChoice,
    NewAssignment,
    Tab,
    assignment_of,
)
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

Q = queries.load("collegium.features.assignments")
NO_SUCH_ASSIGNMENT = "There is no such assignment in this course. Somebody may have removed it."


def assignment_tab(suffix: str, words: str, *, rank: int, only: str = "") -> None:
    """Puts a page among the tabs of an assignment, when the module that has the page is loaded.

    ``only`` names a setting that must be on, such as ``enable_peer_review``.
    """
    if all(known.suffix != suffix for known in TABS):
        TABS.append(Tab(suffix, words, rank, only))
        TABS.sort(key=lambda known: known.rank)


async def course(tx: Transaction, course_id: UUID) -> Course:
    """A course that the actor teaches. Raises NotFound."""
    return await tx.one(Course, Q.course, course_id)


async def assignments(tx: Transaction, course_id: UUID) -> list[AssignmentLine]:
    """The assignments of a course and of its lessons, in the order of the course."""
    return await tx.all(AssignmentLine, Q.assignments, course_id)


async def assignment(tx: Transaction, assignment_id: UUID) -> Assignment:
    """An assignment that the actor may see, with all its settings. Raises NotFound."""
    row = await tx.fetchrow(Q.assignment, assignment_id)
    if row is None:
        raise NotFound(NO_SUCH_ASSIGNMENT, code="no_such_assignment")
    return assignment_of(row)


async def taught_assignment(tx: Transaction, course_id: UUID, assignment_id: UUID) -> Assignment:
    """An assignment of a course that the actor teaches. Raises NotFound."""
    if not await tx.fetchval(Q.taught, course_id, assignment_id):
        raise NotFound(NO_SUCH_ASSIGNMENT, code="no_such_assignment")
    return await assignment(tx, assignment_id)


def clean_title(title: str) -> str:
    """A title without surplus spaces. Raises Invalid."""
    cleaned = " ".join(title.split())
    if not 1 <= len(cleaned) <= 200:
        words = "Title: give the assignment a title of at most 200 characters."
        raise Invalid(words, fields={"title": words}, code="assignment_title")
    return cleaned


async def create_assignment(tx: Transaction, course_id: UUID, lesson_id: UUID | None, new: NewAssignment) -> UUID:
    """Makes a draft of a course, or of one of its lessons.

    Raises Invalid for its title, NotFound for who does not teach the course or when the lesson is not of it.
    """
    title = clean_title(new.title)
    await course(tx, course_id)
    if lesson_id is not None:
        await lesson_title(tx, course_id, lesson_id)
    return await tx.fetchval(Q.add_assignment, course_id, lesson_id, title, new.description)


async def assignment_of_lesson(tx: Transaction, course_id: UUID, lesson_id: UUID) -> UUID | None:
    """The assignment of a lesson; the first when it has several."""
    return await tx.fetchval(Q.assignment_of_lesson, course_id, lesson_id)


async def lesson_title(tx: Transaction, course_id: UUID, lesson_id: UUID) -> str:
    """The title of a lesson of a course. Raises NotFound."""
    title: str | None = await tx.fetchval(Q.lesson_title, course_id, lesson_id)
    if title is None:
        raise NotFound("There is no such lesson in this course.", code="no_such_lesson")
    return title


async def lessons(tx: Transaction, course_id: UUID) -> list[LessonChoice]:
    """The lessons that an assignment may belong to."""
    return await tx.all(LessonChoice, Q.lessons, course_id)
