"""Building a quiz: making it, what it asks in which order, publishing it, copying and removing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from collegium.features.quizzes.checks import checks
from collegium.features.quizzes.model import (
    MOST_PLACES,
    Course,
    Found,
    FoundPlace,
    LessonChoice,
    NewQuiz,
    Pool,
    Quiz,
    QuizLine,
    Row,
    Status,
)
from collegium.features.quizzes.shares import best_share
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = queries.load("collegium.features.quizzes")
NO_SUCH_QUIZ = "There is no such quiz in this course. Somebody may have removed it."
PAGE_SIZE = 30


async def course(tx: Transaction, course_id: UUID) -> Course:
    """A course that the actor teaches. Raises NotFound."""
    return await tx.one(Course, Q.course, course_id)


async def quizzes(tx: Transaction, course_id: UUID) -> list[QuizLine]:
    """The quizzes of a course and of its lessons, in the order of the course."""
    return await tx.all(QuizLine, Q.quizzes, course_id)


async def quiz(tx: Transaction, course_id: UUID, quiz_id: UUID) -> Quiz:
    """One quiz of a course that the actor teaches. Raises NotFound."""
    found = await tx.maybe(Quiz, Q.quiz, course_id, quiz_id)
    if found is None:
        raise NotFound(NO_SUCH_QUIZ, code="no_such_quiz")
    return found


def clean_title(title: str) -> str:
    """A title without surplus spaces. Raises Invalid."""
    cleaned = " ".join(title.split())
    if not 1 <= len(cleaned) <= 200:
        words = "Title: give the quiz a title of at most 200 characters."
        raise Invalid(words, fields={"title": words}, code="quiz_title")
    return cleaned


async def create_quiz(tx: Transaction, course_id: UUID, lesson_id: UUID | None, new: NewQuiz) -> UUID:
    """Makes a draft that belongs to a course, or to one of its lessons.

    Raises Invalid for its title, NotFound for who does not teach the course or when the lesson is not of it.
    """
    title = clean_title(new.title)
    await course(tx, course_id)
    if lesson_id is not None and await tx.fetchval(Q.lesson_title, course_id, lesson_id) is None:
        raise NotFound("There is no such lesson in this course.", code="no_such_lesson")
    return await tx.fetchval(Q.add_quiz, course_id, lesson_id, title, new.description, new.instructions, new.quiz_type)


async def quiz_of_lesson(tx: Transaction, course_id: UUID, lesson_id: UUID) -> UUID | None:
    """The quiz of a lesson; the first when it has several."""
    return await tx.fetchval(Q.quiz_of_lesson, course_id, lesson_id)


async def preview(tx: Transaction, quiz_id: UUID) -> dict[str, Any]:
    """A quiz as an attempt that begins now would ask it, shaped as an attempt; nothing is written. Raises NotFound."""
    found: dict[str, Any] = await tx.fetchval(Q.preview, quiz_id)
    return found


async def lesson_title(tx: Transaction, course_id: UUID, lesson_id: UUID) -> str:
    """The title of a lesson of a course. Raises NotFound."""
    title: str | None = await tx.fetchval(Q.lesson_title, course_id, lesson_id)
    if title is None:
        raise NotFound("There is no such lesson in this course.", code="no_such_lesson")
    return title


async def lessons(tx: Transaction, course_id: UUID) -> list[LessonChoice]:
    """The lessons that a quiz may belong to."""
    return await tx.all(LessonChoice, Q.lessons, course_id)


async def pools(tx: Transaction, course_id: UUID) -> list[Pool]:
    """How many active questions each tag has, in the course's bank and in the shared one."""
    return await tx.all(Pool, Q.pools, course_id)


async def rows(tx: Transaction, quiz_id: UUID, known: Sequence[Pool]) -> list[Row]:
    """What a quiz asks as the lines of the builder: questions and draws under the headings of their sections."""
    instructions = {row["title"]: row["instructions"] for row in await tx.fetch(Q.sections, quiz_id)}
    sizes = {(pool.source, pool.tag): pool.questions for pool in known}
    made: list[Row] = []
    named: set[str] = set()
    here = ""
    for place in await tx.fetch(Q.places, quiz_id):
        section = place["section"] or ""
        # A section that is begun a second time, as a program may write it, is one heading on this page.
        if section != here and section not in named:
            made.append(Row(kind="section", title=section, instructions=instructions.get(section, "")))
        here = section
        named.add(section)
        made.append(_row(place, sizes))
    made += [
        Row(kind="section", title=title, instructions=text)
        for title, text in instructions.items()
        if title not in named
    ]
    return made


def _row(place: Any, sizes: dict[tuple[str, str], int]) -> Row:
    if place["draw_tag"] is not None:
        size = sizes.get((place["draw_from"], place["draw_tag"]), 0)
        return Row(
            kind="draw",
            id=place["id"],
            points=place["points"],
            tag=place["draw_tag"],
            count=place["draw_count"],
            source=place["draw_from"],
            pool=size,
        )
    return Row(
        kind="question",
        id=place["id"],
        points=place["points"],
        version_id=place["version_id"],
        question_id=place["question_id"],
        question_type=place["question_type"],
        text=place["text"],
        status=place["status"],
        newer_id=place["newer_id"],
        keyed=bool(place["keyed"] or place["shared"]),
        best=best_share(place["question_type"], place["correct_answer"]),
    )


