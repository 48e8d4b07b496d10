"""Building an assignment: making it, reading it, publishing, copying and removing it."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from collegium.features.assignments.checks import checks
from collegium.features.assignments.groups import groups, without_group
from collegium.features.assignments.model import (
    TABS,
    Assignment,
    AssignmentLine,
    Check,
    Course,
    LessonChoice,
    NewAssignment,
    Status,
    Tab,
    assignment_of,
)
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

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
    return assignment_of(dict(row.items()))


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


async def checks_of(tx: Transaction, one: Assignment) -> list[Check]:
    """What an assignment still lacks, with what its groups lack."""
    made = await groups(tx, one.id) if one.group_mode else []
    left = (await without_group(tx, one))[1] if one.group_mode else 0
    return checks(one, sum(bool(group.members) for group in made), left)


async def set_status(tx: Transaction, course_id: UUID, assignment_id: UUID, to: Status) -> None:
    """Publishes an assignment, archives it, or takes it back to draft.

    Raises Conflict with what is missing, or when work was handed in and it cannot be a draft any more.
    """
    now = await taught_assignment(tx, course_id, assignment_id)
    if to == "published":
        missing = [check.words for check in await checks_of(tx, now) if check.blocking]
        if missing:
            words = "The assignment cannot be published yet. " + " ".join(missing)
            raise Conflict(words, code="assignment_incomplete")
    elif to == "draft" and now.submissions_count:
        raise Conflict(
            "Work has been handed in, so this cannot be a draft again. Archive it: work and grades stay.",
            code="assignment_handed_in",
        )
    await tx.execute(Q.set_status, assignment_id, to)


async def remove_assignment(tx: Transaction, course_id: UUID, assignment_id: UUID) -> str:
    """Removes an assignment for which nobody has handed in; answers its title. Raises Conflict when somebody has."""
    now = await taught_assignment(tx, course_id, assignment_id)
    words = "Work has been handed in; it stays, and so does the assignment. Archive it instead."
    if now.submissions_count:
        raise Conflict(words, code="assignment_handed_in")
    try:
        await tx.execute(Q.remove_assignment, assignment_id)
    except asyncpg.ForeignKeyViolationError:
        raise Conflict(words, code="assignment_handed_in") from None
    return now.title


async def copy_assignment(tx: Transaction, course_id: UUID, assignment_id: UUID) -> UUID:
    """A draft with the same task and rules, of the course itself; dates, groups and figures are not copied."""
    now = await taught_assignment(tx, course_id, assignment_id)
    return await tx.fetchval(Q.copy_assignment, assignment_id, f"{now.title[:190]} (copy)")
