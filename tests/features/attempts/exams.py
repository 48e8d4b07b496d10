"""A course with a quiz of all nine types, its teacher and a learner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

OPTIONS = [{"id": "a", "text": "The insurer"}, {"id": "b", "text": "The broker"}, {"id": "c", "text": "The insured"}]
STEPS = [{"id": "x", "text": "Read the letter"}, {"id": "y", "text": "Note the date"}, {"id": "z", "text": "Appeal"}]
SIDES = {
    "left": [{"id": "p", "text": "Premium"}, {"id": "q", "text": "Claim"}],
    "right": [{"id": "r", "text": "Paid by the insured"}, {"id": "s", "text": "Paid by the insurer"}, {"id": "t", "text": "Paid by nobody"}],
}  # fmt: skip
SECRET = "BECAUSE-THE-CONTRACT-SAYS-SO"
# Type → what it asks, options, what is right.
NINE: dict[str, tuple[str, Any, Any]] = {
    "multiple_choice": ("Who pays the premium?", OPTIONS, {"selected": "c"}),
    "true_false": ("A policy is a contract.", [], {"selected": "true"}),
    "multiple_answer": ("Who signs the contract?", OPTIONS, {"selected": ["a", "c"]}),
    "short_answer": ("What is a demand for payment called?", [], {"accepted": ["claim", "a claim"]}),
    "essay": ("Why is there an appeal?", [], None),
    "fill_blank": (
        "An appeal begins with ___ and ends with ___.",
        [{"id": "1"}, {"id": "2"}],
        {"blanks": {"1": {"accepted": ["a letter"]}, "2": {"accepted": ["a decision"]}}},
    ),
    "matching": ("What is paid by whom?", SIDES, {"pairs": {"p": "r", "q": "s"}}),
    "ordering": ("In which order?", STEPS, {"order": ["x", "y", "z"]}),
    "numeric": (
        "How heavy is a policy?",
        [],
        {"answers": [{"value": 12.5, "tolerance": 0.5}], "units": {"g": 1}, "unit": "required"},
    ),
}
EIGHT = tuple(kind for kind in NINE if kind != "numeric")


@dataclass(frozen=True)
class Exam:
    """A published quiz of a lesson. `versions` are its questions by type."""

    database: Database
    course: Course
    teacher: Person
    learner: Person
    enrollment: UUID
    quiz: UUID
    kinds: tuple[str, ...]

    @property
    def lesson(self) -> UUID:
        found = self.course.lesson("Exam").id
        assert found
        return found

    async def change(self, assignments: str) -> None:
        """Changes columns of the quiz."""
        async with self.database.connect() as owner:
            await owner.execute(f"update public.quizzes set {assignments} where id = $1", self.quiz)

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, as the owner of the tables."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)

    async def right(self, attempt: UUID) -> dict[int, dict[str, Any]]:
        """Position → the right answer in the terms of the attempt."""
        async with self.database.connect() as owner:
            rows = await owner.fetch(
                "select a.position, v.question_type, k.correct_answer,"
                " private.shown_key(v.question_type, a.option_order, k.correct_answer) as shown"
                " from private.attempt_questions a join public.question_versions v on v.id = a.question_version_id"
                " left join public.question_keys k on k.question_version_id = v.id where a.quiz_attempt_id = $1 order by 1",
                attempt,
            )
        found: dict[int, dict[str, Any]] = {}
        for position, kind, key, shown in rows:
            if kind == "short_answer":
                found[position] = {"text": "Claim"}
            elif kind == "essay":
                found[position] = {"text": "Because people err."}
            elif kind == "fill_blank":
                found[position] = {"blanks": {"1": "a letter", "2": "a decision"}}
            elif kind == "numeric":
                found[position] = {"number": "12,4", "unit": "g"}
            else:
                assert key
                found[position] = json.loads(shown)
        return found


async def add_questions(database: Database, course: UUID, quiz: UUID, kinds: tuple[str, ...], points: int = 2) -> None:
    """Puts one question of each type into a quiz, in this order."""
    async with database.connect() as owner:
        for order, kind in enumerate(kinds, 1):
            asks, options, right = NINE[kind]
            question = await owner.fetchval(
                "insert into public.questions (course_id, question_type, status) values ($1, $2, 'active') returning id",
                course,
                kind,
            )
            version = await owner.fetchval(
                "insert into public.question_versions (question_id, question_text, answer_options)"
                " values ($1, $2, $3) returning id",
                question,
                asks,
                json.dumps(options),
            )
            await owner.execute(
                "insert into public.question_keys (question_version_id, correct_answer, explanation) values ($1, $2, $3)",
                version,
                None if right is None else json.dumps(right),
                SECRET,
            )
            await owner.execute(
                "insert into public.quiz_questions (quiz_id, question_order, question_version_id, points)"
                " values ($1, $2, $3, $4)",
                quiz,
                order,
                version,
                points,
            )


async def add_exam(database: Database, kinds: tuple[str, ...] = EIGHT, **columns: Any) -> Exam:
    """A course whose last lesson is completed by passing the quiz; `columns` are further ones of the quiz."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    lesson = Lesson("Exam", more={"lesson_type": "quiz", "completion_criteria": "quiz_passed"})
    course = await add_course(database, "Claims and appeals", instructor=teacher, modules=[[Lesson("A text"), lesson]])
    learner = await add_person(database, time_zone="Europe/Berlin")
    enrollment = await enrol(database, learner, course)
    given = {
        "lesson_id": lesson.id,
        "title": "What you know of claims",
        "status": "published",
        "shuffle_questions": False,
        "shuffle_answers": False,
        **columns,
    }
    async with database.connect() as owner:
        places = ", ".join(f"${n}" for n in range(1, len(given) + 1))
        quiz: UUID = await owner.fetchval(
            f"insert into public.quizzes ({', '.join(given)}) values ({places}) returning id", *given.values()
        )
    await add_questions(database, course.id, quiz, kinds)
    return Exam(database, course, teacher, learner, enrollment, quiz, kinds)


async def begin(exam: Exam, who: Person | None = None) -> UUID:
    """Begins an attempt as its learner."""
    person = who or exam.learner
    async with exam.database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
        found: UUID = await actor.fetchval("select (public.start_quiz_attempt($1)).id", exam.quiz)
        return found