async def arrange(tx: Transaction, quiz_id: UUID, wanted: Sequence[Row], revision: int) -> int:
    """Writes what a quiz asks, in order; answers the new revision.

    Raises Conflict when somebody else changed it since ``revision``, Invalid in words for what cannot be.
    """
    places: list[dict[str, Any]] = []
    sections: list[dict[str, str]] = []
    here: str | None = None
    for row in wanted:
        if row.kind == "section":
            here = row.title or None
            if row.title:
                sections.append({"title": row.title, "instructions": row.instructions})
        else:
            places.append(_place(row, here))
    if len(places) > MOST_PLACES:
        raise Invalid(f"A quiz has at most {MOST_PLACES} places.", code="quiz_full")
    if len({section["title"] for section in sections}) < len(sections):
        raise Invalid("Two sections have the same title. Give one of them another.", code="section_twice")
    try:
        return await tx.fetchval(Q.arrange, quiz_id, places, sections, revision)
    except asyncpg.IntegrityConstraintViolationError:
        raise Invalid(
            "One of these lines cannot be kept as it is. Reload the page and try again.", code="quiz_line"
        ) from None


def _place(row: Row, section: str | None) -> dict[str, Any]:
    common = {"points": str(row.points), "section": section}
    if row.kind == "draw":
        drawn = {"draw_tag": row.tag, "draw_count": row.count, "draw_from": row.source}
        return common | drawn | ({"id": str(row.id)} if row.id else {})
    return common | {"question_version_id": str(row.version_id)}


async def add_questions(tx: Transaction, quiz_id: UUID, versions: Sequence[UUID]) -> int:
    """Puts questions of the bank at the end of a quiz, each for its own points; answers how many were new to it.

    Raises NotFound for who does not teach its course, Invalid for a question of another one.
    """
    row = await tx.fetchrow(Q.quiz_to_fill, quiz_id)
    if row is None:
        raise NotFound(NO_SUCH_QUIZ, code="no_such_quiz")
    now = await rows(tx, quiz_id, [])
    there = {one.version_id for one in now}
    worth = {one["id"]: one["points"] for one in await tx.fetch(Q.points_of, list(versions))}
    fresh = [version for version in dict.fromkeys(versions) if version not in there]
    if any(version not in worth for version in fresh):
        raise Invalid(
            "There is no such question in this course's bank or the shared one.", code="question_of_another_course"
        )
    added = [Row(kind="question", version_id=version, points=worth[version]) for version in fresh]
    if added:
        await arrange(tx, quiz_id, [*now, *added], row["revision"])
    return len(added)


async def find_questions(
    tx: Transaction, course_id: UUID, quiz_id: UUID, words: str, tag: str, question_type: str, after: FoundPlace | None
) -> tuple[list[Found], FoundPlace | None]:
    """One page of the questions that a quiz may ask, and where the next one begins."""
    place = (after.created_at, after.question_id) if after else (None, None)
    found = await tx.all(Found, Q.find_questions, course_id, quiz_id, words, tag, question_type, *place, PAGE_SIZE + 1)
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    return found[:PAGE_SIZE], FoundPlace(last.created_at, last.question_id) if last else None


async def set_status(tx: Transaction, course_id: UUID, quiz_id: UUID, to: Status) -> None:
    """Publishes a quiz, archives it, or takes it back to draft.

    Raises Conflict with what is missing, or when it was taken and cannot be a draft any more.
    """
    now = await quiz(tx, course_id, quiz_id)
    if to == "published":
        lines = await rows(tx, quiz_id, await pools(tx, course_id))
        missing = [check.words for check in checks(now, lines) if check.blocking]
        if missing:
            raise Conflict("The quiz cannot be published yet. " + " ".join(missing), code="quiz_incomplete")
    elif to == "draft" and now.taken and now.status != "draft":
        raise Conflict(
            "Learners have taken this quiz, so it cannot be a draft again. Archive it: results stay.",
            code="quiz_taken",
        )
    await tx.execute(Q.set_status, course_id, quiz_id, to)


async def remove_quiz(tx: Transaction, course_id: UUID, quiz_id: UUID) -> str:
    """Removes a quiz that nobody has taken; answers its title. Raises Conflict when somebody has."""
    now = await quiz(tx, course_id, quiz_id)
    words = "Learners have taken this quiz; their results stay, and so does it. Archive it instead."
    if now.taken:
        raise Conflict(words, code="quiz_taken")
    try:
        await tx.execute(Q.remove_quiz, course_id, quiz_id)
    except asyncpg.ForeignKeyViolationError:
        raise Conflict(words, code="quiz_taken") from None
    return now.title


async def copy_quiz(tx: Transaction, course_id: UUID, quiz_id: UUID) -> UUID:
    """A draft with the same questions and settings, of the course itself; dates and figures are not copied."""
    now = await quiz(tx, course_id, quiz_id)
    title = f"{now.title[:190]} (copy)"
    made: UUID = await tx.fetchval(Q.copy_settings, course_id, quiz_id, title)
    lines = [replace(row, id=None) for row in await rows(tx, quiz_id, [])]
    await arrange(tx, made, lines, 1)
    return made
