"""A course with a bank of questions, and quizzes that ask them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx

from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person
from tests.support.site import Client

CHOICES = [{"id": "a", "text": "He"}, {"id": "b", "text": "She"}, {"id": "c", "text": "They"}]


@dataclass
class School:
    """A teacher, a course with two lessons, and its quizzes."""

    database: Database
    teacher: Person
    course: Course

    async def value(self, sql: str, *args: Any) -> Any:
        """One value, as the owner of the tables."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)

    async def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner of the tables."""
        async with self.database.connect() as owner:
            return [tuple(row.values()) for row in await owner.fetch(sql, *args)]

    async def question(
        self,
        text: str = "Who pays?",
        kind: str = "multiple_choice",
        *,
        tags: Sequence[str] = (),
        key: Any = None,
        shared: bool = False,
        points: float = 1,
    ) -> UUID:
        """A version of a new question; a choice is right with “She” unless a key is given."""
        options = CHOICES if kind in ("multiple_choice", "multiple_answer") else []
        course = None if shared else self.course.id
        question = await self.value(
            "insert into public.questions (course_id, question_type, tags, status) values ($1, $2, $3, 'active') returning id",
            course,
            kind,
            list(tags),
        )
        return await self.version(
            question, text, options, {"selected": "b"} if kind == "multiple_choice" and key is None else key, points
        )

    async def version(self, question: UUID, text: str, options: Any, key: Any, points: float = 1) -> UUID:
        """A further version of a question."""
        made: UUID = await self.value(
            "insert into public.question_versions (question_id, question_text, answer_options, points)"
            " values ($1, $2, $3::text::jsonb, $4) returning id",
            question,
            text,
            json.dumps(options),
            points,
        )
        if key is not None:
            await self.value(
                "insert into public.question_keys (question_version_id, correct_answer) values ($1, $2::text::jsonb)",
                made,
                json.dumps(key),
            )
        return made

    async def quiz(self, *versions: UUID, status: str = "draft", lesson: UUID | None = None, **columns: Any) -> UUID:
        """A quiz that asks these versions; `columns` are further columns of quizzes."""
        row: dict[str, Any] = {
            "course_id": None if lesson else self.course.id,
            "lesson_id": lesson,
            "title": "Check yourself",
            "status": status,
            "shuffle_questions": False,
            "shuffle_answers": False,
            **columns,
        }
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        made: UUID = await self.value(
            f"insert into public.quizzes ({', '.join(row)}) values ({places}) returning id", *row.values()
        )
        for n, version in enumerate(versions, 1):
            await self.value(
                "insert into public.quiz_questions (quiz_id, question_order, question_version_id, points)"
                " select $1, $2, v.id, v.points from public.question_versions v where v.id = $3",
                made,
                n,
                version,
            )
        return made

    async def attempt(self, person: Person, quiz: UUID, answers: dict[int, Any], *, submit: bool = True) -> UUID:
        """Somebody who is enrolled takes a quiz: position → answer as shown."""
        async with self.database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
            made: UUID = await actor.fetchval("select (public.start_quiz_attempt($1)).id", quiz)
            for position, answer in answers.items():
                await actor.fetchval(
                    "select public.save_quiz_answer($1, $2, $3::text::jsonb, 1)", made, position, json.dumps(answer)
                )
            if submit:
                await actor.fetchval("select (public.submit_quiz_attempt($1)).id", made)
        return made


async def make_school(database: Database) -> School:
    """A published course of a teacher."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(database, instructor=teacher, modules=[[Lesson("First"), Lesson("Second")]])
    return School(database, teacher, course)


async def post_pairs(client: Client, path: str, pairs: Sequence[tuple[str, str]], **headers: str) -> httpx.Response:
    """Sends a form whose fields come in this order, some several times."""
    body = urlencode([*pairs, ("_csrf_token", await client.csrf())])
    return await client.post(
        path, content=body, headers={"content-type": "application/x-www-form-urlencoded", **headers}
    )
