"""What a lesson's page shows: the course as a learner walks through it, and one lesson's content."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from collegium.features.assignments import service as assignments
from collegium.features.attempts import service as attempts
from collegium.features.documents import service as documents
from collegium.features.progress.model import Requirement
from collegium.features.progress.service import Q, parse_ranges, requirements
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound
from collegium.kit.viewer import Viewer
from collegium.web.words import day

Access = Literal["open", "preview", "staff", "locked", "not_enrolled"]


class LearningCourse(msgspec.Struct, frozen=True):
    """A course with the reader's own enrollment in it."""

    id: UUID
    title: str
    slug: str
    ce_credits: Decimal
    completion_certificate: bool
    staff: bool
    enrollment_id: UUID | None
    enrollment_status: str | None
    current_lesson_id: UUID | None
    completed_at: datetime | None
    certificate_number: str | None
    has_forum: bool = False
    another_version: bool | None = None
    cohort_name: str | None = None
    waits: bool = False


class NewerVersion(msgspec.Struct, frozen=True):
    """A version published after the one that the reader began: lessons done and asked now, and after moving to it."""

    version_id: UUID
    from_number: int | None
    to_number: int
    done_before: int
    asked_before: int
    done_after: int
    asked_after: int


class OutlineLesson(msgspec.Struct, frozen=True):
    """A lesson in the outline, with the reader's state in it."""

    module_id: UUID
    module_title: str
    module_order: int
    id: UUID
    title: str
    lesson_type: str
    is_preview: bool
    require_completion: bool
    minutes: int | None
    status: str
    lock_reason: str | None
    waits_for: str | None
    opens_at: datetime | None

    def lock_words(self, zone: str) -> str | None:
        """Why the lesson is shut, in words; None when it is not."""
        if self.lock_reason is None:
            return None
        if self.opens_at is not None:
            return f"Opens on {day(self.opens_at, zone)}"
        return f"Opens when you have completed “{self.waits_for}”"


class Lesson(msgspec.Struct, frozen=True):
    """One lesson and the reader's own progress in it."""

    id: UUID
    title: str
    description: str | None
    lesson_type: str
    completion_criteria: str
    min_time_seconds: int | None
    minutes: int | None
    started_at: datetime | None
    completed_at: datetime | None


class Video(msgspec.Struct, frozen=True):
    """A lesson's video with what the reader has watched of it. Times in whole seconds.

    `duration` is 0 while nobody knows how long it is.
    """

    id: UUID
    hosting_provider: str
    external_url: str | None
    playlist_key: str | None
    poster_key: str | None
    storyboard_key: str | None
    duration: int
    max_rate: Decimal
    captions: list[dict[str, Any]]
    transcript: list[dict[str, Any]]
    processing_state: str
    processing_error: str | None
    watched: str
    watched_seconds: int
    position: int
    goal_seconds: int

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The seconds watched, as half-open ranges."""
        return parse_ranges(self.watched)


async def course(tx: Transaction, viewer: Viewer | None, slug: str) -> LearningCourse:
    """The course at an address; raises NotFound when there is none for this reader."""
    sql = Q.course_for_learning if viewer else Q.course_for_guest
    found = await tx.maybe(LearningCourse, sql, slug)
    if found is None:
        raise NotFound("There is no course at this address.")
    return found


async def newer_version(tx: Transaction, of: LearningCourse) -> NewerVersion | None:
    """The newer version to which the reader may move; None when there is none, or nothing to move."""
    if of.enrollment_id is None or not of.another_version or of.enrollment_status == "completed":
        return None
    return await tx.maybe(NewerVersion, Q.newer_version, of.enrollment_id)


async def move_to_newest(tx: Transaction, of: LearningCourse, version_id: UUID) -> None:
    """Moves the reader to the newest version. Raises Conflict when it is another one by now, or nothing to move."""
    if of.enrollment_id is None:
        raise NotFound("You are not enrolled in this course.")
    await tx.execute(Q.move_to_newest, of.enrollment_id, version_id)


def as_preview(of: LearningCourse, cookie: str | None) -> LearningCourse:
    """The course as its team walks through it in a preview: without an enrollment, so that nothing is counted."""
    if not of.staff or cookie != str(of.id):
        return of
    return msgspec.structs.replace(
        of, enrollment_id=None, enrollment_status=None, current_lesson_id=None, completed_at=None
    )


async def outline(tx: Transaction, viewer: Viewer | None, of: LearningCourse) -> list[OutlineLesson]:
    """All lessons of the course in their order."""
    if viewer:
        return await tx.all(OutlineLesson, Q.outline, of.id, of.enrollment_id)
    return await tx.all(OutlineLesson, Q.outline_for_guest, of.id)


def access(of: LearningCourse, lesson: OutlineLesson) -> Access:
    """How the reader may open a lesson. The database decides again when the content is read."""
    if of.staff and of.enrollment_id is None:
        return "staff"
    if of.enrollment_id is None:
        return "preview" if lesson.is_preview else "not_enrolled"
    if of.waits and lesson.is_preview:
        return "preview"  # Before the cohort begins it is what it is to a visitor: read, and not counted.
    return "locked" if lesson.lock_reason else "open"


def where_to_continue(of: LearningCourse, lessons: list[OutlineLesson]) -> OutlineLesson | None:
    """The lesson to go on with: the one left open, else the first that is open and not complete, else the first."""
    shown = [lesson for lesson in lessons if access(of, lesson) in ("open", "staff", "preview")]
    for lesson in shown:
        if lesson.id == of.current_lesson_id and lesson.status != "completed":
            return lesson
    for lesson in shown:
        if lesson.status != "completed":
            return lesson
    return shown[0] if shown else None


async def lesson(tx: Transaction, viewer: Viewer | None, of: LearningCourse, lesson_id: UUID) -> Lesson:
    """One lesson with the reader's progress."""
    if viewer:
        return await tx.one(Lesson, Q.lesson, lesson_id, of.enrollment_id)
    return await tx.one(Lesson, Q.lesson_for_guest, lesson_id)


