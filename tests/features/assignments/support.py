"""A course with an assignment, its teacher and its learners."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

RUBRIC = [
    {"criterion": "Clarity", "points": 40, "description": "Everybody understands it."},
    {"criterion": "Figures", "points": 60},
]


@dataclass
class Class:
    """A teacher, a course with one lesson that an assignment completes, and its learners with their enrollments."""

    database: Database
    teacher: Person
    course: Course
    learners: list[Person]
    enrollments: dict[UUID, UUID] = field(default_factory=dict)

    async def value(self, sql: str, *args: Any) -> Any:
        """One value, as the owner of the tables."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)

    async def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner of the tables."""
        async with self.database.connect() as owner:
            return [tuple(row.values()) for row in await owner.fetch(sql, *args)]

    async def speak(self, who: Person, sql: str, *args: Any) -> Any:
        """One value, in SQL of somebody who is signed in."""
        async with self.database.connect("web") as session, as_actor(session, "authenticated", who.id) as actor:
            return await actor.fetchval(sql, *args)

    async def assignment(self, *, lesson: bool = False, rubric: Any = None, **columns: Any) -> UUID:
        """A published assignment that takes text."""
        values = {"status": "published", "submission_type": "text_entry", **columns}
        made: UUID = await self.value(
            "insert into public.assignments (course_id, lesson_id, title, description, instructions_html, rubric)"
            " values ($1, $2, 'Compare two policies', 'Two pages.', '<p>Write about both.</p>', $3::text::jsonb) returning id",
            self.course.id,
            self.course.lessons[0].id if lesson else None,
            None if rubric is None else json.dumps(rubric),
        )
        for name, value in values.items():
            await self.value(f"update public.assignments set {name} = $2 where id = $1", made, value)
        return made

    async def group(self, assignment: UUID, name: str, people: Sequence[Person]) -> UUID:
        """A group with people in it."""
        made: UUID = await self.value(
            "insert into public.assignment_groups (assignment_id, name) values ($1, $2) returning id", assignment, name
        )
        for one in people:
            await self.value(
                "insert into public.assignment_group_members (group_id, assignment_id, enrollment_id) values ($1, $2, $3)",
                made,
                assignment,
                self.enrollments[one.id],
            )
        return made


async def make_class(database: Database, learners: int = 2, zone: str = "Europe/Berlin") -> Class:
    """A published course whose lesson its assignment completes."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist", time_zone=zone)
    lesson = Lesson("Your own policy", more={"lesson_type": "assignment", "completion_criteria": "assignment_passed"})
    course = await add_course(database, instructor=teacher, modules=[[lesson]])
    names = [("Mara", "Okafor"), ("Jonas", "Berg"), ("Aiko", "Tanaka"), ("Lena", "Quist"), ("Tom", "Ude")]
    people = [
        await add_person(database, first_name=first, last_name=last, time_zone=zone) for first, last in names[:learners]
    ]
    made = Class(database, teacher, course, people)
    for one in people:
        made.enrollments[one.id] = await enrol(database, one, course)
    return made