async def video(tx: Transaction, viewer: Viewer | None, lesson_id: UUID) -> Video | None:
    """A lesson's video as far as it is open to the reader."""
    return await tx.maybe(Video, Q.video if viewer else Q.video_for_guest, lesson_id)


class Beside(msgspec.Struct, frozen=True):
    """A quiz or an assignment that no lesson holds."""

    kind: str
    id: UUID
    title: str

    @property
    def href(self) -> str:
        """Where it is taken."""
        return f"/{'quizzes' if self.kind == 'quiz' else 'assignments'}/{self.id}"


class Left(msgspec.Struct, frozen=True):
    """A requirement in words, for "what is left"."""

    title: str
    met: bool
    words: str
    lesson_id: UUID | None
    quiz_id: UUID | None = None


def evidence(row: Requirement, zone: str, read: documents.Read | None = None) -> str:
    """What shows that a requirement is met, or what is missing; ``read`` is how far the reader is in its document."""
    words = _evidence(row, zone)
    if read is None or row.requirement != "lesson":
        return words
    seen = f"{read.seen_count} of {read.page_count} page{'' if read.page_count == 1 else 's'} seen"
    return f"{words}, {seen}" if row.met or row.achieved is not None else f"{seen}, to be marked as complete"


def _evidence(row: Requirement, zone: str) -> str:
    when = day(row.met_at, zone) if row.met_at else ""
    if row.requirement == "payment":
        return f"Paid on {when}" if row.met else "Not paid, or paid back"
    if row.requirement == "quiz":
        if row.met:
            return f"{'Passed' if row.criteria == 'quiz_passed' else 'Taken'} on {when}"
        if row.needed is None:
            return "To be taken"
        return f"Best score {row.achieved or 0} %, {row.needed} % needed to pass"
    if row.criteria == "video_watched":
        seconds = f"{row.achieved or 0} of the {row.needed or 0} seconds needed"
        if row.met:
            enough = (row.achieved or 0) >= (row.needed or 0)
            return f"Watched the {row.needed} seconds needed, {when}" if enough else f"Completed on {when}"
        return f"Watched {seconds}" if row.achieved else f"{row.needed or 0} seconds to watch"
    if row.met:
        return f"Completed on {when}"
    if row.criteria == "time_spent" and row.achieved is not None:
        return f"{row.achieved} of the {row.needed} seconds needed"
    return {
        "quiz_passed": "Quiz to pass",
        "assignment_passed": "Assignment to pass",
        "scorm_completed": "Package to complete",
    }.get(row.criteria, "To be read and marked as complete")


def quiz_words(row: Requirement, quizzes: list[attempts.Standing]) -> str:
    """What a quiz, or a lesson that quizzes complete, still lacks: by name, with the points that are missing."""
    if row.requirement == "quiz":
        return " ".join(attempts.lacking(quiz) for quiz in quizzes if quiz.step == row.step)
    return " ".join(f"“{quiz.title}”: {attempts.lacking(quiz)}" for quiz in quizzes if quiz.lesson_id == row.lesson_id)


def assignment_words(row: Requirement, works: list[assignments.Standing]) -> str:
    """What a lesson that assignments complete still lacks: by name, with the points that are missing."""
    return " ".join(f"“{one.title}”: {assignments.lacking(one)}" for one in works if one.lesson_id == row.lesson_id)


async def besides(tx: Transaction, of: LearningCourse, left: list[Left]) -> list[Beside]:
    """Quizzes and assignments of the course itself that are not among what is left, for who takes or teaches it."""
    if of.enrollment_id is None and not of.staff:
        return []
    required = {one.quiz_id for one in left}
    return [one for one in await tx.all(Beside, Q.besides, of.id) if one.id not in required]


async def what_is_left(tx: Transaction, of: LearningCourse, zone: str) -> list[Left]:
    """Every requirement of the reader's enrollment in words; the same rows gate the certificate."""
    if of.enrollment_id is None:
        return []
    rows = await requirements(tx, of.enrollment_id)
    read = await documents.read_of_enrollment(tx, of.enrollment_id)
    works = (
        await assignments.standings(tx, of.enrollment_id)
        if any(not row.met and row.criteria == "assignment_passed" for row in rows)
        else []
    )
    asks = any(row.requirement == "quiz" or row.criteria == "quiz_passed" for row in rows)
    quizzes = await attempts.standings(tx, of.enrollment_id) if asks else []
    left: list[Left] = []
    for row in rows:
        words = evidence(row, zone, read.get(row.lesson_id) if row.lesson_id else None)
        quiz = next((one for one in quizzes if row.requirement == "quiz" and one.step == row.step), None)
        if not row.met and row.criteria == "quiz_passed":
            words = quiz_words(row, quizzes) or words
        elif not row.met and row.criteria == "assignment_passed":
            words = assignment_words(row, works) or words
        title = "Payment" if row.requirement == "payment" else row.title
        left.append(Left(title, row.met, words, row.lesson_id, quiz.quiz_id if quiz else None))
    return left
